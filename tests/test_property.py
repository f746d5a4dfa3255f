"""Typed properties: validate, compare, store, tell the browser, tell the watchers."""

from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError, UnsafeValueError
from jibe_like.tree import safe
from jibe_like.tree.binding import as_text, attr, prop, redraw, redraw_part, text
from jibe_like.tree.node import Node
from jibe_like.tree.observed import ObservedList
from jibe_like.tree.property import Property
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from tests.live_tree import browser_says, live, operations


def at_most_100(widget: Widget, value: float) -> float:
    if value > 100:
        raise ValueError(f"{value} is more than 100")
    return max(value, 0)


def no_duplicates(widget: Widget, value: list[str]) -> list[str]:
    if len(set(value)) < len(value):
        raise ValueError("twice the same")
    return value


class Meter(Widget):
    name = Property("", bind=text())
    value: Property[float] = Property(0.0, bind=attr("value", as_text), check=at_most_100)
    count = Property(0)
    on = Property(False, bind=attr("open"))
    note: Property[str | None] = Property(None, accept=(str, type(None)), bind=attr("title"))
    url = Property("", check=lambda widget, value: safe.url(value))
    anything: Property[Any] = Property(None, accept=object)


class Choice(Widget):
    tagname = "select"
    options: Property[list[str]] = Property(["a"], bind=redraw_part("list"), check=no_duplicates)
    level = Property(1, bind=redraw)
    value = Property(
        "",
        bind=prop("value"),
        event="change",
        check=lambda choice, value: choice.allowed(value),
        parse=lambda choice, raw: choice.read(raw),
    )

    def allowed(self, value: str) -> str:
        if value and value.lower() not in self.options:
            raise ValueError(f"{value!r} is no option")
        return value.lower()

    def read(self, raw: Any) -> str:
        if raw is None:
            raise TypeError("nothing")
        return raw.strip() if isinstance(raw, str) else raw

    def content(self) -> list[Node]:
        return [["ul", {"id": f"{self.identifier}.list"}, *(["li", {}, option] for option in self.options)]]


# -- types and values


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", "a"), ("value", 1.5), ("value", 3), ("count", 7), ("on", True), ("note", None), ("note", "a"),
     ("anything", object())],
)  # fmt: skip
def test_a_value_of_the_type_is_stored(name: str, value: object) -> None:
    meter = Meter()
    setattr(meter, name, value)
    assert getattr(meter, name) == value


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("name", 3, r"Meter\(m\).name must be str, not int \(3\)"),
        ("name", None, "must be str, not NoneType"),
        ("value", "3", "must be float or int, not str"),
        ("value", True, "must be float or int, not bool"),
        ("count", 1.0, "must be int, not float"),
        ("count", False, "must be int, not bool"),
        ("on", 1, "must be bool, not int"),
        ("note", 3, "must be str or None, not int"),
    ],
)
def test_a_wrong_type_is_refused_by_name(name: str, value: object, told: str) -> None:
    meter = Meter(identifier="m")
    before = getattr(meter, name)
    with pytest.raises(PropertyTypeError, match=told):
        setattr(meter, name, value)
    assert getattr(meter, name) is before


def test_the_text_of_an_error_is_bounded() -> None:
    with pytest.raises(PropertyTypeError) as caught:
        Meter().name = ["x" * 100_000]  # type: ignore[assignment]
    assert len(str(caught.value)) < 300


def test_a_check_may_change_or_refuse_a_value() -> None:
    meter = Meter(identifier="m")
    meter.value = -5
    assert meter.value == 0
    with pytest.raises(PropertyValueError, match=r"Meter\(m\).value: 200 is more than 100"):
        meter.value = 200
    with pytest.raises(UnsafeValueError, match=r"Meter\(m\).url: .*javascript"):
        meter.url = "javascript:x"


def test_a_type_error_of_a_check_is_one_of_the_property() -> None:
    with pytest.raises(PropertyTypeError, match="options: unhashable"):
        Choice().options = [[]]  # type: ignore[list-item]


def test_first_values_are_given_to_the_constructor() -> None:
    meter = Meter(name="a", value=3, hidden=True)
    assert (meter.name, meter.value, meter.hidden) == ("a", 3, True)
    with pytest.raises(TypeError, match=r"Meter\(\) has no argument 'on_click'; say register\('click', handler\); its"):
        Meter(on_click=print)
    with pytest.raises(TypeError, match=r"Meter\(\) has no argument 'colour'; its properties: .*name"):
        Meter(colour="red")


def test_a_class_attribute_in_a_subclass_is_no_property_any_more() -> None:
    class Fixed(Meter):
        name = "fixed"

    assert Fixed().name == "fixed"
    assert "name" not in Fixed().properties
    assert Meter.name is vars(Meter)["name"]


# -- what a browser is told


def test_a_change_is_one_operation() -> None:
    meter = Meter()
    tree = live(meter)
    meter.name = "a"
    meter.name = "b"
    meter.value = 4
    assert operations(tree) == [["text", "w1", "b"], ["attr", "w1", "value", "4"]]


def test_no_change_is_no_operation() -> None:
    meter = Meter(name="a")
    tree = live(meter)
    meter.name = "a"
    meter.hidden = False
    meter.count = 3
    assert operations(tree) == []


def test_a_value_of_another_type_is_a_change() -> None:
    meter = Meter(value=1)
    tree = live(meter)
    meter.value = 1.0
    assert operations(tree) == [["attr", "w1", "value", "1.0"]]


def test_a_redraw_renders_the_widget_or_its_part() -> None:
    choice = Choice()
    tree = live(choice)
    choice.options = ["a", "b"]
    assert operations(tree) == [["render", "w1.list", choice.part("list")]]
    choice.options = ["a"]
    choice.level = 2
    choice.value = "a"
    assert operations(tree) == [["render", "w1", choice.node()]]


