"""The current session's own variables."""

import warnings
from collections.abc import Iterator
from typing import Any

from ..current import current_session


class Local:
    """The `local` of the current session's application (docs/state.md), under one name for all sessions."""

    __slots__ = ()

    @property
    def _dict(self) -> dict[Any, Any]:
        """The variables, as a dict of their own."""
        state = _state()
        return {name: state[name] for name in state}

    def __getattr__(self, name: str) -> Any:
        return getattr(_state(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_state(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_state(), name)

    def __getitem__(self, name: Any) -> Any:
        return _state()[name]

    def __setitem__(self, name: Any, value: Any) -> None:
        _state()[name] = value

    def __delitem__(self, name: Any) -> None:
        del _state()[name]

    def __contains__(self, name: object) -> bool:
        return name in _state()

    def __iter__(self) -> Iterator[Any]:
        return iter(_state())

    def __len__(self) -> int:
        return len(_state())

    def __bool__(self) -> bool:
        return bool(_state())

    def __eq__(self, other: object) -> bool:
        return bool(_state() == (_state() if other is self else other))

    __hash__ = None  # type: ignore[assignment]

    def __enter__(self) -> Any:
        return _state().__enter__()

    def __exit__(self, *error: Any) -> Any:
        return _state().__exit__(*error)

    def __repr__(self) -> str:
        return f"<jibe_like.session.local: {_state()!r}>"


local = Local()


def data() -> Local:
    """Deprecated: use `local`."""
    warnings.warn("data() is deprecated: use session.local", DeprecationWarning, stacklevel=2)
    return local


def _state() -> Any:
    document: Any = current_session("local").document
    return document.local
