"""The states of an application and of its server, in the page's own JavaScript."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from jibe_like import Connection, Input, Label, MainApp, Slider, get_server
from tests.e2e.conftest import NewPage
from tests.serving import Serve


class Board(MainApp):
    """A count that listeners double, a name that is typed, and what all share."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.state.n = 1
        self.state.change("n")(self.on_n)
        self.state.client_keys("size")
        self.shown = Label(self.state.bind("n", to=str), identifier="shown")
        self.name = Input(self.state.bind("name"), label="Name")
        self.heat = Slider(get_server().state.bind("heat"), 0, 30, label="Heat")
        self.children = [self.shown, self.name, self.heat]

    def on_n(self, n: int) -> None:
        self.state.twice = 2 * n
        if n > 100:
            self.state.n = 100


@pytest.fixture
def url(serve: Serve) -> str:
    get_server().state.heat = 20
    return serve(Board)


def opened(page: Page, url: str) -> Page:
    """The page, once its extras are there."""
    page.goto(url)
    page.wait_for_function("() => window.jibe")
    return page


def value(page: Page, expression: str, wanted: Any) -> None:
    """The expression comes to have the value."""
    page.wait_for_function(f"() => JSON.stringify({expression}) === {json.dumps(json.dumps(wanted))}")


def test_what_the_page_sets_reaches_the_server_and_its_widgets(page: Page, url: str) -> None:
    opened(page, url)
    assert page.evaluate("({...jibe.state})") == {"n": 1, "name": "", "twice": 2}
    page.evaluate("jibe.state.n = 5")
    expect(page.locator("#shown")).to_have_text("5")
    value(page, "jibe.state.twice", 10)
    page.evaluate("jibe.state.n = 500")
    value(page, "jibe.state.n", 100)
    expect(page.locator("#shown")).to_have_text("100")


def test_what_is_typed_is_state(page: Page, url: str) -> None:
    opened(page, url)
    page.evaluate("""
        window.heard = [];
        document.addEventListener("jibe-state", ({detail}) => heard.push(detail));
    """)
    page.get_by_label("Name").fill("Ada")
    page.keyboard.press("Tab")
    value(page, "jibe.state.name", "Ada")
    assert page.evaluate("heard") == [{"app": {"name": "Ada"}}]
    page.evaluate("jibe.state.name = 'Grace'")
    expect(page.get_by_label("Name")).to_have_value("Grace")


def test_all_pages_of_a_server_agree(new_page: NewPage, url: str) -> None:
    first, second = opened(new_page(), url), opened(new_page(), url)
    assert first.evaluate("jibe.server.state.heat") == 20
    first.evaluate("jibe.server.state.heat = 25")
    value(second, "jibe.server.state.heat", 25)
    for page in (first, second):
        expect(page.get_by_label("Heat")).to_have_value("25")
    second.get_by_label("Heat").fill("7")
    value(first, "jibe.server.state.heat", 7)
    expect(first.get_by_label("Heat")).to_have_value("7")


def test_what_was_set_without_a_connection_is_not_lost(page: Page, url: str, serve: Serve) -> None:
    opened(page, url)
    serve.drop(url)
    page.evaluate("jibe.state.n = 7; jibe.state.size = [1, 2]")
    expect(page.locator("#shown")).to_have_text("7")
    value(page, "jibe.state.twice", 14)
    assert page.evaluate("jibe.state.size") == [1, 2]
