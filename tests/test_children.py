"""The children of a widget: a list that keeps the tree in order whatever is done to it."""

import pickle
from collections.abc import Callable
from typing import Any, cast

import pytest

from jibe_like.errors import NotInitializedError, NotWidgetError, TreeError
from jibe_like.tree.children import Children
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from tests.live_tree import operations


class Box(Widget):
    def __init__(self, *children: Widget, **options: Any) -> None:
        super().__init__(**options)
        self.children = children


def named(*names: str) -> list[Widget]:
    return [Widget(identifier=name) for name in names]


def names(box: Widget) -> str:
    """The children in order; all of them know where they are."""
    assert all(child.parent is box for child in box.children)
    return "".join(child.identifier for child in box.children)


CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "append": lambda children, x: children.append(x),
    "insert": lambda children, x: children.insert(1, x),
    "insert at the end": lambda children, x: children.insert(99, x),
    "insert from the end": lambda children, x: children.insert(-1, x),
    "insert before all": lambda children, x: children.insert(-99, x),
    "extend": lambda children, x: children.extend([x]),
    "extend by an iterator": lambda children, x: children.extend(iter([x])),
    "+=": lambda children, x: children.__iadd__([x]),
    "remove": lambda children, x: children.remove(children[1]),
    "remove the last": lambda children, x: children.remove(children[-1]),
    "pop": lambda children, x: children.pop(),
    "pop the first": lambda children, x: children.pop(0),
    "delete": lambda children, x: children.__delitem__(1),
    "delete a slice": lambda children, x: children.__delitem__(slice(0, 2)),
    "delete every other": lambda children, x: children.__delitem__(slice(None, None, 2)),
    "clear": lambda children, x: children.clear(),
    "sort": lambda children, x: children.sort(key=lambda child: child.identifier, reverse=True),
    "reverse": lambda children, x: children.reverse(),
    "set one": lambda children, x: children.__setitem__(1, x),
    "set a slice": lambda children, x: children.__setitem__(slice(1, 3), [x]),
    "set nothing": lambda children, x: children.__setitem__(slice(1, 3), []),
}


@pytest.mark.parametrize("attached", [True, False])
@pytest.mark.parametrize("name", CHANGES)
def test_it_is_a_list(name: str, attached: bool) -> None:
    widgets, new = named("b", "a", "c"), Widget(identifier="x")
    plain, box = list(widgets), Box(*widgets)
    if attached:
        tree = Tree(box)
    assert (CHANGES[name](box.children, new) is None) == (CHANGES[name](plain, new) is None)
    assert list(box.children) == plain
    for widget in (*widgets, new):
        assert widget.parent is (box if widget in plain else None)
    if attached:
        assert set(tree.index) == {box.identifier, *(widget.identifier for widget in plain)}
        assert {widget for widget in (*widgets, new) if widget._tree is tree} == set(plain)


def test_pop_gives_the_child() -> None:
    a, b = named("a", "b")
    box = Box(a, b)
    assert box.children.pop(0) is a
    with pytest.raises(IndexError):
        Box().children.pop()


def test_move_counts_without_the_child() -> None:
    box = Box(*named("a", "b", "c", "d"))
    for child, index, expected in [("a", 2, "bcad"), ("d", 0, "dbca"), ("b", -1, "dcba"), ("d", 99, "cbad")]:
        box.children.move(next(each for each in box.children if each.identifier == child), index)
        assert names(box) == expected
    with pytest.raises(ValueError, match="not in list"):
        box.children.move(Widget(), 0)


def test_removing_what_is_no_child_names_both() -> None:
    box, other = Box(Widget(), identifier="box"), Widget(identifier="other")
    with pytest.raises(ValueError, match=r"Widget\(other\) is no child of Box\(box\)"):
        box.children.remove(other)


def test_slices_and_sums_are_plain_lists() -> None:
    a, b, c = named("a", "b", "c")
    box = Box(a, b)
    more = [c]
    for result in (box.children[:], box.children.copy(), box.children + more, box.children * 2):
        assert type(result) is list
    box.children = box.children + more
    assert names(box) == "abc"
    box.children += named("d")
    assert names(box) == "abcd"


