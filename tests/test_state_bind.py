"""Widget properties tied to names of a state."""

import gc
from typing import Any
from weakref import ref

import pytest

from jibe_like import (
    CheckBox,
    DateInput,
    Dropdown,
    Input,
    Label,
    MainApp,
    NumberInput,
    PropertyTypeError,
    PropertyValueError,
    ProtocolError,
    RadioGroup,
    SelectMultiple,
    Slider,
    Widget,
)
from jibe_like.session.state.bound import Tie
from jibe_like.session.state.state import State
from jibe_like.testing import assert_durable
from jibe_like.tree.property import Property
from jibe_like.tree.source import SourceRefusedError
from tests.live_tree import browser_says, live, operations


def ties_of(state: State, name: str) -> list[Tie]:
    return list((state._own._ties or {}).get(name, ()))


def test_the_widget_has_the_states_value() -> None:
    state = State({"name": "Ada"})
    entry = Input(state.bind("name"))
    assert entry.value == "Ada"
    state.name = "Grace"
    assert entry.value == "Grace"


def test_the_state_has_the_widgets_value() -> None:
    state = State({"name": "Ada"})
    entry = Input(state.bind("name"))
    entry.value = "Grace"
    assert state.name == "Grace"
    live(entry)
    browser_says(entry, "change", value="Joan")
    assert state.name == "Joan"


def test_a_name_that_is_not_there_gets_the_widgets_value() -> None:
    state = State()
    Slider(state.bind("size"), 3, 10)
    Input(state.bind("name"))
    assert state == {"size": 3, "name": ""}


def test_two_widgets_at_one_name_agree() -> None:
    state = State({"size": 5})
    slider, number, shown = (
        Slider(state.bind("size"), 0, 10),
        NumberInput(state.bind("size")),
        Label(state.bind("size", to=str)),
    )
    tree = live(_box(slider, number, shown))
    browser_says(slider, "change", "c1", value="7")
    assert (number.value, shown.value, state.size) == (7, "7", 7)
    told = [["prop", number.identifier, "value", "7"], ["text", shown.identifier, "7"]]
    assert sorted(operations(tree, "c1")) == sorted(told), "and the slider is not told what it said"


def _box(*children: Widget) -> Widget:
    box = Widget()
    box.children = children
    return box


def test_one_bind_serves_several_widgets() -> None:
    state = State({"name": "Ada"})
    bound = state.bind("name")
    first, second = Input(bound), Input(bound)
    first.value = "Grace"
    assert second.value == "Grace"
    assert repr(bound) == "state.bind('name')"


def test_every_kind_of_property_can_be_bound() -> None:
    state = State({"on": True, "one": "b", "some": ["b"], "day": None, "hidden": True, "tip": "Click"})
    check = CheckBox(state.bind("on"), "On")
    select = Dropdown(state.bind("one"), ["a", "b"])
    radio = RadioGroup(state.bind("one"), ["a", "b"])
    group = SelectMultiple(state.bind("some"), ["a", "b"])
    day = DateInput(state.bind("day"))
    label = Label("x", hidden=state.bind("hidden"), tooltip=state.bind("tip"))
    assert (check.checked, select.value, radio.value, group.value, day.value) == (True, "b", "b", ["b"], None)
    assert (label.hidden, label.tooltip) == (True, "Click")
    group.value.append("a")
    assert state.some == group.value == ["b", "a"]
    assert state.some is not group.value
    state.update(one="a", some=[], hidden=False)
    assert (select.value, radio.value, group.value, label.hidden) == ("a", "a", [], False)


def test_a_property_that_takes_anything_can_be_bound() -> None:
    class Any_(Widget):
        thing: Property[Any] = Property(None, accept=object)

    state = State({"thing": 5})
    widget = Any_(thing=state.bind("thing"))
    assert widget.thing == 5
    widget.thing = "six"
    assert state.thing == "six"


def test_none_is_the_propertys_default_where_it_cannot_be_none() -> None:
    state = State({"name": "Ada", "size": 3})
    entry, number = Input(state.bind("name")), NumberInput(state.bind("size"))
    state.name = state.size = None
    assert (entry.value, number.value) == ("", None)
    assert state.name is None
    del state.name
    assert "name" not in state
    entry.value = "Grace"
    assert state.name == "Grace"


def test_values_are_converted() -> None:
    state = State({"size": 5})
    entry = Input(state.bind("size", to=str, from_=int))
    assert entry.value == "5"
    entry.value = "007"
    assert (state.size, entry.value) == (7, "007"), "what is typed is not rewritten"
    state.size = 8
    assert entry.value == "8"
    with pytest.raises(SourceRefusedError, match=r"Input\(\)\.value: invalid literal for int"):
        entry.value = "eight"
    assert (state.size, entry.value) == (8, "8")