# -- lists


def test_a_list_notices_what_is_done_to_it() -> None:
    choice = Choice()
    tree = live(choice)
    kept = choice.options
    assert isinstance(kept, ObservedList)
    choice.options.append("b")
    choice.options += ["c"]
    assert choice.options == ["a", "b", "c"]
    assert choice.options is kept
    assert len(operations(tree)) == 1
    choice.options = ("x", "y")  # type: ignore[assignment]
    assert kept == ["x", "y"]


def test_a_list_that_would_be_refused_stays_as_it_is() -> None:
    choice = Choice()
    with pytest.raises(PropertyValueError, match="twice the same"):
        choice.options.append("a")
    assert choice.options == ["a"]


def test_two_widgets_never_share_a_list() -> None:
    one, other = Choice(), Choice()
    one.options.append("b")
    other.options = one.options
    other.options.append("c")
    assert (Choice().options, one.options, other.options) == (["a"], ["a", "b"], ["a", "b", "c"])


def test_assigning_the_list_itself_is_no_change() -> None:
    choice = Choice()
    tree = live(choice)
    choice.options = choice.options
    choice.options = list(choice.options)
    assert operations(tree) == []


def test_a_list_may_be_none_at_times() -> None:
    class Perhaps(Widget):
        items: Property[list[str] | None] = Property(None, accept=(list, type(None)))

    widget = Perhaps()
    assert widget.items is None
    widget.items = ["a"]
    widget.items.append("b")
    assert widget.items == ["a", "b"]
    widget.items = None
    assert widget.items is None


# -- watchers


def test_watchers_hear_of_changes_alone() -> None:
    meter = Meter(name="a")
    heard: list[tuple[Any, Any]] = []
    meter.watch("name", lambda new, old: heard.append((new, old)))
    meter.name = "a"
    meter.name = "b"
    meter.value = 3
    assert heard == [("b", "a")]
    with pytest.raises(AttributeError, match="has no property 'colour'"):
        meter.watch("colour", print)


def test_a_subclass_may_hear_of_all_changes() -> None:
    class Loud(Meter):
        def on_change(self, propname: str, newval: Any, oldval: Any) -> None:
            heard.append((propname, newval, oldval, getattr(self, propname)))

    heard: list[tuple[Any, ...]] = []
    loud = Loud()
    loud.name = "a"
    loud.value = 3
    assert heard == [("name", "a", "", "a"), ("value", 3, 0.0, 3)]


def test_watchers_of_a_list_hear_the_old_and_the_new() -> None:
    choice = Choice()
    heard: list[Any] = []
    choice.watch("options", lambda new, old: heard.append((list(new), list(old))))
    choice.options.append("b")
    assert heard == [(["a", "b"], ["a"])]


def test_settle_runs_before_the_watchers() -> None:
    class Settled(Widget):
        low = Property(0, settle=lambda widget: heard.append(("settle", widget.low)))

    heard: list[Any] = []
    widget = Settled()
    widget.watch("low", lambda new, old: heard.append(("watch", new)))
    widget.low = 3
    assert heard == [("settle", 3), ("watch", 3)]


# -- what a browser sends


def make_choice() -> tuple[Choice, Tree]:
    choice = Choice(options=["a", "b"])
    return choice, live(choice)


def test_a_value_from_a_browser_is_not_sent_back_to_it() -> None:
    choice, tree = make_choice()
    browser_says(choice, "change", "c1", value="b")
    assert choice.value == "b"
    patch = tree.take()
    assert patch is not None
    assert patch.for_connection("c1", without_echo=True) == []
    assert patch.for_connection("c2", without_echo=True) == [["prop", "w1", "value", "b"]]


def test_a_value_that_was_stored_differently_is_sent_back() -> None:
    choice, tree = make_choice()
    browser_says(choice, "change", "c1", value=" B ")
    assert choice.value == "b"
    assert operations(tree, "c1") == [["prop", "w1", "value", "b"]]


def test_the_same_value_again_is_told_to_nobody() -> None:
    choice, tree = make_choice()
    choice.value = "b"
    tree.take()
    browser_says(choice, "change", "c1", value="b")
    assert operations(tree, "c2") == []


@pytest.mark.parametrize("raw", ["c", 3, None, ["a"], {"a": 1}, True])
def test_a_refused_value_changes_nothing_and_the_true_one_is_sent_back(raw: object) -> None:
    choice, tree = make_choice()
    choice.value = "a"
    tree.take()
    heard: list[Any] = []
    choice.register("change", lambda: heard.append(1))
    tree.take()
    with pytest.raises(ProtocolError):
        browser_says(choice, "change", "c1", value=raw)
    assert choice.value == "a"
    assert heard == []
    assert operations(tree, "c1") == [["prop", "w1", "value", "a"]]


def test_a_value_that_the_server_set_after_the_browser_is_sent_to_all() -> None:
    choice, tree = make_choice()
    browser_says(choice, "change", "c1", value="b")
    choice.value = "a"
    assert operations(tree, "c1") == [["prop", "w1", "value", "a"]]


def test_a_detached_widget_has_nobody_to_tell() -> None:
    choice = Choice()
    Choice.value.show(choice)
    Choice.options.show(choice)
    tree = live(choice)
    Meter.count.show(Meter())
    assert operations(tree) == []
    Choice.level.show(choice)
    assert operations(tree) == [["render", "w1", choice.node()]]


def test_of_the_class_it_is_the_declaration() -> None:
    assert isinstance(Meter.name, Property)
    assert Meter.name.name == "name"
