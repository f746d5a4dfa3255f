"""Who an anonymous visitor is: a name of their browser's own, signed, in a cookie."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from secrets import token_urlsafe
from typing import Final

_process_secret: Final = token_urlsafe(32)


def process_secret() -> str:
    """The secret of a process that was given none. All applications in it share it."""
    return _process_secret


class Identities:
    """Makes and checks the identities of anonymous visitors.

    Each secret has a cookie of its own, so that servers on one host (cookies know no port) leave each other's alone.

    :param secrets: the first signs, all verify.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [hashlib.sha256(b"jibe_like identity " + secret.encode()).digest() for secret in secrets]
        self._names = ["jibe_" + hashlib.sha256(key).hexdigest()[:8] for key in self._keys]

    def cookie_name(self, secure: bool) -> str:
        """The cookie that a new identity goes into.

        :param secure: whether the browser uses https. On https it is a `__Host-` cookie, and no other is believed: one
            by its plain name may have been set by a page on http, or by another host of the domain.
        """
        return _prefix(secure) + self._names[0]

    def find(self, cookies: Mapping[str, str], secure: bool) -> str:
        """The identity that the cookies prove; empty where they prove none."""
        for name, key in zip(self._names, self._keys, strict=True):
            identity, _, signature = cookies.get(_prefix(secure) + name, "").partition(".")
            if identity and hmac.compare_digest(signature.encode(), _sign(key, identity).encode()):
                return identity
        return ""

    def make(self) -> tuple[str, str]:
        """A new identity, and the value of the cookie that proves it."""
        identity = token_urlsafe(16)
        return identity, f"{identity}.{_sign(self._keys[0], identity)}"


def _prefix(secure: bool) -> str:
    return "__Host-" if secure else ""


def _sign(key: bytes, identity: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, identity.encode(), "sha256")).decode().rstrip("=")
