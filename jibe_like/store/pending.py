"""What waits to be written, one change a session: a later one replaces or amends an earlier one."""

from dataclasses import dataclass, field
from typing import TypeAlias

from .base import Done

Key: TypeAlias = tuple[str, str]
"""Application and session."""


@dataclass(slots=True)
class Change:
    """What is to become of one session's row: another record, no row (`deleted`), or only another time of expiry."""

    expires: float = 0.0
    record: bytes | None = None
    deleted: bool = False
    waiting: list[Done] = field(default_factory=list)
    """Whom to tell when it is written."""
    told: int = 0
    """How many of them, from the first, know that it failed."""

    @property
    def size(self) -> int:
        """Bytes of the record."""
        return 0 if self.record is None else len(self.record)

    @property
    def extends(self) -> bool:
        """Whether it changes the time of expiry alone."""
        return self.record is None and not self.deleted

    def failed(self, error: Exception) -> list[tuple[Done, Exception | None]]:
        """Whom to tell of the error. Of those told the last alone is kept: however long it takes, the list is short."""
        untold = self.waiting[self.told :]
        self.waiting = self.waiting[-1:]
        self.told = len(self.waiting)
        return [(done, error) for done in untold]


class Pending:
    """The changes that wait, and those that are being written. Not safe for threads by itself."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.waiting: dict[Key, Change] = {}
        self.writing: dict[Key, Change] = {}
        self._bytes = 0

    def put(self, key: Key, record: bytes, expires: float, done: Done) -> bool:
        """Queues a record. False where it does not fit any more."""
        change = self._change(key)
        if self._bytes - change.size + len(record) > self.most_bytes:
            return False
        self._bytes += len(record) - change.size
        change.record, change.expires, change.deleted = record, expires, False
        change.waiting.append(done)
        self.waiting[key] = change
        return True

    def delete(self, key: Key) -> None:
        """Queues the end of a row."""
        change = self._change(key)
        self._bytes -= change.size
        change.record, change.deleted = None, True
        self.waiting[key] = change

    def extend(self, key: Key, expires: float) -> None:
        """Queues another time of expiry."""
        change = self._change(key)
        change.expires = expires
        self.waiting[key] = change

    def _change(self, key: Key) -> Change:
        return self.waiting.get(key) or Change()

    def newest(self, key: Key) -> Change | None:
        """What the session's row will be once all is written; None where nothing is on its way."""
        newer, older = self.waiting.get(key), self.writing.get(key)
        if newer is not None and older is not None and newer.extends:
            return Change(newer.expires, older.record, older.deleted)
        return newer or older

    def take(self) -> dict[Key, Change]:
        """All that waits; from now on it is being written, and gone once it is `written`."""
        # The two change places: one made anew each time would be left where the memory of others is given back.
        self.writing, self.waiting = self.waiting, self.writing
        return self.writing

    def written(self) -> None:
        """What was taken is in the file."""
        self._bytes -= sum(change.size for change in self.writing.values())
        self.writing.clear()

    def put_back(self) -> None:
        """What was taken could not be written: it waits again, less what has been replaced meanwhile."""
        newer_changes, self.waiting, self.writing = self.waiting, self.writing, {}
        for key, newer in newer_changes.items():
            older = self.waiting.get(key)
            if older is not None:
                if newer.extends:
                    newer.record, newer.deleted = older.record, older.deleted
                else:
                    self._bytes -= older.size
                newer.waiting = older.waiting + newer.waiting
                newer.told = older.told
            self.waiting[key] = newer
