"""Whose turn it is to work on a document."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from jibe_like.wire.messages import Event

from .connection import Connection


class Turns:
    """Handles events at once, or in order once whoever has the lock lets go of it.

    :param handle: handles an event.
    :param start: runs a coroutine.
    """

    __slots__ = ("_handle", "_lock", "_queue", "_start")

    def __init__(
        self, handle: Callable[[Connection, Event], None], start: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        self._handle = handle
        self._start = start
        self._lock: asyncio.Lock | None = None
        self._queue: deque[tuple[Connection, Event]] | None = None  # most sessions never need one

    @property
    def lock(self) -> asyncio.Lock:
        """Who holds it keeps events, and others who ask for it, waiting."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    @property
    def taken(self) -> bool:
        """Whether somebody is at work, or waits to be."""
        return bool(self._queue) or (self._lock is not None and self._lock.locked())

    @property
    def waiting(self) -> int:
        """How many events wait for their turn."""
        return len(self._queue or ())

    def take(self, connection: Connection, event: Event) -> None:
        """It is this event's turn, now or later."""
        # Where nobody has ever asked for the lock, nothing waits.
        if self._lock is None or not self.taken:
            self._handle(connection, event)
            return
        if self._queue:
            self._queue.append((connection, event))
        else:
            self._queue = deque([(connection, event)])
            self._start(self._work_off())

    def clear(self) -> None:
        """What waits is not handled any more."""
        self._queue = None

    async def _work_off(self) -> None:
        while queue := self._queue:
            async with self.lock:
                # It stays in line meanwhile: what it leads to, comes after what waits already.
                self._handle(*queue[0])
                queue.popleft()
