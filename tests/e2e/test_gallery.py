"""The gallery: complete, accessible, and of use at any width, in any theme, without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from jibe_like import Widget, widgets
from sample_apps.gallery import FAMILIES, Gallery
from sample_apps.gallery.samples import SAMPLES
from tests.e2e.axe import violations
from tests.e2e.conftest import NewPage
from tests.serving import ROOT, Serve

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
SHOWN = {widget for family in FAMILIES for demo in family.demos for widget in demo.widgets}


def open_all(page: Page) -> None:
    """Unfolds every source, so that nothing is left out of what is looked at."""
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")


def test_every_widget_is_shown() -> None:
    public = {getattr(widgets, name) for name in widgets.__all__}
    assert {each for each in public if isinstance(each, type) and issubclass(each, Widget)} <= SHOWN


def test_every_sample_application_is_shown() -> None:
    names = {path.stem for path in (ROOT / "sample_apps").iterdir() if path.stem[0] != "_"}
    # A script is a program of its own.
    assert {sample.name for sample in SAMPLES} == names - {"gallery", "script"}


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(new_page: NewPage, serve: Serve, theme: str, viewport: dict[str, int]) -> None:
    page = new_page(viewport=viewport, color_scheme=theme, reduced_motion="reduce")
    page.goto(serve(Gallery))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    open_all(page)
    assert violations(page) == []
    page.get_by_role("button", name="Delete …").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Fail").click()
    expect(page.get_by_role("alert").get_by_text("That did not work.")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_fits(new_page: NewPage, serve: Serve, viewport: dict[str, int]) -> None:
    page = new_page(viewport=viewport)
    page.goto(serve(Gallery))
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    cut = page.locator(".live").evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    )
    assert cut == []


def test_the_theme_is_chosen(new_page: NewPage, serve: Serve) -> None:
    page = new_page(color_scheme="light")
    url = serve(Gallery)
    page.goto(url)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("radio", name="Dark").check()
    page.wait_for_function("before => getComputedStyle(document.body).backgroundColor !== before", arg=light)
    frame = page.frame_locator("iframe").first
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("radio", name="Light").check()
    page.wait_for_function("before => getComputedStyle(document.body).backgroundColor === before", arg=light)
    page.goto(url + "?theme=dark")
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_what_is_shown_runs(page: Page, serve: Serve) -> None:
    page.goto(serve(Gallery))
    page.get_by_role("button", name="Primary").click()
    expect(page.get_by_text("Primary was pressed.")).to_be_visible()
    page.get_by_role("tab", name="Coffee").click()
    expect(page.get_by_text("The server knows: Coffee.")).to_be_visible()
    frame = page.locator("#counter-sample iframe")
    frame.scroll_into_view_if_needed()
    counter = frame.content_frame
    counter.get_by_role("button", name="Add").click()
    expect(counter.get_by_text("count: 1")).to_be_visible()
    source = page.locator("#counter-sample .source")
    expect(source.locator("pre")).to_be_hidden()
    source.locator("summary").click()
    expect(source.locator("pre")).to_have_text((ROOT / "sample_apps" / "counter.py").read_text())


def test_every_sample_application_runs_in_its_frame(page: Page, serve: Serve) -> None:
    page.goto(serve(Gallery))
    for sample in SAMPLES:
        element = page.locator(f"#{sample.anchor} iframe")
        element.scroll_into_view_if_needed()
        expect(element.content_frame.locator("main, h1").first).to_be_visible()


def test_every_entry_of_the_contents_leads_somewhere(page: Page, serve: Serve) -> None:
    page.goto(serve(Gallery))
    links = page.get_by_role("navigation").get_by_role("link")
    targets = links.evaluate_all("links => links.map(link => link.getAttribute('href').slice(1))")
    assert len(targets) > len(SHOWN)
    missing = page.evaluate("targets => targets.filter(target => !document.getElementById(target))", targets)
    assert missing == []
    links.get_by_text("Slider").click()
    expect(page.locator("#slider-demo")).to_be_in_viewport()


def test_readable_without_javascript(new_page: NewPage, serve: Serve) -> None:
    page = new_page(java_script_enabled=False, color_scheme="dark")
    page.goto(serve(Gallery))
    demos = [demo for family in FAMILIES for demo in family.demos]
    # As it is rendered: what is hidden has no part in it.
    read = page.get_by_role("main").inner_text()
    for text in [
        *(family.about for family in FAMILIES),
        *(text for demo in demos for text in (demo.title, *demo.explanation.split("`")[::2])),
        *(text for sample in SAMPLES for text in (sample.title, sample.explanation)),
        "Not pressed yet.",
        "From leaves.",
        "33807403",
    ]:
        assert text.strip() in read
    assert page.locator(".live").count() == page.locator(".live:visible").count() == len(demos)
    source = page.locator("#counter-sample .source")
    source.locator("summary").click()
    expect(source.locator("pre")).to_contain_text("class Counter(MainApp)")
    expect(page.frame_locator("#counter-sample iframe").get_by_text("count: 0")).to_be_visible()
