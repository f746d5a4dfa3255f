"""An application in its place on a server: what its handlers share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import tornado.web

from jibe_like.session.connection import Connection, Visit
from jibe_like.session.registry import Registry
from jibe_like.settings import Settings

from .pulse import Pulse


@dataclass(eq=False)
class Mount:
    """One application class under one path prefix."""

    title: str
    prefix: str
    settings: Settings
    registry: Registry
    pulse: Pulse = field(init=False)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.settings.ping_interval)

    def url(self, handler: tornado.web.RequestHandler, path: str) -> str:
        """A URL inside this mount, relative to the page that `handler` answers.

        Relative, since only the browser knows the prefix under which a reverse proxy shows the server.
        """
        return relative_url(handler.request.path, f"{self.prefix}/{path}")


def as_requested(path: str) -> str:
    """A path as it stands in a request: a browser encodes all but these characters. What is encoded stays so."""
    return quote(path, safe="/%!$&'()*+,:;=@")


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
    arguments = {
        name: values[-1].decode("utf-8", "replace") for name, values in request.query_arguments.items() if values
    }
    headers = _shared(tuple((name, value) for name, value in request.headers.items() if name != "Cookie"))
    return Visit(cookies | more_cookies, arguments, headers, request.remote_ip or "", request.path)


@lru_cache(maxsize=256)
def _shared(headers: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """The headers as a mapping. Thousands of visitors come with the headers of a few browsers: one copy for all."""
    return MappingProxyType(dict(headers))


def connection_for(handler: tornado.web.RequestHandler, connection_id: str = "", **cookies: str) -> Connection:
    """A new connection for the page of this request."""
    application: Any = handler.application
    return Connection(visit_of(handler, **cookies), application, connection_id)
