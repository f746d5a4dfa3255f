"""An application in its place on a server: what its handlers share."""

import asyncio
import logging
import time
from array import array
from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

import tornado.web
from tornado.escape import parse_qs_bytes
from tornado.httputil import HTTPServerRequest, parse_cookie

from jibe_like.errors import ServerError, StoreError
from jibe_like.session.auth.identity import Identities, process_secret
from jibe_like.session.auth.sign_ins import attach
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.document import Document
from jibe_like.session.hooks import begin_hook, run_hook
from jibe_like.session.keeper import Keeper
from jibe_like.session.memory.pieces import stock_up
from jibe_like.session.meter import MeasuredKeeper, MeasuredSession, Meter
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session
from jibe_like.session.snapshot.main_module import canonical_module
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.session.uploads.depot import Depot
from jibe_like.settings import SHORTEST_SECRET, Settings
from jibe_like.store.base import Store, open_store
from jibe_like.store.secret import load_secret, secret_path

from .auth.guard import Guard, auth_of, sign_in_of
from .limits import Limits
from .network_log import NetworkLog
from .page_files import PageFiles, relative_url
from .pulse import Pulse
from .tables import shrink_tables

if TYPE_CHECKING:
    from .polling import Poll


logger = logging.getLogger("jibe_like.web")


PAGE: Final = "page"
"""The argument by which a socket's URL says what page it belongs to."""


class Host(Protocol):
    """What a mount asks of the `Server` that it belongs to."""

    network_log: NetworkLog | None

    @property
    def page_files(self) -> PageFiles:
        """What the server's modules bring to every page."""

    @property
    def uses_page_api(self) -> bool:
        """Whether pages' own JavaScript may want `window.jibe` from the beginning."""

    def opened(self, mount: "Mount") -> bool:
        """The mount is about to serve. Gives whether all that its sessions share is there."""

    async def load(self) -> None:
        """Returns once that is there. Raises StoreError where it cannot be read."""

    async def closed(self, mount: "Mount") -> None:
        """The mount has ended."""

    def page_came(self) -> None:
        """A page can be reached."""

    def page_left(self) -> None:
        """A page cannot be reached any more."""


class _Closed:
    """What keeps visitors from a mount that has ended."""

    async def open(self) -> None:
        raise ServerError("the server stops")

    def open_now(self) -> bool:
        return False


CLOSED: Final = _Closed()


class Mount:
    """One application class under one path prefix.

    It opens when its server starts or, in a Tornado application of somebody else's, with its first visitor. Once closed
    it admits nobody, until it is opened again.

    :param server: None where there is none, as in a test.
    :param guard: knows who signs in; None where nobody does.
    :param requires_auth: whether everybody has to.

    Raises SettingsError for a store that there is not, and for one in which sign-ins cannot be kept.
    """

    def __init__(
        self,
        app_class: Callable[[Connection], Document],
        prefix: str,
        title: str,
        mode: str,
        settings: Settings,
        server: Host | None = None,
        guard: Guard | None = None,
        requires_auth: bool = False,
    ) -> None:
        assert isinstance(app_class, type)
        self.app_class: type = app_class
        self.title = title
        self.prefix = prefix
        self.mode = mode
        self.settings = settings
        self.server = server
        self.guard = guard
        self.requires_auth = requires_auth
        self.polls: dict[str, Poll] = {}
        self.pulse = Pulse(settings.ping_interval)
        self.pages = 0
        """How many pages can be reached."""
        # Not a float of its own: made while thousands of sessions live, it would hold a megabyte of theirs (memory.py).
        self._quiet = array("d", [time.monotonic()])
        self.meter = Meter() if settings.metrics else None
        """Counts what happens; None where nobody wants to know."""
        self.limits = Limits(settings, self.rejected, _call_later)
        self._opening: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._set_up()
        if guard is not None:
            guard.check(self.store)

    def _set_up(self) -> None:
        module = canonical_module(self.app_class.__module__).partition(":")[0]
        name = f"{module}.{self.app_class.__qualname__}{self.prefix}"
        self.store = open_store(self.settings.store)
        self.secrets = find_secrets(self.settings, self.store)
        self.identities = Identities(self.secrets)
        snapshots = Snapshots(self.secrets, live=(Session,))
        make_keeper = Keeper if self.meter is None else partial(MeasuredKeeper, meter=self.meter)
        self.keeper = make_keeper(name, self.store, snapshots, self.settings) if self.store.durable else None
        self.registry = Registry(name, self.app_class, self.mode, self.settings, self.secrets, self.keeper, self.server)
        self.registry.rounds.tidying.shrink_others = shrink_tables
        self.depot = self.registry.depot = Depot(name, self.settings, self.store, self.rejected)
        self.depot.admits = self.limits.admits_file
        if self.meter is not None:
            self.registry.make_session = partial(MeasuredSession, meter=self.meter)
            self.depot.ended = self.meter.upload_ended
        self.registry.wait_for(self)

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return self._is_closed

    async def open(self) -> None:
        """From now on it serves. Done once, whoever asks; one that was closed begins anew.

        Raises StoreError where what the sessions share cannot be read.
        """
        if not self.open_now():
            opening = self._opening
            assert opening is not None
            try:
                await asyncio.shield(opening)
            except asyncio.CancelledError:
                if opening.cancelled():
                    raise ServerError("the server stops") from None
                raise

    def open_now(self) -> bool:
        """As `open`; False where that takes a while: for the store, or for an `async` `on_server_loaded`."""
        if self._opening is not None:
            return self._opening.done()
        if self._is_closed:
            self._set_up()
            self._is_closed = False
        self._loop = asyncio.get_running_loop()
        stock_up()
        is_loaded = self.server is None or self.server.opened(self)
        begun = begin_hook(self.app_class, "on_server_loaded") if is_loaded else None
        if isinstance(begun, bool):
            self._opening = self._loop.create_future()
            self._opening.set_result(None)
            self._admit()
            return True
        self._opening = self._loop.create_task(self._open(begun))
        return False

    async def _open(self, hook: Coroutine[Any, Any, bool] | None) -> None:
        try:
            if self.server is not None:
                await self.server.load()
        except BaseException:
            self._opening = None
            raise
        await (hook if hook is not None else run_hook(self.app_class, "on_server_loaded"))
        self._admit()

    def _admit(self) -> None:
        self.registry.admit()
        self.depot.open(self.registry.sessions)

    async def close(self) -> None:
        """The server stops: sessions are stored and end, and the store is closed. Callable on any loop."""
        loop = self._loop
        if loop is not None and loop is not asyncio.get_running_loop():
            if loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.close(), loop))
            return
        if self._is_closed:
            return
        if self._opening is not None:
            self._opening.cancel()
        self._is_closed, self._opening, self._loop = True, None, None
        self.registry.wait_for(CLOSED)
        await self.registry.close()
        for poll in tuple(self.polls.values()):
            poll.end()
        self.limits.close()
        await self.depot.close()
        await self.store.close()
        if loop is not None:
            await run_hook(self.app_class, "on_server_unloaded")
        if self.server is not None:
            await self.server.closed(self)

    def rejected(self, reason: str) -> None:
        """Something was refused."""
        if self.meter is not None:
            self.meter.rejects[reason] += 1

    @property
    def quiet_since(self) -> float:
        """When the last page went, by `time.monotonic`."""
        return self._quiet[0]

    def page_came(self) -> None:
        """A page can be reached."""
        self.pages += 1
        if self.server is not None:
            self.server.page_came()

    def page_left(self) -> None:
        """A page cannot be reached any more."""
        self.pages -= 1
        self._quiet[0] = time.monotonic()
        if self.server is not None:
            self.server.page_left()

    def is_secure(self, request: HTTPServerRequest) -> bool:
        """Whether the browser has sent the request by https."""
        return request.protocol == "https" if self.guard is None else self.guard.is_secure(request)

    def url(self, handler: tornado.web.RequestHandler, path: str) -> str:
        """A URL inside this mount, relative to the page that `handler` answers.

        Relative, since only the browser knows the prefix under which a reverse proxy shows the server.
        """
        return relative_url(handler.request.path, f"{self.prefix}/{path}")