def test_one_way_where_there_is_no_way_back() -> None:
    state = State({"size": 5})
    label = Label(state.bind("size", to=lambda size: f"{size} px"))
    assert label.value == "5 px"
    label.value = "something else"
    assert state.size == 5
    state.size = 6
    assert label.value == "6 px"
    with pytest.raises(TypeError, match=r"Input\(\)\.value follows the user: bind\('size'\) with `to` needs"):
        Input(state.bind("size", to=str))


def test_a_converter_may_have_nothing_to_begin_with() -> None:
    state = State()
    entry = Input(state.bind("size", to=str, from_=int))
    assert "size" not in state
    entry.value = "5"
    assert state.size == 5


def test_what_a_widget_cannot_have_the_state_does_not_take() -> None:
    state = State({"name": "Ada", "size": 5})
    entry, slider = Input(state.bind("name")), Slider(state.bind("size"), 0, 10)
    with pytest.raises(PropertyTypeError, match=r"Input\(\)\.value must be str, not int"):
        state.name = 5
    with pytest.raises(PropertyValueError, match=r"Slider\(\)\.value: 11 is not from 0 to 10"):
        state.size = 11
    assert state == {"name": "Ada", "size": 5}
    assert (entry.value, slider.value) == ("Ada", 5)
    with pytest.raises(PropertyTypeError, match=r"must be float or None or int, not str"):
        NumberInput(state.bind("name"))


def test_what_another_widget_cannot_have_the_browser_gets_back() -> None:
    state = State({"size": 5})
    number, slider = NumberInput(state.bind("size")), Slider(state.bind("size"), 0, 10)
    tree = live(_box(number, slider))
    with pytest.raises(ProtocolError, match="50 is not from 0 to 10"):
        browser_says(number, "change", "c1", value="50")
    assert (state.size, number.value, slider.value) == (5, 5, 5)
    assert operations(tree, "c1") == [["prop", number.identifier, "value", "5"]]


def test_another_name_takes_the_place_of_the_first() -> None:
    state = State({"a": "1", "b": "2"})
    entry = Input(state.bind("a"))
    entry.value = state.bind("b")
    assert entry.value == "2"
    entry.value = "3"
    assert state == {"a": "1", "b": "3"}
    state.a = "4"
    assert entry.value == "3"
    assert ties_of(state, "a") == []
    assert [watcher.__self__ for watcher in entry._facets["watchers"]["value"]] == ties_of(state, "b")  # type: ignore[index]


def test_watchers_hear_of_the_states_changes() -> None:
    state, heard = State({"name": "Ada"}), list[Any]()
    entry = Input(state.bind("name"))
    entry.watch("value", lambda new, old: heard.append((new, old)))
    state.name = "Grace"
    assert heard == [("Grace", "Ada")]


def test_listeners_hear_of_the_widgets_changes() -> None:
    state, heard = State({"name": "Ada"}), list[Any]()
    state.change("name")(lambda name: heard.append(name))
    Input(state.bind("name")).value = "Grace"
    state.flush()
    assert heard == ["Grace"]


def test_a_widget_that_is_gone_is_forgotten() -> None:
    app = MainApp()
    app.state.name = "Ada"
    for _ in range(100):
        app.children = [Input(app.state.bind("name"))]
    app.tree.take()
    gc.collect()
    assert len(ties_of(app.state, "name")) == 1
    gone = ref(app.children[0])
    app.children = []
    app.tree.take()
    gc.collect()
    assert gone() is None
    assert ties_of(app.state, "name") == []
    app.state.name = "Grace"
    assert app.state._own._ties == {}


def test_a_widget_that_was_taken_out_still_follows() -> None:
    app = MainApp()
    app.state.name = "Ada"
    entry = Input(app.state.bind("name"))
    app.children = [entry]
    app.children.remove(entry)
    app.state.name = "Grace"
    assert entry.value == "Grace"


class Form(MainApp):
    def __init__(self) -> None:
        super().__init__()
        self.state.size = 5
        self.local.hidden = True
        self.slider = Slider(self.state.bind("size"), 0, 10)
        self.number = NumberInput(self.state.bind("size"), hidden=self.local.bind("hidden"))
        self.shown = Label(self.state.bind("size", to=lambda size: f"{size} px"))
        self.children = [self.slider, self.number, self.shown]


def test_they_come_back_tied() -> None:
    from jibe_like.session.snapshot.snapshot import Snapshots

    app = Form()
    assert_durable(app)
    snapshots = Snapshots(["s" * 32])
    # By way of a widget first, and by way of the state first.
    for record in (snapshots.dump((app.number, app)), snapshots.dump((app.state, app))):
        copy: Form = snapshots.load(record).state[1]
        copy.number.value = 7
        copy.local.hidden = False
        assert (copy.slider.value, copy.shown.value, copy.state.size, copy.number.hidden) == (7, "7 px", 7, False)
        assert (app.slider.value, app.number.hidden) == (5, True)
        copy.state.size = 8
        assert (copy.slider.value, copy.number.value, copy.shown.value) == (8, 8, "8 px")
        assert len(ties_of(copy.state, "size")) == 3
