"""The tree as a whole: who is in it, by identifier, and what has changed."""

import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from sys import intern
from typing import TYPE_CHECKING, Any, Final, Protocol

from jibe_like.errors import StateLoopError, TreeError

from . import safe
from .binding import Operation
from .changes import Changes, Patch
from .lock import STRUCTURE, WITH_DUE_HOOKS
from .settling import Settling, come_to_rest

if TYPE_CHECKING:
    from .files import Incoming
    from .widget import Widget


class Member(Protocol):
    """Who is told when a tree goes live, and when its life ends: widgets that want to be, and what belongs to it."""

    def on_attached(self) -> None: ...

    def on_detached(self) -> None: ...


class Host(Protocol):
    """What runs a live tree: a session. The tree itself knows no event loop."""

    def wake(self) -> None:
        """Changes are waiting: flush them at the end of this turn."""

    def call_threadsafe(self, callback: Callable[[], None]) -> None:
        """Runs the callback soon on the thread that owns the tree."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
        """Runs the callback later on the thread that owns the tree; gives what cancels it."""

    def run(self, widget: "Widget", event: str, awaitable: Awaitable[object]) -> object:
        """Sees to what an `async` handler still has to do."""

    def failed(self, widget: "Widget", event: str, error: Exception) -> None:
        """A handler raised."""

    def stop_upload(self, incoming: "Incoming") -> None:
        """A file that was still to come is not wanted any more. From any thread."""


logger = logging.getLogger("jibe_like.tree")

MOST_WAITING: Final = 1_000
"""Messages and calls kept for a page that cannot be reached; what it shows needs none of them."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_generated: list[str] = []


def generated_identifier(number: int) -> str:
    """`w` and the number (from 1) in base 36. All trees share the strings."""
    while len(_generated) < number:
        value, digits = len(_generated) + 1, ""
        while value:
            value, digit = divmod(value, 36)
            digits = _DIGITS[digit] + digits
        _generated.append(intern("w" + digits))
    return _generated[number - 1]


