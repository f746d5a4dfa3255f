"""What every store does, and which one a URL names."""

import re
from collections.abc import Callable, Collection
from typing import Protocol, TypeAlias

from jibe_like.errors import SettingsError

Done: TypeAlias = Callable[[Exception | None], object]
"""Told None once a record is committed, or the error that kept it from being so. Any thread may call it."""


class Store(Protocol):
    """Keeps the newest record of each session, by the names of application and session.

    What is put can be read at once; `done` says when it is durable too. Times are seconds since the epoch. A store
    belongs to one process, and opens its file when it is first used: make it after a fork, or use it after that only.
    """

    @property
    def durable(self) -> bool:
        """Whether records outlive the process."""

    def put(self, app: str, session_id: str, record: bytes, expires: float, done: Done) -> None:
        """Keeps a record in place of the session's last one. Returns at once and never raises.

        `done` is called from the writer's thread: with None after the commit, with a StoreError where that failed. A
        record that failed stays queued and is tried again; when it is written, `done` is called once more, with None.
        A record which a later one replaces before it is written counts as written with that one; of several of one
        session that failed, only the last one's `done` is told so. A record for which there is no room is refused:
        `done` gets the error at once, and the record is not kept.
        """

    def delete(self, app: str, session_id: str) -> None:
        """Forgets the session's record. Returns at once and never raises; no record is no error."""

    def extend(self, app: str, session_id: str, expires: float) -> None:
        """Gives the record another time of expiry. Returns at once and never raises; no record is no error."""

    async def claim(self, app: str, session_id: str, expires: float) -> bool:
        """Makes an empty record where there is none that has not expired: whether there was none.

        Of several processes that ask at once, one is told so. It is for names that are never `put`. Raises StoreError
        where the store cannot be written.
        """

    async def get(self, app: str, session_id: str) -> bytes | None:
        """The newest record, committed or not; None where there is none or it has expired.

        Raises StoreError where the store cannot be read. That is no answer: the record may well be there.
        """

    async def present(self, app: str, session_ids: Collection[str]) -> set[str]:
        """Those of the sessions that have a record, committed or not, which has not expired.

        For many it takes much less than `get`. Raises StoreError where the store cannot be read.
        """

    async def flush(self) -> None:
        """Returns when all that was put, deleted and extended before is committed or has failed."""

    async def close(self) -> None:
        """Flushes and lets go of everything. What is put afterwards is refused."""


def open_store(url: str) -> Store:
    """The store that a URL names. Nothing is created before it is used.

    | URL | store |
    |---|---|
    | `memory://` | none: sessions live in their process alone |
    | `sqlite:///jibe.db` | a SQLite file, relative to the working directory |
    | `sqlite:////var/lib/jibe.db` | a SQLite file by its absolute path |

    Raises SettingsError for another URL, and where the file's folder is not there.
    """
    if url == "memory://":
        from .memory import MemoryStore

        return MemoryStore()
    path = url.removeprefix("sqlite:///")
    if path not in (url, "", ":memory:") and "\0" not in path:
        # Not above: Python can be built without sqlite3, and most applications never need it.
        from .shared import SharedSqliteStore

        return SharedSqliteStore(path)
    without_password = re.sub(r"//[^/]*@", "//…@", url)
    raise SettingsError(f"store must be 'memory://' or 'sqlite:///<path>', not {without_password!r}")
