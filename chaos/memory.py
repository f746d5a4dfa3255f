"""Thousands of sessions, opened, dropped and expired: is their memory given back?

Judged is the resident set size: what the system counts as the memory of the process. Reported too are the pages that
belong to no file, its heaps and stacks. A megabyte of those, 3 %, is one that Python keeps although nothing is left in
it. The proportional set size, which the other trials and the benchmarks use, changes whenever any other process that
has the same libraries loaded starts or ends.
"""

import asyncio
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.processes import run as run_loop
from tests.serving import Script

from .apps import Held, serve
from .client import Page
from .report import Outcome

WARM_UP = 50
"""Sessions before the first look: what the server loads or opens when it is first needed, it has by then."""
REACH = 1.05
"""Of the memory at the start."""
_AT_ONCE = 50
_OTHER_FILES = 200
"""Of those that a process may have open, what it needs beside connections."""
_WAIT_SECONDS = 30.0
"""For the socket of a page: none may end before."""
_SETTLE_SECONDS = 60.0
_QUIET_SECONDS = 15.0
"""In which a store comes to rest too."""
_LOOKS = 60
"""Half seconds for the memory to come back."""


def run(sessions: int) -> Iterator[Outcome]:
    """The trial, with sessions that live in memory alone, with a store, and with all of them connected at once."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    limits = {"sessions": 2 * sessions, "prerendered_sessions": 2 * sessions, "check_interval": 0.5}
    lifetimes = {"prerendered_lifetime": _WAIT_SECONDS, "lost_lifetime": 1.0}
    for name, store, connected in (
        ("memory", "memory://", 0),
        ("memory, with a store", "sqlite:///{folder}/chaos.db", 0),
        ("memory, all connected", "memory://", min(sessions, most_files - _OTHER_FILES)),
    ):
        with serve(Held, store, **limits, **lifetimes) as script:
            yield run_loop(_grow_and_shrink(Outcome(name), script, connected or sessions, bool(connected)))


async def _grow_and_shrink(outcome: Outcome, script: Script, sessions: int, connected: bool) -> Outcome:
    pid = script.process.pid
    outcome.note("KiB, just started", _resident_kib(pid))
    await _open(script.url, WARM_UP)
    await _release(script.url)
    await _until_ended(script, WARM_UP + 1)
    await asyncio.sleep(_QUIET_SECONDS)
    start, own = _resident_kib(pid), _own_kib(pid)
    outcome.note(f"KiB, after {WARM_UP:,} sessions: the start", start)
    began = time.monotonic()
    pages = await _open(script.url, sessions, connected)
    outcome.note("seconds to open them", f"{time.monotonic() - began:.1f}")
    outcome.check("sessions expired until then", _count_ended(script) - WARM_UP, 1)
    outcome.note(f"KiB, with {sessions:,} sessions", _resident_kib(pid))
    for page in pages:
        await page.hang_up()
    del pages
    await _release(script.url)
    ended = await _until_ended(script, WARM_UP + sessions + 2)
    outcome.check("sessions expired", ended - WARM_UP, sessions + 2)
    end = await _until_small(pid, start)
    outcome.judge("KiB, after they have expired", end, end <= REACH * start, f"at most {REACH * start:,.0f}")
    outcome.note("of the start", f"{end / start:.1%}")
    outcome.note("of the start, pages of no file", f"{_own_kib(pid) / own:.1%}")
    return outcome


def _own_kib(pid: int) -> int:
    """Pages that belong to no file."""
    return _smaps_kib(pid, "Anonymous")


def _resident_kib(pid: int) -> int:
    """All pages."""
    return _smaps_kib(pid, "Rss")


def _smaps_kib(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


async def _open(url: str, sessions: int, stay: bool = False) -> list[Page]:
    """So many read the page, open its socket, click once, and are gone; or stay, and are given."""
    left = iter(range(sessions))
    pages: list[Page] = []

    async def visitor() -> None:
        for _ in left:
            page = await _visit(Page(url), Page.add)
            if stay:
                pages.append(page)
            else:
                await page.hang_up()

    await asyncio.gather(*(visitor() for _ in range(_AT_ONCE)))
    return pages


async def _release(url: str) -> None:
    """Nothing holds the sessions any more, the one that says so included."""
    page = await _visit(Page(url), lambda page: page.send("release", "click"))
    await page.hang_up()


async def _visit(page: Page, act: Callable[[Page], object]) -> Page:
    await page.load()
    await page.connect()
    act(page)
    await page.until(lambda: page.got == page.sent)
    return page


async def _until_ended(script: Script, sessions: int) -> int:
    """Waits until so many have expired, within bounds; gives how many have."""
    ended = 0
    deadline = time.monotonic() + _SETTLE_SECONDS
    while ended < sessions and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        ended = _count_ended(script)
    return ended


def _count_ended(script: Script) -> int:
    return script.output().splitlines().count("ended")


async def _until_small(pid: int, start: int) -> int:
    """Waits until the memory is back, within bounds; gives what it is then."""
    for _ in range(_LOOKS):
        if _resident_kib(pid) <= REACH * start:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(_QUIET_SECONDS)
    return _resident_kib(pid)
