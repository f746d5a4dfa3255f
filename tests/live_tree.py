"""What unit tests of widgets share: a tree without a session, and a host whose clock the test moves."""

import heapq
import itertools
import pickle
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from jibe_like.tree.files import Incoming
from jibe_like.tree.node import to_html
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget

W = TypeVar("W", bound=Widget)


class FakeHost:
    """Runs a tree without an event loop. `now` is its clock, in seconds; `advance` moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.errors: list[Exception] = []
        self.stopped: list[Incoming] = []
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._cancelled: set[int] = set()
        self._numbers = itertools.count()

    def wake(self) -> None:
        pass

    def call_threadsafe(self, callback: Callable[[], None]) -> None:
        callback()

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
        number = next(self._numbers)
        heapq.heappush(self._due, (self.now + seconds, number, callback))
        return lambda: self._cancelled.add(number)

    def run(self, widget: Widget, event: str, awaitable: Awaitable[object]) -> None:
        raise AssertionError(f"{widget!r} has an async handler of {event}")

    def failed(self, widget: Widget, event: str, error: Exception) -> None:
        self.errors.append(error)

    def stop_upload(self, incoming: Incoming) -> None:
        self.stopped.append(incoming)

    @property
    def waiting(self) -> list[float]:
        """In how many seconds something is due."""
        return sorted(round(at - self.now, 9) for at, number, _ in self._due if number not in self._cancelled)

    def advance(self, seconds: float) -> None:
        """Lets time pass, and what is due meanwhile be called at its time."""
        end = self.now + seconds
        while self._due and self._due[0][0] <= end + 1e-9:
            at, number, callback = heapq.heappop(self._due)
            if number not in self._cancelled:
                self.now = max(self.now, at)
                callback()
        self.now = end

    def sleep(self, seconds: float) -> None:
        """Lets time pass without any call: the host is busy."""
        self.now += seconds


def live(widget: Widget) -> Tree:
    """A tree with the widget in it, all of it known to the browser."""
    root = Widget(identifier="topwidget")
    root.children = [widget]
    tree = Tree(root)
    tree.take()
    tree.changes.clear()
    return tree


def operations(tree: Tree, connection: str = "") -> list[Any]:
    """What the browser of that connection is sent for all changes since."""
    patch = tree.take()
    return patch.for_connection(connection, without_echo=True) if patch is not None else []


def browser_says(widget: Widget, event: str, connection: str = "c1", **properties: Any) -> None:
    """What the browser reports of the widget."""
    message = {"id": widget.identifier, "event": event, "connection": connection}
    widget.on_message({**message, "properties": properties} if properties else message)


def html(widget: Widget) -> str:
    """The widget in the first response, as the only one of its application."""
    if widget._tree is None:
        live(widget)
    return to_html(widget.node())


def copied(widget: W) -> W:
    """The widget after a snapshot and its restoration."""
    tree = live(widget)
    restored: Tree = pickle.loads(pickle.dumps(tree))
    copy = restored.root.children[0]
    assert type(copy) is type(widget)
    assert copy.node() == widget.node()
    return copy
