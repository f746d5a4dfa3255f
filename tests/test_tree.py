"""The tree as a whole: who is in it, and who is told of changes."""

import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.errors import UnsafeValueError
from jibe_like.tree.binding import redraw, text
from jibe_like.tree.property import Property
from jibe_like.tree.tree import MOST_WAITING, Tree, descend, generated_identifier
from jibe_like.tree.widget import Widget
from tests.live_tree import FakeHost, operations


class Words(Widget):
    value = Property("", bind=text())
    level = Property(1, bind=redraw)


class Hooked(Widget):
    def __init__(self, log: list[str], name: str, *children: Widget, fails: str = "") -> None:
        super().__init__(identifier=name)
        self.log = log
        self.fails = fails
        self.children = children

    def on_attached(self) -> None:
        self.note("attached")

    def on_detached(self) -> None:
        self.note("detached")

    def note(self, what: str) -> None:
        self.log.append(f"{self.identifier} {what}")
        if self.fails == what:
            raise LookupError(what)


class Host(FakeHost):
    """Counts its wakings, and keeps what other threads ask of it."""

    def __init__(self) -> None:
        super().__init__()
        self.wakings = 0
        self.asked: list[Callable[[], None]] = []

    def wake(self) -> None:
        self.wakings += 1

    def call_threadsafe(self, callback: Callable[[], None]) -> None:
        self.asked.append(callback)


def make(*children: Widget) -> Tree:
    root = Widget(identifier="topwidget")
    root.children = children
    tree = Tree(root)
    tree.changes.clear()
    return tree


def in_another_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_generated_identifiers_count_in_base_36() -> None:
    assert [generated_identifier(number) for number in (1, 9, 10, 35, 36, 36 * 36)] == [
        "w1",
        "w9",
        "wa",
        "wz",
        "w10",
        "w100",
    ]
    assert generated_identifier(7) is generated_identifier(7)


def test_identifiers_are_short_and_deterministic() -> None:
    inner = Widget()
    box, given = Widget(), Widget(identifier="mine")
    box.children = [inner]
    tree = make(box, given, Widget())
    assert list(tree.index) == ["topwidget", "w1", "w2", "mine", "w3"]
    assert tree.index["w2"] is inner
    assert [member.identifier for member in descend(tree.root)] == ["topwidget", "w1", "w2", "mine", "w3"]


def test_a_generated_identifier_evades_a_given_one() -> None:
    tree = make(Widget(identifier="w1"), Widget(), Widget(identifier="w3"))
    tree.root.children.append(Widget())
    assert sorted(tree.index) == ["topwidget", "w1", "w2", "w3", "w4"]


def test_an_identifier_is_not_used_again() -> None:
    tree = make(Widget())
    old = tree.root.children.pop()
    tree.root.children.append(Widget())
    tree.root.children.append(old)
    assert list(tree.index) == ["topwidget", "w2", "w1"]


def test_a_widget_that_has_a_name_of_another_tree_gets_a_new_one() -> None:
    moving = Widget()
    make(moving).root.children.clear()
    tree = make(Widget())
    tree.root.children.append(moving)
    assert list(tree.index) == ["topwidget", "w1", "w2"]
    assert tree.index["w2"] is moving


def test_a_removed_subtree_is_in_no_index() -> None:
    inner = Widget()
    box = Widget()
    box.children = [inner]
    tree = make(box)
    tree.root.children.clear()
    assert list(tree.index) == ["topwidget"]
    assert (box._tree, inner._tree) == (None, None)
    tree.root.children.append(box)
    assert set(tree.index.values()) == {tree.root, box, inner}


# -- hooks


def test_hooks_run_while_the_tree_is_live() -> None:
    log: list[str] = []
    tree = make(Hooked(log, "a", Hooked(log, "b")))
    assert log == []
    tree.go_live(FakeHost())
    assert log == ["a attached", "b attached"]
    log.clear()
    box = tree.root.children.pop()
    tree.root.children.append(box)
    assert log == ["a detached", "b detached", "a attached", "b attached"]
    log.clear()
    tree.close()
    assert sorted(log) == ["a detached", "b detached"]
    log.clear()
    tree.root.children.clear()
    assert log == []


def test_a_hook_that_raises_is_reported_and_keeps_nobody_from_theirs() -> None:
    log: list[str] = []
    host = FakeHost()
    tree = make(Hooked(log, "a", fails="attached"), Hooked(log, "b", fails="detached"))
    tree.go_live(host)
    tree.close()
    assert log == ["a attached", "b attached", "a detached", "b detached"]
    assert [str(error) for error in host.errors] == ["attached", "detached"]


def test_a_move_within_the_tree_runs_no_hook() -> None:
    log: list[str] = []
    hooked, box = Hooked(log, "a"), Widget()
    tree = make(hooked, box)
    tree.go_live(FakeHost())
    log.clear()
    box.children.append(hooked)
    assert log == []


def test_a_hook_sees_the_widget_attached() -> None:
    class Curious(Widget):
        def on_attached(self) -> None:
            seen.append((self._tree is tree, tree.index.get(self.identifier) is self))
            self.hidden = True

    seen: list[Any] = []
    tree = make()
    tree.go_live(FakeHost())
    tree.root.children.append(Curious())
    assert seen == [(True, True)]
    ((_, _, _, (node,)),) = operations(tree)
    assert node[1]["hidden"] is True


# -- who is told


def test_the_host_is_woken_once_a_turn() -> None:
    words = Words()
    tree = make(words)
    words.value = "before it lives"
    host = Host()
    tree.go_live(host)
    tree.take()
    words.value = "a"
    words.level = 2
    tree.root.children.append(Widget())
    tree.root.children.pop()
    assert host.wakings == 1
    tree.take()
    words.call("focus")
    assert host.wakings == 2


