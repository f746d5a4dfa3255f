"""Where a function's code stands in its module, so that the same function is found in tomorrow's code.

A lambda or nested function has no name by which it could be imported. Its code object stands among the constants of the
enclosing code, which leads up to a function that has a name, or else to the module's own code.
"""

import hashlib
import inspect
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from sys import intern
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from .main_module import MAIN, canonical_module

# Later Pythons compile these into the enclosing code.
_COMPREHENSION: Final = re.compile(r"(?:(?<=\.)|^)<(?:list|set|dict)comp>\.")

Print: TypeAlias = tuple[str, int]
"""A fingerprint, and how many equal ones stand before it."""


class CodeReference(NamedTuple):
    """Names the code of a function."""

    module: str
    """See `canonical_module`."""
    qualname: str
    position: int
    """Which it is among the codes of this name in the enclosing code, in the order of the source."""
    siblings: tuple[str, ...]
    """Fingerprints of all codes of this name there. They tell which is which after some were added or removed."""
    freevars: tuple[str, ...]
    """Names of its closure's cells."""
    parameters: tuple[str, ...]


def find_attribute(module: ModuleType, qualname: str) -> Any:
    """What a qualified name leads to in the module, by attributes. Raises AttributeError."""
    found: Any = module
    for name in qualname.split("."):
        attribute = mangled(name, found.__name__) if isinstance(found, type) else name
        # Python's cache of attributes goes by the string's address, and keeps it: a new string is never found there,
        # and holds the memory around it.
        found = getattr(found, intern(attribute))
    return found


def mangled(name: str, class_name: str) -> str:
    """The attribute that a name stands for inside a class body: private ones are kept under another."""
    owner = class_name.lstrip("_")
    return f"_{owner}{name}" if owner and name.startswith("__") and not name.endswith("__") else name


def refer(function: FunctionType) -> CodeReference | None:
    """The place of the function's code; None where that is no code of a module that could be read again."""
    code = function.__code__
    known = _references.get(id(code))
    if known is None:
        reference = _refer(code, function.__globals__)
        if reference is None:
            return None
        known = _references[id(code)] = (code, reference)
    return known[1]


_references: dict[int, tuple[CodeType, CodeReference]] = {}
"""By the code's address, which stays its own for as long as the code stands here."""


def _refer(code: CodeType, namespace: dict[str, Any]) -> CodeReference | None:
    module = sys.modules.get(namespace.get("__name__", ""))
    if module is None or module.__dict__ is not namespace:
        return None
    qualname = _plain(code.co_qualname)
    codes = _codes(module, qualname)
    if codes is None:
        return None
    prints = tuple(fingerprint(other) for other in codes)
    position = next((i for i, other in enumerate(codes) if other is code), -1)
    if position < 0:
        position = next((i for i, other in enumerate(codes) if other == code), -1)
    if position < 0:
        if code.co_filename.startswith("<"):
            return None  # made by exec
        # The file has changed since it was imported.
        own = fingerprint(code)
        position, prints = (prints.index(own), prints) if own in prints else (0, (own,))
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return CodeReference(canonical_module(module.__name__), qualname, position, prints, code.co_freevars, parameters)


def find_code(module: ModuleType, reference: CodeReference) -> CodeType | None:
    """The code in today's module; None where it is gone, or where it cannot be told which of several it is.

    What is unchanged is found wherever it moved to. What was edited is found between the neighbours that it had: better
    none than the code of another button.
    """
    found = _found.setdefault(module, {})
    if reference not in found:
        found[reference] = _find(module, reference)
    return found[reference]


_found: WeakKeyDictionary[ModuleType, dict[CodeReference, CodeType | None]] = WeakKeyDictionary()


def _find(module: ModuleType, reference: CodeReference) -> CodeType | None:
    codes = _codes(module, reference.qualname) or []
    today, before = [fingerprint(code) for code in codes], reference.siblings
    own = before[reference.position]
    at = _counterpart(reference.position, _counted(before), _counted(today))
    if at is None and own in today:
        at = today.index(own)
    return None if at is None else codes[at]


