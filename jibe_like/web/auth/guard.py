"""Between an application's handlers and the way to sign in: who sent a request, and whether they may come in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tornado.httputil import HTTPServerRequest, parse_cookie

from jibe_like.session.auth.auth import Auth, SignIn
from jibe_like.session.auth.sealed import Seal
from jibe_like.session.auth.sign_ins import SignIns, Ticket
from jibe_like.session.connection import SIGN_IN_AGAIN, SIGNED_OUT
from jibe_like.store.base import Store
from jibe_like.store.memory import MemoryStore
from jibe_like.web.page_files import relative_url

from .attempts import Attempts
from .base import PLACE, SIGN_IN, SIGN_OUT, SIGNED_IN, AuthProvider
from .base import SIGNED_OUT as SIGNED_OUT_PAGE

if TYPE_CHECKING:
    import tornado.web

logger = logging.getLogger("jibe_like.auth")

_USER: Final = "~"
"""The first character of a user's identity, and of no anonymous visitor's."""
_LONGEST_PATH: Final = 1_500


class Guard:
    """What the applications of a server share that have the same way to sign in.

    :param prefix: below it are the pages of signing in and out.
    """

    def __init__(self, provider: AuthProvider, prefix: str = "") -> None:
        self.provider = provider
        self.prefix = prefix
        self._attempts: Attempts | None = None
        self._sign_ins: SignIns | None = None

    def check(self, store: Store) -> None:
        """Raises SettingsError where sign-ins would have to be kept in the store, and cannot be."""
        if store.durable and not self.provider.by_request:
            Seal([""], "")

    def open(self, secrets: Sequence[str], store: Store) -> None:
        """From now on it can be asked. Done once, until it is closed.

        :param secrets: sign cookies and encrypt what is stored.
        """
        if self._sign_ins is None:
            # Who is asked about each request has nothing to store.
            kept_in = MemoryStore() if self.provider.by_request else store
            self._attempts = Attempts(secrets)
            self._sign_ins = SignIns(secrets, kept_in, self.provider, self.way_out)

    async def close(self) -> None:
        """The server stops."""
        sign_ins, self._sign_ins, self._attempts = self._sign_ins, None, None
        if sign_ins is not None:
            await sign_ins.close()

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._sign_ins is not None

    @property
    def sign_ins(self) -> SignIns:
        """Those of the server."""
        assert self._sign_ins is not None, "it is not open"
        return self._sign_ins

    @property
    def attempts(self) -> Attempts:
        """To sign in."""
        assert self._attempts is not None, "it is not open"
        return self._attempts

    # -- who it is

    async def identify(self, handler: tornado.web.RequestHandler) -> SignIn | None:
        """Finds out who sent the handler's request: `sign_in_of` says it from now on.

        Raises StoreError where the store cannot be read.
        """
        ticket = None if self.provider.by_request else self.ticket(handler.request)
        if ticket is not None and self.sign_ins.find_now(ticket) is None:
            await self.sign_ins.find(ticket)
        return self.identify_now(handler)

    def identify_now(self, handler: tornado.web.RequestHandler) -> SignIn | None:
        """As `identify`, without a look into the store."""
        found = None
        if self.provider.by_request:
            found = self.provider.identify(handler.request)
            if found is not None:
                found.keeper = self.sign_ins
        elif ticket := self.ticket(handler.request):
            found = self.sign_ins.find_now(ticket)
        handler.sign_in = found  # type: ignore[attr-defined]
        return found

    def ticket(self, request: HTTPServerRequest) -> Ticket | None:
        """What the request's cookies prove."""
        return self.sign_ins.read(cookies_of(request), self.is_secure(request))

    def has_signed_out(self, request: HTTPServerRequest) -> bool:
        """Whether they have left on purpose: they are not to be signed in again without being asked."""
        return self.sign_ins.has_signed_out(cookies_of(request), self.is_secure(request))

    @property
    def secret_headers(self) -> tuple[str, ...]:
        """Headers by which a request proves whose it is."""
        return ("Authorization", *self.provider.secret_headers)

    def secret_cookies(self, request: HTTPServerRequest) -> list[str]:
        """Cookies by which a request proves whose it is."""
        secure = self.is_secure(request)
        return [*self.sign_ins.cookie_names(secure), self.attempts.cookie_name(secure)]

    def refusal(self, handler: tornado.web.RequestHandler, required: bool, owner: str, identity: str) -> int:
        """Why a page may not open its connection (a code of docs/protocol.md); 0 where it may.

        :param required: whether everybody has to sign in.
        :param owner: whose page it is, as its token says; empty where it has none that is valid.
        :param identity: who sent the request.
        """
        if owner and owner != identity and _USER in (owner[0], identity[:1]):
            ticket = self.ticket(handler.request)
            again = sign_in_of(handler) is None and ticket is not None and ticket.identity == owner
            return SIGN_IN_AGAIN if again and not self.has_signed_out(handler.request) else SIGNED_OUT
        return SIGN_IN_AGAIN if required and sign_in_of(handler) is None else 0

    def is_secure(self, request: HTTPServerRequest) -> bool:
        """Whether the browser has sent it by https."""
        return request.protocol == "https" or self.provider.public_url.startswith("https:")

    # -- where to go

    def url(self, request: HTTPServerRequest, name: str) -> str:
        """The URL of one of the pages of signing in and out, relative to the request's."""
        return here(request.path, f"{self.prefix}/{PLACE}/{name}")

    def way_in(self, request: HTTPServerRequest) -> str:
        """Where somebody has to go who may not see the page of this request before they have signed in."""
        going = request.path + (f"?{request.query}" if request.query else "")
        page = SIGNED_OUT_PAGE if self.has_signed_out(request) else SIGN_IN
        return f"{self.url(request, page)}?next={quote(going, safe='/')}"

    def way_again(self, request: HTTPServerRequest) -> str:
        """Where somebody signs in again for a page that stays open."""
        return f"{self.url(request, SIGN_IN)}?next={quote(f'{self.prefix}/{PLACE}/{SIGNED_IN}', safe='/')}"

    def way_out(self, page: str, sign_in: SignIn) -> str:
        """Where they sign out, as seen from a page. Only a page that has this URL can do so: no other site knows it."""
        url = here(page, f"{self.prefix}/{PLACE}/{SIGN_OUT}")
        return f"{url}?ticket={self.sign_ins.sign_out_ticket(sign_in)}"

    def base_url(self, request: HTTPServerRequest) -> str:
        """Where the pages of signing in and out are, as the browser sees it; ends with "/"."""
        public = self.provider.public_url or f"{request.protocol}://{request.host}{self.prefix}/"
        return f"{public.rstrip('/')}/{PLACE}/"


