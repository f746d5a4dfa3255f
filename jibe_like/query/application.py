"""The application behind `@app`: runs its function for each query."""

import asyncio
from collections import deque
from collections.abc import Callable
from inspect import isawaitable
from typing import Any, ClassVar, Final
from urllib.parse import unquote
from weakref import WeakValueDictionary

from jibe_like.errors import OrphanWidgetError, ProtocolError
from jibe_like.main_app import MainApp
from jibe_like.session.connection import Connection
from jibe_like.session.current import acting, current_connection
from jibe_like.session.page_events import page_event
from jibe_like.session.session import Session
from jibe_like.session.state.state import State
from jibe_like.tree.events import Message
from jibe_like.tree.widget import Widget
from jibe_like.tree.widget_class import WidgetMeta
from jibe_like.widgets.button import Button
from jibe_like.widgets.feedback import Notification

from .context import Query
from .occurrence import HASH, Happening, Occurrence, entered, form_of, leads_to_query, name_of

MOST_WAITING: Final = 1_000
"""Queries of a session that wait for their turn."""
MOST_HASH: Final = 4_096
"""Characters behind the `#` of an address."""


class QueryApp(MainApp):
    """The page of a query app: `q.page`. `@app` makes a subclass for each function.

    `page["name"]` is the widget of that name. Put widgets into `children`, as into any `MainApp`.
    """

    hears_all = True
    route: ClassVar[str] = "/"
    handler: ClassVar[Callable[[Query], object]]
    """What answers the queries."""
    startup: ClassVar[Callable[[], object] | None] = None
    shutdown: ClassVar[Callable[[], object] | None] = None
    key: ClassVar[str] = ""
    """Names the subclass in a snapshot."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self._queries: deque[Occurrence | Message] = deque()
        """What waits for its turn: queries, and messages to widgets that a query before them has yet to make."""
        self._at_work: asyncio.Task[None] | None = None
        self._happened: list[Happening] | None = None
        self._pressed: tuple[str, Button] | None = None
        self._hashes: dict[str, str] = {}
        self._clients: dict[str, State] = {}
        self._apology: Widget | None = None
        self._first_page = ""

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Its class has no name by which it could be imported: that of the function is the function's.
        reduced: Any = super().__reduce_ex__(protocol)
        return (_new, (self.key,), *reduced[2:])

    @classmethod
    def of(cls, handler: Callable[..., object]) -> "type[QueryApp]":
        """The class behind a function with `@app`, of several the last. Raises LookupError for another function."""
        for found in reversed(list(_classes.values())):
            if found.__dict__["handler"].__func__ is handler:
                return found
        raise LookupError(f"{handler!r} has no @app")

    # -- the widgets by name

    def __getitem__(self, name: str) -> Widget:
        for widget in self.tree.index.values():
            if name_of(widget) == name:
                return widget
        raise KeyError(f"the page has no widget {name!r}")

    def __contains__(self, name: object) -> bool:
        return any(name_of(widget) == name for widget in self.tree.index.values())

    # -- what leads to a query

    async def on_session_created(self) -> None:
        """The first query: what it makes of the page is in the first response, unless it takes too long."""
        if self.session is None or self.connection is None:
            return
        self._first_page = self.connection.id
        worker = self._ask(Occurrence(self._first_page, self._arguments(self.connection)))
        await asyncio.wait([worker], timeout=self.session.settings.prerender_patience)

    def wsopen(self) -> None:
        """A page is there: another one than that which the session began for is a query of its own."""
        super().wsopen()
        connection = current_connection()
        if connection is None or self.session is None:
            return
        if connection.id not in self._hashes:
            for gone in (self._hashes.keys() | self._clients.keys()) - self.session.connections.keys():
                self._hashes.pop(gone, None)
                self._clients.pop(gone, None)
            self._hashes[connection.id] = ""
            if connection.id != self._first_page:
                self._ask(Occurrence(connection.id, self._arguments(connection)))
        self.session.page_call(["hash", self._hashes[connection.id]], connection)

    def on_restore(self) -> None:
        """Queries that waited when the session was stored are run now."""
        if self._queries:
            self._work()

    def on_message(self, message: Message) -> None:
        widget = self.tree.index.get(message["id"])
        if widget is None and self._is_at_work:
            # After a crash a page says again what it said, and does not wait for what the queries make of it.
            self._wait_in_line(message)
            return
        pressed, self._pressed = self._pressed, None
        self._happened = []
        try:
            super().on_message(message)
        finally:
            happened, self._happened = self._happened, None
        if message["event"] == "click" and isinstance(widget, Button) and widget.kind == "submit":
            # The browser says next whether the form can be sent.
            self._pressed = message.get("connection", ""), widget
        connection = current_connection()
        if not happened or connection is None:
            return
        occurrence = Occurrence(connection.id, self._arguments(connection))
        for source, event, details in happened:
            occurrence.take(source, event, details)
            if event == "submit" and pressed is not None and pressed[0] == connection.id:
                button = pressed[1]
                if form_of(button) is source:
                    occurrence.args[name_of(button)] = True
                    occurrence.use(name_of(button))
        self._ask(occurrence)

    def on_unhandled(self, source: Widget, event: str, message: Message) -> None:
        own = source is self or source is self._apology
        if self._happened is not None and not own and leads_to_query(source, event):
            self._happened.append((source, event, message))

    def _hash_changed(self, connection: Connection, ending: str) -> None:
        """The page's address ends with `#ending` now."""
        # A page that comes back says it again.
        if self._hashes.get(connection.id) != ending:
            self._hashes[connection.id] = ending
            self._ask(Occurrence(connection.id, {**self._arguments(connection), HASH: ending}, used=(HASH,)))

    def _arguments(self, connection: Connection) -> dict[str, Any]:
        """Those of the page's address, and what is entered now."""
        return {**connection.visit.arguments, **entered(self.tree.index.values())}

    # -- one query after the other

    def _ask(self, occurrence: Occurrence) -> "asyncio.Task[None]":
        self._wait_in_line(occurrence)
        return self._work()

    def _wait_in_line(self, entry: Occurrence | Message) -> None:
        if len(self._queries) >= MOST_WAITING:
            raise ProtocolError(f"{MOST_WAITING} queries wait already")
        self._queries.append(entry)

    def _work(self) -> "asyncio.Task[None]":
        if self.session is None:
            raise OrphanWidgetError(f"{self!r} has no session: its queries cannot run")
        if self._at_work is None or not self._is_at_work:
            self._at_work = self.session.start(self._work_off(self.session))
        return self._at_work

    @property
    def _is_at_work(self) -> bool:
        return self._at_work is not None and not self._at_work.done()

    async def _work_off(self, session: Session) -> None:
        while self._queries:
            entry = self._queries.popleft()
            name = entry.connection if isinstance(entry, Occurrence) else entry.get("connection", "")
            connection = session.connections.get(name)
            # Where its page has gone for good, nobody asks any more.
            if connection is None:
                continue
            with acting(session, connection):
                if isinstance(entry, Occurrence):
                    await self._answer(Query(self, session, connection, entry))
                else:
                    self._hear_late(session, entry)

    def _hear_late(self, session: Session, message: Message) -> None:
        try:
            if message["id"] not in self.tree.index and not any(isinstance(each, Occurrence) for each in self._queries):
                raise ProtocolError("no such widget")
            self.on_message(message)
        except ProtocolError as error:
            session.refuse(error, widget=message["id"], event=message["event"])
        except Exception as error:
            session.failed(self, str(message["event"]), error)

    async def _answer(self, q: Query) -> None:
        self._withdraw_apology()
        try:
            result = type(self).handler(q)
            if isawaitable(result):
                await result
        except Exception as error:
            assert self.session is not None
            self.session.failed(self, "query", error)

    @property
    def sharing(self) -> str:
        """The mode in which the page is served."""
        server = self.session.server if self.session is not None else None
        mounts = server.mounts.values() if server is not None else ()
        return next((str(mount.mode) for mount in mounts if mount.app_class is type(self)), self.mode)

    def client_state(self, connection: Connection) -> State:
        """What belongs to one page: the session's own, where it has but one."""
        if self.sharing == "unicast":
            return self.local
        if connection.id not in self._clients:
            self._clients[connection.id] = State._of("q.client", self.tree)
        return self._clients[connection.id]

    # -- errors

    def on_error(self, widget: Widget, event: str, error: Exception) -> object:
        """Shows a short apology until the next query; in debug mode the traceback."""
        self._withdraw_apology()
        shown = len(self.children)
        super().on_error(widget, event, error)
        if len(self.children) == shown:
            self.children.append(Notification("Something went wrong. Please try again.", "error", dismiss_label=""))
        self._apology = self.children[-1]
        return None

    def _withdraw_apology(self) -> None:
        if self._apology is not None and self._apology.parent is self:
            self.children.remove(self._apology)
        self._apology = None

    # -- the server

    @classmethod
    def on_server_loaded(cls) -> object:
        return cls.startup() if cls.startup is not None else None

    @classmethod
    def on_server_unloaded(cls) -> object:
        return cls.shutdown() if cls.shutdown is not None else None