def test_children_may_be_removed_while_iterating_over_a_copy() -> None:
    box = Box(*named("a", "b", "c"))
    for child in list(box.children):
        box.children.remove(child)
    assert names(box) == ""


# -- assigning


def test_assigning_keeps_the_list_object() -> None:
    box = Box(*named("a"))
    kept = box.children
    box.children = named("b", "c")
    assert box.children is kept
    assert names(box) == "bc"
    assert isinstance(kept, Children)


def test_any_iterable_may_be_assigned_and_nothing_else() -> None:
    box = Box()
    box.children = (widget for widget in named("a", "b"))
    assert names(box) == "ab"
    box.children = box.children
    assert names(box) == "ab"
    with pytest.raises(TypeError, match="must be a list of widgets, not int"):
        box.children = 3  # type: ignore[assignment]
    with pytest.raises(NotWidgetError, match=r"must be a list of widgets, not str \('ab'\)"):
        box.children = "ab"  # type: ignore[assignment]


def test_the_children_of_another_may_be_assigned() -> None:
    one, other = Box(*named("a", "b")), Box()
    other.children = one.children
    assert (names(one), names(other)) == ("", "ab")


# -- moving between parents


@pytest.mark.parametrize("attached", [True, False])
def test_a_widget_leaves_the_parent_it_had(attached: bool) -> None:
    child = Widget()
    left, right = Box(child), Box()
    root = Box(left, right)
    tree = Tree(root) if attached else None
    right.children.append(child)
    assert (list(left.children), list(right.children)) == ([], [child])
    assert child.parent is right
    assert child._tree is tree


def test_two_widgets_swap_their_places() -> None:
    a, b = named("a", "b")
    left, right = Box(a), Box(b)
    tree = Tree(Box(left, right))
    tree.changes.clear()
    left.children = [b]
    right.children = [a]
    assert (names(left), names(right)) == ("b", "a")
    assert tree.index["a"] is a
    assert tree.index["b"] is b


def test_a_widget_moves_with_all_that_is_inside_it() -> None:
    inner = Widget()
    box = Box(Box(inner))
    one, other = Box(box), Box()
    tree = Tree(Box(one, other))
    other.children.insert(0, box)
    assert inner._tree is tree
    assert tree.index[inner.identifier] is inner
    detached = Box()
    detached.children.append(box)
    assert inner._tree is None
    assert inner.identifier not in tree.index


def test_an_inner_widget_may_be_put_beside_what_it_was_in() -> None:
    inner = Widget()
    outer = Box(inner)
    box = Box()
    box.children.extend([outer, inner])
    assert list(box.children) == [outer, inner]
    assert not outer.children


# -- what would break the tree


@pytest.mark.parametrize("bad", [None, "text", 3, [], {}, Widget])
@pytest.mark.parametrize("name", ["append", "insert", "extend", "+=", "set one", "set a slice"])
def test_what_is_no_widget_is_refused(name: str, bad: object) -> None:
    box = Box(*named("a", "b", "c"), identifier="box")
    with pytest.raises(NotWidgetError, match=r"a child of Box\(box\) must be a widget, not "):
        CHANGES[name](box.children, bad)
    assert names(box) == "abc"


def test_a_class_in_place_of_a_widget_is_named() -> None:
    with pytest.raises(NotWidgetError, match=r"must be a widget, not the class Box: write Box\(…\)"):
        Box(identifier="box").children.append(cast("Widget", Box))


def test_a_widget_that_was_not_initialized_is_named() -> None:
    class Forgetful(Widget):
        def __init__(self) -> None:
            self.text = "no super().__init__()"

    with pytest.raises(NotInitializedError, match=r"Forgetful.__init__\(\) must call super\(\).__init__\(\) first"):
        Box().children.append(Forgetful())


