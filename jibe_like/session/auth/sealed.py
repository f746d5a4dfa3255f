"""What is stored so that nobody reads or changes it who does not know the server's secret."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from jibe_like.errors import SettingsError


class Seal:
    """Encrypts and authenticates (Fernet: AES-128-CBC, HMAC-SHA256).

    :param secrets: the first seals, all open.

    Raises SettingsError where the package `cryptography` is not installed.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        try:
            from cryptography.fernet import Fernet, InvalidToken, MultiFernet
        except ImportError:
            raise SettingsError(
                "sign-ins can be stored only where the package cryptography is installed: pip install 'jibe_like[auth]'"
            ) from None
        # A key of its own: nothing else that is made with the same secret can pass for this.
        digests = [hashlib.sha256(f"jibe_like {purpose} {secret}".encode()).digest() for secret in secrets]
        self._fernet = MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
        self._invalid = InvalidToken

    def seal(self, content: dict[str, Any]) -> bytes:
        """Content that JSON can say, sealed."""
        return self._fernet.encrypt(json.dumps(content).encode())

    def open(self, sealed: bytes) -> dict[str, Any] | None:
        """What was sealed; None where it was not, with one of the secrets."""
        try:
            content = json.loads(self._fernet.decrypt(sealed))
        except (self._invalid, ValueError):
            return None
        return content if isinstance(content, dict) else None
