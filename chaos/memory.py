"""Thousands of sessions, opened, dropped and expired: is their memory given back?"""

import asyncio
import time
from collections.abc import Iterator

from benchmarks.processes import Server
from benchmarks.processes import run as run_loop
from tests.serving import Script

from .apps import Counter, serve
from .client import Page
from .report import Outcome

WARM_UP = 1_000
"""Sessions before the first look: what the process has once, it has by then."""
REACH = 1.05
"""Of the memory at the start."""
_AT_ONCE = 50
_HOLD_SECONDS = 45.0
"""How long a lost session is kept: until all are there."""
_SETTLE_SECONDS = 60.0
_QUIET_SECONDS = 3.0
_LOOKS = 30
"""Half seconds for the memory to come back."""


def run(sessions: int) -> Iterator[Outcome]:
    """The trial, with sessions that live in memory, and with a store: there once they have all been there before.

    SQLite has caches and threads of its own, which grow with the first of them.
    """
    trials = ("memory", "memory://", WARM_UP), ("memory, with a store", "sqlite:///{folder}/chaos.db", sessions)
    for name, store, warm_up in trials:
        limits = {"sessions": 2 * sessions, "prerendered_sessions": 2 * sessions, "check_interval": 0.5}
        lifetimes = {"prerendered_lifetime": 5.0, "unused_lifetime": 5.0, "lost_lifetime": _HOLD_SECONDS}
        with serve(Counter, store, **limits, **lifetimes) as script:
            yield run_loop(_grow_and_shrink(Outcome(name), script, warm_up, sessions))


async def _grow_and_shrink(outcome: Outcome, script: Script, warm_up: int, sessions: int) -> Outcome:
    server = Server(script.process, script.port)
    outcome.note("KiB, just started", server.memory_kib())
    await _open(script.url, warm_up, say_goodbye=warm_up < sessions)
    await _until_ended(script, warm_up)
    await asyncio.sleep(_QUIET_SECONDS)
    start = server.memory_kib()
    outcome.note(f"KiB, after {warm_up:,} sessions: the start", start)
    began = time.monotonic()
    await _open(script.url, sessions, say_goodbye=False)
    outcome.note("seconds to open them", f"{time.monotonic() - began:.1f}")
    outcome.note(f"KiB, with {sessions:,} sessions", server.memory_kib())
    ended = await _until_ended(script, warm_up + sessions)
    outcome.check("sessions expired", ended - warm_up, sessions)
    end = await _until_small(server, start)
    outcome.judge("KiB, after they have expired", end, end <= REACH * start, f"at most {REACH * start:,.0f}")
    outcome.note("of the start", f"{end / start:.1%}")
    return outcome


async def _open(url: str, sessions: int, *, say_goodbye: bool) -> None:
    left = iter(range(sessions))

    async def visitor() -> None:
        for _ in left:
            await _visit(Page(url), say_goodbye)

    await asyncio.gather(*(visitor() for _ in range(_AT_ONCE)))


async def _visit(page: Page, say_goodbye: bool) -> None:
    """Reads the page, opens its socket, clicks once, and is gone."""
    await page.load()
    await page.connect()
    page.add()
    await page.until(lambda: page.got == page.sent)
    await (page.leave() if say_goodbye else page.hang_up())


async def _until_ended(script: Script, sessions: int) -> int:
    """Waits until so many have expired, within bounds; gives how many have."""
    ended = 0
    deadline = time.monotonic() + _HOLD_SECONDS + _SETTLE_SECONDS
    while ended < sessions and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        lines = [line for line in script.output().splitlines() if line.startswith("ended: ")]
        ended = int(lines[-1].split()[1]) if lines else 0
    return ended


async def _until_small(server: Server, start: int) -> int:
    """Waits until the memory is back, within bounds; gives what it is then."""
    for _ in range(_LOOKS):
        if server.memory_kib() <= REACH * start:
            break
        await asyncio.sleep(0.5)
    return server.memory_kib()
