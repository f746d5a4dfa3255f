"""The sample applications, used as a visitor would use them."""

import re
import signal

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect
from tornado.web import Application

from jibe_like import MainApp, MultiApp
from jibe_like.query import QueryApp
from sample_apps import wizard
from sample_apps.accordion import Questions
from sample_apps.album import Album
from sample_apps.chat import Chat
from sample_apps.clock import Clock
from sample_apps.computation import Computation
from sample_apps.counter import Counter
from sample_apps.dashboard import RATE, Dashboard
from sample_apps.login import Login, Members
from sample_apps.mounted import make_app
from sample_apps.picture import HEIGHT, WIDTH, Picture, mandelbrot_row, png
from sample_apps.rows import Rows
from sample_apps.signup import SignUp
from sample_apps.sliders import Sliders
from sample_apps.todos import Todos
from sample_apps.wave import Wave
from tests.e2e.axe import violations
from tests.e2e.conftest import NewPage
from tests.serving import ROOT, Serve, ServeScript

PROGRAMS = sorted(
    path.stem for path in (ROOT / "sample_apps").iterdir() if path.stem[0] != "_" and path.suffix in ("", ".py")
)
APPS = [Counter, Todos, SignUp, Clock, Chat, Questions, Picture, Login, Members, Computation, Dashboard]
APPS += [Album, Sliders, Wave, QueryApp.of(wizard.serve)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_is_a_program(page: Page, serve_script: ServeScript, name: str) -> None:
    script = serve_script(f"sample_apps.{name}")
    page.goto(script.url)
    expect(page.locator("main, h1").first).to_be_visible()
    page.goto("about:blank")
    # The one that runs Tornado itself leaves the signal alone, and so does the one that is a program of its own.
    assert script.stop() == (-signal.SIGTERM if name in ("mounted", "script") else 0)
    assert "Traceback" not in script.output()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("app", APPS)
def test_accessible(new_page: NewPage, serve: Serve, app: type[MainApp], scheme: str) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    page.goto(serve(app))
    expect(page.locator("#topwidget")).to_be_visible()
    # The counter is the example in the README, and as short as can be.
    assert [found for found in violations(page) if app is not Counter or "page-has-heading-one" not in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def status(page: Page) -> Locator:
    """The application's own, beside the client's."""
    return page.get_by_role("main").get_by_role("status")


def test_counter(page: Page, serve: Serve) -> None:
    page.goto(serve(Counter))
    expect(page.get_by_text("count: 0")).to_be_visible()
    page.get_by_role("button", name="Add").click(click_count=3)
    expect(page.get_by_text("count: 3")).to_be_visible()


def test_todos(page: Page, serve: Serve) -> None:
    page.goto(serve(Todos))
    expect(status(page)).to_have_text("1 left")
    entry = page.get_by_label("What is to be done?")
    entry.fill("Buy <milk>")
    entry.press("Enter")
    expect(status(page)).to_have_text("2 left")
    expect(entry).to_have_value("")
    entry.press("Enter")
    entry.fill("Water the plants")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("checkbox")).to_have_count(4)

    milk = page.get_by_label("Buy <milk>", exact=True)
    milk.check()
    expect(status(page)).to_have_text("2 left")
    line = page.get_by_text("Buy <milk>")
    assert line.evaluate("(e) => getComputedStyle(e.closest('.div')).textDecorationLine") == "line-through"
    page.get_by_role("button", name="Remove Water the plants").click()
    expect(status(page)).to_have_text("1 left")
    page.get_by_role("button", name="Remove what is done").click()
    expect(page.get_by_role("checkbox")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove what is done")).to_be_hidden()


def test_signup(page: Page, serve: Serve) -> None:
    page.goto(serve(SignUp))
    name, email, password = (page.get_by_label(label, exact=True) for label in ("Name", "E-mail", "Password"))
    send = page.get_by_role("button", name="Sign up")
    send.click()
    expect(page.get_by_role("alert")).to_have_count(4)
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("Please tell us your name.")

    name.fill("Ada")
    email.fill("ada@")
    email.press("Tab")
    expect(page.get_by_text("Please tell us your name.")).to_have_count(0)
    expect(email).to_have_accessible_description("This does not look like an e-mail address.")
    email.fill("ada@example.org")
    password.fill("engine")
    password.press("Enter")
    expect(password).to_have_accessible_description("At least 8 characters. 2 more characters, please.")
    password.fill("engine of analysis")
    page.get_by_label("Team").check()
    page.get_by_label("I have read the terms").check()
    expect(page.get_by_role("alert")).to_have_count(0)
    send.click()
    expect(page.get_by_role("heading", name="Welcome, Ada!")).to_be_visible()
    expect(page.get_by_text("We write to ada@example.org. Your plan is team.")).to_be_visible()


def test_the_clock_goes_by_itself(page: Page, serve: Serve) -> None:
    url = serve(Clock)
    page.goto(url)
    other = page.context.new_page()
    other.goto(url)
    for shown in (page, other):
        time = shown.get_by_text(re.compile(r"^\d\d:\d\d:\d\d$"))
        expect(time).not_to_have_text(time.inner_text())


def test_chat_between_tabs(new_page: NewPage, serve: Serve) -> None:
    url = serve(Chat)
    ada, bob = new_page(), new_page()
    for page, name in ((ada, "Ada"), (bob, "Bob")):
        page.goto(url)
        page.get_by_label("Your name").fill(name)
    bob.get_by_label("Message", exact=True).fill("A draft")
    bob.get_by_label("Your name").focus()
    ada.get_by_label("Message", exact=True).fill("Hello, <b>Bob</b>")
    ada.get_by_label("Message", exact=True).press("Enter")
    for page in (ada, bob):
        expect(lines(page).last).to_have_text(re.compile(r"Ada\s*Hello, <b>Bob</b>"))
    expect(ada.get_by_label("Message", exact=True)).to_have_value("")
    expect(bob.get_by_label("Message", exact=True)).to_have_value("A draft")
    bob.get_by_role("button", name="Send").click()
    for page in (ada, bob):
        expect(lines(page).last).to_have_text(re.compile(r"Bob\s*A draft"))
    late = new_page()
    late.goto(url)
    expect(lines(late).last).to_have_text(re.compile(r"Bob\s*A draft"))


def lines(page: Page) -> Locator:
    return page.get_by_role("log").locator("> *")


def test_accordion_by_keyboard(page: Page, serve: Serve) -> None:
    page.goto(serve(Questions))
    first, second, third = page.get_by_role("heading", level=2).get_by_role("button").all()
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_text("plain Python objects")).to_be_visible()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(second).to_have_attribute("aria-expanded", "true")
    expect(first).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_text("plain Python objects")).to_be_hidden()
    expect(page.get_by_text("A click is a message")).to_be_visible()
    page.keyboard.press("Space")
    expect(second).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("End")
    expect(third).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(third).to_be_focused()


