"""A session: one application instance (its document), and the pages that show it."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from inspect import isawaitable
from typing import Any

from jibe_like.errors import ProtocolError
from jibe_like.settings import Settings
from jibe_like.tree.binding import Operation
from jibe_like.tree.events import Message
from jibe_like.tree.lock import STRUCTURE
from jibe_like.tree.node import Element
from jibe_like.wire.messages import PONG, Event, encode_hello, encode_token

from .beginning import is_as_shown, look_of
from .connection import CLOSED_BY_APP, FOREIGN, REPLACED, Connection
from .current import ACTING, acting, current_connection
from .delivery import Delivery
from .document import Document, SessionState
from .hooks import begin_hook
from .log import about
from .page_events import SESSION, handle_page_event, one_line
from .tree_host import TreeHost, tell_stored
from .turns import Turns
from .uploads.queue import page_left
from .work.main_task import begin_main
from .work.on_loop import call_on_loop

logger = logging.getLogger("jibe_like.session")


def current_time() -> float:
    """Milliseconds since the epoch."""
    return time.time() * 1000


class Session(TreeHost):
    """Hosts an application for zero, one or many connections (Bokeh's ServerSession, whose document is the app here).

    :param session_id: unique on the server.
    :param document: the application.
    :param io_loop: the event loop it lives on; the running one where None.
    :param token: the token by which a page names it.
    :param changed: told whenever the session's state may have changed, and whether it has a page that is new to it.
    :param issue_token: makes a token for one of its connections.
    :param server: the `Server` that hosts it.

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
        changed: "Callable[[Session, bool], None] | None" = None,
        issue_token: Callable[[Connection], str] | None = None,
        server: Any = None,
    ) -> None:
        if session_id is None or document is None:
            raise ValueError("a session needs an id and a document")
        super().__init__(session_id, document, io_loop or asyncio.get_running_loop())
        self.settings = settings or Settings()
        self.used = False
        """Whether some page has opened its connection."""
        self.look = ""
        """A digest of what it looked like when it began; empty until then."""
        self.restored = False
        """Whether it has come back from a store."""
        self.server = server
        self.endings: list[Callable[[], object]] | None = None
        """Called in order when the session ends, before anything else does."""
        self.created: asyncio.Task[bool] | None = None
        """Ends when an `async` `on_session_created` has: until then nobody sees the session."""
        self._delivery = Delivery(document, self.connections, self.settings, self.loop, self.failed)
        self._token = token
        self._issue_token = issue_token
        self._on_changed = changed
        self._turns = Turns(self._handle, self.start)
        self._main_begun = False
        document.session = self
        document.tree.go_live(self)

    def __repr__(self) -> str:
        return f"Session({self.id})"

    @property
    def token(self) -> str | None:
        """A token that names the session, for one of its pages; None where there is none."""
        if self._token is None and self._issue_token is not None:
            return next((self._issue_token(connection) for connection in self.connections.values()), None)
        return self._token

    @property
    def connection_count(self) -> int:
        """How many pages can be reached now."""
        return len(self._delivery.open)

    # -- pages come and go

    def creating(self) -> None:
        """Calls the application's `on_session_created`. In debug mode `on_error`, too, is told what that raises."""
        name = "on_session_created"
        shown = partial(self.failed, self.document.tree.root, name) if self.settings.debug else None
        self.created = self._start_hook(name, shown)
        if self.created is not None:
            self.block_expiration()
            self.created.add_done_callback(lambda _: self.unblock_expiration())

    def join(self, connection: Connection) -> None:
        """A page is about to show this session: its HTML has the tree as it is now."""
        connection.session = self
        connection.acked = self.seq if connection.again is None else FOREIGN
        connection.left_at = time.monotonic()
        connection.lifetime = self.settings.prerendered_lifetime
        # Where a page that begins again has knocked twice, the first has it.
        self.connections.setdefault(connection.id, connection)

    @property
    def seq(self) -> int:
        """Number of the newest frame."""
        return self._delivery.outbox.seq

    def render(self) -> Element:
        """The whole tree as it is now. The pages that are there already are brought up to date."""
        self._delivery.settle()
        with STRUCTURE:
            node = self.document.node()
        if self.durable:
            self.look = self.look or look_of(node)
        return node

    def subscribe(self, connection: Connection, seq: int | None = None) -> None:
        """The page can be reached by `connection.transport`.

        :param seq: the last frame that the page has; None where it has none of this session.
        """
        connection.session = self
        self.connections[connection.id] = connection
        transport = connection.transport
        if connection in self._delivery.open:
            self._delivery.end(connection)
        if self.durable and not is_as_shown(self, connection):
            seq = None
        if seq is None:
            # The page starts anew, and counts its events from 1.
            connection.handled = connection.kept = 0
        self.used = True
        if transport is not None:
            token = self._issue_token(connection) if self._issue_token is not None else self.token or ""
            kept = connection.kept if self.durable else None
            transport.send(encode_hello(token, connection.handled, seq is not None, kept))
        self._delivery.begin(connection, seq)
        self._call_document("wsopen", connection)
        self._call_document("connections_changed", connection)
        if not self._main_begun:
            self._main_begun = True
            begin_main(self)
        self.flush()
        self.changed(not connection.stored)

    def renew_tokens(self) -> None:
        """Gives each open page a new token, long before the one that it has expires."""
        for connection in self._delivery.open:
            self._renew_token(connection)

    def _renew_token(self, connection: Connection) -> None:
        if connection.transport is not None and self._issue_token is not None:
            connection.transport.send(encode_token(self._issue_token(connection)))

    def replace_transport(self, connection: Connection) -> None:
        """The page comes by another transport: the one that it had is given up."""
        # Taken from it first: to the application the page has not left.
        transport, connection.transport = connection.transport, None
        if transport is not None:
            transport.close(REPLACED, "the page opened another connection")

    def unsubscribe(self, connection: Connection, *, said_goodbye: bool = False) -> None:
        """The page cannot be reached any more. `said_goodbye`: it was closed, and not lost."""
        if connection not in self._delivery.open:
            return
        self._delivery.end(connection)
        connection.transport = None
        connection.left_at = self._last_unsubscribe = time.monotonic()
        connection.lifetime = self.settings.unused_lifetime if said_goodbye else self.settings.lost_lifetime
        if not self.destroyed:
            self._call_document("connections_changed")
            self.notify_connection_lost()
            self.flush()

    def forget(self, connection: Connection) -> None:
        """The page will not come back."""
        self.connections.pop(connection.id, None)
        page_left(self, connection)
        connection.session = connection.transport = None

    def notify_connection_lost(self) -> None:
        """Calls the application's `on_connection_lost`."""
        self._start_hook("on_connection_lost")

    # -- how long it lives

    @property
    def may_expire(self) -> bool:
        """Whether nobody needs the session any more: no page is open, none may come back, and nothing blocks it."""
        if self.connection_count or self.expiration_blocked:
            return False
        return self.expiration_requested or not self.connections

    # -- events

    def receive(self, connection: Connection, event: Event) -> None:
        """Handles a message of a page: an event, an acknowledgement, a ping."""
        self._delivery.acknowledge(connection, event.ack)
        if event.ping and connection.transport is not None:
            connection.transport.send(PONG)
        if event.id is None:
            return
        self._turns.take(connection, event)

    def _handle(self, connection: Connection, event: Event) -> None:
        if event.n:
            if event.n <= connection.handled:
                return
            connection.handled = event.n
        message: Message = {"id": event.id, "event": event.event, "connection": connection.id}
        if event.data is not None:
            message["data"] = event.data
        if event.properties is not None:
            message["properties"] = event.properties
        tree = self._delivery.tree
        tree.awake = True
        before = ACTING.set((self, connection))
        try:
            if event.id == SESSION:
                self._handle_page_event(connection, str(event.event), event.data or {})
            else:
                self.document.on_message(message)
        except ProtocolError as error:
            self.refuse(error, widget=event.id, event=event.event)
        except Exception as error:
            self.failed(tree.index.get(str(event.id), tree.root), str(event.event), error)
        self.flush(connection if event.n else None)
        ACTING.reset(before)
        self.changed()

    def _handle_page_event(self, connection: Connection, name: str, data: dict[str, Any]) -> None:
        result = handle_page_event(self, connection, name, data)
        if isawaitable(result):
            self.run(self.document.tree.root, name, result)

    def call_threadsafe(self, callback: Callable[[], None]) -> None:
        call_on_loop(self, callback)

    def _acting(self, connection: Connection | None = None) -> AbstractContextManager[None]:
        return acting(self, connection)

    def page_call(self, operation: Operation, connection: Connection | None = None) -> None:
        """Has the pages, or the one of `connection`, do something once (docs/protocol.md)."""
        self.document.tree.call(operation, connection.id if connection is not None else "")

    def refuse(self, reason: object, **where: object) -> None:
        """One warning for what a page should not have sent."""
        place = " ".join(f"{name}={value!r:.80}" for name, value in where.items())
        named = {name: one_line(where[name], 80) for name in ("widget", "event") if name in where}
        # It may quote what the page has sent.
        text = one_line(reason)
        logger.warning("session %s: ignored a message (%s): %s", self.id, place, text, extra=about(self.id, **named))

    def flush(self, origin: Connection | None = None) -> None:
        """Sends what has changed to the open pages. `origin`: the page whose event was just handled."""
        woken, self._flushing = self._flushing, False
        if not self.destroyed and (self._delivery.flush(origin) or woken) and origin is None:
            self.changed()

    # -- the document as a whole

    @property
    def lock(self) -> asyncio.Lock:
        """Who holds it keeps events, and others who ask for it, waiting."""
        return self._turns.lock

    async def with_document_locked(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls `func`, plain or `async`, while nobody else works on the document, and gives its result.

        What it changes leaves before the lock is released. On a session that has ended it is not called: None.
        """
        self.block_expiration()
        try:
            async with self.lock:
                if self.destroyed:
                    return None
                try:
                    with acting(self, current_connection()):
                        result = func(*args, **kwargs)
                        return await result if isawaitable(result) else result
                finally:
                    self.flush()
                    self.changed()
        finally:
            self.unblock_expiration()

    async def pull(self, message: object = None, connection: Connection | None = None) -> Element | None:
        """The whole document as a node (docs/protocol.md)."""
        result: Element | None = await self.with_document_locked(self.render)
        return result

    async def push(self, document: Document, connection: Connection | None = None) -> None:
        """Puts another document in the place of this one. The pages show it, in place."""
        await self.with_document_locked(self._replace_document, document)

    def _replace_document(self, document: Document) -> None:
        old, self.document = self.document, document
        old.tree.close()
        old.session = None
        document.session = self
        if document.connection is None:
            document.connection = old.connection
        document.tree.go_live(self)
        self._delivery.show(document)
        self._delivery.send_roots()

    async def patch(self, message: Message, connection: Connection | None = None) -> None:
        """Changes the document by a message, as if a page had sent it: `id`, `event`, `data`, `properties`.

        :param connection: the page that it came from: the others are told, and this one of what else has changed.
        """

        def change() -> None:
            self.document.on_message({**message, "connection": connection.id} if connection is not None else message)
            self.flush(connection)

        await self.with_document_locked(change)

    # -- the store

    def changed(self, new_page: bool = False) -> None:
        """The state may have changed, and will be stored in time; at once where it is of a page that is in no store."""
        if self._on_changed is not None and self.used and not self.destroyed:
            self._on_changed(self, new_page)

    @property
    def is_busy(self) -> bool:
        """Whether somebody is at work on the document: an event has been handled in part."""
        return bool(self._tasks) or self._turns.taken

    def state(self) -> SessionState:
        """What is to be stored."""
        return SessionState(self.document, self.seq, list(self.connections.values()), self.look)

    def take_over(self, state: SessionState) -> None:
        """Goes on where the stored session was: its pages may come back."""
        self.used = self.restored = True
        self.look = state.look
        self.document.tree.revive()
        self._delivery.outbox.skip_to(state.seq)
        for connection in state.connections:
            connection.session = self
            connection.acked = FOREIGN
            connection.left_at = time.monotonic()
            connection.lifetime = self.settings.lost_lifetime
            self.connections[connection.id] = connection

    def stored(self, handled: dict[str, int]) -> None:
        """The store has the effects of the events up to these numbers, by connection id."""
        for connection_id, number in handled.items():
            connection = self.connections.get(connection_id)
            if connection is None:
                continue
            if not connection.stored:
                # First of all: a page with a token of its beginning has all its events still.
                connection.stored = True
                self._renew_token(connection)
            self._delivery.send_kept(connection, number)

    # -- the end

    def destroy(self, code: int = CLOSED_BY_APP, reason: str = "the session has ended") -> None:
        """Ends the session: its tasks, its pages, its tree. Doing it twice is doing it once.

        :param code: tells the pages why, and so whether they come back (docs/protocol.md).
        """
        if self.ending:
            return
        self.ending = True
        for ending in self.endings or ():
            # A list that grows meanwhile: what an ending asks to be done at the end is done, too.
            try:
                with acting(self):
                    ending()
            except Exception:
                logger.exception("session %s: %r raised at its end", self.id, ending, extra=about(self.id))
        self.flush()
        self.destroyed = True
        tell_stored(self.take_waiting())
        self._tasks.cancel()
        for connection in tuple(self.connections.values()):
            connection.close(code, reason)
            self.forget(connection)
        self._delivery.open.clear()
        self._turns.clear()
        self.document.tree.close()
        with acting(self):
            begun = begin_hook(self.document, "on_session_destroyed")
        if not isinstance(begun, bool):
            self._tasks.start_last(begun)
        self.document.session = None
