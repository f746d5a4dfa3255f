"""Sign-in by a name and a password, for small tools."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, Final

from jibe_like.errors import SettingsError, SignInError
from jibe_like.session.auth.auth import SignIn

from ..limits import place_of
from .base import Attempt, AuthProvider, Form

_THREADS: Final = 2
_MOST_WAITING: Final = 100
"""Passwords that may wait to be checked; each takes some 50 ms and 64 MiB."""
_FAILURES: Final = 10
_PAUSE: Final = 60.0
"""After so many wrong passwords from one address within so many seconds, it has to wait for as long."""
_MOST_ADDRESSES: Final = 10_000
_LONGEST: Final = 1_000
"""Characters of a name or password."""


class BasicAuth(AuthProvider):
    """Sign-in by name and password, for a tool that few people use.

        MyApp.run(8881, auth=BasicAuth({"ada": "$argon2id$v=19$m=65536,t=3,p=4$…"}))

    :param users: the hash of each user's password (see `hash_password`) by name.
    :param lifetime: seconds after which users have to sign in again.

    Raises SettingsError for what is no argon2 hash, and where the package argon2-cffi is not installed.
    """

    ISSUER: Final = "password"

    def __init__(self, users: Mapping[str, str], *, lifetime: float = AuthProvider.lifetime) -> None:
        argon2 = _argon2()
        self.lifetime = lifetime
        self._users = dict(users)
        for name, hashed in self._users.items():
            try:
                argon2.extract_parameters(hashed)
            except argon2.exceptions.InvalidHashError:
                raise SettingsError(
                    f"BasicAuth: the password of {name!r} is no argon2 hash: see hash_password"
                ) from None
        self._hasher = argon2.PasswordHasher()
        # Whoever is unknown is checked against this one, so that it takes as long as for anybody else.
        like = argon2.extract_parameters(next(iter(self._users.values()))) if self._users else None
        hasher = argon2.PasswordHasher.from_parameters(like) if like is not None else self._hasher
        self._nobody: str = hasher.hash("nobody's password")
        self._threads = ThreadPoolExecutor(_THREADS, "jibe_like.passwords")
        self._waiting = 0
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    async def begin(self, attempt: Attempt, base_url: str) -> Form:
        """Shows the form."""
        return _form()

    async def finish(self, attempt: Attempt, answer: Mapping[str, str], base_url: str, address: str) -> SignIn | Form:
        """Checks what was filled in. Raises SignInError where too many do so at once."""
        address = place_of(address) or address
        name, password = answer.get("username", "")[:_LONGEST], answer.get("password", "")
        if self._has_failed_often(address):
            return _form("Too many attempts. Please wait a minute.")
        if self._waiting >= _MOST_WAITING:
            raise SignInError(f"{self._waiting} passwords wait to be checked already")
        # Before it is known, so that many at once are not more than one after the other; and not undone by a right one
        # of somebody's own.
        at = self._note_attempt(address)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._threads, self._is_right, name, password)
        finally:
            self._waiting -= 1
        if not right:
            return _form("Name or password is wrong.")
        self._forget_attempt(address, at)
        return SignIn(
            issuer=self.ISSUER,
            subject=name,
            username=name,
            claims={"sub": name},
            expires=time.time() + self.lifetime,
            issuer_session=_digest(self._users[name]),
        )

    async def accepts(self, sign_in: SignIn) -> bool:
        """Whether the user is still there, and has the same password."""
        hashed = self._users.get(sign_in.subject)
        same_issuer = sign_in.issuer == self.ISSUER
        return same_issuer and hashed is not None and sign_in.issuer_session == _digest(hashed)

    def _is_right(self, name: str, password: str) -> bool:
        """In a thread: it takes long, for everybody the same."""
        known = name in self._users
        try:
            self._hasher.verify(self._users[name] if known else self._nobody, password[:_LONGEST])
        except _argon2().exceptions.VerificationError:
            return False
        return known and len(password) <= _LONGEST

    # -- who tries too often

    def _has_failed_often(self, address: str) -> bool:
        times = [at for at in self._failures.get(address, ()) if time.monotonic() < at + _PAUSE]
        if not times:
            self._failures.pop(address, None)
            return False
        self._failures[address] = times
        return len(times) >= _FAILURES

    def _note_attempt(self, address: str) -> float:
        now = time.monotonic()
        self._failures.setdefault(address, []).append(now)
        self._failures.move_to_end(address)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)
        return now

    def _forget_attempt(self, address: str, at: float) -> None:
        times = self._failures.get(address, [])
        if at in times:
            times.remove(at)
        if not times:
            self._failures.pop(address, None)


def hash_password(password: str) -> str:
    """What `BasicAuth` knows of a password: an argon2id hash, another one each time.

    Raises SettingsError where the package argon2-cffi is not installed.
    """
    hashed: str = _argon2().PasswordHasher().hash(password)
    return hashed


def _digest(hashed: str) -> str:
    return sha256(hashed.encode()).hexdigest()[:16]


def _form(problem: str = "") -> Form:
    return Form("Sign in", (("username", "Name", "text"), ("password", "Password", "password")), problem)


def _argon2() -> Any:
    try:
        import argon2
    except ImportError:
        raise SettingsError("BasicAuth needs the package argon2-cffi: pip install 'jibe_like[auth]'") from None
    return argon2