def _call_later(seconds: float, callback: Callable[[], None]) -> Callable[[], object]:
    return asyncio.get_running_loop().call_later(seconds, callback).cancel


def find_secrets(settings: Settings, store: Store) -> list[str]:
    """The secrets given; else one kept beside the store's file, so that what it signs outlives the process as well."""
    given = settings.find_secrets()
    if name := settings.guessable_secret:
        _warn_once(
            f"{name} is short: who guesses it can run code in the server. Let it have at least {SHORTEST_SECRET} "
            'random characters, as from: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    if given:
        return given
    path = getattr(store, "path", None)
    if path is not None:
        try:
            return [load_secret(secret_path(path))]
        except StoreError as error:
            _warn_once(f"sessions will not outlive this process, for want of a secret that does: {error}")
    return [process_secret()]


@lru_cache(maxsize=64)
def _warn_once(text: str) -> None:
    """The server looks for the secret, and so does each of its applications."""
    logger.warning("%s", text)


def as_requested(path: str) -> str:
    """A path as it stands in a request: a browser encodes all but these characters. What is encoded stays so."""
    return quote(path, safe="/%!$&'()*+,:;=@")


def identity_of(handler: tornado.web.RequestHandler, mount: Mount) -> str:
    """Who sent the request; empty where it does not prove that."""
    if mount.guard is not None:
        sign_in = sign_in_of(handler) if hasattr(handler, "sign_in") else mount.guard.identify_now(handler)
        if sign_in is not None:
            return sign_in.identity
    cookies = parse_cookie(handler.request.headers.get("Cookie", ""))
    return mount.identities.find(cookies, mount.is_secure(handler.request))


async def identified(handler: tornado.web.RequestHandler, mount: Mount) -> None:
    """Finds out who sent the request, where users sign in; `sign_in_of` says it, or why it could not be found out."""
    if mount.guard is not None:
        try:
            await mount.open()
            await mount.guard.identify(handler)
        except (StoreError, ServerError) as error:
            handler.sign_in = error  # type: ignore[attr-defined]


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
        for name, values in parse_qs_bytes(query.encode("latin-1", "replace"), keep_blank_values=True).items()
        if values
    }
    cookies.update(more_cookies)
    identity = identity_of(handler, mount) or mount.identities.find(cookies, mount.is_secure(request))
    own = _OWN_HEADERS if mount.guard is None else (*_OWN_HEADERS, *mount.guard.secret_headers)
    headers = _shared(tuple(item for item in request.headers.items() if not item[0].startswith(own)))
    if mount.guard is not None:
        # Who has them is the user: they are not to be stored with a session.
        for name in mount.guard.secret_cookies(request):
            cookies.pop(name, None)
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
    connection.request = handler.request
    if mount.guard is not None:
        attach(connection, auth_of(handler, connection.visit.identity))
    return connection


def connection_for_socket(handler: tornado.web.RequestHandler, mount: Mount) -> Connection:
    """A new connection for the page whose websocket or poll this is: as if the page were loaded now."""
    given = handler.request.query_arguments.get(PAGE, [b""])[-1].decode("utf-8", "replace")
    return connection_for(handler, mount, page=given or f"{mount.prefix}/?{handler.request.query}")
