"""Functions that a page's JavaScript may call by name: `jibe.trigger(name)`."""

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)


class Triggers:
    """Functions by name, and names by function."""

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}
        self._names: dict[Function, str] = {}
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._functions)

    def add(self, name: str, function: Function) -> None:
        """From now on the page may call the function by this name; whatever had the name before is forgotten."""
        before = self._functions.get(name)
        if before is not None and self._names.get(before) == name:
            del self._names[before]
        self._functions[name] = function
        self._names[function] = name

    def name_of(self, function: Function) -> str:
        """The function's name: the one it was given, else `trigger__1`, `trigger__2`, …"""
        name = self._names.get(function)
        if name is None:
            name = f"trigger__{next(self._numbers)}"
            self.add(name, function)
        return name

    def find(self, name: str) -> Function | None:
        """The function of that name."""
        return self._functions.get(name)

    def remove(self, function_or_name: Function | str) -> bool:
        """Takes a trigger back, by its function or its name. False where there is none."""
        if isinstance(function_or_name, str):
            name: str | None = function_or_name
        else:
            name = self._names.get(function_or_name)
        function = self._functions.pop(name, None) if name is not None else None
        if function is not None and self._names.get(function) == name:
            del self._names[function]
        return function is not None
