"""Servers that run: all ways to start and stop them, in this process and in one of their own."""

import asyncio
import logging
import socket
import sys
import threading
import types
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import tornado.web

from jibe_like import (
    Button,
    Connection,
    InJupyterApp,
    Label,
    MainApp,
    MultiApp,
    Server,
    ServerError,
    Settings,
    SettingsError,
)
from jibe_like.errors import StoreError
from jibe_like.session.session import Session
from jibe_like.store.sqlite import SqliteStore
from tests.integration.visitor import Visitor, until

HERE = "127.0.0.1"


class Counter(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("count: 0", identifier="label")
        add = Button("Add", identifier="add")
        add.register("click", self.on_add)
        self.n = 0
        self.children = [self.label, add]

    def on_add(self) -> None:
        self.n += 1
        self.label.value = f"count: {self.n}"


class Hooked(Counter):
    told: ClassVar[list[str]] = []

    @classmethod
    def on_server_loaded(cls) -> None:
        cls.told.append("loaded")

    @classmethod
    async def on_server_unloaded(cls) -> None:
        cls.told.append("unloaded")


class Other(Counter):
    def on_add(self) -> None:
        self.label.value = "other"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.node.name)


@asynccontextmanager
async def serving(server: Server, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """The server runs as a task meanwhile; its URL."""
    task = server.start(port, exec_mode="task", **options)
    await server.ready
    try:
        yield server.url
    finally:
        await server.stop()
        await task


def read(url: str) -> str:
    with urlopen(url, timeout=5) as response:
        text: str = response.read().decode()
    return text


async def read_later(url: str) -> str:
    return await asyncio.to_thread(read, url)


async def open_page(page: Visitor) -> None:
    """Opens a socket, and takes in what is shown."""
    await page.connect()
    await page.until(lambda: page.page is not None)


async def assert_works(url: str) -> None:
    async with Visitor(url) as page:
        await open_page(page)
        page.click("add")
        await page.shows("label", "count: 1")


# -- on the event loop that runs already


@pytest.mark.gen_test
async def test_a_task_ends_with_the_server(server: Server) -> None:
    server.mount(Counter)
    server.mount(Other, "/other")
    task = server.start(0, exec_mode="task")
    assert isinstance(task, asyncio.Task)
    assert server.running
    assert server.port == 0
    await server.ready
    assert server.url == f"http://localhost:{server.port}/"
    assert server.server_options["host"] == "localhost"
    await assert_works(server.url)
    assert "count: 0<" in await read_later(server.url + "other")
    assert list(server.mounts) == ["/", "/other"]
    url = server.url
    await server.stop()
    await task
    assert (server.running, server.port, server.url, server.server_options) == (False, 0, "", {})
    with pytest.raises(URLError):
        await read_later(url)


@pytest.mark.gen_test
async def test_a_coroutine_serves_once_it_is_awaited(server: Server) -> None:
    server.mount(Counter)
    serving = server.start(0, exec_mode="coroutine", host=HERE)
    assert not server.running

    async def visit() -> None:
        await server.ready
        assert server.url == f"http://{HERE}:{server.port}/"
        await assert_works(server.url)
        await server.stop()

    await asyncio.gather(serving, visit())
    assert not server.running


@pytest.mark.gen_test
async def test_starting_while_it_runs_starts_nothing(server: Server) -> None:
    server.mount(Counter)
    first = server.start(0, exec_mode="task")
    await server.ready
    url = server.url
    second, third = server.start(0, exec_mode="task"), asyncio.ensure_future(server.start(0, exec_mode="coroutine"))
    assert await asyncio.to_thread(lambda: server.start(0, thread=True)) is None  # type: ignore[func-returns-value]
    await assert_works(url)
    assert server.url == url
    assert not second.done()
    await server.stop()
    await asyncio.gather(first, second, third)


@pytest.mark.gen_test
async def test_it_starts_again_after_a_stop(server: Server, tmp_path: Path) -> None:
    server.mount(Counter, store=f"sqlite:///{tmp_path / 'jibe.db'}")
    async with serving(server) as url:
        port = server.port
        page = Visitor(url)
        await page.load()
        page.seq = None
        await open_page(page)
        page.click("add")
        await page.shows("label", "count: 1")
        closed, _ = await asyncio.gather(page.closed(), server.stop())
        assert closed == (1012, "the server stops")
    for count in (2, 3):
        async with serving(server, port), page:
            assert (await page.connect())["resumed"] is True
            page.click("add")
            await page.shows("label", f"count: {count}")
            await page.lose()


@pytest.mark.gen_test
async def test_what_server_state_holds_is_there_after_a_restart(server: Server, tmp_path: Path) -> None:
    server.mount(Counter, store=f"sqlite:///{tmp_path / 'jibe.db'}")
    server.state.visits = 0
    for expected in (0, 1, 2):
        async with serving(server):
            assert server.state.visits == expected
            server.state.visits += 1
            server.context.last = f"visit {expected}"
        assert server.state.visits == 0, "a later start reads it from the store"
    assert server.context.last is None


@pytest.mark.gen_test
async def test_without_a_store_state_stays(server: Server) -> None:
    server.mount(Counter)
    for expected in (None, 1):
        async with serving(server):
            assert server.state.visits == expected
            server.state.visits = 1


@pytest.mark.gen_test
async def test_who_gives_up_waiting_leaves_it_to_others(server: Server) -> None:
    ready = server.ready
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(server.ready, 0.01)
    server.mount(Counter)
    task = server.start(0, exec_mode="task")
    await ready
    await server.stop()
    await task


@pytest.mark.gen_test
async def test_what_goes_wrong_at_the_start_is_told_to_all(server: Server) -> None:
    server.mount(Counter)
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
        ready = server.ready
        task = server.start(port, exec_mode="task", host=HERE)
        for told in (task, ready):
            with pytest.raises(ServerError, match=f"^port {port} is in use$"):
                await told
    assert not server.running
    async with serving(server):
        assert server.running


@pytest.mark.gen_test
async def test_a_task_that_is_cancelled_stops_the_server(server: Server) -> None:
    server.mount(Counter)
    task = server.start(0, exec_mode="task")
    await server.ready
    async with Visitor(server.url) as page:
        await page.connect()
        task.cancel()
        assert (await page.closed())[0] == 1012
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not server.running


@pytest.mark.gen_test
async def test_an_application_mounted_while_it_runs(server: Server) -> None:
    server.mount(Counter)
    async with serving(server):
        server.mount(Other, "/other")
        assert "count: 0<" in await read_later(server.url + "other")
        with pytest.raises(ServerError):
            server.mount(Counter, "/other")


@pytest.mark.gen_test
async def test_stop_in_a_handler_does_not_wait_for_it(server: Server) -> None:
    class Leaving(Counter):
        async def on_add(self) -> None:  # type: ignore[override]
            await server.stop()
            self.label.value = "stopped"

    server.mount(Leaving)
    task = server.start(0, exec_mode="task")
    await server.ready
    async with Visitor(server.url) as page:
        await open_page(page)
        page.click("add")
        await page.shows("label", "stopped")
        assert (await page.closed())[0] == 1012
    await task


@pytest.mark.gen_test
async def test_a_child_starts_and_stops_its_root(server: Server) -> None:
    server.mount(Counter)
    child = server.create_child_server(prefix="a_")
    task = child.start(0, exec_mode="task")
    await child.ready
    assert server.running
    assert child.url == server.url
    await assert_works(child.url)
    await child.stop()
    await task


@pytest.mark.gen_test
async def test_events_of_its_life(server: Server) -> None:
    told = Hooked.told
    told.clear()
    for name in ("on_server_start", "on_server_ready", "on_client_connected", "on_client_exited", "on_server_exited"):
        server.controller[name].add(lambda event=name, **_: told.append(event))

    @server.controller.add_task("on_server_exited")
    async def last(name: str, **_: Any) -> None:
        await asyncio.sleep(0)
        told.append(name)

    server.state.name = "a key like any other"
    server.mount(Hooked)
    async with serving(server):
        async with Visitor(server.url) as page:
            await page.connect()
        await until(lambda: "on_client_exited" in told)
    assert told == [
        "on_server_start",
        "loaded",
        "on_server_ready",
        "on_client_connected",
        "on_client_exited",
        "on_server_exited",
        "a key like any other",
        "unloaded",
    ]


@pytest.mark.gen_test
async def test_an_event_s_function_that_raises_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    @server.controller.add("on_server_ready")
    def broken(**_: Any) -> None:
        raise LookupError("not ready")

    server.mount(Counter)
    async with serving(server):
        assert "controller.on_server_ready raised" in caplog.text
        caplog.clear()


@pytest.mark.gen_test
async def test_blocking_modes_say_what_to_do_in_a_loop(server: Server) -> None:
    with pytest.raises(RuntimeError, match=r"use mount\(\), or juprun\(\) in a notebook, or exec_mode='task'"):
        server.start(0)


@pytest.mark.gen_test
async def test_arguments_that_make_no_sense(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServerError, match="exec_mode must be one of main, desktop, task, coroutine, not 'thread'"):
        server.start(0, exec_mode="thread")  # type: ignore[call-overload]
    with pytest.raises(ServerError, match="backend must be 'tornado', not 'aiohttp'"):
        server.start(0, backend="aiohttp", exec_mode="task")
    ports: list[Any] = ["8881", 70000, -1, 80.5]
    for port in ports:
        with pytest.raises(SettingsError, match=f"port must be a whole number from 0 to 65535, not {port!r}"):
            server.start(port, exec_mode="task")
    for option, hint in (("adress", "$"), ("theme", r": say settings=Settings\(theme=…\)$")):
        wrong: dict[str, Any] = {option: "dark"}
        with pytest.raises(TypeError, match=f"^'{option}' is no argument of run or start, .*HTTPServer{hint}"):
            await server.start(0, exec_mode="task", **wrong)
    server.mount(Counter, settings={"theme": "dark"})  # type: ignore[arg-type]
    with pytest.raises(
        SettingsError, match=r"Counter: settings must be Settings\(…\), not dict \(\{'theme': 'dark'\}\)"
    ):
        await server.start(0, exec_mode="task")
    server.unmount("/")
    monkeypatch.setenv("JIBE_LIKE_PORT", "http")
    with pytest.raises(SettingsError, match="^JIBE_LIKE_PORT must be a whole number"):
        server.start(exec_mode="task")


@pytest.mark.gen_test
async def test_command_line_and_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.mount(Counter)
    monkeypatch.setenv("JIBE_LIKE_PORT", "1")
    monkeypatch.setenv("JIBE_LIKE_HOST", HERE)
    monkeypatch.setattr(sys, "argv", ["program", "--port", "http"])
    task = server.start(exec_mode="task", argv=["--port", "0", "--debug", "--unknown"])
    await server.ready
    assert server.url == f"http://{HERE}:{server.port}/"
    assert server.mounts["/"].settings.debug is True
    await server.stop()
    await task
    # The program's own command line is not read in this mode, and what was read before is forgotten.
    async with serving(server):
        assert server.mounts["/"].settings.debug is False


@pytest.mark.gen_test
async def test_pages_are_told_a_value_again(server: Server) -> None:
    seen: list[int] = []
    server.mount(Counter)
    server.state.count = 1

    @server.change("count")
    def on_count(count: int) -> None:
        seen.append(count)

    child = server.create_child_server(prefix="cou")
    async with serving(server) as url, Visitor(url) as page:
        await open_page(page)
        server.state.count = 2
        while ["shared", "count", 2] not in (await page.frame()).get("ops", []):
            pass
        heard = list(seen)
        for pushing, name in ((server, "count"), (child, "nt")):
            pushing.force_state_push(name)
            while ["shared", "count", 2] not in (await page.frame()).get("ops", []):
                pass
        assert seen == heard


@pytest.mark.gen_test
async def test_sessions_of_two_applications_are_told_apart(server: Server) -> None:
    server.mount(Counter)
    server.mount(Other, "/other")
    async with serving(server), Visitor(server.url) as one, Visitor(server.url + "other/") as two:
        await one.connect()
        await two.connect()
        sessions = list(server.sessions)
        assert {type(session.document) for session in sessions} == {Counter, Other}
        assert all(isinstance(session, Session) and session.server is server for session in sessions)
        server.js_call("label", "scrollIntoView")
        for page in (one, two):
            while ["call", "label", "scrollIntoView", []] not in (await page.frame()).get("ops", []):
                pass


# -- when nobody is there


@pytest.mark.gen_test
async def test_it_stops_when_nobody_came(server: Server) -> None:
    server.mount(Counter)
    await asyncio.wait_for(server.start(0, exec_mode="task", timeout=0.05), 10)
    assert not server.running


@pytest.mark.gen_test
async def test_it_stops_when_nothing_is_there_to_come_to(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.wait_for(server.start(0, exec_mode="task", timeout=0.05), 10)
    assert "hosts no application: mount(MyApp, '/')" in caplog.text


@pytest.mark.gen_test
async def test_it_stops_when_the_last_page_has_gone(server: Server) -> None:
    server.mount(Counter)
    task = server.start(0, exec_mode="task", timeout=0.3)
    await server.ready
    loop = asyncio.get_running_loop()
    async with Visitor(server.url) as page:
        await open_page(page)
        entered = loop.time()
        while loop.time() < entered + 0.5:
            page.click("add")
            await page.handled()
        assert server.running
        await page.lose()
        left = loop.time()
    await asyncio.wait_for(task, 10)
    assert loop.time() - left >= 0.25


@pytest.mark.gen_test
async def test_without_a_timeout_it_waits(server: Server) -> None:
    server.mount(Counter)
    async with serving(server, timeout=0):
        await assert_works(server.url)
        assert server.running


# -- what it shows and says


@pytest.mark.gen_test
async def test_it_opens_a_browser(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    server.mount(Counter)
    for chosen, argv in ((True, []), (None, ["--open-browser"]), (None, ["--server"]), (False, ["--open-browser"])):
        async with serving(server, open_browser=chosen, argv=argv):
            url = server.url
            if chosen or (chosen is None and argv == ["--open-browser"]):
                await until(lambda: opened)
                assert opened.pop() == url
    assert opened == []


@pytest.mark.gen_test
async def test_what_it_logs(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "jibe_like")
    server.mount(Counter)

    async def lines(**options: Any) -> list[str]:
        caplog.clear()
        async with serving(server, **options):
            logging.getLogger("jibe_like.web").warning("a warning")
            url = server.url
        return [record.getMessage().replace(url, "<url>") for record in caplog.records]

    assert await lines() == ["serving at <url>", "a warning"]
    assert await lines(show_connection_info=False) == ["a warning"]
    assert await lines(disable_logging=True) == []
    assert await lines() == ["serving at <url>", "a warning"]


@pytest.mark.gen_test
async def test_where_nothing_is_at_the_root(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    caplog.set_level(logging.INFO, "jibe_like")
    server.mount(Counter, "/count")
    server.mount(Counter, "/a b")
    async with serving(server, open_browser=True):
        pages = [server.url + "count", server.url + "a%20b"]
        assert server.page == pages[0]
        assert [record.getMessage() for record in caplog.records] == [f"serving at {', '.join(pages)}"]
        for page in pages:
            async with Visitor(page) as visitor:
                assert (await visitor.load()).code == 200
        await until(lambda: opened == pages[:1])
    assert server.page == ""


@pytest.mark.gen_test
async def test_a_page_of_ones_own_at_the_root(server: Server) -> None:
    server.mount(Counter, "/count")
    application = server.make_tornado_app()
    application.add_handlers(".*", [("/", tornado.web.RequestHandler)])
    async with serving(server, application=application):
        assert server.page == server.url


@pytest.mark.gen_test
async def test_a_log_of_all_frames(tmp_path: Path) -> None:
    path = tmp_path / "network.log"
    server = Server("network log", log_network=str(path))
    server.mount(Counter)
    async with serving(server), Visitor(server.url) as page:
        await open_page(page)
        page.click("add")
        await page.shows("label", "count: 1")
        token = page.token
    log = path.read_text()
    assert '{"hello":{"token":"…"' in log
    assert token not in log
    assert '"id": "add", "event": "click"' in log
    assert '["text","label","count: 1"]' in log
    assert {line.split()[1] for line in log.splitlines()} == {"<", ">"}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.gen_test
async def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    server = Server("no network log", log_network=str(tmp_path / "no" / "file"))
    server.mount(Counter)
    with pytest.raises(SettingsError, match="log_network: .* cannot be written: No such file"):
        await server.start(0, exec_mode="task")


# -- Tornado applications of one's own


@pytest.mark.gen_test
async def test_it_serves_a_tornado_application_of_one_s_own(server: Server) -> None:
    class Home(tornado.web.RequestHandler):
        def get(self) -> None:
            self.write("home")

    application = tornado.web.Application([("/", Home)])
    Counter.mount(application, "/count", server=server)
    for _ in range(2):
        async with serving(server, application=application):
            assert await read_later(server.url) == "home"


@pytest.mark.gen_test
async def test_the_end_of_an_application_of_one_s_own_stores_its_sessions(server: Server, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'jibe.db'}"
    Hooked.told.clear()

    def serve() -> tuple[Any, str]:
        application = tornado.web.Application(Hooked.handlers("/count", server=server, store=store))
        http = application.listen(0, HERE)
        [listener] = http._sockets.values()
        return http, f"http://{HERE}:{listener.getsockname()[1]}/count/"

    http, url = serve()
    async with Visitor(url) as page:
        await page.load()
        page.seq = None
        await open_page(page)
        server.state.seen = True
        page.click("add")
        await page.shows("label", "count: 1")
        http.stop()
        await asyncio.gather(server.stop(), page.closed())
        assert Hooked.told == ["loaded", "unloaded"]
        http, page.url = serve()
        page.socket_url = page.url + "websocket"
        assert (await page.connect())["resumed"] is True
        assert server.state.seen is True
        page.click("add")
        await page.shows("label", "count: 2")
    http.stop()
    await server.stop()


@pytest.mark.gen_test
async def test_a_store_that_cannot_be_read_is_tried_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True
    get = SqliteStore.get

    async def read(self: SqliteStore, app: str, session_id: str) -> bytes | None:
        if broken:
            raise StoreError("the disk is gone")
        return await get(self, app, session_id)

    monkeypatch.setattr(SqliteStore, "get", read)
    store = f"sqlite:///{tmp_path / 'jibe.db'}"
    application = tornado.web.Application(Hooked.handlers(server=server, store=store))
    Hooked.told.clear()
    http = application.listen(0, HERE)
    [listener] = http._sockets.values()
    url = f"http://{HERE}:{listener.getsockname()[1]}/"
    page = Visitor(url)
    assert (await page.load()).code == 503
    with pytest.raises(EOFError, match="1013 the store cannot be read"):
        await page.connect()
    assert Hooked.told == []
    assert "the disk is gone" in caplog.text
    caplog.clear()
    broken = False
    await assert_works(url)
    assert Hooked.told == ["loaded"]
    http.stop()
    await server.stop()
    assert Hooked.told == ["loaded", "unloaded"]


@pytest.mark.gen_test
async def test_who_waits_for_a_store_while_the_server_stops_is_asked_to_come_back(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()

    async def never(*_: object) -> bytes | None:
        reading.set()
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(SqliteStore, "get", never)
    application = tornado.web.Application(Counter.handlers(server=server, store=f"sqlite:///{tmp_path / 'jibe.db'}"))
    http = application.listen(0, HERE)
    [listener] = http._sockets.values()
    visit = asyncio.ensure_future(Visitor(f"http://{HERE}:{listener.getsockname()[1]}/").load())
    await reading.wait()
    await server.stop()
    assert (await visit).code == 503
    http.stop()


@pytest.mark.gen_test
async def test_a_server_starts_although_its_store_cannot_be_read(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> bytes | None:
        raise StoreError("the disk is gone")

    server.mount(Counter, store=f"sqlite:///{tmp_path / 'jibe.db'}")
    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "get", fail)
        task = server.start(0, exec_mode="task")
        await server.ready
    assert "the disk is gone" in caplog.text
    caplog.clear()
    await assert_works(server.url)
    await server.stop()
    await task


@pytest.mark.gen_test
async def test_who_comes_while_it_ends_is_asked_to_come_back(server: Server) -> None:
    application = tornado.web.Application(Counter.handlers(server=server))
    http = application.listen(0, HERE)
    [listener] = http._sockets.values()
    url = f"http://{HERE}:{listener.getsockname()[1]}/"
    await assert_works(url)
    await server.stop()
    page = Visitor(url)
    response = await page.load()
    assert (response.code, response.headers["Retry-After"]) == (503, "10")
    assert b"Just a moment" in response.body
    with pytest.raises(EOFError, match="1012 the server stops"):
        await page.connect()
    await server.stop()
    http.stop()


@pytest.mark.gen_test
async def test_multi_app_is_served_again_after_a_stop(server: Server) -> None:
    apps = MultiApp(count=Counter, other=Other, server=server)
    for _ in range(2):
        background = await asyncio.to_thread(server.in_background, 0, HERE, apps)
        await assert_works(background.url + "count/")
        await asyncio.to_thread(background.stop)


# -- on a thread of its own


def test_start_blocks_until_it_is_stopped_from_another_thread(server: Server) -> None:
    server.mount(Counter)
    thread = threading.Thread(target=server.start, args=(0,), kwargs={"thread": True, "show_connection_info": False})
    ready = server.ready
    thread.start()
    ready.result(10)
    assert "count: 0<" in read(server.url)
    asyncio.run(server.stop())
    thread.join(10)
    assert not thread.is_alive()
    assert not server.running


def test_several_in_notebooks_have_a_state_each() -> None:
    class Page(InJupyterApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.children = [Label(f"{connection.server.name}: {connection.server.state.word}")]

    first, second = Page.juprun(0), Page.juprun(0)
    try:
        first.server.state.word = "one"
        second.server.state.word = "two"
        assert ("Page: one<" in read(first.url), "Page 2: two<" in read(second.url)) == (True, True)
    finally:
        first.stop()
        second.stop()
    third = Page.juprun(0, settings=Settings(theme="dark"))
    assert third.server.name == "Page"
    assert 'data-theme="dark"' in read(third.url)
    third.stop()


# -- in a window of its own


class Webview(types.ModuleType):
    """Stands for pywebview: the page is "shown" until its window is destroyed."""

    def __init__(self, while_shown: Callable[[str], None]) -> None:
        super().__init__("webview")
        self.made: list[dict[str, Any]] = []
        self.debug: object = None
        self._while_shown = while_shown
        self._destroyed = threading.Event()

    def create_window(self, **options: Any) -> "Webview":
        self.made.append(options)
        return self

    def destroy(self) -> None:
        self._destroyed.set()

    def start(self, debug: bool) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.debug = debug
        self._while_shown(self.made[0]["url"])
        assert self._destroyed.wait(10)


def test_a_window_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("window", desktop_debug=True)
    seen: list[str] = []

    def shown(url: str) -> None:
        seen.append(read(url))
        webview.destroy()

    webview = Webview(shown)
    monkeypatch.setitem(sys.modules, "webview", webview)
    server.mount(Counter, "/count")
    server.start(exec_mode="desktop", argv=[], window={"width": 640})
    assert "count: 0<" in seen[0]
    [options] = webview.made
    assert options == {"title": "window", "url": options["url"], "width": 640}
    assert webview.debug is True
    assert not server.running


def test_a_server_that_stops_closes_its_window(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    webview = Webview(lambda url: asyncio.run(server.stop()))
    monkeypatch.setitem(sys.modules, "webview", webview)
    server.mount(Counter)
    server.start(argv=["--app"])
    assert len(webview.made) == 1


def test_without_pywebview_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setitem(sys.modules, "webview", None)
    server.mount(Counter)
    with pytest.raises(SystemExit, match="^jibe_like: a window of its own needs pywebview: pip install pywebview$"):
        server.start(exec_mode="desktop", argv=[])
    assert not server.running
