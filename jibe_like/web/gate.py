"""Where a page's messages come in, whatever carries them: admits the page, and checks what it says."""

import asyncio
import logging
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import tornado.web

from jibe_like.errors import ProtocolError, ServerError, StoreError, TooManySessionsError
from jibe_like.session.auth.sign_ins import attach
from jibe_like.session.connection import (
    FAILED,
    RESTARTING,
    SIGN_IN_AGAIN,
    TOO_BIG,
    TOO_MANY_EVENTS,
    TRY_AGAIN,
    Connection,
    Transport,
)
from jibe_like.session.log import about
from jibe_like.session.token import Claims
from jibe_like.wire.messages import decode_event

from .auth.guard import auth_of
from .limits import Budget, Seat
from .mount import Mount, connection_for_socket, identity_of
from .network_log import Tap
from .waiting import knock

if TYPE_CHECKING:
    from jibe_like.session.session import Session

logger = logging.getLogger("jibe_like.web")


class Refused(Exception):
    """The page is not admitted."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Gate:
    """Between a transport and the session of its page."""

    __slots__ = ("_budget", "_mount", "_seat", "_tap", "_transport", "connection")

    def __init__(self, mount: Mount, transport: Transport) -> None:
        self.connection: Connection | None = None
        self._mount = mount
        log = mount.server.network_log if mount.server is not None else None
        self._tap = Tap(transport, log) if log is not None else None
        self._transport = self._tap or transport
        self._budget = Budget(mount.limits.allowance)
        self._seat: Seat | None = None

    @property
    def app(self) -> Any:
        """The application instance that the page shows."""
        session = self._session()
        return session.document if session is not None else None

    def admit(self, handler: tornado.web.RequestHandler, token: str, seq: int | None) -> Awaitable[None] | None:
        """The session that the token names goes on; without one, the page gets an application of its own.

        Gives None where the page is admitted; what is to be awaited where that takes a look into the store or an
        `async` hook. Either raises Refused where it cannot be.
        """
        registry = self._mount.registry
        crossed = knock(handler, self._mount)
        if crossed:
            raise Refused(TRY_AGAIN, f"too many {crossed}")
        self._check_user(handler, token)
        with self._refusing():
            claims = registry.check(token, identity_of(handler, self._mount))
            if claims is not None and registry.may_be_stored(claims):
                return self._admit_later(handler, token, claims, seq)
            found = registry.find_now(claims) if claims is not None else None
            if found is not None:
                session, connection_id = found
                connection = session.connections[connection_id]
            else:
                connection = connection_for_socket(handler, self._mount)
                if not registry.begin_again(connection, claims):
                    seq = None
                entered = registry.enter_now(connection)
                if entered is None:
                    return self._enter_later(handler, connection, seq)
                session, connection = entered, entered.connections[connection.id]
            if session.created is not None and not session.created.done():
                return self._begin_later(handler, session, connection, seq)
        self._begin(handler, session, connection, seq)
        return None

    async def _admit_later(
        self, handler: tornado.web.RequestHandler, token: str, claims: Claims, seq: int | None
    ) -> None:
        registry = self._mount.registry
        with self._refusing():
            found = await registry.find(token, claims.identity)
            if found is None:
                connection = connection_for_socket(handler, self._mount)
                if not registry.begin_again(connection, claims):
                    seq = None
        if found is None:
            await self._enter_later(handler, connection, seq)
        else:
            session, connection_id = found
            self._begin(handler, session, session.connections[connection_id], seq)

    async def _enter_later(self, handler: tornado.web.RequestHandler, connection: Connection, seq: int | None) -> None:
        with self._refusing():
            session = await self._mount.registry.enter(connection)
        self._begin(handler, session, session.connections[connection.id], seq)

    async def _begin_later(
        self, handler: tornado.web.RequestHandler, session: "Session", connection: Connection, seq: int | None
    ) -> None:
        assert session.created is not None
        await asyncio.wait([session.created])
        self._begin(handler, session, connection, seq)

    def _begin(
        self, handler: tornado.web.RequestHandler, session: "Session", connection: Connection, seq: int | None
    ) -> None:
        if self._mount.guard is not None:
            if connection.visit.identity != identity_of(handler, self._mount):
                raise Refused(SIGN_IN_AGAIN, "the sign-in has ended")
            attach(connection, auth_of(handler, connection.visit.identity))
        self._seat = self._mount.limits.enter(connection.visit.identity, handler.request.remote_ip or "")
        session.replace_transport(connection)
        connection.application = handler.application
        connection.server = self._mount.server
        connection.transport = self._transport
        connection.request = None
        self.connection = connection
        if self._tap is not None:
            self._tap.connection_id = connection.id
        self._mount.page_came()
        session.subscribe(connection, seq)

    def _check_user(self, handler: tornado.web.RequestHandler, token: str) -> None:
        """Raises Refused where the page is not this user's, or nobody may come in without signing in."""
        guard = self._mount.guard
        if guard is not None:
            with self._refusing():
                claims = self._mount.registry.tokens.check(token) if token else None
                owner = claims.identity if claims is not None else ""
                code = guard.refusal(handler, self._mount.requires_auth, owner, identity_of(handler, self._mount))
            if code:
                self._mount.rejected("identity")
                raise Refused(code, "another user is signed in, or nobody")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """What goes wrong is logged, and an answer."""
        try:
            yield
        except TooManySessionsError as error:
            logger.warning("%s", error)
            self._mount.rejected("sessions")
            raise Refused(TRY_AGAIN, "too many sessions") from None
        except ServerError as error:
            raise Refused(RESTARTING, str(error)) from None
        except StoreError as error:
            logger.error("%s", error)
            self._mount.rejected("store")
            raise Refused(TRY_AGAIN, "the store cannot be read") from None
        except Exception:
            logger.exception("%s could not be started", self._mount.title)
            raise Refused(FAILED, "the application could not be started") from None

    def take(self, message: str | bytes) -> None:
        """A message from the page: counted, decoded, and passed on to the session."""
        session, connection = self._session(), self.connection
        if session is None or connection is None:
            return
        if self._tap is not None:
            self._tap.heard(message)
        size = size_of(message)
        if size > self._mount.settings.max_message_bytes:
            # By websocket it does not come as far as this.
            self._mount.rejected("message_bytes")
            self._transport.close(TOO_BIG, "message too big")
            self.leave(said_goodbye=False)
            return
        crossed = self._budget.take(size) or (self._seat.take(size) if self._seat is not None else "")
        if crossed:
            logger.warning(
                "session %s: %s sends too many %s",
                session.id,
                connection,
                crossed,
                extra=about(session.id, user=connection.visit.identity),
            )
            self._mount.rejected(crossed)
            self._transport.close(TOO_MANY_EVENTS, f"too many {crossed}")
            # What is on its way already is neither handled nor complained of.
            self.leave(said_goodbye=False)
            return
        try:
            event = decode_event(message)
        except ProtocolError as error:
            session.refuse(error, connection=connection.id)
            return
        session.receive(connection, event)

    def leave(self, said_goodbye: bool) -> None:
        """The page is gone, for now or for ever: its session decides how long to wait."""
        session, connection = self._session(), self.connection
        self.connection = None
        seat, self._seat = self._seat, None
        if seat is not None:
            seat.leave()
        if connection is not None:
            self._mount.page_left()
        if session is not None and connection is not None:
            session.unsubscribe(connection, said_goodbye=said_goodbye)

    def _session(self) -> "Session | None":
        connection = self.connection
        if connection is None or connection.transport is not self._transport:
            return None
        return connection.session


def size_of(message: str | bytes) -> int:
    """Bytes that a message has on its way."""
    if message.isascii() or isinstance(message, bytes):
        return len(message)
    return len(message.encode("utf-8", "surrogatepass"))
