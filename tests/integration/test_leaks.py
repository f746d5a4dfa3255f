"""Nothing of a session stays alive after it has ended."""

import asyncio
import gc
import logging
from collections import Counter
from typing import Any
from weakref import WeakSet

import pytest

from jibe_like import (
    Button,
    Connection,
    Dropdown,
    HBox,
    Input,
    Label,
    MainApp,
    Notification,
    Session,
    Settings,
    Timer,
    VBox,
    WebSocketHandler,
    Widget,
    event_handler,
)
from jibe_like.session.registry import Registry
from jibe_like.tree.tree import Tree
from jibe_like.wire.outbox import Outbox
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, turn, until
from tests.serving import Serve

SESSIONS = 1_000
AT_A_TIME = 20
made: WeakSet[Widget] = WeakSet()
"""The applications that are alive."""

SHORT = Settings(unused_lifetime=0, lost_lifetime=0, prerendered_lifetime=0, check_interval=0.001)
KINDS = (Widget, Connection, Session, WebSocketHandler, Tree, Outbox)


class Marked(Button):
    @event_handler("click")
    def on_click(self, message: dict[str, Any]) -> None:
        self.emit("click", message)


class Busy(MainApp):
    """Uses what could hold on to a session: closures, bound methods, watchers, tasks, timers, and references back."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        made.add(self)
        self.label = Label("0", identifier="label")
        self.entry = Input(identifier="entry")
        self.entry.watch("value", lambda new, old: self.show(new))
        self.entry.register("change", self.on_entry)
        go = Marked("Go", identifier="go")
        go.register("click", self.on_go)
        go.register("click", lambda: self.show("clicked"))
        self.box = VBox([HBox([Dropdown("a", ["a", "b"])]), Timer(3600), Notification("note", timeout=3600)])
        self.children = [go, self.label, self.entry, self.box]
        go.back = self  # type: ignore[attr-defined]

    def show(self, text: str) -> None:
        self.label.value = text

    def on_entry(self) -> None:
        self.box.children.insert(0, Label(self.entry.value))
        self.box.children.pop()

    async def on_go(self) -> None:
        self.box.children.append(Label("waits"))
        self.message({"note": "for the page"})
        await asyncio.Event().wait()


def things() -> list[object]:
    """All that is alive of what a session is made of."""
    gc.collect()
    return [thing for thing in gc.get_objects() if issubclass(type(thing), KINDS)]


async def assert_nothing_left(registry: Registry, before: list[object]) -> None:
    """The sessions end, and with them all that was not there before."""
    await until(lambda: not registry.sessions)
    # Callbacks that are on their way, as of sockets that have just closed, still refer to them.
    for _ in range(10):
        await turn()
    known = {id(thing) for thing in before}
    left = [thing for thing in things() if id(thing) not in known]
    assert Counter(type(thing).__name__ for thing in left) == {}
    assert not made


async def visit(url: str, number: int) -> None:
    """A visitor of one of several kinds: some only look, some lose their connection, most leave politely."""
    async with Visitor(url) as page:
        if number % 4:
            await page.load()
        if number % 4 == 1:
            return
        await page.connect()
        page.click("go")
        page.change("entry", "typed")
        page.send("nowhere", "click")
        await page.handled()
        if number % 4 == 2:
            await page.lose()


@pytest.mark.gen_test(timeout=60)
async def test_a_thousand_visitors(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Busy, settings=SHORT)
    before = things()
    most = 0
    for start in range(0, SESSIONS, AT_A_TIME):
        await asyncio.gather(*(visit(base_url, number) for number in range(start, start + AT_A_TIME)))
        most = max(most, len(made))
    assert most > 0
    await assert_nothing_left(registry, before)


@pytest.mark.gen_test
@pytest.mark.parametrize("mode", ["broadcast", "multicast"])
async def test_pages_of_a_shared_session(mounted: Mounted, base_url: str, mode: str) -> None:
    registry = mounted(Busy, mode=mode, settings=SHORT)
    before = things()
    async with Visitor(base_url) as stays:
        await stays.connect()
        for number in range(0, 100, AT_A_TIME):
            await asyncio.gather(*(visit(base_url, n) for n in range(number, number + AT_A_TIME)))
        if mode == "broadcast":
            [session] = registry.sessions.values()
            await until(lambda: len(session.connections) == 1)
            del session
    del stays
    await assert_nothing_left(registry, before)


@pytest.mark.gen_test
async def test_an_application_that_fails(mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Busy):
        def show(self, text: str) -> None:
            raise LookupError(text)

    class Broken(Busy):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            raise LookupError("broken")

    registry, broken = mounted(Failing, "/failing", settings=SHORT), mounted(Broken, "/broken", settings=SHORT)
    # The tests' own log keeps each error with its traceback, and so all that was in it.
    caplog.set_level(logging.CRITICAL + 1, "jibe_like")
    before = things()
    for number in range(8):
        await visit(base_url + "/failing/", number)
        assert (await Visitor(base_url + "/broken").load()).code == 500
    await assert_nothing_left(broken, before)
    await assert_nothing_left(registry, before)


@pytest.mark.gen_test
async def test_widgets_that_leave_a_page_that_stays(mounted: Mounted, base_url: str) -> None:
    before = things()  # other tests' modules may hold widgets of their own
    known = {id(thing) for thing in before}
    registry = mounted(Busy)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        [session] = registry.sessions.values()
        assert isinstance(session.document, Busy)
        box = session.document.box
        for number in range(100):
            box.children = [HBox([Marked("x"), Label("y"), Timer(3600)], identifier=f"row{number}")]
            await page.frame()
        box.children.clear()
        await page.frame()
        here = [thing for thing in things() if isinstance(thing, Widget) and id(thing) not in known]
        left = Counter(type(thing).__name__ for thing in here)
        assert left == {"Busy": 1, "Marked": 1, "Label": 1, "Input": 1, "VBox": 1}
        assert [name for name in session.document.tree.index if name.startswith("row")] == []


@pytest.mark.gen_test
async def test_a_server_that_is_stopped(serve: Serve) -> None:
    before = things()
    url = serve(Busy)
    async with Visitor(url) as page, Visitor(url) as other:
        await page.connect()
        await other.load()
        assert len(made) == 2
        await asyncio.gather(asyncio.to_thread(serve.stop, url), page.closed())
    known = {id(thing) for thing in before}
    assert [thing for thing in things() if id(thing) not in known] == []
