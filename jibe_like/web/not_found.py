"""The answer where nothing is served."""

from collections.abc import Sequence
from typing import Any

import tornado.web

from .client import PATH, client_file
from .forwarded import believe_proxies
from .mount import Mount
from .page import htmlt
from .security import new_nonce, set_security_headers


class NotFoundHandler(tornado.web.RequestHandler):
    """Says with status 404 that there is nothing here: to a browser by a page that looks like the others.

    :param mounts: what is served elsewhere. The first one's settings count.
    """

    def initialize(self, mounts: Sequence[Mount]) -> None:
        self.mounts = mounts
        if mounts:
            believe_proxies(self.request, mounts[0].settings)

    def prepare(self) -> None:
        """Whatever the method is."""
        raise tornado.web.HTTPError(404)

    def check_xsrf_cookie(self) -> None:
        """There is nothing that another site's page could do here."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if not self.mounts or "text/html" not in self.request.headers.get("Accept", ""):
            super().write_error(status_code, **kwargs)
            return
        mount, nonce = self.mounts[0], new_nonce()
        set_security_headers(self, nonce, mount.settings)
        title = "Page not found"
        page = htmlt.render(
            body=f'<main class="widget vbox apology"><h1>{title}</h1><p>There is nothing at this address.</p></main>',
            appname=title,
            nonce=nonce,
            stylesheet=mount.url(self, f"{PATH}/{client_file('style.css')}"),
            settings=mount.settings,
        )
        self.finish(page)
