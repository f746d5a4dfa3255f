"""A server from its start to its end, on one event loop."""

import asyncio
import contextlib
import logging
import signal
import time
import webbrowser
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin

import tornado.web

from jibe_like.errors import ServerError, StoreError

from .listening import TLS, Listening
from .options import Choices

logger = logging.getLogger("jibe_like")


class Milestone(Future[None]):
    """A point in the life of a server. It may be awaited on any event loop; `result()` waits on any other thread."""

    def __await__(self) -> Generator[Any, None, None]:
        return asyncio.wrap_future(self).__await__()

    def cancel(self) -> bool:
        """Whoever gives up waiting leaves it to the others."""
        return False


@dataclass
class Plan:
    """How a server is to run."""

    port: int = 0
    host: str = ""
    timeout: float = 0.0
    """Seconds without a page after which it stops; 0: never."""
    handle_signals: bool = False
    open_browser: bool = False
    show_connection_info: bool = True
    disable_logging: bool = False
    application: tornado.web.Application | None = None
    tls: TLS | None = field(default=None, repr=False)
    http: Mapping[str, Any] = field(default_factory=dict)
    """Options of `tornado.httpserver.HTTPServer`."""
    choices: Choices = field(default_factory=Choices)


class Runs(Protocol):
    """The server, as its run sees it."""

    def make_application(self) -> tornado.web.Application:
        """What is to be served."""

    async def began(self) -> None:
        """It listens."""

    async def ends(self) -> None:
        """It accepts no more, and what is mounted must end."""

    @property
    def quiet_since(self) -> float | None:
        """When the last page went, by `time.monotonic`; None while there is one."""


class Running:
    """One run of a server.

    :param ready: told when it serves, or what went wrong.
    """

    def __init__(self, server: Runs, plan: Plan, ready: Milestone) -> None:
        self.plan = plan
        self.ready = ready
        self.ended = Milestone()
        """Done once it has ended."""
        self.listening: Listening | None = None
        self.pages: list[str] = []
        """The URLs at which to begin."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self._server = server
        self._stop: asyncio.Event | None = None
        self._stop_wanted = False
        self._began_at = 0.0

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop_wanted or (self._stop is not None and self._stop.is_set())

    def stop(self) -> None:
        """Asks it to end. From any thread; returns at once."""
        self._stop_wanted = True
        if self.loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended
                self.loop.call_soon_threadsafe(self._stop.set)

    async def serve(self) -> None:
        """Serves until it is asked to end. What goes wrong at the start is raised, and told to those who wait."""
        try:
            with silence() if self.plan.disable_logging else contextlib.nullcontext():
                await self._serve()
        finally:
            if not self.ready.done():
                self.ready.set_exception(ServerError("the server has ended before it served"))

    async def _serve(self) -> None:
        plan = self.plan
        self._stop, self.loop = asyncio.Event(), asyncio.get_running_loop()
        try:
            application = plan.application or self._server.make_application()
            self.listening = Listening(application, plan.port, plan.host, plan.tls, **plan.http)
            self.pages = [urljoin(self.listening.url, path) for path in getattr(application, "first_paths", ["/"])]
        except BaseException as error:
            self.ready.set_exception(error)
            raise
        watching: list[asyncio.Task[Any]] = []
        try:
            if plan.handle_signals:
                self._handle_signals()
            await self._begin(application)
            self.ready.set_result(None)
            if plan.show_connection_info:
                logger.info("serving at %s", ", ".join(self.pages))
            if plan.open_browser:
                watching.append(asyncio.create_task(asyncio.to_thread(webbrowser.open, self.pages[0])))
            if plan.timeout:
                watching.append(asyncio.create_task(self._stop_when_quiet(plan.timeout)))
            if not self._stop_wanted:
                await self._stop.wait()
        finally:
            for task in watching:
                task.cancel()
            self.listening.accept_no_more()
            await self._server.ends()
            await self.listening.close()

    async def _begin(self, application: tornado.web.Application) -> None:
        self._began_at = time.monotonic()
        loaded = getattr(application, "loaded", None)
        if loaded is not None:
            try:
                await loaded()
            except StoreError as error:
                # Visitors are asked to come back, and each of them is a new try.
                logger.error("%s", error)
        await self._server.began()

    def _handle_signals(self) -> None:
        assert self.loop is not None
        assert self._stop is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            # Only the main thread may handle signals; in another one, whoever started it ends it.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                self.loop.add_signal_handler(number, self._stop.set)

    async def _stop_when_quiet(self, seconds: float) -> None:
        while True:
            since = self._server.quiet_since
            left = seconds if since is None else max(since, self._began_at) + seconds - time.monotonic()
            if left <= 0:
                logger.info("no page was there for %g seconds: the server stops", seconds)
                self.stop()
                return
            await asyncio.sleep(left)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Neither this package nor Tornado logs anything meanwhile."""
    names = ("jibe_like", "tornado")
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    for quiet, _ in before:
        quiet.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for quiet, level in before:
            quiet.setLevel(level)


def show_log() -> None:
    """Where nobody has set up logging, what this package has to say goes to standard error, and warnings of Tornado."""
    if not logging.getLogger().handlers and not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        tornado_logger = logging.getLogger("tornado")
        if not tornado_logger.handlers:
            tornado_logger.addHandler(handler)
