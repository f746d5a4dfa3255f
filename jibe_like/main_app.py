"""The application: the root of a page's widget tree."""

import re
import traceback
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import tornado.web

from .errors import ProtocolError
from .server import run_until_stopped
from .session.connection import Connection, ConnectionView
from .session.hooks import run_hook
from .session.session import Session
from .settings import Settings
from .tree.events import Message
from .tree.tree import Tree, keep_newest
from .tree.widget import Widget
from .web.assets import asset_rules
from .web.client import PATH, ClientHandler
from .web.mount import Mount, as_requested, make_mount
from .web.page import MainHandler
from .web.polling import PollHandler
from .web.websocket import WebSocketHandler
from .widgets.containers import Details
from .widgets.layout import VBox
from .widgets.text import Code
from .wire.messages import encode

Rule = tuple[str, Any, dict[str, Any]]


class MainApp(VBox):
    """The top-level widget of a page. Subclass it, fill `children`, and call `run`.

        class Hello(MainApp):
            def __init__(self, connection):
                super().__init__(connection)
                self.children = [Label("Hello")]

        Hello.run(8881)

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

    def __init__(self, connection: Connection | None = None, **options: Any) -> None:
        super().__init__(**({"identifier": "topwidget"} | options))
        self.connection = connection
        self.session: Session | None = None
        self.outbox: list[Message] = []
        """Messages that wait for the page's socket to open."""
        self._tree = Tree(self)

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
        identifier = message["id"]
        if identifier == self.identifier:
            super().on_message(message)
            return
        widget = self.tree.index.get(identifier)
        if widget is None:
            raise ProtocolError("no such widget")
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
        """Called when a handler raised; that has been logged. In debug mode the page shows the traceback."""
        if self.session is not None and self.session.settings.debug:
            text = "".join(traceback.format_exception(error))
            self.children.append(
                _HandlerError(f"{type(error).__name__} in {event!r} of {widget!r}", [Code(text)], open=True)
            )
        return None

    # -- the session

    @property
    def uses_page_api(self) -> bool:
        """Whether the page's own JavaScript finds `window.jibe` from the beginning (docs/state.md)."""
        return False

    def page_state(self) -> dict[str, Any] | None:
        """The mirrored state by scope (`app`, `server`), name and value, for a page that is about to show this."""
        return None

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
        """Called once the application is there, before anybody sees it. Plain or `async`: the page waits for it."""

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
    ) -> list[Rule]:
        """Tornado rules that serve this application below `prefix` ("/counter"), for a Tornado application you have.

        :param mode: in place of the class's `mode`.
        :param store: in place of the settings' `store`: `memory://`, or `sqlite:///jibe.db` where sessions shall
            outlive the process.

        Raises AssetsPathError for an `assets_path` that cannot be served, SettingsError for a store that there is not.
        """
        # As it stands in a request.
        prefix = "/" + as_requested(prefix.strip("/")) if prefix.strip("/") else ""
        mount = cls._mount(prefix, cls.title or name or cls.__name__, settings, mode, store)
        place = re.escape(prefix)
        return [
            (f"{place}/?" if prefix else "/", handler or cls.main_handler_class, {"mount": mount}),
            (f"{place}/websocket", WebSocketHandler, {"mount": mount}),
            (f"{place}/poll", PollHandler, {"mount": mount}),
            (f"{place}/{PATH}/(.*)", ClientHandler, {}),
            *asset_rules(cls.__name__, cls.assets_path),
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
        **tornado_settings: Any,
    ) -> "Application":
        """A Tornado application that serves this one at `/`, with its socket, the client and `assets_path`."""
        return Application(cls.handlers(settings=settings, mode=mode, store=store), **tornado_settings)

    @classmethod
    def run(
        cls,
        port: int = 8881,
        *,
        address: str = "",
        settings: Settings | None = None,
        mode: str | None = None,
        store: str | None = None,
        **server_options: Any,
    ) -> None:
        """Serves this application until the process is told to stop.

        :param port: 0 takes a free one.
        :param address: the interface to listen at; empty for all.
        :param mode: in place of the class's `mode`.
        :param store: in place of the settings' `store`: with `sqlite:///jibe.db` sessions outlive the process.
        :param server_options: for `tornado.httpserver.HTTPServer`: `ssl_options`, `xheaders`, …

        Exits with one clear line where the port is in use.
        """

        def make() -> Application:
            return cls.make_tornado_app(settings=settings, mode=mode, store=store)

        run_until_stopped(make, port, address, **server_options)

    @classmethod
    def mount_in(cls, application: tornado.web.Application) -> Mount:
        """The mount for a `WebSocketHandler` subclass that names this class as `mainApp`."""
        mounts = _mounts_by_hand.setdefault(application, {})
        if cls not in mounts:
            mounts[cls] = cls._mount("", cls.title or cls.__name__, None, None, None)
        return mounts[cls]

    @classmethod
    def _mount(cls, prefix: str, title: str, settings: Settings | None, mode: str | None, store: str | None) -> Mount:
        chosen = settings or cls.settings
        if store is not None:
            chosen = replace(chosen, store=store)
        return make_mount(cls, prefix, title, mode or cls.mode, chosen)


class _HandlerError(Details):
    """Shows in debug mode what a handler raised."""


_mounts_by_hand: WeakKeyDictionary[tornado.web.Application, dict[type[MainApp], Mount]] = WeakKeyDictionary()


class Application(tornado.web.Application):
    """A Tornado application that knows when what is mounted in it starts and stops."""

    def __init__(self, rules: list[Any], **settings: Any) -> None:
        mounts = [rule[2]["mount"] for rule in rules if len(rule) > 2 and "mount" in rule[2]]
        self.mounts: list[Mount] = list(dict.fromkeys(mounts))
        super().__init__(rules, **settings)

    async def loaded(self) -> None:
        """The server serves."""
        for mount in self.mounts:
            await run_hook(mount.app_class, "on_server_loaded")

    async def close_sessions(self) -> None:
        """The server stops: every session is stored, and ends here."""
        for mount in self.mounts:
            await mount.close()
            await run_hook(mount.app_class, "on_server_unloaded")
