"""What a handler may do, in a live page: change several things, wait, raise, come from a thread, send, and end it."""

import asyncio
import logging
import threading
from typing import Any

import pytest

from jibe_like import Button, Connection, HBox, Label, MainApp, OrphanWidgetError, Settings, Widget
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, until


class Page(MainApp):
    """A button and two labels; a test fills in what the button does."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.one, self.two = Label("", identifier="one"), Label("", identifier="two")
        self.box = HBox(identifier="box")
        self.go = Button("Go", identifier="go")
        self.go.register("click", self.on_go)
        self.children = [self.go, self.one, self.two, self.box]

    def on_go(self) -> Any:
        raise NotImplementedError


# -- one frame a turn


@pytest.mark.gen_test
async def test_all_that_a_handler_changes_is_one_frame(mounted: Mounted, base_url: str) -> None:
    class Several(Page):
        def on_go(self) -> None:
            self.one.value = "first"
            self.two.value = "second"
            self.one.value = "last"
            self.box.children.append(Label("new", identifier="new"))
            self.box.children.append(Label("gone"))
            self.box.children.pop()

    mounted(Several)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        frame = await page.frame()
        assert (frame["seq"], frame["got"]) == (1, 1)
        assert sorted(op[0] for op in frame["ops"]) == ["insert", "text", "text"]
        assert (page.text("one"), page.text("two"), page.text("box")) == ("last", "second", "new")


@pytest.mark.gen_test
async def test_what_changes_in_one_turn_without_an_event_is_one_frame(mounted: Mounted, base_url: str) -> None:
    class Idle(Page):
        pass

    registry = mounted(Idle)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        [session] = registry.sessions.values()
        document = session.document
        assert isinstance(document, Idle)
        for text in "abc":
            document.one.value = text
            document.two.value = text
        assert await page.frame() == {"seq": 1, "ops": [["text", "one", "c"], ["text", "two", "c"]]}


# -- async handlers


@pytest.mark.gen_test
async def test_an_async_handler_shows_what_it_has_done_whenever_it_waits(mounted: Mounted, base_url: str) -> None:
    step = asyncio.Event()

    class Waiting(Page):
        async def on_go(self) -> None:
            for text in ("one", "two", "three"):
                self.one.value = f"started {text}"
                self.one.value = text
                await step.wait()
                step.clear()
            self.two.value = "done"

    mounted(Waiting)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        assert await page.frame() == {"got": 1}
        for seq, text in enumerate(("one", "two", "three"), 1):
            assert await page.frame() == {"seq": seq, "ops": [["text", "one", text]]}
            step.set()
        assert await page.frame() == {"seq": 4, "ops": [["text", "two", "done"]]}


@pytest.mark.gen_test
async def test_other_events_are_handled_while_one_waits(mounted: Mounted, base_url: str) -> None:
    released = asyncio.Event()

    class Waiting(Page):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.go.register("dblclick", self.wait)

        async def wait(self) -> None:
            await released.wait()
            self.one.value = "slow"

        def on_go(self) -> None:
            self.two.value = "quick"

    mounted(Waiting)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.send("go", "dblclick")
        page.click("go")
        await page.shows("two", "quick")
        assert page.text("one") == ""
        released.set()
        await page.shows("one", "slow")


@pytest.mark.gen_test
async def test_a_waiting_handler_ends_with_its_session(mounted: Mounted, base_url: str) -> None:
    ended: list[str] = []

    class Waiting(Page):
        async def on_go(self) -> None:
            self.one.value = "waiting"
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("ended")

    registry = mounted(Waiting, settings=Settings(unused_lifetime=0, check_interval=0.001))
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        await page.shows("one", "waiting")
    await until(lambda: not registry.sessions)
    await until(lambda: ended)


# -- handlers that raise


class Failing(Page):
    def __init__(self, connection: Connection) -> None:
        self.told: list[tuple[Widget, str, str]] = []
        super().__init__(connection)
        self.go.register("dblclick", self.fail_later)

    def on_go(self) -> None:
        self.one.value = f"before it {len(self.told) + 1}"
        raise LookupError("no <luck>")

    async def fail_later(self) -> None:
        self.on_go()

    def on_error(self, widget: Widget, event: str, error: Exception) -> None:
        self.told.append((widget, event, str(error)))
        super().on_error(widget, event, error)


def tracebacks(page: Visitor) -> int:
    """How many the page shows."""
    text = page.text("topwidget")
    assert text.count("LookupError: no <luck>") == text.count("Traceback")
    return text.count("Traceback")


@pytest.mark.gen_test
async def test_a_handler_that_raises_again_and_again_does_not_fill_the_page(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    registry = mounted(Failing, settings=Settings(debug=True))
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        for n in range(1, 13):
            page.send("go", "click")
            await page.shows("one", f"before it {n}")
        await page.until(lambda: tracebacks(page) == 10)
        [session] = registry.sessions.values()
        assert isinstance(session.document, Failing)
        assert len(session.document.told) == 12
        caplog.clear()


@pytest.mark.gen_test
@pytest.mark.parametrize("event", ["click", "dblclick"])
@pytest.mark.parametrize("debug", [False, True])
async def test_a_handler_that_raises(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture, event: str, debug: bool
) -> None:
    registry = mounted(Failing, settings=Settings(debug=debug))
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        [session] = registry.sessions.values()
        document = session.document
        assert isinstance(document, Failing)
        for n in (1, 2):
            # The second time shows that nothing was harmed.
            page.send("go", event)
            await page.shows("one", f"before it {n}")
            await page.until(lambda: tracebacks(page) == len(document.told) * debug)
            assert document.told == [(document.go, event, "no <luck>")] * n
            [error] = [record for record in caplog.records if record.levelno >= logging.ERROR]
            assert error.getMessage() == f"session {session.id}: the handler of {event!r} of Button(go) raised"
            assert error.exc_info is not None
            assert "no <luck>" in str(error.exc_info[1])
            caplog.clear()
        assert list(registry.sessions.values()) == [session]
        assert session.connection_count == 1


@pytest.mark.gen_test
async def test_of_several_handlers_one_may_raise(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Two(Failing):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.go.register("click", self.second)

        def second(self) -> None:
            self.two.value = "called"

    mounted(Two)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        await page.shows("two", "called")
        assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
        caplog.clear()


@pytest.mark.gen_test
async def test_on_error_that_raises_is_logged_too(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Worse(Failing):
        def on_error(self, widget: Widget, event: str, error: Exception) -> None:
            raise ZeroDivisionError("worse") from error

    mounted(Worse)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        assert (await page.frame())["got"] == 1
        errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert len(errors) == 2
        assert errors[1].endswith("on_error raised")
        caplog.clear()
        page.click("box")
        assert await page.frame() == {"got": 2}


@pytest.mark.gen_test
async def test_an_application_whose_on_message_raises(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Nosy(Page):
        def on_message(self, message: dict[str, Any]) -> None:
            if message["event"] == "click":
                raise LookupError("clicks are not wanted")
            super().on_message(message)

    mounted(Nosy)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        assert await page.frame() == {"got": 1}
        [error] = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert "'click' of Button(go)" in error.getMessage()
        caplog.clear()
        page.send("go", "focus")
        assert await page.frame() == {"got": 2}


# -- from another thread


@pytest.mark.gen_test
async def test_a_property_set_in_another_thread_arrives(mounted: Mounted, base_url: str) -> None:
    idle = threading.Event()

    class Working(Page):
        def on_go(self) -> None:
            self.worker = threading.Thread(target=self.work)
            self.worker.start()

        def work(self) -> None:
            idle.wait(10)
            for i in range(100):
                self.one.value = f"step {i}"
                self.two.css({"width": f"{i}px"})

    registry = mounted(Working)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        # From now on nothing but the thread gives the server a reason to send.
        assert await page.frame() == {"got": 1}
        idle.set()
        await page.until(lambda: page.text("one") == "step 99" and page.element("two").style["width"] == "99px")
        [session] = registry.sessions.values()
        assert isinstance(session.document, Working)
        session.document.worker.join()


# -- messages of one's own


class Telling(Page):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        for n in (1, 2):
            self.deliver({"id": "one", "note": n})
        self.two.message({"note": 3})
        with pytest.raises(OrphanWidgetError):
            Label("").message({"note": 4})

    def on_go(self) -> None:
        self.two.message({"note": "now"})


@pytest.mark.gen_test
async def test_messages_wait_in_the_outbox_until_the_socket_is_open(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Telling)
    async with Visitor(base_url) as page:
        await page.load()
        [session] = registry.sessions.values()
        assert isinstance(session.document, Telling)
        expected = [
            {"id": "one", "note": 1, "path": ["topwidget"]},
            {"id": "one", "note": 2, "path": ["topwidget"]},
            {"id": "two", "note": 3, "path": ["topwidget", "two"]},
        ]
        assert session.document.outbox == expected
        await page.connect()
        assert await page.frame() == {"seq": 1, "ops": [["message", message] for message in expected]}
        assert session.document.outbox == []
        page.click("go")
        now = {"id": "two", "note": "now", "path": ["topwidget", "two"]}
        assert await page.frame() == {"seq": 2, "got": 1, "ops": [["message", now]]}


@pytest.mark.gen_test
async def test_messages_that_waited_come_after_the_tree_that_they_are_about(mounted: Mounted, base_url: str) -> None:
    mounted(Telling)
    async with Visitor(base_url) as page:
        await page.connect()
        assert "root" in await page.frame()
        assert [op[0] for op in (await page.frame())["ops"]] == ["message"] * 3


# -- the end


@pytest.mark.gen_test
async def test_an_application_may_close_the_connection(mounted: Mounted, base_url: str) -> None:
    class Leaving(Page):
        def on_go(self) -> None:
            self.one.value = "good-bye"
            assert self.connection is not None
            self.connection.close()

    registry = mounted(Leaving, settings=Settings(unused_lifetime=0, check_interval=0.001))
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        assert await page.closed() == (1000, "closed by the application")
    await until(lambda: not registry.sessions)


@pytest.mark.gen_test
async def test_a_redirect_is_the_last_thing_in_its_frame(mounted: Mounted, base_url: str) -> None:
    class Leaving(Page):
        def on_go(self) -> None:
            self.redirect("https://example.org/next")
            self.one.value = "on the way"

    mounted(Leaving)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("go")
        frame = await page.frame()
        assert frame["ops"] == [["text", "one", "on the way"], ["go", "https://example.org/next"]]
