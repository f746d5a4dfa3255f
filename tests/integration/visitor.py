"""A visitor's page without a browser: loads the HTML, opens the socket, sends events and takes in what arrives."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from html import unescape
from http.cookies import SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import urljoin

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.iostream import IOStream
from tornado.websocket import WebSocketClientConnection, WebSocketProtocol, websocket_connect

from tests.mirror import Page, PageElement

Frame: TypeAlias = dict[str, Any]

SUBPROTOCOL = "jibe-like.1"
_META = re.compile(r'<meta name="jibe-like" content="([^"]*)">')


async def turn() -> None:
    """Lets the event loop do once what waits."""
    await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Returns once the condition holds; the test's own timeout ends what never does."""
    while not condition():
        await turn()


class Visitor:
    """One page of an application; `async with` closes its socket at the end.

    :param url: the page's address.
    :param options: for `tornado.httpclient.HTTPRequest`, page and socket alike: `ca_certs`, …
    """

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        self.cookies: dict[str, str] = {}
        self.socket_url = urljoin(url, "websocket")
        self.token = ""
        self.seq: int | None = None
        """Number of the last frame; None while the page has nothing of the session."""
        self.sent = 0
        """Number of the last event."""
        self.page: Page | None = None
        """What the page shows, once a root frame has come."""
        self._options = options
        self._socket: WebSocketClientConnection | None = None

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self.leave()

    # -- the page

    async def load(self, method: str = "GET", **headers: str) -> HTTPResponse:
        """Gets the page, whatever its status; keeps its cookies and what it says of its session."""
        request = HTTPRequest(self.url, method, headers=self._headers(headers), **self._options)
        response = await AsyncHTTPClient().fetch(request, raise_error=False)
        for line in response.headers.get_list("Set-Cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        found = _META.search(response.body.decode())
        if found:
            config = json.loads(unescape(found[1]))
            self.socket_url = urljoin(self.url, config["socket"])
            self.token = config["token"]
            self.seq = config["seq"] if self.token else None
        return response

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**({"Cookie": cookie} if cookie else {}), **headers}

    # -- the socket

    async def connect(self, **headers: str) -> Frame:
        """Opens the socket; returns what `hello` says. Raises HTTPClientError where the server refuses it."""
        query = "" if self.seq is None else f"{'&' if '?' in self.socket_url else '?'}seq={self.seq}"
        request = HTTPRequest(
            self.socket_url.replace("http", "ws", 1) + query, headers=self._headers(headers), **self._options
        )
        offered = [SUBPROTOCOL, self.token] if self.token else [SUBPROTOCOL]
        self._socket = await websocket_connect(request, subprotocols=offered)
        assert self._socket.selected_subprotocol == SUBPROTOCOL
        # As a browser does. Else two small messages in a row take 40 ms.
        self.protocol.set_nodelay(True)
        hello: Frame = (await self.frame())["hello"]
        self.token = hello["token"]
        if not hello["resumed"]:
            self.sent, self.seq, self.page = 0, None, None
        return hello

    @property
    def socket(self) -> WebSocketClientConnection:
        assert self._socket is not None, "connect first"
        return self._socket

    @property
    def protocol(self) -> WebSocketProtocol:
        """What Tornado has below the socket: its TCP stream."""
        assert self.socket.protocol is not None
        return self.socket.protocol

    @property
    def stream(self) -> IOStream:
        """The TCP connection."""
        assert self.protocol.stream is not None
        return self.protocol.stream

    async def frame(self) -> Frame:
        """The next frame, after it was applied. Raises EOFError where the socket has closed."""
        text = await self.socket.read_message()
        if text is None:
            code, reason = self._forget_socket()
            raise EOFError(f"the socket has closed: {code} {reason}")
        frame: Frame = json.loads(text)
        self.seq = frame.get("seq", self.seq)
        if "root" in frame:
            self.page = Page(frame["root"])
        elif "ops" in frame and self.page is not None:
            self.page.apply(frame["ops"])
        return frame

    async def until(self, condition: Callable[[], object]) -> None:
        """Takes in frames until the condition holds."""
        while not condition():
            await self.frame()

    async def shows(self, identifier: str, text: str) -> None:
        """Takes in frames until the element has this text."""
        await self.until(lambda: self.text(identifier) == text)

    async def handled(self) -> None:
        """Takes in frames until the server has handled all events."""
        while (await self.frame()).get("got", 0) < self.sent:
            pass

    def send(self, identifier: str, event: str, **more: Any) -> int:
        """Sends an event; returns its number."""
        self.sent += 1
        ack = {} if self.seq is None else {"ack": self.seq}
        self.post({"n": self.sent, **ack, "id": identifier, "event": event, **more})
        return self.sent

    def click(self, identifier: str) -> int:
        return self.send(identifier, "click", data={"clientX": 0, "clientY": 0})

    def change(self, identifier: str, value: Any) -> int:
        return self.send(identifier, "change", properties={"value": value})

    def post(self, message: Frame | str | bytes) -> None:
        """Sends a message as it is: a dict as JSON, bytes as a binary frame."""
        self.socket.write_message(message, binary=isinstance(message, bytes))

    # -- the end

    async def closed(self) -> tuple[int | None, str | None]:
        """Waits until the server has closed the socket; code and reason."""
        while await self.socket.read_message() is not None:
            pass
        return self._forget_socket()

    def _forget_socket(self) -> tuple[int | None, str | None]:
        socket, self._socket = self.socket, None
        socket.close()
        return socket.close_code, socket.close_reason

    async def leave(self) -> None:
        """Closes the socket, as a page does that is closed."""
        self.socket.close(1001)
        await self.closed()

    async def lose(self) -> None:
        """Loses the connection: nobody says good-bye."""
        self.stream.close()
        await self.closed()

    # -- what it shows

    def element(self, identifier: str) -> PageElement:
        assert self.page is not None, "no root frame has come"
        found = self.page.element(identifier)
        assert found is not None, f"{identifier} is not in the page"
        return found

    def text(self, identifier: str) -> str:
        """The text inside an element."""
        return "".join(
            child for element in self.element(identifier).walk() for child in element.children if isinstance(child, str)
        )

    def prop(self, identifier: str, name: str) -> Any:
        """A DOM property of an element."""
        return self.element(identifier).properties[name]
