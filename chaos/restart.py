"""How long it takes to go on after a restart with a thousand sessions in the store."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

from benchmarks.processes import Server
from benchmarks.processes import run as run_loop
from tests.serving import Script

from .apps import Counter, serve
from .client import Page
from .report import Outcome, spread

_AT_ONCE = 50
_STORED_SECONDS = 120.0


def run(sessions: int) -> Iterator[Outcome]:
    """The trial."""
    with serve(Counter) as empty, serve(Counter) as script:
        yield run_loop(_try(Outcome("restart"), empty, script, sessions))


async def _try(outcome: Outcome, empty: Script, script: Script, sessions: int) -> Outcome:
    pages = [Page(script.url) for _ in range(sessions)]
    async with asyncio.timeout(_STORED_SECONDS):
        await _each(pages, _open)
        await _each(pages, _until_stored)
    empty.kill()
    outcome.note("sessions in the store", sessions)
    outcome.note("the port is open after, with an empty store", f"{await _start(empty) * 1000:,.0f} ms")
    script.kill()
    outcome.note("the port is open after", f"{await _start(script) * 1000:,.0f} ms")
    for page in pages:
        await page.hang_up()
    server = Server(script.process, script.port)
    outcome.note("KiB then", server.memory_kib())
    times: list[float] = []
    began = time.monotonic()
    async with asyncio.timeout(_STORED_SECONDS):
        await _resume(pages[0], times)
        outcome.note("the first page goes on after", f"{times[0] * 1000:,.1f} ms")
        await _each(pages[1:], lambda page: _resume(page, times))
    outcome.note(f"each of the others, {_AT_ONCE} at a time", spread(times[1:]))
    outcome.note("all go on after", f"{time.monotonic() - began:,.1f} s")
    outcome.note("KiB with all of them", server.memory_kib())
    outcome.check("sessions lost", sum(page.losses for page in pages), 0)
    outcome.check("clicks lost or doubled", sum(abs(page.shown()[0] - page.sent) for page in pages), 0)
    for page in pages:
        await page.hang_up()
    return outcome


async def _start(script: Script) -> float:
    began = time.monotonic()
    await asyncio.to_thread(script.start)
    return time.monotonic() - began


async def _each(pages: list[Page], work: Callable[[Page], Awaitable[None]]) -> None:
    left = iter(pages)

    async def worker() -> None:
        for page in left:
            await work(page)

    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))


async def _open(page: Page) -> None:
    await page.load()
    await page.connect()
    page.add()


async def _until_stored(page: Page) -> None:
    await page.until(lambda: page.stored == page.sent)


async def _resume(page: Page, times: list[float]) -> None:
    """Comes back and clicks; the time is until the effect of that is there."""
    began = time.perf_counter()
    await page.connect()
    page.add()
    await page.until(lambda: page.got == page.sent)
    times.append(time.perf_counter() - began)
