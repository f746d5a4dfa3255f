"""Table in a real browser, by mouse and by keyboard."""

from playwright.sync_api import Page, expect

from jibe_like import Button, Column, Connection, Label, MainApp, Table
from jibe_like.tree.events import Message
from tests.serving import Serve

CITIES = [("Delhi", 33), ("Tokyo", 37), ("Lagos", 16)]


class TableApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.table = Table(
            ["City", Column("people", "People", "end")],
            CITIES,
            caption="Cities",
            sortable=True,
            selectable=True,
            row_headers=True,
        )
        self.log = Label("nothing yet")
        for event in ("sort", "select"):
            self.table.register(event, self.on_event)
        append, change, fewer = Button("Append"), Button("Change"), Button("Fewer")
        append.register("click", lambda: self.table.rows.append(("Cairo", 22)))
        change.register("click", lambda: self.table.rows.__setitem__(0, ("Delhi", 34)))
        fewer.register("click", lambda: self.table.rows.pop(0))
        self.children = [self.table, self.log, append, change, fewer]

    def on_event(self, source: Table, message: Message) -> None:
        self.log.value = f"{message['event']} {message['data']}"


def test_what_it_is(page: Page, serve: Serve) -> None:
    page.goto(serve(TableApp))
    table = page.get_by_role("grid", name="Cities")
    expect(table.get_by_role("columnheader")).to_have_text(["City", "People"])
    expect(table.get_by_role("rowheader")).to_have_text(["Delhi", "Tokyo", "Lagos"])
    expect(table.get_by_role("gridcell")).to_have_text(["33", "37", "16"])


def test_rows_change(page: Page, serve: Serve) -> None:
    page.goto(serve(TableApp))
    rows = page.locator("tbody tr")
    rows.nth(1).evaluate("element => { element.mark = true }")
    page.get_by_role("button", name="Append").click()
    expect(rows).to_have_text(["Delhi33", "Tokyo37", "Lagos16", "Cairo22"])
    page.get_by_role("button", name="Change").click()
    expect(rows.first).to_have_text("Delhi34")
    page.get_by_role("button", name="Fewer").click()
    expect(rows).to_have_text(["Tokyo37", "Lagos16", "Cairo22"])
    assert rows.first.evaluate("element => element.mark")
    assert page.locator("table > tr").count() == 0


class NamelessApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        table = Table(["City"], [["Delhi"]])
        name, unname = Button("Name"), Button("Unname")
        name.register("click", lambda: setattr(table, "caption", "Cities"))
        unname.register("click", lambda: setattr(table, "caption", ""))
        self.children = [table, name, unname]


def test_a_caption_comes_and_goes(page: Page, serve: Serve) -> None:
    page.goto(serve(NamelessApp))
    caption = page.locator("caption")
    expect(caption).to_be_hidden()
    page.get_by_role("button", name="Name", exact=True).click()
    expect(caption).to_be_visible()
    expect(page.get_by_role("table", name="Cities")).to_be_visible()
    expect(page.get_by_role("group", name="Cities")).to_be_visible()
    page.get_by_role("button", name="Unname").click()
    expect(caption).to_be_hidden()
    expect(page.get_by_role("group", name="Cities")).to_have_count(0)


def test_sorting(page: Page, serve: Serve) -> None:
    page.goto(serve(TableApp))
    rows = page.locator("tbody tr")
    header = page.get_by_role("columnheader", name="People")
    header.get_by_role("button").click()
    expect(rows).to_have_text(["Lagos16", "Delhi33", "Tokyo37"])
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_text("sort {'column': 'people', 'descending': False}")).to_be_visible()
    expect(header.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows).to_have_text(["Tokyo37", "Delhi33", "Lagos16"])
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(header.get_by_role("button")).to_be_focused()


def test_a_header_sorts_in_its_whole_width(page: Page, serve: Serve) -> None:
    page.goto(serve(TableApp))
    # Away from its text, which stands at the other end.
    for header, x in (("City", 0.9), ("People", 0.1)):
        cell = page.get_by_role("columnheader", name=header)
        box = cell.bounding_box()
        assert box is not None
        assert box["width"] > 200
        page.mouse.click(box["x"] + x * box["width"], box["y"] + box["height"] / 2)
        expect(cell).to_have_attribute("aria-sort", "ascending")


def test_choosing_a_row(page: Page, serve: Serve) -> None:
    page.goto(serve(TableApp))
    table, chosen = page.get_by_role("grid", name="Cities"), page.locator("tr[aria-selected=true]")
    page.get_by_text("Tokyo").click()
    expect(chosen).to_have_text("Tokyo37")
    expect(page.get_by_text("select {'index': 1, 'row': ('Tokyo', 37)}")).to_be_visible()
    expect(table).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("Lagos16")
    expect(table).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    page.keyboard.press("Home")
    expect(chosen).to_have_text("Delhi33")
    page.get_by_role("button", name="Fewer").click()
    expect(chosen).to_have_count(0)
    assert table.get_attribute("aria-activedescendant") is None


def test_the_table_is_reached_by_keyboard(page: Page, serve: Serve) -> None:
    page.goto(serve(TableApp))
    page.keyboard.press("Tab")
    expect(page.get_by_role("grid", name="Cities")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("tr[aria-selected=true]")).to_have_text("Lagos16")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="City")).to_be_focused()