@pytest.mark.parametrize("attached", [True, False])
def test_a_widget_cannot_be_a_child_twice(attached: bool) -> None:
    a, b, c = named("a", "b", "c")
    box = Box(a, b, identifier="box")
    if attached:
        Tree(box)
    tries: list[Callable[[], object]] = [
        lambda: box.children.append(a),
        lambda: box.children.insert(0, b),
        lambda: box.children.extend([c, c]),
        lambda: box.children.__setitem__(0, b),
        lambda: setattr(box, "children", [a, a]),
        lambda: setattr(box, "children", [a, b, c, c]),
        lambda: box.children.__imul__(2),
    ]
    for attempt in tries:
        with pytest.raises(TreeError, match=r"Widget\(.\).*Box\(box\)|Box\(box\).*twice"):
            attempt()
        assert names(box) == "ab"
        assert c.parent is None
    with pytest.raises(TreeError, match="twice"):
        Box(c, c)


def test_a_cycle_is_refused() -> None:
    inner = Box(identifier="inner")
    outer = Box(inner, identifier="outer")
    root = Box(outer, identifier="root")
    for bad in (outer, inner, root):
        with pytest.raises(TreeError, match=r"cannot be put into Box\(inner\), which is inside of it"):
            inner.children.append(bad)
    with pytest.raises(TreeError):
        inner.children = [root]
    assert (outer.parent, inner.parent, root.parent) == (root, outer, None)


def test_the_root_of_an_application_is_no_child() -> None:
    root = Box(identifier="root")
    Tree(root)
    with pytest.raises(TreeError, match=r"Box\(root\) is the root of an application"):
        Box().children.append(root)


def test_a_widget_belongs_to_one_application() -> None:
    mine, theirs = Widget(identifier="mine"), Widget()
    one, other = Box(mine), Box(theirs)
    Tree(one)
    Tree(other)
    with pytest.raises(TreeError, match=r"Widget\(mine\) belongs to another application"):
        other.children.append(mine)
    assert list(one.children) == [mine]
    one.children.remove(mine)
    other.children.append(mine)
    assert mine.parent is other


def test_nothing_has_changed_after_a_refusal() -> None:
    a, b, elsewhere = named("a", "b", "elsewhere")
    box, other = Box(a, b), Box(elsewhere)
    tree = Tree(Box(box, other))
    tree.take()
    for bad in (None, a, box):
        with pytest.raises((TreeError, NotWidgetError)):
            box.children.extend([elsewhere, bad])  # type: ignore[list-item]
        with pytest.raises((TreeError, NotWidgetError)):
            other.children = [elsewhere, a, other]
        assert (names(box), names(other)) == ("ab", "elsewhere")
        assert operations(tree) == []


# -- identifiers


def test_an_identifier_in_use_is_refused() -> None:
    taken = Widget(identifier="name")
    root = Box(taken)
    Tree(root)
    for bad in (Widget(identifier="name"), Box(Widget(identifier="name"))):
        with pytest.raises(TreeError, match=r"Widget\(name\): this identifier is in use by another Widget"):
            root.children.append(bad)
    with pytest.raises(TreeError, match="in use"):
        root.children.extend([Widget(identifier="x"), Box(Widget(identifier="x"))])
    assert list(root.children) == [taken]
    root.children.remove(taken)
    root.children.append(Widget(identifier="name"))


def test_a_widget_may_take_the_name_of_the_one_that_it_replaces() -> None:
    root = Box(Widget(identifier="name"), Box(Widget(identifier="inner")))
    tree = Tree(root)
    new = [Box(Widget(identifier="name")), Widget(identifier="inner")]
    root.children = new
    assert tree.index["name"] is new[0].children[0]
    root.children[0] = Widget(identifier="name")
    assert tree.index["name"] is root.children[0]
    with pytest.raises(TreeError, match="in use"):
        root.children[0] = Widget(identifier="inner")


def test_the_list_is_pickled_with_its_widget() -> None:
    box = Box(Box(Widget(identifier="a")), Widget(identifier="b"))
    copy: Box = pickle.loads(pickle.dumps(box))
    assert isinstance(copy.children, Children)
    assert [child.identifier for child in copy.descendants][1:] == ["a", "b"]
    assert all(child.parent is copy for child in copy.children)
    copy.children.append(Widget())
    assert (len(copy.children), len(box.children)) == (3, 2)
