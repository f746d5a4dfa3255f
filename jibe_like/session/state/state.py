"""State: values by name, told apart from a plain dict by those who hear of their changes (docs/state.md)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from inspect import isroutine
from typing import Any, Final, TypeVar

from jibe_like.tree.tree import Tree
from jibe_like.wire.values import PLAIN, check_sayable, from_wire, is_same, to_wire

from .audience import AppAudience, Audience
from .bound import Bound

F = TypeVar("F", bound=Callable[..., Any])

_MISSING: Final = object()


class State:
    """Values by name, as attributes and as items. A name that is not there is None.

        self.state.count = 0

        @self.state.change("count")
        def show(count):
            label.value = f"count: {count}"

    Setting an equal value is no change; `dirty` tells of one that was made in place. From any thread. An attribute
    that begins with `_` is Python's own; as an item it is a name like others.

    :param values: to begin with.
    """

    __slots__ = ("__weakref__", "_client_keys", "_client_only", "_mirrored", "_own", "_quiet", "_title", "_values")

    def __init__(self, values: Mapping[Any, Any] | None = None) -> None:
        self._begin("state", "")
        self._own = AppAudience(self, None)
        self._values.update(values or {})

    @classmethod
    def _of(cls, title: str, tree: Tree | None, operation: str = "") -> "State":
        """The state of an application. `operation`: see `AppAudience`."""
        state = cls.__new__(cls)
        state._begin(title, operation)
        state._own = AppAudience(state, tree, operation)
        return state

    def _begin(self, title: str, operation: str) -> None:
        self._title = title
        self._mirrored = bool(operation)
        self._values: dict[Any, Any] = {}
        self._client_keys: frozenset[str] = frozenset()
        self._client_only: frozenset[str] = frozenset()
        self._quiet: list[frozenset[Any]] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        names = ("_title", "_mirrored", "_values", "_client_keys", "_client_only", "_own")
        kept = {name: getattr(self, name) for name in names}
        # Another thread may set a value meanwhile.
        kept["_values"] = dict(self._values)
        return _restore_state, (type(self),), (None, kept)

    # -- values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self._values.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        elif name in _OWN_NAMES:
            raise AttributeError(f"{name!r} is a name of every State: use state[{name!r}]")
        else:
            self._put(name, value)

    def __delattr__(self, name: str) -> None:
        if name.startswith("_"):
            object.__delattr__(self, name)
        else:
            del self[name]

    def __getitem__(self, name: Any) -> Any:
        return self._values.get(name)

    def __setitem__(self, name: Any, value: Any) -> None:
        self._put(name, value)

    def __delitem__(self, name: Any) -> None:
        del self._values[name]
        self._mark(name)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, State):
            other = other._values
        return self._values == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"State({self._values!r})"

    @property
    def _dict(self) -> dict[Any, Any]:
        """The values as a dict of their own (PyWebIO's name)."""
        return dict(self._values)

    @property
    def initial(self) -> dict[Any, Any]:
        """All values as they are now, whether listeners have heard of them or not. A copy."""
        return dict(self._values)

    def has(self, name: Any) -> bool:
        """Whether the name is there; the same as `in`."""
        return name in self._values

    def setdefault(self, name: Any, value: Any) -> Any:
        """Sets the value where the name is not there; gives what it is then."""
        if name not in self._values:
            self._put(name, value)
        return self._values.get(name)

    def update(self, values: "Mapping[Any, Any] | State | None" = None, /, **named: Any) -> None:
        """Sets several values. None is set where one of them cannot be."""
        given = {**(values._values if isinstance(values, State) else values or {}), **named}
        for name, value in given.items():
            self._check(name, value)
        for name, value in given.items():
            self._put(name, value)

    # -- changes

    def change(self, *names: Any) -> Callable[[F], F]:
        """Has the function called when one of the names has changed: plain or `async`, once however many have.

            @self.state.change("width", "height")
            def on_size(width, height):
                ...

        It gets, by name, those values that it has parameters for, with `**` all. It is called at the end of the turn,
        before the pages are told; in an application that is still being constructed, as soon as it has a session. What
        it raises is treated like what a handler raises. Listeners that change what they listen to are called again, a
        hundred times at the most: then a StateLoopError names what still changes.

        Registered within a session, it ends with that session, and comes back with it. Raises TypeError without a name.
        """
        if not names or any(map(isroutine, names)):
            raise TypeError("change takes the names to listen to: @state.change('name')")

        def listen(function: F) -> F:
            self._audience().listen(function, names)
            return function

        return listen

    def dirty(self, *names: Any) -> None:
        """Says that these have changed, in place. A name that is not there is ignored."""
        for name in names:
            if name in self._values:
                self._check(name, self._values[name])
                self._mark(name)

    def clean(self, *names: Any) -> None:
        """Says that nobody need hear of the changes of these."""
        for name in names:
            for audience in self._audiences():
                audience.forget(name)

    def is_dirty(self, *names: Any) -> bool:
        """Whether one of these has changed, and listeners have not heard of it."""
        audience = self._audience()
        return any(audience.is_dirty(name) for name in names)

    def is_dirty_all(self, *names: Any) -> bool:
        """Whether each of these has changed, and listeners have not heard of it."""
        audience = self._audience()
        return all(audience.is_dirty(name) for name in names)

    @property
    def modified_keys(self) -> set[Any]:
        """In a listener: what has changed since the last time. Elsewhere: what listeners have not heard of."""
        return self._audience().changed

    def flush(self) -> set[Any]:
        """Has listeners called now, until nothing changes any more; gives the names that had changed.

        The pages are told at the end of the turn, as of all else. In a listener, and in a thread of one's own, it does
        nothing: what has changed there is flushed soon.
        """
        return self._audience().flush()

    def __enter__(self) -> "State":
        return self

    def __exit__(self, *error: object) -> None:
        self.flush()

    @contextmanager
    def suppress_change_listeners(self, *names: Any) -> Iterator[None]:
        """Within it no listener hears of changes of these names, or without names of any. The pages do."""
        quiet = frozenset(names)
        if self._quiet is None:
            self._quiet = []
        self._quiet.append(quiet)
        try:
            yield
        finally:
            self._quiet.remove(quiet)

    def bind(
        self,
        name: Any,
        *,
        to: Callable[[Any], Any] | None = None,
        from_: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Ties a property of a widget to the name, both ways, where it is given in place of the property's value.

            Slider(self.state.bind("size"), 0, 10)
            Label(self.state.bind("size", to=str))

        Where the name is not there, it gets the property's value. A property that cannot be None has its default while
        the value is None.

        :param to: makes the property's value of the state's. Without `from_` it goes this one way.
        :param from_: makes the state's value of the property's.
        """
        return Bound(self, name, to, from_)

    # -- the browser

    def client_keys(self, *names: str) -> None:
        """Lets pages set these names although the server never has. Others that it does not have are refused."""
        self._client_keys |= frozenset(names)

    def client_only(self, *names: str) -> None:
        """Says that what pages do to these names is no business of the server: each page keeps it to itself."""
        self._client_only |= frozenset(names)

    def _for_page(self) -> dict[str, Any]:
        """All values as a page has them."""
        found = {}
        for name, value in dict(self._values).items():
            try:
                found[name] = to_wire(value)
            except TypeError:  # it has become so in place, and whoever told of that has heard of it
                continue
        return found

    def _receive(self, values: Mapping[str, Any], origin: str) -> list[str]:
        """Takes values that a page has set; gives for each that it refuses a sentence.

        :param origin: the page's connection. It is told a value only where the state has another than it sent.
        """
        refused = []
        for name, raw in values.items():
            if name in self._client_only:
                continue
            if name not in self._values and name not in self._client_keys:
                refused.append(f"{self._title}.{name[:60]} is not there, and not one of client_keys")
                continue
            try:
                value = from_wire(raw, self._values.get(name))
                self._put(name, value, origin)
            except Exception as error:
                refused.append(f"{self._title}.{name}: {error}")
                self._audience().tell_again(name)
            else:
                if value is not raw and to_wire(value) != raw:
                    self._audience().tell_again(name)
        return refused

    # -- within

    def _put(self, name: Any, value: Any, origin: str | None = None) -> None:
        kind = value.__class__
        plain = kind in PLAIN
        old = self._values.get(name, _MISSING)
        if old is value or (old.__class__ is kind and (old == value if plain else is_same(old, value))):
            return
        if self._mirrored and not (plain and name.__class__ is str):
            self._check_sayable(name, value)
        self._check_ties(name, value)
        self._values[name] = value
        self._mark(name, origin)

    def _check(self, name: Any, value: Any) -> None:
        """Raises what `_put` would raise."""
        if self._mirrored:
            self._check_sayable(name, value)
        self._check_ties(name, value)

    def _check_sayable(self, name: Any, value: Any) -> None:
        """Raises TypeError for what pages cannot have."""
        if not isinstance(name, str):
            raise TypeError(f"{self._title}: a name must be str, not {type(name).__name__} ({name!r:.60})")
        if value.__class__ not in PLAIN:
            try:
                check_sayable(value)
            except TypeError as error:
                raise TypeError(f"{self._title}.{name}: {error}") from None

    def _check_ties(self, name: Any, value: Any) -> None:
        """Raises PropertyTypeError or PropertyValueError for what a bound widget does not take."""
        if self._own._ties is not None:
            self._own.check(name, value)

    def _mark(self, name: Any, origin: str | None = None) -> None:
        self._own.mark(name, origin, self._quiet is not None and self._is_quiet(name))

    def _is_quiet(self, name: Any) -> bool:
        return any(not names or name in names for names in self._quiet or ())

    def _audience(self) -> Audience:
        """The side of whoever asks."""
        return self._own

    def _audiences(self) -> Iterable[Audience]:
        """All that are to hear of a change."""
        return (self._own,)


_OWN_NAMES: Final = frozenset(name for name in vars(State) if not name.startswith("_"))


def _restore_state(kind: type[State]) -> State:
    return kind._of("", None)
