"""Query apps in a browser: what is entered comes with the click, Enter sends a form, the address leads to functions."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from jibe_like import Button, Form, HBox, Heading, Input, Label, Link, Query, app, on, run_on
from sample_apps import wizard
from tests.e2e.axe import violations
from tests.e2e.conftest import NewPage
from tests.e2e.outages import Problems, mark, was_reloaded
from tests.queries import make_server
from tests.serving import Serve, ServeScript


@pytest.fixture
def page_problems() -> list[str]:
    return Problems()


def serve_app(serve: Serve, handler: Callable[[Query], object], mode: str = "unicast") -> str:
    server = make_server()
    app("/", mode, server=server)(handler)
    return serve(server.make_tornado_app())


def test_what_is_entered_comes_with_the_click(page: Page, serve: Serve) -> None:
    queries: list[list[str]] = []

    def handler(q: Query) -> None:
        queries.append(sorted(q.events))
        if q.args.greet or q.args.ask:
            q.page.children = [Label(f"Hello, {q.args.name}! {q.args.greet} {q.args.ask}"), Button("Back")]
        else:
            buttons = HBox([Button("Greet", kind="submit", name="greet"), Button("Ask", name="ask")])
            name = Input(name="name", label="Name", required=True)
            q.page.children = [Form([name, buttons], identifier="form")]

    page.goto(serve_app(serve, handler))
    name = page.get_by_label("Name")
    greet = page.get_by_role("button", name="Greet")
    back = page.get_by_role("button", name="Back")
    greet.click()  # the browser asks for the name
    name.fill("Ada")
    greet.click()
    expect(page.get_by_text("Hello, Ada! True False")).to_be_visible()
    back.click()
    expect(name).to_have_value("")
    name.fill("Bob")
    name.press("Enter")
    expect(page.get_by_text("Hello, Bob! True False")).to_be_visible()
    back.click()
    name.fill("Eve")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("Hello, Eve! False True")).to_be_visible()
    assert len(queries) == 6, "changes of the field have led to none"


def test_a_page_shows_what_a_query_does_while_it_runs(page: Page, serve: Serve) -> None:
    may_go_on = asyncio.Event()

    async def handler(q: Query) -> None:
        if q.args.go:
            q.page.children = [Label("at work")]
            await may_go_on.wait()
            q.page.children = [Label("done")]
        else:
            q.page.children = [Button("Go", name="go")]

    url = serve_app(serve, handler)
    page.goto(url)
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("at work")).to_be_visible()
    serve.call(url, may_go_on.set)
    expect(page.get_by_text("done")).to_be_visible()


@on("#about")
def about(q: Query) -> None:
    q.page.children = [Heading("About", level=1), Link("Home", "#")]


@on("#user/{name}")
async def user(q: Query, name: str) -> None:
    q.page.children = [Heading(f"User {name}", level=1), Link("About", "#about"), Button("Ada", name="ada")]


@on()
def ada(q: Query) -> None:
    q.page.redirect("#user/ada")


async def serve_routes(q: Query) -> None:
    q.client.queries = (q.client.queries or 0) + 1
    if not await run_on(q):
        q.page.children = [Heading("Home", level=1), Link("About", "#about"), Link("Zoë", "#user/zoë")]


def test_the_address_leads_to_functions(page: Page, serve: Serve) -> None:
    url = serve_app(serve, serve_routes)
    heading = page.get_by_role("heading")
    page.goto(url)
    expect(heading).to_have_text("Home")
    page.get_by_role("link", name="About").click()
    expect(heading).to_have_text("About")
    page.go_back()
    expect(heading).to_have_text("Home")
    page.get_by_role("link", name="Zoë").click()
    expect(heading).to_have_text("User zoë")
    page.get_by_role("button", name="Ada").click()
    expect(heading).to_have_text("User ada")
    assert page.url.endswith("#user/ada")
    page.go_back()
    expect(heading).to_have_text("User zoë")
    page.reload()
    expect(heading).to_have_text("User zoë")
    assert violations(page) == []


def test_a_shared_page(new_page: NewPage, serve: Serve) -> None:
    def handler(q: Query) -> None:
        q.app.clicks = (q.app.clicks or 0) + bool(q.args.add)
        q.client.clicks = (q.client.clicks or 0) + bool(q.args.add)
        add = Button("Add", name="add", identifier="add")
        q.page.children = [Label(f"{q.client.clicks} of {q.app.clicks}"), add]

    url = serve_app(serve, handler, "broadcast")
    first, second = new_page(), new_page()
    for page in (first, second):
        page.goto(url)
        expect(page.get_by_text("0 of 0")).to_be_visible()
    first.get_by_role("button").click()
    expect(second.get_by_text("1 of 1")).to_be_visible()
    second.get_by_role("button").click()
    for page in (first, second):
        expect(page.get_by_text("1 of 2")).to_be_visible()


# -- the wizard


class Kept:
    """Knows what the page has said, and which of it the server has stored."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._sent = self._kept = 0
        page.on("websocket", self._watch)

    def all(self) -> None:
        """Returns once all that was said is stored, with its effects."""
        while self._kept < self._sent:
            self._page.evaluate("0")

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", self._on_sent)
        socket.on("framereceived", self._on_received)

    def _on_sent(self, frame: str | bytes) -> None:
        self._sent = max(self._sent, json.loads(frame).get("n", 0))

    def _on_received(self, frame: str | bytes) -> None:
        self._kept = max(self._kept, json.loads(frame).get("kept", 0))


