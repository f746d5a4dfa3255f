"""Whom the changes of a state concern: listeners, bound widgets, and the pages."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from inspect import isawaitable
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from jibe_like.errors import OrphanWidgetError
from jibe_like.tree.settling import Settling, come_to_rest
from jibe_like.tree.tree import Tree
from jibe_like.wire.values import PLAIN, to_wire

from ..current import acting, find_session
from .listener import Listener

if TYPE_CHECKING:
    from .bound import Tie
    from .state import State


_NOTHING: Final[dict[Any, str | None]] = {}
"""What has changed, where nothing has: most audiences are at rest, and there may be many thousands."""


class Audience(ABC):
    """One side that hears of a state's changes.

    Bound widgets follow at once. Listeners, and the pages, hear once a turn of all that has changed in it; listeners
    whose calls change more are called again, until there is nothing new.
    """

    __slots__ = ("__weakref__", "_dirty", "_listeners", "_now", "_silent", "_ties", "_waits", "state")

    def __init__(self, state: "State") -> None:
        self.state = state
        self._listeners: list[Listener] | None = None
        self._reset()

    def _reset(self) -> None:
        self._ties: dict[Any, WeakKeyDictionary[Tie, None]] | None = None
        """The bound properties by name. A widget keeps its ties; here they end with it."""
        self._dirty = _NOTHING
        """What has changed since listeners were called, and the connection that it came from."""
        self._silent = _NOTHING
        """What the pages are to be told, and no listener."""
        self._now: frozenset[Any] | None = None
        self._waits = False

    # -- who

    def listen(self, function: Callable[..., Any], names: Iterable[Any]) -> None:
        """Has the function called when one of the names has changed."""
        if self._listeners is None:
            self._listeners = []
        for known in self._listeners:
            if known.function == function:
                known.names.update(names)
                return
        self._listeners.append(Listener(function, names))

    def tie(self, name: Any, tie: "Tie") -> None:
        """Has the tie follow a name."""
        if self._ties is None:
            self._ties = {}
        self._ties.setdefault(name, WeakKeyDictionary())[tie] = None

    def untie(self, name: Any, tie: "Tie") -> None:
        """Takes back a `tie`."""
        if self._ties is not None and name in self._ties:
            self._ties[name].pop(tie, None)

    def merge(self, other: "Audience") -> None:
        """Takes over the other's listeners and ties, and what they have not heard of yet."""
        for listener in other._listeners or ():
            self.listen(listener.function, listener.names)
        for name, ties in (other._ties or {}).items():
            for tie in list(ties):
                tie.audience = self
                self.tie(name, tie)
        for name, origin in other._dirty.items():
            self.mark(name, origin)

    # -- what has changed

    @property
    def changed(self) -> set[Any]:
        """The names that wait for the next flush; within a listener, those that it is called for."""
        return set(self._now if self._now is not None else self._dirty)

    def is_dirty(self, name: Any) -> bool:
        """Whether the name waits for the next flush."""
        return name in self._dirty

    def check(self, name: Any, value: Any) -> None:
        """Raises PropertyTypeError or PropertyValueError where a bound widget cannot have the value."""
        if self._ties is not None and not self.is_foreign():
            for tie in list(self._ties.get(name, ())):
                tie.check(value)

    def mark(self, name: Any, origin: str | None = None, silent: bool = False) -> None:
        """The name has another value. From any thread.

        :param origin: the connection that it came from, whose page has it already.
        :param silent: no listener is to hear of it.
        """
        if self.is_foreign():
            self._post(partial(self.mark, name, origin, silent), (id(self), name))
            return
        if self._ties is not None:
            self._pull(name)
        if not self._waits:
            self._waits = True
            self._dirty = {}
            self._settle_soon()
        if silent and name not in self._dirty:
            if self._silent is _NOTHING:
                self._silent = {}
            self._silent[name] = origin
        else:
            self._dirty[name] = origin

    def tell_again(self, name: Any) -> None:
        """The pages have another value than the state. On this side's own thread."""
        if name in self._dirty:
            self._dirty[name] = None
        else:
            self.mark(name, silent=True)

    def forget(self, name: Any) -> None:
        """Nobody need hear of the change."""
        self._dirty.pop(name, None)
        self._silent.pop(name, None)

    def settle(self) -> None:
        """See `Settling`."""
        self._waits = False
        dirty, silent = self._dirty, self._silent
        self._dirty = self._silent = _NOTHING
        self._show(silent | dirty if silent else dirty)
        if dirty and self._listeners is not None:
            self._now = frozenset(dirty)
            try:
                self._call_listeners(self._now)
            finally:
                self._now = None

    def give_up(self) -> str:
        """See `Settling`."""
        names = ", ".join(f"{self.state._title}.{name}" for name in self._dirty)
        listeners, self._listeners = self._listeners, None
        self.settle()
        self._listeners = listeners
        return names

    def flush(self) -> set[Any]:
        """Calls the listeners now; gives the names that they were called for."""
        if self._now is not None or self.is_foreign():
            return set()
        waiting = set(self._dirty)
        self._settle()
        return waiting

    def _call_listeners(self, names: frozenset[Any]) -> None:
        with self._acting():
            for listener in tuple(self._listeners or ()):
                if listener.names.isdisjoint(names):
                    continue
                heard = ", ".join(f"{self.state._title}.{name}" for name in sorted(listener.names & names, key=str))
                try:
                    result = listener.call(self.state._values)
                except Exception as error:
                    self._failed(f"change of {heard}", error)
                else:
                    if result is not None and isawaitable(result):
                        self._run(f"change of {heard}", result)

    def _pull(self, name: Any) -> None:
        assert self._ties is not None
        ties = self._ties.get(name)
        for tie in list(ties or ()):
            try:
                tie.pull()
            except Exception as error:
                self._failed(f"change of {self.state._title}.{name}", error)
        if ties is not None and not ties:
            del self._ties[name]

    # -- where it is

    @abstractmethod
    def is_foreign(self) -> bool:
        """Whether this is not the thread that listeners are called on."""

    @abstractmethod
    def _post(self, callback: Callable[[], None], replaces: object) -> None:
        """Has that thread call back soon."""

    @abstractmethod
    def _settle_soon(self) -> None:
        """Has `settle` called at the end of the turn."""

    @abstractmethod
    def _settle(self) -> None:
        """Has it called now, and all that follows."""

    def _show(self, changed: Mapping[Any, str | None]) -> None:  # noqa: B027
        """Has the pages told, but for those that it came from."""

    def _acting(self) -> AbstractContextManager[None]:
        """The surroundings of a listener's call."""
        return nullcontext()

    @abstractmethod
    def _failed(self, what: str, error: Exception) -> None:
        """A listener raised."""

    @abstractmethod
    def _run(self, what: str, awaitable: Awaitable[object]) -> None:
        """Sees to what an `async` listener still has to do."""


