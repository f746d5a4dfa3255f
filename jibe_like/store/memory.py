"""The store for sessions that need none."""

from collections.abc import Collection
from typing import Final

from .base import Done


class MemoryStore:
    """Keeps nothing: a session lives in its process, which needs no copy of it, and ends with it."""

    durable: Final = False

    def put(self, app: str, session_id: str, record: bytes, expires: float, done: Done) -> None:
        """Forgets the record; there is nothing to wait for."""
        done(None)

    def delete(self, app: str, session_id: str) -> None:
        """Does nothing."""

    def extend(self, app: str, session_id: str, expires: float) -> None:
        """Does nothing."""

    async def claim(self, app: str, session_id: str, expires: float) -> bool:
        """True: there is no other process."""
        return True

    async def get(self, app: str, session_id: str) -> bytes | None:
        """None."""
        return None

    async def present(self, app: str, session_ids: Collection[str]) -> set[str]:
        """None of them."""
        return set()

    async def flush(self) -> None:
        """Does nothing."""

    async def close(self) -> None:
        """Does nothing."""
