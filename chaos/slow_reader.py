"""A page that reads nothing while its application updates 10,000 times a second."""

import asyncio
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.processes import Server
from benchmarks.processes import run as run_loop
from tests.serving import Script

from .apps import UPDATE_SIZE, UPDATES_PER_SECOND, Ticker, serve
from .client import Page
from .report import Outcome, spread

OTHERS = 5
MOST_GROWTH_KIB = 8 * 1024
"""What waits in the socket and in the outbox is 1 MiB each at most; the rest is what the process itself takes."""
MOST_DELAY = 0.001
"""Seconds by which the others' median may grow: less than anybody can see."""
_PAUSE = 0.01


def run(seconds: float) -> Iterator[Outcome]:
    """The trial."""
    with serve(Ticker, "memory://") as script:
        yield run_loop(_try(Outcome("a page that does not read"), script, seconds))


async def _try(outcome: Outcome, script: Script, seconds: float) -> Outcome:
    server = Server(script.process, script.port)
    deaf, *others = pages = [Page(script.url) for _ in range(OTHERS + 1)]
    for page in pages:
        await page.load()
        await page.connect()
    before, start = await _latencies(others, seconds), server.memory_kib()
    memory = asyncio.ensure_future(_highest(server, seconds))
    deaf.send("go", "click")
    meanwhile, highest = await _latencies(others, seconds), await memory
    deaf.send("go", "click")
    async with asyncio.timeout(30):
        await deaf.until(lambda: deaf.text("text").startswith("final"))
    _, updates, took = deaf.text("text").split()
    rate = int(updates) / float(took)
    outcome.note("updates of " + f"{UPDATE_SIZE} characters", int(updates))
    outcome.judge("updates a second", f"{rate:,.0f}", rate > 0.9 * UPDATES_PER_SECOND, f"{UPDATES_PER_SECOND:,}")
    outcome.note("the server's KiB before", start)
    growth = highest - start
    outcome.judge("KiB more at the most", growth, growth <= MOST_GROWTH_KIB, f"at most {MOST_GROWTH_KIB:,}")
    outcome.note("others' clicks before", spread(before))
    slower = median(meanwhile) - median(before)
    outcome.judge("others' clicks meanwhile", spread(meanwhile), slower <= MOST_DELAY, f"{MOST_DELAY * 1000:g} ms more")
    outcome.check("the last update is shown", deaf.text("text").split()[0], "final")
    clicks = [page.shown()[0] for page in others]
    outcome.check(
        "others' clicks lost or doubled", sum(abs(a - b.sent) for a, b in zip(clicks, others, strict=True)), 0
    )
    for page in pages:
        await page.hang_up()
    return outcome


async def _latencies(pages: list[Page], seconds: float) -> list[float]:
    """Seconds from a click to its effect, one click after the other."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for page in pages:
            began = time.perf_counter()
            page.add()
            await page.handled()
            times.append(time.perf_counter() - began)
            await asyncio.sleep(_PAUSE)
    return times


async def _highest(server: Server, seconds: float) -> int:
    """The most memory that the server has during this time, in KiB."""
    highest, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        highest = max(highest, server.memory_kib())
        await asyncio.sleep(0.25)
    return highest
