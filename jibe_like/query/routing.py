"""Functions for queries by what led to them: `@on("save")`, `@on("#about")`, `@on(lambda q: ...)`."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import isawaitable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jibe_like.tree.events import arity

from .occurrence import HASH

if TYPE_CHECKING:
    from .context import Query

F = TypeVar("F", bound=Callable[..., Any])
Predicate = Callable[[Any], object]

_PLACE: Final = re.compile(r"\\\{([A-Za-z_]\w*)\\\}")


@dataclass(frozen=True, slots=True)
class _Route:
    function: Callable[..., Any]
    takes: int
    """How many arguments: the query, and the value."""
    arg: str | Predicate
    predicate: Predicate | None
    pattern: re.Pattern[str] | None

    def arguments(self, q: "Query") -> tuple[tuple[Any, ...], dict[str, str]] | None:
        """What the function is to be called with; None where it is not meant."""
        occurrence = q.occurrence
        if self.pattern is not None:
            found = self.pattern.fullmatch(occurrence.args[HASH]) if HASH in occurrence.used else None
            return ((q,), found.groupdict()) if found else None
        if callable(self.arg):
            return ((q,)[: self.takes], {}) if self.arg(q) else None
        name, dot, event = self.arg.partition(".")
        if dot and event in occurrence.events.get(name, {}):
            value = occurrence.events[name][event]
        elif not dot and name in occurrence.used:
            value = occurrence.args[name]
        else:
            return None
        if self.predicate is not None and not self.predicate(value):
            return None
        return (q, value)[: self.takes], {}


_routes: dict[str, dict[object, _Route]] = {}
"""By module and, in it, by what was given to `on`."""


def on(arg: str | Predicate | None = None, predicate: Predicate | None = None) -> Callable[[F], F]:
    """Marks the function that `run_on(q)` calls for some queries. Plain or `async`; gets the query and the value.

        @on("save")                        # the button of that name was clicked, the input changed, the form sent
        async def save(q): ...

        @on("volume", lambda value: value > 90)
        def warn(q, value): ...

        @on("orders.select")               # that event of that widget; the value is its data
        async def show(q, data): ...

        @on("#user/{name}")                # the page's address ends with #user/ada
        async def user(q, name): ...

        @on(lambda q: not q.client.ready)  # whenever this holds, and no name fits
        async def begin(q): ...

    :param arg: None for the function's own name.
    :param predicate: a condition on the value.

    A later function for the same takes the place of an earlier one in the same module. Raises TypeError for a function
    that does not take such arguments.
    """
    if not (arg is None or callable(arg) or (isinstance(arg, str) and arg)):
        raise TypeError(f"on() takes a name, a '#…', or a condition, not {arg!r:.60}")
    if inspect.iscoroutinefunction(arg):
        raise TypeError(f"on is used with parentheses: @on() above {_name(arg)}, or @on('name')")
    if predicate is not None and (callable(arg) or not callable(predicate)):
        raise TypeError("on(): the predicate is a condition on the value of a name, as in @on('name', bool)")

    def mark(function: F) -> F:
        wanted = function.__name__ if arg is None else arg
        pattern = None
        if isinstance(wanted, str) and wanted.startswith(HASH):
            pattern = re.compile(_PLACE.sub(r"(?P<\1>[^/]+)", re.escape(wanted[1:])))
            names = dict.fromkeys(pattern.groupindex, "")
            try:
                inspect.signature(function).bind(None, **names)
            except TypeError as error:
                raise TypeError(f"{_name(function)} cannot answer {wanted!r}: {error}") from None
        takes = arity(function, 2) if pattern is None else 1
        key: object = wanted
        if predicate is not None or callable(wanted):
            # A lambda is another one each time, also where its module is loaded again; its code is not.
            condition = predicate or wanted
            key = _name(function), predicate and wanted, getattr(condition, "__code__", condition)
        _routes.setdefault(function.__module__, {})[key] = _Route(function, takes, wanted, predicate, pattern)
        return function

    return mark


async def run_on(q: "Query", *modules: ModuleType) -> bool:
    """Calls the first `@on` function that is meant: those for names, events and hashes before those with a condition.

    :param modules: where they are defined, in this order; the query handler's own module comes first always.

    Gives whether there was one.
    """
    names = dict.fromkeys((type(q.page).__module__, *(module.__name__ for module in modules)))
    routes = [route for name in names for route in _routes.get(name, {}).values()]
    for route in sorted(routes, key=lambda route: callable(route.arg)):
        arguments = route.arguments(q)
        if arguments is not None:
            result = route.function(*arguments[0], **arguments[1])
            if isawaitable(result):
                await result
            return True
    return False


handle_on = run_on
"""Wave's older name."""


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", function))
