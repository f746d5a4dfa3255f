"""Token buckets for what is asked for by HTTP: files, downloads, pages of signing in. And what of it is counted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from argon2 import PasswordHasher
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.iostream import IOStream

from jibe_like import BasicAuth, Button, Connection, Input, Label, MainApp, MultiApp, Server, Settings, session
from jibe_like.errors import StoreError
from jibe_like.session.registry import Registry
from jibe_like.store.sqlite import SqliteStore
from jibe_like.web.client import client_file
from jibe_like.web.mount import Mount
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, until
from tests.oidc.agent import Agent
from tests.serving import Serve

PROXY = ["127.0.0.1", "::1"]
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def users() -> BasicAuth:
    return BasicAuth({name: HASHER.hash(f"{name}'s") for name in ("ada", "grace")})


class Notes(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.entry, self.shown = Input("", identifier="entry"), Label("", identifier="shown")
        self.entry.register("change", lambda: setattr(self.shown, "value", self.entry.value))
        save = Button("Save", identifier="save")
        save.register("click", lambda: session.download("notes.txt", b"notes"))
        leave = Button("Sign out", identifier="leave")
        leave.register("click", self.sign_out)
        self.children = [self.entry, self.shown, save, leave]


def settings(**options: Any) -> Settings:
    return Settings(**{"address_factor": 2.0, "trusted_proxies": PROXY, "metrics": "/metrics", **options})


def from_(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def rejects(registry: Registry) -> dict[str, int]:
    """What was refused, by reason."""
    meter = registry_mount(registry).meter
    assert meter is not None
    return dict(meter.rejects)


def registry_mount(registry: Registry) -> Mount:
    assert registry.server is not None
    (mount,) = registry.server.mounts.values()
    assert isinstance(mount, Mount)
    return mount


async def ask(
    url: str, page: Visitor | None = None, method: str = "GET", body: Any = None, **headers: str
) -> HTTPResponse:
    """A request, with the cookies of a page."""
    sent = page._headers(headers) if page is not None else headers
    request = HTTPRequest(url, method, sent, body, follow_redirects=False)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def codes(times: int, url: str, page: Visitor | None = None, address: str = "127.0.0.1") -> list[int]:
    return [(await ask(url, page, "GET", None, **from_(address))).code for _ in range(times)]


# -- files


@pytest.mark.gen_test
@pytest.mark.parametrize("kind", ["assets", "client"])
async def test_too_many_files(mounted: Mounted, base_url: str, tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.txt").write_text("a")
    Notes.assets_path = {"from": str(tmp_path), "to": "/files"}
    try:
        registry = mounted(Notes, settings=settings(files_per_second=0.0, files_burst=2))
    finally:
        Notes.assets_path = None
    url = f"{base_url}/files/a.txt" if kind == "assets" else f"{base_url}/_jibe/{client_file('client.js')}"
    ada, grace = Visitor(base_url), Visitor(base_url)
    for page in (ada, grace):
        await page.load(**from_("1.2.3.4"))
    assert await codes(3, url, ada, address="1.2.3.4") == [200, 200, 429]
    response = await ask(url, ada, **from_("1.2.3.4"))
    assert (response.code, response.headers["Retry-After"], response.body) == (429, "10", b"")
    # Others have theirs, until the address has none left; who has no cookie counts by it alone.
    assert await codes(1, url, grace, address="1.2.3.4") == [200]
    assert await codes(2, url, None, address="1.2.3.4") == [200, 429]
    assert await codes(1, url, grace, address="1.2.3.4") == [429]
    assert await codes(2, url, None, address="1.2.3.5") == [200, 200]
    assert rejects(registry) == {"files_per_identity": 2, "files_per_address": 2}
    # Pages are counted apart.
    assert (await ada.load(**from_("1.2.3.4"))).code == 200


@pytest.mark.gen_test
async def test_too_many_files_of_modules_and_of_several_applications(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    server = Server("files", settings=settings(files_per_second=0.0, files_burst=1))
    server.enable_module({"serve": {"module": str(tmp_path)}, "www": str(tmp_path)})
    url = serve(MultiApp(notes=Notes, server=server, assets_path={"from": str(tmp_path), "to": "/files"}))
    for number, path in enumerate(("module/a.txt", "files/a.txt", "a.txt")):
        assert await codes(3, url + path, address=f"1.2.3.{number}") == [200, 200, 429]


# -- downloads


@pytest.mark.gen_test
async def test_too_many_downloads(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Notes, settings=settings(downloads_per_second=0.0, downloads_burst=2))
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        urls = {}
        for each in (page, other):
            await each.load(**from_("1.2.3.4"))
            await each.connect(**from_("1.2.3.4"))
            each.click("save")
            while each not in urls:
                for operation, *args in (await each.frame()).get("ops", ()):
                    if operation == "download":
                        urls[each] = urljoin(each.socket_url, args[0])
        # Guesses count as well.
        assert await codes(2, urljoin(urls[page], "x" * 32), page, address="1.2.3.4") == [404, 404]
        assert await codes(1, urls[page], page, address="1.2.3.4") == [429]
        assert (await ask(urls[other], other, **from_("1.2.3.4"))).body == b"notes"
    assert rejects(registry) == {"downloads_per_identity": 1}


# -- signing in


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["sign-in", "callback", "signed-in", "sign-out", "signed-out"])
async def test_too_many_pages_of_signing_in(mounted: Mounted, base_url: str, path: str) -> None:
    bounds = settings(sign_ins_per_second=0.0, sign_ins_burst=2)
    server = Server(f"too many {path}")
    registry = mounted(Notes, settings=bounds, auth=users(), server=server)
    url = f"{base_url}/_auth/{path}"
    assert 429 not in await codes(4, url, address="1.2.3.4")
    response = await ask(url, None, "GET", None, **from_("1.2.3.4"))
    assert (response.code, response.headers["Retry-After"], response.body) == (429, "10", b"")
    if path == "sign-in":
        posted = await ask(url, None, "POST", "", **from_("1.2.3.4"))
        assert posted.code == 429
    assert 429 not in await codes(1, url, address="1.2.3.5")
    assert rejects(registry)["sign_ins_per_address"] >= 1


@pytest.mark.gen_test
async def test_who_has_signed_in_counts_by_who_they_are(mounted: Mounted, base_url: str) -> None:
    bounds = settings(sign_ins_per_second=0.0, sign_ins_burst=2, address_factor=10.0)
    registry = mounted(Notes, settings=bounds, auth=users(), server=Server("too many of one"))
    agent = Agent()
    form = await agent.get(f"{base_url}/_auth/sign-in")
    await agent.fill_in(form, username="ada", password="ada's")
    page = Visitor(base_url)
    page.cookies = agent.cookies["localhost"]
    # This machine's own are not counted by address; users are.
    assert await codes(3, f"{base_url}/_auth/signed-in", page) == [200, 200, 429]
    assert rejects(registry) == {"sign_ins_per_identity": 1}


@pytest.mark.gen_test
async def test_a_provider_may_tell_of_many_who_have_signed_out(mounted: Mounted, base_url: str) -> None:
    bounds = settings(sign_ins_per_second=0.0, sign_ins_burst=1, handshakes_per_second=0.0, handshakes_burst=5)
    registry = mounted(Notes, settings=bounds, auth=users(), server=Server("back channel"))
    url = f"{base_url}/_auth/back-channel-logout"
    found = [(await ask(url, None, "POST", "logout_token=x", **from_("1.2.3.4"))).code for _ in range(11)]
    assert found == [*10 * [400], 429]
    assert rejects(registry) == {"logout_token": 10, "handshakes_per_address": 1}


@pytest.mark.gen_test
async def test_refused_sign_ins_are_counted(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Notes, settings=settings(), auth=users(), server=Server("refused"))
    agent = Agent()
    form = await agent.get(f"{base_url}/")
    form = await agent.fill_in(form, username="ada", password="grace's")
    await agent.post(f"{base_url}/_auth/sign-in", {"state": "forged"})
    assert rejects(registry) == {"sign_in": 2}
    await agent.fill_in(form, username="ada", password="ada's")
    assert (await agent.get(f"{base_url}/_auth/sign-out?ticket=forged")).code == 403
    assert (await agent.post(f"{base_url}/_auth/sign-out", {}, Origin="https://evil.example")).code == 403
    assert rejects(registry) == {"sign_in": 2, "ticket": 1, "origin": 1}


# -- other refusals


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["_auth/sign-out?ticket=x", "poll", "poll?poll=x", "_jibe/download/x"])
async def test_what_is_refused_is_in_no_cache(mounted: Mounted, base_url: str, path: str) -> None:
    mounted(Notes, auth=users(), server=Server("errors"))
    headers = {"Content-Type": "application/json", "Origin": "https://evil.example"}
    response = await ask(
        f"{base_url}/{path}", None, "POST" if "poll" in path else "GET", "" if "poll" in path else None, **headers
    )
    assert 300 < response.code < 500
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.gen_test
async def test_other_origins_are_counted(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Notes, settings=settings())
    page = Visitor(base_url)
    with pytest.raises(HTTPClientError, match="403"):
        await page.connect(Origin="https://evil.example")
    headers = {"Content-Type": "application/json"}
    for more in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert (await ask(f"{base_url}/poll", page, "POST", "{}", **headers, **more)).code == 403
    assert rejects(registry) == {"origin": 4}


@pytest.mark.gen_test
async def test_messages_that_are_too_big_are_counted(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Notes, settings=settings(max_message_bytes=1_000))
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.change("entry", "x" * 2_000)
        assert (await page.closed())[0] == 1009
    assert rejects(registry) == {"message_bytes": 1}
    # What ends by itself is none.
    async with Visitor(base_url) as page:
        await page.connect()
        stream: IOStream = page.stream
        await stream.write(b"\x83\x80abcd")  # no opcode that there is
        await page.closed()
    assert rejects(registry) == {"message_bytes": 1}


async def poll(page: Visitor, body: Any, name: str = "", **headers: str) -> HTTPResponse:
    url = urljoin(page.url, "poll") + (f"?poll={name}" if name else "")
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return await ask(url, page, "POST", text.encode(), **{"Content-Type": "application/json", **headers})


@pytest.mark.gen_test
async def test_a_message_by_polling_is_no_bigger(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Notes, settings=settings(max_message_bytes=1_000))
    page = Visitor(base_url)
    await page.load()
    name = json.loads((await poll(page, {"token": page.token, "seq": page.seq})).body)["poll"]
    # 300 characters, 900 bytes, and twice as many were they escaped.
    event = {"n": 1, "id": "entry", "event": "change", "properties": {"value": "界" * 300}}
    assert len(json.dumps(event)) > 1_000
    assert (await poll(page, {"events": [event]}, name)).code == 204
    [session] = registry.sessions.values()
    assert isinstance(session.document, Notes)
    await until(lambda: session.document.shown.value == "界" * 300)  # type: ignore[attr-defined]
    event = {"n": 2, "id": "entry", "event": "change", "properties": {"value": "界" * 330}}
    assert (await poll(page, {"events": [event]}, name)).code == 204
    answer = json.loads((await poll(page, {}, name)).body)
    assert answer["close"] == {"code": 1009, "reason": "message too big"}
    assert session.document.shown.value == "界" * 300
    assert rejects(registry) == {"message_bytes": 1}


@pytest.mark.gen_test
@pytest.mark.parametrize("by", ["websocket", "poll"])
async def test_bytes_are_counted_as_such(mounted: Mounted, base_url: str, by: str) -> None:
    registry = mounted(Notes, settings=settings(bytes_per_second=0.0, bytes_burst=10_000, max_message_bytes=10_000))
    meter = registry_mount(registry).meter
    assert meter is not None
    text = "é界🎉" * 100
    event = {"n": 1, "id": "entry", "event": "change", "properties": {"value": text}}
    message = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    assert len(message.encode()) > len(message) + 500
    if by == "websocket":
        async with Visitor(base_url) as page:
            await page.load()
            await page.connect()
            page.post(message)
            await page.frame()
            assert meter.received_bytes == len(message.encode())
            # As characters both are within the bound, as bytes they are not.
            for _ in range(2):
                page.post('{"id":"entry","event":"change","properties":{"value":"%s"}}' % ("界" * 2_500))
            assert await page.closed() == (1008, "too many bytes")
    else:
        page = Visitor(base_url)
        await page.load()
        name = json.loads((await poll(page, {"token": page.token, "seq": page.seq})).body)["poll"]
        assert (await poll(page, {"events": [event]}, name)).code == 204
        assert meter.received_bytes == len(message.encode())
        # Half a character comes as an escape.
        broken = '{"events":[{"n":2,"id":"entry","event":"change","properties":{"value":"\\ud800"}}]}'
        assert (await poll(page, broken, name)).code == 204


@pytest.mark.gen_test
async def test_failures_of_the_store_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = f"sqlite:///{tmp_path}/jibe.db"
    server = Server("store", settings=Settings(metrics="/metrics", store=store, snapshot_delay=0.0))
    server.mount(Notes)
    task = server.start(0, exec_mode="task")
    await server.ready
    url = server.url

    async def figure(name: str) -> float:
        text = (await ask(f"{url}metrics")).body.decode()
        found = re.search(rf"^jibe_like_{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found is not None else 0.0

    failures, refused = 'store_failures_total{application="/"}', 'rejects_total{application="/",reason="store"}'
    page = Visitor(url)
    await page.load()
    await page.connect()
    page.change("entry", "a")
    await page.handled()
    await page.leave()
    assert (await figure(failures), await figure(refused)) == (0.0, 0.0)

    # The file cannot be written.
    def fails(self: SqliteStore, changes: object) -> StoreError:
        return StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(SqliteStore, "_commit", fails)
        await page.connect()
        page.change("entry", "b")
        await page.handled()
        while not await figure(failures):
            pass
        await page.leave()
    before = await figure(failures)

    # It cannot be read.
    async def get(self: SqliteStore, app: str, session_id: str) -> bytes:
        raise StoreError("the file is locked")

    [mount] = server.mounts.values()
    await mount.registry.close()
    mount.registry.sessions.clear()
    mount.registry.admit()
    with monkeypatch.context() as patched:
        patched.setattr(SqliteStore, "get", get)
        with pytest.raises(EOFError, match="1013 the store cannot be read"):
            await page.connect()
    assert await figure(refused) == 1.0
    assert await figure(failures) > before
    await server.stop()
    await task
    caplog.clear()


# -- a poll's name is not enough


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "body", [{}, {"events": [{"n": 1, "id": "entry", "event": "change", "properties": {"value": "x"}}]}]
)
async def test_the_name_of_a_poll_is_of_no_use_to_anybody_else(mounted: Mounted, base_url: str, body: Any) -> None:
    registry = mounted(Notes)
    page, thief = Visitor(base_url), Visitor(base_url)
    await page.load()
    await thief.load()
    answer = json.loads((await poll(page, {"token": page.token, "seq": page.seq})).body)
    [session] = [found for found in registry.sessions.values() if found.connection_count]
    assert isinstance(session.document, Notes)
    for visitor in (thief, Visitor(base_url)):
        response = await poll(visitor, body, answer["poll"])
        assert response.code == 410
        assert b"frames" not in response.body
    assert session.document.shown.value == ""
    change = {"n": 1, "id": "entry", "event": "change", "properties": {"value": "mine"}}
    assert (await poll(page, {"events": [change]}, answer["poll"])).code == 204
    await until(lambda: session.document.shown.value == "mine")  # type: ignore[attr-defined]


@pytest.mark.gen_test
async def test_the_poll_of_an_expired_sign_in_is_told_so_and_nobody_else(mounted: Mounted, base_url: str) -> None:
    server = Server("polls")
    mounted(Notes, auth=users(), server=server)
    [mount] = server.mounts.values()
    pages = {}
    for name in ("ada", "grace"):
        agent = Agent()
        form = await agent.get(f"{base_url}/")
        await agent.fill_in(form, username=name, password=f"{name}'s")
        pages[name] = Visitor(base_url)
        pages[name].cookies = agent.cookies["localhost"]
        await pages[name].load()
    ada, grace = pages["ada"], pages["grace"]
    name = json.loads((await poll(ada, {"token": ada.token, "seq": ada.seq})).body)["poll"]
    assert (await poll(grace, {}, name)).code == 410
    assert mount.guard is not None
    [sign_in] = [found for found in mount.guard.sign_ins if found.username == "ada"]
    mount.guard.sign_ins.end(sign_in, signed_out=False)
    for visitor in (grace, Visitor(base_url)):
        assert (await poll(visitor, {}, name)).code == 410
    assert json.loads((await poll(ada, {}, name)).body)["close"]["code"] == 4001
