"""Looks after sessions: whether somebody still needs them, and that they are not forgotten while somebody does."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from jibe_like.settings import Settings

from .keeper import Keeper
from .log import about
from .memory.tidying import Tidying
from .session import Session

logger = logging.getLogger("jibe_like.session")

_AT_ONCE: Final = 0.005
"""Seconds that looking after sessions may take, before whatever else waits has its turn."""


class Rounds:
    """Goes through the sessions of an application every `check_interval`, as long as there are any.

    :param sessions: by their ids.
    :param discard: ends one.
    :param keeper: where they are stored; None where they are not.
    :param server: the `Server` that hosts them.
    """

    def __init__(
        self,
        sessions: dict[str, Session],
        settings: Settings,
        discard: Callable[[Session], object],
        keeper: Keeper | None,
        server: Any,
    ) -> None:
        self.tidying = Tidying()
        """Gives back the memory of those that have ended."""
        self._sessions = sessions
        self._settings = settings
        self._discard = discard
        self._keeper = keeper
        self._server = server
        self._timer: asyncio.Handle | None = None
        self._extended_at = self._renewed_at = time.monotonic()
        self._ending: set[asyncio.Task[None]] = set()

    def began(self) -> None:
        """There is one more session."""
        self.tidying.began(len(self._sessions))
        if self._timer is None:
            self._extended_at = self._renewed_at = time.monotonic()
        self._wait()

    def stop(self) -> None:
        """The server stops, and sees to their end itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for task in self._ending:
            task.cancel()

    async def come_to_rest(self) -> None:
        """After `stop`: returns once nothing is being done any more."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._settings.check_interval, self._go)

    def _go(self) -> None:
        self._timer = None
        now = time.monotonic()
        renews = now - self._renewed_at > self._settings.token_lifetime / 2
        if renews:
            self._renewed_at = now
        extends = self._keeper is not None and now - self._extended_at > self._settings.lost_lifetime / 4
        if extends:
            self._extended_at = now
        self._go_on(iter(tuple(self._sessions.values())), now, renews, extends)

    def _go_on(self, sessions: Iterator[Session], now: float, renews: bool, extends: bool) -> None:
        """Looks after some: thousands may end at once, and others are to be answered meanwhile."""
        self._timer = None
        until = time.monotonic() + _AT_ONCE
        for session in sessions:
            self._drop_unneeded(session, now)
            if renews and not session.destroyed:
                session.renew_tokens()
            if extends and session.used and not session.destroyed and self._keeper is not None:
                self._keeper.extend(session)
            if time.monotonic() > until:
                self._timer = asyncio.get_running_loop().call_soon(self._go_on, sessions, now, renews, extends)
                return
        if self.tidying.is_time(len(self._sessions)):
            self._tidy()
        if self._sessions or self.tidying.is_waiting:
            self._wait()
        else:
            # Numbers made among sessions would hold the memory of those (room `memory`).
            self._extended_at = self._renewed_at = 0.0

    def _drop_unneeded(self, session: Session, now: float) -> None:
        """Drops its pages that stayed away too long, and the session itself if nobody needs it."""
        for connection in tuple(session.connections.values()):
            if not connection.is_open and now - connection.left_at > connection.lifetime:
                session.forget(connection)
        if session.may_expire:
            if session.lock.locked():
                self._see_to(self._expire_later(session))
            else:
                self._expire(session)

    async def _expire_later(self, session: Session) -> None:
        async with session.lock:
            # Somebody may have come while others had the lock.
            if session.may_expire:
                self._expire(session)

    def _expire(self, session: Session) -> None:
        if self._sessions.get(session.id) is not session:
            return
        try:
            self._discard(session)
        except Exception:
            logger.exception("session %s: ending it failed", session.id, extra=about(session.id))

    def _tidy(self) -> None:
        if not self._ending:
            self._ending.clear()  # else it keeps the room for as many as it once held
        if not self._sessions:
            self._sessions.clear()  # as above
        most = self.tidying.begin(len(self._sessions))
        self._see_to(self.tidying.finish(most, self._count_all))

    def _count_all(self) -> int:
        """Sessions in this process, of any application."""
        return len(self._sessions) if self._server is None else sum(1 for _ in self._server.sessions)

    def _see_to(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
