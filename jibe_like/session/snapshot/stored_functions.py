"""How functions, methods and closures go into a snapshot and come back.

Pickle stores a function as the name by which it is imported. Here that is tried first; a function without such a name
is stored as a reference to its code (`code_reference`) together with its defaults and the cells of its closure. It
comes back with today's code and the live globals of its module. Annotations are not kept.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pickle import PicklingError
from types import BuiltinMethodType, CellType, FunctionType, MethodType, ModuleType
from typing import Any, NoReturn, TypeAlias

from jibe_like.errors import LostFunctionError

from .code_reference import CodeReference, find_attribute, find_code, mangled, refer
from .main_module import canonical_module, resolve_module

Reduced: TypeAlias = tuple[Any, ...]

_losses: ContextVar[dict[str, None]] = ContextVar("_losses")


@contextmanager
def noting_losses() -> Iterator[dict[str, None]]:
    """Collects, in order, a line for each function that could not be found again while unpickling."""
    losses: dict[str, None] = {}
    token = _losses.set(losses)
    try:
        yield losses
    finally:
        _losses.reset(token)


class LostFunction:
    """Stands for a function that the code no longer has. Calling it raises LostFunctionError.

    It is stored like the function it stands for, so that code which has the function again finds it again.
    """

    __slots__ = ("line", "rebuild", "state")

    def __init__(self, line: str, rebuild: tuple[Callable[..., Any], tuple[Any, ...]]) -> None:
        self.line = line
        self.rebuild = rebuild
        self.state: Any = None
        _losses.get({})[line] = None

    def __repr__(self) -> str:
        return f"<LostFunction: {self.line}>"

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LostFunctionError(self.line)

    def __reduce__(self) -> Reduced:
        if self.state is None:
            return self.rebuild
        return (*self.rebuild, self.state, None, None, restore_function)


# -- functions


def reduce_function(function: FunctionType) -> Any:
    """For the pickler. Raises PicklingError for one whose code stands in no module."""
    module_name, qualname = function.__module__, function.__qualname__
    if module_name == __name__:
        return NotImplemented  # what loads the others is itself loaded by pickle's own means
    module = sys.modules.get(module_name)
    if module is not None and "<locals>" not in qualname:
        try:
            if find_attribute(module, qualname) is function:
                return named_function, (canonical_module(module_name), qualname)
        except AttributeError:
            pass
    reference = refer(function)
    if reference is None:
        raise PicklingError("its code was made at run time, or its module's source is not there")
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    state = _state(function, dict(zip(names, values, strict=True)))
    return make_function, (reference, function.__closure__ or (), names), state, None, None, restore_function


def _state(function: FunctionType, defaults: dict[str, Any]) -> tuple[Any, ...] | None:
    code = function.__code__
    attributes = dict(function.__dict__)
    if function.__name__ != code.co_name:
        attributes["__name__"] = function.__name__
    if function.__qualname__ != code.co_qualname:
        attributes["__qualname__"] = function.__qualname__
    if function.__module__ != function.__globals__.get("__name__"):
        attributes["__module__"] = function.__module__
    state = defaults, function.__kwdefaults__, attributes
    return state if any(state) else None


def named_function(module: str, qualname: str) -> Callable[..., Any]:
    """Loads a function by its name."""
    rebuild = named_function, (module, qualname)
    try:
        found = find_attribute(resolve_module(module), qualname)
    except (ImportError, AttributeError):
        return LostFunction(f"{_place(module, qualname)} is not in the code any more", rebuild)
    return found if callable(found) else LostFunction(f"{_place(module, qualname)} is no function any more", rebuild)


def make_function(
    reference: CodeReference, cells: tuple[CellType, ...], defaults: tuple[str, ...]
) -> Callable[..., Any]:
    """Loads a function by the place of its code.

    :param cells: those of its closure, perhaps not filled yet.
    :param defaults: the positional parameters that have one; `restore_function` knows the values.
    """
    rebuild = make_function, (reference, cells, defaults)
    place = _place(reference.module, reference.qualname)
    try:
        module = resolve_module(reference.module)
    except ImportError:
        return LostFunction(f"{place} is not in the code any more: its module is gone", rebuild)
    code = find_code(module, reference)
    if code is None:
        return LostFunction(f"{place} is not in the code any more", rebuild)
    closure = dict(zip(reference.freevars, cells, strict=True))
    unknown = [name for name in code.co_freevars if name not in closure]
    # The value of a default is known to the code around the function alone, which has run long ago.
    optional = code.co_varnames[: code.co_argcount]
    while optional and optional[0] not in defaults:
        optional = optional[1:]
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    unknown += [name for name in optional + keywords if name not in reference.parameters]
    if unknown:
        return LostFunction(f"{place} has changed: it needs {', '.join(unknown)} now, which was not stored", rebuild)
    return FunctionType(code, module.__dict__, None, None, tuple(closure[name] for name in code.co_freevars))


def restore_function(function: FunctionType | LostFunction, state: tuple[Any, ...]) -> None:
    """Loads defaults and attributes. Those of parameters that today's code does not have are dropped."""
    if isinstance(function, LostFunction):
        function.state = state
        return
    defaults, kwdefaults, attributes = state
    code = function.__code__
    values: list[Any] = []
    for name in reversed(code.co_varnames[: code.co_argcount]):
        if name not in defaults:
            break
        values.insert(0, defaults[name])
    function.__defaults__ = tuple(values) or None
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    function.__kwdefaults__ = {name: kwdefaults[name] for name in keywords if name in (kwdefaults or {})} or None
    for name, value in attributes.items():
        setattr(function, name, value)


