"""What the event loop keeps for later use, and where it lies."""

import asyncio
import contextvars
import gc
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Final, TypeAlias

from .tables import shrink_tables

_KEPT: Final = 256
"""More than Python, asyncio and uvloop keep of each kind."""
_CANDIDATES: Final = 4 * _KEPT
"""Of which to keep those that lie well."""
_TABLES: Final = (160, 256, 288)
"""Bytes of the tables of what is watched and of what runs, when there is little."""
_EMPTY: Final = sys.getsizeof(b"")
_NEIGHBOURHOOD: Final = 18
"""Bits of an address that differ between neighbours: four neighbourhoods are a megabyte."""
_CROWD: Final = 64
"""Objects of a neighbourhood that holds its megabyte anyway."""
_SOON: Final = 0.001
"""Seconds until what was called before has been."""
_CONTEXT: Final = contextvars.Context()
"""Else one is made for each timer, and takes room."""

_Make: TypeAlias = Callable[[asyncio.AbstractEventLoop, int], list[object]]


def stock_up() -> None:
    """Has the running event loop keep from now on what it would else come to keep while thousands of sessions live."""
    for make in _KINDS:
        make(asyncio.get_running_loop(), _KEPT)


async def exchange() -> None:
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
    await shrink_tables(0)
    taken.clear()


async def _replace(make: _Make, crowd: Callable[[object], int]) -> None:
    """Has those pieces of a kind kept around which there is the greatest crowd.

    Not done by a task: what that itself runs with would come among those that are kept.
    """
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def take() -> None:
        # First those that are kept, then others.
        call_soon(choose, make(loop, _CANDIDATES))

    def choose(pieces: list[object]) -> None:
        # It is those that are let go first which are kept.
        pieces.sort(key=crowd)
        while pieces:
            pieces.pop()
        done.set_result(None)

    call_soon(take)
    await done


def call_soon(callback: Callable[..., object], *args: object) -> None:
    """Once what was called before has been; by a timer, not by what tasks are called with."""
    asyncio.get_running_loop().call_later(_SOON, callback, *args, context=_CONTEXT)


def turns_later(turns: int, callback: Callable[[], object]) -> None:
    """Calls it after so many turns of the event loop."""
    if turns:
        asyncio.get_running_loop().call_soon(turns_later, turns - 1, callback, context=_CONTEXT)
    else:
        callback()


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


_KINDS: Final[tuple[_Make, ...]] = (_iterators, _timers, _handles, _contexts)