def test_a_picture_from_memory(page: Page, serve: Serve) -> None:
    page.goto(serve(Picture))
    picture = page.get_by_alt_text("The Mandelbrot set")
    expect(picture).to_be_hidden()
    progress = page.locator("progress")
    expect(progress).to_be_hidden()
    page.evaluate(
        "e => { window.seen = new Set();"
        "new MutationObserver(() => seen.add(e.value)).observe(e, { attributeFilter: ['value'] }); }",
        progress.element_handle(),
    )
    page.get_by_role("button", name="Draw").click()
    expect(picture).to_be_visible()
    assert picture.evaluate("(e) => e.decode().then(() => [e.naturalWidth, e.naturalHeight])") == [240, 160]
    seen = page.evaluate("[...seen]")
    assert len(seen) > 5
    assert seen[-1] == 100
    expect(page.get_by_role("button", name="Draw")).to_be_enabled()


def test_login(page: Page, serve: Serve) -> None:
    url = serve(MultiApp(login=Login, members=Members))
    page.goto(url + "members")
    page.get_by_role("link", name="Please sign in").click()
    name, password = page.get_by_label("Name"), page.get_by_label("Password")
    for wrong_name, wrong_password in (("ada", "motor"), ("nobody", "engine"), ("nobody", "")):
        password.evaluate("(e) => { e.required = false }")
        name.fill(wrong_name)
        password.fill(wrong_password)
        password.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("Name and password do not match.")
        expect(password).to_have_value("")
    name.fill("Ada")
    password.fill("engine")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Only members read this.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(url + "members")
    expect(page.get_by_role("heading", name="For members")).to_be_visible()


