"""One turn's changes, whatever they are, lead a page to what a fresh rendering shows."""

from collections.abc import Callable, Iterable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jibe_like.errors import TreeError
from jibe_like.tree.binding import attr, prop, redraw, redraw_part, style, text, toggle
from jibe_like.tree.node import Element, Node
from jibe_like.tree.property import Property
from jibe_like.tree.tree import Tree, descend
from jibe_like.tree.widget import Widget
from tests.mirror import Page


class Box(Widget):
    marked = Property(False, bind=toggle("marked"))
    depth = Property("", bind=style("--depth", lambda value: value or None))
    role = Property("", bind=attr("role", lambda value: value or None))


class Words(Widget):
    tagname = "p"
    value = Property("", bind=text())


class Field(Widget):
    """Its element stands in a box of its own."""

    tagname = "input"
    value = Property("", bind=prop("value"), event="change")
    label = Property("", bind=redraw)

    @property
    def outer_identifier(self) -> str:
        return self.identifier + ".box"

    def frame(self, node: Element) -> Element:
        label: list[Node] = [["label", {"for": self.identifier}, self.label]] if self.label else []
        return ["div", {"id": self.outer_identifier}, *label, node]


class Stack(Widget):
    """Shows something of its children, and has a title."""

    children_part = "strip"
    title = Property("", bind=redraw_part("title"))
    level = Property(1, bind=redraw)

    def content(self) -> Iterable[Node]:
        return [
            [f"h{self.level}", {"id": f"{self.identifier}.title"}, self.title],
            ["ol", {"id": f"{self.identifier}.strip"}, *(["li", {}, child.identifier] for child in self.children)],
        ]


TEXTS = st.sampled_from(["", "a", "b", "<c>"])
PLACES = st.integers(-4, 4)
WHICH = st.integers(0, 11)
SOME = st.lists(WHICH, max_size=4, unique=True)
CONTAINERS = (Box, Stack)
LOOKS = [
    "value",
    "label",
    "title",
    "level",
    "marked",
    "depth",
    "role",
    "hidden",
    "tooltip",
    "css",
    "attr",
    "class",
    "on",
]


