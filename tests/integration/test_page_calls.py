"""What a page's JavaScript calls by name: triggers and procedures, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jibe_like import Connection, Label, MainApp, Server, Settings, export_rpc
from jibe_like.session.current import current_connection, current_session
from tests.integration.visitor import Visitor


class App(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("nothing", identifier="label")
        self.children = [self.label]


class Procedures:
    @export_rpc("add")
    def add(self, *numbers: int) -> int:
        return sum(numbers)

    @export_rpc("add.slowly")
    async def add_slowly(self, *numbers: int) -> int:
        await asyncio.sleep(0)
        return sum(numbers)

    def secret(self) -> str:
        return "secret"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    server = Server(request.node.name)
    server.add_protocol_to_configure(lambda protocol: protocol.registerLinkProtocol(Procedures()))
    return server


@asynccontextmanager
async def opened(server: Server, **options: Any) -> AsyncIterator[Visitor]:
    """A page of `App` on this server."""
    server.mount(App, **options)
    task = server.start(0, exec_mode="task")
    await server.ready
    try:
        async with Visitor(server.url) as page:
            await page.connect()
            await page.until(lambda: page.page is not None)
            yield page
    finally:
        await server.stop()
        await task


async def results(page: Visitor, count: int = 1) -> list[Any]:
    """The next results that come to the page."""
    found: list[Any] = []
    while len(found) < count:
        found += [op[1:] for op in (await page.frame()).get("ops", []) if op[0] == "result"]
    return found


def trigger(page: Visitor, name: str, *args: Any, call: int = 1, **kwargs: Any) -> None:
    page.send(".", "trigger", data={"call": call, "name": name, "args": list(args), "kwargs": kwargs})


def call(page: Visitor, method: str, *args: Any, number: int = 1) -> None:
    page.send(".", "call", data={"call": number, "method": method, "args": list(args)})


@pytest.mark.gen_test
async def test_a_trigger_gets_arguments_and_gives_its_value(server: Server) -> None:
    @server.trigger("add")
    def add(a: int, b: int, *, times: int = 1) -> dict[str, int]:
        return {"sum": (a + b) * times}

    async with opened(server) as page:
        trigger(page, "add", 1, 2, times=3)
        assert await results(page) == [[1, {"sum": 9}, None]]


@pytest.mark.gen_test
async def test_the_session_of_the_page_is_the_current_one(server: Server) -> None:
    @server.trigger("say")
    async def say(word: str) -> str:
        await asyncio.sleep(0)
        document: Any = current_session("say").document
        document.label.value = word
        connection = current_connection()
        assert connection is not None
        return connection.id

    async with opened(server) as page:
        trigger(page, "say", "hello")
        [[number, value, error]] = await results(page)
        assert (number, error) == (1, None)
        [session] = server.sessions
        assert list(session.connections) == [value]
        assert page.text("label") == "hello"


@pytest.mark.gen_test
async def test_answers_go_to_the_page_that_asked(server: Server) -> None:
    server.trigger("greet")(lambda: "hello")
    async with opened(server, mode="broadcast") as page, Visitor(server.url) as other:
        await other.connect()
        await other.until(lambda: other.page is not None)
        trigger(page, "greet", call=7)
        assert await results(page) == [[7, "hello", None]]
        trigger(other, "greet", call=8)
        assert await results(other) == [[8, "hello", None]]


@pytest.mark.gen_test
async def test_answers_come_as_they_are_ready(server: Server) -> None:
    gate = asyncio.Event()

    @server.trigger("slow")
    async def slow() -> str:
        await gate.wait()
        return "slow"

    @server.trigger("fast")
    def fast() -> str:
        gate.set()
        return "fast"

    async with opened(server) as page:
        trigger(page, "slow", call=1)
        trigger(page, "fast", call=2)
        assert await results(page, 2) == [[2, "fast", None], [1, "slow", None]]


@pytest.mark.gen_test
async def test_a_call_that_wants_no_answer_gets_none(server: Server) -> None:
    called: list[str] = []
    server.trigger("note")(called.append)
    server.trigger("value")(lambda: 3)
    async with opened(server) as page:
        trigger(page, "note", "first", call=0)
        trigger(page, "value", call=5)
        assert await results(page) == [[5, 3, None]]
        assert called == ["first"]


@pytest.mark.gen_test
async def test_an_unknown_trigger_is_a_warning_and_null(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(server) as page:
        trigger(page, "nothing")
        assert await results(page) == [[1, None, None]]
    assert "no such trigger" in caplog.text
    assert {record.levelname for record in caplog.records if record.name == "jibe_like.session"} == {"WARNING"}


@pytest.mark.gen_test
async def test_procedures(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(server) as page:
        call(page, "add", 1, 2, number=1)
        call(page, "add.slowly", 3, 4, number=2)
        assert await results(page, 2) == [[1, 3, None], [2, 7, None]]
        for name in ("secret", "add_slowly", "__init__", "register"):
            call(page, name, number=3)
            assert await results(page) == [[3, None, f"there is no procedure {name!r}"]]
    assert "there is no procedure" in caplog.text


@pytest.mark.gen_test
@pytest.mark.parametrize("debug", [False, True])
async def test_what_went_wrong_inside_is_for_the_log(
    server: Server, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    @server.trigger("plain")
    def plain() -> None:
        raise LookupError("password of ada")

    @server.trigger("waits")
    async def waits() -> None:
        raise LookupError("password of ada")

    server.trigger("unsayable")(object)
    async with opened(server, settings=Settings(debug=debug)) as page:
        for name in ("plain", "waits"):
            trigger(page, name)
            told = "LookupError: password of ada" if debug else f"{name} failed"
            assert await results(page) == [[1, None, told]]
            assert "LookupError: password of ada" in caplog.text
            caplog.clear()
        trigger(page, "unsayable")
        [[_, value, told]] = await results(page)
        assert value is None
        assert ("TypeError" in told) == debug
        trigger(page, "plain", "too", "many")
        [[_, _, told]] = await results(page)
        assert ("takes 0 positional arguments" in told) == debug
    caplog.clear()


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("trigger", {"name": "note"}),
        ("trigger", {"call": -1, "name": "note"}),
        ("trigger", {"call": True, "name": "note"}),
        ("trigger", {"call": 1.5, "name": "note"}),
        ("trigger", {"call": 1}),
        ("trigger", {"call": 1, "name": ""}),
        ("trigger", {"call": 1, "name": "n" * 201}),
        ("trigger", {"call": 1, "name": ["note"]}),
        ("trigger", {"call": 1, "name": "note", "args": "abc"}),
        ("trigger", {"call": 1, "name": "note", "kwargs": []}),
        ("call", {"call": 1, "name": "note"}),
        ("call", {"call": 1, "method": 3}),
        ("nothing", {}),
    ],
    ids=str,
)
async def test_nonsense_is_refused(
    server: Server, caplog: pytest.LogCaptureFixture, event: str, data: dict[str, Any]
) -> None:
    called: list[Any] = []
    server.trigger("note")(called.append)
    async with opened(server) as page:
        page.send(".", event, data=data)
        await page.handled()
        assert called == []
        assert "ignored a message" in caplog.text
        trigger(page, "note", "works")
        assert await results(page) == [[1, None, None]]
    assert called == ["works"]


@pytest.mark.gen_test
async def test_triggers_of_a_child(server: Server) -> None:
    child = server.create_child_server(prefix="left_")
    child.trigger("reset")(lambda: "left")
    server.trigger("reset")(lambda: "root")
    async with opened(server) as page:
        trigger(page, "left_reset", call=1)
        trigger(page, "reset", call=2)
        assert await results(page, 2) == [[1, "left", None], [2, "root", None]]
