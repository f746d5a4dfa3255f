"""A load client: pages and their sockets over plain asyncio, cheap enough that the server's core is the busy one."""

import asyncio
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from .processes import HOST

_COOKIE: Final = re.compile(r"(?i)\r\nset-cookie: *([^;\r\n]+)")
_META: Final = re.compile(rb'<meta name="jibe-like" content="([^"]*)">')
# What Chromium says of itself: a server keeps and parses it, so it belongs to what a visitor costs.
_BROWSER: Final = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 "
    "Safari/537.36\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n"
    "Cache-Control: no-cache\r\nPragma: no-cache\r\n"
)
_NAVIGATION: Final = (
    'sec-ch-ua: "Chromium";v="146", "Not-A.Brand";v="24"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: "Linux"\r\n'
    "Upgrade-Insecure-Requests: 1\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
    "image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\nSec-Fetch-Site: none\r\n"
    "Sec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
)
_OPEN_SECONDS = 30.0
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA

OnFrame = Callable[["Socket", bytes], None]


@dataclass(frozen=True)
class Visit:
    """What a page has from its first response: its token (jibe_like's alone) and its cookies."""

    token: str = ""
    cookies: str = ""


class Socket(asyncio.Protocol):
    """A page's websocket.

    :param visit: what its page has from the first response; nothing where there is no page.
    :param greeting: what a frame holds that says that the session is there; empty where the server says nothing.
    :param on_frame: called with each frame that comes after the greeting.
    """

    def __init__(
        self, port: int, visit: Visit = Visit(), greeting: bytes = b"", on_frame: OnFrame | None = None
    ) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.clicks = 0
        self.frames = 0
        """Frames since the greeting."""
        self.last = b""
        """The newest of them."""
        self._port, self._visit, self._greeting = port, visit, greeting
        self._on_frame = on_frame
        self._buffer = b""
        self._upgraded = False

    async def open(self) -> "Socket":
        """Connects, and waits until the session is there."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_OPEN_SECONDS):
            await loop.create_connection(lambda: self, HOST, self._port)
            await self.ready
        return self

    def click(self) -> None:
        """Sends a click as the client in the browser does, with all that came so far acknowledged."""
        self.clicks += 1
        self.send(
            b'{"n":%d,"ack":%d,"id":"w1","event":"click","data":{"clientX":10,"clientY":5}}'
            % (self.clicks, self.clicks - 1)
        )

    def acknowledge(self) -> None:
        """Says that all frames have been applied, as the client does when no event has said so for a second."""
        self.send(b'{"ack":%d}' % self.frames)

    def send(self, payload: bytes, opcode: int = _TEXT) -> None:
        """Sends a frame of at most 125 bytes. The mask is zero: it is legal, and costs the client nothing."""
        assert len(payload) < 126
        self.transport.write(bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload)

    def close(self) -> None:
        """Hangs up."""
        self.transport.abort()

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        host = f"{HOST}:{self._port}"
        query, more = "", f"Cookie: {self._visit.cookies}\r\n" if self._visit.cookies else ""
        if self._visit.token:
            query, more = "?seq=0", f"{more}Sec-WebSocket-Protocol: jibe-like.1, {self._visit.token}\r\n"
        self.transport.write(
            f"GET /websocket{query} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"{_BROWSER}{more}\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the server closed the socket"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self._upgraded:
            head, gap, rest = buffer.partition(b"\r\n\r\n")
            if not gap:
                self._buffer = buffer
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(ConnectionError(head.decode()))
                return
            self._upgraded, buffer = True, rest
            if not self._greeting:
                self.ready.set_result(None)
        at = 0
        while (frame := _frame(buffer, at)) is not None:
            opcode, payload, at = frame
            self._received(opcode, payload)
        self._buffer = buffer[at:]

    def _received(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self.send(payload, _PONG)
            return
        if opcode == _CLOSE:
            raise ConnectionError(f"the server closed the socket: {payload!r}")
        if not self.ready.done():
            if self._greeting in payload:
                self.ready.set_result(None)
            return
        self.frames += 1
        self.last = payload
        if self._on_frame is not None:
            self._on_frame(self, payload)


def _frame(buffer: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Opcode and payload of the frame that starts there, and where the next one does; None where it is not whole."""
    if len(buffer) < at + 2:
        return None
    size, start = buffer[at + 1] & 0x7F, at + 2
    if size > 125:
        start += 2 if size == 126 else 8
        size = int.from_bytes(buffer[at + 2 : start], "big")
    end = start + size
    return (buffer[at] & 0x0F, buffer[start:end], end) if end <= len(buffer) else None


class Http(asyncio.Protocol):
    """A kept connection that asks for the page again and again; each visitor of it is a new one (no cookies)."""

    def __init__(self, on_page: Callable[["Http", bytes], None]) -> None:
        self.cookies = ""
        """Those that came with the last page."""
        self._on_page = on_page
        self._buffer = b""

    async def open(self, port: int) -> "Http":
        """Connects."""
        await asyncio.get_running_loop().create_connection(lambda: self, HOST, port)
        return self

    def get(self) -> None:
        """Asks for the page."""
        self.transport.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{_BROWSER}{_NAVIGATION}\r\n".encode())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise ConnectionError(head.decode())
        if len(body) >= int(length[1]):
            self._buffer = b""
            self.cookies = "; ".join(_COOKIE.findall(head.decode()))
            self._on_page(self, body)


async def visit(port: int) -> Visit:
    """Reads the page, over a connection of its own."""
    found: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    async with asyncio.timeout(_OPEN_SECONDS):
        connection = await Http(lambda _, page: found.set_result(page)).open(port)
        connection.get()
        page = await found
    connection.transport.abort()
    meta = _META.search(page)
    token = str(json.loads(html.unescape(meta[1].decode()))["token"]) if meta else ""
    return Visit(token, connection.cookies)
