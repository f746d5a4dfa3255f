"""Values by name, with no names of its own."""

from collections.abc import Iterator, Mapping
from typing import Any


class Expando:
    """Values by name, as attributes and as items; a name that is not there is None. `vars(values)` is the dict.

    Unlike a `State` it has no methods: a button may well be called `update`. Deleting a name that is not there raises
    KeyError.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        vars(self).update(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return None

    def __setattr__(self, name: str, value: Any) -> None:
        vars(self)[name] = value

    def __delattr__(self, name: str) -> None:
        del vars(self)[name]

    def __getitem__(self, name: str) -> Any:
        return vars(self).get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        vars(self)[name] = value

    def __delitem__(self, name: str) -> None:
        del vars(self)[name]

    def __contains__(self, name: object) -> bool:
        return name in vars(self)

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __len__(self) -> int:
        return len(vars(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Expando):
            other = vars(other)
        return vars(self) == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Expando({vars(self)!r})"
