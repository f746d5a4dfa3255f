"""A Tornado application that listens at a port."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable
from typing import Any, Final

import tornado.httpserver
import tornado.web

from jibe_like.errors import ServerError

_STOP_SECONDS: Final = 3.0
_BACKLOG: Final = 128


class Listening:
    """A Tornado application that listens at a port. Made on the thread whose event loop serves it.

    :param port: 0 takes a free one.
    :param address: the interface; empty for all.
    :param options: passed on to `tornado.httpserver.HTTPServer` (`ssl_options`, `xheaders`, …).

    Raises ServerError where the port cannot be had.
    """

    def __init__(self, application: tornado.web.Application, port: int, address: str = "", **options: Any) -> None:
        self.server = tornado.httpserver.HTTPServer(application, **options)
        try:
            sockets = _bind(port, address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ServerError(f"port {port} is in use") from None
            raise ServerError(f"cannot listen at {address or '*'}:{port}: {error.strerror}") from None
        self.server.add_sockets(sockets)
        self.port: int = sockets[0].getsockname()[1]
        shown = "localhost" if address in ("", "0.0.0.0", "::") else address
        self.url = f"{'https' if options.get('ssl_options') else 'http'}://{shown}:{self.port}/"

    def accept_no_more(self) -> None:
        """Who comes now is refused; connections that are there go on."""
        self.server.stop()

    async def close(self) -> None:
        """Closes the connections, and waits a little for it."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.server.close_all_connections(), _STOP_SECONDS)


def _bind(port: int, address: str) -> list[socket.socket]:
    """Listens at every interface that the address names; a further one has the port of the first.

    Tornado's `bind_sockets` leaves open what it has bound before it fails, and so keeps the port.
    """
    found = socket.getaddrinfo(address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, place in sorted({(family, place) for family, *_, place in found}):
            number = sockets[0].getsockname()[1] if sockets else port
            try:
                listener = socket.create_server((place[0], number, *place[2:]), family=family, backlog=_BACKLOG)
            except OSError as error:
                # A name may stand for an IPv6 address that the machine does not have.
                if sockets and error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    continue
                raise
            listener.setblocking(False)
            sockets.append(listener)
    except BaseException:
        for listener in sockets:
            listener.close()
        raise
    return sockets


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Makes a uvloop where that is installed; None: asyncio's own is taken."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