def sign_in_of(handler: tornado.web.RequestHandler) -> SignIn | None:
    """Who sent the handler's request, once that has been found out; None for an anonymous visitor.

    Raises what has kept it from being found out.
    """
    found = getattr(handler, "sign_in", None)
    if isinstance(found, Exception):
        raise found
    return found if isinstance(found, SignIn) and found.is_valid else None


def auth_of(handler: tornado.web.RequestHandler, identity: str) -> Auth:
    """What an application is told of them."""
    sign_in = sign_in_of(handler)
    return Auth(sign_in) if sign_in is not None else Auth(subject=identity)


def cookies_of(request: HTTPServerRequest) -> dict[str, str]:
    """The request's cookies."""
    return parse_cookie(request.headers.get("Cookie", ""))


def here(page: str, target: str) -> str:
    """The URL of `target` as seen from `page`; both are absolute paths."""
    url = relative_url(page, target)
    # Else a path's first part could pass for a scheme.
    return url if url.startswith("../") else f"./{url}"


def safe_path(text: str) -> str:
    """Path and query of a page of this server, as it stands in a URL; "" for what leads anywhere else."""
    if len(text) > _LONGEST_PATH or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return ""
    path, asks, query = text.partition("#")[0].partition("?")
    # `//host` is another server's page. So is what becomes that when its dots are taken out: a browser does.
    if not path.startswith("/") or "//" in path or any(part in ("..", ".") for part in path.split("/")):
        return ""
    return path + asks + query
