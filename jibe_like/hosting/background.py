"""A server on a thread of its own, as a notebook or a window needs it."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from jibe_like.errors import ServerError

from .running import Milestone

if TYPE_CHECKING:
    from jibe_like.server import Server


class BackgroundServer:
    """A server that serves on a thread of its own: what `juprun` gives.

    :param serving: serves until the server is asked to stop.

    What goes wrong at the start is raised here: SystemExit for a port in use.
    """

    def __init__(self, server: "Server", serving: Coroutine[Any, Any, None]) -> None:
        self.server = server
        self.ended = Milestone()
        """Done once the server has ended."""
        self._ready = server.ready
        self._thread = threading.Thread(target=self._serve, args=(serving,), daemon=True, name="jibe_like")
        self._thread.start()
        try:
            self._ready.result()
        except BaseException as error:
            if self._ready.done():
                self._thread.join()
            if isinstance(error, ServerError):
                raise SystemExit(f"jibe_like: {error}") from None
            raise
        self.port = server.port
        self.url = server.url
        self.page = server.page
        """The URL of its first page."""

    def _serve(self, serving: Coroutine[Any, Any, None]) -> None:
        try:
            asyncio.run(serving)
        except BaseException as error:
            if not self._ready.done() or self._ready.exception() is not error:
                raise
        finally:
            self.ended.set_result(None)

    def stop(self) -> None:
        """Ends the server and its thread."""
        if self._thread.is_alive():
            self.server.request_stop()
            self._thread.join()