def fill_in(page: Page) -> None:
    page.get_by_label("Large").check()
    page.get_by_label("How many?").fill("3")
    page.get_by_label("How many?").press("Enter")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Address").fill("12 Engine Street")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("group", name=title, exact=True)


def test_the_wizard(page: Page, serve: Serve) -> None:
    page.goto(serve_app(serve, wizard.serve))
    expect(card(page, "Pizza")).to_be_visible()
    expect(page.get_by_role("button", name="Back")).to_be_disabled()
    fill_in(page)
    expect(page.locator("[aria-current=step]")).to_have_text("2. Delivery")
    press(page, "Back")
    expect(card(page, "Pizza")).to_be_focused()
    expect(page.get_by_label("Large")).to_be_checked()
    expect(page.get_by_label("How many?")).to_have_value("3")
    press(page, "Next")
    expect(page.get_by_label("Address")).to_have_value("12 Engine Street")
    press(page, "Next")
    expect(card(page, "Check")).to_contain_text("3 × Large")
    expect(card(page, "Check")).to_contain_text("For Ada, 12 Engine Street")
    assert violations(page) == []
    press(page, "Order")
    expect(page.get_by_text("Just a moment")).to_be_visible()
    expect(card(page, "Thank you, Ada!")).to_contain_text("Order no. 1 is on its way to 12 Engine Street.")
    press(page, "Order another one")
    press(page, "Next")
    expect(page.get_by_label("Name")).to_have_value("Ada")
    press(page, "Next")
    press(page, "Order")
    expect(page.get_by_text("Order no. 2")).to_be_visible()


def test_the_wizard_asks_for_what_is_missing(page: Page, serve: Serve) -> None:
    page.goto(serve_app(serve, wizard.serve))
    number = page.get_by_label("How many?")
    number.fill("21")
    press(page, "Next")
    expect(number).to_be_focused()
    number.fill("2")
    press(page, "Next")
    expect(card(page, "Delivery")).to_be_visible()
    press(page, "Next")
    expect(page.get_by_label("Name")).to_be_focused()


def test_the_wizard_outlives_its_server(page: Page, serve_script: ServeScript, tmp_path: Path) -> None:
    script = serve_script("sample_apps.wizard", JIBE_LIKE_STORE=f"sqlite:///{tmp_path}/wizard.db")
    kept = Kept(page)
    page.goto(script.url)
    mark(page)
    fill_in(page)
    kept.all()
    script.kill()
    script.start()
    press(page, "Next")
    expect(card(page, "Check")).to_contain_text("For Ada, 12 Engine Street")
    assert not was_reloaded(page)
    press(page, "Order")
    expect(page.get_by_text("Order no. 1")).to_be_visible()
    assert script.stop() == 0
    script.start()
    press(page, "Order another one")
    press(page, "Next")
    expect(page.get_by_label("Name")).to_have_value("Ada")
    press(page, "Next")
    press(page, "Order")
    expect(page.get_by_text("Order no. 2")).to_be_visible()
    assert not was_reloaded(page)
