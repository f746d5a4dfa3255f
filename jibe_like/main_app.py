"""The application: the root of a page's widget tree."""

import re
import traceback
from collections.abc import AsyncIterable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar, overload
from weakref import WeakKeyDictionary

import tornado.web

from .errors import ProtocolError
from .hosting.application import Application
from .hosting.starting import DEFAULT_PORT, refuse_in_loop
from .server import Server, get_server
from .session.auth.signed_in import SignedIn
from .session.connection import Connection, ConnectionView
from .session.session import Session
from .session.state.scoped import Scoped, Shares
from .session.work.background import Background
from .session.work.run_method import RunMethod
from .settings import Settings
from .tree.events import Message
from .tree.tree import Tree, keep_newest
from .tree.widget import Widget
from .web.assets import asset_rules
from .web.auth.base import AuthProvider
from .web.auth.handlers import auth_rules
from .web.by_hand import serve_at_root
from .web.client import PATH, ClientHandler
from .web.downloads import ROUTE as DOWNLOADS
from .web.downloads import DownloadHandler
from .web.mount import Mount, as_requested
from .web.page import MainHandler
from .web.polling import PollHandler
from .web.uploads import ROUTE as UPLOADS
from .web.uploads import UploadHandler
from .web.websocket import WebSocketHandler
from .widgets.containers import Details
from .widgets.layout import VBox
from .widgets.progress import Progress
from .widgets.text import Code
from .wire.messages import encode

T = TypeVar("T")
Rule = tuple[str, Any, dict[str, Any]]