def test_a_host_that_will_take_anyway_is_not_woken() -> None:
    words = Words()
    tree = make(words)
    host = Host()
    tree.go_live(host)
    tree.awake = True
    words.value = "a"
    assert host.wakings == 0
    assert operations(tree) == [["text", "w1", "a"]]
    words.value = "b"
    assert host.wakings == 1


def test_a_closed_tree_tells_nobody() -> None:
    words = Words()
    tree = make(words)
    host = Host()
    tree.go_live(host)
    tree.close()
    words.value = "a"
    in_another_thread(lambda: setattr(words, "value", "b"))
    assert host.wakings == 0
    assert host.asked == []


def test_where_the_page_is_sent_is_checked() -> None:
    tree = make()
    with pytest.raises(UnsafeValueError):
        tree.go("javascript:alert(1)")
    assert operations(tree) == []


# -- threads


def test_what_another_thread_sets_is_queued() -> None:
    words = Words()
    tree = make(words)
    host = Host()
    tree.go_live(host)

    def work() -> None:
        words.value = "a"
        words.level = 2
        words.css({"color": "red"})
        words.call("focus")

    in_another_thread(work)
    assert (words.value, host.wakings) == ("a", 0)
    assert operations(tree) == []
    for callback in host.asked:
        callback()
    assert host.wakings == 1
    ops = operations(tree)
    assert [op[0] for op in ops] == ["render", "call"]


def test_children_that_another_thread_adds_wake_the_host() -> None:
    tree = make()
    host = Host()
    tree.go_live(host)
    in_another_thread(lambda: tree.root.children.append(Words(value="a")))
    assert host.wakings == 0
    for callback in host.asked:
        callback()
    assert host.wakings == 1
    assert len(operations(tree)) == 1


def test_the_last_value_wins_whichever_thread_set_it() -> None:
    words = Words()
    tree = make(words)
    host = Host()
    tree.go_live(host)
    in_another_thread(lambda: setattr(words, "value", "theirs"))
    words.value = "ours, later"
    words.css({"color": "red"})
    in_another_thread(lambda: words.css({"margin": "1px", "color": "blue"}))
    words.css({"color": "green"})
    in_another_thread(lambda: words.attr({"lang": "fr"}))
    words.attr({"lang": None})
    for callback in host.asked:
        callback()
    assert sorted(operations(tree), key=str) == [
        ["attr", "w1", "lang", None],
        ["style", "w1", "color", "green"],
        ["style", "w1", "margin", "1px"],
        ["text", "w1", "ours, later"],
    ]


def test_a_change_for_a_widget_that_has_left_meanwhile_is_dropped() -> None:
    words = Words()
    tree = make(words)
    host = Host()
    tree.go_live(host)
    in_another_thread(lambda: setattr(words, "value", "a"))
    tree.root.children.clear()
    for callback in host.asked:
        callback()
    assert operations(tree) == [["remove", "w1"]]


# -- pickling


def shout(source: Words) -> None:
    source.value = source.value.upper() + "!"


class Document(Widget):
    """A root with all that a widget may hold."""

    def __init__(self) -> None:
        super().__init__(identifier="topwidget", style={"color": "red"}, attributes={"lang": "fr"})
        self.words = Words(value="a", identifier="mine")
        self.words.register("click", self.on_click)
        self.words.register("click", shout)
        self.words.watch("value", self.on_value)
        self.box = Widget(classname="x")
        self.box.children = [self.words]
        self.children = [self.box]
        self.seen: list[str] = []
        self._tree = Tree(self)

    def on_click(self, source: Widget, message: dict[str, Any]) -> None:
        self.seen.append(message["event"])

    def on_value(self, new: str, old: str) -> None:
        self.seen.append(new)


def test_a_tree_survives_pickling_with_its_handlers_and_names() -> None:
    document = Document()
    copy: Document = pickle.loads(pickle.dumps(document))
    assert copy.node() == document.node()
    tree = copy._tree
    assert tree is not None
    assert tree is not document._tree
    assert tree.index["mine"] is copy.words
    assert operations(tree) == []
    tree.index["mine"].on_message({"id": "mine", "event": "click"})
    assert copy.seen == ["click", "A!"]
    assert document.seen == []
    assert operations(tree) == [["text", "mine", "A!"]]
    copy.children.append(Widget())
    assert copy.children[-1].identifier == "w2"
    assert copy.children[-1]._tree is tree


def test_a_detached_widget_survives_pickling() -> None:
    words = Words(value="a", style={"color": "red"}, hidden=True, identifier="mine")
    words.register("click", shout, keys=["Enter"])
    words.attributes["lang"] = "fr"
    words.properties["extra"] = 3
    copy: Words = pickle.loads(pickle.dumps(words))
    assert copy.node() == words.node()
    assert (copy.properties["extra"], copy.extra) == (3, 3)
    copy.emit("click")
    assert (copy.value, words.value) == ("A!", "a")


def test_hooks_are_not_lost_by_pickling() -> None:
    tree = make(Hooked([], "a"))
    copy: Tree = pickle.loads(pickle.dumps(tree))
    copy.go_live(FakeHost())
    hooked = copy.root.children[0]
    assert isinstance(hooked, Hooked)
    assert hooked.log == ["a attached"]


def test_what_waits_for_a_page_that_does_not_come_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    tree = Tree(Widget(identifier="topwidget"))
    for number in range(MOST_WAITING + 5):
        tree.call(["message", {"number": number}])
    assert [tree.changes.calls[place][0][1]["number"] for place in (0, -1)] == [5, MOST_WAITING + 4]
    assert len(tree.changes.calls) == MOST_WAITING
    assert len(caplog.records) == 1
