"""The fewest operations that tell a page what has happened since it was last told."""

from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.tree.binding import attr, redraw, redraw_part, text, toggle
from jibe_like.tree.changes import Patch
from jibe_like.tree.children import Children
from jibe_like.tree.node import Element, Node
from jibe_like.tree.property import Property
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from tests.live_tree import operations
from tests.mirror import Page


class Words(Widget):
    tagname = "p"
    value = Property("", bind=text())
    marked = Property(False, bind=toggle("marked"))
    role = Property("", bind=attr("role", lambda value: value or None))


class Box(Widget):
    level = Property(1, bind=redraw)

    def __init__(self, *children: Widget, **options: Any) -> None:
        super().__init__(**options)
        self.children = children


class Framed(Box):
    @property
    def outer_identifier(self) -> str:
        return self.identifier + ".box"

    def frame(self, node: Element) -> Element:
        return ["section", {"id": self.outer_identifier}, node]


class Tabs(Box):
    children_part = "strip"
    title = Property("", bind=redraw_part("title"))

    def content(self) -> list[Node]:
        return [
            ["h1", {"id": f"{self.identifier}.title"}, self.title],
            ["p", {"id": f"{self.identifier}.strip"}, str(len(self.children))],
        ]


class Shown:
    """A tree, and a page that has seen all of it."""

    def __init__(self, *children: Widget) -> None:
        self.root = Box(*children, identifier="topwidget")
        self.tree = Tree(self.root)
        self.tree.take()
        self.tree.changes.clear()
        self.page = Page(self.root.node())

    def told(self) -> list[list[Any]]:
        """The operations since; applied, they lead to the tree."""
        ops = operations(self.tree)
        self.page.apply(ops)
        assert self.page.shape() == Page(self.root.node()).shape()
        assert not operations(self.tree)
        return ops


def rows(count: int) -> list[Widget]:
    return [Words() for _ in range(count)]


def ids(shown: Shown) -> list[str]:
    return [child.identifier for child in shown.root.children]


def test_nothing_is_nothing() -> None:
    assert Shown(Words()).tree.take() is None


def test_the_last_value_wins() -> None:
    words = Words()
    shown = Shown(words)
    for number in range(100):
        words.value = str(number)
    assert shown.told() == [["text", "w1", "99"]]


def test_what_was_set_last_goes_out_last() -> None:
    words = Words()
    shown = Shown(words)
    words.value = "a"
    words.hidden = True
    words.value = "b"
    assert shown.told() == [["attr", "w1", "hidden", ""], ["text", "w1", "b"]]


def test_a_class_that_is_switched_and_the_classes_that_are_set_agree() -> None:
    words = Words()
    shown = Shown(words)
    words.marked = True
    words.add_class("x")
    words.marked = False
    shown.told()
    words.add_class("y")
    words.marked = True
    words.classname = "z"
    assert shown.told()[-1] == ["attr", "w1", "class", "z marked"]


# -- coming and going


def test_an_append_is_one_insert() -> None:
    shown = Shown(Words(value="a"))
    new = Words(value="b")
    shown.root.children.append(new)
    assert shown.told() == [["insert", "topwidget", None, [new.node()]]]


def test_appends_of_one_turn_are_one_insert_in_order() -> None:
    shown = Shown()
    for number in range(5):
        shown.root.children.append(Words(value=str(number)))
    (op,) = shown.told()
    assert op[:3] == ["insert", "topwidget", None]
    assert [node[2] for node in op[3]] == ["0", "1", "2", "3", "4"]


def test_what_changed_about_a_new_widget_is_in_its_node() -> None:
    shown = Shown()
    new = Words(value="a")
    shown.root.children.append(new)
    new.value = "b"
    new.css({"color": "red"})
    new.register("click", print)
    box = Box(Words(value="c"))
    shown.root.children.append(box)
    box.children.append(Words(value="d"))
    assert shown.told() == [["insert", "topwidget", None, [new.node(), box.node()]]]


def test_a_widget_that_comes_and_goes_costs_nothing() -> None:
    shown = Shown(Words())
    box = Box(Words(), Words())
    shown.root.children.append(box)
    box.children[0].hidden = True
    box.children.append(Words())
    shown.root.children.remove(box)
    # A page that is away for long may miss many of them.
    assert not shown.tree.changes.fresh
    assert not any(shown.tree.changes.placed.values())
    assert shown.told() == []


