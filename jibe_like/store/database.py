"""A SQLite file of snapshots: made, checked, opened and left alone where it is somebody else's."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from jibe_like.errors import StoreError

APPLICATION_ID: Final = 0x4A4C5353
"""Marks the file as one of ours; `file` and other tools show it."""
VERSION: Final = 1
"""Of the tables below. A file of another version is refused, not converted."""

_SCHEMA: Final = (
    "CREATE TABLE snapshots (app TEXT NOT NULL, session TEXT NOT NULL, record BLOB NOT NULL, expires REAL NOT NULL, "
    "PRIMARY KEY (app, session))",
    "CREATE INDEX snapshots_by_expiry ON snapshots (expires)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
_CACHE_KIB: Final = 256
"""Rows are written often and read after a restart alone; what SQLite keeps of them, 2 MiB by default, is of no use."""
_WAL_BYTES: Final = 64 * 1024 * 1024


class _NoTablesError(Exception):
    """Somebody is about to make them."""


class Database:
    """One connection to the file, opened when first asked for and again when the file has been replaced.

    Commits are durable when they return, also when the power fails the moment after: WAL mode with synchronous=FULL.
    With NORMAL a commit would survive `kill -9` too, since the operating system has the pages by then, but a power cut
    could take back the last ones: events whose acknowledgement the browsers have seen. The price is one fsync a commit,
    which the store pays once for all that is queued, and never on the event loop.

    :param busy_timeout: seconds to wait for another process that writes.
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None
        self._cursor: sqlite3.Cursor | None = None
        self._identity = (0, 0)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None

    def cursor(self) -> sqlite3.Cursor:
        """The connection's one cursor, since it keeps a note of each that it has made, for hundreds; see `connect`."""
        connection = self.connect()
        if self._cursor is None:
            self._cursor = connection.cursor()
        return self._cursor

    def connect(self) -> sqlite3.Connection:
        """The connection; makes file and tables where there are none.

        Raises StoreError where the folder is missing or the file is another program's; what SQLite raises is passed on.
        """
        self._close_if_replaced()
        if self._connection is None:
            self._create()
            self._connection = self._open(self._make_tables)
            self._identity = self._identity_now()
        return self._connection

    def connect_if_there(self) -> sqlite3.Connection | None:
        """The same to read from; None where there are no tables yet. It waits for nobody who writes."""
        self._close_if_replaced()
        if self._connection is None and self.path.exists():
            with suppress(_NoTablesError):
                self._connection = self._open(self._need_tables)
                self._identity = self._identity_now()
        return self._connection

    def _close_if_replaced(self) -> None:
        if self._connection is not None and self._identity != self._identity_now():
            self.close()

    def close(self) -> None:
        """Lets go of the file. What was not committed is rolled back."""
        connection, self._connection, self._cursor = self._connection, None, None
        self._identity = (0, 0)
        if connection is not None:
            connection.close()

    def _identity_now(self) -> tuple[int, int]:
        """Tells this file from another of the same name: rows written to a file that was deleted would be lost."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return (0, 0)
        return status.st_dev, status.st_ino

    def _create(self) -> None:
        try:
            # SQLite would make it readable by all; its -wal and -shm files take over the mode. Never open a file that
            # is there: closing it again would release the locks that this process holds on it.
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return
        except FileNotFoundError:
            raise StoreError(f"the folder {self.path.parent} does not exist") from None
        except OSError as error:
            raise StoreError(f"{self.path} cannot be made: {error.strerror}") from error

    def _open(self, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw",
            uri=True,
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(connection, prepare)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection, prepare: Callable[[sqlite3.Connection], None]) -> None:
        # Processes that start at once: SQLite does not wait by itself for a file that changes to WAL mode.
        deadline = time.monotonic() + self._busy_timeout
        while True:
            try:
                prepare(connection)
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        """Makes them where there are none. In two steps: within a transaction the mode cannot be changed."""
        with _transaction(connection, "DEFERRED"):
            if not self._is_new(connection):
                return
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"{self.path} is on a file system that SQLite's WAL mode cannot use")
        with _transaction(connection, "IMMEDIATE"):
            if self._is_new(connection):
                for statement in _SCHEMA:
                    connection.execute(statement)

    def _need_tables(self, connection: sqlite3.Connection) -> None:
        with _transaction(connection, "DEFERRED"):
            if self._is_new(connection):
                raise _NoTablesError

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Whether the file is empty. Raises StoreError where it is not one of ours. To be asked in a transaction."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if (application, version) == (APPLICATION_ID, VERSION):
            return False
        if application == APPLICATION_ID:
            raise StoreError(
                f"{self.path} is of version {version}, and this program reads version {VERSION}; name another file"
            )
        if application or version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise StoreError(f"{self.path} is another program's database; name another file")
        return True


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
