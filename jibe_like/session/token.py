"""The signed token by which a page names its session."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import jwt


@dataclass(frozen=True, slots=True)
class Beginning:
    """How the session of a page began that is in no store yet: by this another process can begin it again."""

    look: str
    """A digest of what it looked like at first."""
    process: str
    """The one that may have handled events of the page; empty where the page has not been able to send any."""
    until: int
    """Seconds since the epoch. Later it has expired."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: the session, the page's connection, and whose it is."""

    session: str
    connection: str
    identity: str
    beginning: Beginning | None = None
    """None once the page is in the store."""


class Tokens:
    """Makes and checks tokens (JWT, HMAC-SHA256) of one application.

    :param secrets: the first signs, all verify.
    :param app: name of the application: a token of another is refused.
    :param lifetime: seconds that a token is valid.
    """

    def __init__(self, secrets: Sequence[str], app: str, lifetime: float) -> None:
        # Of one length, whatever the length of the secret.
        self._secrets = [hashlib.sha256(secret.encode()).digest() for secret in secrets]
        self._app = app
        self._lifetime = lifetime

    def issue(self, claims: Claims) -> str:
        """A token that says this."""
        payload: dict[str, object] = {
            "s": claims.session,
            "c": claims.connection,
            "u": claims.identity,
            "aud": self._app,
            "exp": int(time.time() + self._lifetime),
        }
        if claims.beginning is not None:
            payload["b"] = astuple(claims.beginning)
        return jwt.encode(payload, self._secrets[0], algorithm="HS256")

    def check(self, token: str) -> Claims | None:
        """What the token says; None where it is forged, expired or another application's."""
        for secret in self._secrets:
            try:
                payload = jwt.decode(
                    token,
                    secret,
                    algorithms=["HS256"],
                    audience=self._app,
                    options={"require": ["exp", "aud", "s", "c", "u"]},
                )
            except (jwt.InvalidTokenError, UnicodeError):
                continue
            beginning = Beginning(*payload["b"]) if "b" in payload else None
            claims = Claims(payload["s"], payload["c"], payload["u"], beginning)
            if all(isinstance(value, str) for value in (claims.session, claims.connection, claims.identity)):
                return claims
        return None
