"""Calls an application's lifecycle hooks: the one place where one that raises is caught."""

import logging
from inspect import isawaitable
from typing import Any

logger = logging.getLogger("jibe_like.session")


async def run_hook(owner: object, name: str, *arguments: Any) -> bool:
    """Calls the hook, plain or `async`, and waits for it.

    Gives False where it raised, which is logged, or returned False; True otherwise, also where there is none.
    """
    hook = getattr(owner, name, None)
    if hook is None:
        return True
    try:
        result = hook(*arguments)
        if isawaitable(result):
            result = await result
    except Exception:
        logger.exception("%s of %r raised", name, owner)
        return False
    return result is not False
