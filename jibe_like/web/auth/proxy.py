"""Sign-in at a proxy in front of the server, which says with each request who sent it."""

from __future__ import annotations

import ipaddress
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias

from tornado.httputil import HTTPServerRequest

from jibe_like.errors import SettingsError, SignInRefusedError
from jibe_like.session.auth.auth import SignIn, TokenSet, name_of

from .base import Attempt, AuthProvider, Form, Redirect

logger = logging.getLogger("jibe_like.auth")

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX: Final = "unix"


class ProxyAuth(AuthProvider):
    """Trusts a proxy that signs users in, such as oauth2-proxy, Authelia or Cloudflare Access.

        MyApp.run(8881, auth=ProxyAuth(header="X-Forwarded-User", trusted=["127.0.0.1/32"]))

    The proxy must take the header away from what browsers send, and nobody but it may reach the server. A header that
    comes from elsewhere is not believed.

    :param header: has the user's name.
    :param trusted: addresses or networks of the proxy; `"unix"` for one that comes by a Unix socket.
    :param email_header: has their e-mail address.
    :param token_header: has an access token.
    :param sign_out: where users sign out, at the proxy: a URL or path; empty: they cannot.
    :param recheck_interval: seconds after which an open page connects anew, so that the proxy says again whose it is: a
        socket says so once, when it opens. 0: never.

    Raises SettingsError where nobody is trusted, for what is no network, and for an interval below 0.
    """

    ISSUER: Final = "proxy"
    by_request: ClassVar[bool] = True

    def __init__(
        self,
        *,
        header: str,
        trusted: Sequence[str],
        email_header: str = "",
        token_header: str = "",
        sign_out: str = "",
        recheck_interval: float = 300.0,
    ) -> None:
        if isinstance(trusted, str) or not trusted:
            raise SettingsError("ProxyAuth: trusted must be a list of the proxy's addresses or networks")
        try:
            self._trusted: list[Network] = [ipaddress.ip_network(each) for each in trusted if each != UNIX]
        except ValueError as error:
            raise SettingsError(f"ProxyAuth: trusted: {error}") from None
        if not recheck_interval >= 0:
            raise SettingsError(f"ProxyAuth: recheck_interval must be 0 or more seconds, not {recheck_interval!r:.60}")
        self.recheck_interval = recheck_interval
        self._trusts_unix = UNIX in trusted
        self._header, self._email_header, self._token_header = header, email_header, token_header
        self._sign_out = sign_out

    @property
    def secret_headers(self) -> tuple[str, ...]:
        """The one with the access token."""
        return (_canonical(self._token_header),) if self._token_header else ()

    def identify(self, request: HTTPServerRequest) -> SignIn | None:
        """Who the proxy says it is."""
        values = request.headers.get_list(self._header)
        if not values or not values[0]:
            return None
        if not self._is_from_proxy(request):
            logger.warning("%s was sent by %s, which is no trusted proxy", self._header, _peer(request) or "nobody")
            return None
        if len(values) > 1:
            logger.warning("%s came %d times: one of them is not the proxy's", self._header, len(values))
            return None
        name = values[0]
        email, token = (
            request.headers.get(each, "") if each else "" for each in (self._email_header, self._token_header)
        )
        claims: dict[str, Any] = {"sub": name, **({"email": email} if email else {})}
        return SignIn(
            issuer=self.ISSUER,
            subject=name,
            username=name,
            email=email,
            claims=claims,
            tokens=TokenSet(token or None),
            # The proxy says so again with the next request, or does not.
            expires=math.inf,
            id=name_of(self.ISSUER, name),
        )

    def _is_from_proxy(self, request: HTTPServerRequest) -> bool:
        peer = _peer(request)
        if not peer:
            return self._trusts_unix
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._trusted)

    async def begin(self, attempt: Attempt, base_url: str) -> Redirect | Form:
        """Nobody begins to sign in here."""
        raise SignInRefusedError("the proxy signs users in")

    async def finish(self, attempt: Attempt, answer: Mapping[str, str], base_url: str, address: str) -> SignIn | Form:
        """Nobody signs in here."""
        raise SignInRefusedError("the proxy signs users in")

    async def sign_out_url(self, sign_in: SignIn, back: str) -> str:
        """The proxy's page for it."""
        return self._sign_out


def _canonical(name: str) -> str:
    """A header's name as Tornado has it."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _peer(request: HTTPServerRequest) -> str:
    """Who sent the request to this server, whatever its headers say; empty for a Unix socket."""
    context: Any = getattr(request.connection, "context", None)
    address = getattr(context, "address", None)
    # Tornado's `remote_ip` is what `X-Forwarded-For` says where it was told to believe that.
    return str(address[0]) if isinstance(address, tuple) and address else ""
