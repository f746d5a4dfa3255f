"""Who acts: what an application is told, and what the server knows of a sign-in.

Tokens stay in the server. They are in no repr, and where an `Auth` is stored with a session, its sign-in is stored by
name alone.
"""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from secrets import token_urlsafe
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol
from weakref import WeakSet, WeakValueDictionary

if TYPE_CHECKING:
    from ..connection import Connection

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(slots=True)
class TokenSet:
    """What an OpenID provider has granted. All are None, and the time 0, for who signed in otherwise."""

    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    expires: float = 0.0
    """When the access token expires, in seconds since the epoch; 0: nobody knows."""


class Keeper(Protocol):
    """Who keeps the sign-ins of a server."""

    def fresh_token(self, sign_in: "SignIn") -> "Future[str | None]":
        """An access token that is valid now. The future may be waited for in any thread."""

    def way_out(self, page: str, sign_in: "SignIn") -> str:
        """Where the page of this path has to go so that its user signs out."""

    def end(self, sign_in: "SignIn", signed_out: bool) -> None:
        """The sign-in ends."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class SignIn:
    """Somebody who has signed in, in one browser."""

    issuer: str
    """Who says so: names of subjects are unique there."""
    subject: str
    """Never changes, and belongs to nobody else of the issuer."""
    username: str = ""
    email: str = ""
    claims: dict[str, Any] = field(default_factory=dict, repr=False)
    """All that the issuer says of them."""
    tokens: TokenSet = field(default_factory=TokenSet, repr=False)
    expires: float = 0.0
    """When they have to sign in again, in seconds since the epoch."""
    issuer_session: str = ""
    """The issuer's own name for this sign-in (`sid`); empty where it has none."""
    since: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: token_urlsafe(18))
    ended: bool = field(default=False, init=False)
    keeper: Keeper | None = field(default=None, init=False, repr=False)
    refreshing: "Future[str | None] | None" = field(default=None, init=False, repr=False)
    connections: "WeakSet[Connection]" = field(default_factory=WeakSet, init=False, repr=False)
    """The pages that it has opened."""

    def __post_init__(self) -> None:
        _here[self.id] = self

    @property
    def identity(self) -> str:
        """Names the user on this server. It has a character that no anonymous visitor's identity has."""
        return "~" + name_of(self.issuer, self.subject)

    @property
    def is_valid(self) -> bool:
        """Whether it lasts."""
        return not self.ended and time.time() < self.expires

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sign-in has tokens, which are not stored with a session: keep `app.auth` instead")


def name_of(issuer: str, subject: str) -> str:
    """A short name for an issuer's subject, which says nothing of either."""
    digest = blake2b(json.dumps([issuer, subject]).encode(), digest_size=16).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


_here: Final[WeakValueDictionary[str, SignIn]] = WeakValueDictionary()
"""The sign-ins that this process knows, by id."""

_STORED: Final = tuple(each.name for each in fields(SignIn) if each.init)


def as_stored(sign_in: SignIn) -> dict[str, Any]:
    """What of a sign-in is stored, tokens included: to be encrypted."""
    stored = {name: getattr(sign_in, name) for name in _STORED}
    stored["tokens"] = {each.name: getattr(sign_in.tokens, each.name) for each in fields(TokenSet)}
    return stored


def from_stored(stored: dict[str, Any]) -> SignIn:
    """The sign-in that was stored. Raises TypeError or KeyError for another version's."""
    return SignIn(**{**stored, "tokens": TokenSet(**stored["tokens"])})


class Auth:
    """Who acts: `app.auth`, `q.auth`. It is that of one sign-in; after another, there is another.

    Of a visitor who has not signed in, `subject` alone is known: it names the browser.
    """

    __slots__ = ("_session_id", "_sign_in", "_subject")

    def __init__(self, sign_in: SignIn | None = None, *, subject: str = "", session_id: str = "") -> None:
        self._sign_in = sign_in
        self._session_id = sign_in.id if sign_in is not None else session_id
        self._subject = sign_in.subject if sign_in is not None else subject

    def __repr__(self) -> str:
        return f"Auth({repr(self.username) if self.username else 'anonymous'})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._session_id, self._subject)

    @property
    def sign_in(self) -> SignIn | None:
        """What the server knows of it; None for whoever has not signed in, or who did in another process."""
        if self._sign_in is None:
            self._sign_in = _here.get(self._session_id)
        return self._sign_in

    @property
    def is_authenticated(self) -> bool:
        """Whether they have signed in, and neither signed out since nor stayed for too long."""
        return self.sign_in is not None and self.sign_in.is_valid

    @property
    def username(self) -> str:
        """The name by which they sign in. It may change, and may belong to another one later: see `subject`."""
        return self.sign_in.username if self.sign_in is not None else ""

    @property
    def subject(self) -> str:
        """Names the user for ever, at the OpenID provider or wherever else they signed in."""
        return self._subject

    @property
    def email(self) -> str:
        """Empty where it is not known."""
        return self.sign_in.email if self.sign_in is not None else ""

    @property
    def claims(self) -> Mapping[str, Any]:
        """All that the provider says of the user."""
        return MappingProxyType(self.sign_in.claims) if self.sign_in is not None else _NOTHING

    @property
    def session_id(self) -> str:
        """Names the sign-in: another one each time, and in each browser."""
        return self._session_id

    @property
    def access_token(self) -> str | None:
        """For calls of other services in the user's name. It may have expired: see `ensure_fresh_token`."""
        return self.sign_in.tokens.access_token if self.sign_in is not None else None

    @property
    def refresh_token(self) -> str | None:
        """By which the server gets another access token."""
        return self.sign_in.tokens.refresh_token if self.sign_in is not None else None

    async def ensure_fresh_token(self) -> str | None:
        """An access token that is valid now, a new one where it has expired; None where there is no way to one.

        However many ask at once, the provider is asked once. Raises SignInError where it does not give one.
        """
        sign_in = self.sign_in
        if sign_in is None or sign_in.keeper is None:
            return self.access_token
        # Shielded: others may wait for the same.
        return await asyncio.shield(asyncio.wrap_future(sign_in.keeper.fresh_token(sign_in)))

    def ensure_fresh_token_sync(self) -> str | None:
        """As `ensure_fresh_token`, for code that cannot await: until there is a token, its thread waits."""
        sign_in = self.sign_in
        if sign_in is None or sign_in.keeper is None:
            return self.access_token
        return sign_in.keeper.fresh_token(sign_in).result()


def _restore(session_id: str, subject: str) -> Auth:
    return Auth(subject=subject, session_id=session_id)
