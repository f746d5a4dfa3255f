"""Boxes, grids and cards as a browser lays them out; the theme and the style sheet's promises."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from jibe_like import (
    Button,
    Card,
    CheckBox,
    Connection,
    DateInput,
    Details,
    Div,
    Dropdown,
    Grid,
    HBox,
    Heading,
    Input,
    Label,
    Link,
    MainApp,
    Markdown,
    Notification,
    NumberInput,
    RadioGroup,
    Settings,
    Table,
    Tabs,
    Text,
    TimeInput,
    VBox,
)
from tests.e2e.conftest import NewPage
from tests.serving import Serve


class LayoutApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.row = HBox([Label("r1"), Label("r2")], style={"gap": "10px"})
        self.grid = Grid([Label(f"g{i}") for i in range(4)], columns=2, gap="20px")
        self.card = Card("Profile", [Button("Save"), Label("inside")])
        change = Button("Change")
        change.register("click", self.on_change_all)
        self.children = [
            VBox([Label("v1"), Label("v2")], style={"gap": "30px"}),
            self.row,
            self.grid,
            self.card,
            Div([Label("plain")]),
            Label("secret", hidden=True, style={"display": "flex"}),
            change,
        ]

    def on_change_all(self) -> None:
        self.grid.columns = 4
        self.grid.gap = ""
        self.card.title = "Account"
        self.row.css({"gap": "50px"})
        self.row.children.append(Label("r3"))


def box(locator: Locator) -> dict[str, Any]:
    found = locator.bounding_box()
    assert found is not None
    return dict(found)


def test_boxes(page: Page, serve: Serve) -> None:
    page.goto(serve(LayoutApp))
    v1, v2, r1, r2 = (box(page.get_by_text(name, exact=True)) for name in ("v1", "v2", "r1", "r2"))
    assert v2["x"] == v1["x"]
    assert v2["y"] == v1["y"] + v1["height"] + 30
    assert r2["y"] == r1["y"]
    assert r2["x"] == pytest.approx(r1["x"] + r1["width"] + 10, abs=0.1)
    assert v1["width"] > 500
    assert r1["width"] < 100


def test_grid(page: Page, serve: Serve) -> None:
    page.goto(serve(LayoutApp))
    g = [box(page.get_by_text(f"g{i}", exact=True)) for i in range(4)]
    assert g[0]["y"] == g[1]["y"] < g[2]["y"] == g[3]["y"]
    assert g[0]["x"] == g[2]["x"]
    assert g[1]["x"] == pytest.approx(g[0]["x"] + g[0]["width"] + 20, abs=0.1)
    assert g[0]["width"] == pytest.approx(g[1]["width"], abs=0.1)


def test_changes(page: Page, serve: Serve) -> None:
    page.goto(serve(LayoutApp))
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("group", name="Account")).to_contain_text("inside")
    expect(page.get_by_role("heading", name="Account", level=2)).to_be_visible()
    g = [box(page.get_by_text(f"g{i}", exact=True)) for i in range(4)]
    assert len({found["y"] for found in g}) == 1
    r2, r3 = box(page.get_by_text("r2")), box(page.get_by_text("r3"))
    assert r3["x"] == pytest.approx(r2["x"] + r2["width"] + 50, abs=0.1)


def test_hidden_hides_whatever_the_style(page: Page, serve: Serve) -> None:
    page.goto(serve(LayoutApp))
    expect(page.get_by_text("inside")).to_be_visible()
    expect(page.get_by_text("secret")).to_be_hidden()


def test_a_button_in_a_column_keeps_its_width(page: Page, serve: Serve) -> None:
    page.goto(serve(LayoutApp))
    card, save = box(page.get_by_role("group", name="Profile")), box(page.get_by_role("button", name="Save"))
    assert save["width"] < card["width"] / 2


def test_right_to_left_is_the_mirror_image(page: Page, serve: Serve) -> None:
    page.goto(serve(LayoutApp))
    places = [box(page.get_by_text(name, exact=True)) for name in ("r1", "r2", "g0", "g1")]
    page.locator("html").evaluate("element => { element.dir = 'rtl' }")
    mirrored = [box(page.get_by_text(name, exact=True)) for name in ("r1", "r2", "g0", "g1")]
    width = page.evaluate("document.documentElement.clientWidth")
    for before, after in zip(places, mirrored, strict=True):
        assert after["x"] == pytest.approx(width - before["x"] - before["width"], abs=0.1)


def test_a_narrow_page_needs_no_scrolling_sideways(new_page: NewPage, serve: Serve) -> None:
    class Wide(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            columns = [VBox([Heading(name), Text("some words " * 20)]) for name in ("A", "B", "C")]
            cards = [Card(name, [Text("x" * 200)]) for name in ("D", "E", "F")]
            self.children = [HBox(columns), Grid(cards), HBox([Button(f"Button {i}") for i in range(12)])]

    page = new_page(viewport={"width": 320, "height": 600})
    page.goto(serve(Wide))
    expect(page.get_by_role("heading", name="F")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


class ThemeApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Label("text"), Card("Card", [Details("More"), Link("link", "/"), Input(label="Name")])]


COLOURS = """() => {
  const rgb = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
  const body = getComputedStyle(document.body);
  return { page: rgb(body.backgroundColor), text: rgb(body.color) };
}"""


def is_dark(page: Page) -> bool:
    colours = page.evaluate(COLOURS)
    return bool(colours["page"] < colours["text"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system(new_page: NewPage, serve: Serve, scheme: str) -> None:
    page = new_page(color_scheme=scheme)
    page.goto(serve(ThemeApp))
    assert is_dark(page) == (scheme == "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_can_be_set(new_page: NewPage, serve: Serve, theme: Any) -> None:
    class Themed(ThemeApp):
        settings = Settings(theme=theme)

    page = new_page(color_scheme="light" if theme == "dark" else "dark")
    page.goto(serve(Themed))
    assert is_dark(page) == (theme == "dark")


def test_focus_is_seen(page: Page, serve: Serve) -> None:
    page.goto(serve(ThemeApp))
    for name in ("More", "link"):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        expect(focused).to_have_text(name)
        style = focused.evaluate("e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]")
        assert style == ["solid", "2px"]


def test_nothing_moves_for_who_wants_it_so(new_page: NewPage, serve: Serve) -> None:
    moving = "e => getComputedStyle(e, '::after').transitionDuration"
    page = new_page(reduced_motion="reduce")
    url = serve(ThemeApp)
    page.goto(url)
    assert page.locator("summary").evaluate(moving) == "0s"
    other = new_page(reduced_motion="no-preference")
    other.goto(url)
    assert other.locator("summary").evaluate(moving) != "0s"


LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2


class LongWords(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [
            Heading(LONG),
            Link(LONG, "/"),
            Button(LONG),
            Card(LONG, [Input(label=LONG, help=LONG), CheckBox(label=LONG), RadioGroup("a", {"a": LONG}, label=LONG)]),
            HBox([Card(LONG), Card("short")]),
            Grid([Label(LONG), Label("short")], columns=2),
            Tabs({LONG: Label(LONG)}),
            Details(LONG, [Label(LONG)], open=True),
            Notification(LONG, "error"),
            Markdown(f"| a | b |\n|---|---|\n| {LONG} | {LONG} |"),
            Table(["a", "b"], [[LONG, LONG]]),
        ]


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [390, 1280])
def test_long_words_stay_in_the_window(new_page: NewPage, serve: Serve, width: int, direction: str) -> None:
    page = new_page(viewport={"width": width, "height": 800})

    class Directed(LongWords):
        settings = Settings(direction=direction)

    page.goto(serve(Directed))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # What has a size of its own keeps it beside them.
    radio = box(page.get_by_role("radio"))
    assert radio["width"] == radio["height"]


class WordsInTables(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        words = ["Sphinx", "of", "black", "quartz", "judge", "my", "vow"]
        lines = ["", *words, ""], ["", *("---" for _ in words), ""], ["", *words, ""]
        self.children = [Table(words, [words]), Markdown("\n".join("|".join(line) for line in lines))]


def test_a_table_that_is_too_wide_scrolls_with_its_words_whole(new_page: NewPage, serve: Serve) -> None:
    page = new_page(viewport={"width": 320, "height": 800})
    page.goto(serve(WordsInTables))
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for cell in page.get_by_role("cell", name="Sphinx").all():
        assert box(cell)["height"] < 60
    for scrolled in ("main > .table-box", ".markdown table"):
        assert page.locator(scrolled).evaluate("box => box.scrollWidth > box.clientWidth")


class Fields(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        fields = [Input("a", "Name"), NumberInput(1, label="Age"), Dropdown("a", ["a"], "Size")]
        times = [DateInput(label="Day"), TimeInput(label="From")]
        self.children = [HBox([*fields, *times, Button("Send")])]


def test_fields_and_buttons_in_a_row_are_of_one_height(page: Page, serve: Serve) -> None:
    page.goto(serve(Fields))
    assert len({box(each)["height"] for each in page.locator(".field, .button").all()}) == 1


class LongRow(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        row = HBox([Label("a long text " * 30), Button("Remove")], style={"flex-wrap": "nowrap"})
        self.children = [row, HBox([Button(LONG)], style={"flex-wrap": "nowrap"})]


def test_a_long_text_leaves_the_button_beside_it_its_room(new_page: NewPage, serve: Serve) -> None:
    page = new_page(viewport={"width": 390, "height": 800})
    page.goto(serve(LongRow))
    assert box(page.get_by_role("button", name="Remove"))["height"] < 50
    assert page.evaluate("document.documentElement.scrollWidth") == 390
