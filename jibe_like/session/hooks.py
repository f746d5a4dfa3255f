"""Calls an application's lifecycle hooks: the one place where one that raises is caught."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias

logger = logging.getLogger("jibe_like.session")

Failed: TypeAlias = Callable[[Exception], object]


def begin_hook(owner: object, name: str, failed: Failed | None = None) -> bool | Coroutine[Any, Any, bool]:
    """Calls a hook. Where it is `async`, what is given must be awaited.

    It is False where the hook raised, or returned False; True otherwise.

    :param failed: told what it raised, in place of the log.
    """
    failed = failed or partial(_log, owner, name)
    try:
        result = getattr(owner, name)()
    except Exception as error:
        failed(error)
        return False
    return _finish(result, failed) if isawaitable(result) else result is not False


async def _finish(work: Awaitable[object], failed: Failed) -> bool:
    try:
        return await work is not False
    except Exception as error:
        failed(error)
        return False


def _log(owner: object, name: str, error: Exception) -> None:
    logger.error("%s of %r raised", name, owner, exc_info=error)


async def run_hook(owner: object, name: str) -> bool:
    """Calls a hook, plain or `async`, and waits for it. The result is that of `begin_hook`."""
    begun = begin_hook(owner, name)
    return begun if isinstance(begun, bool) else await begun
