"""Functions by name, which may be used before they are written and replaced afterwards."""

from collections.abc import Callable
from inspect import Signature
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jibe_like.errors import FunctionNotImplementedError

from .translator import Translator
from .triggers import Function, Triggers

if TYPE_CHECKING:
    from jibe_like.server import Server

F = TypeVar("F", bound=Function)
Start = Callable[[Any], Any]
"""Runs a coroutine as a task, and gives that."""


class Controller:
    """A server's functions by name, as attributes or items.

        ctrl = server.controller
        button.register("click", ctrl.reset)  # before anybody has said what that is

        @ctrl.set("reset")
        def reset():
            server.state.count = 0

    An entry that is called while nothing is set or added raises FunctionNotImplementedError.
    """

    def __init__(self, server: "Server", translator: Translator, triggers: Triggers, start: Start) -> None:
        for name, value in (
            ("_server", server),
            ("_translator", translator),
            ("_triggers", triggers),
            ("_start", start),
            ("_entries", {}),
        ):
            object.__setattr__(self, name, value)

    if TYPE_CHECKING:
        _server: Server
        _translator: Translator
        _triggers: Triggers
        _start: Start
        _entries: dict[str, "ControllerFunction"]

    def for_child(self, server: "Server", translator: Translator) -> "Controller":
        """The same functions, under the names of a child server."""
        child = Controller(server, translator, self._triggers, self._start)
        object.__setattr__(child, "_entries", self._entries)
        return child

    def __reduce__(self) -> tuple[Any, ...]:
        return _controller_of, (self._server,)

    def __getattr__(self, name: str) -> "ControllerFunction":
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self[name]

    def __getitem__(self, name: str) -> "ControllerFunction":
        key = self._translator(name)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = ControllerFunction(self._server.root_server.controller, key, self._start)
        return entry

    def __setattr__(self, name: str, function: Function | None) -> None:
        if hasattr(type(self), name) or name in self.__dict__:
            raise NameError(f"{name!r} is a method of the controller, and no name for an entry of it")
        self[name].func = function

    def __setitem__(self, name: str, function: Function | None) -> None:
        self[name].func = function

    def __contains__(self, name: str) -> bool:
        entry = self._entries.get(self._translator(name))
        return entry is not None and entry.exists()

    # -- decorators

    def set(self, name: str, clear: bool = False) -> Callable[[F], F]:
        """`@ctrl.set("save")`: the function is what `ctrl.save()` calls, and gives its result.

        :param clear: forget first what was added to the entry.
        """
        return self._decorator(name, clear, lambda entry, function: entry.set(function))

    def set_task(self, name: str, clear: bool = False) -> Callable[[F], F]:
        """As `set`, for an `async` function: it runs as a task, which is the result."""
        return self._decorator(name, clear, lambda entry, function: entry.set_task(function))

    def add(self, name: str, clear: bool = False) -> Callable[[F], F]:
        """`@ctrl.add("changed")`: the function is called as well."""
        return self._decorator(name, clear, lambda entry, function: entry.add(function))

    def add_task(self, name: str, clear: bool = False) -> Callable[[F], F]:
        """As `add`, for an `async` function: it runs as a task."""
        return self._decorator(name, clear, lambda entry, function: entry.add_task(function))

    def once(self, name: str) -> Callable[[F], F]:
        """As `add`, for the next call alone."""
        return self._decorator(name, False, lambda entry, function: entry.once(function))

    def _decorator(
        self, name: str, clear: bool, put: "Callable[[ControllerFunction, Function], None]"
    ) -> Callable[[F], F]:
        def decorate(function: F) -> F:
            entry = self[name]
            if clear:
                entry.clear()
            put(entry, function)
            return function

        return decorate

    # -- triggers

    @property
    def has_triggers(self) -> bool:
        """Whether there is anything that a page may call."""
        return len(self._triggers) > 0

    def trigger(self, name: str) -> Callable[[F], F]:
        """`@ctrl.trigger("save")`: a page's JavaScript may call the function: `jibe.trigger("save", [args])`.

        Raises TypeError without a name.
        """
        if not isinstance(name, str):
            raise TypeError(f"a trigger is given a name, as in @server.trigger('save'), not {name!r:.60}")
        key = self._translator(name)

        def decorate(function: F) -> F:
            self._triggers.add(key, function)
            return function

        return decorate

    def trigger_name(self, function: Function) -> str:
        """The name by which the page calls the function; it gets one where it has none."""
        return self._triggers.name_of(function)

    def trigger_fn(self, name: str) -> Function | None:
        """The function that a trigger calls."""
        return self._triggers.find(self._translator(name))

    def trigger_unregister(self, function_or_name: Function | str) -> bool:
        """Takes a trigger back. False where there is none."""
        if isinstance(function_or_name, str):
            function_or_name = self._translator(function_or_name)
        return self._triggers.remove(function_or_name)