def test_another_browser_is_not_signed_in(new_page: NewPage, serve: Serve) -> None:
    url = serve(MultiApp(login=Login, members=Members))
    ada, other = new_page(), new_page()
    ada.goto(url + "login")
    ada.get_by_label("Name").fill("ada")
    ada.get_by_label("Password").fill("engine")
    ada.get_by_role("button", name="Sign in").click()
    expect(ada.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    other.goto(url + "members")
    expect(other.get_by_role("heading", name="For members")).to_be_visible()


def test_mounted_beside_another_handler(page: Page, serve: Serve) -> None:
    application: Application = make_app()
    page.goto(serve(application))
    expect(page.get_by_role("heading", name="A Tornado page")).to_be_visible()
    before = page.get_by_text(re.compile(r"^Tea \d+, coffee \d+")).inner_text()
    # A press before the client is there would be heard by nobody.
    with page.expect_navigation():
        page.get_by_role("link", name="Vote").click()
    page.get_by_role("button", name="Coffee").click()
    expect(status(page)).to_contain_text("Thank you.")
    assert violations(page) == []
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text(re.compile(r"^Tea \d+, coffee \d+"))).not_to_have_text(before)


def test_ten_thousand_rows(page: Page, serve: Serve) -> None:
    page.goto(serve(Rows))
    # Not by role in the whole page: to work out the names of 10,000 buttons takes its time.
    rows, count, actions = page.locator(".row"), page.locator("main > [role=status]"), page.locator("main > .hbox")

    def press(action: str) -> None:
        actions.get_by_role("button", name=action, exact=True).click()

    expect(count).to_have_text("10,000 rows")
    assert rows.count() == 10_000
    press("Add at the top")
    expect(count).to_have_text("10,001 rows")
    expect(rows.first).to_contain_text("Row 10,001")
    press("Add at the end")
    expect(rows.last).to_contain_text("Row 10,002")
    fifth = rows.nth(5)
    expect(fifth).to_contain_text("Row 5")
    fifth.get_by_role("button", name="Remove row 5").click()
    expect(count).to_have_text("10,001 rows")
    expect(fifth).to_contain_text("Row 6")
    press("Reverse")
    expect(rows.first).to_contain_text("Row 10,002")
    expect(rows.last).to_contain_text("Row 10,001")
    press("Remove every other")
    expect(count).to_have_text("5,001 rows")
    press("Remove the first")
    expect(count).to_have_text("5,000 rows")
    press("Add 1,000")
    expect(count).to_have_text("6,000 rows")
    assert rows.count() == 6_000


def test_a_computation_shows_how_far_it_is_and_can_be_cancelled(page: Page, serve: Serve) -> None:
    page.goto(serve(Computation))
    throw, cancel = (
        page.get_by_role("button", name="Throw", exact=True),
        page.get_by_role("button", name="Cancel Throwing"),
    )
    bar, estimate = page.get_by_role("progressbar"), page.get_by_text("π ≈")
    page.get_by_label("How many").select_option("2 million darts")
    throw.click()
    expect(status(page)).to_have_text("Done: 2,000,000 darts.")
    expect(page.get_by_text("20 of 20 batches ·")).to_be_visible()
    expect(estimate).to_have_text(re.compile(r"π ≈ 3\.1[34]\d{4}$"))
    assert bar.evaluate("(e) => e.value") == 100
    expect(cancel).to_be_hidden()

    page.get_by_label("How many").select_option("200 million darts")
    throw.click()
    expect(throw).to_be_disabled()
    expect(page.get_by_text(re.compile(r"^[1-9]\d* of 2,000 batches .* left$"))).to_be_visible()
    cancel.click()
    expect(status(page)).to_have_text(re.compile(r"^Cancelled after [\d,]+00,000 darts\.$"))
    expect(page.get_by_text(re.compile(r"^cancelled at \d+ of 2,000 batches$"))).to_be_visible()
    expect(throw).to_be_enabled()
    expect(bar).to_have_count(1)


def test_a_dashboard_shows_each_of_its_sixty_updates_a_second(new_page: NewPage, serve: Serve) -> None:
    url = serve(Dashboard)
    page, other = new_page(), new_page()
    page.goto(url)
    other.goto(url)
    count = page.get_by_text("updates, 60 a second")
    seen = count.evaluate(
        """(e, most) => new Promise((resolve) => {
          const seen = [];
          new MutationObserver(() => {
            seen.push([parseInt(e.textContent.replace(",", "")), performance.now()]);
            if (seen.length === most) resolve(seen);
          }).observe(e, { childList: true, characterData: true, subtree: true });
        })""",
        2 * RATE,
    )
    numbers = [number for number, _ in seen]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    # What a busy machine cannot do in time it leaves out: never more than it should be.
    assert (len(seen) - 1) / (seen[-1][1] - seen[0][1]) * 1000 < RATE * 1.1
    curve = page.locator("polyline").first
    before = curve.get_attribute("points")
    expect(curve).not_to_have_attribute("points", before or "")
    assert curve.evaluate("(e) => e instanceof SVGPolylineElement && e.getBBox().width > 0")
    # One application for all: both pages tell the same.
    expect(other.get_by_text("updates, 60 a second")).not_to_have_text("1 updates, 60 a second")
    assert violations(other) == []


