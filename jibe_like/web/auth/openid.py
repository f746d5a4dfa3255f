"""An OpenID provider as seen from here: where its endpoints are, what it answers, and what it has signed."""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from jibe_like.errors import SettingsError, SignInError, SignInRefusedError

logger = logging.getLogger("jibe_like.auth")

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""By which a provider may sign: none of them lets somebody sign who knows what the provider shows to everybody."""
LEEWAY: Final = 60
"""Seconds by which the clocks may differ."""
_KEPT: Final = 3600.0
"""Seconds that the provider's configuration and keys are kept; no longer is a key accepted that it shows no more."""
_SOONEST: Final = 10.0
"""Seconds before keys are asked for again because of what a stranger has sent."""
_TIMEOUT: Final = 10.0
_MOST_AT_ONCE: Final = 100
"""Requests: whoever wants to sign in causes some."""
_LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the provider, to a request."""

    status: int
    content: dict[str, Any]


class OpenID:
    """The provider that calls itself `issuer`.

    :param client_id: what it calls this application.
    :param ca_certs: a file with the certificates of authorities to trust, in place of the system's.

    Raises SettingsError for an issuer that is no https URL; on loopback http will do.
    """

    def __init__(self, issuer: str, client_id: str, ca_certs: str | None = None) -> None:
        if not is_safe(issuer):
            raise SettingsError(f"the issuer of an OpenID provider must be an https URL, not {issuer!r:.100}")
        self.issuer = issuer
        self.client_id = client_id
        self._ca_certs = ca_certs
        self._configuration: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, list[Key]] | None = None
        self._asking = 0

    # -- asking it

    async def fetch(self, url: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """What the provider answers, whether it is content or not. Raises SignInError where it does not, in JSON."""
        request = HTTPRequest(
            url,
            "GET" if body is None else "POST",
            headers={"Accept": "application/json", **(headers or {})},
            body=body,
            connect_timeout=_TIMEOUT,
            request_timeout=_TIMEOUT,
            follow_redirects=False,
            ca_certs=self._ca_certs,
        )
        if self._asking >= _MOST_AT_ONCE:
            raise SignInError(f"{self._asking} requests wait for the OpenID provider already")
        self._asking += 1
        # Its own: this is called in the threads that refresh tokens, too.
        client = AsyncHTTPClient(force_instance=True)
        try:
            response = await client.fetch(request, raise_error=False)
            if response.code >= 500:
                raise SignInError(f"the OpenID provider answered {response.code} at {_place(url)}")
            content = json.loads(response.body)
        except (OSError, HTTPClientError, ValueError) as error:
            raise SignInError(f"the OpenID provider at {_place(url)}: {type(error).__name__}: {error}") from None
        finally:
            self._asking -= 1
            client.close()
        if not isinstance(content, dict):
            raise SignInError(f"the OpenID provider answered no object at {_place(url)}")
        return Answer(response.code, content)

    async def configuration(self) -> Mapping[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery). Raises SignInError."""
        if self._configuration is None or time.monotonic() > self._configuration[0] + _KEPT:
            answer = await self.fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            found = answer.content
            if answer.status != 200:
                raise SignInError(f"the OpenID provider {self.issuer} answered {answer.status} for its configuration")
            if found.get("issuer") != self.issuer:
                raise SignInError(f"the OpenID provider is {found.get('issuer')!r:.200}, and {self.issuer!r} was meant")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not is_safe(found.get(name)):
                    raise SignInError(f"the OpenID provider {self.issuer} has no usable {name}")
            self._configuration = time.monotonic(), found
        return self._configuration[1]

    async def endpoint(self, name: str) -> str:
        """The URL of an endpoint that a provider need not have; empty where it has none."""
        url = (await self.configuration()).get(name)
        return str(url) if is_safe(url) else ""

    async def _find_keys(self, older_than: float = _KEPT) -> list[Key]:
        """The keys by which the provider signs, asked for where what is known is older than so many seconds."""
        if self._keys is None or time.monotonic() > self._keys[0] + older_than:
            answer = await self.fetch(await self.endpoint("jwks_uri"))
            found = answer.content.get("keys")
            if answer.status != 200 or not isinstance(found, list):
                raise SignInError(f"the OpenID provider {self.issuer} does not show its keys")
            self._keys = time.monotonic(), [key for each in found if (key := _import(each)) is not None]
        return self._keys[1]

    # -- what it has signed

    async def verify(self, token: str, *, from_provider: bool = True) -> jwt.Token:
        """A token of the provider, its signature checked.

        :param from_provider: whether it has come from there, and not from somebody unknown.

        Raises SignInRefusedError for one that is not the provider's, SignInError where its keys cannot be had.
        """
        found = _verified(token, await self._find_keys())
        if found is None:
            # The provider may have new keys. Who sends nonsense must not have us ask for them all the time.
            found = _verified(token, await self._find_keys(0.0 if from_provider else _SOONEST))
        if found is None:
            raise SignInRefusedError("a token is not signed by the OpenID provider")
        return found

    async def verify_id_token(
        self, token: object, *, nonce: str | None = None, access_token: str | None = None
    ) -> dict[str, Any]:
        """What an ID token says, all of it checked. Raises as `verify`.

        :param nonce: that the browser was sent away with; None where it was not.
        :param access_token: that came with it.
        """
        if not isinstance(token, str):
            raise SignInRefusedError("the OpenID provider sent no ID token")
        verified = await self.verify(token)
        claims = CodeIDToken(
            verified.claims,
            verified.header,
            options={
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client_id},
                "sub": {"essential": True},
            },
            params={"nonce": nonce, "client_id": self.client_id, "access_token": access_token},
        )
        self._check(claims)
        return dict(verified.claims)

    async def verify_logout_token(self, token: str) -> dict[str, Any]:
        """What a logout token says, all of it checked. Raises as `verify`."""
        verified = await self.verify(token, from_provider=False)
        claims = verified.claims
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            iat={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise SignInRefusedError(f"a logout token is not valid: {error}") from None
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT), dict):
            raise SignInRefusedError("a logout token is not about signing out")
        if "nonce" in claims:
            raise SignInRefusedError("a logout token has a nonce, as ID tokens have")
        named = [claims.get(name, "") for name in ("sub", "sid")]
        if not any(named) or not all(isinstance(name, str) for name in named):
            raise SignInRefusedError("a logout token does not say who has signed out")
        return claims

    def _check(self, claims: CodeIDToken) -> None:
        try:
            claims.validate(leeway=LEEWAY)
        except JoseError as error:
            raise SignInRefusedError(f"an ID token is not valid: {error}") from None


def is_safe(url: object) -> bool:
    """Whether nobody on the way can read or change what goes there: https or, on loopback, http."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _import(key: object) -> Key | None:
    """A public key that signs; None for any other, and for a kind that is not known here."""
    if not isinstance(key, dict) or key.get("kty") not in ("RSA", "EC", "OKP") or key.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(key)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _verified(token: str, keys: list[Key]) -> jwt.Token | None:
    """The token, where one of the keys has signed it."""
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        return None
    named = header.get("kid")
    for key in keys:
        if named is not None and key.kid is not None and key.kid != named:
            continue
        if _fits(key, str(header.get("alg"))):
            try:
                return jwt.decode(token, key, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):
                continue
    return None


def _fits(key: Key, algorithm: str) -> bool:
    kinds = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}
    return algorithm in ALGORITHMS and isinstance(key, kinds[algorithm[:2]])


def _place(url: str) -> str:
    """A URL for the log, without its query."""
    return url.partition("?")[0]
