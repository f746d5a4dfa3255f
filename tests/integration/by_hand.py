"""Applications whose rules were made by hand, as for jibe: a `MainHandler` for a page, and a `WebSocketHandler`."""

from __future__ import annotations

from typing import Any

import tornado.web

from jibe_like import MainApp, MainHandler, WebSocketHandler
from tests.integration.visitor import Visitor


class ByHand:
    """One application and another like it, in one Tornado application."""

    def __init__(self, app: tornado.web.Application, main_app: type[MainApp]) -> None:
        self._app = app
        more: Any = type("More", (main_app,), {})
        self.applications: dict[str, type[MainApp]] = {"/": main_app, "/more/": more}
        """By the path of its page."""
        for path, application in self.applications.items():
            sockets = type("Sockets", (WebSocketHandler,), {"mainApp": application})
            app.add_handlers(".*", [(path, MainHandler), (f"{path}websocket", sockets)])

    async def open(self, page: Visitor) -> None:
        """Loads the page and opens its socket, which is beside it."""
        assert (await page.load()).code == 200
        page.socket_url = f"{page.url}websocket"
        await page.connect()
        await page.frame()

    async def close(self) -> None:
        """Ends both."""
        for application in self.applications.values():
            await application.mount_in(self._app).close()
