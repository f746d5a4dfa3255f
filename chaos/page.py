"""A page in Chromium clicks ten times a second while its server is killed and started again."""

import contextlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from playwright.sync_api import Browser, Page, Route, TimeoutError, sync_playwright

from benchmarks.browser import FLAGS
from tests.chaos_proxy import ChaosProxy, Harm
from tests.e2e.outages import Clicking, mark, was_reloaded
from tests.serving import Script
from tools import chromium

from .apps import Counter, serve
from .report import Outcome, spread

HARM = Harm(cut=0.02, stall=0.005, stall_seconds=8, longest_delay=0.05)
SETTLE_SECONDS = 60.0
"""The longest that the page may take to come back; a stalled network is noticed after a silence only."""


def run(kills: int, seed: int) -> Iterator[Outcome]:
    """The trial over a quiet network, over one that does harm, and by polling."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        try:
            yield _try("page, websocket", browser, kills, seed, None, refuse=False)
            yield _try("page, harmful network", browser, kills, seed, HARM, refuse=False)
            yield _try("page, polling", browser, kills, seed, None, refuse=True)
            yield _try_loading("page, just loaded", browser, kills, seed)
        finally:
            browser.close()


def _try(name: str, browser: Browser, kills: int, seed: int, harm: Harm | None, *, refuse: bool) -> Outcome:
    outcome, chance = Outcome(name), random.Random(seed)
    with serve(Counter, ping_interval=1.0) as script, _address(script, harm, seed, refuse) as (url, proxy):
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        mark(page)
        if proxy is not None and harm is not None:
            proxy.harm = harm
        clicking = Clicking(page, page.locator("#count"))
        try:
            resumed = _kill_again_and_again(script, page, clicking, kills, chance)
            clicks = clicking.stop()
            _wait_for(page, clicks)
        except TimeoutError:
            resumed, clicks = [], clicking.stop()
        outcome.note("kills", kills)
        outcome.note("clicks", clicks)
        outcome.check("counted", int(page.locator("#count").text_content() or 0), clicks)
        outcome.check("loads", 1 + was_reloaded(page), 1)
        outcome.note("all clicks counted, after the port was open", spread(resumed))
        if proxy is not None:
            done = proxy.done
            outcome.note(
                "the proxy's connections",
                f"{done['connections']}; {done['refused']} refused, {done['cut']} cut, {done['stalled']} stalled",
            )
        context.close()
    return outcome


def _try_loading(name: str, browser: Browser, kills: int, seed: int) -> Outcome:
    """A page for each kill, which comes before the page is connected, or soon after that."""
    outcome, chance = Outcome(name), random.Random(seed)
    total = counted = reloads = 0
    resumed: list[float] = []
    with serve(Counter) as script:
        for number in range(kills):
            context = browser.new_context()
            page = context.new_page()
            if number % 3 == 0:
                page.route("**/client-*.js", partial(_kill_before, script))
            page.goto(script.url)
            mark(page)
            clicking = Clicking(page, page.locator("#count"))
            page.evaluate("document.getElementById('add').click(), window.clicks++")
            if number % 3:
                page.wait_for_timeout(chance.uniform(0, 60))
                script.kill()
            page.wait_for_timeout(chance.uniform(0, 500))
            script.start()
            opened = time.monotonic()
            with contextlib.suppress(TimeoutError):
                clicking.catch_up(within=SETTLE_SECONDS)
                resumed.append(time.monotonic() - opened)
            clicks = clicking.stop()
            with contextlib.suppress(TimeoutError):
                _wait_for(page, clicks)
            total += clicks
            counted += int(page.locator("#count").text_content() or 0)
            reloads += was_reloaded(page)
            context.close()
    outcome.note("kills", kills)
    outcome.note("clicks", total)
    outcome.check("counted", counted, total)
    outcome.check("reloads", reloads, 0)
    outcome.note("all clicks counted, after the port was open", spread(resumed))
    return outcome


def _kill_before(script: Script, route: Route) -> None:
    """The page gets its script from a server that is dead by then."""
    response = route.fetch()
    script.kill()
    route.fulfill(response=response)


@contextmanager
def _address(script: Script, harm: Harm | None, seed: int, refuse: bool) -> Iterator[tuple[str, ChaosProxy | None]]:
    if harm is None and not refuse:
        yield script.url, None
        return
    # The page itself comes whole: what is tried is the connection after it.
    with ChaosProxy(script.port, seed=seed, refuse_websockets=refuse) as proxy:
        yield proxy.url, proxy


def _kill_again_and_again(
    script: Script, page: Page, clicking: Clicking, kills: int, chance: random.Random
) -> list[float]:
    """Gives the seconds from the open port to the moment when all clicks were counted."""
    times = []
    for number in range(kills):
        # At first the page has just been loaded. Then at any moment: between two clicks, in the middle of one, before
        # or after it was stored.
        page.wait_for_timeout(chance.uniform(200, 900) if number else 0)
        script.kill()
        page.wait_for_timeout(chance.uniform(0, 500))
        script.start()
        opened = time.monotonic()
        clicking.catch_up(within=SETTLE_SECONDS)
        times.append(time.monotonic() - opened)
    return times


def _wait_for(page: Page, clicks: int) -> None:
    """Returns when the count has been right for a moment: a click that comes twice comes late."""
    page.wait_for_function(
        "goal => Number(document.getElementById('count').textContent) >= goal",
        arg=clicks,
        timeout=SETTLE_SECONDS * 1000,
    )
    page.wait_for_timeout(1_000)
