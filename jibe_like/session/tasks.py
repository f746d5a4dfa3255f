"""The coroutines that a session runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """Tasks that end with their session.

    :param ended: called after each.
    """

    __slots__ = ("_ended", "_loop", "_running")

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Callable[[], None]) -> None:
        self._loop = loop
        self._ended = ended
        self._running: dict[asyncio.Task[Any], None] = {}  # an empty set takes three times the memory

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Runs a coroutine as a task."""
        task = self._loop.create_task(work)
        self._running[task] = None
        task.add_done_callback(self._end)
        return task

    def start_last(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs a coroutine that outlives the session."""
        task = self.start(work)
        _last_words.add(task)
        task.add_done_callback(_last_words.discard)

    def cancel(self) -> None:
        """Ends all of them."""
        for task in tuple(self._running):
            task.cancel()

    async def come_to_rest(self, seconds: float) -> None:
        """Waits for all of them to end, so long at the most."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=seconds)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._running.pop(task, None)
        self._ended()


_last_words: set[asyncio.Task[Any]] = set()
"""Hooks of sessions that have ended. The event loop itself holds its tasks weakly."""
