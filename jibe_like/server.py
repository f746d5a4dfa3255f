"""Running a Tornado application: until it is told to stop, or in the background."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import tornado.httpserver
import tornado.web

logger = logging.getLogger("jibe_like")

Make = Callable[[], tornado.web.Application]
_STOP_SECONDS = 3.0
_BACKLOG = 128


class Listening:
    """A Tornado application that listens at a port. Made on the thread whose event loop serves it.

    :param port: 0 takes a free one.
    :param address: the interface; empty for all.
    :param options: passed on to `tornado.httpserver.HTTPServer` (`ssl_options`, `xheaders`, …).

    Exits (SystemExit) with one clear line where the port cannot be had.
    """

    def __init__(self, application: tornado.web.Application, port: int, address: str = "", **options: Any) -> None:
        self.application = application
        self.server = tornado.httpserver.HTTPServer(application, **options)
        try:
            sockets = _bind(port, address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SystemExit(f"jibe_like: port {port} is in use") from None
            raise SystemExit(f"jibe_like: cannot listen at {address or '*'}:{port}: {error.strerror}") from None
        self.server.add_sockets(sockets)
        self.port: int = sockets[0].getsockname()[1]
        shown = "localhost" if address in ("", "0.0.0.0", "::") else address
        self.url = f"{'https' if options.get('ssl_options') else 'http'}://{shown}:{self.port}/"

    async def loaded(self) -> None:
        """Tells what is mounted that the server serves."""
        loaded = getattr(self.application, "loaded", None)
        if loaded is not None:
            await loaded()

    async def stop(self) -> None:
        """Accepts no more, ends the sessions, closes what is open, and waits a little for it."""
        self.server.stop()
        close_sessions = getattr(self.application, "close_sessions", None)
        if close_sessions is not None:
            await close_sessions()
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


def run_until_stopped(make: Make, port: int, address: str, **options: Any) -> None:
    """Serves what `make` gives until SIGINT or SIGTERM. Uses uvloop where it is installed.

    Raises RuntimeError where an event loop is running in this thread already.
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("an event loop is running in this thread: use mount(), or juprun() in a notebook")
    _show_log()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(make, port, address, options))


async def _serve(make: Make, port: int, address: str, options: dict[str, Any]) -> None:
    listening = Listening(make(), port, address, **options)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Only the main thread may handle signals; in another one, whoever started it ends it.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stopped.set)
    await listening.loaded()
    logger.info("serving at %s", listening.url)
    try:
        await stopped.wait()
    finally:
        await listening.stop()


class BackgroundServer:
    """Serves what `make` gives from a thread of its own, as a notebook needs it.

    What goes wrong at the start is raised here: SystemExit for a port in use.
    """

    def __init__(self, make: Make, port: int, address: str = "", **options: Any) -> None:
        self._started: Future[Listening] = Future()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(make, port, address, options)),
            daemon=True,
            name="jibe_like",
        )
        self._thread.start()
        listening = self._started.result()
        self.port = listening.port
        self.url = listening.url

    async def _serve(self, make: Make, port: int, address: str, options: dict[str, Any]) -> None:
        try:
            listening = Listening(make(), port, address, **options)
        except BaseException as error:
            self._started.set_exception(error)
            return
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        await listening.loaded()
        self._started.set_result(listening)
        await self._stop.wait()
        await listening.stop()

    def stop(self) -> None:
        """Ends the server and its thread."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()


def _show_log() -> None:
    """Where nobody has set up logging, what this package has to say goes to standard error."""
    if not logging.getLogger().handlers and not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
