"""A page that reads nothing costs the server little, and the others nothing."""

import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jibe_like import Button, Connection, Label, MainApp, Session, Settings
from jibe_like.session.registry import Registry
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, turn, until

UPDATES = 10_000
SIZE = 2_000
"""Characters of an update: all of them are 20 MB, more than the system keeps for a socket."""
WAITING = 256 * 1024
SETTINGS = Settings(transport_bytes=WAITING, outbox_bytes=WAITING)


class Ticker(MainApp):
    mode = "broadcast"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("", identifier="label")
        self.go = Button("Go", identifier="go")
        self.go.register("click", self.on_go)
        self.note = Label("", identifier="note")
        self.children = [self.label, self.go, self.note]

    def on_go(self) -> None:
        self.note.value = "heard"


def update(number: int) -> str:
    return f"{number:x>{SIZE}}"


def ticker_of(registry: Registry) -> tuple[Session, Ticker]:
    [session] = registry.sessions.values()
    assert isinstance(session.document, Ticker)
    return session, session.document


async def start(page: Visitor) -> None:
    """The page shows the tree. Where nobody asks it for a frame, it reads nothing from the socket."""
    await page.connect()
    await page.frame()


async def run_updates(ticker: Ticker, after_each: Callable[[], Awaitable[Any]], *, most_bytes: int) -> None:
    """Updates one by one, and looks at the memory that this takes."""
    tracemalloc.start()
    try:
        for number in range(UPDATES):
            ticker.label.value = update(number)
            await after_each()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most_bytes


@pytest.mark.gen_test(timeout=100)
async def test_alone(mounted: Mounted, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The server looks at every turn whether the page reads again.
    monkeypatch.setattr("jibe_like.session.delivery._DRAIN_SECONDS", 0)
    registry = mounted(Ticker, mode="unicast", settings=SETTINGS)
    async with Visitor(base_url) as page:
        await start(page)
        session, ticker = ticker_of(registry)
        await run_updates(ticker, turn, most_bytes=4 * WAITING)
        frames = session.seq
        assert frames < UPDATES
        [connection] = session.connections.values()
        assert connection.transport is not None
        assert connection.transport.waiting_bytes < 2 * WAITING
        # What changes from now on is not even written down one by one.
        ticker.label.value = "almost the last"
        await turn()
        ticker.label.value = "the last"
        await page.shows("label", "the last")
        assert session.seq <= frames + 1


@pytest.mark.gen_test(timeout=100)
async def test_among_others(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Ticker, settings=SETTINGS)
    numbers = iter(range(UPDATES))

    async with Visitor(base_url) as slow, Visitor(base_url) as quick:
        await start(slow)
        await start(quick)
        session, ticker = ticker_of(registry)

        async def see() -> None:
            # The other one misses nothing, and waits for nobody.
            assert (await quick.frame())["ops"] == [["text", "label", update(next(numbers))]]

        await run_updates(ticker, see, most_bytes=8 * WAITING)
        quick.click("go")
        await quick.shows("note", "heard")
        assert session.connection_count == 2
        # The slow one reads again: what it had got before, then the tree as it is, then whatever comes.
        await slow.shows("note", "heard")
        assert slow.text("label") == update(UPDATES - 1)
        assert slow.seq == quick.seq
        slow.click("go")
        assert await slow.frame() == {"got": 1}
        ticker.label.value = "again"
        await slow.shows("label", "again")
        await quick.shows("label", "again")


@pytest.mark.gen_test(timeout=100)
async def test_one_that_leaves_without_having_read(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Ticker, settings=SETTINGS)
    async with Visitor(base_url) as slow, Visitor(base_url) as quick:
        await start(slow)
        await start(quick)
        session, ticker = ticker_of(registry)
        while all(c.transport is None or c.transport.waiting_bytes <= WAITING for c in session.connections.values()):
            ticker.label.value = update(session.seq)
            await quick.frame()
        # With this one, its changes are held back.
        ticker.label.value = "too much"
        await quick.shows("label", "too much")
        await slow.lose()
        await until(lambda: session.connection_count == 1)
        ticker.label.value = "on it goes"
        await quick.shows("label", "on it goes")
