"""The script that was started: its classes are found again however it is started the next time.

What Python calls `__main__` is `app` when the same file is imported, `shop.app` when it is run with `-m`, and another
file altogether when a launcher imports it.
"""

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

MAIN: Final = "__main__"


def canonical_module(name: str) -> str:
    """A name that still means this module when the program is started in another way.

    For `__main__` that is its own name, `__main__.__spec__.name` after `python -m` and else the stem of its file, then
    a colon and the file's path: `shop.app:/srv/shop/app.py`. Any other name is given back as it is, and so is
    `__main__` where no file is behind it (a prompt, `python -c`).
    """
    if name != MAIN:
        return name
    main = sys.modules[MAIN]
    path = getattr(main, "__file__", None)
    if not path:
        return MAIN
    spec = main.__spec__
    return f"{spec.name if spec and spec.name != MAIN else Path(path).stem}:{path}"


def resolve_module(canonical: str) -> ModuleType:
    """The module that a name from `canonical_module` means today, imported where it is not yet.

    Raises ImportError where it is gone.
    """
    name, _, path = canonical.partition(":")
    if path:
        module = _resolved.get(canonical)
        if module is None or sys.modules.get(module.__name__) is not module:
            module = _resolved[canonical] = _resolve_started(name, path)
        return module
    return sys.modules.get(name) or (sys.modules[MAIN] if _is_main(name) else importlib.import_module(name))


_resolved: dict[str, ModuleType] = {}


def _resolve_started(name: str, path: str) -> ModuleType:
    """What was `__main__` when the name was taken."""
    main_name, _, main_path = canonical_module(MAIN).partition(":")
    if main_path and _same(name, path, main_name, main_path):
        return sys.modules[MAIN]
    found = _imported_from(path) or (sys.modules.get(name) if name != MAIN else None) or _imported_as(name, path)
    return found or importlib.import_module(name)


def _is_main(name: str) -> bool:
    """Whether an imported module is today's `__main__`."""
    main_name, _, main_path = canonical_module(MAIN).partition(":")
    # Imported modules are many: one that only ends like the name given to -m is probably another.
    return name == main_name or ("." not in main_name and bool(main_path) and _ends_with(main_path, name))


def _same(name: str, path: str, other_name: str, other_path: str) -> bool:
    """Whether the two are one module, perhaps in another folder (a release of its own for each deploy)."""
    return (
        name == other_name
        or os.path.realpath(path) == os.path.realpath(other_path)
        or _ends_with(other_path, name)
        or _ends_with(path, other_name)
    )


def _ends_with(path: str, name: str) -> bool:
    tail = tuple(name.split("."))
    return Path(path).with_suffix("").parts[-len(tail) :] == tail


def _imported_from(path: str) -> ModuleType | None:
    """The module that was imported from this very file."""
    for _, module, file in _imported(Path(path).name):
        if os.path.realpath(file) == os.path.realpath(path):
            return module
    return None


def _imported_as(name: str, path: str) -> ModuleType | None:
    """The only imported module that could be it, by the ends of names and paths."""
    found = [module for other, module, file in _imported(Path(path).name) if _same(name, path, other, file)]
    return found[0] if len(found) == 1 else None


def _imported(file_name: str) -> list[tuple[str, ModuleType, str]]:
    """Name, module and file of what was imported from a file of that name."""
    return [
        (name, module, file)
        for name, module in tuple(sys.modules.items())
        if name != MAIN
        and isinstance(file := getattr(module, "__file__", None), str)
        and os.path.basename(file) == file_name  # noqa: PTH119  (looks at every module there is)
    ]
