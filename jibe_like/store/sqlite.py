"""Sessions that survive their process: a SQLite file, one thread that writes and one that reads."""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from jibe_like.errors import SettingsError, StoreError

from .base import Done
from .database import Database
from .pending import Change, Key, Pending

logger = logging.getLogger("jibe_like.store")

T = TypeVar("T")

_PUT: Final = (
    "INSERT INTO snapshots (app, session, record, expires) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (app, session) DO UPDATE SET record = excluded.record, expires = excluded.expires"
)
_CLAIM: Final = (
    "INSERT INTO snapshots (app, session, record, expires) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (app, session) DO UPDATE SET expires = excluded.expires WHERE expires <= ?"
)
_EXTEND: Final = "UPDATE snapshots SET expires = ? WHERE app = ? AND session = ? AND expires > ?"
_DELETE: Final = "DELETE FROM snapshots WHERE app = ? AND session = ?"
_PRUNE: Final = "DELETE FROM snapshots WHERE rowid IN (SELECT rowid FROM snapshots WHERE expires <= ? LIMIT ?)"
_GET: Final = "SELECT record, expires FROM snapshots WHERE app = ? AND session = ?"
_EXPIRIES: Final = "SELECT session, expires FROM snapshots WHERE app = ? AND session IN"

_ASKED_AT_ONCE: Final = 500
"""Values of one statement: SQLite allows 999 at the least."""
_PRUNED_AT_ONCE: Final = 1_000
"""Rows: other processes wait for the commit."""
_REST_AFTER: Final = 5.0
"""Seconds without anything to write. To begin again takes less than a millisecond."""