def test_a_removal_is_one_operation_for_all_that_is_inside() -> None:
    box = Box(Box(Words()), Words())
    shown = Shown(box, Words())
    box.children[1].hidden = True
    shown.root.children.remove(box)
    assert shown.told() == [["remove", box.identifier]]


def test_a_removal_names_the_outermost_element() -> None:
    framed = Framed(Words())
    shown = Shown(framed)
    shown.root.children.clear()
    assert shown.told() == [["remove", f"{framed.identifier}.box"]]


def test_removed_and_put_back_it_keeps_its_element() -> None:
    words = Words(value="a")
    shown = Shown(Words(), words, Words())
    before = shown.page.elements()[words.identifier]
    shown.root.children.remove(words)
    words.value = "changed while it was away"
    shown.root.children.insert(1, words)
    assert ["remove", words.identifier] not in shown.told()
    assert shown.page.elements()[words.identifier] is before


def test_put_back_in_a_later_turn_it_comes_as_new() -> None:
    words = Words(value="a")
    shown = Shown(words)
    shown.root.children.clear()
    shown.told()
    shown.root.children.append(words)
    assert shown.told() == [["insert", "topwidget", None, [words.node()]]]


# -- places


def test_an_insert_names_the_one_it_comes_before() -> None:
    shown = Shown(*rows(3))
    new = Words()
    shown.root.children.insert(1, new)
    assert shown.told() == [["insert", "topwidget", "w2", [new.node()]]]
    framed = Framed()
    shown.root.children.insert(0, framed)
    shown.told()
    shown.root.children.insert(0, Words())
    assert shown.told()[0][2] == framed.outer_identifier


def test_neighbours_go_in_together_and_others_on_their_own() -> None:
    shown = Shown(*rows(4))
    new = rows(3)
    shown.root.children.insert(1, new[0])
    shown.root.children.insert(2, new[1])
    shown.root.children.append(new[2])
    assert shown.told() == [
        ["insert", "topwidget", None, [new[2].node()]],
        ["insert", "topwidget", "w2", [new[0].node(), new[1].node()]],
    ]


def test_what_was_put_in_first_may_have_moved_on() -> None:
    shown = Shown(*rows(4))
    first, second, third = rows(3)
    shown.root.children.insert(2, first)
    shown.root.children.insert(0, second)
    shown.root.children.insert(4, third)
    shown.root.children.pop(1)
    assert [op[2] for op in shown.told() if op[0] == "insert"] == ["w3", "w2"]
    assert shown.root.children[2:4] == [first, third]


def test_a_move_sends_the_identifier_alone() -> None:
    shown = Shown(*rows(4), Framed())
    shown.root.children.move(shown.root.children[0], 2)
    assert shown.told() == [["insert", "topwidget", "w4", ["w1"]]]
    shown.root.children.move(shown.root.children[-1], 0)
    assert shown.told() == [["insert", "topwidget", "w2", ["w5.box"]]]


def test_sorting_sends_identifiers_alone() -> None:
    shown = Shown(*rows(5))
    shown.root.children.reverse()
    assert (
        shown.told() == [["insert", "topwidget", "w3", ["w5", "w4"]], ["insert", "topwidget", None, ["w2", "w1"]]][::-1]
    )
    shown.root.children.sort(key=lambda child: child.identifier)
    assert all(isinstance(node, str) for op in shown.told() for node in op[3])
    shown.root.children.sort(key=lambda child: child.identifier)
    assert shown.told() == []


def test_assigning_keeps_what_stays() -> None:
    shown = Shown(*rows(4))
    first, second, third, fourth = shown.root.children
    new = Words()
    shown.root.children = [first, new, third, fourth]
    assert shown.told() == [["insert", "topwidget", "w3", [new.node()]], ["remove", second.identifier]]
    shown.root.children = [fourth, first]
    ops = shown.told()
    assert ["insert", "topwidget", None, ["w4", "w1"]] in ops
    assert ids(shown) == ["w4", "w1"]


def test_a_move_between_parents_sends_the_identifier_alone() -> None:
    words = Words()
    left, right = Box(words), Box(Words())
    shown = Shown(left, right)
    right.children.insert(0, words)
    words.value = "a"
    assert shown.told() == [
        ["insert", right.identifier, right.children[1].identifier, [words.identifier]],
        ["text", words.identifier, "a"],
    ]