_classes: WeakValueDictionary[str, type[QueryApp]] = WeakValueDictionary()


def make_class(handler: Callable[[Query], object], key: str, **attributes: Any) -> type[QueryApp]:
    """The application class for a function.

    :param key: the same whenever the program runs.
    :param attributes: those of the class.
    """
    names = {"__module__": handler.__module__, "__qualname__": handler.__qualname__, "__doc__": handler.__doc__}
    namespace = {**names, "handler": staticmethod(handler), "key": key, **attributes}
    made: Any = WidgetMeta(handler.__name__, (QueryApp,), namespace)
    found: type[QueryApp] = made
    _classes.pop(key, None)
    _classes[key] = found
    return found


def _new(key: str) -> QueryApp:
    """Begins to load a page of the class of this key. Raises LookupError where the program has it no more."""
    found = _classes.get(key)
    if found is None:
        raise LookupError(f"there is no @app {key} any more")
    return found.__new__(found)


@page_event("hash")
def _on_hash(session: Session, connection: Connection, data: dict[str, Any]) -> None:
    document, text = session.document, data.get("hash")
    if not isinstance(document, QueryApp) or not isinstance(text, str) or len(text) > MOST_HASH:
        raise ProtocolError("no query app's hash")
    document._hash_changed(connection, unquote(text))
