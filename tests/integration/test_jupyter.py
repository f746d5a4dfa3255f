"""Applications that a notebook serves: from a thread of their own, while the notebook's loop goes on."""

import asyncio
import socket
import threading
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from jibe_like import Button, Connection, InJupyterApp, InJupyterMultiApp, Label
from tests.integration.visitor import Visitor


class Counter(InJupyterApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("count: 0", identifier="label")
        self.add = Button("Add", identifier="add")
        self.add.register("click", self.on_add)
        self.children = [self.add, self.label]

    def on_add(self) -> None:
        self.label.value = f"in {threading.current_thread().name}"


class Other(Counter):
    pass


def read(url: str) -> str:
    with urlopen(url, timeout=5) as response:
        text: str = response.read().decode()
    return text


async def assert_works(url: str) -> None:
    async with Visitor(url) as page:
        await page.load()
        assert (await page.connect())["resumed"] is True
        page.click("add")
        assert (await page.frame())["ops"] == [["text", "label", "in jibe_like"]]


@pytest.mark.gen_test
async def test_an_application_while_a_loop_is_running() -> None:
    server = Counter.juprun(0)
    try:
        assert server.url == f"http://localhost:{server.port}/"
        assert server.port > 0
        await assert_works(server.url)
    finally:
        server.stop()


@pytest.mark.gen_test
async def test_several_applications() -> None:
    server = InJupyterMultiApp(one=Counter, two=Other).juprun(0)
    try:
        await assert_works(server.url + "one")
        await assert_works(server.url + "two")
    finally:
        server.stop()


def test_without_a_loop_and_several_times() -> None:
    servers = [Counter.juprun(0), Counter.juprun(0)]
    try:
        assert servers[0].port != servers[1].port
        for server in servers:
            assert "count: 0<" in read(server.url)
    finally:
        for server in servers:
            server.stop()


def test_stopping_leaves_no_thread_and_a_free_port() -> None:
    server = Counter.juprun(0)
    assert "jibe_like" in [thread.name for thread in threading.enumerate()]
    server.stop()
    assert "jibe_like" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(URLError):
        read(server.url)
    server.stop()
    again = Counter.juprun(server.port)
    try:
        assert "count: 0<" in read(again.url)
    finally:
        again.stop()


@pytest.mark.gen_test
async def test_stopping_tells_the_pages() -> None:
    server = Counter.juprun(0)
    try:
        async with Visitor(server.url) as page:
            await page.connect()
            await page.frame()
            closed, _ = await asyncio.gather(page.closed(), asyncio.to_thread(server.stop))
            assert closed == (1012, "the server stops")
    finally:
        server.stop()


def test_a_port_in_use_is_told_at_once() -> None:
    server = Counter.juprun(0)
    try:
        with pytest.raises(SystemExit, match=f"^jibe_like: port {server.port} is in use$"):
            Other.juprun(server.port)
        with pytest.raises(SystemExit, match=f"^jibe_like: port {server.port} is in use$"):
            InJupyterMultiApp(one=Counter).juprun(server.port)
    finally:
        server.stop()


def two_addresses(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Every name stands for two addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr("jibe_like.hosting.listening.socket.getaddrinfo", lambda *args, **options: found)


def test_a_name_of_several_addresses_has_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    two_addresses(monkeypatch, 0)
    server = Counter.juprun(0, address="a.name")
    monkeypatch.undo()
    try:
        assert server.url == f"http://a.name:{server.port}/"
        for host in ("127.0.0.1", "127.0.0.2"):
            assert "count: 0<" in read(f"http://{host}:{server.port}/")
    finally:
        server.stop()


def test_a_name_of_which_one_address_is_taken_keeps_the_port_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]
        two_addresses(monkeypatch, port)
        # The error is kept, as a notebook keeps the last one with all that it refers to.
        with pytest.raises(SystemExit, match=f"^jibe_like: port {port} is in use$") as kept:
            Counter.juprun(port, address="a.name")
        socket.create_server(("127.0.0.1", port)).close()
        assert kept.tb is not None


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(SystemExit, match=r"^jibe_like: cannot listen at 192\.0\.2\.1:0: "):
        Counter.juprun(0, address="192.0.2.1")


def test_options_go_to_the_server() -> None:
    server = Counter.juprun(0, address="127.0.0.1", xheaders=True)
    try:
        assert server.url == f"http://127.0.0.1:{server.port}/"
        assert "count: 0<" in read(server.url)
    finally:
        server.stop()
