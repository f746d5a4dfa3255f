"""The tables of what runs and of what is watched."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

_TURNS: Final = 20
"""In which the event loop makes its tables anew, where they are small."""
_TURNS_EACH: Final = 10
"""Turns for each session that was there at the same time, with some two tasks: a table that grows takes room for up to
eight times as many as it holds, and is made anew when three fifths of that were used."""


async def shrink_tables(most: int) -> None:
    """Has the event loop make its tables anew: asyncio's of the tasks, uvloop's or asyncio's of what is watched.

    :param most: sessions that there were at the same time.
    """
    loop = asyncio.get_running_loop()

    def come_and_go(watched: socket.socket, passing: Passing) -> None:
        loop.add_reader(watched, _nothing)
        loop.remove_reader(watched)
        asyncio._register_task(passing)  # type: ignore[arg-type]
        asyncio._unregister_task(passing)  # type: ignore[arg-type]

    await have_come_and_go(most, come_and_go)


async def have_come_and_go(most: int, come_and_go: Callable[[socket.socket, "Passing"], None]) -> None:
    """Calls it so often that all tables are made anew into which it brings what it is given, and out of which again.

    A table that has held so many keeps its room until about as many more have come and gone.

    :param most: sessions that there were at the same time.
    :param come_and_go: is given something to be watched, and something that runs.
    """
    with contextlib.closing(socket.socket()) as watched:
        for turn in range(_TURNS + _TURNS_EACH * most):
            come_and_go(watched, Passing(turn))
            if turn < _TURNS or not turn % _TURNS:
                await asyncio.sleep(0)


class Passing(asyncio.Future[None]):
    """Comes to a place of its own in a set of tasks: who comes where somebody was makes it no fuller."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place

    def __hash__(self) -> int:
        return self._place


def _nothing() -> None:
    """Is called for nothing."""
