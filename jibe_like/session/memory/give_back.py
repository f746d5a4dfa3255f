"""Collects what is garbage, and what else can be had."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable
from typing import Any, Final

from .pieces import call_soon, exchange, turns_later
from .tables import shrink_tables

_COLLECTIONS: Final = 10
"""After so many, msgspec lets go of the keys of messages that it remembers."""


def _find_trim() -> Callable[[int], object] | None:
    """The C library's way to give back what is free between what is not, where it has one: glibc."""
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    return trim


_trim: Final = _find_trim()
# Python's cache of attributes keeps strings that were made to look one up; each holds the megabyte around it.
_clear_caches: Final[Any] = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None)


def give_back() -> None:
    """Collects all garbage, and lets the system have what is free. Stops the process the longer, the more is alive."""
    if _clear_caches is not None:
        _clear_caches()
    gc.collect()
    if _trim is not None:
        _trim(0)


async def give_back_all(most: int) -> None:
    """As `give_back`, and has what lies scattered made anew where much else lies.

    It stops the process some times more often: for one in which hardly anybody is there to be stopped.

    :param most: sessions that there were at the same time.
    """
    for _ in range(_COLLECTIONS):
        gc.collect()
        await asyncio.sleep(0)
    await shrink_tables(most)
    await exchange()
    # Once this task itself is gone, and the timer too, with its numbers.
    call_soon(turns_later, 3, give_back)
