"""A key of a mirrored state, beside a property of a widget: set and flushed to one page. In this process."""

import asyncio
import gc
import time
from collections.abc import Callable
from statistics import median

from jibe_like import Label, MainApp
from jibe_like.session.connection import Connection
from jibe_like.session.session import Session

from .report import Figure

_REPEATS, _BATCH = 15, 1000
_MANY = 1000


def measure(rounds: int) -> list[Figure]:
    """Microseconds for each change with its frame. The property stands in the column that has bare Tornado's else."""
    one = Figure("state: a key set and flushed / a property set and flushed", "µs", "1.2")
    many = Figure(f"state: {_MANY:,} keys set in one turn, one frame / {_MANY:,} properties", "µs", "1.2")
    for _ in range(rounds):
        properties, keys = asyncio.run(_measure())
        one.bare.append(properties[0])
        one.ours.append(keys[0])
        many.bare.append(properties[1])
        many.ours.append(keys[1])
    return [one, many]


class _Page:
    """A page that takes what it is sent."""

    protocol = "websocket"
    waiting_bytes = 0
    frames = 0

    def send(self, frame: bytes) -> None:
        self.frames += 1

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("the session ends the page")


class _App(MainApp):
    def __init__(self) -> None:
        super().__init__()
        self.labels = [Label("0") for _ in range(_MANY)]
        self.children = list(self.labels)
        self.state.update({f"key{i}": "0" for i in range(_MANY)})


async def _measure() -> tuple[tuple[float, float], tuple[float, float]]:
    """For properties and for keys: one, and many at once."""
    app, page, connection = _App(), _Page(), Connection()
    session = Session("benchmark", app)
    session.join(connection)
    session.render()
    connection.transport = page
    session.subscribe(connection, session.seq)
    label, count = app.labels[0], 0

    def send() -> None:
        before = page.frames
        session.flush()
        session._delivery.outbox.acknowledged(session.seq)
        assert page.frames == before + 1

    def set_property() -> None:
        nonlocal count
        count += 1
        label.value = str(count)
        send()

    def set_key() -> None:
        nonlocal count
        count += 1
        app.state.key0 = str(count)
        send()

    def set_properties() -> None:
        nonlocal count
        count += 1
        for each in app.labels:
            each.value = str(count)
        send()

    def set_keys() -> None:
        nonlocal count
        count += 1
        for i in range(_MANY):
            app.state[f"key{i}"] = str(count)
        send()

    one = await _in_turn(set_property, set_key, _BATCH)
    many = await _in_turn(set_properties, set_keys, 3)
    return (one[0], many[0]), (one[1], many[1])


async def _in_turn(first: Callable[[], None], second: Callable[[], None], batch: int) -> tuple[float, float]:
    """The medians of both. After each batch the event loop has its turn, as it has after each change on a server."""
    times: tuple[list[float], list[float]] = [], []
    gc.collect()
    gc.disable()
    try:
        for _ in range(_REPEATS):
            for column, action in zip(times, (first, second), strict=True):
                column.append(_microseconds(action, batch))
                await asyncio.sleep(0)
    finally:
        gc.enable()
    return median(times[0]), median(times[1])


def _microseconds(action: Callable[[], None], batch: int) -> float:
    begin = time.process_time()
    for _ in range(batch):
        action()
    return 1e6 * (time.process_time() - begin) / batch
