"""The widget: a plain object that describes one element and whatever is inside it."""

import copy
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jibe_like.errors import (
    NoSuchEvent,
    NotInitializedError,
    OrphanWidgetError,
    ProtocolError,
    TreeError,
    UnsafeValueError,
)
from jibe_like.tree.binding import attr, prop, style, text, toggle
from jibe_like.tree.events import Message, event_handler
from jibe_like.tree.node import Element, Node
from jibe_like.tree.property import Property
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from jibe_like.widgets import layout
from tests.live_tree import FakeHost, browser_says, html, live, operations


class Words(Widget):
    """A widget of the package's own kind: its properties have slots."""

    __slots__ = ()

    tagname = "p"
    value = Property("", bind=text())
    marked = Property(False, bind=toggle("marked"))
    width = Property("", bind=style("width", lambda value: value or None))


class Entry(Widget):
    tagname = "input"
    value = Property("", bind=prop("value"), event="change")
    disabled = Property(False, bind=attr("disabled"))


class Host(FakeHost):
    """Keeps what an async handler still has to do."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[tuple[Widget, str, Awaitable[object]]] = []
        self.failures: list[tuple[Widget, str, Exception]] = []

    def run(self, widget: Widget, event: str, awaitable: Awaitable[object]) -> None:
        self.running.append((widget, event, awaitable))

    def failed(self, widget: Widget, event: str, error: Exception) -> None:
        self.failures.append((widget, event, error))


def hosted(widget: Widget) -> Host:
    host = Host()
    live(widget).go_live(host)
    return host


# -- what it shows


def test_the_least_widget() -> None:
    assert html(Widget()) == '<div id="w1" class="widget"></div>'


def test_all_that_is_said_at_the_start_is_shown() -> None:
    widget = Words(
        value="<a>",
        identifier="mine",
        style={"color": "red"},
        attributes={"lang": "fr", "inert": True},
        classname="x y",
        hidden=True,
        tooltip="t",
        marked=True,
        width="1px",
    )
    assert widget.node() == [
        "p",
        {
            "id": "mine",
            "class": "widget words x y marked",
            "style": {"color": "red", "width": "1px"},
            "hidden": True,
            "title": "t",
            "lang": "fr",
            "inert": True,
        },
        "<a>",
    ]
    assert html(widget) == (
        '<p id="mine" class="widget words x y marked" hidden title="t" lang="fr" inert>&lt;a&gt;</p>'
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"style": "color: red"}, r"Words\(\)\.style must be a dict, not str \('color: red'\)"),
        ({"attributes": ["lang"]}, r"Words\(\)\.attributes must be a dict, not list \(\['lang'\]\)"),
        ({"classname": ["x", "y"]}, r"Words\(\)\.classname must be str, not list \(\['x', 'y'\]\)"),
    ],
)
def test_looks_of_another_shape_are_named(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        Words(**options)
    widget = Words()
    for name, value in options.items():
        with pytest.raises(TypeError, match=problem):
            setattr(widget, name, value)


def test_its_classes_are_those_of_its_kind() -> None:
    class Special(Words):
        pass

    class _Private(Special):
        pass

    assert Special().classname == "widget words special"
    assert _Private().classname == "widget words special"


def test_classes_come_and_go() -> None:
    widget = Words()
    tree = live(widget)
    widget.add_class("x", "y", "x")
    widget.remove_class("y", "widget", "none")
    assert widget.classname == "words x"
    widget.add_class("x")
    assert operations(tree) == [["attr", "w1", "class", "words x"]]
    widget.classname = "words x"
    assert operations(tree) == []
    with pytest.raises(TypeError, match="classname must be str, not list"):
        widget.classname = ["x"]  # type: ignore[assignment]


def test_the_class_attribute_is_the_classname() -> None:
    widget = Words(attributes={"class": "x"})
    assert widget.classname == "x"
    tree = live(widget)
    widget.marked = True
    widget.attr({"class": "y"})
    widget.add_class("z")
    assert widget.node()[1]["class"] == "y z marked"
    assert operations(tree)[-1] == ["attr", "w1", "class", "y z marked"]
    assert "class" not in widget.attributes


def test_a_tag_that_could_run_code_is_refused() -> None:
    class Bad(Widget):
        tagname = "script"

    with pytest.raises(ValueError, match="script"):
        Bad().node()


def test_a_class_that_has_the_name_of_one_of_ours_is_not_styled_like_it() -> None:
    class Card(Widget):
        pass

    class Deck(Card):
        pass

    assert layout.Card().classname == "widget card"
    assert Card().classname == "widget"
    assert Deck().classname == "widget deck"


def test_content_stands_before_the_children_and_the_frame_around_it() -> None:
    class Slip(Widget):
        def content(self) -> list[Node]:
            return [["h2", {"id": f"{self.identifier}.title"}, "T"]]

        def frame(self, node: Element) -> Element:
            return ["section", {}, node]

    slip = Slip()
    slip.children = [Words(value="a")]
    assert html(slip) == (
        '<section><div id="w1" class="widget slip"><h2 id="w1.title">T</h2>'
        '<p id="w2" class="widget words">a</p></div></section>'
    )
    assert slip.part("title") == ["h2", {"id": "w1.title"}, "T"]


# -- what it is


def test_a_forgotten_super_init_is_told() -> None:
    class Forgetful(Widget):
        def __init__(self) -> None:
            self.note = "x"

    forgetful = Forgetful()
    assert forgetful.note == "x"
    assert repr(forgetful) == "Forgetful()"
    for use in ("identifier", "children", "parent", "style", "classname"):
        with pytest.raises(NotInitializedError, match=r"Forgetful.__init__\(\) must call super\(\).__init__\(\) first"):
            getattr(forgetful, use)


def test_an_unknown_attribute_is_named() -> None:
    with pytest.raises(AttributeError, match="'Words' widget has no attribute 'colour'"):
        Words().colour  # noqa: B018
    assert not hasattr(Words(), "colour")
    assert copy.copy(Words(value="a")).value == "a"


def test_repr_names_the_identifier() -> None:
    assert repr(Words()) == "Words()"
    assert repr(Words(identifier="mine")) == "Words(mine)"


def test_an_identifier_of_its_own() -> None:
    widget = Words(identifier="mine")
    widget.identifier = "other"
    live(widget)
    assert widget.identifier == "other"
    with pytest.raises(TreeError, match=r"Words\(other\) is attached"):
        widget.identifier = "third"
    with pytest.raises(UnsafeValueError, match=r"Words: an identifier is letters"):
        Words(identifier="a.b")


def test_a_detached_widget_has_an_identifier_too() -> None:
    assert Words().identifier != Words().identifier


def test_descendants_are_in_document_order() -> None:
    a, b, c = Words(identifier="a"), Words(identifier="b"), Words(identifier="c")
    inner, outer = Widget(identifier="inner"), Widget()
    inner.children = [a, b]
    outer.children = [inner, c]
    assert list(outer.descendants) == [inner, a, b, c]
    assert outer.descendent_index == {"inner": inner, "a": a, "b": b, "c": c}
    assert outer.parent is None
    assert a.parent is inner


# -- properties


def test_properties_by_name() -> None:
    widget = Words(value="a")
    assert widget.properties["value"] == "a"
    widget.properties["value"] = "b"
    assert widget.value == "b"
    assert dict(widget.properties) == {"hidden": False, "tooltip": "", "value": "b", "marked": False, "width": ""}
    assert len(widget.properties) == 5
    assert repr(widget.properties) == repr(dict(widget.properties))
    with pytest.raises(KeyError):
        widget.properties["colour"]
    with pytest.raises(KeyError):
        del widget.properties["value"]


def test_a_property_of_its_own_is_an_attribute_too() -> None:
    widget = Words()
    widget.properties["count"] = 1
    widget.count += 1  # type: ignore[attr-defined]
    assert widget.properties["count"] == 2
    assert "count" in widget.properties
    widget.properties = {"value": "a", "other": 3}
    assert (widget.value, widget.other, widget.count) == ("a", 3, 2)
    del widget.properties["count"]
    assert "count" not in widget.properties
    assert not hasattr(widget, "count")


def test_widgets_with_slots_take_no_more_than_they_must() -> None:
    widget = Words(value="a")
    assert "_p_value" not in vars(widget)
    assert Words.__slots__ == ("_p_value", "_p_marked", "_p_width")  # type: ignore[comparison-overlap]


# -- registering


def test_handlers_are_called_in_order_with_what_they_ask_for() -> None:
    heard: list[Any] = []
    widget = Words()
    widget.register("click", lambda: heard.append("none"))
    widget.register("click", lambda source: heard.append(source))
    widget.register("click", lambda source, message: heard.append((source, message)))
    message = {"id": widget.identifier, "event": "click", "data": {"clientX": 1}}
    widget.on_message(message)
    assert heard == ["none", widget, (widget, message)]


def test_registering_twice_is_registering_once() -> None:
    heard: list[int] = []

    def handler() -> None:
        heard.append(1)

    widget = Words(identifier="w")
    widget.register("click", handler)
    widget.register("click", handler)
    widget.emit("click")
    assert heard == [1]
    assert widget.subscribers["click"] == [handler]
    widget.register("click", print)
    widget.unregister("click", print)
    widget.unregister("click", handler)
    widget.emit("click")
    assert heard == [1]
    with pytest.raises(ValueError, match=r"is not registered for 'click' of Words\(w\)"):
        widget.unregister("click", handler)


def test_an_unknown_event_is_refused_with_those_there_are() -> None:
    class Own(Words):
        events = frozenset({"tick"})

        @event_handler("tock")
        def on_tock(self) -> None: ...

    with pytest.raises(
        NoSuchEvent, match=r"Own\(\) has no event 'clack'; its events: tick, tock, and those of the browser"
    ):
        Own().register("clack", print)
    with pytest.raises(NoSuchEvent, match="none of its own"):
        Words().register("tick", print)
    Own().register("tick", print)
    Own().register("tock", print)


def test_the_browser_listens_for_what_has_a_handler() -> None:
    def handler() -> None: ...

    widget = Words()
    tree = live(widget)
    assert "data-on" not in widget.node()[1]
    widget.register("click", handler)
    widget.register("keydown", handler, keys=["Enter"], prevent=True)
    widget.register("scroll", handler, throttle=0.1, stop=True)
    listening = "click keydown,keys=Enter,prevent scroll,throttle=100,stop"
    assert widget.node()[1]["data-on"] == listening
    assert operations(tree) == [["attr", "w1", "data-on", listening]]
    for event in ("click", "keydown", "scroll"):
        widget.unregister(event, handler)
    assert operations(tree) == [["attr", "w1", "data-on", None]]
    widget.register("keydown", handler)
    assert widget.node()[1]["data-on"] == "keydown", "the options went with the handler"


def test_events_of_the_class_alone_are_not_asked_of_the_browser() -> None:
    class Clock(Words):
        events = frozenset({"tick"})

    clock = Clock()
    clock.register("tick", print)
    assert "data-on" not in clock.node()[1]


def test_a_two_way_property_is_always_listened_for() -> None:
    entry = Entry()
    assert entry.node()[1]["data-on"] == "change:value"
    entry.register("input", print, debounce=0.3)
    entry.register("change", print)
    assert entry.node()[1]["data-on"] == "change:value input:value,debounce=300"


def test_a_class_may_prevent_what_the_browser_would_do() -> None:
    class Form(Words):
        prevents = frozenset({"submit"})

    form = Form()
    assert form.node()[1]["data-on"] == "submit,prevent"
    form.register("submit", print, stop=True)
    assert form.node()[1]["data-on"] == "submit,prevent,stop"


# -- methods that handle


class Search(Entry):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    @event_handler("keydown", "own")
    def on_key(self, message: Message) -> None:
        self.heard.append(message["event"])
        self.emit(message["event"], message)

    @event_handler("focus")
    def on_focus(self) -> None:
        self.heard.append("focused")


def test_a_marked_method_handles_the_event() -> None:
    search = Search()
    heard: list[Any] = []
    search.register("keydown", lambda source, message: heard.append(message["data"]))
    search.on_message({"id": "w1", "event": "keydown", "data": {"key": "a"}})
    search.on_message({"id": "w1", "event": "own"})
    search.on_message({"id": "w1", "event": "focus"})
    assert search.heard == ["keydown", "own", "focused"]
    assert heard == [{"key": "a"}]
    assert search.node()[1]["data-on"] == "change:value keydown focus"
    assert search.subscribers.keys() == {"keydown", "own", "focus"}


def test_an_overriding_method_may_take_other_arguments() -> None:
    class Quiet(Search):
        def on_key(self) -> None:  # type: ignore[override]
            self.heard.append("quiet")

        @event_handler("focus")
        def focused(self, message: Message) -> None:
            self.heard.append("other method")

    quiet = Quiet()
    quiet.on_message({"id": "w1", "event": "keydown"})
    quiet.on_message({"id": "w1", "event": "focus"})
    assert quiet.heard == ["quiet", "other method"]


def test_two_methods_for_one_event_are_refused() -> None:
    with pytest.raises(TypeError, match="Twice has two handlers for the event 'click': first and second"):

        class Twice(Words):
            @event_handler("click")
            def first(self) -> None: ...

            @event_handler("click")
            def second(self) -> None: ...


def test_what_happens_on_the_server_is_dispatched_as_well() -> None:
    search = Search()
    search.dispatch("own", {"id": "w1", "event": "own"})
    heard: list[Any] = []
    search.register("blur", lambda source: heard.append(source))
    search.dispatch("blur", {"id": "w1", "event": "blur"})
    assert (search.heard, heard) == (["own"], [search])


# -- messages from the browser


@pytest.mark.parametrize(
    ("event", "properties", "reason"),
    [
        ("clack", None, "no such event: 'clack'"),
        ("clack", {"value": "x"}, "'value' is no property that 'clack' carries"),
        ("click", {"value": "x"}, "'value' is no property that 'click' carries"),
        ("change", {"disabled": True}, "'disabled' is no property that 'change' carries"),
        ("change", {"value": "x", "hidden": True}, "'hidden' is no property that 'change' carries"),
        ("change", {"value": 3}, "must be str, not int"),
        ("x" * 100_000, None, "no such event: 'xxx"),
        ("change", {"x" * 100_000: 1}, "is no property"),
    ],
)
def test_what_a_browser_should_not_say_changes_nothing(
    event: str, properties: dict[str, Any] | None, reason: str
) -> None:
    entry = Entry(value="a")
    live(entry)
    heard: list[int] = []
    entry.register("change", lambda: heard.append(1))
    entry.register("click", lambda: heard.append(1))
    with pytest.raises(ProtocolError, match=reason) as caught:
        browser_says(entry, event, **(properties or {}))
    assert (entry.value, entry.hidden, heard) == ("a", False, [])
    assert len(str(caught.value)) < 300


def test_a_disabled_widget_hears_nothing() -> None:
    entry = Entry(disabled=True)
    with pytest.raises(ProtocolError, match="the widget is disabled"):
        browser_says(entry, "change", value="a")
    assert entry.value == ""


def test_an_event_that_nobody_handles_is_no_fault() -> None:
    browser_says(Words(), "click")
    entry = Entry()
    browser_says(entry, "input", value="a")
    browser_says(entry, "change")
    assert entry.value == "a"


def test_the_property_has_its_new_value_when_handlers_run() -> None:
    entry = Entry()
    heard: list[str] = []
    entry.register("change", lambda source: heard.append(source.value))
    browser_says(entry, "change", value="a")
    assert heard == ["a"]


# -- handlers that fail, and those that wait


def fail() -> None:
    raise LookupError("on purpose")


def test_a_handler_that_raises_keeps_the_others_from_nothing() -> None:
    heard: list[int] = []
    widget = Words()
    widget.register("click", fail)
    widget.register("click", lambda: heard.append(1))
    host = hosted(widget)
    browser_says(widget, "click")
    assert heard == [1]
    ((failed, event, error),) = host.failures
    assert (failed, event, str(error)) == (widget, "click", "on purpose")


def test_without_a_page_it_is_raised_to_the_caller() -> None:
    widget = Words()
    widget.register("click", fail)
    with pytest.raises(LookupError):
        widget.emit("click")


def test_an_async_handler_is_run_by_the_host() -> None:
    async def wait(source: Widget) -> None:
        source.hidden = True

    widget = Words()
    widget.register("click", wait)
    with pytest.raises(OrphanWidgetError, match="its async handler cannot run"):
        widget.emit("click")
    host = hosted(widget)
    browser_says(widget, "click")
    ((waiting, event, awaitable),) = host.running
    assert (waiting, event, widget.hidden) == (widget, "click", False)
    with pytest.raises(StopIteration):
        awaitable.send(None)  # type: ignore[attr-defined]
    assert widget.hidden


def test_an_awaitable_that_is_no_coroutine_cannot_run_without_a_page_either() -> None:
    class Later:
        def __await__(self) -> Any:
            return iter(())

    widget = Words()
    widget.register("click", Later)
    with pytest.raises(OrphanWidgetError):
        widget.emit("click")


# -- messages to the browser


class App(Widget):
    def __init__(self, *children: Widget) -> None:
        super().__init__(identifier="topwidget")
        self.children = children
        self._tree = Tree(self)
        self.delivered: list[Message] = []

    def deliver(self, message: Message) -> None:
        self.delivered.append(message)


def test_a_message_goes_up_to_the_application() -> None:
    words, box = Words(identifier="words"), Widget(identifier="box")
    box.children = [words]
    app = App(box)
    given = {"event": "mine", "detail": 1}
    words.message(given)
    assert app.delivered == [{"event": "mine", "detail": 1, "id": "words", "path": ["box", "words"]}]
    assert given == {"event": "mine", "detail": 1}
    with pytest.raises(OrphanWidgetError, match=r"Words\(x\) is not attached to an application"):
        Words(identifier="x").message({})


CALLS: list[tuple[Callable[[Widget], None], list[Any]]] = [
    (lambda widget: widget.focus(), ["call", "w1", "focus", []]),
    (lambda widget: widget.scroll_into_view(), ["call", "w1", "scrollIntoView", [{"block": "nearest"}]]),
    (lambda widget: widget.call("setSelectionRange", 1, 2), ["call", "w1", "setSelectionRange", [1, 2]]),
]


@pytest.mark.parametrize(("call", "operation"), CALLS, ids=["focus", "scroll", "call"])
def test_methods_of_the_element(call: Callable[[Widget], None], operation: list[Any]) -> None:
    widget = Words()
    call(widget)
    tree = live(widget)
    assert operations(tree) == []
    call(widget)
    assert operations(tree) == [operation]
