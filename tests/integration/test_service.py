"""What a server says of itself: health, readiness, metrics."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer

from jibe_like import Button, Connection, Label, MainApp, Server, Settings
from jibe_like.errors import SettingsError
from tests.integration.visitor import Visitor


class Counter(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("0", identifier="label")
        add, wait = Button("Add", identifier="add"), Button("Wait", identifier="wait")
        add.register("click", self.on_add)
        wait.register("click", self.on_wait)
        self.children = [self.label, add, wait]

    def on_add(self) -> None:
        self.label.value = str(int(self.label.value) + 1)

    async def on_wait(self) -> None:
        await asyncio.sleep(0)
        self.label.value = "7"


async def get(url: str, **options: Any) -> HTTPResponse:
    response = await AsyncHTTPClient().fetch(url, raise_error=False, **options)
    assert "Set-Cookie" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    return response


async def running(server: Server) -> str:
    """Starts a server; gives its address without the final slash."""
    server.start(port=0, exec_mode="task", show_connection_info=False)
    await server.ready
    return server.url.rstrip("/")


@pytest.mark.gen_test
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_server_that_serves(tmp_path: Path, method: str) -> None:
    server = Server(f"health {method}", settings=Settings(store=f"sqlite:///{tmp_path}/jibe.db"))
    server.mount(Counter)
    url = await running(server)
    for path in ("/healthz", "/readyz", "/readyz"):
        response = await get(url + path, method=method)
        assert (response.code, response.body) == (200, b"ok\n" if method == "GET" else b"")
    assert list(server.sessions) == []
    await server.stop()


@pytest.mark.gen_test
async def test_a_server_that_stops() -> None:
    class Slow(Counter):
        @classmethod
        async def on_server_unloaded(cls) -> None:
            stopping.set()
            await answered.wait()

    stopping, answered = asyncio.Event(), asyncio.Event()
    server = Server("stopping")
    server.mount(Slow)
    url = await running(server)
    # One that is connected already: nobody else gets in any more.
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def ask(path: str) -> str:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"Content-Length: (\d+)", head)
        assert length is not None
        return head.split()[1] + " " + (await reader.readexactly(int(length[1]))).decode().strip()

    assert await ask("/readyz") == "200 ok"
    ending = asyncio.ensure_future(server.stop())
    await stopping.wait()
    assert await ask("/readyz") == "503 stopping"
    assert await ask("/healthz") == "200 ok"
    answered.set()
    await ending
    writer.close()


@pytest.mark.gen_test
async def test_a_store_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    server = Server("no store", settings=Settings(store=f"sqlite:///{folder}/jibe.db", secret="s" * 40))
    server.mount(Counter)
    url = await running(server)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    response = await get(f"{url}/readyz")
    assert (response.code, response.body) == (503, b"the store cannot be used\n")
    assert (await get(f"{url}/healthz")).code == 200
    folder.mkdir()
    await server.stop()
    caplog.clear()


@pytest.mark.gen_test
async def test_a_secret_that_can_be_guessed_is_told_once_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    server = Server("short secret", settings=Settings(secret="hunter2"))
    server.mount(Counter)
    server.mount(Counter, "/second")
    url = await running(server)
    await Visitor(f"{url}/second").load()
    await server.stop()
    [told] = [record.getMessage() for record in caplog.records if "who guesses it" in record.getMessage()]
    assert told.startswith("secret is short: ")
    assert "hunter2" not in caplog.text


@pytest.mark.gen_test
async def test_a_secret_file_that_cannot_be_used_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "jibe.db.secret"
    file.write_text("short")
    file.chmod(0o600)
    server = Server("bad secret", settings=Settings(store=f"sqlite:///{tmp_path}/jibe.db"))
    server.mount(Counter)
    server.mount(Counter, "/second")
    url = await running(server)
    assert (await get(f"{url}/readyz")).code == 200
    await Visitor(f"{url}/second").load()
    await server.stop()
    told = [record.getMessage() for record in caplog.records if "want of a secret" in record.getMessage()]
    assert len(told) == 1
    assert f"{file} holds no secret" in told[0]


@pytest.mark.gen_test
async def test_who_asks_often_does_not_write_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("often", settings=Settings(store=f"sqlite:///{tmp_path}/jibe.db"))
    server.mount(Counter)
    url = await running(server)
    [mount] = server.mounts.values()
    puts: list[tuple[Any, ...]] = []
    put = mount.store.put

    def counted(*args: Any) -> None:
        puts.append(args)
        put(*args)

    monkeypatch.setattr(mount.store, "put", counted)
    assert {response.code for response in await asyncio.gather(*(get(f"{url}/readyz") for _ in range(20)))} == {200}
    assert len(puts) <= 2
    await server.stop()


@pytest.mark.gen_test
async def test_in_an_application_of_somebody_elses(
    app: tornado.web.Application, http_server: HTTPServer, base_url: str
) -> None:
    server = Server("another's", settings=Settings(health_path="/alive", ready_path="/status/ready"))
    Counter.mount(app, "/count", server=server)
    app.add_handlers(".*", server.service_rules())
    assert (await get(f"{base_url}/alive")).code == 200
    assert (await get(f"{base_url}/status/ready")).code == 200
    assert [mount.registry.sessions for mount in server.mounts.values()] == [{}]
    await server.stop()
    assert (await get(f"{base_url}/status/ready")).code == 503


@pytest.mark.gen_test
async def test_no_paths() -> None:
    server = Server("no paths", settings=Settings(health_path="", ready_path=""))
    server.mount(Counter)
    url = await running(server)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await AsyncHTTPClient().fetch(url + path, raise_error=False)).code == 404
    [mount] = server.mounts.values()
    assert mount.meter is None
    await server.stop()


@pytest.mark.parametrize("path", ["metrics", "/a b", "/<x>", "/a?b", "//", "/a/"])
@pytest.mark.parametrize("name", ["health_path", "ready_path", "metrics"])
def test_what_is_no_path(name: str, path: str) -> None:
    options: dict[str, Any] = {name: path}
    with pytest.raises(SettingsError, match=f"{name} must be a path"):
        Settings(**options)


def figure(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, f"no {name} in {text}"
    return float(found[1])


@pytest.mark.gen_test
@pytest.mark.parametrize("store", ["memory://", "sqlite:///{}/jibe.db"])
async def test_metrics(store: str, tmp_path: Path) -> None:
    settings = Settings(metrics="/metrics", store=store.format(tmp_path), snapshot_delay=0.0)
    server = Server(f"metrics {store[:6]}", settings=settings)
    server.mount(Counter, "/count")
    url = await running(server)
    here = '{application="/count"}'

    async def told() -> str:
        response = await get(f"{url}/metrics")
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        return response.body.decode()

    assert figure(await told(), f"jibe_like_sessions{here}") == 0
    async with Visitor(f"{url}/count/") as page:
        await page.connect()
        await page.frame()
        page.click("add")
        await page.shows("label", "1")
        page.click("wait")
        await page.shows("label", "7")
        page.post("nonsense")
        page.click("add")
        await page.handled()
        text = await told()
        assert figure(text, f"jibe_like_sessions{here}") == figure(text, f"jibe_like_connections{here}") == 1
        assert figure(text, f"jibe_like_events_total{here}") == 4
        assert figure(text, 'jibe_like_rejects_total{application="/count",reason="message"}') == 1
        assert figure(text, f"jibe_like_handler_seconds_count{here}") == 3
        assert figure(text, 'jibe_like_handler_seconds_bucket{application="/count",le="+Inf"}') == 3
        assert 0 < figure(text, f"jibe_like_handler_seconds_sum{here}") < 3
        assert figure(text, f"jibe_like_async_seconds_count{here}") == 1
        assert figure(text, f"jibe_like_sent_frames_total{here}") >= 4
        assert figure(text, f"jibe_like_sent_bytes_total{here}") > 100
        assert figure(text, f"jibe_like_received_bytes_total{here}") > 100
        assert figure(text, 'jibe_like_queue{application="/count",kind="transport_bytes"}') == 0
        assert figure(text, 'jibe_like_queue{application="/count",kind="events"}') == 0
    await server.stop()
    [mount] = [found for found in server._mounts.values() if found.is_closed]
    assert mount.meter is not None
    assert (sum(mount.meter.snapshot_seconds.counts) > 0) is store.startswith("sqlite")


@pytest.mark.gen_test
async def test_metrics_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)
    server = Server("no package", settings=Settings(metrics="/metrics"))
    server.mount(Counter)
    with pytest.raises(SettingsError, match="prometheus-client"):
        await server.start(port=0, exec_mode="coroutine")
