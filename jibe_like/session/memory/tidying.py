"""When memory is given back: after many sessions have ended."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from .give_back import give_back, give_back_all

_MANY: Final = 100
"""Sessions that it takes to look after their memory."""
_RESTS: Final = (2.0, 8.0)
"""Seconds after which what ends later than sessions has ended; and then, a store has let go of what it worked with."""
_FEW: Final = 10
"""One in so many that there were are few sessions."""


class Tidying:
    """Gives back the memory of the sessions that have ended: their widgets refer to each other.

    Python would do so once about as much has been made again, which on a quiet server is never. Since it stops the
    server for a moment, it is done once no more are ending, and where many have, no fewer than live on.
    """

    def __init__(self) -> None:
        self.shrink_others: Callable[[int], Awaitable[object]] | None = None
        """Has a server that holds something for each session make its tables anew. Called with the most sessions that
        there were at the same time."""
        self._ended = self._ended_before = 0
        self._most = 0
        """Sessions at the same time, since memory was given back."""

    @property
    def is_waiting(self) -> bool:
        """Whether it is to be looked at again, although there may be no session."""
        return self._ended >= _MANY

    def began(self, sessions: int) -> None:
        """There are so many now."""
        self._most = max(self._most, sessions)

    def ended(self) -> None:
        """There is one less."""
        self._ended += 1

    def is_time(self, sessions: int) -> bool:
        """Whether to `begin`. To be asked now and then.

        :param sessions: that there are.
        """
        found = self._ended == self._ended_before and self._ended >= max(_MANY, sessions)
        self._ended_before = self._ended
        return found

    def begin(self, sessions: int) -> int:
        """Gives back what can be had at once. Gives what to `finish` with."""
        most, self._most = self._most, sessions
        self._ended = self._ended_before = 0
        give_back()
        return most

    async def finish(self, most: int, count: Callable[[], int]) -> None:
        """Does what stops the server a few times, unless many are there to be stopped.

        :param most: sessions that there were.
        :param count: gives the sessions that there are, in any application.
        """
        tables = most
        for seconds in _RESTS:
            await asyncio.sleep(seconds)
            if _FEW * count() <= most:
                if self.shrink_others is not None:
                    await self.shrink_others(tables)
                await give_back_all(tables)
                tables = 0  # none is that large any more
