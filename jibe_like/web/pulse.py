"""Finds out which pages are gone without a word."""

import asyncio
import time
from typing import Final, Protocol

_STEPS: Final = 20
"""Looks during one interval, so that thousands of sockets are not pinged all at once."""


class Pinged(Protocol):
    """A socket that can be pinged."""

    def beat(self) -> None:
        """Pings the page; ends the socket where the page has left the last ping unanswered."""


class Pulse:
    """Pings the sockets of one mount, by one timer for all of them; Tornado's own pinging takes a task for each.

    :param interval: seconds between two pings of a socket. 0: none.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._due: dict[Pinged, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, socket: Pinged) -> None:
        """From now on the socket is pinged."""
        if self._interval:
            self._due[socket] = time.monotonic() + self._interval
            self._wait()

    def remove(self, socket: Pinged) -> None:
        """The socket is gone."""
        self._due.pop(socket, None)
        if not self._due:
            self._due.clear()  # else it keeps the room for as many as it once held
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval / _STEPS, self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.monotonic()
        for socket, due in tuple(self._due.items()):
            if due <= now:
                self._due[socket] = now + self._interval
                socket.beat()
        if self._due:
            self._wait()
