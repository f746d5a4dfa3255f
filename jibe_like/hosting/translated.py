"""A child server's view of what its root's sessions share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jibe_like.session.state.listener import Listener
from jibe_like.session.state.state import State

from .translator import Translator

F = TypeVar("F", bound=Callable[..., Any])


class TranslatedState:
    """The root's state, under the names of a child server. Used like a `State`.

    Names for which the child has none are not seen; those that it sets are the root's under their translation.
    """

    __slots__ = ("_state", "_translator")

    def __init__(self, state: State, translator: Translator) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "_translator", translator)

    if TYPE_CHECKING:
        _state: State
        _translator: Translator

    def __reduce__(self) -> tuple[Any, ...]:
        return TranslatedState, (self._state, self._translator)

    # -- values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN_NAMES or name.startswith("_"):
            raise AttributeError(f"{name!r} is a name of every state: use state[{name!r}]")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __getitem__(self, name: str) -> Any:
        return self._state[self._translator(name)]

    def __setitem__(self, name: str, value: Any) -> None:
        self._state[self._translator(name)] = value

    def __delitem__(self, name: str) -> None:
        del self._state[self._translator(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._translator(name) in self._state

    def __iter__(self) -> Iterator[str]:
        return iter(self.initial)

    def __len__(self) -> int:
        return len(self.initial)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TranslatedState | State):
            other = other.initial
        return self.initial == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TranslatedState({self.initial!r})"

    @property
    def initial(self) -> dict[str, Any]:
        """All values that the child sees. A copy."""
        return self._translator.reverse_translate_dict(
            {name: value for name, value in self._state.initial.items() if isinstance(name, str)}
        )

    def has(self, name: str) -> bool:
        """Whether the name is there; the same as `in`."""
        return name in self

    def setdefault(self, name: str, value: Any) -> Any:
        """As `State.setdefault`."""
        return self._state.setdefault(self._translator(name), value)

    def update(self, values: "Mapping[str, Any] | TranslatedState | None" = None, /, **named: Any) -> None:
        """As `State.update`."""
        given = values.initial if isinstance(values, TranslatedState) else values or {}
        self._state.update(self._translator.translate_dict({**given, **named}))

    # -- changes

    def change(self, *names: str) -> Callable[[F], F]:
        """As `State.change`. The function gets values by the child's names."""

        def listen(function: F) -> F:
            self._state.change(*self._translator.translate_list(names))(_Heard(function, self._translator))
            return function

        return listen

    def dirty(self, *names: str) -> None:
        """As `State.dirty`."""
        self._state.dirty(*self._translator.translate_list(names))

    def clean(self, *names: str) -> None:
        """As `State.clean`."""
        self._state.clean(*self._translator.translate_list(names))

    def is_dirty(self, *names: str) -> bool:
        """As `State.is_dirty`."""
        return self._state.is_dirty(*self._translator.translate_list(names))

    def is_dirty_all(self, *names: str) -> bool:
        """As `State.is_dirty_all`."""
        return self._state.is_dirty_all(*self._translator.translate_list(names))

    @property
    def modified_keys(self) -> set[str]:
        """As `State.modified_keys`: those for which the child has a name."""
        return self._own(self._state.modified_keys)

    def flush(self) -> set[str]:
        """As `State.flush`."""
        return self._own(self._state.flush())

    def __enter__(self) -> "TranslatedState":
        return self

    def __exit__(self, *error: object) -> None:
        self._state.flush()

    def suppress_change_listeners(self, *names: str) -> AbstractContextManager[None]:
        """As `State.suppress_change_listeners`."""
        return self._state.suppress_change_listeners(*self._translator.translate_list(names))

    def bind(self, name: str, **options: Any) -> Any:
        """As `State.bind`."""
        return self._state.bind(self._translator(name), **options)

    def client_keys(self, *names: str) -> None:
        """As `State.client_keys`."""
        self._state.client_keys(*self._translator.translate_list(names))

    def client_only(self, *names: str) -> None:
        """As `State.client_only`."""
        self._state.client_only(*self._translator.translate_list(names))

    def _own(self, names: set[Any]) -> set[str]:
        return {self._translator.reverse_translate_key(name) for name in names if self._translator.is_own(name)}


class _Heard:
    """A listener of a child server: gets the values by the child's names."""

    def __init__(self, function: Callable[..., Any], translator: Translator) -> None:
        self.function = function
        self.translator = translator

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Heard) and (other.function, other.translator) == (self.function, self.translator)

    def __hash__(self) -> int:
        return hash(self.function)

    def __call__(self, **values: Any) -> Any:
        return Listener(self.function, ()).call(self.translator.reverse_translate_dict(values))


_OWN_NAMES: Final = frozenset(name for name in vars(TranslatedState) if not name.startswith("_"))
