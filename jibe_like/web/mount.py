"""An application in its place on a server: what its handlers share."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import tornado.web
from tornado.escape import parse_qs_bytes
from tornado.httputil import parse_cookie

from jibe_like.errors import StoreError
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.document import Document
from jibe_like.session.identity import Identities, process_secret
from jibe_like.session.keeper import Keeper
from jibe_like.session.main_module import canonical_module
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session
from jibe_like.session.snapshot import Snapshots
from jibe_like.settings import Settings
from jibe_like.store.base import Store, open_store
from jibe_like.store.secret import load_secret, secret_path

from .pulse import Pulse

if TYPE_CHECKING:
    from .polling import Poll


logger = logging.getLogger("jibe_like.web")


PAGE: Final = "page"
"""The argument by which a socket's URL says what page it belongs to."""


@dataclass(eq=False)
class Mount:
    """One application class under one path prefix."""

    app_class: type
    title: str
    prefix: str
    settings: Settings
    registry: Registry
    store: Store
    identities: Identities
    server: Any = None
    """The `Server` that it belongs to."""
    polls: "dict[str, Poll]" = field(default_factory=dict)
    pulse: Pulse = field(init=False)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.settings.ping_interval)

    async def close(self) -> None:
        """The server stops: sessions are stored and end, and the store is closed."""
        await self.registry.close()
        for poll in tuple(self.polls.values()):
            poll.end()
        await self.store.close()

    def url(self, handler: tornado.web.RequestHandler, path: str) -> str:
        """A URL inside this mount, relative to the page that `handler` answers.

        Relative, since only the browser knows the prefix under which a reverse proxy shows the server.
        """
        return relative_url(handler.request.path, f"{self.prefix}/{path}")


def make_mount(
    app_class: Callable[[Connection], Document], prefix: str, title: str, mode: str, settings: Settings
) -> Mount:
    """The mount of an application class, with all that its settings ask for.

    Raises SettingsError for a store that there is not.
    """
    assert isinstance(app_class, type)
    module = canonical_module(app_class.__module__).partition(":")[0]
    name = f"{module}.{app_class.__qualname__}{prefix}"
    store = open_store(settings.store)
    secrets = _secrets(settings, store)
    keeper = Keeper(name, store, Snapshots(secrets, live=(Session,)), settings) if store.durable else None
    registry = Registry(name, app_class, mode, settings, secrets, keeper)
    return Mount(app_class, title, prefix, settings, registry, store, Identities(secrets))


def _secrets(settings: Settings, store: Store) -> list[str]:
    """The secrets given; else one kept beside the store's file, so that what it signs outlives the process as well."""
    given = settings.find_secrets()
    if given:
        return given
    path = getattr(store, "path", None)
    if path is not None:
        try:
            return [load_secret(secret_path(path))]
        except StoreError as error:
            logger.warning("sessions will not outlive this process, for want of a secret that does: %s", error)
    return [process_secret()]


def as_requested(path: str) -> str:
    """A path as it stands in a request: a browser encodes all but these characters. What is encoded stays so."""
    return quote(path, safe="/%!$&'()*+,:;=@")


def relative_url(page: str, target: str) -> str:
    """`target` as seen from `page`; both are absolute paths."""
    here, there = page.split("/")[1:-1], target.split("/")[1:]
    while here and len(there) > 1 and here[0] == there[0]:
        del here[0], there[0]
    return "../" * len(here) + "/".join(there) or "."


def identity_of(handler: tornado.web.RequestHandler, mount: Mount) -> str:
    """Who sent the request; empty where it does not prove that."""
    return mount.identities.find(parse_cookie(handler.request.headers.get("Cookie", "")))


def visit_of(
    handler: tornado.web.RequestHandler,
    mount: Mount,
    more_cookies: Mapping[str, str] = MappingProxyType({}),
    page: str | None = None,
) -> Visit:
    """What the request came with, and with cookies that its answer is about to set.

    :param page: the URL of the page, path and query, where the request is not for the page itself.
    """
    request = handler.request
    path, _, query = (page if page is not None else f"{request.path}?{request.query}").partition("?")
    # Not request.cookies: a socket's request lives as long as the socket, and would keep 1.5 KiB of them.
    cookies = parse_cookie(request.headers.get("Cookie", ""))
    arguments = {
        name: values[-1].decode("utf-8", "replace")
        for name, values in parse_qs_bytes(query, keep_blank_values=True).items()
        if values
    }
    headers = _shared(tuple(item for item in request.headers.items() if not item[0].startswith(_OWN_HEADERS)))
    cookies.update(more_cookies)
    identity = mount.identities.find(cookies)
    return Visit(cookies, arguments, headers, request.remote_ip or "", path, identity)


_OWN_HEADERS: Final = ("Cookie", "Sec-Websocket-")
"""What is another in each request, and no business of the application: the key and the token of a socket."""


@lru_cache(maxsize=256)
def _shared(headers: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """The headers as a mapping. Thousands of visitors come with the headers of a few browsers: one copy for all."""
    return MappingProxyType(dict(headers))


def connection_for(
    handler: tornado.web.RequestHandler,
    mount: Mount,
    cookies: Mapping[str, str] = MappingProxyType({}),
    page: str | None = None,
) -> Connection:
    """A new connection for the page of this request, or for the page at the URL `page` (path and query)."""
    application: Any = handler.application
    connection = Connection(visit_of(handler, mount, cookies, page), application)
    connection.server = mount.server
    return connection


def connection_for_socket(handler: tornado.web.RequestHandler, mount: Mount) -> Connection:
    """A new connection for the page whose websocket or poll this is: as if the page were loaded now."""
    given = handler.request.query_arguments.get(PAGE, [b""])[-1].decode("utf-8", "replace")
    return connection_for(handler, mount, page=given or f"{mount.prefix}/?{handler.request.query}")
