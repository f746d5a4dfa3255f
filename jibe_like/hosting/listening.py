"""A Tornado application that listens at a port."""

import asyncio
import contextlib
import errno
import inspect
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeAlias

import tornado.httpserver
import tornado.web

from jibe_like.errors import ServerError, SettingsError
from jibe_like.settings import Settings

TLS: TypeAlias = ssl.SSLContext | tuple[str | os.PathLike[str], str | os.PathLike[str]] | Mapping[str, Any]
"""What `ssl=` may be."""

_STOP_SECONDS: Final = 3.0
_BACKLOG: Final = 128


class Listening:
    """A Tornado application that listens at a port. Made on the thread whose event loop serves it.

    :param port: 0 takes a free one.
    :param address: the interface; empty for all.
    :param tls: see `tls_context`; None for http.
    :param options: passed on to `tornado.httpserver.HTTPServer` (`xheaders`, `max_header_size`, …).

    Raises ServerError where the port cannot be had, SettingsError where `tls` makes no sense, TypeError for an
    option that there is not.
    """

    def __init__(
        self, application: tornado.web.Application, port: int, address: str = "", tls: TLS | None = None, **options: Any
    ) -> None:
        if tls is not None:
            if options.get("ssl_options") is not None:
                raise SettingsError("ssl and ssl_options are the same: give one of them")
            options["ssl_options"] = tls_context(tls)
        _check_options(options)
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


def _check_options(options: Mapping[str, Any]) -> None:
    known = inspect.signature(tornado.httpserver.HTTPServer.initialize).parameters
    for name in options.keys() - known.keys():
        hint = f": say settings=Settings({name}=…)" if name in {field.name for field in fields(Settings)} else ""
        raise TypeError(f"{name!r} is no argument of run or start, nor one of tornado.httpserver.HTTPServer{hint}")


def tls_context(tls: TLS) -> ssl.SSLContext:
    """What a server speaks https with: TLS 1.2 and later.

    :param tls: a context of your own; or the files of certificate (with those in between) and key, as a pair or as the
        arguments of `SSLContext.load_cert_chain`: `{"certfile": …, "keyfile": …, "password": …}`.

    Raises SettingsError where the files cannot be used, and for what is none of these.
    """
    if isinstance(tls, ssl.SSLContext):
        return tls
    if isinstance(tls, Mapping):
        files = dict(tls)
    elif isinstance(tls, (tuple, list)) and len(tls) == 2:
        files = dict(zip(("certfile", "keyfile"), tls, strict=True))
    else:
        raise SettingsError(
            f"ssl must be an ssl.SSLContext, a pair of certificate and key, or a dict, not {type(tls).__name__}"
        )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(**{"password": "", **files})
    except (OSError, TypeError, ValueError) as error:
        # Not all of what it was given: that may have the password.
        raise SettingsError(f"ssl: {_reason_of(error)}: {files.get('certfile')}, {files.get('keyfile')}") from None
    return context


def _reason_of(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)


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
