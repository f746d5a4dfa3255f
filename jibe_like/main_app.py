"""The application: the root of a page's widget tree."""

import re
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import tornado.web

from .errors import ProtocolError
from .server import run_until_stopped
from .session.connection import Connection
from .session.registry import Registry
from .session.session import Session
from .settings import Settings
from .tree.events import Message
from .tree.tree import Tree
from .tree.widget import Widget
from .web.assets import asset_rules
from .web.client import PATH, ClientHandler
from .web.mount import Mount, as_requested
from .web.page import MainHandler
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
    assets_path: ClassVar[Any] = None
    """Folders to serve: `{"from": folder, "to": path}`, or a list of such."""
    main_handler_class: ClassVar[type[MainHandler]] = MainHandler
    """Answers the page's request. Subclass `MainHandler` to change what is around the application."""
    title: ClassVar[str] = ""
    """The page's title; empty: the name of the class."""
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
            self.outbox.append(message)
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

    # -- serving

    @classmethod
    def handlers(
        cls,
        prefix: str = "",
        *,
        name: str = "",
        settings: Settings | None = None,
        mode: str | None = None,
        handler: type[MainHandler] | None = None,
    ) -> list[Rule]:
        """Tornado rules that serve this application below `prefix` ("/counter"), for a Tornado application you have.

        Raises AssetsPathError for an `assets_path` that cannot be served.
        """
        # As it stands in a request.
        prefix = "/" + as_requested(prefix.strip("/")) if prefix.strip("/") else ""
        mount = cls._mount(prefix, cls.title or name or cls.__name__, settings, mode)
        place = re.escape(prefix)
        return [
            (f"{place}/?" if prefix else "/", handler or cls.main_handler_class, {"mount": mount}),
            (f"{place}/websocket", WebSocketHandler, {"mount": mount}),
            (f"{place}/{PATH}/(.*)", ClientHandler, {}),
            *asset_rules(cls.__name__, cls.assets_path),
        ]

    @classmethod
    def mount(cls, application: tornado.web.Application, prefix: str = "", **options: Any) -> None:
        """Adds this application to a Tornado application, below `prefix`. Options as `handlers`."""
        application.add_handlers(".*", cls.handlers(prefix, **options))

    @classmethod
    def make_tornado_app(
        cls, *, settings: Settings | None = None, mode: str | None = None, **tornado_settings: Any
    ) -> tornado.web.Application:
        """A Tornado application that serves this one at `/`, with its socket, the client and `assets_path`."""
        return Application(cls.handlers(settings=settings, mode=mode), **tornado_settings)

    @classmethod
    def run(
        cls,
        port: int = 8881,
        *,
        address: str = "",
        settings: Settings | None = None,
        mode: str | None = None,
        **server_options: Any,
    ) -> None:
        """Serves this application until the process is told to stop.

        :param port: 0 takes a free one.
        :param address: the interface to listen at; empty for all.
        :param server_options: for `tornado.httpserver.HTTPServer`: `ssl_options`, `xheaders`, …

        Exits with one clear line where the port is in use.
        """
        run_until_stopped(lambda: cls.make_tornado_app(settings=settings, mode=mode), port, address, **server_options)

    @classmethod
    def mount_in(cls, application: tornado.web.Application) -> Mount:
        """The mount for a `WebSocketHandler` subclass that names this class as `mainApp`."""
        mounts = _mounts_by_hand.setdefault(application, {})
        if cls not in mounts:
            mounts[cls] = cls._mount("", cls.title or cls.__name__, None, None)
        return mounts[cls]

    @classmethod
    def _mount(cls, prefix: str, title: str, settings: Settings | None, mode: str | None) -> Mount:
        chosen = settings or cls.settings
        registry = Registry(f"{cls.__module__}.{cls.__qualname__}{prefix}", cls, mode or cls.mode, chosen)
        return Mount(title, prefix, chosen, registry)


class _HandlerError(Details):
    """Shows in debug mode what a handler raised."""


_mounts_by_hand: WeakKeyDictionary[tornado.web.Application, dict[type[MainApp], Mount]] = WeakKeyDictionary()


class Application(tornado.web.Application):
    """A Tornado application that can end the sessions of what is mounted in it."""

    def __init__(self, rules: list[Any], **settings: Any) -> None:
        self.mounts = list(dict.fromkeys(rule[2]["mount"] for rule in rules if len(rule) > 2 and "mount" in rule[2]))
        super().__init__(rules, **settings)

    def close_sessions(self) -> None:
        """Ends all sessions."""
        for mount in self.mounts:
            mount.registry.close()
