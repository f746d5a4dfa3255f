"""New access tokens for old ones: asked for once, however many want them, in however many processes."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Protocol

from jibe_like.errors import SignInError, SignInRefusedError

from ..page_events import one_line
from .auth import SignIn, TokenSet
from .lease import Lease
from .records import Records

logger = logging.getLogger("jibe_like.auth")

_LEEWAY: Final = 30.0
"""Seconds before its end that an access token counts as expired: a call with it takes time."""
_LOOK_SECONDS: Final = 0.1
"""Between two looks whether another process has its tokens."""
_PATIENCE: Final = 60.0
"""Seconds that another process is waited for at the most."""
_STOP_SECONDS: Final = 5.0
"""That a server which stops waits for the provider."""


class Refreshing(Protocol):
    """Who gives new tokens."""

    async def refresh(self, sign_in: SignIn) -> TokenSet:
        """New tokens for the old ones. Called in an event loop of its own, on another thread.

        Raises SignInRefusedError where the user has to sign in again, SignInError where it cannot be done now.
        """


class FreshTokens:
    """Asks the provider, in a thread: so whoever waits may be anywhere, the event loop's own thread included.

    A provider that gives another refresh token each time takes one that comes twice for stolen, and takes back all that
    it has given. So of the processes that share a store one asks at a time, and the others take what it has got.

    :param records: those of the store; None where no other process knows of the sign-ins.
    :param refused: told, in the thread, whose user has to sign in again.
    """

    def __init__(self, provider: Refreshing, records: Records | None, refused: Callable[[SignIn], object]) -> None:
        self._provider = provider
        self._records = records
        self._refused = refused
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._is_closed = False

    def fresh(self, sign_in: SignIn) -> "Future[str | None]":
        """An access token that is valid now, and None without a way to one; see `Auth.ensure_fresh_token`."""
        with self._lock:
            if sign_in.refreshing is not None:
                return sign_in.refreshing
            if _lasts(sign_in.tokens):
                return _done(sign_in.tokens.access_token)
            if sign_in.tokens.refresh_token is None or sign_in.ended or self._is_closed:
                return _done(None)
            if self._threads is None:
                self._threads = ThreadPoolExecutor(4, "jibe_like.auth")
            future = sign_in.refreshing = self._threads.submit(self._refresh_now, sign_in)
        return future

    async def close(self) -> None:
        """The server stops. What it has asked for is stored, if it comes soon: the old tokens are of no use then."""
        with self._lock:
            threads, self._threads, self._is_closed = self._threads, None, True
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await asyncio.to_thread(threads.shutdown)

    # -- in a thread

    def _refresh_now(self, sign_in: SignIn) -> str | None:
        try:
            asyncio.run(self._refresh(sign_in))
        except SignInRefusedError as error:
            logger.info("%r has to sign in again: %s", sign_in, one_line(error))
            self._refused(sign_in)
            raise
        except SignInError as error:
            if time.time() >= sign_in.tokens.expires:
                raise
            logger.warning("%s", one_line(error))
        finally:
            with self._lock:
                sign_in.refreshing = None
        return sign_in.tokens.access_token

    async def _refresh(self, sign_in: SignIn) -> None:
        records = self._records
        if records is None:
            await self._ask(sign_in)
            return
        lease = records.lease(sign_in)
        await self._take(lease, sign_in)
        try:
            sign_in.tokens = await records.newer_tokens(sign_in) or sign_in.tokens
            if not _lasts(sign_in.tokens):
                await self._ask(sign_in)
                if not sign_in.ended:
                    records.put(sign_in)
        finally:
            lease.release()

    async def _take(self, lease: Lease, sign_in: SignIn) -> None:
        began = time.monotonic()
        complained = False
        while not await lease.take():
            if not complained:
                complained = True
                logger.info("%r waits: another process asks for new tokens", sign_in)
            if self._is_closed or time.monotonic() > began + _PATIENCE:
                raise SignInError("another process asks for new tokens, and does not come to an end")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _ask(self, sign_in: SignIn) -> None:
        if self._is_closed:
            raise SignInError("the server stops")
        sign_in.tokens = await self._provider.refresh(sign_in)


def _lasts(tokens: TokenSet) -> bool:
    return not tokens.expires or time.time() < tokens.expires - _LEEWAY


def _done(token: str | None) -> "Future[str | None]":
    future: Future[str | None] = Future()
    future.set_result(token)
    return future