def test_two_widgets_swap_their_places() -> None:
    a, b = Words(value="a"), Words(value="b")
    left, right = Box(a), Box(b)
    shown = Shown(left, right)
    before = shown.page.elements()
    left.children = [b]
    right.children = [a]
    ops = shown.told()
    assert ["insert", left.identifier, None, [b.identifier]] in ops
    assert shown.page.elements()[a.identifier] is before[a.identifier]
    assert shown.page.elements()[b.identifier] is before[b.identifier]


def test_what_was_inside_comes_out_before_the_outer_goes_in() -> None:
    inner = Box()
    outer = Box(inner)
    shown = Shown(outer)
    shown.root.children.append(inner)
    inner.children.append(outer)
    assert shown.told() == [
        ["insert", "topwidget", None, [inner.identifier]],
        ["insert", inner.identifier, None, [outer.identifier]],
    ]
    outer.children.append(Words())
    shown.root.children.append(outer)
    outer.children.append(inner)
    assert [op[1] for op in shown.told()] == ["topwidget", outer.identifier]


# -- what is tangled


def test_a_widget_wrapped_in_a_new_one_keeps_its_element() -> None:
    words = Words(value="a")
    shown = Shown(words)
    before = shown.page.elements()[words.identifier]
    shown.root.children = [Box(words)]
    shown.told()
    assert shown.page.elements()[words.identifier] is before


def test_a_widget_wrapped_in_a_new_one_that_goes_again_is_removed() -> None:
    words = Words(value="a")
    shown = Shown(words)
    wrapper = Box()
    shown.root.children.append(wrapper)
    wrapper.children.append(words)
    shown.root.children.remove(wrapper)
    assert shown.told() == [["remove", words.identifier]]


def test_a_widget_that_moved_into_what_is_removed_is_removed() -> None:
    words, box = Words(), Box()
    shown = Shown(words, box)
    box.children.append(words)
    shown.root.children.remove(box)
    assert sorted(shown.told()) == [["remove", words.identifier], ["remove", box.identifier]]


def test_what_changed_while_away_is_seen_wherever_it_comes_back() -> None:
    words, box = Words(value="a"), Box()
    shown = Shown(words, box)
    wrapper = Box(words)
    words.value = "changed while it was away"
    shown.root.children.append(wrapper)
    box.children.append(words)
    shown.told()
    assert shown.page.elements()[words.identifier].children == ["changed while it was away"]


def test_what_left_a_widget_is_not_lost_when_that_is_rendered_first() -> None:
    words = Words(value="a")
    outer, deep = Box(words), Box()
    shown = Shown(outer, Box(Box(deep)))
    before = shown.page.elements()[words.identifier]
    deep.children.append(words)
    shown.root.children.insert(0, Box(outer))
    shown.told()
    assert shown.page.elements()[words.identifier] is before


def test_a_redraw_shows_all_that_changed_inside() -> None:
    words, moved = Words(), Words()
    box = Box(words)
    shown = Shown(box, moved)
    before = shown.page.elements()[moved.identifier]
    words.value = "a"
    box.level = 2
    box.children.insert(0, moved)
    box.children.append(Words(value="b"))
    ops = shown.told()
    assert ops[-1] == ["render", box.identifier, box.node()]
    assert shown.page.elements()[moved.identifier] is before


def test_an_outer_redraw_includes_the_inner() -> None:
    inner = Box()
    outer = Box(inner)
    shown = Shown(outer)
    inner.level = 2
    outer.level = 2
    assert shown.told() == [["render", outer.identifier, outer.node()]]


def test_a_part_is_rendered_when_children_come_go_or_move() -> None:
    tabs = Tabs(Words())
    shown = Shown(tabs)
    new = Words()
    tabs.children.append(new)
    assert shown.told() == [
        ["insert", tabs.identifier, None, [new.node()]],
        ["render", f"{tabs.identifier}.strip", tabs.part("strip")],
    ]
    tabs.children.pop(0)
    assert len(shown.told()) == 2
    tabs.title = "a"
    tabs.title = "b"
    assert shown.told() == [["render", f"{tabs.identifier}.title", tabs.part("title")]]
    tabs.title = "c"
    shown.root.children.remove(tabs)
    assert shown.told() == [["remove", tabs.identifier]]


# -- names


