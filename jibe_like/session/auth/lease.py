"""One process at a time, of those that share a store."""

import asyncio
import logging
import time
from typing import Final

from jibe_like.errors import StoreError
from jibe_like.store.base import Store

logger = logging.getLogger("jibe_like.auth")

_SECONDS: Final = 10.0
"""After which another process takes over from one that was killed."""
_RENEWED: Final = 3.0
"""Seconds after which one that still works says so."""


class Lease:
    """The right to do what no other process does meanwhile.

    :param app: of the store's records, as `name`.
    """

    def __init__(self, store: Store, app: str, name: str) -> None:
        self._store = store
        self._app = app
        self._name = name
        self._until = 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def take(self) -> bool:
        """Whether it is ours now, until we release it. Where the store cannot be written, it is everybody's."""
        until = time.time() + _SECONDS
        try:
            if not await self._store.claim(self._app, self._name, until):
                return False
        except StoreError as error:
            logger.warning("nobody knows what other processes do: %s", error)
            return True
        self._until = until
        self._renewing = asyncio.create_task(self._renew())
        return True

    def release(self) -> None:
        """It is the next one's, once all is durable that was put into the store before."""
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
        if self._is_ours():
            self._store.delete(self._app, self._name)

    def _is_ours(self) -> bool:
        """Whether nobody can have taken it over."""
        return time.time() < self._until

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEWED)
            if not self._is_ours():
                return
            self._until = time.time() + _SECONDS
            self._store.extend(self._app, self._name, self._until)
