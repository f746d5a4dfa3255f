"""The signed token by which a page names its session."""

import hashlib
import time
from dataclasses import dataclass
from secrets import token_urlsafe

import jwt


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    session: str
    connection: str


class Tokens:
    """Makes and checks tokens (JWT, HMAC-SHA256) of one application.

    :param secret: signs; a random one is made where it is empty.
    :param app: name of the application: a token of another is refused.
    :param lifetime: seconds that a token is valid.
    """

    def __init__(self, secret: str, app: str, lifetime: float) -> None:
        # Of one length, whatever the length of the secret.
        self._secret = hashlib.sha256((secret or token_urlsafe(32)).encode()).digest()
        self._app = app
        self._lifetime = lifetime

    def issue(self, claims: Claims) -> str:
        payload = {
            "s": claims.session,
            "c": claims.connection,
            "aud": self._app,
            "exp": int(time.time() + self._lifetime),
        }
        return jwt.encode(payload, self._secret, algorithm="HS256")

    def check(self, token: str) -> Claims | None:
        """What the token says; None where it is forged, expired or another application's."""
        try:
            payload = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=self._app,
                options={"require": ["exp", "aud", "s", "c"]},
            )
        except jwt.InvalidTokenError:
            return None
        session, connection = payload["s"], payload["c"]
        return Claims(session, connection) if isinstance(session, str) and isinstance(connection, str) else None
