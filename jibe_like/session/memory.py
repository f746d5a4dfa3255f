"""Gives memory that is not needed any more back to the system.

Python takes memory by the megabyte, and gives one back when nothing at all is left in it. While thousands of sessions
live, the little that the process itself goes on with is made anew among them: the table of running tasks, what the
event loop keeps for later use. When they have ended, each such piece still holds the megabyte that it lies in.
"""

import asyncio
import contextvars
import ctypes
import gc
import sys
from collections.abc import Callable
from typing import Any, Final

_KEPT: Final = 256
"""More than asyncio and uvloop keep of each kind for later use: of iterators of futures, timers and handles."""
_SIZES: Final = (48, 112, 144)
"""Bytes that one of each kind takes."""
_ROOM: Final = 3 * 16 * 1024
"""Bytes to take of each of these sizes: some times what Python parts into blocks at once."""
_TURNS: Final = 10
"""Of the event loop, in which it makes anew all that it works with."""
_CONTEXT: Final = contextvars.Context()
"""Else one is made for each timer, and takes room."""


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


async def give_back_all() -> None:
    """As `give_back`, and has what lies scattered made anew in one place.

    It stops the process some times more often: for one in which nobody is there to be stopped.
    """
    give_back()
    # The first time brings together what lies scattered, the second finds a better place for it.
    for _ in range(2):
        await _exchange()
        give_back()
    # Once this task itself is gone.
    asyncio.get_running_loop().call_later(0.001, give_back)


async def _exchange() -> None:
    """Has the event loop keep other pieces for later use than it does, and work in other places than it did."""
    # What is free beside the old pieces, else the new ones would lie there too.
    empty = sys.getsizeof(b"")
    taken = [bytes(size - empty) for size in _SIZES for _ in range(_ROOM // size)]
    # The first come from what is kept, the others are made. It is those that are kept when they are let go first.
    old, new = _pieces(), _pieces()
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    new.clear()
    old.clear()
    taken.clear()


def _pieces() -> list[object]:
    loop = asyncio.get_running_loop()
    timers = [loop.call_later(3600, _nothing, context=_CONTEXT) for _ in range(_KEPT)]
    for timer in timers:
        timer.cancel()
    handles = [loop.call_soon(_nothing, context=_CONTEXT) for _ in range(_KEPT)]
    future = loop.create_future()
    return [*timers, *handles, *(future.__await__() for _ in range(_KEPT))]


def _nothing() -> None:
    """Is called for nothing."""