class MainApp(Background, Scoped, SignedIn, VBox):
    """The top-level widget of a page. Subclass it, fill `children`, and call `run`.

        class Hello(MainApp):
            def __init__(self, connection):
                super().__init__(connection)
                self.children = [Label("Hello")]

        Hello.run(8881)

    A `main()` that you define, plain or `async`, starts when the first page is connected (docs/session-functions.md).

    :param connection: the page that the application is made for; `get_cookie`, `get_argument`, `close()` and
        `application` are there. None for an application that no server runs, as in a test.
    """

    tagname = "main"
    events = frozenset({"connections"})
    assets_path: ClassVar[Any] = None
    """Folders to serve: `{"from": folder, "to": path}`, or a list of such."""
    main_handler_class: ClassVar[type[MainHandler]] = MainHandler
    """Answers the page's request. Subclass `MainHandler` to change what is around the application."""
    title: ClassVar[str] = ""
    """The page's title; empty: the name of the class."""
    stylesheet: ClassVar[str] = ""
    """CSS of your own, for the page."""
    settings: ClassVar[Settings] = Settings()
    mode: ClassVar[str] = "unicast"
    """Who shares an instance: `unicast` nobody, `multicast` all pages of one user, `broadcast` everybody."""
    requires_auth: ClassVar[bool | None] = None
    """Whether everybody has to sign in; None: where the server knows how (docs/sign-in.md)."""
    main_returned: bool = False
    """Whether `main()` has returned; it is not started again then when the server was restarted."""

    def __init__(self, connection: Connection | None = None, **options: Any) -> None:
        super().__init__(**({"identifier": "topwidget"} | options))
        self.connection = connection
        self.session: Session | None = None
        self.outbox: list[Message] = []
        """Messages that wait for the page's socket to open."""
        self._tree = Tree(self)
        self._shares = Shares(self)

    @property
    def tree(self) -> Tree:
        """All widgets of the application, and what has changed."""
        assert self._tree is not None
        return self._tree

    @property
    def descendent_index(self) -> Mapping[str, Widget]:
        """All widgets of the application by identifier. A live view."""
        return MappingProxyType(self.tree.index)

    # -- messages

    def on_message(self, message: Message) -> None:
        """Called for each message from the browser; passes it to the widget that it names. Override to see all.

        :param message: `id`, `event`, `data` and `properties` where the event has them, `connection`: the page's id.

        Raises ProtocolError for a widget that is not in the tree.
        """
        widget = self.tree.index.get(message["id"])
        if widget is None:
            raise ProtocolError("no such widget")
        if widget is self:
            super().on_message(message)
        else:
            widget.on_message(message)

    def deliver(self, message: Message) -> None:
        """Sends a message to the browser, where it arrives as a `jibe-message` event of the element `message["id"]`.

        Until the page's socket is open it waits in `outbox`. Raises TypeError for what JSON cannot say.
        """
        path = message.setdefault("path", [])
        if not path or path[0] != self.identifier:
            path.insert(0, self.identifier)
        encode(message)
        if self.session is None or not self.session.connection_count:
            keep_newest(self.outbox, message, self)
        else:
            self.tree.call(["message", message])

    def wsopen(self) -> None:
        """Called when a page's socket has opened: sends what waits in `outbox`, in order."""
        waiting, self.outbox = self.outbox, []
        for message in waiting:
            self.deliver(message)

    def redirect(self, url: str) -> None:
        """Sends the page elsewhere. Raises UnsafeValueError for a scheme other than http, https, mailto, tel."""
        self.tree.go(url)

    def on_error(self, widget: Widget, event: str, error: Exception) -> object:
        """Called when a handler raised or, in debug mode, `on_session_created`; that has been logged. In debug mode the
        page shows the traceback."""
        if self.session is not None and self.session.settings.debug:
            text = "".join(traceback.format_exception(error))
            shown = [child for child in self.children if isinstance(child, _HandlerError)]
            for oldest in shown[: 1 - _MOST_ERRORS]:
                self.children.remove(oldest)
            self.children.append(
                _HandlerError(f"{type(error).__name__} in {event!r} of {widget!r}", [Code(text)], open=True)
            )
        return None

    @overload
    def progress(
        self,
        items: None = None,
        label: str = "",
        total: float | None = None,
        *,
        parent: Widget | None = None,
        **options: Any,
    ) -> Progress[Any]: ...
    @overload
    def progress(
        self,
        items: Iterable[T] | AsyncIterable[T],
        label: str = "",
        total: float | None = None,
        *,
        parent: Widget | None = None,
        **options: Any,
    ) -> Progress[T]: ...
    def progress(
        self,
        items: Iterable[T] | AsyncIterable[T] | None = None,
        label: str = "",
        total: float | None = None,
        *,
        parent: Widget | None = None,
        **options: Any,
    ) -> Progress[T]:
        """Shows how far work is: `async for row in self.progress(rows, "Import")`. See `Progress`.

        :param items: what to iterate over, plain or asynchronous; None to count with `update`.
        :param label: what is being done.
        :param total: how much there is. By default the number of items, where they tell it.
        :param parent: the widget to which it is appended; None: this application.
        :param options: `unit`, `cancellable`, `keep`, and those of `Widget`.
        """
        shown = Progress(items, label, total, **options)
        (parent or self).children.append(shown)
        return shown

    # -- the session

    @property
    def connections(self) -> tuple[ConnectionView, ...]:
        """Who is here: the pages that show this application now. The event `connections` tells of changes."""
        if self.session is None:
            return ()
        return tuple(connection.view for connection in self.session.connections.values() if connection.is_open)

    def connections_changed(self) -> None:
        """Called when a page has come or gone."""
        self.dispatch("connections", {"id": self.identifier, "event": "connections"})

    def on_session_created(self) -> object:
        """Called once the application is there, before anybody sees it. Plain or `async`: the page waits for it.

        What it raises is logged; the page is shown all the same, in debug mode with the traceback.
        """

    def on_session_destroyed(self) -> object:
        """Called once, when the session has ended. Plain or `async`."""

    def on_connection_lost(self) -> object:
        """Called when a page has gone. Plain or `async`."""

    def on_snapshot(self) -> object:
        """Called before the application is stored. Plain or `async`."""

    def on_restore(self) -> object:
        """Called when the application has come back from the store, perhaps with other code than it was stored with.

        Plain or `async`. Where it returns False or raises, the page gets a fresh application instead.
        """

    @classmethod
    def on_server_loaded(cls) -> object:
        """Called when the server serves. Plain or `async`."""

    @classmethod
    def on_server_unloaded(cls) -> object:
        """Called when the server has stopped. Plain or `async`."""

    # -- serving

    @classmethod
    def handlers(
        cls,
        prefix: str = "",
        *,
        name: str = "",
        settings: Settings | None = None,
        mode: str | None = None,
        store: str | None = None,
        handler: type[MainHandler] | None = None,
        server: Server | None = None,
        auth: AuthProvider | None = None,
        requires_auth: bool | None = None,
    ) -> list[Rule]:
        """Tornado rules that serve this application below `prefix` ("/counter"), for a Tornado application you have.

        When that ends, `await server.stop()` stores its sessions.

        :param mode: in place of the class's `mode`.
        :param store: in place of the settings' `store`: `memory://`, or `sqlite:///jibe.db` where sessions shall
            outlive the process.
        :param server: whose state the sessions share; None for `get_server()`.
        :param auth: how users sign in; None: as the server says.
        :param requires_auth: in place of the class's `requires_auth`.

        Raises AssetsPathError for an `assets_path` that cannot be served, SettingsError for a store that there is not.
        """
        # As it stands in a request.
        prefix = "/" + as_requested(prefix.strip("/")) if prefix.strip("/") else ""
        server = server if server is not None else get_server()
        title = cls.title or name or cls.__name__
        mount = cls._mount(server, prefix, title, settings, mode, store, auth, requires_auth)
        place = re.escape(prefix)
        return [
            (f"{place}/?" if prefix else "/", handler or cls.main_handler_class, {"mount": mount}),
            (f"{place}/websocket", WebSocketHandler, {"mount": mount}),
            (f"{place}/poll", PollHandler, {"mount": mount}),
            (f"{place}{DOWNLOADS}", DownloadHandler, {"mount": mount}),
            (f"{place}{UPLOADS}", UploadHandler, {"mount": mount}),
            (f"{place}/{PATH}/(.*)", ClientHandler, {"mount": mount}),
            *(auth_rules(mount.guard, mount.settings, mount.open, mount) if mount.guard is not None else ()),
            *asset_rules(cls.__name__, cls.assets_path, lambda: (mount,)),
            *server.module_rules(),
        ]

    @classmethod
    def mount(cls, application: tornado.web.Application, prefix: str = "", **options: Any) -> None:
        """Adds this application to a Tornado application, below `prefix`. Options as `handlers`."""
        application.add_handlers(".*", cls.handlers(prefix, **options))

    @classmethod
    def make_tornado_app(
        cls,
        *,
        settings: Settings | None = None,
        mode: str | None = None,
        store: str | None = None,
        server: Server | None = None,
        auth: AuthProvider | None = None,
        **tornado_settings: Any,
    ) -> Application:
        """A Tornado application that serves this one at `/`, with its socket, the client and `assets_path`."""
        server = server if server is not None else get_server()
        rules = cls.handlers(settings=settings, mode=mode, store=store, server=server, auth=auth)
        return server.adopt(Application(rules, **tornado_settings))

    @RunMethod
    @classmethod
    def run(
        cls,
        /,
        port: int = DEFAULT_PORT,
        *,
        address: str | None = None,
        settings: Settings | None = None,
        mode: str | None = None,
        store: str | None = None,
        server: Server | None = None,
        auth: AuthProvider | None = None,
        **options: Any,
    ) -> None:
        """Serves this application at `/` until the process is told to stop, and what else its server hosts.

        :param port: 0 takes a free one.
        :param address: the interface to listen at; empty, as where nobody says one, for all.
        :param mode: in place of the class's `mode`.
        :param store: in place of the settings' `store`: with `sqlite:///jibe.db` sessions outlive the process.
        :param server: None for `get_server()`.
        :param auth: how users sign in: `OIDC(…)`, `BasicAuth(…)`, `ProxyAuth(…)`. None: as the server says, or the
            variables `JIBE_LIKE_OIDC_…`; else nobody does.
        :param options: those of `Server.start`, and so of `tornado.httpserver.HTTPServer`: `timeout`, `open_browser`,
            `ssl`, `window`, …

        Exits with one clear line where the port is in use. Raises ServerError where the server hosts another
        application at `/`, or runs already.
        """
        server = server if server is not None else get_server()
        refuse_in_loop()
        with server.hosting(cls, settings=settings, mode=mode, store=store, auth=auth):
            server.run(port, address, **options)

    @classmethod
    def mount_in(cls, application: tornado.web.Application) -> Mount:
        """The mount for a `WebSocketHandler` subclass that names this class as `mainApp`."""
        mounts = _mounts_by_hand.setdefault(application, {})
        if cls not in mounts:
            mounts[cls] = mount = cls._mount(get_server(), "", cls.title or cls.__name__, None, None, None)
            if mount.guard is not None:
                application.add_handlers(".*", auth_rules(mount.guard, mount.settings, mount.open, mount))
            serve_at_root(application, mount, [(DOWNLOADS, DownloadHandler), (UPLOADS, UploadHandler)])
        return mounts[cls]

    @classmethod
    def _mount(
        cls,
        server: Server,
        prefix: str,
        title: str,
        settings: Settings | None,
        mode: str | None,
        store: str | None,
        auth: AuthProvider | None = None,
        requires_auth: bool | None = None,
    ) -> Mount:
        # A class that says nothing leaves it to the command line and the environment.
        says = any("mode" in vars(each) for each in cls.__mro__[: cls.__mro__.index(MainApp)])
        return server.make_mount(
            cls,
            prefix,
            title,
            settings=settings,
            mode=mode or (cls.mode if says else None),
            store=store,
            default_settings=cls.settings,
            auth=auth,
            requires_auth=cls.requires_auth if requires_auth is None else requires_auth,
        )


_MOST_ERRORS: Final = 10
"""As many are shown in debug mode, the newest: what raises again and again would fill the page."""


class _HandlerError(Details):
    """Shows in debug mode what a handler raised."""


_mounts_by_hand: WeakKeyDictionary[tornado.web.Application, dict[type[MainApp], Mount]] = WeakKeyDictionary()
