"""Keeps the shared states of a server in a store: written soon after a change, read when first asked for."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextvars import Context
from functools import partial
from typing import Any, Final, Protocol

from jibe_like.errors import SnapshotError, UnpicklableError
from jibe_like.settings import Settings
from jibe_like.store.base import Store

from ..snapshot.snapshot import Snapshots

logger = logging.getLogger("jibe_like.session")

FOREVER: Final = 253_402_300_799.0
"""The end of the year 9999, in seconds since the epoch."""
_SHARE: Final = 0.05
"""Of the event loop's time, that writing may take."""
_PAUSE: Final = 1.0
"""Seconds before another try, where the store has no room."""


class Kept(Protocol):
    """Whose values are stored. It is held until they are, so that nobody reads what was stored before."""

    @property
    def _values(self) -> Mapping[Any, Any]: ...


class ScopeKeeper:
    """Writes and reads values by the name of their scope.

    Values that cannot be pickled are named in the log, once, and the others are stored.

    :param app: the name of the whole in the store.
    """

    def __init__(self, app: str, store: Store, snapshots: Snapshots, settings: Settings) -> None:
        self.store = store
        self._app = app
        self._snapshots = snapshots
        self._delay = settings.snapshot_delay
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, tuple[Kept, float]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rest_until = 0.0
        self._closed = False
        self._named: set[tuple[str, Any]] = set()

    def mark(self, scope: str, kept: Kept, lifetime: float = FOREVER) -> None:
        """The values have changed, and are written soon. On the event loop's thread.

        :param lifetime: seconds that they are stored for.
        """
        if self._closed:
            return
        self._waiting.setdefault(scope, (kept, lifetime))
        if self._timer is None:
            wait = max(self._delay, self._rest_until - time.monotonic())
            self._timer = self._loop.call_later(wait, self.write, context=Context())

    async def load(self, scope: str) -> dict[Any, Any]:
        """The stored values; none where there are none, or none that can be used, which is logged.

        Raises StoreError where the store cannot be read.
        """
        record = await self.store.get(self._app, scope)
        if record is None:
            return {}
        try:
            found = self._snapshots.load(record, self._context(scope)).state
        except SnapshotError as error:
            logger.warning("%s of %s starts empty: %s", scope, self._app, error)
            return {}
        return found if isinstance(found, dict) else {}

    def extend(self, scope: str, lifetime: float) -> None:
        """The values are stored for so long from now on."""
        self.store.extend(self._app, scope, time.time() + lifetime)

    async def close(self) -> None:
        """Writes all that waits, and returns when that is done. Nothing is written afterwards."""
        self.write()
        self._closed = True
        await self.store.flush()

    def write(self) -> None:
        """Gives to the store what waits."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        waiting, self._waiting = self._waiting, {}
        started = time.monotonic()
        for scope, (kept, lifetime) in waiting.items():
            record = self._record(scope, kept._values)
            if record is None:
                self.store.delete(self._app, scope)
                continue
            done = partial(self._tell, scope, kept, lifetime)
            expires = min(time.time() + lifetime, FOREVER)
            self.store.put(self._app, scope, record, expires, done)
        now = time.monotonic()
        self._rest_until = now + (now - started) / _SHARE

    def _record(self, scope: str, values: Mapping[Any, Any]) -> bytes | None:
        """All values that can be stored; None where there are none."""
        kept = dict(values)
        if not kept:
            return None
        try:
            return self._snapshots.dump(kept, self._context(scope), explain=False)
        except UnpicklableError:
            fit = {name: value for name, value in kept.items() if self._fits(scope, name, value)}
        try:
            return self._snapshots.dump(fit, self._context(scope), explain=False) if fit else None
        except UnpicklableError as error:  # each by itself, but not together
            logger.warning("%s of %s cannot be stored: %s", scope, self._app, error)
            return None

    def _fits(self, scope: str, name: Any, value: Any) -> bool:
        first = (scope, name) not in self._named
        try:
            self._snapshots.dump({name: value}, explain=first)
        except UnpicklableError as error:
            if first:
                self._named.add((scope, name))
                logger.warning("%s of %s: a value is not stored: %s", scope, self._app, error)
            return False
        return True

    def _tell(self, scope: str, kept: Kept, lifetime: float, error: Exception | None) -> None:
        """The store says how it went, from a thread of its own. It has logged an error; it is asked again."""
        if error is not None and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(
                    self._loop.call_later, _PAUSE, partial(self._again, scope, kept, lifetime)
                )
            except RuntimeError:  # it was closed this very moment
                return

    def _again(self, scope: str, kept: Kept, lifetime: float) -> None:
        self.mark(scope, kept, lifetime)

    def _context(self, scope: str) -> str:
        return f"{self._app} {scope}"
