"""Simulated pages that click while their connections are dropped, and their server is killed: once right after they
were loaded, and twice later."""

import asyncio
import random
import time
from collections.abc import Iterator

from benchmarks.processes import run as run_loop
from tests.serving import Script

from .apps import Counter, newest, serve
from .client import LOST, Page
from .report import Outcome, spread

KILLS = 3
SETTLE_SECONDS = 60.0
_STAY, _AWAY, _PAUSE = 3.0, 0.3, 0.2
"""Mean seconds of a connection, without one, and between two clicks."""


def run(pages: int, seconds: float, seed: int) -> Iterator[Outcome]:
    """The trial."""
    with serve(Counter) as script:
        yield run_loop(_drop(script, pages, seconds, seed))


async def _drop(script: Script, number: int, seconds: float, seed: int) -> Outcome:
    outcome = Outcome("dropped connections")
    loop = asyncio.get_running_loop()
    pages = [Page(script.url) for _ in range(number)]
    await asyncio.gather(*(_open(page) for page in pages))
    end = loop.time() + seconds
    users = [_use(page, random.Random(f"{seed} {index}"), end) for index, page in enumerate(pages)]
    resumed: list[float] = []
    results = await asyncio.gather(_kill(script, seconds, resumed), *users, return_exceptions=True)
    outcome.check("users that failed", [repr(result) for result in results if result is not None], [])
    outcome.note("simulated pages", number)
    outcome.note("seconds", seconds)
    outcome.note("kills of the server", KILLS)
    outcome.note("sessions killed before they were stored", sum(page.beginnings for page in pages))
    outcome.note("connections lost", sum(page.connects - 1 for page in pages))
    outcome.note("events", sum(page.sent for page in pages))
    outcome.note("events sent again", sum(page.sent_again for page in pages))
    shown = [page.shown() for page in pages]
    pairs = [(found[0], page.sent) for found, page in zip(shown, pages, strict=True)]
    outcome.check("events lost", sum(max(0, sent - counted) for counted, sent in pairs), 0)
    outcome.check("events doubled", sum(max(0, counted - sent) for counted, sent in pairs), 0)
    outcome.check("events out of turn", sum(found[1] for found in shown), 0)
    wrong = [found for found, page in zip(shown, pages, strict=True) if found[2] != newest(page.sent)]
    outcome.check("pages that show something else", len(wrong), 0)
    outcome.check("sessions lost", sum(page.losses for page in pages), 0)
    outcome.note("the port open again after", spread(resumed))
    for page in pages:
        await page.hang_up()
    return outcome


async def _open(page: Page) -> None:
    await page.load()
    await page.connect()
    page.add()
    await page.until(lambda: page.got == page.sent)


async def _kill(script: Script, seconds: float, resumed: list[float]) -> None:
    for number in range(KILLS):
        # At first they have just come.
        await asyncio.sleep(seconds / KILLS if number else 0)
        script.kill()
        began = time.monotonic()
        await asyncio.to_thread(script.start)
        resumed.append(time.monotonic() - began)


async def _use(page: Page, chance: random.Random, end: float) -> None:
    """Clicks until the end, over connections that are dropped, and then waits until all clicks are stored."""
    loop = asyncio.get_running_loop()
    clicking = loop.create_task(_click(page, chance, end))
    while loop.time() < end:
        await _read(page, min(end, loop.time() + chance.expovariate(1 / _STAY)))
        await page.hang_up()
        await asyncio.sleep(chance.expovariate(1 / _AWAY))
        await page.come_back(end + SETTLE_SECONDS)
    # By now nobody cuts the connection any more.
    await clicking
    async with asyncio.timeout_at(end + SETTLE_SECONDS):
        await page.until(lambda: page.stored >= page.sent)
        await page.catch_up()


async def _click(page: Page, chance: random.Random, end: float) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() < end:
        page.add()
        await asyncio.sleep(chance.expovariate(1 / _PAUSE))


async def _read(page: Page, until: float) -> None:
    """Takes in what comes until that time, or until the connection is lost."""
    try:
        async with asyncio.timeout_at(until):
            while True:
                await page.frame()
    except (TimeoutError, *LOST):
        return
