"""What the store knows of sign-ins: who has signed in, what has ended. Nobody reads it who does not know the secret."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from jibe_like.errors import StoreError
from jibe_like.store.base import Store

from .auth import SignIn, TokenSet, as_stored, from_stored
from .lease import Lease
from .sealed import Seal

logger = logging.getLogger("jibe_like.auth")

_AT_ONCE: Final = 200
"""Sign-ins that the store is asked for."""
_KEPT_SECONDS: Final = 3.0
"""That somebody who has signed in waits at the most, until other processes know it."""
_APP: Final = "jibe_like.sign-ins"
"""In place of an application's name in the store."""


class Records:
    """The records of sign-ins in a durable store, which several processes may share.

    :param secrets: encrypt; the first does, all are accepted.

    Raises SettingsError where the package `cryptography` is not installed.
    """

    def __init__(self, secrets: Sequence[str], store: Store) -> None:
        self._store = store
        self._seal = Seal(secrets, "sign-ins")

    def put(self, sign_in: SignIn) -> None:
        """Keeps a sign-in as it is now."""
        self._store.put(_APP, sign_in.id, self._seal.seal(as_stored(sign_in)), sign_in.expires, _noted)

    def end(self, sign_in: SignIn, signed_out: bool) -> None:
        """Notes that a sign-in has ended: before its time, where it would last still."""
        self._store.delete(_APP, sign_in.id)
        if sign_in.is_valid:
            # Not its absence alone says so: another process may be about to store new tokens of it.
            self._note(_over(sign_in.id), {"signed_out": signed_out}, sign_in.expires)

    def end_all(self, issuer: str, subject: str, issuer_session: str, until: float) -> None:
        """Notes what the issuer says has ended; who is in the store alone is found out when they come."""
        self._note(_mark(issuer, "" if issuer_session else subject, issuer_session), {"at": time.time()}, until)

    async def until_kept(self) -> None:
        """Returns when what was put is there for other processes; or could not be, or takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_KEPT_SECONDS):
                await self._store.flush()

    async def find(self, sign_in_id: str) -> SignIn | None:
        """The sign-in that was kept; None where it has ended. Raises StoreError where the store cannot be read."""
        stored = await self._read(sign_in_id)
        # Else somebody who can write the store could give his sign-in the record of another's.
        if stored is None or stored.get("id") != sign_in_id:
            return None
        try:
            sign_in = from_stored(stored)
        except (TypeError, KeyError) as error:
            logger.warning("a sign-in of another version was not read: %s", error)
            return None
        if await self.ended([sign_in]):
            self._store.delete(_APP, sign_in_id)
            return None
        return sign_in

    async def ended(self, sign_ins: Iterable[SignIn]) -> list[tuple[SignIn, bool]]:
        """Those that have ended before their time, by the word of whatever process, and whether that was on purpose.

        Raises StoreError where the store cannot be read.
        """
        found = []
        for some in _parts(list(sign_ins)):
            endings = {sign_in: _endings(sign_in) for sign_in in some}
            there = await self._store.present(_APP, {name for names in endings.values() for name in names})
            for sign_in, names in endings.items() if there else ():
                on_purpose = await self._ended(sign_in, names, there)
                if on_purpose is not None:
                    found.append((sign_in, on_purpose))
        return found

    async def _ended(self, sign_in: SignIn, names: list[str], there: Collection[str]) -> bool | None:
        over, *marks = names
        ended = await self._read(over) if over in there else None
        if ended is not None:
            return bool(ended.get("signed_out"))
        for name in marks:
            mark = await self._read(name) if name in there else None
            if mark is not None and mark.get("at", 0) >= sign_in.since:
                return True
        return None

    async def newer_tokens(self, sign_in: SignIn) -> TokenSet | None:
        """What another process has got meanwhile; None where none has, or where nobody can say."""
        with suppress(StoreError, TypeError, KeyError):
            stored = await self._read(sign_in.id)
            newer = TokenSet(**stored["tokens"]) if stored is not None else sign_in.tokens
            # A provider that has once said when tokens expire need not say so again.
            if newer.expires > sign_in.tokens.expires or not newer.expires:
                return newer
        return None

    def lease(self, sign_in: SignIn) -> Lease:
        """The right to ask for new tokens of it."""
        return Lease(self._store, _APP, "asks-" + sign_in.id)

    def _note(self, name: str, content: dict[str, Any], until: float) -> None:
        self._store.put(_APP, name, self._seal.seal(content), until, _noted)

    async def _read(self, name: str) -> dict[str, Any] | None:
        record = await self._store.get(_APP, name)
        return self._seal.open(record) if record is not None else None


def _over(sign_in_id: str) -> str:
    return "over-" + sign_in_id


def _endings(sign_in: SignIn) -> list[str]:
    """The records that may say that it has ended: of itself, of all of its user's, of the issuer's session."""
    named = [(sign_in.subject, ""), ("", sign_in.issuer_session)]
    return [_over(sign_in.id), *(_mark(sign_in.issuer, *name) for name in named if any(name))]


def _parts(sign_ins: list[SignIn]) -> Iterator[list[SignIn]]:
    """All of them, not so many at once that the event loop would be held up."""
    return (sign_ins[start : start + _AT_ONCE] for start in range(0, len(sign_ins), _AT_ONCE))


@lru_cache(maxsize=16_384)
def _mark(issuer: str, subject: str, issuer_session: str) -> str:
    name = f"{issuer}\0{subject}\0{issuer_session}"
    return "ended-" + hashlib.sha256(name.encode()).hexdigest()


def _noted(error: Exception | None) -> None:
    """The store has logged what failed, and tries again."""
    if error is not None and not isinstance(error, StoreError):
        logger.error("a sign-in was not stored", exc_info=error)
