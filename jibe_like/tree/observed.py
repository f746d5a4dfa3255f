"""Collections that notice what is done to them in place."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from .lock import STRUCTURE

# fmt: off
_MUTATORS = (
    "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "__setitem__",
    "__delitem__", "__iadd__", "__imul__",
)
# fmt: on


class ObservedList(list[Any]):
    """The value of a list property. A change made in place is checked and shown like a newly assigned list."""

    __slots__ = ("_name", "_widget")

    def __init__(self, widget: Any, name: str, items: Iterable[Any]) -> None:
        super().__init__(items)
        self._widget = widget
        self._name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore_list, (), (self._widget, self._name, list(self)), None, None, _set_list_state)


def _restore_list() -> ObservedList:
    return ObservedList.__new__(ObservedList)


def _set_list_state(kept: ObservedList, state: tuple[Any, str, list[Any]]) -> None:
    kept._widget, kept._name, items = state
    list.extend(kept, items)


def _through_the_property(mutator: str) -> Callable[..., Any]:
    change = getattr(list, mutator)

    def method(self: ObservedList, *args: Any, **kwargs: Any) -> Any:
        declared = type(self._widget)._properties[self._name]
        result = declared.change_list(self._widget, lambda changed: change(changed, *args, **kwargs))
        return self if mutator in ("__iadd__", "__imul__") else result

    method.__name__ = mutator
    method.__doc__ = change.__doc__
    return method


for _mutator in _MUTATORS:
    setattr(ObservedList, _mutator, _through_the_property(_mutator))


class Facet(Protocol):
    """What an `ObservedDict` holds of its widget."""

    name: str
    """What the widget calls it."""

    def check(self, widget: Any, name: str, value: Any) -> Any:
        """The value to store, None to remove it; raises for what cannot be."""

    def show(self, widget: Any, name: str, value: Any) -> None:
        """The value is stored, or removed where it is None. Not before: from another thread it is read later."""


class ObservedDict(dict[str, Any]):
    """A widget's `style` or `attributes`: checks each value, and shows each change."""

    __slots__ = ("_facet", "_widget")

    def __init__(self, widget: Any, facet: Facet) -> None:
        super().__init__()
        self._widget = widget
        self._facet = facet

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore_dict, (), (self._widget, self._facet, dict(self)), None, None, _set_dict_state)

    def __setitem__(self, name: str, value: Any) -> None:
        stored = self._facet.check(self._widget, name, value)
        with STRUCTURE:
            if stored is None:
                super().pop(name, None)
            else:
                super().__setitem__(name, stored)
        self._facet.show(self._widget, name, stored)

    def __delitem__(self, name: str) -> None:
        with STRUCTURE:
            super().__delitem__(name)
        self._facet.show(self._widget, name, None)

    def update(self, *args: Any, **kwargs: Any) -> None:
        for name, value in self._as_dict(*args, **kwargs).items():
            self[name] = value

    def _as_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return dict(*args, **kwargs)
        except (TypeError, ValueError):
            given = f"{type(args[0]).__name__} ({args[0]!r:.60})"
            raise TypeError(f"{self._widget!r}.{self._facet.name} must be a dict, not {given}") from None

    def __ior__(self, other: Any) -> "ObservedDict":  # type: ignore[override,misc]
        self.update(other)
        return self

    def setdefault(self, name: str, default: Any = None) -> Any:
        with STRUCTURE:
            if name not in self:
                self[name] = default
            return self.get(name)

    def pop(self, name: str, *default: Any) -> Any:
        with STRUCTURE:
            if name in self:
                value = self[name]
                del self[name]
                return value
            return super().pop(name, *default)

    def popitem(self) -> tuple[str, Any]:
        with STRUCTURE:
            name = next(reversed(self)) if self else ""
            return name, self.pop(name)

    def clear(self) -> None:
        with STRUCTURE:
            for name in list(self):
                del self[name]

    def replace(self, values: Mapping[str, Any]) -> None:
        """Makes the content equal to `values`; only what differs is shown."""
        values = self._as_dict(values)
        with STRUCTURE:
            for name in [name for name in self if name not in values]:
                del self[name]
            for name, value in values.items():
                if self.get(name) != value:
                    self[name] = value


def _restore_dict() -> ObservedDict:
    return ObservedDict.__new__(ObservedDict)


def _set_dict_state(kept: ObservedDict, state: tuple[Any, Facet, dict[str, Any]]) -> None:
    kept._widget, kept._facet, values = state
    dict.update(kept, values)


class NotifyList2(list[Any]):
    """A list that calls back after each change (jibe's name).

    Callables appended to `_on_append_callbacks` (and `extend`, `insert`, `remove`, `pop`, `clear`, `sort`, `reverse`,
    `setitem`, `delitem`, `iadd`, `imul`) are called with the arguments of the method, after the list has changed.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for name in _MUTATORS:
            setattr(self, f"_on_{name.strip('_')}_callbacks", [])


def _calling_back(mutator: str) -> Callable[..., Any]:
    change = getattr(list, mutator)
    callbacks = f"_on_{mutator.strip('_')}_callbacks"

    def method(self: NotifyList2, *args: Any, **kwargs: Any) -> Any:
        result = change(self, *args, **kwargs)
        for callback in getattr(self, callbacks):
            callback(*args, **kwargs)
        return result

    method.__name__ = mutator
    method.__doc__ = change.__doc__
    return method


for _mutator in _MUTATORS:
    setattr(NotifyList2, _mutator, _calling_back(_mutator))
