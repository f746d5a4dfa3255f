"""The coroutines that a session runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """Tasks that end with their session. Its length is how many are at work on what has happened.

    :param ended: called after each.
    """

    __slots__ = ("_background", "_ended", "_loop", "_running")

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Callable[[], None]) -> None:
        self._loop = loop
        self._ended = ended
        self._running: dict[asyncio.Task[Any], None] = {}  # an empty set takes three times the memory
        self._background: dict[asyncio.Task[Any], None] | None = None

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, T], *, background: bool = False) -> "asyncio.Task[T]":
        """Runs a coroutine as a task. `background`: it may go on for long, and nobody waits for it."""
        task = self._loop.create_task(work)
        if background:
            self.adopt(task)
        else:
            self._running[task] = None
            task.add_done_callback(self._end)
        return task

    def adopt(self, task: asyncio.Task[Any], *, detach: bool = False) -> None:
        """Takes in a task that may go on for long, and nobody waits for. `detach`: it outlives the session."""
        self._background = self._background or {}
        self._background[task] = None
        task.add_done_callback(self._end)
        if detach:
            _last_words.add(task)
            task.add_done_callback(_last_words.discard)

    def start_last(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs a coroutine that outlives the session."""
        task = self.start(work)
        _last_words.add(task)
        task.add_done_callback(_last_words.discard)

    def cancel(self) -> None:
        """Ends all of them, but for those that outlive the session. From now on they are waited for, too."""
        self._running.update(self._background or ())
        self._background = None
        for task in tuple(self._running):
            if task not in _last_words:
                task.cancel()

    async def come_to_rest(self, seconds: float) -> None:
        """Waits for all of them to end, so long at the most."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=seconds)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._running.pop(task, None)
        if self._background:
            self._background.pop(task, None)
        self._ended()


_last_words: set[asyncio.Task[Any]] = set()
"""What outlives its session: last hooks, detached work. The event loop itself holds its tasks weakly."""
