"""Several applications on one server, and servers in a notebook."""

import re
from typing import Any

from .main_app import Application, MainApp
from .server import BackgroundServer, run_until_stopped
from .settings import Settings
from .web.assets import AssetHandler, asset_rules
from .web.mount import as_requested
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
    :param apps: application classes by name.

    Raises TypeError for what is no `MainApp` class.
    """

    def __init__(self, *, assets_path: Any = None, settings: Settings | None = None, **apps: type[MainApp]) -> None:
        rules: list[Any] = []
        for name, app in apps.items():
            if not (isinstance(app, type) and issubclass(app, MainApp)):
                raise TypeError(f"{type(self).__name__}: {name} must be a MainApp class, not {app!r}")
            handler = app.main_handler_class if app.main_handler_class is not MainHandler else MultiAppHandler
            page, *others = app.handlers("/" + name, name=name, settings=settings, handler=handler)
            rules += [(f"/({re.escape(as_requested(name))})/?", *page[1:]), *others]
        rules += asset_rules(type(self).__name__, assets_path)
        # Last, since a folder may be served at "/".
        super().__init__(sorted(rules, key=lambda rule: rule[1] is AssetHandler))

    def run(self, port: int = 8881, *, address: str = "", **server_options: Any) -> None:
        """Serves them until the process is told to stop. Parameters as of `MainApp.run`."""
        run_until_stopped(lambda: self, port, address, **server_options)


class InJupyterApp(MainApp):
    """An application that a notebook serves: `MyApp.juprun(port)` returns at once."""

    @classmethod
    def juprun(cls, port: int = 8881, *, address: str = "localhost", **server_options: Any) -> BackgroundServer:
        """Serves this application from a thread of its own. `stop()` of what it returns ends that."""
        return BackgroundServer(cls.make_tornado_app, port, address, **server_options)


class InJupyterMultiApp(MultiApp):
    """Several applications that a notebook serves: `InJupyterMultiApp(a=A, b=B).juprun(port)` returns at once."""

    def juprun(self, port: int = 8881, *, address: str = "localhost", **server_options: Any) -> BackgroundServer:
        """Serves them from a thread of its own. `stop()` of what it returns ends that."""
        return BackgroundServer(lambda: self, port, address, **server_options)
