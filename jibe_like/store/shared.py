"""One store for all in a process who use the same file: what one puts after another is durable no earlier."""

import os
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Final

from jibe_like.errors import StoreError

from .base import Done
from .sqlite import SqliteStore

_open: Final[dict[tuple[int, Path], "_Opened"]] = {}
_lock: Final = threading.Lock()


class _Opened:
    """A store, and how many use it."""

    __slots__ = ("store", "users")

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.users = 0


class SharedSqliteStore:
    """A `SqliteStore` that others with the same file have, too. It is closed when the last of them has closed it.

    Raises SettingsError where the file's folder is not there.
    """

    durable: Final = True

    def __init__(self, path: str | Path) -> None:
        place = Path(os.path.realpath(path))
        # A fork has threads and connections of its own.
        self._key = (os.getpid(), place)
        with _lock:
            if self._key not in _open:
                _open[self._key] = _Opened(SqliteStore(place))
            _open[self._key].users += 1
            self._store = _open[self._key].store
        self._closed = False

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    def put(self, app: str, session_id: str, record: bytes, expires: float, done: Done) -> None:
        """See `Store.put`."""
        if self._closed:
            done(StoreError(f"{self.path}: the store is closed"))
        else:
            self._store.put(app, session_id, record, expires, done)

    def delete(self, app: str, session_id: str) -> None:
        """See `Store.delete`."""
        self._store.delete(app, session_id)

    def extend(self, app: str, session_id: str, expires: float) -> None:
        """See `Store.extend`."""
        self._store.extend(app, session_id, expires)

    async def claim(self, app: str, session_id: str, expires: float) -> bool:
        """See `Store.claim`."""
        return await self._store.claim(app, session_id, expires)

    async def get(self, app: str, session_id: str) -> bytes | None:
        """See `Store.get`."""
        return await self._store.get(app, session_id)

    async def present(self, app: str, session_ids: Collection[str]) -> set[str]:
        """See `Store.present`."""
        return await self._store.present(app, session_ids)

    async def flush(self) -> None:
        """See `Store.flush`."""
        await self._store.flush()

    async def close(self) -> None:
        """See `Store.close`. Twice is once."""
        with _lock:
            if self._closed:
                return
            self._closed = True
            opened = _open[self._key]
            opened.users -= 1
            last = opened.users == 0
            if last:
                del _open[self._key]
        await (self._store.close() if last else self._store.flush())
