"""Whoever signs in again goes on, and whoever comes after somebody else sees nothing of them: in a real browser."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import tornado.web
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect
from tornado.httputil import HTTPServerRequest

from jibe_like import ProxyAuth, Server
from jibe_like.session.auth.auth import SignIn
from jibe_like.web.auth.guard import cookies_of
from tests.e2e.conftest import FLAGS, TIMEOUT, NewPage
from tests.e2e.desk import Desk, Site, fill_in
from tests.e2e.outages import NO_WEBSOCKET
from tests.serving import Serve
from tools import chromium as system_chromium

KINDS = ["OIDC", "BasicAuth"]
WAYS = ["websocket", "polling"]


@pytest.fixture
def site(request: pytest.FixtureRequest, serve: Serve, kind: str) -> Site:
    return Site(serve, request.getfixturevalue("openid") if kind == "OIDC" else None)


def signed_in(new_page: NewPage, site: Site, way: str = "websocket") -> Page:
    """A page of somebody who has signed in, has clicked once and is just typing."""
    page = new_page()
    if way == "polling":
        page.context.add_init_script(NO_WEBSOCKET)
    page.goto(site.url)
    fill_in(page)
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("1")
    page.locator("#entry").fill("half a sen")
    return page


def signs_in_again(page: Page, asks: bool) -> None:
    """By the link in the page, while more is typed and clicked.

    :param asks: whether the user has to say again who they are.
    """
    expect(page.get_by_role("status")).to_have_text("Your sign-in has expired. Sign in again")
    page.locator("#entry").press_sequentially("tence")
    page.locator("#count").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    if asks:
        fill_in(opened.value)
    expect(opened.value.get_by_role("heading")).to_have_text("You are signed in")
    opened.value.close()


def assert_goes_on(page: Page) -> None:
    """Nothing was lost of what was clicked and typed, before and meanwhile."""
    expect(page.locator("#count")).to_have_text("2")
    expect(page.get_by_role("status")).to_have_text("")
    expect(page.locator("#entry")).to_have_value("half a sentence")
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("3")
    assert page.evaluate("performance.getEntriesByType('navigation').length + (window.loaded ?? 0)") == 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_expired_sign_in(site: Site, new_page: NewPage, kind: str, way: str) -> None:
    page = signed_in(new_page, site, way)
    page.evaluate("window.loaded = 1")
    site.expire()
    signs_in_again(page, asks=kind == "BasicAuth")
    assert_goes_on(page)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["OIDC"])
def test_a_refresh_token_that_was_revoked(site: Site, new_page: NewPage, kind: str, way: str) -> None:
    """The application finds out when it wants to call another service; its page asks to sign in again."""
    page = signed_in(new_page, site, way)
    page.evaluate("window.loaded = 1")
    page.locator("#fetch").click()
    expect(page.locator("#fetched")).to_have_text("fetched")
    page.locator("#entry").focus()
    site.revoke()
    page.locator("#fetch").click()
    page.locator("#entry").focus()
    page.locator("#entry").press("End")
    signs_in_again(page, asks=False)
    assert_goes_on(page)
    expect(page.locator("#fetched")).to_have_text("SignInRefusedError")
    page.locator("#fetch").click()
    expect(page.locator("#fetched")).to_have_text("fetched")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["OIDC"])
def test_one_that_was_revoked_while_the_sign_in_had_expired(site: Site, new_page: NewPage, kind: str, way: str) -> None:
    page = signed_in(new_page, site, way)
    page.evaluate("window.loaded = 1")
    site.revoke()
    site.expire()
    # The provider has forgotten them, too.
    page.context.clear_cookies(domain="localhost")
    signs_in_again(page, asks=True)
    assert_goes_on(page)
    page.locator("#fetch").click()
    expect(page.locator("#fetched")).to_have_text("fetched")


# -- whoever comes after somebody else


class Watched:
    """Two tabs of one browser, and every glimpse of somebody's page in them."""

    def __init__(self, context: BrowserContext, way: str = "websocket") -> None:
        self.armed = False
        self.seen: list[str] = []
        context.expose_binding("watched", self._note)
        context.add_init_script(WATCH)
        if way == "polling":
            context.add_init_script(NO_WEBSOCKET)
        self.page, self.tab = context.new_page(), context.new_page()

    def _note(self, _: object, how: str) -> None:
        if self.armed:
            self.seen.append(how)


# It is in the pages from the beginning: one that comes out of a cache is as it was.
WATCH = """
const look = (how) => document.getElementById("who")?.textContent === "ada" && watched(how);
new MutationObserver(() => look("built")).observe(document, { childList: true, subtree: true, characterData: true });
addEventListener("pageshow", (event) => look(event.persisted ? "cached" : "loaded"));
addEventListener("pageshow", (event) => (document.documentElement.dataset.cached = event.persisted));
"""


@pytest.fixture
def context(chromium: Browser, page_problems: list[str]) -> Iterator[BrowserContext]:
    """A browser that keeps pages whole for its back button, as people's do. Playwright's own does not."""
    browser = chromium.browser_type.launch(
        executable_path=system_chromium.find(), args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT)
    context.on("weberror", lambda error: page_problems.append(f"uncaught: {error.error}"))
    yield context
    browser.close()
    assert not page_problems


