"""A session: one application instance (its document), and the pages that show it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from jibe_like.errors import ProtocolError
from jibe_like.settings import Settings
from jibe_like.tree.changes import Patch
from jibe_like.tree.events import Message
from jibe_like.tree.node import Element
from jibe_like.tree.tree import Tree
from jibe_like.wire.messages import Event, encode_got, encode_hello, encode_ops, encode_root
from jibe_like.wire.outbox import Frame, Outbox

from .connection import CLOSED_BY_APP, FAILED, REPLACED, Connection, Transport

if TYPE_CHECKING:
    from jibe_like.tree.widget import Widget

logger = logging.getLogger("jibe_like.session")

_DRAIN_SECONDS = 0.05


class Document(Protocol):
    """What a session asks of the application that it hosts."""

    session: "Session | None"

    @property
    def tree(self) -> Tree: ...

    def node(self) -> Element: ...

    def on_message(self, message: Message) -> None: ...

    def on_error(self, widget: "Widget", event: str, error: Exception) -> object: ...

    def wsopen(self) -> None: ...


class Session:
    """Hosts an application for zero, one or many connections.

    :param session_id: unique on the server.
    :param document: the application.
    :param io_loop: the event loop it lives on; the running one where None.
    :param token: the token by which its first page names it.

    Raises ValueError where id or document is None.
    """

    def __init__(
        self,
        session_id: str,
        document: Document,
        io_loop: asyncio.AbstractEventLoop | None = None,
        token: str | None = None,
        *,
        settings: Settings | None = None,
    ) -> None:
        if session_id is None or document is None:
            raise ValueError("a session needs an id and a document")
        self.id = session_id
        self.document = document
        self.token = token
        self.settings = settings or Settings()
        self.loop = io_loop or asyncio.get_running_loop()
        self.destroyed = False
        self.connections: dict[str, Connection] = {}
        """The pages by connection id, those whose socket is down included."""
        self.outbox = Outbox(self.settings.outbox_frames, self.settings.outbox_bytes)
        self.used = False
        """Whether some page has opened its socket."""
        self._open: list[Connection] = []
        self._stale: set[Connection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._flushing = False
        document.session = self
        document.tree.go_live(self)

    def __repr__(self) -> str:
        return f"Session({self.id})"

    @property
    def connection_count(self) -> int:
        """How many pages can be reached now."""
        return len(self._open)

    # -- pages come and go

    def join(self, connection: Connection) -> None:
        """A page is about to show this session: its HTML has the tree as it is now."""
        connection.session = self
        connection.acked = self.outbox.seq
        connection.lost_at = time.monotonic()
        self.connections[connection.id] = connection

    def render(self) -> Element:
        """The whole tree as it is now. The pages that are there already are brought up to date."""
        self._settle()
        return self.document.node()

    def subscribe(self, connection: Connection, transport: Transport, seq: int | None, token: str) -> None:
        """The page's socket is open. `seq`: the last frame that the page has; None where it has none of ours."""
        if connection.transport is not None:
            connection.transport.close(REPLACED, "the page opened another socket")
            self.unsubscribe(connection, connection.transport)
        if seq is None:
            # The page starts anew, and counts its events from 1.
            connection.handled = 0
        missed = None if seq is None else self.outbox.after(seq, connection.id)
        if missed is None:
            self._settle()
        self.connections[connection.id] = connection
        connection.session = self
        connection.transport = transport
        self._open.append(connection)
        self.used = True
        transport.send(encode_hello(token, connection.handled, seq is not None))
        if missed is None:
            self._send_root(connection, transport)
        else:
            for text in missed:
                transport.send(text)
        try:
            self.document.wsopen()
        except Exception as error:
            self.failed(self.document.tree.root, "wsopen", error)
        self.flush()

    def unsubscribe(self, connection: Connection, transport: Transport) -> None:
        """The page's socket is gone. Nothing happens where it has another one already."""
        if connection.transport is not transport:
            return
        connection.transport = None
        connection.lost_at = time.monotonic()
        self._open.remove(connection)
        self._stale.discard(connection)

    def forget(self, connection: Connection) -> None:
        """The page will not come back."""
        self.connections.pop(connection.id, None)
        self._stale.discard(connection)
        connection.session = None

    # -- events

    def receive(self, connection: Connection, event: Event) -> None:
        """Handles a message of a page: an event, an acknowledgement or both."""
        if event.ack > connection.acked:
            connection.acked = min(event.ack, self.outbox.seq)
            # With many pages that waits for the next frame: each of them acknowledges each frame.
            if len(self.connections) == 1:
                self.outbox.acknowledged(connection.acked)
        if event.id is None:
            return
        if event.n:
            if event.n <= connection.handled:
                return
            connection.handled = event.n
        message: Message = {"id": event.id, "event": event.event, "connection": connection.id}
        if event.data is not None:
            message["data"] = event.data
        if event.properties is not None:
            message["properties"] = event.properties
        tree = self.document.tree
        tree.keep_awake()
        try:
            self.document.on_message(message)
        except ProtocolError as error:
            self.refuse(error, widget=event.id, event=event.event)
        except Exception as error:
            self.failed(tree.index.get(event.id, tree.root), str(event.event), error)
        self.flush(connection if event.n else None)

    def refuse(self, reason: object, **where: object) -> None:
        """One warning for what a page should not have sent."""
        place = " ".join(f"{name}={value!r:.80}" for name, value in where.items())
        # It may quote what the page has sent: one line of text, and not all of it.
        told = "".join(char if char.isprintable() else "?" for char in str(reason)[:300])
        logger.warning("session %s: ignored a message (%s): %s", self.id, place, told)

    # -- what goes out

    def flush(self, origin: Connection | None = None) -> None:
        """Sends what has changed to the open pages, as one frame. `origin`: the page whose event was just handled.

        While no page is open, or one does not read, changes wait and coalesce.
        """
        self._flushing = False
        if self.destroyed or len(self._open) == len(self._stale):
            return
        frame = self._next_frame(origin)
        if frame is not None:
            self._publish(frame)
        elif origin is not None and origin.transport is not None:
            origin.transport.send(encode_got(origin.handled))

    def _next_frame(self, origin: Connection | None) -> Frame | None:
        """All that has changed, as a frame; None where nothing has, or where it cannot be told."""
        tree = self.document.tree
        try:
            patch = tree.take()
            return None if patch is None else self._frame(patch, origin)
        except Exception as error:
            # A widget's `content` raised, or a value is nothing that JSON can say. It would be so again and again.
            tree.changes.clear()
            self.failed(tree.root, "render", error)
            return None

    def _publish(self, frame: Frame) -> None:
        if len(self.connections) > 1:
            self.outbox.acknowledged(min(connection.acked for connection in self.connections.values()))
        self.outbox.add(frame)
        for connection in tuple(self._open):
            text = frame.for_connection(connection.id)
            transport = connection.transport
            if text is None or transport is None or connection in self._stale:
                continue
            if transport.waiting_bytes > self.settings.transport_bytes:
                self._hold_back(connection)
            else:
                transport.send(text)

    def _settle(self) -> None:
        """Afterwards nothing waits to be shown: the tree as it is now is what the newest frame leads to."""
        if not self.used and len(self.connections) < 2:
            self.document.tree.changes.keep_calls()
            return
        frame = self._next_frame(None)
        if frame is not None:
            self._publish(frame)

    def _frame(self, patch: Patch, origin: Connection | None) -> Frame:
        seq = self.outbox.seq + 1
        if origin is None:
            return Frame(seq, encode_ops(seq, patch.ops))
        ops = patch.without_echo(origin.id)
        to_origin = encode_ops(seq, ops, origin.handled) if ops else encode_got(origin.handled)
        if len(self.connections) == 1 and origin.id in self.connections:
            return Frame(seq, to_origin)
        return Frame(seq, encode_ops(seq, patch.ops), origin.id, to_origin)

    def _hold_back(self, connection: Connection) -> None:
        """A page that does not read gets no more frames; when it reads again, it gets the tree as it is then."""
        logger.info("session %s: %s does not read; its changes wait", self.id, connection)
        self._stale.add(connection)
        self.loop.call_later(_DRAIN_SECONDS, self._catch_up, connection)

    def _catch_up(self, connection: Connection) -> None:
        transport = connection.transport
        if connection not in self._stale or transport is None or self.destroyed:
            return
        if transport.waiting_bytes:
            self.loop.call_later(_DRAIN_SECONDS, self._catch_up, connection)
        else:
            self._settle()
            self._stale.discard(connection)
            self._send_root(connection, transport)

    def _send_root(self, connection: Connection, transport: Transport) -> None:
        try:
            text = encode_root(self.outbox.seq, self.document.node(), connection.handled)
        except Exception as error:
            self.failed(self.document.tree.root, "render", error)
            transport.close(FAILED, "the application could not be rendered")
            return
        transport.send(text)
        connection.acked = self.outbox.seq

    # -- what the tree asks of its host

    def wake(self) -> None:
        if not self._flushing:
            self._flushing = True
            self.loop.call_soon(self.flush)

    def call_threadsafe(self, callback: Callable[[], None]) -> None:
        self.loop.call_soon_threadsafe(callback)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Callable[[], None]:
        return self.loop.call_later(seconds, callback).cancel

    def run(self, widget: "Widget", event: str, awaitable: Awaitable[object]) -> None:
        task = self.loop.create_task(self._run(widget, event, awaitable))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, widget: "Widget", event: str, awaitable: Awaitable[object]) -> None:
        try:
            await awaitable
        except Exception as error:
            self.failed(widget, event, error)

    def failed(self, widget: "Widget", event: str, error: Exception) -> None:
        logger.error("session %s: the handler of %r of %r raised", self.id, event, widget, exc_info=error)
        try:
            self.document.on_error(widget, event, error)
        except Exception:
            logger.exception("session %s: on_error raised", self.id)

    # -- the end

    def destroy(self, code: int = CLOSED_BY_APP, reason: str = "the session has ended") -> None:
        """Ends the session: its tasks, its pages, its tree. Doing it twice is doing it once.

        :param code: tells the pages why, and so whether they come back (docs/protocol.md).
        """
        if self.destroyed:
            return
        self.flush()
        self.destroyed = True
        for task in tuple(self._tasks):
            task.cancel()
        for connection in tuple(self.connections.values()):
            connection.close(code, reason)
            self.forget(connection)
        self._open.clear()
        self.document.tree.close()
        self.document.session = None