class AppAudience(Audience):
    """What in one application hears of a state's changes.

    :param tree: the application's; None for a state that has none: listeners are called by `flush` alone.
    :param operation: tells the pages a value (docs/protocol.md); empty where they are not told.
    """

    __slots__ = ("_operation", "_pending", "tree")

    def __init__(self, state: "State", tree: Tree | None, operation: str = "") -> None:
        self.tree = tree
        self._operation = operation
        self._pending: list[Settling] | None = None
        super().__init__(state)

    def __reduce__(self) -> tuple[Any, ...]:
        # Not the ties: they enter themselves when they are restored, which may be before this is.
        names = ("state", "tree", "_operation", "_listeners")
        return _restore_audience, (), (None, {name: getattr(self, name) for name in names})

    def live_in(self, tree: Tree) -> None:
        """The application has one, at last."""
        self.tree = tree
        if self._waits:
            tree.settle_soon(self)

    def is_foreign(self) -> bool:
        tree = self.tree
        return tree is not None and get_ident() != tree._thread and tree.host is not None

    def _post(self, callback: Callable[[], None], replaces: object) -> None:
        if self.tree is not None:
            self.tree.post(callback, replaces)

    def _settle_soon(self) -> None:
        if self.tree is not None:
            self.tree.settle_soon(self)
        else:
            if self._pending is None:
                self._pending = []
            self._pending.append(self)

    def _settle(self) -> None:
        if self.tree is not None:
            self.tree.settle()
        elif self._pending:
            come_to_rest(self._pending)

    def _show(self, changed: Mapping[Any, str | None]) -> None:
        tree, kind = self.tree, self._operation
        if not kind or tree is None:
            return
        values, root, changes = self.state._values, tree.root, tree.changes
        if root in changes.fresh:
            return
        for name, origin in changed.items():
            value = values.get(name)
            if value.__class__ not in PLAIN:
                try:
                    value = to_wire(value)
                except TypeError as error:
                    self._failed(f"change of {self.state._title}.{name}", error)
                    continue
            changes.update((root, kind, name), [kind, name, value], origin)

    def _acting(self) -> AbstractContextManager[None]:
        session = getattr(self.tree.root, "session", None) if self.tree is not None else None
        return nullcontext() if session is None or find_session() is session else acting(session)

    def _failed(self, what: str, error: Exception) -> None:
        if self.tree is None or self.tree.host is None:
            raise error
        self.tree.host.failed(self.tree.root, what, error)

    def _run(self, what: str, awaitable: Awaitable[object]) -> None:
        if self.tree is None or self.tree.host is None:
            close = getattr(awaitable, "close", None)
            if close is not None:
                close()
            raise OrphanWidgetError(f"{what}: no session runs the application, so an async listener cannot run")
        self.tree.host.run(self.tree.root, what, awaitable)


def _restore_audience() -> AppAudience:
    audience = AppAudience.__new__(AppAudience)
    audience._pending = None
    audience._reset()
    return audience
