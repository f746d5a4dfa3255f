"""Sign-in at an OpenID provider: authorization code with PKCE (OpenID Connect Core, RFC 7636, RFC 9207)."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote_plus, urlencode, urlsplit

from jibe_like.errors import SettingsError, SignInError, SignInRefusedError
from jibe_like.session.auth.auth import SignIn, TokenSet

from .base import CALLBACK, Attempt, AuthProvider, Ended, Redirect

if TYPE_CHECKING:
    from .openid import OpenID

logger = logging.getLogger("jibe_like.auth")

Allow: TypeAlias = Callable[[Mapping[str, Any]], bool | Awaitable[bool]]

_VARIABLES: Final = "JIBE_LIKE_OIDC_"
_LATER: Final = ("temporarily_unavailable", "server_error")
"""Errors that may be gone in a moment."""
_MOST_SEEN: Final = 10_000
BASIC: Final = "client_secret_basic"
POST: Final = "client_secret_post"


class OIDC(AuthProvider):
    """Sign-in at an OpenID provider: Keycloak, Entra ID, Google, Okta, Auth0, …

        MyApp.run(8881, auth=OIDC(issuer="https://id.example.org", client_id="shop", client_secret="…"))

    What is not given comes from the environment: `JIBE_LIKE_OIDC_ISSUER`, `_CLIENT_ID`, `_CLIENT_SECRET`, `_SCOPES`
    (separated by spaces). At the provider, register the application's URL and `_auth/callback` as redirect URI,
    `_auth/signed-out` as post-logout redirect URI and, where it has that, `_auth/back-channel-logout` as back-channel
    logout URI.

    :param issuer: the provider's name for itself, an https URL.
    :param client_id: the provider's name for this application.
    :param client_secret: empty for a public client.
    :param scopes: `openid` is always among them; `offline_access` asks most providers for a refresh token.
    :param allow: told the claims, says who may come in: plain or `async`. None: whoever the provider knows.
    :param lifetime: seconds after which users have to sign in again.
    :param public_url: the application's URL as browsers see it, where a proxy shows it under a path of its own.
    :param parameters: more of them for the provider's page: `{"audience": "https://api.example.org"}`.
    :param ca_certs: a file with the certificates of authorities to trust, in place of the system's.
    :param secret_by: how the provider wants the secret, where it takes it from this client in one way alone:
        `client_secret_basic` or `client_secret_post`. Empty: by the first of these that its configuration names.

    Raises SettingsError for an issuer that is no https URL, where issuer or client_id are missing, for another
    `secret_by`, and where Authlib is not installed.
    """

    def __init__(
        self,
        *,
        issuer: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: str | Sequence[str] | None = None,
        allow: Allow | None = None,
        lifetime: float = AuthProvider.lifetime,
        public_url: str = "",
        parameters: Mapping[str, str] | None = None,
        ca_certs: str | None = None,
        secret_by: str = "",
    ) -> None:
        issuer, client_id = issuer or _variable("ISSUER"), client_id or _variable("CLIENT_ID")
        for name, value in (("issuer", issuer), ("client_id", client_id)):
            if not value:
                raise SettingsError(f"OIDC needs {name}: give it, or set {_VARIABLES}{name.upper()}")
        wanted = scopes if scopes is not None else _variable("SCOPES") or "openid profile email"
        chosen = wanted.split() if isinstance(wanted, str) else list(wanted)
        self.lifetime = lifetime
        self.public_url = public_url
        self._scopes = " ".join(dict.fromkeys(["openid", *chosen]))
        self._client_id = client_id
        self._client_secret = _variable("CLIENT_SECRET") if client_secret is None else client_secret
        if secret_by not in ("", BASIC, POST):
            raise SettingsError(f"OIDC: secret_by must be {BASIC!r}, {POST!r} or empty, not {secret_by!r:.60}")
        self._secret_by = secret_by
        self._allow = allow
        self._parameters = dict(parameters or {})
        self._openid = _openid(issuer, client_id, ca_certs)
        self._seen: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"OIDC(issuer={self._openid.issuer!r}, client_id={self._client_id!r})"

    @classmethod
    def is_in_environment(cls) -> bool:
        """Whether the environment names a provider."""
        return bool(_variable("ISSUER"))

    # -- signing in

    async def begin(self, attempt: Attempt, base_url: str) -> Redirect:
        """The browser goes to the provider."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

        url: str = prepare_grant_uri(
            await self._openid.endpoint("authorization_endpoint"),
            **{
                **({"prompt": "login"} if attempt.again else {}),
                **self._parameters,
                "client_id": self._client_id,
                "response_type": "code",
                "redirect_uri": base_url + CALLBACK,
                "scope": self._scopes,
                "state": attempt.state,
                "nonce": attempt.nonce,
                "code_challenge": create_s256_code_challenge(attempt.verifier),
                "code_challenge_method": "S256",
            },
        )
        return Redirect(url)

    async def finish(self, attempt: Attempt, answer: Mapping[str, str], base_url: str, address: str) -> SignIn:
        """Takes the code that the provider has sent the browser back with."""
        await self._check_issuer(answer)
        if "error" in answer:
            told = f"the OpenID provider says: {answer['error']} {answer.get('error_description', '')}"
            raise SignInError(told) if answer["error"] in _LATER else SignInRefusedError(told)
        if not answer.get("code"):
            raise SignInRefusedError("the OpenID provider sent no code")
        content = await self._ask_for_tokens(
            "authorization_code",
            code=answer["code"],
            redirect_uri=base_url + CALLBACK,
            code_verifier=attempt.verifier,
        )
        tokens = _tokens_of(content)
        claims = await self._openid.verify_id_token(
            content.get("id_token"), nonce=attempt.nonce, access_token=tokens.access_token
        )
        claims = {**await self._user_info(claims["sub"], tokens), **claims}
        if not await self._allows(claims):
            raise SignInRefusedError(f"allow= does not let {claims['sub']!r:.100} in")
        return SignIn(
            issuer=self._openid.issuer,
            subject=claims["sub"],
            username=_first_text(claims, "preferred_username", "name", "email", "sub"),
            # An address that nobody has verified may be anybody's.
            email="" if claims.get("email_verified") is False else _first_text(claims, "email"),
            claims=claims,
            tokens=tokens,
            expires=time.time() + self.lifetime,
            issuer_session=_first_text(claims, "sid"),
        )

    async def _check_issuer(self, answer: Mapping[str, str]) -> None:
        """Who sent the browser back (RFC 9207): another provider could have had it sent here with a code of ours."""
        always = (await self._openid.configuration()).get("authorization_response_iss_parameter_supported") is True
        if answer.get("iss", None if always else self._openid.issuer) != self._openid.issuer:
            raise SignInRefusedError(f"the browser was sent back by {answer.get('iss')!r:.100}")

    async def _user_info(self, subject: str, tokens: TokenSet) -> dict[str, Any]:
        """What the provider says of the user beside the ID token."""
        url = await self._openid.endpoint("userinfo_endpoint")
        if not url or tokens.access_token is None:
            return {}
        answer = await self._openid.fetch(url, headers={"Authorization": f"Bearer {tokens.access_token}"})
        if answer.status != 200:
            raise SignInError(f"the OpenID provider answered {answer.status} at {url}")
        if answer.content.get("sub") != subject:
            raise SignInRefusedError("the OpenID provider told of another user")
        return answer.content

    async def accepts(self, sign_in: SignIn) -> bool:
        """Whether the provider is still the same, and `allow` lets the user in."""
        return sign_in.issuer == self._openid.issuer and await self._allows(sign_in.claims)

    async def _allows(self, claims: Mapping[str, Any]) -> bool:
        if self._allow is None:
            return True
        allowed = self._allow(claims)
        return bool(await allowed if isawaitable(allowed) else allowed)

    # -- tokens

    async def _ask_for_tokens(self, grant_type: str, **parameters: str) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        configuration = await self._openid.configuration()
        if not self._client_secret:
            client = ClientAuth(self._client_id, "", "none")
        elif self._secret_method(configuration) == BASIC:
            # Encoded, as RFC 6749 2.3.1 has it.
            client = ClientAuth(quote_plus(self._client_id), quote_plus(self._client_secret), BASIC)
        else:
            client = ClientAuth(self._client_id, self._client_secret, POST)
        url, headers, body = client.prepare(
            "POST",
            configuration["token_endpoint"],
            {"Content-Type": "application/x-www-form-urlencoded"},
            prepare_token_request(grant_type, **parameters),
        )
        answer = await self._openid.fetch(url, body, headers)
        if answer.status != 200:
            told = f"{answer.content.get('error')} {answer.content.get('error_description', '')}"
            if answer.content.get("error") == "invalid_grant":
                raise SignInRefusedError(f"the OpenID provider gives no tokens: {told}")
            raise SignInError(f"the OpenID provider gives no tokens ({answer.status}): {told}")
        return answer.content

    def _secret_method(self, configuration: Mapping[str, Any]) -> str:
        """How the provider is told the secret."""
        # What it does not say is the first by the standard.
        named = configuration.get("token_endpoint_auth_methods_supported") or [BASIC]
        return self._secret_by or (POST if POST in named and BASIC not in named else BASIC)

    async def refresh(self, sign_in: SignIn) -> TokenSet:
        """New tokens for the old ones."""
        old = sign_in.tokens
        content = await self._ask_for_tokens("refresh_token", refresh_token=old.refresh_token or "")
        new = _tokens_of(content)
        new.refresh_token = new.refresh_token or old.refresh_token
        if "id_token" in content:
            claims = await self._openid.verify_id_token(content["id_token"], access_token=new.access_token)
            if claims["sub"] != sign_in.subject:
                raise SignInRefusedError("the OpenID provider gave tokens of another user")
        else:
            new.id_token = old.id_token
        return new

    # -- signing out

    async def sign_out_url(self, sign_in: SignIn, back: str) -> str:
        """The provider's page for signing out (OpenID Connect RP-Initiated Logout).

        It is not told the ID token, which would go through the browser, and so may ask the user whether they mean it.
        """
        url = await self._openid.endpoint("end_session_endpoint")
        if not url:
            return ""
        query = urlencode({"client_id": self._client_id, "post_logout_redirect_uri": back})
        return f"{url}{'&' if urlsplit(url).query else '?'}{query}"

    async def ended(self, logout_token: str) -> Ended:
        """What a logout token says has ended. One that was used before is refused."""
        claims = await self._openid.verify_logout_token(logout_token)
        now = time.time()
        self._seen = {jti: until for jti, until in self._seen.items() if until > now}
        if claims["jti"] in self._seen:
            raise SignInRefusedError("a logout token was used twice")
        if len(self._seen) < _MOST_SEEN:
            self._seen[claims["jti"]] = claims["exp"] + 120
        return Ended(self._openid.issuer, claims.get("sub", ""), claims.get("sid", ""))


def _openid(issuer: str, client_id: str, ca_certs: str | None) -> OpenID:
    try:
        # Not above: most applications need no Authlib.
        from .openid import OpenID
    except ImportError as error:
        raise SettingsError(f"OIDC needs the package Authlib ({error}): pip install 'jibe_like[auth]'") from None
    return OpenID(issuer, client_id, ca_certs)


def _variable(name: str) -> str:
    return os.environ.get(_VARIABLES + name, "")


def _tokens_of(content: Mapping[str, Any]) -> TokenSet:
    """The tokens in an answer of the provider. Raises SignInError where it makes no sense."""
    access_token, kind = content.get("access_token"), content.get("token_type")
    if not isinstance(access_token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise SignInError("the OpenID provider gave no access token")
    seconds = content.get("expires_in")
    texts = {name: value for name in ("refresh_token", "id_token") if isinstance(value := content.get(name), str)}
    expires = time.time() + float(seconds) if isinstance(seconds, (int, float)) else 0.0
    return TokenSet(access_token, texts.get("refresh_token"), texts.get("id_token"), expires)


def _first_text(claims: Mapping[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := claims.get(name), str) and value), "")
