"""What Prometheus is told, where the settings name a path for it."""

from collections.abc import Iterator
from typing import Any, Final

import tornado.web

from jibe_like.errors import SettingsError
from jibe_like.session.connection import Transport
from jibe_like.session.meter import BOUNDS, Histogram, MeasuredKeeper, MeasuredSession, Meter

from .gate import Gate, size_of
from .health import Watched
from .mount import Mount
from .relay import Relay

_LABEL: Final = "application"
_COUNTERS: Final = {
    "events": "Messages from pages",
    "received_bytes": "Bytes of messages from pages",
    "sent_frames": "Frames sent to pages",
    "sent_bytes": "Bytes of frames sent to pages",
    "uploaded_bytes": "Bytes of files that pages have sent",
    "store_failures": "Times that the store could not be read or written",
}
_HISTOGRAMS: Final = {
    "handler_seconds": "Time of the event loop for an event: handlers, and sending what they changed",
    "async_seconds": "Time from the beginning of an async handler to its end",
    "snapshot_seconds": "Time of the event loop for a snapshot",
}


def gate_for(mount: Mount, transport: Transport) -> Gate:
    """The gate of a page; one that counts where somebody wants to know."""
    return Gate(mount, transport) if mount.meter is None else MeasuredGate(mount, transport, mount.meter)


class MeasuredGate(Gate):
    """Counts what comes in and goes out."""

    __slots__ = ("_meter",)

    def __init__(self, mount: Mount, transport: Transport, meter: Meter) -> None:
        self._meter = meter
        super().__init__(mount, _Counted(transport, meter))

    def take(self, message: str | bytes) -> None:
        """As of any gate."""
        self._meter.events += 1
        self._meter.received_bytes += size_of(message)
        super().take(message)


class _Counted(Relay):
    """A transport whose frames are counted."""

    __slots__ = ("_meter",)

    def __init__(self, transport: Transport, meter: Meter) -> None:
        super().__init__(transport)
        self._meter = meter

    def send(self, frame: bytes) -> None:
        self._meter.sent_frames += 1
        self._meter.sent_bytes += len(frame)
        super().send(frame)


class _Collector:
    """Looks at what is served when it is asked, and says it in Prometheus' own classes."""

    def __init__(self, server: Watched) -> None:
        self._server = server

    def describe(self) -> list[Any]:
        """Nothing: it is not asked before it is wanted."""
        return []

    def collect(self) -> Iterator[Any]:
        """All there is to tell."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        measured = [
            (route, mount, mount.meter) for route, mount in self._server.mounts.items() if mount.meter is not None
        ]
        sessions = GaugeMetricFamily("jibe_like_sessions", "Sessions in this process", labels=[_LABEL])
        connections = GaugeMetricFamily("jibe_like_connections", "Pages that can be reached", labels=[_LABEL])
        queues = GaugeMetricFamily("jibe_like_queue", "What waits, by kind", labels=[_LABEL, "kind"])
        uploads = CounterMetricFamily("jibe_like_uploads", "Files of pages, by outcome", labels=[_LABEL, "outcome"])
        rejects = CounterMetricFamily("jibe_like_rejects", "What was refused, by reason", labels=[_LABEL, "reason"])
        for route, mount, meter in measured:
            sessions.add_metric([route], len(mount.registry.sessions))
            connections.add_metric([route], mount.pages)
            for kind, depth in _queues(mount).items():
                queues.add_metric([route, kind], depth)
            for reason, times in sorted(meter.rejects.items()):
                rejects.add_metric([route, reason], times)
            for outcome, times in sorted(meter.uploads.items()):
                uploads.add_metric([route, outcome], times)
        yield from (sessions, connections, queues, rejects, uploads)
        for name, text in _COUNTERS.items():
            counter = CounterMetricFamily(f"jibe_like_{name}", text, labels=[_LABEL])
            for route, _, meter in measured:
                counter.add_metric([route], getattr(meter, name))
            yield counter
        for name, text in _HISTOGRAMS.items():
            histogram = HistogramMetricFamily(f"jibe_like_{name}", text, labels=[_LABEL])
            for route, _, meter in measured:
                found: Histogram = getattr(meter, name)
                histogram.add_metric([route], _buckets(found), found.seconds)
            yield histogram


def _queues(mount: Mount) -> dict[str, int]:
    depths = {"events": 0, "outbox_frames": 0, "transport_bytes": 0}
    for session in mount.registry.sessions.values():
        if isinstance(session, MeasuredSession):
            for kind, depth in session.queues.items():
                depths[kind] += depth
    if isinstance(mount.keeper, MeasuredKeeper):
        depths["snapshots"] = mount.keeper.waiting
    return depths


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """As Prometheus counts: each with all that took no longer."""
    total, buckets = 0, []
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], histogram.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def metrics_of(server: Watched) -> Any:
    """A registry of Prometheus with what the server has to tell.

    Raises SettingsError where the package prometheus-client is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry
    except ImportError:
        raise SettingsError("metrics need the package prometheus-client: pip install 'jibe_like[metrics]'") from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(server))
    return registry


class MetricsHandler(tornado.web.RequestHandler):
    """Answers Prometheus."""

    def initialize(self, metrics: Any) -> None:
        self._metrics = metrics

    def get(self) -> None:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(generate_latest(self._metrics))

    def compute_etag(self) -> None:
        """None: it is another each time."""
        return None

    def data_received(self, chunk: bytes) -> None:
        """Takes no streamed body."""
