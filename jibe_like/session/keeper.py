"""Keeps the sessions of one application in a store, without their noticing."""

import asyncio
import logging
import time
from functools import partial
from typing import Final

from jibe_like.errors import MisfitSnapshotError, SnapshotError, StoreError, UnpicklableError
from jibe_like.settings import Settings
from jibe_like.store.base import Store

from .hooks import run_hook
from .session import Session, SessionState
from .snapshot import Snapshots

logger = logging.getLogger("jibe_like.session")

_SHARE: Final = 0.05
"""Of the event loop's time, that snapshots may take."""
_BUSY_PAUSE: Final = 0.02


class Keeper:
    """Writes sessions that have changed to the store, and reads those that come back.

    Pickling must be done on the event loop, else a handler could change the tree meanwhile. It is never done within the
    handling of an event, one session at a time, and then rested for so long that it takes 5 % of the time at the most,
    however large the trees and however many the sessions.

    :param app: the application's name in the store.
    """

    def __init__(self, app: str, store: Store, snapshots: Snapshots, settings: Settings) -> None:
        self.app = app
        self.store = store
        self._snapshots = snapshots
        self._settings = settings
        self._changed: dict[Session, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._named: set[str] = set()

    def mark(self, session: Session) -> None:
        """The session's state may have changed."""
        if session not in self._changed:
            self._changed[session] = time.monotonic()
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._work())

    async def keep(self, session: Session) -> float:
        """Writes a session now. Gives the seconds that it took the event loop."""
        self._changed.pop(session, None)
        await run_hook(session.document, "on_snapshot")
        if session.destroyed:
            return 0.0
        handled = {connection.id: connection.handled for connection in session.connections.values()}
        started = time.perf_counter()
        try:
            record = self._snapshots.dump(session.state(), self._context(session.id), explain=False)
        except UnpicklableError:
            self._name_culprit(session)
            # Nobody can wait for what cannot be stored.
            session.stored(handled)
            return time.perf_counter() - started
        spent = time.perf_counter() - started
        loop = asyncio.get_running_loop()
        expires = time.time() + self._settings.lost_lifetime
        self.store.put(self.app, session.id, record, expires, partial(_tell, loop, session, handled))
        return spent

    async def load(self, session_id: str) -> SessionState | None:
        """The stored state of a session; None where there is none, or none that can be used, which is logged.

        Raises StoreError where the store cannot be read: nobody knows then whether there is one.
        """
        record = await self.store.get(self.app, session_id)
        if record is None:
            return None
        try:
            restored = self._snapshots.load(record, self._context(session_id))
        except MisfitSnapshotError as error:
            logger.warning("session %s starts anew: %s", session_id, error)
        except SnapshotError as error:
            logger.warning("session %s starts anew, its snapshot was not read: %s", session_id, error)
        else:
            if isinstance(restored.state, SessionState):
                return restored.state
            logger.warning("session %s starts anew: the snapshot holds no session", session_id)
        return None

    def extend(self, session: Session) -> None:
        """The session lives on, although nothing in it has changed for long."""
        self.store.extend(self.app, session.id, time.time() + self._settings.lost_lifetime)

    def drop(self, session: Session) -> None:
        """The session has ended."""
        self._changed.pop(session, None)
        self.store.delete(self.app, session.id)

    async def close(self, sessions: list[Session]) -> None:
        """Writes all of them, and waits until that is done."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        for session in sessions:
            await self.keep(session)
        await self.store.flush()

    async def _work(self) -> None:
        while self._changed:
            now = time.monotonic()
            session, since = next(iter(self._changed.items()))
            wait = since + self._settings.snapshot_delay - now
            if wait > 0:
                await asyncio.sleep(wait)
            elif session.is_busy and now - since < self._settings.snapshot_patience:
                # Half an event must not be stored as a whole one. To the end of the line, with its time.
                del self._changed[session]
                self._changed[session] = since
                await asyncio.sleep(_BUSY_PAUSE)
            else:
                try:
                    spent = await self.keep(session)
                except Exception:
                    logger.exception("session %s could not be stored", session.id)
                    spent = 0.0
                await asyncio.sleep(spent / _SHARE - spent)
        self._task = None

    def _context(self, session_id: str) -> str:
        return f"{self.app} {session_id}"

    def _name_culprit(self, session: Session) -> None:
        """Says once what cannot be stored. The search is slow, and so made once for each class of application."""
        name = type(session.document).__qualname__
        if name in self._named:
            return
        self._named.add(name)
        try:
            self._snapshots.dump(session.state(), self._context(session.id))
        except UnpicklableError as error:
            logger.warning("%s cannot be stored; its sessions end with the process: %s", name, error)


def _tell(loop: asyncio.AbstractEventLoop, session: Session, handled: dict[str, int], error: Exception | None) -> None:
    """Passes on to the event loop what the store's thread says. Where storing fails, the store has logged it; the page
    goes on without being durable until it works again."""
    if error is not None and not isinstance(error, StoreError):
        logger.error("session %s was not stored", session.id, exc_info=error)
    if not loop.is_closed():
        try:
            loop.call_soon_threadsafe(session.stored, handled)
        except RuntimeError:  # it was closed this very moment
            return