class ControllerFunction:
    """An entry of a controller: what it calls can be set, added to and replaced at any time.

    What is set is called first, then what was added, in that order. The result is that of what is set; a list of the
    results of all, where something was added. An entry may be the handler of a widget's event: it is called without
    arguments then.
    """

    __signature__: Final = Signature()

    def __init__(self, controller: Controller, name: str, start: Start) -> None:
        self.name = name
        self._controller = controller
        self._start = start
        self._set: tuple[Function, bool] | None = None
        self._added: dict[Function, bool] = {}
        self._once: dict[Function, None] = {}
        self._may_be_empty = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _entry_of, (self._controller, self.name)

    def __repr__(self) -> str:
        return f"ControllerFunction({self.name})"

    @property
    def func(self) -> Function | None:
        """What is set."""
        return self._set[0] if self._set is not None else None

    @func.setter
    def func(self, function: Function | None) -> None:
        if function is None:
            self._set = None
        else:
            self.set(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        chosen, added = self._set, [*self._added.items(), *((function, False) for function in self._once)]
        # Before any of them runs: one of them may call this again.
        self._once.clear()
        if chosen is None and not added:
            if self._may_be_empty:
                return None
            raise FunctionNotImplementedError(f"controller.{self.name} is not defined: set it or add to it first")
        calls = [chosen, *added] if chosen is not None else added
        results = [self._call(function, is_task, args, kwargs) for function, is_task in calls]
        return results if added else results[0]

    def _call(self, function: Function, is_task: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = function(*args, **kwargs)
        return self._start(result) if is_task else result

    def set(self, function: Function) -> None:
        """This is what it calls, and whose result it gives."""
        self._set = (_callable(function), False)

    def set_task(self, function: Function) -> None:
        """As `set`, for an `async` function: it runs as a task."""
        self._set = (_callable(function), True)

    def add(self, function: Function) -> None:
        """It calls this as well."""
        self._added[_callable(function)] = False

    def add_task(self, function: Function) -> None:
        """As `add`, for an `async` function: it runs as a task."""
        self._added[_callable(function)] = True

    def once(self, function: Function) -> None:
        """It calls this as well, the next time."""
        self._once[_callable(function)] = None

    def discard(self, function: Function) -> None:
        """Forgets a function, whether it was set or added."""
        if self.func == function:
            self._set = None
        self._added.pop(function, None)
        self._once.pop(function, None)

    def remove(self, function: Function) -> None:
        """Forgets a function that was added. Raises KeyError where it was not."""
        if function in self._once:
            del self._once[function]
        else:
            del self._added[function]

    remove_task = remove

    def clear(self, set_only: bool = False) -> None:
        """Forgets everything; with `set_only` (trame's name) what was added alone, and what is set stays."""
        if not set_only:
            self._set = None
        self._added.clear()
        self._once.clear()

    def exists(self) -> bool:
        """Whether anything is set or added."""
        return self._set is not None or bool(self._added or self._once)

    def enable_empty(self, value: bool = True) -> "ControllerFunction":
        """From now on a call while there is nothing to call gives None. Gives the entry itself."""
        self._may_be_empty = value
        return self


def _callable(function: Function) -> Function:
    if not callable(function):
        raise TypeError(f"a controller holds functions, not {type(function).__name__}")
    return function


def _controller_of(server: "Server") -> Controller:
    return server.controller


def _entry_of(controller: Controller, name: str) -> ControllerFunction:
    return controller[name]