@pytest.mark.parametrize("old", [Box, Words, Framed])
@pytest.mark.parametrize("new", [Box, Words, Framed])
def test_a_name_may_pass_to_another_widget_in_one_turn(old: type[Widget], new: type[Widget]) -> None:
    saved = Words(value="saved")
    first = old(identifier="name")
    deep = Box()
    shown = Shown(first, Box(Box(deep)))
    if old is not Words:
        first.children.append(saved)
        shown.told()
        before = shown.page.elements()[saved.identifier]
        deep.children.append(saved)
    shown.root.children[0] = new(identifier="name")
    shown.told()
    if old is not Words:
        assert shown.page.elements()[saved.identifier] is before


def test_a_widget_may_be_renamed_while_it_is_away() -> None:
    words = Words(value="a", identifier="before")
    shown = Shown(words)
    shown.root.children.clear()
    words.identifier = "after"
    shown.root.children.append(words)
    assert shown.told() == [["insert", "topwidget", None, [words.node()]], ["remove", "before"]]


def test_a_widget_that_left_for_another_application_is_removed_here() -> None:
    words = Words(value="a")
    tabs = Tabs()
    here, there = Shown(words, tabs), Shown(*rows(4))
    words.value = "b"
    tabs.title = "b"
    tabs.level = 2
    here.root.children.clear()
    there.root.children.extend([words, tabs])
    assert words.identifier in there.tree.index
    assert sorted(here.told()) == [["remove", "w1"], ["remove", "w2"]]
    assert there.told() == [["insert", "topwidget", None, [words.node(), tabs.node()]]]
    assert len(set(there.tree.index)) == 7


# -- what cannot be coalesced


def test_calls_come_last_and_in_order() -> None:
    words = Words()
    shown = Shown(words)
    words.call("focus")
    words.value = "a"
    new = Words()
    shown.root.children.append(new)
    new.scroll_into_view()
    shown.tree.go("/there")
    assert shown.told() == [
        ["insert", "topwidget", None, [new.node()]],
        ["text", "w1", "a"],
        ["call", "w1", "focus", []],
        ["call", new.identifier, "scrollIntoView", [{"block": "nearest"}]],
        ["go", "/there"],
    ]


def test_an_echo_is_left_out_for_the_one_it_came_from() -> None:
    patch = Patch([["text", "w1", "a"], ["text", "w2", "b"], ["text", "w3", "c"]], {1: "c1", 2: "c2"})
    assert patch.for_connection("c1", without_echo=True) == [["text", "w1", "a"], ["text", "w3", "c"]]
    assert patch.for_connection("c3", without_echo=True) is patch.ops


# -- cost


class Counted:
    """Counts how often children are looked at, since a time would depend on the machine."""

    looks = 0

    @classmethod
    def watch(cls, monkeypatch: pytest.MonkeyPatch) -> None:
        def get(children: Children, key: Any) -> Any:
            found = list.__getitem__(children, key)
            cls.looks += len(found) if isinstance(key, slice) else 1
            return found

        def iterate(children: Children) -> Any:
            cls.looks += len(children)
            return list.__iter__(children)

        def index(children: Children, child: Widget) -> int:
            at = list.index(children, child)
            cls.looks += at
            return at

        cls.looks = 0
        monkeypatch.setattr(Children, "__getitem__", get)
        monkeypatch.setattr(Children, "__iter__", iterate)
        monkeypatch.setattr(Children, "index", index)


COSTS: dict[str, Callable[[Children], object]] = {
    "append": lambda children: children.append(Words()),
    "remove the last": lambda children: children.remove(children[-1]),
    "pop": lambda children: children.pop(),
    "insert": lambda children: children.insert(1_000, Words()),
    "insert in several places": lambda children: list(map(children.insert, (100, 500, 900), rows(3))),
    "append many": lambda children: children.extend([Words(), Words(), Words()]),
    "set a property": lambda children: setattr(children[1_000], "hidden", True),
    "look up": lambda children: children[0].parent,
}


@pytest.mark.parametrize("change", COSTS)
def test_the_cost_of_a_change_does_not_depend_on_the_tree(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Box(*rows(2_000))
    tree = Tree(root)
    tree.changes.clear()
    Counted.watch(monkeypatch)
    COSTS[change](root.children)
    assert bool(operations(tree)) == (change != "look up")
    assert Counted.looks < 20
    list(root.children)
    assert Counted.looks > 1_900, "the counting itself works"
