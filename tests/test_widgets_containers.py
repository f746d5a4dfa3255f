"""Tabs, Details, Dialog, Form: their HTML, what changes send, and what the browser sends back."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError
from jibe_like.tree.events import Message, event_handler
from jibe_like.tree.node import to_html
from jibe_like.tree.property import Property
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from jibe_like.widgets import Details, Dialog, Div, Form, Label, TabPanel, Tabs, VBox
from jibe_like.widgets.containers import Pages


class Entry(Widget):
    """A field as a form sees it."""

    __slots__ = ()

    tagname = "input"

    value = Property("", event="change")

    def __init__(self, name: str = "", value: str = "") -> None:
        super().__init__()
        self.name = name
        self.value = value


class Tick(Widget):
    __slots__ = ()

    checked = Property(False, event="change", reads="checked")

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def live(widget: Widget) -> Tree:
    """A tree with the widget in it, all of it known to the browser."""
    tree = Tree(Div([widget], identifier="topwidget"))
    tree.take()
    tree.changes.clear()
    return tree


def operations(tree: Tree, connection: str = "") -> list[Any]:
    patch = tree.take()
    return patch.for_connection(connection, without_echo=True) if patch is not None else []


def browser_says(widget: Widget, event: str, connection: str = "c1", **properties: Any) -> None:
    """What the browser reports of the widget."""
    message = {"id": widget.identifier, "event": event, "connection": connection}
    widget.on_message({**message, "properties": properties} if properties else message)


def heard(widget: Widget, *events: str) -> list[str]:
    """A list that will hold what happens to the widget."""
    happened: list[str] = []
    for event in events:
        widget.register(event, lambda source, message: happened.append(message["event"]))
    return happened


# -- Tabs


def three(**options: Any) -> Tabs:
    pages: Pages = {"A": Label("a", identifier="a"), "B": [Label("b", identifier="b")], "C": ()}
    return Tabs(pages, identifier="tabs", **options)


def tab(page: TabPanel, *, chosen: bool) -> list[Any]:
    attributes = {
        "id": f"tabs.{page.identifier}",
        "type": "button",
        "role": "tab",
        "value": page.title,
        "aria-controls": page.identifier,
        "aria-selected": "true" if chosen else "false",
        "data-on": "click:value",
    }
    return ["button", attributes if chosen else {**attributes, "tabindex": "-1"}, page.title]


def strip(tabs: Tabs, **attributes: str) -> list[Any]:
    shown = [tab(page, chosen=title == tabs.value) for title, page in tabs.pages.items()]
    return ["div", {"id": "tabs.tabs", "class": "tablist", "role": "tablist", **attributes}, *shown]


def test_tabs_html() -> None:
    tabs = Tabs({"A <1>": Label("a", identifier="a")}, label="Pages", identifier="tabs")
    live(tabs)
    assert to_html(tabs.node()) == (
        '<div id="tabs" class="widget tabs"><div id="tabs.tabs" class="tablist" role="tablist" aria-label="Pages">'
        '<button id="tabs.w1" type="button" role="tab" value="A &lt;1&gt;" aria-controls="w1" aria-selected="true"'
        ' data-on="click:value">A &lt;1&gt;</button></div>'
        '<div id="w1" class="widget tabpanel" role="tabpanel" aria-labelledby="tabs.w1" tabindex="0">'
        '<div id="a" class="widget label">a</div></div></div>'
    )


def test_pages_that_have_no_titles() -> None:
    pages: Any = [Label("one"), Label("two")]
    with pytest.raises(
        PropertyTypeError, match=r"^Tabs\(\): pages are a mapping of titles to widgets, not \[Label\(\)"
    ):
        Tabs(pages)


def test_one_page_is_shown() -> None:
    tabs = three()
    live(tabs)
    assert (tabs.value, tabs.index) == ("A", 0)
    assert [page.hidden for page in tabs.pages.values()] == [False, True, True]
    node = tabs.node()
    assert node[2] == strip(tabs)
    assert ["hidden" in panel[1] for panel in node[3:]] == [False, True, True]


@pytest.mark.parametrize(("value", "title", "index"), [(1, "B", 1), ("C", "C", 2), (-1, "C", 2), (0, "A", 0)])
def test_a_page_is_chosen_by_title_or_index(value: int | str, title: str, index: int) -> None:
    tabs = three(value=value)
    assert (tabs.value, tabs.index) == (title, index)
    tabs = three()
    tabs.value = value
    assert (tabs.value, tabs.index) == (title, index)
    assert [page.title for page in tabs.pages.values() if not page.hidden] == [title]


def test_a_change_of_page_sends_the_strip_and_what_is_hidden() -> None:
    tabs = three()
    tree = live(tabs)
    a, b, _ = tabs.pages.values()
    tabs.value = "B"
    assert operations(tree) == [
        ["render", "tabs.tabs", strip(tabs)],
        ["attr", a.identifier, "hidden", ""],
        ["attr", b.identifier, "hidden", None],
    ]
    assert [page.hidden for page in tabs.pages.values()] == [True, False, True]


def test_the_browser_chooses_a_page() -> None:
    tabs = three()
    tree = live(tabs)
    happened = heard(tabs, "change")
    browser_says(tabs, "click", value="B")
    assert tabs.value == "B"
    assert happened == ["change"]
    assert ["render", "tabs.tabs", strip(tabs)] in operations(tree, "c1")
    browser_says(tabs, "click", value="B")
    assert happened == ["change"]
    assert operations(tree) == []


def test_a_class_of_ones_own_handles_the_change() -> None:
    class Pages(Tabs):
        seen = ""

        @event_handler("change")
        def on_choice(self, message: Message) -> None:
            self.seen = message["properties"]["value"]

    pages = Pages({"A": (), "B": ()})
    browser_says(pages, "click", value="B")
    assert pages.seen == "B"
    assert "data-on" not in pages.node()[1]


def test_setting_the_page_is_no_event() -> None:
    tabs = three()
    happened = heard(tabs, "change")
    tabs.value = "B"
    assert happened == []


@pytest.mark.parametrize("value", ["Z", "", 7, None, ["A"], {}, 1.0, True])
def test_a_page_that_is_not_there_is_refused(value: object) -> None:
    tabs = three()
    live(tabs)
    happened = heard(tabs, "change")
    with pytest.raises(ProtocolError, match=r"Tabs\(tabs\)\.value"):
        browser_says(tabs, "click", value=value)
    with pytest.raises((PropertyTypeError, PropertyValueError), match=r"Tabs\(tabs\)\.value"):
        tabs.value = value  # type: ignore[assignment]
    assert tabs.value == "A"
    assert happened == []


def test_tabs_tell_what_pages_there_are() -> None:
    with pytest.raises(PropertyValueError, match="there is no page 'Z'; the pages are 'A', 'B', 'C'"):
        three(value="Z")
    with pytest.raises(PropertyValueError, match="there is no page 1; the pages are none"):
        Tabs(value=1)


def test_the_browser_is_not_asked_for_changes_of_the_fields_on_the_pages() -> None:
    tabs = three()
    tree = live(tabs)
    tabs.register("change", print)
    assert "data-on" not in tabs.node()[1]
    assert operations(tree) == [["attr", "tabs", "data-on", None]]
    tabs.register("keydown", print, keys=["Delete"])
    assert tabs.node()[1]["data-on"] == "keydown,keys=Delete"


def test_a_click_on_the_tabs_themselves_is_an_event_like_any() -> None:
    tabs = three()
    happened = heard(tabs, "click")
    browser_says(tabs, "click")
    assert happened == ["click"]
    assert tabs.value == "A"


def test_tabs_without_pages() -> None:
    tabs = Tabs(identifier="tabs")
    assert (tabs.value, tabs.index, tabs.pages) == ("", -1, {})
    page = tabs.add("First", Label("x"))
    assert (tabs.value, tabs.index) == ("First", 0)
    assert not page.hidden


def test_a_page_is_added() -> None:
    tabs = three()
    tree = live(tabs)
    page = tabs.add("D", [Label("d", identifier="d")])
    assert page.hidden
    assert operations(tree) == [["insert", "tabs", None, [page.node()]], ["render", "tabs.tabs", strip(tabs)]]
    assert tabs.value == "A"
    with pytest.raises(ValueError, match=r"Tabs\(tabs\) has a page 'A' already"):
        tabs.add("A")


@pytest.mark.parametrize(
    ("shown", "gone", "then"), [("A", "A", "B"), ("B", "B", "C"), ("C", "C", "B"), ("B", "A", "B"), ("B", "C", "B")]
)
def test_a_page_is_removed(shown: str, gone: str, then: str) -> None:
    tabs = three(value=shown)
    tree = live(tabs)
    page = tabs.remove(gone)
    assert tabs.value == then
    assert [page.title for page in tabs.pages.values() if not page.hidden] == [then]
    assert page.parent is None
    assert not page.hidden
    ops = operations(tree)
    assert ["render", "tabs.tabs", strip(tabs)] in ops
    assert ["remove", page.identifier] in ops


def test_all_pages_are_removed() -> None:
    tabs = three()
    for title in "BAC":
        tabs.remove(title)
    assert (tabs.value, tabs.index, tabs.pages) == ("", -1, {})
    with pytest.raises(KeyError):
        tabs.remove("A")


def test_a_page_gets_another_title() -> None:
    tabs = three(value="B")
    tree = live(tabs)
    tabs.pages["A"].title = "First"
    assert operations(tree) == [["render", "tabs.tabs", strip(tabs)]]
    tabs.pages["B"].title = "Second"
    assert tabs.value == "Second"
    assert list(tabs.pages) == ["First", "Second", "C"]
    assert operations(tree) == [["render", "tabs.tabs", strip(tabs)]]
    with pytest.raises(PropertyValueError, match=r"TabPanel\(.*\)\.title.*has a page 'C' already"):
        tabs.pages["First"].title = "C"
    with pytest.raises(PropertyValueError, match="a page needs a title"):
        tabs.pages["First"].title = ""
    assert list(tabs.pages) == ["First", "Second", "C"]


def test_the_strip_follows_the_order_of_the_pages() -> None:
    tabs = three()
    tree = live(tabs)
    tabs.children.reverse()
    assert ["render", "tabs.tabs", strip(tabs)] in operations(tree)
    assert [button[2] for button in strip(tabs)[2:]] == ["C", "B", "A"]


def test_one_tab_can_always_be_reached() -> None:
    tabs = three()
    tabs.children.remove(tabs.pages["A"])
    _, _, *buttons = tabs.part("tabs")
    assert [button[1].get("tabindex") for button in buttons] == [None, "-1"]
    assert tabs.index == -1


def test_the_label_of_the_strip_changes() -> None:
    tabs = three()
    tree = live(tabs)
    tabs.label = "Pages"
    assert operations(tree) == [["render", "tabs.tabs", strip(tabs, **{"aria-label": "Pages"})]]


def test_what_is_rendered_as_a_whole_is_not_rendered_in_parts() -> None:
    tabs = three()
    box = VBox([tabs])
    tree = live(box)
    tabs.value = "B"
    tree.redraw(box)
    [[kind, target, node]] = operations(tree)
    assert (kind, target) == ("render", box.identifier)
    assert node[2][2] == strip(tabs)


def test_tabs_can_be_pickled() -> None:
    tabs = three(value="B")
    live(tabs)
    copy: Tabs = pickle.loads(pickle.dumps(tabs))
    copy.value = "C"
    assert [page.hidden for page in copy.pages.values()] == [True, True, False]
    copy.pages["C"].title = "D"
    assert copy.value == "D"
    assert tabs.value == "B"


# -- Details


def test_details_html() -> None:
    details = Details("More <b>", [Label("x", identifier="x")], open=True, identifier="d")
    assert to_html(details.node()) == (
        '<details id="d" class="widget details" open data-on="toggle:open">'
        '<summary id="d.summary">More &lt;b&gt;</summary><div id="x" class="widget label">x</div></details>'
    )
    assert " open" not in to_html(Details("More", identifier="d").node()).partition("data-on")[0]


def test_details_changes() -> None:
    details = Details("More", [Label("x")], identifier="d")
    tree = live(details)
    details.summary = "Less"
    details.open = True
    assert operations(tree) == [
        ["render", "d.summary", ["summary", {"id": "d.summary"}, "Less"]],
        ["prop", "d", "open", True],
    ]


# -- Dialog


def test_dialog_html() -> None:
    dialog = Dialog("Sure <b>?", [Label("x", identifier="x")], identifier="d")
    assert to_html(dialog.node()) == (
        '<dialog id="d" class="widget dialog" data-on="close:open" aria-labelledby="d.title">'
        '<h2 id="d.title" class="title">Sure &lt;b&gt;?</h2><div id="x" class="widget label">x</div>'
        '<button id="d.close" type="button" class="close" command="close" commandfor="d" aria-label="Close">×</button>'
        "</dialog>"
    )
    assert to_html(Dialog("Sure?", open=True, identifier="d").node()).startswith(
        '<dialog id="d" class="widget dialog" open '
    )


def test_dialog_changes() -> None:
    dialog = Dialog("Sure?", identifier="d")
    tree = live(dialog)
    dialog.show()
    dialog.title = "Really?"
    assert dialog.open
    assert operations(tree) == [
        ["render", "d.title", ["h2", {"id": "d.title", "class": "title"}, "Really?"]],
        ["prop", "d", "open", True],
    ]
    dialog.close_label = "Schließen"
    [[kind, target, node]] = operations(tree)
    assert (kind, target, node[-1][1]["aria-label"]) == ("render", "d", "Schließen")
    dialog.close()
    assert not dialog.open
    assert operations(tree) == [["prop", "d", "open", False]]


def test_the_close_button_stays_behind_the_children() -> None:
    dialog = Dialog("Sure?", [Label("a")], identifier="d")
    tree = live(dialog)
    dialog.children.append(Label("b", identifier="b"))
    dialog.children.insert(0, Label("c", identifier="c"))
    assert [(op[0], op[1], op[2]) for op in operations(tree)] == [("insert", "d", "d.close"), ("insert", "d", "w1")]
    assert dialog.node()[-1][1]["id"] == "d.close"


def test_escape_cancels_and_closes() -> None:
    dialog = Dialog("Sure?", open=True)
    live(dialog)
    happened = heard(dialog, "cancel", "close")
    assert dialog.node()[1]["data-on"] == "close:open cancel"
    browser_says(dialog, "cancel")
    assert dialog.open
    browser_says(dialog, "close", open=False)
    assert not dialog.open
    assert happened == ["cancel", "close"]


# -- Details and Dialog


@pytest.mark.parametrize(("kind", "event"), [(Details, "toggle"), (Dialog, "close")])
def test_the_browser_opens_and_closes(kind: Callable[..., Any], event: str) -> None:
    widget = kind("x", open=True, identifier="d")
    tree = live(widget)
    happened = heard(widget, event)
    tree.take()
    browser_says(widget, event, connection="c1", open=False)
    assert widget.open is False
    assert happened == [event]
    assert operations(tree, "c1") == []


@pytest.mark.parametrize(("kind", "event"), [(Details, "toggle"), (Dialog, "close")])
def test_other_connections_are_told(kind: Callable[..., Any], event: str) -> None:
    widget = kind("x", open=True, identifier="d")
    tree = live(widget)
    browser_says(widget, event, connection="c1", open=False)
    assert operations(tree, "c2") == [["prop", "d", "open", False]]


@pytest.mark.parametrize(("kind", "event"), [(Details, "toggle"), (Dialog, "close")])
def test_what_the_browser_was_told_to_do_is_no_event(kind: Callable[..., Any], event: str) -> None:
    widget = kind("x", identifier="d")
    live(widget)
    happened = heard(widget, event)
    widget.open = True
    browser_says(widget, event, open=True)
    widget.open = False
    browser_says(widget, event, open=False)
    assert happened == []


@pytest.mark.parametrize(("kind", "event"), [(Details, "toggle"), (Dialog, "close")])
@pytest.mark.parametrize("value", [1, 0, "true", None, [], {}])
def test_open_is_true_or_false(kind: Callable[..., Any], event: str, value: object) -> None:
    widget = kind("x", identifier="d")
    live(widget)
    happened = heard(widget, event)
    with pytest.raises(ProtocolError, match=r"\(d\)\.open must be bool"):
        browser_says(widget, event, open=value)
    with pytest.raises(PropertyTypeError, match=rf"{kind.__name__}\(d\)\.open must be bool"):
        widget.open = value
    assert widget.open is False
    assert happened == []


def test_titles_are_text() -> None:
    with pytest.raises(PropertyTypeError, match=r"Details\(\)\.summary must be str, not int"):
        Details(1)  # type: ignore[arg-type]
    with pytest.raises(PropertyTypeError, match=r"Dialog\(\)\.title must be str, not int"):
        Dialog(1)  # type: ignore[arg-type]
    with pytest.raises(PropertyTypeError, match=r"TabPanel\(\)\.title must be str, not int"):
        Tabs({1: ()})  # type: ignore[dict-item]


# -- Form


def test_form_html() -> None:
    form = Form([Label("x", identifier="x")], identifier="f")
    assert to_html(form.node()) == (
        '<form id="f" class="widget form" data-on="submit,prevent"><div id="x" class="widget label">x</div></form>'
    )


def test_a_form_never_leaves_the_page_by_itself() -> None:
    form = Form(identifier="f")
    tree = live(form)
    form.register("submit", print)
    assert form.node()[1]["data-on"] == "submit,prevent"
    assert operations(tree) == [["attr", "f", "data-on", "submit,prevent"]]
    form.register("submit", print, throttle=1)
    assert form.node()[1]["data-on"] == "submit,throttle=1000,prevent"
    form.unregister("submit", print)
    assert form.node()[1]["data-on"].startswith("submit,")


def test_submit_calls_handlers() -> None:
    form = Form()
    happened = heard(form, "submit")
    browser_says(form, "submit")
    assert happened == ["submit"]
    browser_says(Form(), "submit")


def test_values_of_the_named_inputs() -> None:
    name, anywhere, agreed = Entry("name", "Ada"), Entry("city", "London"), Tick("agreed")
    form = Form([name, VBox([Div([anywhere]), agreed]), Entry("", "unnamed"), Label("name")])
    assert form.values == {"name": "Ada", "city": "London", "agreed": False}
    assert form.fields == {"name": name, "city": anywhere, "agreed": agreed}
    browser_says(agreed, "change", checked=True)
    browser_says(name, "change", value="Grace")
    assert form.values == {"name": "Grace", "city": "London", "agreed": True}


def test_values_are_set_together() -> None:
    form = Form([Entry("name", "Ada"), Entry("city", "London"), Tick("agreed")])
    form.values = {"name": "Grace", "agreed": True}
    assert form.values == {"name": "Grace", "city": "London", "agreed": True}
    with pytest.raises(KeyError, match="has no field 'street'; its fields are name, city, agreed"):
        form.values = {"name": "Alan", "street": "x"}
    assert form.values["name"] == "Grace"
