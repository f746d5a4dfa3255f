"""A page's socket: checks what comes in before anybody else sees it, and carries frames out."""

import asyncio
from collections.abc import Awaitable
from random import uniform
from typing import Any, Final

import tornado.web
import tornado.websocket
from tornado.websocket import WebSocketProtocol, WebSocketProtocol13

from jibe_like.session.connection import FAILED, GONE, RESTARTING, TOO_BIG, Connection
from jibe_like.settings import Settings
from jibe_like.wire.messages import SUBPROTOCOL

from .forwarded import believe_proxies
from .gate import Gate, Refused
from .metrics import gate_for
from .mount import Mount, identified
from .origin import is_allowed


class WebSocketHandler(tornado.websocket.WebSocketHandler):
    """Serves the socket of an application's pages: one handler for each socket."""

    # With these in it, a handler's dict would be too long to share its keys with the others': 1 KiB for each socket.
    __slots__ = (
        "_answered",
        "_compresses",
        "_gate",
        "_may_return",
        "_recheck",
        "_settings",
        "_waiting",
        "mount",
        "sign_in",
    )

    protocol: Final = "websocket"
    mainApp: Any = None
    """The application's class, where the handler was put into a Tornado application by hand."""

    def initialize(self, mount: Mount | None = None) -> None:
        self.mount = mount or (self.mainApp.mount_in(self.application) if self.mainApp is not None else None)
        self._settings = self.mount.settings if self.mount is not None else Settings()
        believe_proxies(self.request, self._settings)
        self._gate: Gate | None = None
        self._recheck: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._may_return = False
        self._compresses = False
        self._answered = True

    @property
    def connection(self) -> Connection | None:
        """The page's connection, once it is admitted."""
        return self._gate.connection if self._gate is not None else None

    @property
    def app(self) -> Any:
        """The application instance that this socket shows."""
        return self._gate.app if self._gate is not None else None

    # -- what Tornado asks

    @property
    def max_message_size(self) -> int:
        return self._settings.max_message_bytes

    @property
    def ping_interval(self) -> float | None:
        """None for Tornado: the mount's pulse pings."""
        return None

    def check_origin(self, origin: str) -> bool:
        return is_allowed(self.request, self._settings.allowed_origins)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        found = super().get_websocket_protocol()
        if self.mount is None or self.mount.meter is None or not isinstance(found, WebSocketProtocol13):
            return found
        return _Bounded(self, found.mask_outgoing, found.params)

    def data_received(self, chunk: bytes) -> None:
        """A socket has no body."""

    def prepare(self) -> Awaitable[None] | None:
        """Refuses other sites' pages, and finds out whose page it is, where users sign in."""
        # Tornado asks only where the hosts differ: to it, a page from http is the same as one from https.
        origin = self.request.headers.get("Origin")
        # A subclass may know of other origins.
        if not (is_allowed(self.request, ()) if origin is None else self.check_origin(origin)):
            if self.mount is not None:
                self.mount.rejected("origin")
            raise tornado.web.HTTPError(403, "cross-origin request refused")
        return identified(self, self.mount) if self.mount is not None and self.mount.guard is not None else None

    # -- the life of a socket

    def open(self, *args: str, **kwargs: str) -> Awaitable[None] | None:
        """The page is there. The session that its token names goes on; without a token it gets an app of its own."""
        # Else two small writes in one turn wait for each other's acknowledgement: 40 ms.
        self.set_nodelay(True)
        self._compresses = self.get_compression_options() is not None
        self._may_return = self.selected_subprotocol is not None
        if self.mount is None:
            self.close(FAILED, "no application is mounted here")
            return None
        gate = self._gate = gate_for(self.mount, self)
        try:
            waiting = gate.admit(self, self._token(), self._seq())
        except Refused as refusal:
            self.close(refusal.code, refusal.reason)
            return None
        if waiting is None:
            self._admitted(self.mount)
            return None
        # A task, since it must go on also where a subclass's `open` does not pass it on to Tornado.
        return asyncio.ensure_future(self._wait(self.mount, gate, waiting))

    async def _wait(self, mount: Mount, gate: Gate, waiting: Awaitable[None]) -> None:
        """The page is admitted after a while."""
        try:
            await waiting
        except Refused as refusal:
            self.close(refusal.code, refusal.reason)
            return
        if self.ws_connection is None or self.ws_connection.is_closing():
            gate.leave(said_goodbye=False)  # it went while its session was being read
        else:
            self._admitted(mount)

    def _admitted(self, mount: Mount) -> None:
        mount.pulse.add(self)
        seconds = mount.guard.provider.recheck_interval if mount.guard is not None else 0.0
        if seconds:
            # Not all at once that came at once, after a restart of the server.
            self._recheck = asyncio.get_running_loop().call_later(uniform(0.8, 1.0) * seconds, self._come_again)

    def _come_again(self) -> None:
        """Has the page connect anew: a socket does not say whose it is by now, and a handshake does."""
        if self._gate is not None:
            # First of all: it is waited for as for a page that was lost.
            self._gate.leave(said_goodbye=not self._may_return)
        self.close(RESTARTING, "whose page is it by now?")

    def on_message(self, message: str | bytes) -> None:
        """A message from the page."""
        if self._gate is not None:
            self._gate.take(message)

    def on_close(self) -> None:
        """The page is gone, for now or for ever."""
        if self.mount is not None:
            self.mount.pulse.remove(self)
        if self._recheck is not None:
            self._recheck.cancel()
            self._recheck = None
        gate, self._gate = self._gate, None
        if gate is not None:
            # A browser says why it closes, unless it is lost. Whoever does not speak our protocol cannot come back.
            gate.leave(said_goodbye=self.close_code is not None or not self._may_return)

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
        stream, size = protocol.stream, len(frame)
        if stream is None or self._compresses:
            self.write_message(frame)
            taken = not self._writing()
        else:
            # As write_message does, but without a task for each frame.
            taken = stream.write(_text_header(size) + frame).done()
        self._waiting = 0 if taken else self._waiting + size

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


class _Bounded(WebSocketProtocol13):
    """Tornado's protocol, which tells the mount where a message was too big for it."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        if code == TOO_BIG and isinstance(self.handler, WebSocketHandler) and self.handler.mount is not None:
            self.handler.mount.rejected("message_bytes")
        super().close(code, reason)


def _text_header(size: int) -> bytes:
    """What stands before `size` bytes of text on a server's websocket (RFC 6455)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
