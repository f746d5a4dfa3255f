"""Sign-in by a name and a password, for small tools."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, Final

from jibe_like.errors import SettingsError, SignInError
from jibe_like.session.auth.auth import SignIn

from ..limits import place_of
from .base import Attempt, AuthProvider, Form
from .guesses import Guesses

_THREADS: Final = 2
_MOST_WAITING: Final = 100
"""Passwords that may wait to be checked; each takes some 50 ms and 64 MiB."""
_BURST: Final = 10
"""Wrong passwords that may come at once, from one address or for one name."""
_ADDRESS_SECONDS: Final = 6.0
_NAME_SECONDS: Final = 60.0
"""After which there may be one more. A name may be guessed from thousands of addresses, and is bounded more closely; no
user is locked out by that, since this is all that they have to wait once the guessing ends."""
_MOST: Final = 10_000
"""Addresses, and names that nobody has, whose wrong passwords are counted."""
_MOST_PLACES: Final = 10
"""Addresses of each user from which others' guesses do not count against them."""
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
        self._addresses = Guesses(_BURST, _ADDRESS_SECONDS, _MOST)
        self._names = Guesses(_BURST, _NAME_SECONDS, max(len(self._users), 1))
        # Apart, so that nobody has those forgotten by making up others.
        self._strangers = Guesses(_BURST, _NAME_SECONDS, _MOST)
        self._places: dict[str, dict[str, None]] = {}
        """From where each user has signed in, the latest last."""

    async def begin(self, attempt: Attempt, base_url: str) -> Form:
        """Shows the form."""
        return _form()

    async def finish(self, attempt: Attempt, answer: Mapping[str, str], base_url: str, address: str) -> SignIn | Form:
        """Checks what was filled in. Raises SignInError where too many do so at once."""
        place = place_of(address) or address
        name, password = answer.get("username", "")[:_LONGEST], answer.get("password", "")
        if self._waiting >= _MOST_WAITING:
            raise SignInError(f"{self._waiting} passwords wait to be checked already")
        # Before it is known, so that many at once are not more than one after the other; and not undone by a right one
        # of somebody's own.
        at_home = place in self._places.get(name, ())
        if not self._may_guess(name, place, at_home):
            return _form("Too many attempts. Please wait a minute.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._threads, self._is_right, name, password)
        finally:
            self._waiting -= 1
        if not right:
            return _form("Name or password is wrong.")
        self._has_guessed_right(name, place, at_home)
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

    # -- who guesses

    def _may_guess(self, name: str, place: str, at_home: bool) -> bool:
        """Counts the guess.

        :param at_home: whether the user has signed in from there: others' guesses do not count then.
        """
        if not self._addresses.take(place):
            return False
        if at_home or self._guesses_at(name).take(_digest(name)):
            return True
        self._addresses.give_back(place)
        return False

    def _has_guessed_right(self, name: str, place: str, at_home: bool) -> None:
        self._addresses.give_back(place)
        if not at_home:
            self._names.give_back(_digest(name))
        places = self._places.setdefault(name, {})
        places.pop(place, None)
        places[place] = None
        if len(places) > _MOST_PLACES:
            del places[next(iter(places))]

    def _guesses_at(self, name: str) -> Guesses:
        return self._names if name in self._users else self._strangers


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
