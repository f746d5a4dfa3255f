"""Work beside the handlers, on a live server: fifty threads at once, what the page sees of it, and its end."""

import asyncio
import logging
import threading

import pytest

from jibe_like import Button, Connection, Label, MainApp, Settings, VBox, Widget
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, until
from tests.mirror import Page

THREADS = 50
SHORT = Settings(unused_lifetime=0, lost_lifetime=0, check_interval=0.001)


class Crowd(MainApp):
    """A press has fifty threads fill the page."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.go = Button("Go", identifier="go")
        self.go.register("click", self.on_go)
        self.said = Label("", identifier="said")
        self.labels = [Label("") for _ in range(THREADS)]
        self.rows = VBox(identifier="rows")
        self.children = [self.go, self.said, VBox(self.labels), self.rows]

    async def on_go(self) -> None:
        await asyncio.gather(*(self.run(self.work, number) for number in range(THREADS)))
        self.said.value = "done"

    def work(self, number: int) -> None:
        for step in range(20):
            self.labels[number].value = f"{number}: {step}"
            self.said.value = f"{number} is at work"
            self.rows.children.append(Label(f"{number}-{step}"))
            if step % 2:
                self.rows.children.pop(0)


@pytest.mark.gen_test
async def test_fifty_threads_lose_nothing(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Crowd)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        await page.shows("said", "done")
        [session] = registry.sessions.values()
        app = session.document
        assert isinstance(app, Crowd)
        assert [label.value for label in app.labels] == [f"{number}: 19" for number in range(THREADS)]
        assert len(app.rows.children) == 10 * THREADS
        # The page shows what is: nothing twice, nothing in another place.
        assert page.page is not None
        assert page.page.shape() == Page(app.node()).shape()


class Busy(MainApp):
    """Does all that can be done in the background."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.go = threading.Event()
        self.ticks = Label("0", identifier="ticks")
        self.children = [self.ticks]
        self.notes: list[str] = []

    def on_session_created(self) -> None:
        self.every(0.001, self.tick)
        self.every(0.001, self.forever, "every")
        self.run(self.forever, "run")
        self.run(self.in_thread)
        self.run(self.show_progress)
        self.run(self.forever, "detached", detach=True)

    def tick(self) -> None:
        self.ticks.value = str(int(self.ticks.value) + 1)

    async def forever(self, name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.notes.append(f"{name} ended")

    def in_thread(self) -> None:
        self.go.wait(20)

    async def show_progress(self) -> None:
        try:
            async for _ in self.progress(range(10**9), "Endless"):
                await asyncio.sleep(0)
        finally:
            self.notes.append("progress ended")


@pytest.mark.gen_test
async def test_nothing_outlives_the_session_but_what_is_detached(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Busy, settings=SHORT)
    before = asyncio.all_tasks()
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        await page.until(lambda: int(page.text("ticks")) > 5)
        [session] = registry.sessions.values()
        app = session.document
        assert isinstance(app, Busy)
        assert not session.is_busy
        assert len([task for task in asyncio.all_tasks() - before if "run Busy" in task.get_name()]) == 4
    await until(lambda: session.destroyed and len(app.notes) == 3)
    assert sorted(app.notes) == ["every ended", "progress ended", "run ended"]
    counted = app.ticks.value
    [detached] = [task for task in asyncio.all_tasks() - before if "run Busy" in task.get_name()]
    app.go.set()
    detached.cancel()
    await until(lambda: len(app.notes) == 4)
    assert app.ticks.value == counted


@pytest.mark.gen_test
async def test_a_server_that_stops_does_not_wait_for_work(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Busy)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        [session] = registry.sessions.values()
        app = session.document
        assert isinstance(app, Busy)
        await page.until(lambda: int(page.text("ticks")) > 1)
        for task in asyncio.all_tasks():
            if task.get_name() == "run Busy.forever":
                task.cancel()
        async with asyncio.timeout(2):
            await registry.close()
        assert session.destroyed
        app.go.set()


@pytest.mark.gen_test
async def test_what_fails_in_the_background_is_logged_and_shown(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.said = Label("", identifier="said")
            self.children = [self.said]

        def on_session_created(self) -> None:
            self.run(self.work)

        def work(self) -> None:
            raise ValueError("out of luck")

        def on_error(self, widget: Widget, event: str, error: Exception) -> None:
            self.said.value = f"{widget.identifier}: {event.rpartition('.')[2]}: {error}"

    registry = mounted(Failing)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        [session] = registry.sessions.values()
        if page.text("said") != "topwidget: work: out of luck":
            await page.shows("said", "topwidget: work: out of luck")
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert f"session {session.id}" in record.getMessage()
    assert record.exc_info
    caplog.clear()
