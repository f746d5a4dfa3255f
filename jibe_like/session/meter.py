"""What is measured where metrics are asked for. Where they are not, nothing here is made or called."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Collection
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from jibe_like.errors import StoreError
from jibe_like.store.base import Done, Store

from .connection import Connection
from .keeper import Keeper
from .session import Session

if TYPE_CHECKING:
    from jibe_like.tree.widget import Widget
    from jibe_like.wire.messages import Event

BOUNDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: upper bounds of a histogram's buckets. A last bucket has what took longer."""


class Histogram:
    """How often something took how long."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        """By bucket, each without those before it."""
        self.seconds = 0.0
        """Of all together."""

    def observe(self, seconds: float) -> None:
        """It took so long."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Meter:
    """Counts what happens in one application. Numbers only grow. Belongs to one event loop."""

    __slots__ = (
        "async_seconds",
        "events",
        "handler_seconds",
        "received_bytes",
        "rejects",
        "sent_bytes",
        "sent_frames",
        "snapshot_seconds",
        "store_failures",
        "uploaded_bytes",
        "uploads",
    )

    def __init__(self) -> None:
        self.events = 0
        """Messages from pages."""
        self.received_bytes = 0
        self.sent_frames = 0
        self.sent_bytes = 0
        self.rejects: Counter[str] = Counter()
        """What was refused, by reason."""
        self.uploads: Counter[str] = Counter()
        """Files that pages have offered, by outcome."""
        self.uploaded_bytes = 0
        """Of files, also of those that did not come as a whole."""
        self.store_failures = 0
        self.handler_seconds = Histogram()
        """Of the event loop, for each event: plain handlers, the first step of `async` ones, and sending changes."""
        self.async_seconds = Histogram()
        """From the beginning of an `async` handler to its end, waiting included."""
        self.snapshot_seconds = Histogram()
        """Of the event loop, for each snapshot."""

    def upload_ended(self, outcome: str, received: int) -> None:
        """A file has come, or has not."""
        self.uploads[outcome] += 1
        self.uploaded_bytes += received


class MeasuredSession(Session):
    """Measures its handlers."""

    def __init__(self, *args: Any, meter: Meter, **options: Any) -> None:
        self._meter = meter
        super().__init__(*args, **options)

    def _handle(self, connection: Connection, event: "Event") -> None:
        began = time.perf_counter()
        super()._handle(connection, event)
        self._meter.handler_seconds.observe(time.perf_counter() - began)

    async def _run(self, widget: "Widget", event: str, awaitable: Awaitable[object]) -> None:
        began = time.perf_counter()
        try:
            await super()._run(widget, event, awaitable)
        finally:
            self._meter.async_seconds.observe(time.perf_counter() - began)

    def refuse(self, reason: object, **where: object) -> None:
        """As of any session."""
        self._meter.rejects["message"] += 1
        super().refuse(reason, **where)

    @property
    def queues(self) -> dict[str, int]:
        """How much waits: events for their turn, frames for an acknowledgement, bytes for the network."""
        transports = [connection.transport for connection in self._delivery.open]
        return {
            "events": self._turns.waiting,
            "outbox_frames": len(self._delivery.outbox),
            "transport_bytes": sum(transport.waiting_bytes for transport in transports if transport is not None),
        }


class MeasuredStore:
    """A store whose failures are counted."""

    def __init__(self, store: Store, meter: Meter) -> None:
        self._store = store
        self._meter = meter
        # The store tells of failures from a thread of its own.
        self._lock = Lock()

    @property
    def durable(self) -> bool:
        """See `Store.durable`."""
        return self._store.durable

    def put(self, app: str, session_id: str, record: bytes, expires: float, done: Done) -> None:
        """See `Store.put`."""

        def told(error: Exception | None) -> None:
            if error is not None:
                self._failed()
            done(error)

        self._store.put(app, session_id, record, expires, told)

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
        try:
            return await self._store.get(app, session_id)
        except StoreError:
            self._failed()
            raise

    async def present(self, app: str, session_ids: Collection[str]) -> set[str]:
        """See `Store.present`."""
        try:
            return await self._store.present(app, session_ids)
        except StoreError:
            self._failed()
            raise

    async def flush(self) -> None:
        """See `Store.flush`."""
        await self._store.flush()

    async def close(self) -> None:
        """See `Store.close`."""
        await self._store.close()

    def _failed(self) -> None:
        with self._lock:
            self._meter.store_failures += 1


class MeasuredKeeper(Keeper):
    """Measures its snapshots, and counts the failures of its store."""

    def __init__(self, app: str, store: Store, *args: Any, meter: Meter) -> None:
        self._meter = meter
        super().__init__(app, MeasuredStore(store, meter), *args)

    async def keep(self, session: Session) -> float:
        """As of any keeper."""
        spent = await super().keep(session)
        self._meter.snapshot_seconds.observe(spent)
        return spent

    @property
    def waiting(self) -> int:
        """Sessions that wait to be stored."""
        return len(self._new) + len(self._changed) + len(self._busy)
