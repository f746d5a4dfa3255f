"""What keeps two threads from changing the structure of a tree at once."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from .tree import Tree

STRUCTURE: Final = threading.RLock()
"""Held for each change of a tree's structure, and while the whole of a tree is rendered or stored.

One for all trees: a widget that is in no tree yet needs it as well, since another thread may just put it into one. It
is held for microseconds, in which no other thread could run Python code anyway. No handler, watcher or hook is called
under it, so nobody waits in there for a thread that waits for the lock.
"""

WITH_DUE_HOOKS: Final[list["Tree"]] = []
"""Trees whose widgets are to be told that they were attached or detached, once the lock is free."""

W = TypeVar("W")
P = ParamSpec("P")
R = TypeVar("R")


def changes_structure(method: Callable[Concatenate[W, P], R]) -> Callable[Concatenate[W, P], R]:
    """For a method: no other thread changes a tree meanwhile. Hooks that are due are called afterwards."""

    @wraps(method)
    def locked(self: W, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with STRUCTURE:
            result = method(self, *args, **kwargs)
        if WITH_DUE_HOOKS:
            _call_due_hooks()
        return result

    return locked


def _call_due_hooks() -> None:
    with STRUCTURE:
        trees = WITH_DUE_HOOKS[:]
        WITH_DUE_HOOKS.clear()
    for tree in trees:
        tree.call_due_hooks()
