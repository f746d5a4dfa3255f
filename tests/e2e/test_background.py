"""What goes on beside the handlers, as a page sees it: also after the server was killed."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.outages import Problems, mark, was_reloaded
from tests.integration.test_background import THREADS, Crowd
from tests.serving import Script, Serve, ServeScript

SOURCE = """
import asyncio
import os
import time

from jibe_like import Button, Label, MainApp


class Busy(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        self.ticks = Label("0", identifier="ticks")
        self.said = Label("nothing yet", identifier="said")
        start = Button("Start")
        start.register("click", self.on_start)
        self.children = [start, self.ticks, self.said]
        self.every(0.02, self.tick)

    def tick(self):
        self.ticks.value = str(int(self.ticks.value) + 1)

    def on_start(self):
        # Due while nobody is there to do it.
        said = "done later"
        self.after(3, lambda: setattr(self.said, "value", said))
        self.run(self.work)

    def work(self):
        for row in self.progress(range(100_000), "Work", unit="rows"):
            time.sleep(0.01)


Busy.run(int(os.environ["PORT"]), address="127.0.0.1", store=os.environ["STORE"])
"""


@pytest.fixture
def page_problems() -> list[str]:
    return Problems()


@pytest.fixture
def script(serve_script: ServeScript, tmp_path: Path) -> Script:
    path = tmp_path / "busy.py"
    path.write_text(SOURCE)
    return serve_script(path, STORE=f"sqlite:///{tmp_path / 'busy.db'}")


def ticks(page: Page) -> int:
    return int(page.locator("#ticks").inner_text())


def stored(database: Path) -> bytes:
    """The session's snapshot."""
    with closing(sqlite3.connect(database)) as connection:
        return b"".join(record for (record,) in connection.execute("SELECT record FROM snapshots"))


def test_schedules_go_on_after_the_server_was_killed(page: Page, script: Script, tmp_path: Path) -> None:
    page.goto(script.url)
    mark(page)
    expect(page.locator("#ticks")).to_have_text(re.compile(r"^[1-9]\d$"))
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(re.compile(r"^[1-9]\d* of 100,000 rows"))).to_be_visible()
    expect(page.locator("#said")).to_have_text("nothing yet")
    # With the effect of the press: else the page sends it again, and the work begins anew.
    while b"running" not in stored(tmp_path / "busy.db"):
        page.wait_for_timeout(10)
    before = ticks(page)
    script.kill()
    script.start()
    expect(page.locator("#said")).to_have_text("done later")
    # The thread has died with its server, and the page says so.
    expect(page.get_by_text(re.compile(r"^stopped at \d+ of 100,000 rows$"))).to_be_visible()
    target = before + 20
    expect(page.locator("#ticks")).to_have_text(re.compile(rf"^({'|'.join(str(target + n) for n in range(200))})$"))
    assert not was_reloaded(page)


def test_a_server_that_is_told_to_stop_does_not_wait_for_threads(page: Page, script: Script) -> None:
    page.goto(script.url)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(re.compile(r"^[1-9]\d* of 100,000 rows"))).to_be_visible()
    assert script.stop() == 0
    assert "Traceback" not in script.output()


def test_fifty_threads_fill_one_page(page: Page, serve: Serve) -> None:
    page.goto(serve(Crowd))
    page.get_by_role("button", name="Go").click()
    expect(page.locator("#said")).to_have_text("done")
    rows = page.locator("#rows > *")
    expect(rows).to_have_count(10 * THREADS)
    assert len(set(rows.all_inner_texts())) == 10 * THREADS
    for number in (0, 17, THREADS - 1):
        expect(page.get_by_text(f"{number}: 19", exact=True)).to_be_visible()