def test_an_album_shows_what_is_uploaded_and_counts_what_comes(
    page: Page, serve: Serve, page_problems: list[str]
) -> None:
    page.goto(serve(Album))
    photographs, tables = page.get_by_label("Photographs"), page.get_by_label("Tables")
    picture = png([mandelbrot_row(y, 12) for y in range(0, HEIGHT, 8)])
    contents = {"first.png": picture, "second.png": picture, "letter.png": b"Dear Ada,"}
    photographs.set_input_files(
        [FilePayload(name=name, mimeType="image/png", buffer=content) for name, content in contents.items()]
    )
    for name in ("first.png", "second.png"):
        image = page.get_by_role("img", name=name)
        expect(image).to_be_visible()
        assert image.evaluate("async (e) => (await e.decode(), e.naturalWidth)") == WIDTH
    expect(page.get_by_role("listitem").filter(has_text="letter.png").get_by_role("alert")).to_be_visible()
    # Chromium logs each answer that says no.
    assert ["415" in problem for problem in page_problems] == [True]
    page_problems.clear()
    page.get_by_role("button", name="Remove first.png").click()
    expect(page.get_by_role("img")).to_have_count(1)
    expect(page.get_by_role("img", name="second.png")).to_be_visible()
    table = "".join(f"{number},{number**2}\n" for number in range(100_000))
    tables.set_input_files({"name": "squares.csv", "mimeType": "text/csv", "buffer": table.encode()})
    expect(page.get_by_text("squares.csv: 100,000 lines")).to_be_visible()
    expect(page.get_by_role("button", name="Remove squares.csv")).to_be_visible()
    assert violations(page) == []


def test_sliders_are_moved_by_everybody_for_everybody(new_page: NewPage, serve: Serve) -> None:
    url = serve(Sliders)
    mine, yours = new_page(), new_page()
    mine.goto(url)
    expect(status(mine)).to_have_text("1 page open")
    yours.goto(url)
    expect(status(mine)).to_have_text("2 pages open")
    mine.get_by_label("Hue", exact=True).fill("120")
    yours.get_by_label("Lightness, as a number").fill("30")
    yours.get_by_label("Lightness, as a number").press("Enter")
    for page in (mine, yours):
        expect(page.get_by_label("Hue, as a number")).to_have_value("120")
        expect(page.get_by_label("Lightness", exact=True)).to_have_value("30")
        expect(page.locator("[style*='background']")).to_have_css("background-color", "rgb(31, 122, 31)")
    yours.close()
    expect(status(mine)).to_have_text("1 page open")
    third = new_page()
    third.goto(url)
    expect(third.get_by_label("Hue", exact=True)).to_have_value("120")


def test_python_and_the_page_call_each_other_by_name(page: Page, serve: Serve) -> None:
    page.goto(serve(Wave))
    expect(status(page)).to_have_text("3 waves at 70 %")
    inked = "(e) => new Uint32Array(e.getContext('2d').getImageData(0, 0, e.width, e.height).data.buffer).some(Boolean)"
    canvas = page.get_by_role("img")
    page.wait_for_function(f"({inked})(document.getElementById('wave'))")
    picture = canvas.evaluate("(e) => e.toDataURL()")
    canvas.hover(position={"x": 0, "y": 20})
    expect(page.get_by_text("Python says: +0.00")).to_be_visible()
    page.get_by_label("Waves").fill("5")
    expect(status(page)).to_have_text("5 waves at 70 %")
    page.wait_for_function("(before) => document.getElementById('wave').toDataURL() !== before", arg=picture)
    page.get_by_role("button", name="Reset").click()
    expect(status(page)).to_have_text("3 waves at 70 %")
    page.wait_for_function("(before) => document.getElementById('wave').toDataURL() === before", arg=picture)


def test_a_script_asks_and_goes_on_with_the_answer(page: Page, serve_script: ServeScript) -> None:
    script = serve_script("sample_apps.script")
    page.goto(script.url)
    entry = page.get_by_label("A number")
    for number, text in (("97", "is a prime."), ("360", "= 2 × 2 × 2 × 3 × 3 × 5")):
        expect(entry).to_be_focused()
        entry.fill(number)
        entry.press("Enter")
        expect(page.get_by_text(text, exact=True)).to_be_visible()
    expect(entry).to_have_value("")
    page.goto("about:blank")
    # Its visitor has gone: the program ends by itself.
    assert script.process.wait(30) == 0
    assert "Traceback" not in script.output()
