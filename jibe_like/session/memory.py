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
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from tornado.ioloop import IOLoop

_KEPT: Final = 256
"""More than Python, asyncio and uvloop keep of each kind for later use."""
_CANDIDATES: Final = 4 * _KEPT
"""Of which to keep those that lie well."""
_TABLES: Final = (160, 256, 288)
"""Bytes of the tables of what is watched and of what runs, when there is little."""
_EMPTY: Final = sys.getsizeof(b"")
_NEIGHBOURHOOD: Final = 18
"""Bits of an address that differ between neighbours: four neighbourhoods are a megabyte."""
_CROWD: Final = 64
"""Objects of a neighbourhood that holds its megabyte anyway."""
_TURNS: Final = 20
"""In which the event loop makes its tables anew, where they are small."""
_TURNS_EACH: Final = 10
"""Turns for each session that was there at the same time, with some two tasks: a table that grows takes room for up to
eight times as many as it holds, and is made anew when three fifths of that were used."""
_COLLECTIONS: Final = 10
"""After so many, msgspec lets go of the keys of messages that it remembers."""
_SOON: Final = 0.001
"""Seconds until what was called before has been."""
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


async def give_back_all(most: int) -> None:
    """As `give_back`, and has what lies scattered made anew where much else lies.

    It stops the process some times more often: for one in which hardly anybody is there to be stopped.

    :param most: sessions that there were at the same time.
    """
    for _ in range(_COLLECTIONS):
        gc.collect()
        await asyncio.sleep(0)
    await _shrink_tables(most)
    await _exchange()
    # Once this task itself is gone.
    _call_soon(_give_back_after, 3)


async def _exchange() -> None:
    """Has the event loop keep other pieces for later use than it does, and work in other places than it did."""
    crowds: defaultdict[int, int] = defaultdict(int)
    for each in gc.get_objects():
        crowds[id(each) >> _NEIGHBOURHOOD] += 1

    def crowd(piece: object) -> int:
        return crowds[id(piece) >> _NEIGHBOURHOOD]

    for make in _KINDS:
        await _replace(make, crowd)
    # The tables can come to lie only where one of these lay well.
    taken = [bytes(size - _EMPTY) for size in _TABLES for _ in range(_CANDIDATES)]
    taken = [piece for piece in taken if crowd(piece) < _CROWD]
    await _shrink_tables(0)
    taken.clear()


async def _replace(
    make: Callable[[asyncio.AbstractEventLoop, int], list[object]], crowd: Callable[[object], int]
) -> None:
    """Has those pieces of a kind kept around which there is the greatest crowd.

    Not done by a task: what that itself runs with would come among those that are kept.
    """
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def take() -> None:
        # First those that are kept, then others.
        _call_soon(choose, make(loop, _CANDIDATES))

    def choose(pieces: list[object]) -> None:
        # It is those that are let go first which are kept.
        pieces.sort(key=crowd)
        while pieces:
            pieces.pop()
        done.set_result(None)

    _call_soon(take)
    await done


def _give_back_after(turns: int) -> None:
    """Once the timer that has called this is gone too, with its numbers."""
    if turns:
        asyncio.get_running_loop().call_soon(_give_back_after, turns - 1, context=_CONTEXT)
    else:
        give_back()


def _call_soon(callback: Callable[..., object], *args: object) -> None:
    """Once what was called before has been; by a timer, not by what tasks are called with."""
    asyncio.get_running_loop().call_later(_SOON, callback, *args, context=_CONTEXT)


async def _shrink_tables(most: int) -> None:
    """Has asyncio, uvloop and Tornado make their tables anew, of what runs and of what is watched.

    A table that has held so many keeps its room until about as many more have come and gone.
    """
    loop = IOLoop.current()
    for name in "readers", "writers":
        found = getattr(loop, name, None)
        if isinstance(found, set):
            setattr(loop, name, set(found))
    with contextlib.closing(socket.socket()) as watched:
        for turn in range(_TURNS + _TURNS_EACH * most):
            loop.add_handler(watched, _nothing, IOLoop.READ)
            loop.remove_handler(watched)
            passing = _Passing(turn)
            for enter, leave in _registers(loop):
                enter(passing)
                leave(passing)
            if turn < _TURNS or not turn % _TURNS:
                await asyncio.sleep(0)


class _Passing(asyncio.Future[None]):
    """Comes to a place of its own in a set of tasks: who comes where somebody was makes it no fuller."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place

    def __hash__(self) -> int:
        return self._place


def _registers(loop: IOLoop) -> Iterator[tuple[Callable[[Any], object], Callable[[Any], object]]]:
    """Where tasks come and go: asyncio's, and Tornado's where this version has one."""
    yield asyncio._register_task, asyncio._unregister_task
    with contextlib.suppress(AttributeError):
        yield loop._register_task, loop._unregister_task


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


def _nothing(*args: object) -> None:
    """Is called for nothing."""


_KINDS: Final = (_iterators, _timers, _handles, _contexts)
