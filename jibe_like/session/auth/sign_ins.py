"""The sign-ins of a server: who they are, how long they last, and what becomes of their pages when they end."""

import asyncio
import hashlib
import hmac
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from jibe_like.errors import StoreError
from jibe_like.store.base import Store

from ..connection import SIGN_IN_AGAIN, SIGNED_OUT, Connection
from .auth import Auth, SignIn
from .fresh_tokens import FreshTokens, Refreshing
from .records import Records

logger = logging.getLogger("jibe_like.auth")


WayOut: TypeAlias = Callable[[str, SignIn], str]


class Provider(Refreshing, Protocol):
    """What the sign-ins need of whoever has made them."""

    async def accepts(self, sign_in: SignIn) -> bool:
        """Whether a sign-in still holds that has come back from the store."""


_MOST: Final = 100_000
_MOST_OF_ONE: Final = 100
"""Sign-ins of one user: in so many browsers at once. The oldest ends."""
_LONGEST_TIMER: Final = 24 * 3600.0
_MOST_LEFT: Final = 10_000
_LOOK_SECONDS: Final = 2.0
"""Between two looks for what other processes with the same store have ended."""

LEFT: Final = "signed-out"
"""The cookie of a browser whose user has signed out: it is not to be signed in again without being asked."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a cookie proves: the browser was given it for this sign-in, which may have ended since."""

    id: str
    identity: str


