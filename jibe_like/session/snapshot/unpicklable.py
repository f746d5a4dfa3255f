"""Finds what in a session cannot be stored, and by which attributes it is reached.

Pickle's own error names the type alone. This search asks each object for its parts as pickle does, the nearest first;
so the path is the shortest there is, and what it ends at is the thing itself and nothing that merely holds it. It is
slow, and needed only after pickling has failed.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from copyreg import dispatch_table
from functools import partial
from pickle import PicklingError
from types import BuiltinMethodType, CellType, FunctionType, MethodType
from typing import Any, Final, TypeAlias

from jibe_like.errors import UnpicklableError

from .code_reference import find_attribute

Part: TypeAlias = tuple[str, Any]
"""What leads to it, to be put after the path of the whole; and the part."""
Override: TypeAlias = Callable[[Any], Any]
"""The pickler's `reducer_override`."""

_ATOMS: Final = frozenset({type(None), bool, int, float, str, bytes, bytearray, type(...), type(NotImplemented)})
_LONGEST_KEY: Final = 40
_LONGEST_PATH: Final = 400


def find_unpicklable(root: object, override: Override, *, too_deep: bool = False) -> UnpicklableError | None:
    """The error that names the first thing that cannot be stored; None where there is no such thing.

    :param too_deep: everything can be stored, but what is farthest from the root is too far from it: name that.
    """
    path, found = "", root
    seen: dict[int, object] = {}  # with the objects: an address is reused as soon as its object is gone
    queue = deque([(path, found)])
    while queue:
        path, found = queue.popleft()
        try:
            parts = list(_parts(found, override))
        except Exception as error:
            return _error(path, found, str(error) or type(error).__name__)
        for label, part in parts:
            if type(part) not in _ATOMS and id(part) not in seen:
                seen[id(part)] = part
                queue.append((path + label, part))
    return _error(path, found, "it is nested too deeply") if too_deep else None


def _error(path: str, found: object, reason: str) -> UnpicklableError:
    kind = type(found)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if len(path) > _LONGEST_PATH:
        path = f"{path[: _LONGEST_PATH // 2]} … {path[-_LONGEST_PATH // 2 :]}"
    return UnpicklableError(path.removeprefix(".") or "the session", name, reason)


def _parts(found: Any, override: Override) -> Iterator[Part]:
    """What pickle would store next. Raises what keeps it from storing this."""
    kind = type(found)
    if kind is list or kind is tuple:
        yield from _items(found)
    elif kind is dict:
        yield from _entries(found)
    elif kind is set or kind is frozenset:
        for item in found:
            yield "{…}", item
    else:
        reduced = _reduced(found, override)
        if isinstance(reduced, str):
            _check_name(found, reduced)
        else:
            yield from _reduced_parts(found, *reduced)


def _reduced(found: Any, override: Override) -> Any:
    reduced = override(found)
    if reduced is not NotImplemented:
        return reduced
    if isinstance(found, type):
        return found.__qualname__
    reducer = dispatch_table.get(type(found))
    return found.__reduce_ex__(5) if reducer is None else reducer(found)


def _reduced_parts(
    found: Any,
    rebuild: Callable[..., Any],
    arguments: tuple[Any, ...],
    state: Any = None,
    items: Iterator[Any] | None = None,
    entries: Iterator[tuple[Any, Any]] | None = None,
    restore: Any = None,
) -> Iterator[Part]:
    if getattr(rebuild, "__name__", "") in ("__newobj__", "__newobj_ex__"):
        _check_name(arguments[0], arguments[0].__qualname__, "its class")
        arguments = arguments[1:]
    if isinstance(found, FunctionType):
        yield from _function_parts(found)
        return
    if isinstance(found, CellType):
        yield from (("", content) for content in state or ())
        return
    if isinstance(found, partial):
        yield ".func", found.func
        yield from _items(found.args, ".args")
        yield from _entries(found.keywords, ".keywords")
    elif isinstance(found, MethodType | BuiltinMethodType):
        yield from ((".__self__" if part is found.__self__ else ".__func__", part) for part in arguments)
        return
    elif isinstance(found, list):
        yield from _items(found)
    elif isinstance(found, dict):
        yield from _entries(found)
    yield from _items(arguments, ".__reduce__()[1]")
    if restore is None and not hasattr(found, "__setstate__") and _is_attributes(state):
        for attributes in state if isinstance(state, tuple) else (state,):
            yield from ((f".{_public(found, name)}", value) for name, value in (attributes or {}).items())
    else:
        yield ".__getstate__()", state
    yield from _items(items or ())
    yield from _entries(dict(entries or ()))


def _is_attributes(state: Any) -> bool:
    """Whether the state is what `object.__getstate__` gives: a dict, or one of attributes and one of slots."""
    if isinstance(state, tuple) and len(state) == 2:
        return all(part is None or isinstance(part, dict) for part in state)
    return state is None or isinstance(state, dict)


def _function_parts(function: FunctionType) -> Iterator[Part]:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        yield f".__closure__[{name!r}]", cell
    yield from _items(function.__defaults__ or (), ".__defaults__")
    yield from _entries(function.__kwdefaults__ or {}, ".__kwdefaults__")
    for name, value in function.__dict__.items():
        yield f".{name}", value


def _items(items: Any, label: str = "") -> Iterator[Part]:
    for index, item in enumerate(items):
        yield f"{label}[{index}]", item


def _entries(entries: Any, label: str = "") -> Iterator[Part]:
    for key, value in dict.items(entries):
        shown = repr(key)
        name = f"{label}[{shown if len(shown) <= _LONGEST_KEY else shown[:_LONGEST_KEY] + '…'}]"
        yield name, value
        yield f"{name} (the key)", key


def _public(found: object, name: str) -> str:
    """The attribute by which the user knows a slot: `_children` is `children`, the property `_p_value` is `value`."""
    for prefix in ("_p_", "_"):
        if name.startswith(prefix) and hasattr(type(found), name.removeprefix(prefix)):
            return name.removeprefix(prefix)
    return name


def _check_name(found: Any, qualname: str, what: str = "it") -> None:
    """Raises PicklingError where the module does not lead to it by that name."""
    module_name = getattr(found, "__module__", None) or "builtins"
    if "<locals>" in qualname:
        raise PicklingError(f"{what} is defined inside a function ({module_name}.{qualname})")
    try:
        named = find_attribute(sys.modules[module_name], qualname)
    except (KeyError, AttributeError):
        named = None
    if named is not found:
        raise PicklingError(f"{what} cannot be imported as {module_name}.{qualname}")