def _place(module: str, qualname: str) -> str:
    return f"{module.partition(':')[0]}.{qualname}"


# -- methods


def reduce_method(method: MethodType) -> Reduced:
    """For the pickler: by the attribute's name, or, where that leads elsewhere, as its function and its owner."""
    function, owner = method.__func__, method.__self__
    name = getattr(function, "__name__", "")
    scope = getattr(function, "__qualname__", "").rpartition(".")[0]
    name = mangled(name, scope.rpartition(".")[2])
    found = getattr(owner, name, None)
    if type(found) is MethodType and found.__func__ is function and found.__self__ is owner:
        return bound_method, (owner, name)
    return bind, (function, owner)


def reduce_builtin(method: BuiltinMethodType) -> Any:
    """For the pickler: a built-in method of an object (`task.cancel`), as far as it is no function of a module."""
    owner = method.__self__
    return (
        NotImplemented if owner is None or isinstance(owner, ModuleType) else (bound_method, (owner, method.__name__))
    )


def bound_method(owner: Any, name: str) -> Callable[..., Any]:
    """Loads a method by its name."""
    found = getattr(owner, name, None)
    if callable(found):
        return found  # type: ignore[no-any-return]
    kind = owner if isinstance(owner, type) else type(owner)
    if owner is None:
        line = f"the method {name} belongs to an object that is not stored"
    else:
        line = f"{_place(kind.__module__, kind.__qualname__)}.{name} is not in the code any more"
    return LostFunction(line, (bound_method, (owner, name)))


def bind(function: Callable[..., Any], owner: Any) -> Callable[..., Any]:
    """Loads a method that no attribute leads to."""
    return MethodType(function, owner)


# -- closures


def reduce_cell(cell: CellType) -> Reduced:
    """For the pickler. The content comes after the cell, since it may lead back to it."""
    try:
        content = cell.cell_contents
    except ValueError:
        return make_cell, ()
    return make_cell, (), (content,), None, None, fill_cell


def make_cell() -> CellType:
    """Loads an empty cell."""
    return CellType()


def fill_cell(cell: CellType, state: tuple[Any]) -> None:
    """Loads a cell's content."""
    cell.cell_contents = state[0]
