"""Collections that notice what is done to them."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.errors import PropertyValueError, UnsafeValueError
from jibe_like.tree.observed import NotifyList2, ObservedDict
from jibe_like.tree.property import Property
from jibe_like.tree.widget import Widget
from tests.live_tree import live, operations


def sorted_only(widget: Widget, value: list[int]) -> list[int]:
    if value != sorted(value):
        raise ValueError("not in order")
    return value


class Row(Widget):
    cells: Property[list[int]] = Property([1, 2, 3])
    ordered: Property[list[int]] = Property([1, 2, 3], check=sorted_only)


CHANGES: dict[str, Callable[[list[int]], Any]] = {
    "append": lambda cells: cells.append(4),
    "extend": lambda cells: cells.extend([4, 5]),
    "insert": lambda cells: cells.insert(1, 9),
    "remove": lambda cells: cells.remove(2),
    "pop": lambda cells: cells.pop(),
    "pop the first": lambda cells: cells.pop(0),
    "clear": lambda cells: cells.clear(),
    "sort": lambda cells: cells.sort(reverse=True),
    "sort by a key": lambda cells: cells.sort(key=lambda cell: -cell),
    "reverse": lambda cells: cells.reverse(),
    "set one": lambda cells: cells.__setitem__(0, 9),
    "set a slice": lambda cells: cells.__setitem__(slice(1, None), [7, 8, 9]),
    "delete one": lambda cells: cells.__delitem__(0),
    "delete a slice": lambda cells: cells.__delitem__(slice(0, 2)),
    "+=": lambda cells: cells.__iadd__([4]),
    "*=": lambda cells: cells.__imul__(2),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_list_does_what_a_list_does_and_tells(name: str) -> None:
    plain, row = [1, 2, 3], Row()
    heard: list[Any] = []
    row.watch("cells", lambda new, old: heard.append((list(new), old)))
    expected, result = CHANGES[name](plain), CHANGES[name](row.cells)
    assert (row.cells, result) == (plain, expected)
    assert heard == [(plain, [1, 2, 3])]


@pytest.mark.parametrize("name", ["reverse", "insert", "sort"])
def test_a_change_that_is_refused_does_not_happen(name: str) -> None:
    row = Row()
    with pytest.raises(PropertyValueError, match="not in order"):
        CHANGES[name](row.ordered)
    assert row.ordered == [1, 2, 3]


def test_augmented_assignment_keeps_the_list() -> None:
    row = Row()
    kept = row.cells
    row.cells += [4]
    row.cells *= 2
    assert row.cells is kept
    assert row.cells == [1, 2, 3, 4] * 2


def test_lists_and_dicts_are_pickled_with_their_widget() -> None:
    row = Row(style={"color": "red"}, attributes={"lang": "fr"})
    row.cells.append(4)
    copy: Row = pickle.loads(pickle.dumps(row))
    copy.cells.append(5)
    copy.style["margin"] = 0
    assert (row.cells, copy.cells) == ([1, 2, 3, 4], [1, 2, 3, 4, 5])
    assert (row.style, copy.style) == ({"color": "red"}, {"color": "red", "margin": "0"})
    assert copy.attributes == {"lang": "fr"}
    tree = live(copy)
    copy.style["color"] = "blue"
    copy.attributes["lang"] = "de"
    assert operations(tree) == [["style", "w1", "color", "blue"], ["attr", "w1", "lang", "de"]]


# -- style and attributes


def test_every_way_to_change_a_style_is_shown() -> None:
    widget = Widget(style={"color": "red", "margin": "0", "top": "1"})
    tree = live(widget)
    style = widget.style
    assert isinstance(style, ObservedDict)
    style["color"] = "blue"
    del style["margin"]
    style.update({"width": 5}, height="6")
    style |= {"left": "7"}
    assert style.setdefault("right", "8") == "8"
    assert style.setdefault("right", "9") == "8"
    assert style.pop("top") == "1"
    assert style.pop("top", None) is None
    assert style == {"color": "blue", "width": "5", "height": "6", "left": "7", "right": "8"}
    assert operations(tree) == [
        ["style", "w1", "color", "blue"],
        ["style", "w1", "margin", None],
        ["style", "w1", "width", "5"],
        ["style", "w1", "height", "6"],
        ["style", "w1", "left", "7"],
        ["style", "w1", "right", "8"],
        ["style", "w1", "top", None],
    ]
    assert style.popitem() == ("right", "8")
    style.clear()
    assert style == {}
    assert {op[2] for op in operations(tree)} == {"right", "color", "width", "height", "left"}


def test_missing_keys_raise_as_of_any_dict() -> None:
    style = Widget().style
    with pytest.raises(KeyError):
        style.pop("color")
    with pytest.raises(KeyError):
        del style["color"]
    with pytest.raises(KeyError):
        style.popitem()


def test_none_and_empty_remove_a_style() -> None:
    widget = Widget(style={"color": "red", "margin": "0"})
    widget.css({"color": None, "margin": "", "top": None})
    assert widget.style == {}


def test_false_and_none_remove_an_attribute_and_true_has_no_value() -> None:
    widget = Widget(attributes={"lang": "fr", "title": "a"})
    tree = live(widget)
    widget.attr({"lang": None, "title": False, "inert": True, "tabindex": 0})
    assert widget.attributes == {"inert": "", "tabindex": "0"}
    assert widget.node()[1] == {"id": "w1", "class": "widget", "inert": True, "tabindex": "0"}
    assert operations(tree) == [
        ["attr", "w1", "lang", None],
        ["attr", "w1", "title", None],
        ["attr", "w1", "inert", ""],
        ["attr", "w1", "tabindex", "0"],
    ]


def test_replacing_shows_what_differs() -> None:
    widget = Widget(style={"color": "red", "margin": "0"})
    tree = live(widget)
    widget.style = {"color": "red", "top": "1"}
    widget.attributes = {"lang": "fr"}
    assert operations(tree) == [
        ["style", "w1", "margin", None],
        ["style", "w1", "top", "1"],
        ["attr", "w1", "lang", "fr"],
    ]
    widget.style = None
    widget.attributes = None
    assert (widget.style, widget.attributes) == ({}, {})


@pytest.mark.parametrize("name", ["style", "attributes"])
def test_what_is_unsafe_is_refused_by_the_widgets_name(name: str) -> None:
    widget = Widget(identifier="box")
    with pytest.raises(UnsafeValueError, match=r"Widget\(box\): "):
        getattr(widget, name)["onclick" if name == "attributes" else "color"] = "red;"
    assert getattr(widget, name) == {}


# -- jibe's list


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("append", (4,)),
        ("extend", ([4],)),
        ("insert", (0, 4)),
        ("remove", (2,)),
        ("pop", ()),
        ("clear", ()),
        ("reverse", ()),
        ("sort", ()),
        ("__setitem__", (0, 9)),
        ("__delitem__", (0,)),
        ("__iadd__", ([9],)),
        ("__imul__", (2,)),
    ],
)
def test_the_list_of_jibe_calls_back_after_the_change(method: str, arguments: tuple[Any, ...]) -> None:
    plain, items = [1, 2, 3], NotifyList2([1, 2, 3])
    heard: list[Any] = []
    callbacks = getattr(items, f"_on_{method.strip('_')}_callbacks")
    callbacks.append(lambda *given: heard.append((given, list(items))))
    assert getattr(items, method)(*arguments) == getattr(plain, method)(*arguments)
    assert heard == [(arguments, plain)]
