"""A page that is gone without a word is noticed, and one that is there is left alone."""

import asyncio
from urllib.parse import urlsplit

import pytest

from jibe_like import Label, MainApp, Settings
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, until

HANDSHAKE = (
    "GET /websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PING = b"\x89\x00"
GONE = (1001).to_bytes(2, "big") + b"no answer to a ping"


class Hello(MainApp):
    settings = Settings(ping_interval=0.02)

    def __init__(self, connection: object) -> None:
        super().__init__()
        self.children = [Label("hello")]


@pytest.mark.gen_test
async def test_a_page_that_answers_stays(mounted: Mounted, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = mounted(Hello)
    pings: list[bytes] = []
    async with Visitor(base_url + "/") as page:
        await page.connect()
        monkeypatch.setattr(page.socket, "on_ping", pings.append)
        await until(lambda: len(pings) == 3)
        (session,) = registry.sessions.values()
        assert session.connection_count == 1


@pytest.mark.gen_test
async def test_a_page_that_leaves_a_ping_unanswered_is_let_go(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Hello)
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(HANDSHAKE.format(host=address.netloc).encode())
    received = await reader.readuntil(GONE)
    assert received.count(PING) == 1
    (session,) = registry.sessions.values()
    writer.close()
    await until(lambda: not session.connection_count)


@pytest.mark.gen_test
async def test_no_pings(mounted: Mounted, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pings: list[bytes] = []
    heard: list[bytes] = []
    mounted(Hello, "/quiet", settings=Settings(ping_interval=0))
    mounted(Hello, "/loud")
    async with Visitor(base_url + "/quiet/") as quiet, Visitor(base_url + "/loud/") as loud:
        await quiet.connect()
        await loud.connect()
        monkeypatch.setattr(quiet.socket, "on_ping", pings.append)
        monkeypatch.setattr(loud.socket, "on_ping", heard.append)
        await until(lambda: len(heard) == 3)
    assert pings == []
