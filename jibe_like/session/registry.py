"""The sessions of one application, by key: who gets which, how many there may be, when they end."""

import asyncio
import logging
import time
from collections.abc import Callable
from secrets import token_urlsafe
from typing import Final

from jibe_like.errors import TooManySessionsError
from jibe_like.settings import Settings

from .connection import RESTARTING, Connection
from .session import Document, Session
from .token import Claims, Tokens

logger = logging.getLogger("jibe_like.session")

MODES: Final = ("unicast", "multicast", "broadcast")


class Registry:
    """All sessions of one application on one server.

    :param make: makes the application for the connection that asks first.
    :param mode: `unicast`: a session for each page; `multicast`: one for each user (the `sessionid` cookie);
        `broadcast`: one for all.
    """

    def __init__(self, name: str, make: Callable[[Connection], Document], mode: str, settings: Settings) -> None:
        if mode not in MODES:
            raise ValueError(f"{name}: mode must be one of {', '.join(MODES)}, not {mode!r}")
        self.name = name
        self.mode = mode
        self.settings = settings
        self.sessions: dict[str, Session] = {}
        self.tokens = Tokens(settings.find_secret(), name, settings.token_lifetime)
        self._make = make
        self._waiting: set[Session] = set()
        self._timer: asyncio.TimerHandle | None = None

    # -- coming in

    def enter(self, connection: Connection) -> Session:
        """The session for a page that has none yet, made where there is none.

        Raises TooManySessionsError; what the application's constructor raises is passed on.
        """
        key = self._key(connection)
        session = self.sessions.get(key)
        if session is None:
            if len(self.sessions) >= self.settings.sessions:
                raise TooManySessionsError(
                    f"{self.name}: {len(self.sessions)} sessions, and settings.sessions allows no more"
                )
            session = Session(key, self._make(connection), settings=self.settings)
            self.sessions[key] = session
            self._waiting.add(session)
        elif len(session.connections) >= self.settings.connections_per_session:
            raise TooManySessionsError(f"{self.name}: {session!r} has {len(session.connections)} connections already")
        session.join(connection)
        self._watch()
        return session

    def find(self, token: str) -> tuple[Session, str] | None:
        """The session that the token names, and the connection's id; None where either is not there any more."""
        claims = self.tokens.check(token) if token else None
        session = self.sessions.get(claims.session) if claims else None
        return (session, claims.connection) if claims and session and claims.connection in session.connections else None

    def token(self, connection: Connection) -> str:
        """A token for the page of this connection."""
        assert connection.session is not None
        return self.tokens.issue(Claims(connection.session.id, connection.id))

    def may_prerender(self) -> bool:
        """Whether one more page may be rendered and kept until its socket opens."""
        if len(self._waiting) >= self.settings.prerendered_sessions:
            self._waiting = {session for session in self._waiting if not session.used and not session.destroyed}
        return len(self._waiting) < self.settings.prerendered_sessions

    def _key(self, connection: Connection) -> str:
        if self.mode == "broadcast":
            return f"{self.name}-all"
        user = connection.get_cookie("sessionid") if self.mode == "multicast" else None
        return f"{self.name}-{user}" if user else token_urlsafe(12)

    # -- going out

    def discard(self, session: Session) -> None:
        """Ends a session."""
        self.sessions.pop(session.id, None)
        self._waiting.discard(session)
        session.destroy()

    def close(self) -> None:
        """Ends all: the server stops, and the pages wait for the next one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for session in tuple(self.sessions.values()):
            session.destroy(RESTARTING, "the server stops")
        self.sessions.clear()
        self._waiting.clear()

    def _watch(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.settings.check_interval, self._check)

    def _check(self) -> None:
        """Drops the pages that stayed away too long, and the sessions that have none left."""
        self._timer = None
        now = time.monotonic()
        for session in tuple(self.sessions.values()):
            lifetime = self.settings.unused_lifetime if session.used else self.settings.prerendered_lifetime
            for connection in tuple(session.connections.values()):
                if not connection.is_open and now - connection.lost_at > lifetime:
                    session.forget(connection)
            if not session.connections:
                try:
                    self.discard(session)
                except Exception:
                    logger.exception("session %s: ending it failed", session.id)
        if self.sessions:
            self._watch()
