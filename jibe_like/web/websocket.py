"""A page's socket: checks what comes in before anybody else sees it, and carries frames out."""

import logging
import time
from typing import Any

import tornado.web
import tornado.websocket

from jibe_like.errors import ProtocolError, TooManySessionsError
from jibe_like.session.connection import FAILED, GONE, TOO_MANY_EVENTS, TRY_AGAIN, Connection
from jibe_like.settings import Settings
from jibe_like.wire.messages import SUBPROTOCOL, decode_event

from .mount import Mount, connection_for

logger = logging.getLogger("jibe_like.web")


class Rate:
    """A token bucket.

    :param per_second: events that come back a second.
    :param burst: events that it holds.
    """

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Whether one more event is allowed."""
        if self._left < 1:
            now = time.monotonic()
            self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
            self._at = now
            if self._left < 1:
                return False
        self._left -= 1
        return True


class WebSocketHandler(tornado.websocket.WebSocketHandler):
    """Serves the socket of an application's pages: one handler for each socket."""

    # With these in it, a handler's dict would be too long to share its keys with the others': 1 KiB for each socket.
    __slots__ = ("_answered", "_compresses", "_rate", "_settings", "_waiting", "app", "connection", "mount")

    mainApp: Any = None
    """The application's class, where the handler was put into a Tornado application by hand."""

    def initialize(self, mount: Mount | None = None) -> None:
        self.mount = mount or (self.mainApp.mount_in(self.application) if self.mainApp is not None else None)
        self.connection: Connection | None = None
        self.app: Any = None
        """The application instance that this socket shows."""
        settings = self.mount.settings if self.mount is not None else Settings()
        self._settings = settings
        self._rate = Rate(settings.events_per_second, settings.events_burst)
        self._waiting = 0
        self._compresses = False
        self._answered = True

    # -- what Tornado asks

    @property
    def max_message_size(self) -> int:
        return self._settings.max_message_bytes

    @property
    def ping_interval(self) -> float | None:
        """None for Tornado: the mount's pulse pings."""
        return None

    def check_origin(self, origin: str) -> bool:
        return super().check_origin(origin) or origin.rstrip("/") in self._settings.allowed_origins

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def data_received(self, chunk: bytes) -> None:
        """A socket has no body."""

    # -- the life of a socket

    def open(self, *args: str, **kwargs: str) -> None:
        """The page is there. The session that its token names goes on; without a token it gets an app of its own."""
        # Else two small writes in one turn wait for each other's acknowledgement: 40 ms.
        self.set_nodelay(True)
        self._compresses = self.get_compression_options() is not None
        if self.mount is None:
            self.close(FAILED, "no application is mounted here")
            return
        registry = self.mount.registry
        found = registry.find(self._token())
        seq = self._seq()
        try:
            if found is not None:
                session, connection_id = found
                connection = session.connections[connection_id]
            else:
                seq = None
                connection = connection_for(self)
                session = registry.enter(connection)
        except TooManySessionsError as error:
            logger.warning("%s", error)
            self.close(TRY_AGAIN, "too many sessions")
            return
        except Exception:
            logger.exception("%s could not be started", self.mount.title)
            self.close(FAILED, "the application could not be started")
            return
        self.mount.pulse.add(self)
        self.connection = connection
        self.app = session.document
        connection.session = session
        session.subscribe(connection, self, seq, registry.token(connection))

    def on_message(self, message: str | bytes) -> None:
        """A message from the page: counted, decoded, and passed on to the session."""
        connection = self.connection
        session = connection.session if connection is not None else None
        if connection is None or session is None or connection.transport is not self:
            return
        if not self._rate.take():
            logger.warning(
                "session %s: %s sends more than %g events a second",
                session.id,
                connection,
                self._settings.events_per_second,
            )
            self.close(TOO_MANY_EVENTS, "too many events")
            # What is on its way already is neither handled nor complained of.
            session.unsubscribe(connection, self)
            return
        try:
            event = decode_event(message)
        except ProtocolError as error:
            session.refuse(error, connection=connection.id)
            return
        session.receive(connection, event)

    def on_close(self) -> None:
        """The page is gone, for now or for ever: its session decides how long to wait."""
        if self.mount is not None:
            self.mount.pulse.remove(self)
        connection, self.connection, self.app = self.connection, None, None
        if connection is not None and connection.session is not None:
            connection.session.unsubscribe(connection, self)

    # -- is the page still there?

    def beat(self) -> None:
        """Pings the page; hangs up where it has left the last ping unanswered."""
        if not self._answered:
            self.close(GONE, "no answer to a ping")
        elif self.ws_connection is not None and not self.ws_connection.is_closing():
            self._answered = False
            self.ping()

    def on_pong(self, data: bytes) -> None:
        self._answered = True

    # -- what the session asks: it is the connection's transport

    def send(self, frame: bytes) -> None:
        """Sends a text frame."""
        protocol = self.ws_connection
        if protocol is None or protocol.is_closing():
            return
        stream = protocol.stream
        if stream is None or self._compresses:
            self.write_message(frame)
        else:
            # As write_message does, but without a task for each frame.
            stream.write(_text_header(len(frame)) + frame)
        self._waiting = self._waiting + len(frame) if self._writing() else 0

    @property
    def waiting_bytes(self) -> int:
        if self._waiting and not self._writing():
            self._waiting = 0
        return self._waiting

    def _writing(self) -> bool:
        stream = self.ws_connection.stream if self.ws_connection is not None else None
        return stream is not None and stream.writing()

    def _token(self) -> str:
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        names = [name.strip() for name in offered]
        return next((name for name in names if name and name != SUBPROTOCOL), "")

    def _seq(self) -> int | None:
        text = self.request.query_arguments.get("seq", [b""])[-1]
        return int(text) if text.isdigit() and len(text) < 16 else None


def _text_header(size: int) -> bytes:
    """What stands before `size` bytes of text on a server's websocket (RFC 6455)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