class SqliteStore:
    """Keeps records in a SQLite file, which is made (mode 0600) when first written to.

    One thread writes: each commit takes in all that is queued, so the cost of making it durable (see `Database`) is
    shared by all sessions that changed meanwhile. Several processes may use one file on a local disk; on a network file
    system SQLite cannot. Where there is nothing to write for some seconds, the file is let go of and the thread ends,
    since both take memory; the next change brings them back.

    A full disk, a locked file or a folder that is gone is logged once, and once more when writing works again. All that
    time what was put last is kept for each session, and tried again.

    :param path: the file; its folder must be there.
    :param busy_timeout: seconds to wait for another process that writes, before it counts as a failure.
    :param backoff: first and longest pause before another try, in seconds.
    :param most_waiting_bytes: of records that wait to be written; beyond, records are refused.
    :param prune_interval: seconds between two looks for expired records, while there are others to write.
    :param rest_after: seconds without any, before it lets go of the file.

    Raises SettingsError where the folder is not there.
    """

    durable: Final = True

    def __init__(
        self,
        path: str | Path,
        *,
        busy_timeout: float = 5.0,
        backoff: tuple[float, float] = (0.1, 5.0),
        most_waiting_bytes: int = 64 * 1024 * 1024,
        prune_interval: float = 60.0,
        rest_after: float = _REST_AFTER,
    ) -> None:
        self.path = Path(path).absolute()
        try:
            if not self.path.parent.is_dir():
                raise SettingsError(f"store: the folder {self.path.parent} does not exist")
            if self.path.is_dir():
                raise SettingsError(f"store: {self.path} is a folder, not a file")
        except OSError as error:
            raise SettingsError(f"store: {self.path}: {error.strerror}") from error
        self._busy_timeout = busy_timeout
        self._writer = Database(self.path, busy_timeout)
        self._reader = Database(self.path, busy_timeout)
        self._reading = ThreadPoolExecutor(1, "jibe_like.store.read")
        self._backoff = backoff
        self._prune_interval = prune_interval
        self._rest_after = rest_after
        # The writer's thread alone uses these.
        self._failures = 0
        self._retry_at = 0.0
        self._prune_at = 0.0
        # All threads use these, under the condition's lock.
        self._changed = threading.Condition()
        self._pending = Pending(most_waiting_bytes)
        self._flushes: list[Future[None]] = []
        self._thread: threading.Thread | None = None
        self._closed = False

    # -- what sessions call

    def put(self, app: str, session_id: str, record: bytes, expires: float, done: Done) -> None:
        """See `Store.put`."""
        fits = self._queue(lambda: self._pending.put(_key(app, session_id), record, expires, done))
        if fits is None:
            _tell([(done, StoreError(f"{self.path}: the store is closed"))])
        elif not fits:
            most = self._pending.most_bytes
            _tell([(done, StoreError(f"{self.path}: more than {most:,} bytes wait to be written"))])

    def delete(self, app: str, session_id: str) -> None:
        """See `Store.delete`."""
        self._queue(lambda: self._pending.delete(_key(app, session_id)))

    def extend(self, app: str, session_id: str, expires: float) -> None:
        """See `Store.extend`."""
        self._queue(lambda: self._pending.extend(_key(app, session_id), expires))

    async def claim(self, app: str, session_id: str, expires: float) -> bool:
        """See `Store.claim`."""
        with self._changed:
            if self._closed:
                raise StoreError(f"{self.path}: the store is closed")
        key = _key(app, session_id)
        return await asyncio.get_running_loop().run_in_executor(None, self._claim_now, key, expires)

    async def get(self, app: str, session_id: str) -> bytes | None:
        """See `Store.get`."""
        key = _key(app, session_id)
        with self._changed:
            if self._closed:
                raise StoreError(f"{self.path}: the store is closed")
            change = self._pending.newest(key)
        if change is None or change.extends:
            found = await asyncio.get_running_loop().run_in_executor(self._reading, self._read, key)
            if found is None:
                return None
            record, expires = found
            if change is not None and expires > time.time():
                expires = change.expires
        elif change.record is None:
            return None
        else:
            record, expires = change.record, change.expires
        return record if expires > time.time() else None

    async def present(self, app: str, session_ids: Collection[str]) -> set[str]:
        """See `Store.present`."""
        keys = {session_id: _key(app, session_id) for session_id in session_ids}
        with self._changed:
            if self._closed:
                raise StoreError(f"{self.path}: the store is closed")
            changes = {key: change for key in keys.values() if (change := self._pending.newest(key)) is not None}
        asked = [key for key in keys.values() if key not in changes or changes[key].extends]
        found = await asyncio.get_running_loop().run_in_executor(self._reading, self._read_expiries, asked)
        now = time.time()
        for key, change in changes.items():
            if not change.extends:
                found[key] = 0.0 if change.record is None else change.expires
            elif found.get(key, 0.0) > now:
                found[key] = change.expires
        return {session_id for session_id, key in keys.items() if found.get(key, 0.0) > now}

    async def flush(self) -> None:
        """See `Store.flush`. Where writing fails, tries at once rather than after the pause."""
        attempt: Future[None] = Future()
        with self._changed:
            if self._thread is None or self._closed:
                return
            self._flushes.append(attempt)
            self._changed.notify()
        await asyncio.wrap_future(attempt)

    async def close(self) -> None:
        """See `Store.close`."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        loop = asyncio.get_running_loop()
        if thread is not None:
            await loop.run_in_executor(None, thread.join)
        await loop.run_in_executor(None, self._reading.shutdown)
        self._reader.close()

    def _queue(self, change: Callable[[], T]) -> T | None:
        with self._changed:
            if self._closed:
                return None
            result = change()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="jibe_like.store.write", daemon=True)
                self._thread.start()
            self._changed.notify()
            return result

    def _claim_now(self, key: Key, expires: float) -> bool:
        """By a connection of its own: the answer is in the file alone, and neither thread is to wait for others."""
        database = Database(self.path, self._busy_timeout)
        try:
            cursor = database.cursor()
            return cursor.execute(_CLAIM, (*key, b"", expires, time.time())).rowcount == 1
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.path}: {error}") from error
        finally:
            database.close()

    # -- the reader's thread

    def _read(self, key: Key) -> tuple[bytes, float] | None:
        found: list[tuple[bytes, float]] = self._select(_GET, key)
        return found[0] if found else None

    def _read_expiries(self, keys: list[Key]) -> dict[Key, float]:
        found: dict[Key, float] = {}
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            some = keys[start : start + _ASKED_AT_ONCE]
            names = ",".join("?" * len(some))
            rows = self._select(f"{_EXPIRIES} ({names})", (some[0][0], *(session for _, session in some)))
            found |= {(some[0][0], session): expires for session, expires in rows}
        return found

    def _select(self, statement: str, values: tuple[str, ...]) -> list[Any]:
        try:
            connection = self._reader.connect_if_there()
            return [] if connection is None else connection.execute(statement, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            self._reader.close()
            raise StoreError(f"{self.path} cannot be read: {error}") from error

    # -- the writer's thread

    def _write(self) -> None:
        while self._write_waiting():
            pass

    def _write_waiting(self) -> bool:
        """Waits until there is something to write, and writes it. False once there is nothing more to do.

        What it wrote ends with it: held while the next is waited for, it would keep sessions alive that have ended.
        """
        with self._changed:
            rests = not self._wait()
        if rests:
            return not self._rest()
        with self._changed:
            changes = self._pending.take()
            flushes = tuple(self._flushes)
            self._flushes.clear()
            closed = self._closed
        error = self._commit(changes)
        self._note(error)
        with self._changed:
            told: list[tuple[Done, Exception | None]] = []
            for change in changes.values():
                told += change.failed(error) if error else [(done, None) for done in change.waiting]
            if error:
                self._pending.put_back()
            else:
                self._pending.written()
        _tell(told)
        for flush in flushes:
            if flush.set_running_or_notify_cancel():
                flush.set_result(None)
        if closed:
            self._writer.close()
            left = len(self._pending.waiting)
            if left:
                logger.error("store %s: closed, and %d changes could not be written", self.path, left)
        return not closed

    def _wait(self) -> bool:
        """Until there is something to do. False where there was nothing for long."""
        rest_at = time.monotonic() + self._rest_after
        while not (self._closed or self._flushes):
            now = time.monotonic()
            due = self._prune_at
            if self._pending.waiting:
                due = self._retry_at
            elif self._failures:
                due = max(due, self._retry_at)
            elif rest_at < due:
                if rest_at <= now:
                    return False
                due = rest_at
            if due <= now:
                return True
            self._changed.wait(due - now)
        return True

    def _rest(self) -> bool:
        """Lets go of the file. False where there is something to do again."""
        # Without the lock, which sessions wait for: SQLite brings what is in its log into the file first.
        self._writer.close()
        # Whoever comes next begins with it. A number made now would hold the memory around it (session/memory).
        self._prune_at = 0.0
        with self._changed:
            if self._closed or self._flushes or self._pending.waiting:
                return False
            self._thread = None
            if self._reader.is_open:
                self._reading.submit(self._reader.close)
            return True

    def _commit(self, changes: dict[Key, Change]) -> StoreError | None:
        """Writes the changes as one transaction, or gives the reason why it could not."""
        prune = time.monotonic() >= self._prune_at
        if not changes and not prune:
            return None
        try:
            cursor = self._writer.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            for key, change in changes.items():
                _apply(cursor, key, change)
            pruned = cursor.execute(_PRUNE, (time.time(), _PRUNED_AT_ONCE)).rowcount if prune else 0
            cursor.execute("COMMIT")
        except (sqlite3.Error, OSError, StoreError) as error:
            self._writer.close()
            return error if isinstance(error, StoreError) else StoreError(f"{self.path}: {error}")
        if prune and pruned < _PRUNED_AT_ONCE:
            self._prune_at = time.monotonic() + self._prune_interval
        return None

    def _note(self, error: StoreError | None) -> None:
        """Plans the next try; says once that writing fails, and once that it works again."""
        if error is None:
            if self._failures:
                logger.warning("store: writing works again, what waited is stored (%s)", self.path)
            self._failures = 0
            self._retry_at = 0.0
            return
        if not self._failures:
            logger.error("store: writing fails, sessions are not durable until it works again (%s)", error)
        first, longest = self._backoff
        self._retry_at = time.monotonic() + min(first * 2.0 ** min(self._failures, 30), longest)
        self._failures += 1


def _key(app: str, session_id: str) -> Key:
    """Both names as what SQLite can store; a lone surrogate would fail the commit of all the others."""
    return _storable(app), _storable(session_id)


def _storable(name: str) -> str:
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


def _apply(cursor: sqlite3.Cursor, key: Key, change: Change) -> None:
    if change.record is not None:
        cursor.execute(_PUT, (*key, change.record, change.expires))
    elif change.deleted:
        cursor.execute(_DELETE, key)
    else:
        cursor.execute(_EXTEND, (change.expires, *key, time.time()))


def _tell(results: Iterable[tuple[Done, Exception | None]]) -> None:
    for done, error in results:
        try:
            done(error)
        except Exception:
            logger.exception("store: what was to be told of a record raised")