def _counterpart(position: int, before: list[Print], today: list[Print]) -> int | None:
    """Where that which stood at the position stands today."""
    if before[position] in today:
        return today.index(before[position])
    for neighbours, run in _edited(before, today):
        if position in run:
            runs = [other for others, other in _edited(today, before) if (others, len(other)) == (neighbours, len(run))]
            return runs[0][run.index(position)] if len(runs) == 1 else None
    return None


def _edited(prints: list[Print], others: list[Print]) -> Iterator[tuple[tuple[Print, Print], list[int]]]:
    """Runs of what has no equal among the others: the neighbours on both sides, and the positions."""
    edge: Print = ("", 0)
    left, run = edge, list[int]()
    for position, own in enumerate([*prints, edge]):
        if own != edge and own not in others:
            run.append(position)
            continue
        if run:
            yield (left, own), run
        left, run = own, []


def _counted(prints: Sequence[str]) -> list[Print]:
    """Each with the number of its equals before it: the second of two equal ones is another than the first."""
    return [(own, prints[:position].count(own)) for position, own in enumerate(prints)]


def _codes(module: ModuleType, qualname: str) -> list[CodeType] | None:
    """All codes of that name, in the order of the source, of the enclosing function or else the whole module."""
    start = _enclosing(module, qualname) or module_code(module)
    return None if start is None else [code for code in _descend(start) if _plain(code.co_qualname) == qualname]


def _plain(qualname: str) -> str:
    return _COMPREHENSION.sub("", qualname)


def _enclosing(module: ModuleType, qualname: str) -> CodeType | None:
    """The running code of the outermost function around it, where the module still leads there by name.

    It is the code that runs, whatever has become of the file.
    """
    outer, nested, _ = qualname.partition(".<locals>.")

    def is_outer(function: Any) -> bool:
        code = getattr(function, "__code__", None)
        return isinstance(code, CodeType) and code.co_qualname == outer and function.__globals__ is module.__dict__

    if not nested:
        return None
    try:
        found: Any = inspect.unwrap(find_attribute(module, outer), stop=is_outer)
    except (AttributeError, ValueError):
        return None
    return found.__code__ if is_outer(found) else None


def _descend(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _descend(constant)


def module_code(module: ModuleType) -> CodeType | None:
    """The code of the module's body; None where neither its loader nor its source has it. Looked up once."""
    if module not in _module_codes:
        _module_codes[module] = _load_code(module)
    return _module_codes[module]


_module_codes: WeakKeyDictionary[ModuleType, CodeType | None] = WeakKeyDictionary()


def _load_code(module: ModuleType) -> CodeType | None:
    spec = module.__spec__
    get_code: Callable[[str], CodeType | None] | None = getattr(spec and spec.loader, "get_code", None)
    if spec is not None and get_code is not None:
        with suppress(ImportError, OSError, SyntaxError):
            code = get_code(spec.name)
            if code is not None:
                return code
    path = getattr(module, "__file__", None)
    if not path:
        return None
    try:
        with tokenize.open(path) as file:
            return compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return None


def remember_main() -> None:
    """Reads the started script's code now: its file may change while it runs, and no compiled copy of it is kept."""
    module_code(sys.modules[MAIN])


def fingerprint(code: CodeType) -> str:
    """Equal for codes that do the same, wherever they stand. Another version of Python gives others."""
    return hashlib.sha256(_describe(code).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _describe(code: CodeType) -> str:
    return repr(
        (
            code.co_code,
            code.co_flags,
            code.co_argcount,
            code.co_posonlyargcount,
            code.co_kwonlyargcount,
            code.co_varnames,
            code.co_cellvars,
            code.co_freevars,
            code.co_names,
            code.co_exceptiontable,
            [_describe_constant(constant) for constant in code.co_consts],
        )
    )


def _describe_constant(constant: object) -> str:
    if isinstance(constant, CodeType):
        return _describe(constant)
    if isinstance(constant, frozenset):
        return repr(sorted(map(_describe_constant, constant)))
    if isinstance(constant, tuple):
        return repr([_describe_constant(item) for item in constant])
    return f"{type(constant).__name__} {constant!r}"
