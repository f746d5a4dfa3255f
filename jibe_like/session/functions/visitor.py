"""Who is at the page that acts."""

import warnings
from typing import Any

from ..connection import Connection
from ..current import current_connection, current_session
from .pages import newest_page
from .user_agent import UserAgent, parse_user_agent


class Info:
    """What is known of the visitor: of the page that acts or, where none does, of the newest one that is open.

    Read-only, and there while an application is being constructed as well. Raises NoSessionError where nobody acts.
    """

    __slots__ = ()

    @property
    def user_agent(self) -> UserAgent:
        """The browser: `is_mobile`, `is_tablet`, `is_pc`, `is_touch_capable`, `browser`, `os`, `device`."""
        return parse_user_agent(_header(_visitor(), "User-Agent"))

    @property
    def user_language(self) -> str:
        """The language that the visitor likes best, as `zh-CN`; empty where the browser does not tell."""
        return _header(_visitor(), "Accept-Language").partition(",")[0].partition(";")[0].strip()

    @property
    def server_host(self) -> str:
        """The server as the browser calls it: `localhost:8881`, `example.org`."""
        return _header(_visitor(), "Host")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the page (`http://localhost:8881`); empty where nobody has said."""
        page = _visitor()
        request = page.request
        if request is None:
            return _header(page, "Origin")
        return request.headers.get("Origin") or f"{request.protocol}://{request.host}"

    @property
    def user_ip(self) -> str:
        """The visitor's IP address. That of a reverse proxy, unless `trusted_proxies` names it."""
        return _visitor().visit.address

    @property
    def backend(self) -> str:
        """What serves the page: `tornado`."""
        return "tornado"

    @property
    def protocol(self) -> str:
        """How the page is connected: `websocket` or `http`. As long as it is not, `http`, by which it was loaded."""
        transport = _visitor().transport
        return transport.protocol if transport is not None else "http"

    @property
    def request(self) -> Any:
        """The `tornado.httputil.HTTPServerRequest` that opened the page's connection or, while the application is being
        constructed, of the page itself. None when the connection is down: what must be kept, keep yourself."""
        return _visitor().request

    def __repr__(self) -> str:
        return "<jibe_like.session.info>"


info = Info()


def get_info() -> Info:
    """Deprecated: use `info`."""
    warnings.warn("get_info() is deprecated: use session.info", DeprecationWarning, stacklevel=2)
    return info


def _visitor() -> Connection:
    page = current_connection()
    if page is not None:
        return page
    session = current_session("info")
    last = next(reversed(session.connections.values()), None)
    return newest_page(session) or last or session.document.connection or Connection()


def _header(page: Connection, name: str) -> str:
    return page.visit.headers.get(name, "")
