"""The part of a session that its tree asks: what wakes it, runs its coroutines, and calls its application."""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from functools import partial
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jibe_like.tree.files import Incoming

from .connection import Connection
from .document import Document
from .hooks import Failed, begin_hook
from .lifetime import Lifetime
from .log import about
from .uploads.depot import Depot
from .uploads.queue import Uploads
from .work.later import Later
from .work.tasks import Tasks

if TYPE_CHECKING:
    from jibe_like.tree.widget import Widget


logger = logging.getLogger("jibe_like.session")

T = TypeVar("T")

_STORED_SECONDS: Final = 20.0
"""In which a session that can be stored is."""


class TreeHost(Lifetime):
    """Hosts the tree of a document on an event loop. What it calls acts in the session."""

    def __init__(self, session_id: str, document: Document, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.id = session_id
        self.document = document
        self.loop = loop
        self.connections: dict[str, Connection] = {}
        """The pages by connection id, those whose transport is down included."""
        self.durable = False
        """Whether its state goes to a store."""
        self._waiting: list[asyncio.Future[None]] | None = None
        """Who waits until it is there."""
        self.depot: Depot | None = None
        """Keeps the files that pages send; None where they send none."""
        self.uploads: Uploads | None = None
        """Those files, once there are some."""
        self._tasks = Tasks(loop, self.changed)
        self._flushing = False

    # Without ABCMeta, which would make each `issubclass` of a snapshot slower: mypy knows what is abstract.

    @abstractmethod
    def flush(self, origin: Connection | None = None) -> None:
        """Sends what has changed to the open pages."""

    @abstractmethod
    def changed(self, new_page: bool = False) -> None:
        """The state may have changed."""

    @abstractmethod
    def _acting(self, connection: Connection | None = None) -> AbstractContextManager[None]:
        """Makes this the current session."""

    def wake(self) -> None:
        # Whoever closed the loop without ending the session has ended it all the same; others go on.
        if not self._flushing and not self.loop.is_closed():
            self._flushing = True
            self.loop.call_soon(self.flush)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
        return Later(self.loop, seconds, partial(self._call_acting, callback)).cancel

    def _call_acting(self, callback: Callable[[], object]) -> None:
        with self._acting():
            callback()

    def run(
        self, widget: "Widget", event: str, awaitable: Awaitable[object], *, background: bool = False
    ) -> "asyncio.Task[None]":
        task = self.start(self._run(widget, event, awaitable), background=background)
        if iscoroutine(awaitable):
            # Else one that has not begun when the session ends complains that it was never awaited.
            task.add_done_callback(lambda _: awaitable.close())
        return task

    async def _run(self, widget: "Widget", event: str, awaitable: Awaitable[object]) -> None:
        try:
            await awaitable
        except Exception as error:
            self.failed(widget, event, error)

    def start(self, work: Coroutine[Any, Any, T], *, background: bool = False) -> "asyncio.Task[T]":
        """Runs a coroutine as a task that ends with the session. `background`: a snapshot does not wait for it."""
        return self._tasks.start(work, background=background)

    def adopt(self, task: "asyncio.Task[Any]", *, detach: bool = False) -> None:
        """Takes in a task that ends with the session, or outlives it (`detach`). A snapshot does not wait for it."""
        self._tasks.adopt(task, detach=detach)

    def start_last(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs a coroutine that the end of the session does not end."""
        self._tasks.start_last(work)

    async def come_to_rest(self, seconds: float) -> None:
        """Waits for running handlers and hooks to end, so long at the most."""
        await self._tasks.come_to_rest(seconds)

    async def until_stored(self) -> None:
        """Returns once the store has what the session is now, or cannot be waited for any longer."""
        if self.durable and not self.destroyed:
            future = self.loop.create_future()
            self._waiting = [*(self._waiting or ()), future]
            # Somebody waits, as a new page does.
            self.changed(new_page=True)
            await asyncio.wait([future], timeout=_STORED_SECONDS)

    def take_waiting(self) -> "list[asyncio.Future[None]]":
        """Who waits for the snapshot that was made just now; they are to be told once it is stored."""
        waiting, self._waiting = self._waiting, None
        return waiting or []

    def stop_upload(self, incoming: Incoming) -> None:
        if asyncio._get_running_loop() is not self.loop:
            self.loop.call_soon_threadsafe(self.stop_upload, incoming)
        elif not self.ending and (uploads := Uploads.of(self)) is not None:  # type: ignore[arg-type]
            uploads.stop(incoming)

    def _start_hook(self, name: str, failed: Failed | None = None) -> "asyncio.Task[bool] | None":
        with self._acting(self._acting_page()):
            begun = begin_hook(self.document, name, failed)
            return None if isinstance(begun, bool) else self.start(begun)

    def _acting_page(self) -> Connection | None:
        """The page that acts where nobody else says: the only one that there is."""
        return next(iter(self.connections.values())) if len(self.connections) == 1 else None

    def _call_document(self, method: str, connection: Connection | None = None) -> None:
        try:
            with self._acting(connection or self._acting_page()):
                getattr(self.document, method)()
        except Exception as error:
            self.failed(self.document.tree.root, method, error)

    def failed(self, widget: "Widget", event: str, error: Exception) -> None:
        logger.error(
            "session %s: the handler of %r of %r raised",
            self.id,
            event,
            widget,
            exc_info=error,
            extra=about(self.id, widget=widget.identifier, event=event),
        )
        try:
            self.document.on_error(widget, event, error)
        except Exception:
            logger.exception("session %s: on_error raised", self.id, extra=about(self.id))


def tell_stored(waiting: "list[asyncio.Future[None]]") -> None:
    """Tells those who have waited for it."""
    for future in waiting:
        if not future.done():
            future.set_result(None)
