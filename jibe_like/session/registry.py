"""The sessions of one application, by key: who gets which, how many there may be, when they end."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from secrets import token_urlsafe
from typing import Any, Final, Protocol, TypeVar

from jibe_like.errors import TooManySessionsError
from jibe_like.settings import Settings

from .connection import RESTARTING, Connection
from .current import acting
from .document import Document
from .hooks import run_hook
from .keeper import Keeper
from .log import about
from .rounds import Rounds
from .session import Session
from .state.scopes import Scopes
from .token import Beginning, Claims, Tokens
from .uploads.depot import Depot

logger = logging.getLogger("jibe_like.session")

MODES: Final = ("unicast", "multicast", "broadcast")
T = TypeVar("T")


class Opening(Protocol):
    """What has to be done before there can be a session."""

    async def open(self) -> None:
        """Does it. Raises what keeps visitors from coming in."""

    def open_now(self) -> bool:
        """As `open`; False where that takes a while."""


class Registry:
    """All sessions of one application on one server.

    :param name: the application's, in tokens and in the store.
    :param make: makes the application for the connection that asks first.
    :param mode: `unicast`: a session for each page; `multicast`: one for each identity; `broadcast`: one for all.
    :param secrets: sign tokens; the first signs, all verify.
    :param keeper: where the sessions are stored; None where they are not.
    :param server: the `Server` that hosts them.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Connection], Document],
        mode: str,
        settings: Settings,
        secrets: list[str],
        keeper: Keeper | None = None,
        server: Any = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"{name}: mode must be one of {', '.join(MODES)}, not {mode!r}")
        self.name = name
        self.mode = mode
        self.settings = settings
        self.sessions: dict[str, Session] = {}
        self.tokens = Tokens(secrets, name, settings.token_lifetime)
        self.server = server
        self.make_session: Callable[..., Session] = Session
        """Makes a session: called as the class is."""
        self.rounds = Rounds(self.sessions, settings, self.discard, keeper, server)
        """Looks after the sessions."""
        self.depot = Depot(name, settings)
        """Keeps the files that pages send."""
        self._scopes: Scopes | None = server.scopes if server is not None else None
        self._opening: Opening | None = None
        self._make = make
        self._keeper = keeper
        self._process = token_urlsafe(6)
        self._coming: dict[str, asyncio.Task[Session | None]] = {}
        self._waiting: set[Session] = set()

    # -- coming in

    def wait_for(self, opening: Opening) -> None:
        """Nobody comes in before that is done."""
        self._opening = opening

    def admit(self) -> None:
        """From now on there may be sessions."""
        self._opening = None

    async def enter(self, connection: Connection) -> Session:
        """The session for a page that has none yet, made where there is none.

        Raises TooManySessionsError, or StoreError where the store cannot be read; what the application's constructor
        raises is passed on.
        """
        if self._opening is not None:
            await self._opening.open()
        if self._scopes is not None:
            await self._scopes.welcome(connection)
        session = self.enter_now(connection)
        if session is None:
            key = self._key(connection)
            while session is None:
                # Whoever came first may only have looked for it in the store, in vain.
                session = await self._only_once(key, self._load_or_start(key, connection))
            session.join(connection)
        if session.created is not None:
            # Not awaited itself: where the session ends meanwhile it is cancelled, and its visitor is not.
            await asyncio.wait([session.created])
            session.join(connection)
        return session

    def enter_now(self, connection: Connection) -> Session | None:
        """As `enter`; None where that has to wait for the store. The session's `created` is still to be waited for."""
        if self._opening is not None and not self._opening.open_now():
            return None
        if self._scopes is not None and not self._scopes.welcome_now(connection):
            return None
        key = self._key(connection)
        session = self.sessions.get(key)
        if session is None:
            if self.mode != "unicast" and self._keeper is not None:
                return None
            session = self._start(key, connection)
        elif len(session.connections) >= self.settings.connections_per_session:
            raise TooManySessionsError(f"{self.name}: {session!r} has {len(session.connections)} connections already")
        session.join(connection)
        return session

    async def find(self, token: str, identity: str) -> tuple[Session, str] | None:
        """The session that the token names, from the store where need be, and the connection's id.

        None where the token is not valid, not this visitor's, or its session is gone. Raises StoreError where the store
        cannot be read.
        """
        claims = self.check(token, identity)
        if claims is None:
            return None
        if self._opening is not None:
            await self._opening.open()
        if claims.session not in self.sessions and self._keeper is not None:
            await self._only_once(claims.session, self._load(claims.session))
        return self.find_now(claims)

    def check(self, token: str, identity: str) -> Claims | None:
        """What the token says; None where it is not valid, or not this visitor's."""
        claims = self.tokens.check(token) if token else None
        if claims is not None and claims.identity != identity:
            logger.warning(
                "%s: the token of session %s was shown by another visitor",
                self.name,
                claims.session,
                extra=about(claims.session, user=identity),
            )
            return None
        return claims

    def find_now(self, claims: Claims) -> tuple[Session, str] | None:
        """As `find`, without a look into the store."""
        session = self.sessions.get(claims.session)
        if session is None or claims.connection not in session.connections:
            return None
        return session, claims.connection

    def may_be_stored(self, claims: Claims) -> bool:
        """Whether the session is not here, but may be in the store."""
        return self._keeper is not None and claims.session not in self.sessions

    def begin_again(self, connection: Connection, claims: Claims | None) -> bool:
        """Whether the page of this new connection goes on, although its session is gone.

        So it is where that was never stored and no event of the page is handled in this process: the page has all its
        events still, and sends them again. The application is made anew for it, under the same names.
        """
        beginning = claims.beginning if claims is not None else None
        if claims is None or beginning is None:
            return False
        if self._keeper is None or beginning.process == self._process or time.time() > beginning.until:
            return False
        connection.id, connection.again = claims.connection, claims
        return True

    def issue_token(self, connection: Connection) -> str:
        """A token for the page of this connection."""
        session = connection.session
        assert session is not None
        beginning = None
        if session.durable and session.look and not connection.stored:
            process = self._process if session.used else ""
            beginning = Beginning(session.look, process, int(time.time() + self.settings.lost_lifetime))
        return self.tokens.issue(Claims(session.id, connection.id, connection.visit.identity, beginning))

    def may_prerender(self) -> bool:
        """Whether one more page may be rendered and kept until its socket opens."""
        if len(self._waiting) >= self.settings.prerendered_sessions:
            self._waiting = {session for session in self._waiting if not session.used and not session.destroyed}
        return len(self._waiting) < self.settings.prerendered_sessions

    def _key(self, connection: Connection) -> str:
        if self.mode == "broadcast":
            return "all"
        identity = connection.visit.identity if self.mode == "multicast" else ""
        if identity:
            return f"of-{identity}"
        if connection.again is not None:
            there = self.sessions.get(connection.again.session)
            if there is None or connection.id in there.connections:
                return connection.again.session
        return token_urlsafe(12)

    async def _only_once(self, key: str, making: Coroutine[Any, Any, Session | None]) -> Session | None:
        """Two who ask for the same session at once get the same."""
        task = self._coming.get(key)
        if task is None:
            task = self._coming[key] = asyncio.get_running_loop().create_task(making)
            task.add_done_callback(lambda _: self._coming.pop(key, None))
        else:
            making.close()
        return await asyncio.shield(task)

    async def _load_or_start(self, key: str, connection: Connection) -> Session:
        return await self._load(key) or self._start(key, connection)

    def _start(self, key: str, connection: Connection) -> Session:
        if len(self.sessions) >= self.settings.sessions:
            raise TooManySessionsError(
                f"{self.name}: {len(self.sessions)} sessions, and settings.sessions allows no more"
            )
        with acting(None, connection):
            document = self._make(connection)
        session = self._session(key, document)
        self._add(session)
        self._waiting.add(session)
        session.creating()
        return session

    async def _load(self, key: str) -> Session | None:
        assert self._keeper is not None
        state = await self._keeper.load(key)
        if state is None or key in self.sessions:
            return self.sessions.get(key)
        if self._scopes is not None:
            await self._scopes.welcome(*state.connections, state.document.connection)
            if key in self.sessions:
                return self.sessions[key]
        session = self._session(key, state.document)
        session.take_over(state)
        if not await run_hook(state.document, "on_restore"):
            logger.warning("session %s starts anew: on_restore did not take it", key, extra=about(key))
            self.discard(session)
            return None
        self._add(session)
        logger.info("session %s was restored", key, extra=about(key))
        return session

    def _session(self, key: str, document: Document) -> Session:
        session = self.make_session(
            key,
            document,
            settings=self.settings,
            changed=self._keeper.mark if self._keeper is not None else None,
            issue_token=self.issue_token,
            server=self.server,
        )
        session.durable = self._keeper is not None
        session.depot = self.depot
        return session

    def _add(self, session: Session) -> None:
        self.sessions[session.id] = session
        self.rounds.began()

    # -- going out

    def discard(self, session: Session) -> None:
        """Ends a session."""
        if self.sessions.pop(session.id, None) is session:
            self.rounds.tidying.ended()
        self._waiting.discard(session)
        if not self._waiting:
            self._waiting.clear()  # else it keeps the room for as many as it once held
        if self._keeper is not None and session.used:
            self._keeper.drop(session)
        session.destroy()
        self.depot.discard(session.id)

    async def close(self) -> None:
        """The server stops: handlers come to rest, everything is stored, and the pages wait for the next server."""
        self.rounds.stop()
        sessions = list(self.sessions.values())
        await self._come_to_rest(sessions)
        for session in sessions:
            session.flush()
        if self._keeper is not None:
            await self._keeper.close([session for session in sessions if session.used])
        for session in sessions:
            session.destroy(RESTARTING, "the server stops")
            if self._keeper is None:
                self.depot.discard(session.id)
        # What they have cancelled ends, and their last hooks too, while there still is a server.
        await self._come_to_rest(sessions)
        await self.rounds.come_to_rest()
        await self.depot.come_to_rest()
        self.sessions.clear()
        self._waiting.clear()

    async def _come_to_rest(self, sessions: list[Session]) -> None:
        await asyncio.gather(*(session.come_to_rest(self.settings.stop_timeout) for session in sessions))
