"""Calls an application's lifecycle hooks: the one place where one that raises is caught."""

import logging
from collections.abc import Awaitable, Coroutine
from inspect import isawaitable
from typing import Any

logger = logging.getLogger("jibe_like.session")


def begin_hook(owner: object, name: str) -> bool | Coroutine[Any, Any, bool]:
    """Calls a hook. Where it is `async`, what is given must be awaited.

    It is False where the hook raised, which is logged, or returned False; True otherwise.
    """
    try:
        result = getattr(owner, name)()
    except Exception:
        logger.exception("%s of %r raised", name, owner)
        return False
    return _finish(result, owner, name) if isawaitable(result) else result is not False


async def _finish(work: Awaitable[object], owner: object, name: str) -> bool:
    try:
        return await work is not False
    except Exception:
        logger.exception("%s of %r raised", name, owner)
        return False


async def run_hook(owner: object, name: str) -> bool:
    """Calls a hook, plain or `async`, and waits for it. The result is that of `begin_hook`."""
    begun = begin_hook(owner, name)
    return begun if isinstance(begun, bool) else await begun
