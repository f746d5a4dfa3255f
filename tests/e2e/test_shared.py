"""Pages that share one session: all tabs of a browser, or everybody."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from jibe_like import Button, Connection, Input, Label, MainApp
from tests.e2e.conftest import NewPage
from tests.e2e.outages import caret
from tests.serving import Serve


class Board(MainApp):
    """A counter, a field that is shared at every keystroke, and who is here."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.n = 0
        self.count = Label("0", identifier="count")
        self.here = Label(identifier="here")
        self.told = Label("0", identifier="told")
        self.text = Input(label="Text")
        self.text.register("input", lambda: None)
        add = Button("Add")
        add.register("click", self.add)
        self.register("connections", self.show_connections)
        self.children = [self.count, self.here, self.told, self.text, add]

    def add(self) -> None:
        self.n += 1
        self.count.value = str(self.n)

    def show_connections(self) -> None:
        users = {view.user for view in self.connections}
        ways = sorted({view.info["protocol"] for view in self.connections})
        self.here.value = f"{len(self.connections)} pages of {len(users)} by {', '.join(ways)}"


class OfOneUser(Board):
    mode = "multicast"


class OfAll(Board):
    mode = "broadcast"


def tab(context: BrowserContext, url: str) -> Page:
    """A page that is open, so that no other comes between its first response and its socket."""
    page = context.new_page()
    page.goto(url)
    expect(here(page)).to_contain_text("websocket")
    return page


def here(page: Page) -> Locator:
    return page.locator("#here")


def count(page: Page) -> Locator:
    return page.locator("#count")


def field(page: Page) -> Locator:
    return page.get_by_label("Text")


def add(page: Page) -> None:
    page.get_by_role("button", name="Add").click()


def test_multicast(new_page: NewPage, serve: Serve) -> None:
    url = serve(OfOneUser)
    first = new_page()
    first.goto(url)
    expect(here(first)).to_have_text("1 pages of 1 by websocket")
    second = tab(first.context, url)
    stranger = tab(new_page().context, url)
    add(first)
    expect(count(second)).to_have_text("1")
    add(second)
    expect(count(first)).to_have_text("2")
    add(stranger)
    expect(count(stranger)).to_have_text("1")
    expect(here(stranger)).to_have_text("1 pages of 1 by websocket")
    expect(here(first)).to_have_text("2 pages of 1 by websocket")
    # Its own click is counted by now, had it gone to the others.
    add(first)
    expect(count(second)).to_have_text("3")


def test_broadcast_and_who_is_here(new_page: NewPage, serve: Serve) -> None:
    url = serve(OfAll)
    first = new_page()
    first.goto(url)
    second = tab(first.context, url)
    stranger = tab(new_page().context, url)
    for page in (first, second, stranger):
        add(page)
    for page in (first, second, stranger):
        expect(count(page)).to_have_text("3")
        expect(here(page)).to_have_text("3 pages of 2 by websocket")
    second.close()
    for page in (first, stranger):
        expect(here(page)).to_have_text("2 pages of 2 by websocket")
    stranger.close()
    expect(here(first)).to_have_text("1 pages of 1 by websocket")


@pytest.fixture
def writers(new_page: NewPage, serve: Serve) -> tuple[Page, Page]:
    """Two people with the cursor in the same field, which says "hello world"."""
    url = serve(OfAll)
    first, second = (tab(new_page().context, url) for _ in range(2))
    field(first).fill("hello world")
    expect(field(second)).to_have_value("hello world")
    for page, position in ((first, 5), (second, 11)):
        field(page).focus()
        field(page).evaluate("(e, position) => e.setSelectionRange(position, position)", position)
    return first, second


def test_the_last_writer_wins(writers: tuple[Page, Page]) -> None:
    first, second = writers
    second.keyboard.type("!")
    expect(field(first)).to_have_value("hello world!")
    # The cursor of whoever only watches stays.
    assert caret(field(first)) == [5, 5, "hello world!"]
    first.keyboard.type(", my")
    expect(field(second)).to_have_value("hello, my world!")
    assert caret(field(first)) == [9, 9, "hello, my world!"]
    # Who was at the end of the text still is.
    assert caret(field(second)) == [16, 16, "hello, my world!"]
    second.keyboard.type("?")
    for page in writers:
        expect(field(page)).to_have_value("hello, my world!?")
    assert caret(field(first)) == [9, 9, "hello, my world!?"]
    assert caret(field(second)) == [17, 17, "hello, my world!?"]


def agreed(first: Page, second: Page) -> str:
    """What both fields hold, once that is the same and stays so for a frame."""
    for _ in range(600):
        values = [field(page).input_value() for page in (first, second, first)]
        if len(set(values)) == 1:
            return values[0]
        second.evaluate("new Promise(requestAnimationFrame)")
    raise AssertionError(f"they never agree: {values}")


def test_two_who_type_at_once_end_with_the_same(writers: tuple[Page, Page]) -> None:
    first, second = writers
    for letter in "abcdefgh":
        first.keyboard.type(letter)
        second.keyboard.type(letter.upper())
    # Whose text it is in the end is chance; that all have the same, and can go on, is not.
    first.keyboard.press("End")
    first.keyboard.type(".")
    last = agreed(first, second)
    assert caret(field(first)) == [len(last), len(last), last]
    assert caret(field(second)) is not None
