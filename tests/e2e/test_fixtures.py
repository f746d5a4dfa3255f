"""What the fixture `page` promises: nothing that a page complains of goes unseen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tornado.web import Application, RequestHandler

from tests.e2e.conftest import NewPage
from tests.serving import Serve

POLICY = "default-src 'self'; script-src 'nonce-n'"
PAGES = {
    "quiet": "<title>quiet</title><p>nothing to say</p>",
    "style": "<title>style</title><p style='color: red'>inline</p>",
    "script": "<title>script</title><script>document.title = 'ran'</script>",
    "thrown": "<title>thrown</title><script nonce=n>throw new Error('lost')</script>",
    "logged": "<title>logged</title><script nonce=n>console.error('grumble')</script>",
}


class Site(RequestHandler):
    def get(self, name: str) -> None:
        self.set_header("Content-Security-Policy", POLICY)
        self.write(f"<!DOCTYPE html>{PAGES[name]}")


@pytest.fixture
def site(serve: Serve) -> str:
    return serve(Application([(r"/(\w+)", Site)]))


def settled(page: Page, problems: list[str], enough: Callable[[list[str]], bool]) -> list[str]:
    """The problems once they are `enough`, or after two seconds."""
    for _ in range(40):
        if enough(problems):
            break
        page.wait_for_timeout(50)
    found = list(problems)
    problems.clear()
    return found


def test_a_quiet_page(page: Page, site: str) -> None:
    page.goto(site + "quiet")
    expect(page.get_by_text("nothing to say")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("style", "CSP: style-src-attr blocked inline"),
        ("script", "CSP: script-src-elem blocked inline"),
        ("thrown", "uncaught: "),
        ("logged", "console: grumble"),
    ],
)
def test_a_complaint_is_seen(page: Page, site: str, page_problems: list[str], name: str, text: str) -> None:
    page.goto(site + name)
    page.goto(site + "quiet")
    found = settled(page, page_problems, lambda problems: any(text in problem for problem in problems))
    assert [problem for problem in found if text in problem]


def test_a_complaint_before_the_end_is_seen(new_page: NewPage, site: str, page_problems: list[str]) -> None:
    new_page().goto(site + "style")
    new_page(java_script_enabled=False).goto(site + "quiet")
    new_page.close()
    assert [problem for problem in page_problems if "CSP: style-src-attr" in problem]
    page_problems.clear()


def test_a_popup_is_watched_too(page: Page, site: str, page_problems: list[str]) -> None:
    page.context.new_page().goto(site + "thrown")
    assert settled(page, page_problems, bool)