class SignIns:
    """Keeps the sign-ins of a server; where its store is durable, encrypted there as well.

    :param secrets: sign cookies and encrypt; the first does, all are accepted.
    :param provider: is asked for new tokens.
    :param way_out: gives the URL at which a page (its path) has a sign-in end.

    Raises SettingsError where the store is durable and the package `cryptography` is not installed.
    """

    def __init__(self, secrets: Sequence[str], store: Store, provider: Provider, way_out: WayOut) -> None:
        self._keys = [hashlib.sha256(b"jibe_like sign-in " + secret.encode()).digest() for secret in secrets]
        self._names = ["jibe_auth_" + hashlib.sha256(key).hexdigest()[:8] for key in self._keys]
        self._store = store
        self._records = Records(secrets, store) if store.durable else None
        self._provider = provider
        self.way_out = way_out
        self._known: dict[str, SignIn] = {}
        self._of: dict[str, dict[str, None]] = {}
        self._left: dict[str, None] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._fresh_tokens = FreshTokens(provider, self._records, self._refused)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watching: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[SignIn]:
        return iter(tuple(self._known.values()))

    # -- cookies

    def cookie_names(self, secure: bool) -> list[str]:
        """The cookies that may prove a sign-in; a new one goes into the first. `__Host-` is for https alone."""
        return [("__Host-" if secure else "") + name for name in self._names]

    def read(self, cookies: Mapping[str, str], secure: bool) -> Ticket | None:
        """What the cookies prove; None where they prove nothing."""
        for name, key in zip(self.cookie_names(secure), self._keys, strict=True):
            content, _, signature = cookies.get(name, "").rpartition(".")
            if content and hmac.compare_digest(signature.encode(), _sign(key, content).encode()):
                sign_in_id, _, identity = content.partition(".")
                return Ticket(sign_in_id, identity)
        return None

    def has_signed_out(self, cookies: Mapping[str, str], secure: bool) -> bool:
        """Whether the browser had a sign-in that somebody has ended on purpose."""
        if any(cookies.get(name) == LEFT for name in self.cookie_names(secure)):
            return True
        ticket = self.read(cookies, secure)
        return ticket is not None and ticket.id in self._left

    def sign_out_ticket(self, sign_in: SignIn) -> str:
        """Proves that a page of the user's own asks to sign out, and not another site."""
        return _sign(self._keys[0], f"sign out {sign_in.id}")

    def may_sign_out(self, sign_in: SignIn, ticket: str) -> bool:
        """Whether the ticket is this sign-in's."""
        tickets = [_sign(key, f"sign out {sign_in.id}") for key in self._keys]
        return any(hmac.compare_digest(ticket.encode(), mine.encode()) for mine in tickets)

    def cookie_of(self, sign_in: SignIn) -> str:
        """The value of the cookie that proves it."""
        content = f"{sign_in.id}.{sign_in.identity}"
        return f"{content}.{_sign(self._keys[0], content)}"

    # -- coming

    def add(self, sign_in: SignIn, instead_of: SignIn | None = None) -> None:
        """Somebody has signed in.

        :param instead_of: the sign-in that the same browser had before, which ends. If it is the same user's, the pages
            that it has opened go on.
        """
        if instead_of is not None and instead_of.identity == sign_in.identity:
            for connection in tuple(instead_of.connections):
                attach(connection, Auth(sign_in))
            instead_of.connections.clear()
        if instead_of is not None:
            self.end(instead_of, signed_out=True)
        self._keep(sign_in)
        self._save(sign_in)

    async def find(self, ticket: Ticket) -> SignIn | None:
        """The sign-in of a cookie, from the store where need be; None where it has ended.

        Raises StoreError where the store cannot be read.
        """
        sign_in = self._known.get(ticket.id)
        if sign_in is None and self._records is not None:
            stored = await self._load(self._records, ticket.id)
            sign_in = self._known.get(ticket.id)
            if sign_in is None and stored is not None:
                sign_in = stored
                self._keep(sign_in)
        if sign_in is None or not sign_in.is_valid or sign_in.identity != ticket.identity:
            return None
        return sign_in

    def find_now(self, ticket: Ticket) -> SignIn | None:
        """As `find`, without a look into the store."""
        sign_in = self._known.get(ticket.id)
        return sign_in if sign_in is not None and sign_in.is_valid and sign_in.identity == ticket.identity else None

    def _keep(self, sign_in: SignIn) -> None:
        self._loop = asyncio.get_running_loop()
        sign_in.keeper = self
        self._known[sign_in.id] = sign_in
        others = self._of.setdefault(sign_in.identity, {})
        others[sign_in.id] = None
        self._set_timer(sign_in)
        if self._records is not None and self._watching is None:
            self._watching = self._loop.create_task(self._watch(self._records))
        while len(others) > _MOST_OF_ONE:
            self.end(self._known[next(iter(others))], signed_out=False)
        while len(self._known) > _MOST:
            self.end(next(iter(self._known.values())), signed_out=False)

    def _set_timer(self, sign_in: SignIn) -> None:
        loop = asyncio.get_running_loop()
        seconds = min(max(sign_in.expires - time.time(), 0.0), _LONGEST_TIMER)
        self._timers[sign_in.id] = loop.call_later(seconds, self._look_at, sign_in)

    def _look_at(self, sign_in: SignIn) -> None:
        if sign_in.is_valid:
            self._set_timer(sign_in)
        else:
            self.end(sign_in, signed_out=False)

    async def until_kept(self) -> None:
        """Returns when all processes with the same store know who has signed in or out until now, within bounds."""
        if self._records is not None:
            await self._records.until_kept()

    # -- going

    def end(self, sign_in: SignIn, signed_out: bool) -> None:
        """The sign-in ends, for its pages too.

        :param signed_out: somebody wanted it, and its pages go; else it has expired: they stay, and ask to sign in.
        """
        if self._records is not None:
            self._records.end(sign_in, signed_out)
        self._end_here(sign_in, signed_out)

    def _end_here(self, sign_in: SignIn, signed_out: bool) -> None:
        sign_in.ended = True
        timer = self._timers.pop(sign_in.id, None)
        if timer is not None:
            timer.cancel()
        self._known.pop(sign_in.id, None)
        if signed_out:
            self._left[sign_in.id] = None
            if len(self._left) > _MOST_LEFT:
                del self._left[next(iter(self._left))]
        others = self._of.get(sign_in.identity, {})
        others.pop(sign_in.id, None)
        if not others:
            self._of.pop(sign_in.identity, None)
        for connection in tuple(sign_in.connections):
            session, transport = connection.session, connection.transport
            if session is not None and transport is not None:
                # First of all: whoever has to sign in again is waited for as for a page that was lost.
                session.unsubscribe(connection, said_goodbye=signed_out)
                if signed_out:
                    transport.close(SIGNED_OUT, "signed out")
                else:
                    transport.close(SIGN_IN_AGAIN, "the sign-in has expired")

    def end_all(self, issuer: str, subject: str, issuer_session: str, until: float) -> None:
        """Ends what the issuer says has ended: one sign-in of its own or, without a name for it, all of the subject.

        :param until: seconds since the epoch, when the last of them would have expired.
        """
        for sign_in in tuple(self._known.values()):
            if sign_in.issuer != issuer or (subject and sign_in.subject != subject):
                continue
            if not issuer_session or sign_in.issuer_session == issuer_session:
                self.end(sign_in, signed_out=True)
        if self._records is not None:
            self._records.end_all(issuer, subject, issuer_session, until)

    async def _watch(self, records: Records) -> None:
        """Ends here what other processes have ended, in the store that they share."""
        readable = True
        while self._known:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._look_elsewhere(records)
                readable = True
            except StoreError as error:
                if readable:
                    logger.warning("nobody knows who has signed out elsewhere: %s", error)
                readable = False
        self._watching = None

    async def _look_elsewhere(self, records: Records) -> None:
        for sign_in, on_purpose in await records.ended(self):
            if sign_in.is_valid:
                self._end_here(sign_in, on_purpose)

    # -- tokens

    def fresh_token(self, sign_in: SignIn) -> "Future[str | None]":
        """An access token that is valid now, and None without a way to one; see `Auth.ensure_fresh_token`."""
        return self._fresh_tokens.fresh(sign_in)

    def _refused(self, sign_in: SignIn) -> None:
        """The provider gives no more tokens. Callable in any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the server has gone meanwhile
                self._loop.call_soon_threadsafe(self._expire, sign_in)

    def _expire(self, sign_in: SignIn) -> None:
        if not sign_in.ended:
            self.end(sign_in, signed_out=False)

    # -- the store

    def _save(self, sign_in: SignIn) -> None:
        if self._records is not None and not sign_in.ended:
            self._records.put(sign_in)

    async def _load(self, records: Records, sign_in_id: str) -> SignIn | None:
        sign_in = await records.find(sign_in_id)
        try:
            return sign_in if sign_in is not None and await self._provider.accepts(sign_in) else None
        except Exception:
            # What the application's author has written: `allow`.
            logger.exception("nobody can say whether %r may still come in", sign_in)
            return None

    async def close(self) -> None:
        """The server stops. What is stored stays."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        self._known.clear()
        self._of.clear()
        await self._fresh_tokens.close()


def attach(connection: Connection, auth: Auth) -> None:
    """The page is that of this visitor from now on."""
    connection.auth = auth
    if auth.sign_in is not None:
        auth.sign_in.connections.add(connection)


def _sign(key: bytes, content: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, content.encode(), "sha256")).decode().rstrip("=")
