"""A reverse proxy that strips a path prefix, in its smallest form: pages, files and websockets."""

from typing import Any

import tornado.web
import tornado.websocket
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect


class _Page(tornado.web.RequestHandler):
    def initialize(self, backend: str) -> None:
        self.backend = backend

    async def get(self, path: str) -> None:
        request = HTTPRequest(
            f"{self.backend}{path}?{self.request.query}", headers=self.request.headers, decompress_response=False
        )
        response = await AsyncHTTPClient().fetch(request, raise_error=False)
        self.set_status(response.code)
        for name, value in response.headers.get_all():
            if name not in ("Content-Length", "Transfer-Encoding", "Connection"):
                self.add_header(name, value)
        self.finish(response.body)


class _Socket(tornado.websocket.WebSocketHandler):
    upstream: WebSocketClientConnection | None = None

    def initialize(self, backend: str) -> None:
        self.backend = backend.replace("http", "ws", 1)

    def check_origin(self, origin: str) -> bool:
        """That is for the server behind it to say."""
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[0] if subprotocols else None

    async def open(self, path: str) -> None:
        names = ("Host", "Origin", "Cookie", "X-Forwarded-For")
        headers = {name: self.request.headers[name] for name in names if name in self.request.headers}
        offered = [name.strip() for name in self.request.headers["Sec-WebSocket-Protocol"].split(",")]
        request = HTTPRequest(f"{self.backend}{path}?{self.request.query}", headers=headers)
        self.upstream = await websocket_connect(
            request, subprotocols=offered, on_message_callback=self.on_upstream_message
        )

    def on_message(self, message: str | bytes) -> None:
        assert self.upstream is not None
        self.upstream.write_message(message, binary=isinstance(message, bytes))

    def on_upstream_message(self, message: Any) -> None:
        if message is not None:
            self.write_message(message)
        elif self.upstream is not None:
            self.close(self.upstream.close_code, self.upstream.close_reason)

    def on_close(self) -> None:
        if self.upstream is not None:
            self.upstream.close()


def make_proxy(prefix: str, backend: str) -> tornado.web.Application:
    """Shows what is at the URL `backend`, which ends with a slash, at `prefix`, which does too."""
    options = {"backend": backend}
    return tornado.web.Application([(f"{prefix}(.*websocket)", _Socket, options), (f"{prefix}(.*)", _Page, options)])
