"""An application in its place on a server: what its handlers share."""

from dataclasses import dataclass
from typing import Any

import tornado.web

from ..session.connection import Connection, Visit
from ..session.registry import Registry
from ..settings import Settings


@dataclass(eq=False)
class Mount:
    """One application class under one path prefix."""

    name: str
    prefix: str
    settings: Settings
    registry: Registry

    def url(self, handler: tornado.web.RequestHandler, path: str) -> str:
        """A URL inside this mount, relative to the page that `handler` answers.

        Relative, since only the browser knows the prefix under which a reverse proxy shows the server.
        """
        return relative_url(handler.request.path, f"{self.prefix}/{path}")


def relative_url(page: str, target: str) -> str:
    """`target` as seen from `page`; both are absolute paths."""
    here, there = page.split("/")[1:-1], target.split("/")[1:]
    while here and len(there) > 1 and here[0] == there[0]:
        del here[0], there[0]
    return "../" * len(here) + "/".join(there) or "."


def visit_of(handler: tornado.web.RequestHandler, **more_cookies: str) -> Visit:
    """What the request came with."""
    request = handler.request
    cookies = {name: morsel.value for name, morsel in request.cookies.items()}
    arguments = {name: values[-1].decode("utf-8", "replace") for name, values in request.query_arguments.items() if values}
    return Visit(cookies | more_cookies, arguments, dict(request.headers), request.remote_ip or "", request.path)


def connection_for(handler: tornado.web.RequestHandler, connection_id: str = "", **cookies: str) -> Connection:
    """A new connection for the page of this request."""
    application: Any = handler.application
    return Connection(visit_of(handler, **cookies), application, connection_id)
