"""Downloads over HTTP: once, by whom they are meant for, streamed, and closed in every case."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

from jibe_like import Button, Connection, MainApp, Settings, session
from jibe_like.session.functions.content import PIECE, Downloadable
from jibe_like.session.registry import Registry
from tests.integration.by_hand import ByHand
from tests.integration.conftest import Mounted
from tests.integration.proxy import make_proxy
from tests.integration.visitor import Visitor, until
from tests.serving import Serve

content: dict[str, Downloadable] = {}
"""What the next clicks offer, by name."""


class Files(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        button = Button("Get", identifier="get")
        button.register("click", self.get)
        self.children = [button]

    def get(self) -> None:
        name, given = content.popitem()
        session.download(name, given)


class Page(Visitor):
    """A visitor who downloads."""

    async def __aenter__(self) -> "Page":
        return self

    async def begin(self) -> None:
        await self.load()
        await self.connect()

    async def offer(self, name: str, given: Downloadable) -> str:
        """A click offers this. Gives the URL where it is."""
        content[name] = given
        self.click("get")
        while True:
            for operation, *args in (await self.frame()).get("ops", ()):
                if operation == "download":
                    url, self.file_name = args
                    return urljoin(self.socket_url, str(url))

    async def fetch(self, url: str, method: str = "GET", **options: Any) -> HTTPResponse:
        request = HTTPRequest(url, method, headers=self._headers({}), **options)
        try:
            return await AsyncHTTPClient().fetch(request, raise_error=False)
        except HTTPClientError as error:
            # It was cut short.
            return HTTPResponse(request, error.code)


@pytest.mark.gen_test
async def test_it_is_fetched_once(mounted: Mounted, base_url: str) -> None:
    mounted(Files)
    async with Page(base_url) as page:
        await page.begin()
        url = await page.offer("note.html", b"<script>alert(1)</script>")
        assert page.file_name == "note.html"
        head = await page.fetch(url, "HEAD")
        answer = await page.fetch(url)
        assert (head.code, head.body) == (200, b"")
        assert (answer.code, answer.body) == (200, b"<script>alert(1)</script>")
        for response in (head, answer):
            assert response.headers["Content-Disposition"] == 'attachment; filename="note.html"'
            assert response.headers["Content-Length"] == "25"
            assert response.headers["Content-Type"] == "text/html"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert response.headers["Cache-Control"] == "no-store"
            assert "Etag" not in response.headers
        assert (await page.fetch(url)).code == 404
        assert (await page.fetch(url, "HEAD")).code == 404


@pytest.mark.gen_test
async def test_by_nobody_else(mounted: Mounted, base_url: str) -> None:
    mounted(Files)
    mounted(Files, "/other")
    async with Page(base_url) as page, Page(base_url) as stranger:
        await page.begin()
        await stranger.begin()
        url = await page.offer("a", b"secret")
        assert (await stranger.fetch(url)).code == 404
        assert (await AsyncHTTPClient().fetch(url, raise_error=False)).code == 404
        # Nor is it at another application's place.
        assert (await page.fetch(url.replace("/_jibe", "/other/_jibe"))).code == 404
        assert (await page.fetch(url + "x")).code == 404
        assert (await page.fetch(url.replace("/download/", "/download/../"))).code == 404
        assert (await page.fetch(url)).body == b"secret"


@pytest.mark.gen_test
async def test_not_for_long(mounted: Mounted, base_url: str) -> None:
    mounted(Files, settings=Settings(download_lifetime=0.02))
    file = io.BytesIO(b"x")
    async with Page(base_url) as page:
        await page.begin()
        url = await page.offer("a", file)
        await until(lambda: file.closed)
        assert (await page.fetch(url)).code == 404


@pytest.mark.gen_test
async def test_not_after_the_session(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Files)
    async with Page(base_url) as page:
        await page.begin()
        url = await page.offer("a", b"x")
        only(registry).destroy()
        assert (await page.fetch(url)).code == 404


def only(registry: Registry) -> Any:
    [found] = registry.sessions.values()
    return found


@pytest.mark.gen_test
@pytest.mark.parametrize("prefix", ["", "/files", "/a/b"])
async def test_below_a_prefix(mounted: Mounted, base_url: str, prefix: str) -> None:
    mounted(Files, prefix)
    async with Page(base_url + prefix) as page:
        await page.begin()
        url = await page.offer("a", "text")
        assert urlsplit(url).path.startswith(f"{prefix}/_jibe/download/")
        assert (await page.fetch(url)).body == b"text"


@pytest.mark.gen_test
async def test_behind_a_proxy_that_strips_a_prefix(serve: Serve) -> None:
    proxy = serve(make_proxy("/shown/", serve(tornado.web.Application(Files.handlers("/files")))))
    async with Page(proxy + "shown/files") as page:
        await page.begin()
        url = await page.offer("a", "text")
        assert urlsplit(url).path.startswith("/shown/files/_jibe/download/")
        assert (await page.fetch(url)).body == b"text"


@pytest.mark.gen_test
async def test_where_the_rules_were_made_by_hand(app: tornado.web.Application, http_server: Any, base_url: str) -> None:
    by_hand = ByHand(app, Files)
    for path in by_hand.applications:
        async with Page(base_url + path) as page:
            await by_hand.open(page)
            url = await page.offer("a", "text")
            token = url.rpartition("/")[2]
            assert (await page.fetch(f"{base_url}/_jibe/download/{token}")).body == b"text"
    await by_hand.close()


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plain name.txt", 'attachment; filename="plain name.txt"'),
        ("naïve.txt", "attachment; filename=\"naive.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
        ("日本.txt", "attachment; filename=\".txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"),
        ("日本", "attachment; filename=\"download\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
        ('a"b%.txt', "attachment; filename=\"a_b_.txt\"; filename*=UTF-8''a%22b%25.txt"),
        ("a\r\nX-Evil: 1\0.txt", 'attachment; filename="a__X-Evil: 1_.txt"'),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("C:\\temp\\a.txt", 'attachment; filename="a.txt"'),
        ("", 'attachment; filename="download"'),
        ("/", 'attachment; filename="download"'),
        ("\ud800.txt", 'attachment; filename="?.txt"'),
        ("x" * 1000, f'attachment; filename="{"x" * 200}"'),
        ("👩‍💻", "attachment; filename=\"download\"; filename*=UTF-8''%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB"),
    ],
)
async def test_names(mounted: Mounted, base_url: str, name: str, header: str) -> None:
    mounted(Files)
    async with Page(base_url) as page:
        await page.begin()
        answer = await page.fetch(await page.offer(name, b""))
        assert answer.code == 200
        assert answer.headers["Content-Disposition"] == header
        assert "X-Evil" not in answer.headers


class Flood:
    """Pieces without end, and how many were taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = False

    def plain(self) -> Iterator[bytes]:
        try:
            while True:
                self.taken += 1
                yield bytes(PIECE)
        finally:
            self.closed = True

    async def coroutine(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.taken += 1
                await asyncio.sleep(0)
                yield bytes(PIECE)
        finally:
            self.closed = True


async def open_raw(page: Page, url: str) -> IOStream:
    """A connection that asks for the URL and reads what it wants of the answer."""
    parts = urlsplit(url)
    stream = await TCPClient().connect(str(parts.hostname), parts.port or 80)
    cookie = page._headers({})["Cookie"]
    await stream.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\n\r\n".encode())
    return stream


@pytest.mark.gen_test
@pytest.mark.parametrize("kind", ["plain", "coroutine"])
async def test_it_waits_for_a_slow_reader_and_ends_with_one_who_gives_up(
    mounted: Mounted, base_url: str, kind: str
) -> None:
    mounted(Files)
    flood = Flood()
    async with Page(base_url) as page:
        await page.begin()
        url = await page.offer("flood", getattr(flood, kind)())
        stream = await open_raw(page, url)
        await stream.read_until(b"\r\n\r\n")
        taken = -1
        while taken != flood.taken:
            taken = flood.taken
            await asyncio.sleep(0.2)
        # What the system keeps for two sockets, and no more: endless pieces have not filled the memory.
        assert 0 < taken * PIECE < 32 * 1024 * 1024
        await stream.read_bytes(8 * 1024 * 1024)
        await until(lambda: flood.taken > taken)
        assert not flood.closed
        stream.close()
        await until(lambda: flood.closed)
        assert (await page.fetch(url)).code == 404


@pytest.mark.gen_test
async def test_it_goes_on_when_the_session_ends(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Files)
    go_on = asyncio.Event()
    seen: list[object] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun, "
        await go_on.wait()
        seen.append(session.info.user_ip)
        yield b"and done"

    async with Page(base_url) as page:
        await page.begin()
        url = await page.offer("a", pieces())
        fetching = asyncio.ensure_future(page.fetch(url))
        found = only(registry)
        await until(lambda: not found.endings[0]._open)
        found.destroy()
        go_on.set()
        assert (await fetching).body == b"begun, and done"
        # It acts in the session that it was made in.
        assert seen == ["127.0.0.1"]


def fails_at_once() -> Iterator[bytes]:
    raise OSError("no such thing")
    yield b""


def fails_later() -> Iterator[bytes]:
    yield b"begun"
    raise OSError("no such thing")


def wrong_piece() -> Iterator[Any]:
    yield "text"


class Short(io.BytesIO):
    """Ends before it said it would."""

    def read(self, size: int | None = -1, /) -> bytes:
        return b"" if self.tell() else super().read(1)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (fails_at_once, 500, "OSError: no such thing"),
        (fails_later, 599, "OSError: no such thing"),
        (wrong_piece, 500, "TypeError: a piece of a download must be bytes, not str"),
        (lambda: Short(b"123"), 599, "EOFError: there were 1 of 3 bytes"),
    ],
)
async def test_content_that_fails(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture, given: Any, code: int, said: str
) -> None:
    errors: list[tuple[str, Exception]] = []

    class Watched(Files):
        def on_error(self, widget: Any, event: str, error: Exception) -> None:
            errors.append((event, error))

    mounted(Watched)
    async with Page(base_url) as page:
        await page.begin()
        answer = await page.fetch(await page.offer("a.txt", given()))
        assert answer.code == code
        assert "Content-Disposition" not in answer.headers
        assert [event for event, _ in errors] == ["download"]
        assert said in caplog.text
        assert "while 'a.txt' was downloaded" in caplog.text
    caplog.clear()


@pytest.mark.gen_test
async def test_files_are_closed(mounted: Mounted, base_url: str) -> None:
    mounted(Files)
    async with Page(base_url) as page:
        await page.begin()
        big = io.BytesIO(bytes(PIECE) * 20)
        answer = await page.fetch(await page.offer("big", big))
        assert len(answer.body) == 20 * PIECE
        assert big.closed
        again = io.BytesIO(bytes(64 * 1024 * 1024))
        stream = await open_raw(page, await page.offer("again", again))
        await stream.read_until(b"\r\n\r\n")
        assert not again.closed
        stream.close()
        await until(lambda: again.closed)
