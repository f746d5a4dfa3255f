"""Several applications on one server, and servers in a notebook."""

import re
from typing import Any

from .hosting.application import Application
from .hosting.background import BackgroundServer
from .hosting.starting import DEFAULT_PORT
from .main_app import MainApp
from .server import Server, free_name, get_server
from .settings import Settings
from .web.assets import asset_rules
from .web.auth.base import AuthProvider
from .web.mount import Mount, as_requested
from .web.page import MainHandler


class MultiAppHandler(MainHandler):
    """Serves the pages of a `MultiApp`, at `/name`. In rules made by hand, the socket is at `/name/websocket`."""

    def appname(self) -> str:
        return super().appname() or next(iter(self.path_args), None) or ""

    def _place(self) -> str:
        return self.request.path.rstrip("/")


class MultiApp(Application):
    """A Tornado application with one `MainApp` at each `/name`.

        MultiApp(shop=Shop, admin=Admin).run(8881)

    :param assets_path: as of `MainApp`, for all of them.
    :param settings: for all of them; else each has its own.
    :param store: in place of the settings' `store`.
    :param server: whose state they share; None for `get_server()`.
    :param auth: how users sign in, for all of them; None: as the server says.
    :param apps: application classes by name.

    Raises TypeError for what is no `MainApp` class.
    """

    def __init__(
        self,
        *,
        assets_path: Any = None,
        settings: Settings | None = None,
        store: str | None = None,
        server: Server | None = None,
        auth: AuthProvider | None = None,
        **apps: type[MainApp],
    ) -> None:
        self.server = server if server is not None else self._default_server()
        rules: list[Any] = []
        mounts: list[Mount] = []
        for name, app in apps.items():
            if not (isinstance(app, type) and issubclass(app, MainApp)):
                raise TypeError(f"{type(self).__name__}: {name} must be a MainApp class, not {app!r}")
            handler = app.main_handler_class if app.main_handler_class is not MainHandler else MultiAppHandler
            page, *others = app.handlers(
                "/" + name, name=name, settings=settings, store=store, handler=handler, server=self.server, auth=auth
            )
            mounts.append(page[2]["mount"])
            rules += [(f"/({re.escape(as_requested(name))})/?", *page[1:]), *others]
        super().__init__([*rules, *asset_rules(type(self).__name__, assets_path, lambda: mounts)])
        self.server.adopt(self)

    @classmethod
    def _default_server(cls) -> Server:
        return get_server()

    def run(self, port: int = DEFAULT_PORT, *, address: str | None = None, **options: Any) -> None:
        """Serves them until the process is told to stop. Parameters as of `MainApp.run`."""
        self.server.run(port, address, self, **options)


class InJupyterApp(MainApp):
    """An application that a notebook serves: `MyApp.juprun(port)` returns at once."""

    @classmethod
    def juprun(
        cls,
        port: int = DEFAULT_PORT,
        *,
        address: str = "localhost",
        settings: Settings | None = None,
        mode: str | None = None,
        store: str | None = None,
        server: Server | None = None,
        auth: AuthProvider | None = None,
        **options: Any,
    ) -> BackgroundServer:
        """Serves this application from a thread of its own. `stop()` of what it returns ends that.

        :param server: None for one of its own, so that several may be served at a time.
        :param options: those of `Server.start`.
        """
        server = server if server is not None else Server(free_name(cls.__name__))
        with server.hosting(cls, settings=settings, mode=mode, store=store, auth=auth):
            return server.in_background(port, address, **options)


class InJupyterMultiApp(MultiApp):
    """Several applications that a notebook serves: `InJupyterMultiApp(a=A, b=B).juprun(port)` returns at once.

    They share the state of a server of their own, unless `server` names another.
    """

    @classmethod
    def _default_server(cls) -> Server:
        return Server(free_name(cls.__name__))

    def juprun(self, port: int = DEFAULT_PORT, *, address: str = "localhost", **options: Any) -> BackgroundServer:
        """Serves them from a thread of its own. `stop()` of what it returns ends that."""
        return self.server.in_background(port, address, self, **options)
