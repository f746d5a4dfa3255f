"""Who is signing in at the moment: kept by their browsers, in a signed cookie, and not by the server."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Final

import jwt

from .base import Attempt

LIFETIME: Final = 900
"""Seconds to sign in."""
_MOST: Final = 8
"""Attempts that a browser may have at a time: tabs."""
_LONGEST: Final = 3_500
"""Characters; browsers take no cookie of more than 4096 with its name and all."""


class Attempts:
    """Makes and reads the cookie.

    :param secrets: the first signs, all verify.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [hashlib.sha256(b"jibe_like signing in " + secret.encode()).digest() for secret in secrets]
        self._name = "jibe_signing_in_" + hashlib.sha256(self._keys[0]).hexdigest()[:8]

    def cookie_name(self, secure: bool) -> str:
        """Browsers take `__Host-` on https alone."""
        return ("__Host-" if secure else "") + self._name

    def begin(self, cookies: Mapping[str, str], secure: bool, going: str, again: bool = False) -> tuple[Attempt, str]:
        """A new attempt, and the cookie's value with it: it and, as far as there is room, those begun before."""
        # 32 random bytes each: a verifier has 43 characters at least.
        attempt = Attempt(token_urlsafe(16), token_urlsafe(16), token_urlsafe(32), going, again, int(time.time()))
        attempts = [attempt, *self._read(cookies, secure)][:_MOST]
        while len(value := self._write(attempts)) > _LONGEST and len(attempts) > 1:
            attempts.pop()
        return attempt, value

    def find(self, cookies: Mapping[str, str], secure: bool, state: str) -> Attempt | None:
        """The attempt of this name; None where this browser has not begun it, or too long ago."""
        for attempt in self._read(cookies, secure):
            if compare_digest(attempt.state.encode(), state.encode()):
                return attempt
        return None

    def without(self, cookies: Mapping[str, str], secure: bool, attempt: Attempt) -> str:
        """The cookie's value when the attempt is over; empty where there is no other."""
        others = [other for other in self._read(cookies, secure) if other != attempt]
        return self._write(others) if others else ""

    def _write(self, attempts: list[Attempt]) -> str:
        payload = {"a": [astuple(attempt) for attempt in attempts], "exp": int(time.time()) + LIFETIME}
        return jwt.encode(payload, self._keys[0], algorithm="HS256")

    def _read(self, cookies: Mapping[str, str], secure: bool) -> list[Attempt]:
        value = cookies.get(self.cookie_name(secure), "")
        for key in self._keys:
            try:
                payload = jwt.decode(value, key, algorithms=["HS256"], options={"require": ["exp", "a"]})
            except jwt.InvalidTokenError:
                continue
            attempts = [Attempt(*each) for each in payload["a"]]
            return [attempt for attempt in attempts if time.time() < attempt.at + LIFETIME]
        return []
