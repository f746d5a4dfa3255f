"""Gives memory that is not needed any more back to the system.

Python takes memory by the megabyte, and gives one back when nothing at all is left in it. While thousands of sessions
live, the little that the process itself goes on with is made anew among them: the table of running tasks, a time, what
the event loop keeps for later use. When they have ended, each such piece still holds the megabyte that it lies in. So
it is made anew once more, while what is free around it is taken: it comes to lie among what has been there all along.
"""

import asyncio
import contextvars
import ctypes
import gc
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec._core  # type: ignore[import-not-found]  # it has no stub

CONTEXT: Final = contextvars.Context()
"""For a callback that comes again and again: else a context is made for each."""

_POOL: Final = 16 * 1024
"""Bytes that Python parts into blocks of one size, and uses up before it takes more."""
_SIZES: Final = range(32, 257, 16)
"""Of the blocks of most objects."""
_LISTED_SIZES: Final = (48, 112, 144)
_LISTED: Final = 256
"""More than asyncio and uvloop keep of each kind: iterators of futures, timers and handles, of the sizes above."""
_TURNS: Final = 10
"""Of the event loop, in which it makes anew all that it works with."""
_WRITER_SECONDS: Final = 0.02
"""In which another thread comes to rest."""


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


async def give_back(stir: Callable[[], Awaitable[object]] | None = None) -> None:
    """Collects all garbage, and lets the system have what is free. It stops the process for a moment, a few times.

    :param stir: has others, as a store, make anew what they work with.
    """
    _collect()
    # The first exchange brings together what lies scattered, the second finds a better place for it.
    for sizes, pools in ((_LISTED_SIZES, 4), (_SIZES, 1)):
        taken = _blocks(sizes, pools)
        await _exchange_listed()
        taken.clear()
        _collect()
    taken = _blocks(_SIZES, 1)
    if stir is not None:
        await stir()
        await asyncio.sleep(_WRITER_SECONDS)
    await _turns()
    taken.clear()
    # Once this task itself is gone.
    asyncio.get_running_loop().call_later(0.001, _collect, context=CONTEXT)


def _collect() -> None:
    if _clear_caches is not None:
        _clear_caches()
    for _ in range(10):
        # msgspec forgets the keys that it has come across when Python's collector has looked at it so often.
        gc.get_referents(msgspec._core)
    gc.collect()
    if _trim is not None:
        _trim(0)


def _blocks(sizes: Iterable[int], pools: int) -> list[object]:
    """Takes what is free in so many pools of each size."""
    empty = sys.getsizeof(b"")
    return [
        bytes(size - empty) if size > empty else float(number)
        for size in sizes
        for number in range(pools * _POOL // size)
    ]


async def _exchange_listed() -> None:
    """What the event loop keeps for later use makes room for others. Of what it is given it keeps the first only."""
    loop = asyncio.get_running_loop()
    kept, others = _listed(loop), _listed(loop)
    await _turns()
    others.clear()
    kept.clear()


def _listed(loop: asyncio.AbstractEventLoop) -> list[object]:
    timers = [loop.call_later(3600, _nothing, context=CONTEXT) for _ in range(_LISTED)]
    for timer in timers:
        timer.cancel()
    handles = [loop.call_soon(_nothing, context=CONTEXT) for _ in range(_LISTED)]
    future = loop.create_future()
    return [*timers, *handles, *(future.__await__() for _ in range(_LISTED))]


def _nothing() -> None:
    """Is called for nothing."""


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