def signs_out(page: Page, kind: str) -> None:
    page.locator("#leave").click()
    if kind == "OIDC":
        page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("heading")).to_have_text("You are signed out")


def goes_back(page: Page, site: Site) -> bool:
    """By the browser's button. False where that leads to a page of somebody else's, or nowhere."""
    if page.go_back(wait_until="commit") is None and not page.url.startswith(site.url):
        return False
    if not page.url.startswith(site.url):
        return False
    # As the page is once it has been told what there is to tell.
    expect(page.get_by_role("heading").or_(page.locator("#who")).first).to_be_visible()
    return True


def test_such_a_browser_does_keep_pages(serve: Serve, context: BrowserContext) -> None:
    """Else the tests below would show nothing."""

    class Plain(tornado.web.RequestHandler):
        def get(self) -> None:
            self.write("<!DOCTYPE html><title>Plain</title>Hello")

    url = serve(tornado.web.Application([("/.*", Plain)]))
    page = Watched(context).page
    page.goto(f"{url}1")
    page.goto(f"{url}2")
    page.go_back(wait_until="commit")
    expect(page.locator("html")).to_have_attribute("data-cached", "true")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_two_tabs_of_which_one_signs_out_and_in_as_another_user(
    site: Site, context: BrowserContext, kind: str, way: str
) -> None:
    watched = Watched(context, way)
    page, tab = watched.page, watched.tab
    page.goto(f"{site.url}?page=1")
    fill_in(page)
    for each in (page, tab):
        each.goto(f"{site.url}?page=2")
        expect(each.locator("#who")).to_have_text("ada")
        each.locator("#entry").fill("ada's secret")
        each.locator("#count").click()
        expect(each.locator("#count")).to_have_text("1")
    signs_out(page, kind)
    expect(tab.get_by_role("heading")).to_have_text("You are signed out")
    # From here on nobody is to see anything of hers.
    watched.armed = True
    assert goes_back(tab, site) is False
    while goes_back(page, site):
        expect(page.locator("#who")).to_have_count(0)
        assert "ada" not in page.content()
    page = context.new_page()
    page.goto(site.url)
    page.get_by_role("link", name="Sign in").click()
    fill_in(page, "grace")
    for each in (page, tab):
        each.goto(f"{site.url}?page=2")
        expect(each.locator("#who")).to_have_text("grace")
        expect(each.locator("#entry")).to_have_value("")
        expect(each.locator("#count")).to_have_text("0")
        while goes_back(each, site):
            expect(each.locator("#who").filter(has_text="ada")).to_have_count(0)
            assert "secret" not in each.content()
            assert each.locator("#entry").count() == 0 or each.locator("#entry").input_value() == ""
    assert watched.seen == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_was_left_before_its_user_signed_out_in_another_tab(
    site: Site, context: BrowserContext, kind: str, way: str
) -> None:
    watched = Watched(context, way)
    page, tab = watched.page, watched.tab
    page.goto(site.url)
    fill_in(page)
    for each in (page, tab):
        each.goto(f"{site.url}?page=2")
        expect(each.locator("#who")).to_have_text("ada")
    page.locator("#entry").fill("ada's secret")
    page.goto("about:blank")
    signs_out(tab, kind)
    watched.armed = True
    assert goes_back(page, site)
    expect(page.get_by_role("heading")).to_have_text("You are signed out")
    assert "ada" not in page.content()
    assert watched.seen == []


# -- behind a proxy, which says with each request who sent it


class Told(ProxyAuth):
    """A cookie stands for what a proxy would say."""

    def __init__(self) -> None:
        super().__init__(header="X-User", trusted=["unix"], recheck_interval=1.0)

    def identify(self, request: HTTPServerRequest) -> SignIn | None:
        name = cookies_of(request).get("user", "")
        return SignIn(self.ISSUER, name, name, expires=math.inf) if name else None


@pytest.mark.parametrize("comes", ["grace", ""])
def test_an_open_page_is_its_users_as_long_as_the_proxy_says_so(
    serve: Serve, page: Page, page_problems: list[str], comes: str
) -> None:
    url = serve(Desk.make_tornado_app(server=Server("proxy"), auth=Told()))
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.context.add_cookies([{"name": "user", "value": "ada", "url": url}])
    page.goto(url)
    page.locator("#entry").fill("half a sentence")
    page.locator("#count").click()
    while len(sockets) < 3:
        page.wait_for_event("websocket")
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("2")
    expect(page.locator("#entry")).to_have_value("half a sentence")
    expect(page.get_by_role("status")).to_have_text("")
    page.context.add_cookies([{"name": "user", "value": comes, "url": url}])
    if comes:
        expect(page.locator("#who")).to_have_text(comes)
        expect(page.locator("#entry")).to_have_value("")
    else:
        expect(page.get_by_role("heading")).to_have_text("You are not signed in")
        # The page says so with its status, too.
        if not page_problems:
            page.wait_for_event("console")
        assert "403" in page_problems.pop()