class TreeMachine(RuleBasedStateMachine):
    """Does to a tree what programs do, and applies its patches to a page.

    Few widgets and few rules: what goes wrong takes several changes to the same widgets in one turn.
    """

    def __init__(self) -> None:
        super().__init__()
        root = Box(identifier="topwidget")
        self.widgets = [Box(), Stack(title="a"), Box(), Words(value="a"), Field(label="b"), Words(), Stack(), Box()]
        boxes = self.widgets[:3]
        root.children = boxes
        for box, inner in zip(boxes, self.widgets[3:6], strict=True):
            box.children = [inner]
        self.widgets.append(root)
        self.tree = Tree(root)
        self.page = Page(root.node())
        self.tree.take()
        self.known: dict[Widget, str] = {}
        self.flush()

    def one(self, which: int) -> Widget:
        return self.widgets[which % len(self.widgets)]

    def container(self, which: int) -> Widget:
        containers = [widget for widget in self.widgets if isinstance(widget, CONTAINERS)]
        return containers[which % len(containers)]

    def put(self, parent: Widget, put: Callable[[], object]) -> None:
        """What would break the tree is refused, and has no effect."""
        before = list(parent.children)
        try:
            put()
        except TreeError:
            assert list(parent.children) == before

    # -- the children of a widget

    @rule(parent=WHICH, children=SOME, place=PLACES, how=st.sampled_from(["append", "insert", "extend", "slice"]))
    def put_in(self, parent: int, children: list[int], place: int, how: str) -> None:
        box, some = self.container(parent), [self.one(each) for each in children]
        if how == "extend":
            self.put(box, lambda: box.children.extend(some))
        elif how == "slice":
            self.put(box, lambda: box.children.__setitem__(slice(place, place + 1), some))
        elif some:
            at = place if how == "insert" else len(box.children)
            self.put(box, lambda: box.children.insert(at, some[0]))

    @rule(parent=WHICH, staying=st.permutations(range(4)), children=SOME)
    def assign(self, parent: int, staying: list[int], children: list[int]) -> None:
        box = self.container(parent)
        kept = [box.children[at] for at in staying[1:] if at < len(box.children)]
        new = [widget for widget in map(self.one, children) if widget not in kept]
        self.put(box, lambda: setattr(box, "children", kept + new))

    @rule(parent=WHICH, how=st.sampled_from(["sort", "reverse", "move"]), order=st.permutations(range(5)))
    def rearrange(self, parent: int, how: str, order: list[int]) -> None:
        children = self.container(parent).children
        if how == "sort":
            keys = iter(order * 3)
            children.sort(key=lambda child: next(keys))
        elif how == "reverse":
            children.reverse()
        elif children:
            children.move(children[order[0] % len(children)], order[1] - 2)

    @rule(child=WHICH, start=PLACES, stop=PLACES, many=st.booleans())
    def take_out(self, child: int, start: int, stop: int, many: bool) -> None:
        parent = self.container(child) if many else self.one(child).parent
        if many and parent is not None:
            del parent.children[start:stop]
        elif parent is not None:
            parent.children.remove(self.one(child))

    @rule(left=WHICH, right=WHICH)
    def swap(self, left: int, right: int) -> None:
        ours, theirs = self.container(left), self.container(right)
        if ours is not theirs:
            mine, yours = list(ours.children), list(theirs.children)
            self.put(ours, lambda: setattr(ours, "children", yours))
            self.put(theirs, lambda: setattr(theirs, "children", mine))

    @rule(which=WHICH, kind=st.sampled_from([Box, Words, Field, Stack]), parent=WHICH, name=st.sampled_from(["", "a"]))
    def renew(self, which: int, kind: type[Widget], parent: int, name: str) -> None:
        """A new widget in place of one that was taken out; perhaps it has a name that another had."""
        if self.one(which)._tree is None:
            new = kind(identifier=name) if name else kind()
            self.widgets[which % len(self.widgets)] = new
            box = self.container(parent)
            self.put(box, lambda: box.children.append(new))

    @rule(which=WHICH, name=st.sampled_from(["a", "b"]))
    def rename(self, which: int, name: str) -> None:
        if self.one(which)._tree is None:
            self.one(which).identifier = name

    # -- looks

    @rule(which=WHICH, look=st.lists(st.sampled_from(LOOKS), max_size=3), value=TEXTS, on=st.booleans())
    def dress(self, which: int, look: list[str], value: str, on: bool) -> None:
        widget = self.one(which)
        for name in look:
            if name == "css":
                widget.css({"color": value.strip("<>") or None})
            elif name == "attr":
                widget.attr({"lang": value or on})
            elif name == "class":
                (widget.add_class if on else widget.remove_class)("x")
            elif name == "on":
                widget.register("click", print)
            elif name in widget.properties:
                kind = type(widget.properties[name])
                widget.properties[name] = value if kind is str else on if kind is bool else 1 + on

    # -- the page

    @rule()
    def flush(self) -> None:
        patch = self.tree.take()
        before = self.page.elements()
        if patch is not None:
            self.page.apply(patch.ops)
        after = self.page.elements()
        assert self.page.shape() == Page(self.tree.root.node()).shape()
        for widget, name in self.known.items():
            if widget._tree is self.tree and widget.identifier == name:
                assert after[name] is before[name], f"{widget!r} did not keep its element"
        self.known = {widget: widget.identifier for widget in descend(self.tree.root)}
        assert self.tree.take() is None

    def teardown(self) -> None:
        self.flush()

    @invariant()
    def is_a_tree(self) -> None:
        members = list(descend(self.tree.root))
        assert len(set(members)) == len(members)
        assert {member.identifier: member for member in members} == self.tree.index
        for widget in self.widgets:
            assert (widget._tree is self.tree) == (widget in members)
            assert all(child.parent is widget for child in widget.children)


TreeMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_patches_lead_to_the_tree = TreeMachine.TestCase
