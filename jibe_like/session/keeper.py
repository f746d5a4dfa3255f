"""Keeps the sessions of one application in a store, without their noticing."""

import asyncio
import logging
import math
import time
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

from jibe_like.errors import MisfitSnapshotError, SnapshotError, StoreError, UnpicklableError
from jibe_like.settings import Settings
from jibe_like.store.base import Store
from jibe_like.tree.lock import STRUCTURE

from .document import SessionState
from .hooks import run_hook
from .log import about
from .session import Session
from .snapshot.snapshot import Snapshots
from .tree_host import tell_stored

logger = logging.getLogger("jibe_like.session")

_SHARE: Final = 0.05
"""Of the event loop's time, that snapshots may take."""
_Line: TypeAlias = dict[Session, float]
_ATTEMPTS: Final = 3
"""To pickle what threads of the application change meanwhile."""
_BUSY_PAUSE: Final = 0.02
"""Seconds between two looks at the sessions whose handlers are at work."""


class Keeper:
    """Writes sessions that have changed to the store, and reads those that come back.

    Pickling must be done on the event loop, else a handler could change the tree meanwhile. It is never done within the
    handling of an event, one session at a time, and then rested for so long that it takes 5 % of the time at the most,
    however large the trees and however many the sessions.

    A session with a page that is in no snapshot yet does not wait for `snapshot_delay`, and stands in a line of its
    own. Where both lines have somebody who need not wait, it is the turn of the one and the other: so a page is stored
    early although many click, and clicks are stored although many pages are loaded.

    :param app: the application's name in the store.
    """

    def __init__(self, app: str, store: Store, snapshots: Snapshots, settings: Settings) -> None:
        self.app = app
        self.store = store
        self._snapshots = snapshots
        self._settings = settings
        # The lines, with the time since when each session stands in it.
        self._new: _Line = {}
        self._changed: _Line = {}
        self._new_ones_turn = True
        self._new_came = asyncio.Event()
        self._busy: dict[Session, tuple[_Line, float]] = {}
        self._looked_at = 0.0
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._named: set[str] = set()

    def mark(self, session: Session, new_page: bool = False) -> None:
        """The session's state may have changed. `new_page`: it has a page that is in no snapshot yet."""
        if self._closed or session in self._busy or session in self._new:
            return
        if new_page:
            self._new[session] = self._changed.pop(session, time.monotonic())
            self._new_came.set()
        elif session not in self._changed:
            self._changed[session] = time.monotonic()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def keep(self, session: Session) -> float:
        """Writes a session now. Gives the seconds that it took the event loop."""
        self._forget(session)
        await run_hook(session.document, "on_snapshot")
        if session.destroyed:
            return 0.0
        # What the hook has changed is shown and stored, and is no reason to do so again.
        session.flush()
        self._forget(session)
        handled = {connection.id: connection.handled for connection in session.connections.values()}
        started = time.perf_counter()
        if session.server is not None:
            # First: what events have changed there is not to be lost where they count as handled.
            session.server.scopes.write()
        try:
            record = self._dump(session)
        except UnpicklableError as error:
            if _was_changed_meanwhile(error):
                self.mark(session)
                return time.perf_counter() - started
            self._name_culprit(session)
            # Nobody can wait for what cannot be stored.
            _stored(session, handled, session.take_waiting())
            return time.perf_counter() - started
        spent = time.perf_counter() - started
        loop = asyncio.get_running_loop()
        expires = time.time() + self._settings.lost_lifetime
        self.store.put(
            self.app, session.id, record, expires, partial(_tell, loop, session, handled, session.take_waiting())
        )
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
            logger.warning("session %s starts anew: %s", session_id, error, extra=about(session_id))
        except SnapshotError as error:
            logger.warning(
                "session %s starts anew, its snapshot was not read: %s", session_id, error, extra=about(session_id)
            )
        else:
            if isinstance(restored.state, SessionState):
                return restored.state
            logger.warning("session %s starts anew: the snapshot holds no session", session_id, extra=about(session_id))
        return None

    def extend(self, session: Session) -> None:
        """The session lives on, although nothing in it has changed for long."""
        self.store.extend(self.app, session.id, time.time() + self._settings.lost_lifetime)

    def drop(self, session: Session) -> None:
        """The session has ended."""
        self._forget(session)
        self.store.delete(self.app, session.id)

    async def close(self, sessions: list[Session]) -> None:
        """Writes all of them, and waits until that is done. Nothing is written afterwards."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            self._task = None
        for session in sessions:
            await self.keep(session)
        await self.store.flush()

    async def _work(self) -> None:
        while self._new or self._changed or self._busy:
            now = time.monotonic()
            self._look_at_busy(now)
            wait = self._wait(now)
            if not self._new and wait > 0:
                await self._wait_for_new(min(wait, _BUSY_PAUSE) if self._busy else wait)
                continue
            line = self._new if self._new and (self._new_ones_turn or wait > 0) else self._changed
            session, since = next(iter(line.items()))
            if session.is_busy and now - since < self._settings.snapshot_patience:
                # Half an event must not be stored as a whole one.
                del line[session]
                self._busy[session] = line, since
            else:
                self._new_ones_turn = line is self._changed
                await asyncio.sleep(await self._keep_or_log(session))
        self._task = None
        for emptied in (self._new, self._changed, self._busy):
            emptied.clear()  # else it keeps the room for as many as it once held

    def _wait(self, now: float) -> float:
        """Seconds until it is time for the first of those that have changed."""
        if not self._changed:
            return math.inf
        return next(iter(self._changed.values())) + self._settings.snapshot_delay - now

    async def _wait_for_new(self, seconds: float) -> None:
        """Returns after so long, or as soon as a session has a new page."""
        self._new_came.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._new_came.wait()

    async def _keep_or_log(self, session: Session) -> float:
        """Gives the seconds to rest afterwards."""
        try:
            spent = await self.keep(session)
        except Exception:
            logger.exception("session %s could not be stored", session.id, extra=about(session.id))
            return 0.0
        return spent / _SHARE - spent

    def _look_at_busy(self, now: float) -> None:
        """Those that have come to rest, or that cannot be waited for any longer, stand in line again."""
        if not self._busy or now - self._looked_at < _BUSY_PAUSE:
            return
        self._looked_at = now
        for session, (line, since) in tuple(self._busy.items()):
            if not session.is_busy or now - since >= self._settings.snapshot_patience:
                del self._busy[session]
                line[session] = since

    def _forget(self, session: Session) -> None:
        self._new.pop(session, None)
        self._changed.pop(session, None)
        self._busy.pop(session, None)

    def _dump(self, session: Session) -> bytes:
        with STRUCTURE:
            for _ in range(_ATTEMPTS - 1):
                try:
                    return self._snapshots.dump(session.state(), self._context(session.id), explain=False)
                except UnpicklableError as error:
                    if not _was_changed_meanwhile(error):
                        raise
            return self._snapshots.dump(session.state(), self._context(session.id), explain=False)

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


def _was_changed_meanwhile(error: UnpicklableError) -> bool:
    """Whether a thread of the application has changed a dict or set of its own while that was pickled."""
    return type(error.__cause__) is RuntimeError


def _stored(session: Session, handled: dict[str, int], waiting: "list[asyncio.Future[None]]") -> None:
    session.stored(handled)
    tell_stored(waiting)


def _tell(
    loop: asyncio.AbstractEventLoop,
    session: Session,
    handled: dict[str, int],
    waiting: "list[asyncio.Future[None]]",
    error: Exception | None,
) -> None:
    """Passes on to the event loop what the store's thread says. Where storing fails, the store has logged it; the page
    goes on without being durable until it works again."""
    if error is not None and not isinstance(error, StoreError):
        logger.error("session %s was not stored", session.id, exc_info=error, extra=about(session.id))
    if not loop.is_closed():
        try:
            loop.call_soon_threadsafe(_stored, session, handled, waiting)
        except RuntimeError:  # it was closed this very moment
            return
