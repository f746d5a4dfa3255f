"""A function that wants to hear of changes of a state."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

_ALL: Final = "**"


class Listener:
    """The function, and the names that it listens to."""

    __slots__ = ("_takes", "function", "names")

    def __init__(self, function: Callable[..., Any], names: Iterable[Any]) -> None:
        if not callable(function):
            raise TypeError(f"a listener must be callable, not {type(function).__name__}")
        self.function = function
        self.names = set(names)
        self._takes: Mapping[str, bool] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Not what it takes: it may come back with other code.
        return Listener, (self.function, list(self.names))

    def call(self, values: Mapping[Any, Any]) -> Any:
        """Calls the function with what it takes of the values, by name; gives its result.

        With `**` it gets all. A parameter without a default whose name is missing gets None.
        """
        if self._takes is None:
            self._takes = _parameters(self.function)
        if _ALL in self._takes:
            # A copy: another thread may set one meanwhile.
            arguments = {name: value for name, value in dict(values).items() if isinstance(name, str)}
        else:
            arguments = {}
        for name, has_default in self._takes.items():
            if name != _ALL and (name in values or not has_default):
                arguments[name] = values.get(name)
        return self.function(**arguments)


def _parameters(function: Callable[..., Any]) -> dict[str, bool]:
    """What can be given by name: whether it has a default. `**` stands for all further names."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a built-in that does not tell
        return {}
    found = {
        each.name: each.default is not each.empty
        for each in parameters
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    }
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        found[_ALL] = True
    return found
