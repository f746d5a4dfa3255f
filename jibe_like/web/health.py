"""Whether the process is alive, and whether it serves: what a load balancer or a supervisor asks."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final, Protocol

import tornado.web

from jibe_like.errors import ServerError, StoreError
from jibe_like.store.base import Store

from .mount import Mount

_FRESH_SECONDS: Final = 1.0
"""How long an answer of the store counts: whoever asks more often does not make it write more often."""
_PATIENCE: Final = 5.0
_RECORD: Final = ("jibe_like", "readiness")
"""The application and the session by whose names something is written to find out."""


class Watched(Protocol):
    """The server, as its health is asked for."""

    @property
    def mounts(self) -> Mapping[str, Mount]:
        """What is served now."""

    @property
    def is_stopping(self) -> bool:
        """Whether it has been asked to stop."""


class Readiness:
    """Whether a server serves. That takes its stores: what is mounted is opened, and something is written."""

    def __init__(self, server: Watched) -> None:
        self._server = server
        self._found: asyncio.Task[str] | None = None
        self._found_at = 0.0

    async def problem(self) -> str:
        """Why it does not serve; empty where it does."""
        if self._server.is_stopping:
            return "stopping"
        now = time.monotonic()
        found = self._found
        if found is None or found.cancelled() or (found.done() and now - self._found_at > _FRESH_SECONDS):
            found = self._found = asyncio.get_running_loop().create_task(self._look())
            self._found_at = now
        problem = await asyncio.shield(found)
        return "stopping" if self._server.is_stopping else problem

    async def _look(self) -> str:
        mounts = list(self._server.mounts.values())
        try:
            async with asyncio.timeout(_PATIENCE):
                for mount in mounts:
                    await mount.open()
                for store in {mount.settings.store: mount.store for mount in mounts}.values():
                    await _write(store)
        except StoreError:
            return "the store cannot be used"
        except ServerError:
            return "stopping"
        except TimeoutError:
            return "the store does not answer"
        return ""


async def _write(store: Store) -> None:
    """Raises StoreError where nothing can be written."""
    loop = asyncio.get_running_loop()
    written: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if written.done():
            return  # it is told once more when a later try has worked
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)

    def done(error: Exception | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    store.put(*_RECORD, b"", time.time() + _PATIENCE, done)
    await written


class _PlainHandler(tornado.web.RequestHandler):
    """Answers with a word. No session is made, and no cookie set."""

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def compute_etag(self) -> None:
        """None: an answer counts for now."""
        return None

    def data_received(self, chunk: bytes) -> None:
        """Takes no streamed body."""


class HealthHandler(_PlainHandler):
    """The process is alive: its event loop runs."""

    def get(self) -> None:
        self.finish("ok\n")

    head = get


class ReadyHandler(_PlainHandler):
    """The server serves; status 503 and the reason where it does not."""

    def initialize(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def get(self) -> None:
        problem = await self._readiness.problem()
        if problem:
            self.set_status(503)
        self.finish(f"{problem or 'ok'}\n")

    head = get
