"""Gives memory that is not needed any more back to the system.

Python takes memory by the megabyte, and gives one back when nothing at all is left in it. While thousands of sessions
live, the little that the process itself goes on with is made anew among them: the table of running tasks, what the
event loop keeps for later use. When they have ended, each such piece still holds the megabyte that it lies in.
"""

import asyncio
import contextlib
import contextvars
import ctypes
import gc
import socket
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

_KEPT: Final = 256
"""More than Python, asyncio and uvloop keep of each kind for later use."""
_CANDIDATES: Final = 4 * _KEPT
"""Of which to keep those that lie well."""
_TABLES: Final = (160, 256, 288)
"""Bytes of the tables of what is watched and of what runs, when there is little."""
_EMPTY: Final = sys.getsizeof(b"")
_NEIGHBOURHOOD: Final = 16
"""Bits of an address that differ between neighbours."""
_CROWD: Final = 16
"""Objects of a neighbourhood that holds its megabyte anyway."""
_TURNS: Final = 20
"""Of the event loop, in which it makes anew all that it works with."""
_COLLECTIONS: Final = 10
"""After so many, msgspec lets go of the keys of messages that it remembers."""
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


def stock_up() -> None:
    """Has the running event loop keep from now on what it would else come to keep while thousands of sessions live."""
    for make in _KINDS:
        make(asyncio.get_running_loop(), _KEPT)


def give_back() -> None:
    """Collects all garbage, and lets the system have what is free. Stops the process the longer, the more is alive."""
    if _clear_caches is not None:
        _clear_caches()
    gc.collect()
    if _trim is not None:
        _trim(0)


async def give_back_all() -> None:
    """As `give_back`, and has what lies scattered made anew where much else lies.

    It stops the process some times more often: for one in which nobody is there to be stopped.
    """
    for _ in range(_COLLECTIONS):
        gc.collect()
        await asyncio.sleep(0)
    await _exchange()
    # Once this task itself is gone.
    asyncio.get_running_loop().call_later(0.001, give_back)


async def _exchange() -> None:
    """Has the event loop keep other pieces for later use than it does, and work in other places than it did."""
    loop = asyncio.get_running_loop()
    crowds = Counter(id(each) >> _NEIGHBOURHOOD for each in gc.get_objects())

    def lies_well(piece: object) -> bool:
        return crowds[id(piece) >> _NEIGHBOURHOOD] >= _CROWD

    for make in _KINDS:
        # First those that are kept, then others.
        pieces = make(loop, _CANDIDATES)
        await asyncio.sleep(0)
        # It is those that are let go first which are kept.
        pieces.sort(key=lies_well)
        while pieces:
            pieces.pop()
    # The new tables can lie only where one of these lies well.
    taken = [bytes(size - _EMPTY) for size in _TABLES for _ in range(_CANDIDATES)]
    taken = [piece for piece in taken if not lies_well(piece)]
    with contextlib.closing(socket.socket()) as watched:
        for _ in range(_TURNS):
            # Once enough have come and gone, the tables are made anew.
            loop.add_reader(watched, _nothing)
            loop.remove_reader(watched)
            await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))
    taken.clear()


def _iterators(loop: asyncio.AbstractEventLoop, number: int) -> list[object]:
    future = loop.create_future()
    return [future.__await__() for _ in range(number)]


def _timers(loop: asyncio.AbstractEventLoop, number: int) -> list[object]:
    timers = [loop.call_later(3600, _nothing, context=_CONTEXT) for _ in range(number)]
    for timer in timers:
        timer.cancel()
    return [*timers]


def _handles(loop: asyncio.AbstractEventLoop, number: int) -> list[object]:
    return [loop.call_soon(_nothing, context=_CONTEXT) for _ in range(number)]


def _contexts(loop: asyncio.AbstractEventLoop, number: int) -> list[object]:
    return [contextvars.Context() for _ in range(number)]


def _nothing() -> None:
    """Is called for nothing."""


_KINDS: Final = (_iterators, _timers, _handles, _contexts)