class Tree:
    """One application's widgets. Every attached widget refers to it."""

    # fmt: off
    __slots__ = (
        "_due", "_next", "_posted", "_thread", "awake", "changes", "hooked", "host", "index", "pending", "root",
    )
    # fmt: on

    def __init__(self, root: "Widget") -> None:
        self.root = root
        self.index: dict[str, Widget] = {}
        self.hooked: dict[Member, None] = {}
        """Attached widgets and others that want `on_attached` and `on_detached`."""
        self._next = 0
        self._reset()
        self.attach(root)

    def __getstate__(self) -> tuple[Any, ...]:
        return self.root, self.index, self.hooked, self._next, self.changes.calls

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.root, self.index, self.hooked, self._next, calls = state
        self._reset()
        self.changes.calls = calls

    def _reset(self) -> None:
        self.changes = Changes()
        self.host: Host | None = None
        self.pending: list[Settling] = []
        """What is to be settled before the next changes are taken."""
        self.awake = False
        """Whether somebody will `take` at the end of this turn: nobody need be woken for it. Else the next change wakes
        the host."""
        self._thread = threading.get_ident()
        self._due: dict[tuple[Widget, str], None] | None = None
        """Hooks to be called once the lock is free: for a widget `on_detached` before `on_attached`, each once."""
        self._posted: dict[object, Callable[[], None]] | None = None
        """What other threads have to tell, by what it replaces."""

    # -- life

    def go_live(self, host: Host) -> None:
        """From now on `host` is told of changes, and widgets with hooks are told that they are attached."""
        self.host = host
        self._thread = threading.get_ident()
        for member in list(self.hooked):
            self._run_hook(member, "on_attached")
        if self.pending:
            self._changed()

    def revive(self) -> None:
        """The tree has come back from a store."""
        for widget in self.index.values():
            if widget._handlers:
                widget.recount()

    def close(self) -> None:
        """Ends the tree's life: hooks run, nothing is told to the host any more."""
        for member in list(self.hooked):
            self._run_hook(member, "on_detached")
        with STRUCTURE:
            self.host = None
            self.changes.clear()
            self.pending.clear()

    # -- membership

    def attach(self, widget: "Widget") -> None:
        """Takes in a widget and all below it; `check_identifiers` has found them fit."""
        taken, changes = self.index, self.changes
        for member in descend(widget):
            name = member._identifier
            if not name or taken.get(name, member) is not member:
                name = self._new_identifier()
                member._identifier = name
            taken[name] = member
            member._tree = self
            changes.came(member)
            if member._wants_hooks:
                self.hooked[member] = None
                self._hook_is_due(member, "on_attached")

    def detach(self, widget: "Widget") -> None:
        """Lets go of a widget and all below it."""
        changes = self.changes
        for member in descend(widget):
            changes.left(member, member._parent)
            changes.fresh.pop(member, None)
            changes.placed.pop(member, None)
            self.index.pop(member.identifier, None)
            member._tree = None
            if self.hooked and member in self.hooked:
                del self.hooked[member]
                self._hook_is_due(member, "on_detached")
        self._changed()

    def check_identifiers(self, newcomers: "list[Widget]", leaving: "Iterable[Widget]" = ()) -> None:
        """Raises TreeError where a newcomer, or a widget inside it, was given an identifier that is in use.

        `leaving`: widgets that make room for the newcomers, and whose identifiers get free.
        """
        given: dict[str, Widget] = {}
        freed = {member for widget in leaving for member in descend(widget)}
        for newcomer in newcomers:
            if newcomer._tree is self:
                continue
            for member in descend(newcomer):
                if member._facets is not None and "identifier" in member._facets:
                    name = member.identifier
                    other = given[name] if name in given else self.index.get(name)
                    if other is not None and other is not member and other not in freed:
                        raise TreeError(f"{member!r}: this identifier is in use by another {type(other).__name__}")
                    given[name] = member

    def _hook_is_due(self, widget: "Widget", name: str) -> None:
        if self.host is None:
            return
        if self._due is None:
            self._due = {}
        if not self._due:
            WITH_DUE_HOOKS.append(self)
        if name == "on_detached" and (widget, "on_attached") in self._due:
            # It came and went: nobody was told.
            del self._due[widget, "on_attached"]
        else:
            self._due[widget, name] = None

    def call_due_hooks(self) -> None:
        """Tells widgets that they were attached or detached: now, or soon where this is another thread."""
        if threading.get_ident() != self._thread and (host := self.host) is not None:
            host.call_threadsafe(self.call_due_hooks)
            return
        while True:
            with STRUCTURE:
                if not self._due:
                    return
                # One at a time: what a hook does may make the next one void.
                widget, name = next(iter(self._due))
                del self._due[widget, name]
            self._run_hook(widget, name)

    def _run_hook(self, member: Any, name: str) -> None:
        if self.host is not None:
            try:
                getattr(member, name)()
            except Exception as error:
                self.host.failed(member, name, error)

    def _new_identifier(self) -> str:
        while True:
            self._next += 1
            name = generated_identifier(self._next)
            if name not in self.index:
                return name

    # -- changes

    def place(self, parent: "Widget", child: "Widget", index: int) -> None:
        """The child, attached already, has a new place among its siblings."""
        self.changes.placed.setdefault(parent, {})[child] = index
        if parent.children_part:
            self.redraw(parent, parent.children_part)
        self._changed()

    def unplace(self, parent: "Widget", child: "Widget") -> None:
        """The child has left this parent."""
        self.changes.left(child, parent)
        placed = self.changes.placed.get(parent)
        if placed is not None:
            placed.pop(child, None)
        if parent.children_part:
            self.redraw(parent, parent.children_part)

    def update(self, widget: "Widget", key: tuple[str, str], operation: Operation, origin: str | None = None) -> None:
        """One small thing about the widget is to be shown; a later one of the same key replaces it."""
        if threading.get_ident() != self._thread and (host := self.host) is not None:
            # Until its turn comes the value may be set again, here or there: the browser gets what it is then.
            self._post(host, lambda: self.update(widget, key, widget._operation(key)), (widget, *key))
        elif widget._tree is self and widget not in self.changes.fresh:
            self.changes.update((widget, *key), operation, origin)
            if not self.awake:
                self._changed()

    def redraw(self, widget: "Widget", part: str = "") -> None:
        """The widget's inner elements have changed shape, or only the part of that name."""
        if threading.get_ident() != self._thread and (host := self.host) is not None:
            self._post(host, partial(self.redraw, widget, part), (widget, part))
        elif widget._tree is self and widget not in self.changes.fresh:
            if part:
                self.changes.parts[widget, part] = None
            else:
                self.changes.renders[widget] = None
            self._changed()

    def call(self, operation: Operation, only: str = "") -> None:
        """Something to be done once in the browsers, or by the connection `only`, after all that was changed before."""
        if threading.get_ident() != self._thread and (host := self.host) is not None:
            self._post(host, partial(self.call, operation, only))
        else:
            keep_newest(self.changes.calls, (operation, only), self.root)
            self._changed()

    def run(self, host: Host, widget: "Widget", event: str, awaitable: Awaitable[object]) -> None:
        """Has the host see to what an `async` handler still has to do."""

        def run() -> None:
            host.run(widget, event, awaitable)

        if threading.get_ident() == self._thread:
            run()
        else:
            host.call_threadsafe(run)

    def go(self, url: str) -> None:
        """Sends the page elsewhere. Raises UnsafeValueError for a URL that could run code."""
        self.call(["go", safe.url(url)])

    def _post(self, host: Host, callback: Callable[[], None], replaces: object = None) -> None:
        """Has the tree's own thread call back. Of those that replace the same, the last one counts."""
        with STRUCTURE:
            first = self._posted is None
            if self._posted is None:
                self._posted = {}
            key = callback if replaces is None else replaces
            self._posted.pop(key, None)
            self._posted[key] = callback
        if first:
            host.call_threadsafe(self._work_off)

    def _work_off(self) -> None:
        with STRUCTURE:
            posted, self._posted = self._posted, None
        for callback in (posted or {}).values():
            try:
                callback()
            except Exception as error:
                # A value that cannot be shown must not keep the others from it.
                if self.host is not None:
                    self.host.failed(self.root, "render", error)

    def _changed(self) -> None:
        if not self.awake and (host := self.host) is not None:
            self.awake = True
            if threading.get_ident() == self._thread:
                host.wake()
            else:
                host.call_threadsafe(host.wake)

    def post(self, callback: Callable[[], None], replaces: object = None) -> None:
        """Has the tree's own thread call back soon. Of those that replace the same, the last one counts."""
        if (host := self.host) is not None:
            self._post(host, callback, replaces)

    def settle_soon(self, settling: Settling) -> None:
        """Settles this before the next changes are taken. On the tree's own thread."""
        self.pending.append(settling)
        if not self.awake:
            self._changed()

    def settle(self) -> None:
        """Settles all that is pending, until it is at rest. On the tree's own thread."""
        if not self.pending:
            return
        self.awake = True
        try:
            come_to_rest(self.pending)
        except StateLoopError as error:
            if self.host is None:
                raise
            self.host.failed(self.root, "change", error)
        finally:
            self.awake = False

    def take(self) -> Patch | None:
        """The operations for everything since the last call, or None."""
        if self.pending:
            self.settle()
        self.awake = False
        return self.changes.take(self.index)


def keep_newest(waiting: list[Any], newest: Any, owner: "Widget") -> None:
    """Adds to what waits for a page that does not come; beyond the bound the oldest is forgotten, and that logged."""
    if len(waiting) >= MOST_WAITING:
        del waiting[0]
    elif len(waiting) == MOST_WAITING - 1:
        logger.warning("%r: %d messages and calls wait for a page; older ones are forgotten", owner, MOST_WAITING)
    waiting.append(newest)


def descend(widget: "Widget") -> Iterator["Widget"]:
    """The widget and all below it, parents first, in document order."""
    stack = [widget]
    while stack:
        member = stack.pop()
        yield member
        children = member._children
        if children:
            stack.extend(reversed(children))
