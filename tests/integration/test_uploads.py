"""Uploads over HTTP: by whom they were asked for, once, as they come, within bounds, and gone with the session."""

import asyncio
import gc
import logging
import resource
from pathlib import Path
from typing import Any, ClassVar
from weakref import ref

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient

from jibe_like import Connection, FileUpload, MainApp, Settings, VBox, session
from jibe_like.session.registry import Registry
from jibe_like.session.uploads.upload import find_upload
from jibe_like.tree.files import Incoming, ReceivedFile, TakesFiles, stop_upload
from jibe_like.web.mount import Mount
from tests.integration.by_hand import ByHand
from tests.integration.conftest import Mounted
from tests.integration.uploader import HEAD, TAIL, Uploader, folders, kept, mode
from tests.integration.visitor import until

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


class Files(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.files = FileUpload("Files", identifier="files", multiple=True)
        self.children = [self.files]


def only(registry: Registry) -> Any:
    [found] = registry.sessions.values()
    return found


def only_of(registry: Registry, page: Uploader) -> Any:
    """The widget of this page."""
    claims = registry.tokens.check(page.token)
    assert claims is not None
    return registry.sessions[claims.session].document.files  # type: ignore[attr-defined]


def not_good(url: str) -> bool:
    """Whether nothing is waited for there any more."""
    return find_upload(url.rpartition("/")[2]) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.mark.gen_test
async def test_a_file_comes(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        answer = await page.upload("1", b"hello", "../../Grüße.txt")
        assert answer.status == 204
        widget = only(registry).document.files
        [file] = widget.value
        assert (file.name, file.size, file.type) == ("Grüße.txt", 5, "text/plain")
        assert file.read_bytes() == b"hello"
        assert kept(folder) == [file.path]
        assert mode(file.path) == 0o600
        assert {mode(path) for path in folders(folder)} == {0o700}
        assert "Gr" not in str(file.path.relative_to(folder))


@pytest.mark.gen_test
async def test_what_it_is_is_found_by_its_content(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        widget = only(registry).document.files
        widget.accept = ["image/*", ".csv"]
        html = b"<!DOCTYPE html><script>alert(1)</script>"
        answer = await page.upload("1", html, "cat.png")
        assert answer.status == 415
        assert answer.error == "Its content (text/html) is not of a kind that is accepted."
        await page.until_stopped("1")
        [refused] = widget.incoming
        assert (refused.state, refused.error) == ("failed", answer.error)
        # Nothing was written, and by its name alone nothing is let in either.
        assert kept(folder) == []
        for name in ("cat.html", "cat.png.exe"):
            page.offer(name, name=name)
            await page.until_stopped(name)
        assert (await page.upload("2", PNG, "cat.PNG")).status == 204
        assert (await page.upload("3", b"a,b\n1,2\n", "table.csv")).status == 204
        assert (await page.upload("4", b"a,b\0\1\2", "table.csv")).status == 415
        assert (await page.upload("5", b"", "empty.csv")).status == 204
        assert [file.type for file in widget.value] == ["image/png", "text/csv", "text/csv"]
        assert len(kept(folder)) == 3


@pytest.mark.gen_test
async def test_size_and_number_are_bounded_before_a_byte_travels(mounted: Mounted, base_url: str, folder: Path) -> None:
    settings = Settings(upload_folder=str(folder), upload_bytes=1000, upload_files=3, upload_session_bytes=1500)
    registry = mounted(Files, settings=settings)
    async with Uploader(base_url) as page:
        await page.begin()
        widget = only(registry).document.files
        for key, most, size in (("a", None, 1001), ("b", 10, 11), ("c", 10_000, 1001)):
            widget.max_bytes = most
            page.offer(key, size=size)
            await page.until_stopped(key)
        assert (await page.upload("1", b"x" * 1000)).status == 204
        # What is on its way counts, too.
        page.offer("2", size=400)
        page.offer("3", size=101)
        await page.until_stopped("3")
        page.offer("4", size=100)
        page.offer("5", size=0)
        await page.until_stopped("5")
        assert [each.error for each in widget.incoming if each.state == "failed"] == [
            "It is larger than 1 KB.",
            "It is larger than 10 bytes.",
            "It is larger than 1 KB.",
            "All files together would be larger than 1.5 KB.",
            "There are 3 files already.",
        ]
        # What the application deletes makes room.
        widget.value = []
        page.offer("6", size=0)
        await page.handled()
        assert page.stopped == []


@pytest.mark.gen_test
async def test_declared_sizes_lie(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        for key, announced, sent, status, claimed in (
            ("more", 100_000, 100_001, 413, None),
            ("much more", 100_000, 3_000_000, 413, None),
            ("less", 100_000, 99_999, 400, None),
            ("nothing", 1, 0, 400, None),
            ("chunked", 100_000, 2_000_000, 413, "chunked"),
        ):
            page.offer(key, size=announced)
            headers: dict[str, str] = {"Content-Length": "", "Transfer-Encoding": claimed} if claimed else {}
            async with page.sending(await page.url_of(key), sent, **headers) as sending:
                if claimed:
                    await sending.chunks(b"x" * sent)
                else:
                    await sending.write_while_taken(b"x" * sent)
                answer = await sending.answer()
            assert answer.status == status, key
            await page.until_stopped(key)
            assert kept(folder) == []
        states = {each.key: each.state for each in only(registry).document.files.incoming}
        assert set(states.values()) == {"failed"}


@pytest.mark.gen_test
async def test_a_ticket_is_good_once_for_whom_it_was_made_and_not_for_long(
    mounted: Mounted, base_url: str, folder: Path
) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder), upload_lifetime=0.05))
    mounted(Files, "/other")
    async with Uploader(base_url) as page, Uploader(base_url) as stranger:
        await page.begin()
        await stranger.begin()
        page.offer("1")
        url = await page.url_of("1")
        assert (await stranger.put(url, b"hello")).status == 410
        assert (await Uploader(base_url).put(url, b"hello")).status == 410
        assert (await page.put(url.replace("/_jibe", "/other/_jibe"), b"hello")).status == 410
        assert (await page.put(url + "x", b"hello")).status == 410
        assert (await page.put(url, b"hello", Origin="https://evil.example")).status == 403
        assert (await page.put(url, b"hello", **{"Sec-Fetch-Site": "cross-site"})).status == 403
        assert (await page.put(url, b"hello")).status == 204
        assert (await page.put(url, b"hello")).status == 410
        assert len(kept(folder)) == 1
        # One that is not used lapses. The page offers the file again, and gets another.
        page.offer("2")
        url = await page.url_of("2")
        incoming = only_of(registry, page).incoming[1]
        await until(lambda: not_good(url))
        assert (await page.put(url, b"hello")).status == 410
        assert incoming.state == "waiting"
        page.offer("2", again=True)
        assert (await page.put(await page.url_of("2"), b"hello")).status == 204
        assert incoming.state == "done"


@pytest.mark.gen_test
async def test_nothing_comes_when_the_session_has_ended(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        assert (await page.upload("1", b"hello")).status == 204
        page.offer("2", "3", size=1_000_000)
        url = await page.url_of("2")
        async with page.sending(url, 1_000_000) as sending:
            await sending.write(b"x" * 300_000)
            await until(lambda: len(kept(folder)) == 2)
            ended = ref(only(registry))
            registry.discard(only(registry))
            await sending.closed()
        assert (await page.put(url, b"hello")).status == 410
        await until(lambda: kept(folder) == [])
        await until(lambda: len(folders(folder)) == 2)
        await page.closed()
    await until(lambda: gc.collect() >= 0 and ended() is None)


@pytest.mark.gen_test
async def test_one_after_the_other(mounted: Mounted, base_url: str, folder: Path) -> None:
    """A page has one ticket at a time: none lapses while it sends."""
    registry = mounted(Files, mode="broadcast", settings=Settings(upload_folder=str(folder), uploads_at_once=2))
    async with Uploader(base_url) as one, Uploader(base_url) as two, Uploader(base_url) as three:
        for page in (one, two, three):
            await page.begin()
        one.offer("1", "2")
        await one.url_of("1")
        two.offer("1")
        three.offer("1")
        url = await two.url_of("1")
        await three.handled()
        assert (one.urls, three.urls) == ({}, {})
        widget = only(registry).document.files
        assert [each.state for each in widget.incoming] == ["waiting"] * 4
        assert (await two.put(url, b"hello")).status == 204
        url = await three.url_of("1")
        assert one.urls == {}
        assert (await three.put(url, b"hello")).status == 204


@pytest.mark.gen_test
async def test_a_transfer_that_breaks_off_begins_anew(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        content = b"".join(b"%d\n" % number for number in range(200_000))
        page.offer("1", size=len(content))
        async with page.sending(await page.url_of("1"), len(content)) as sending:
            await sending.write(content[:500_000])
            [incoming] = only(registry).document.files.incoming
            await until(lambda: sum(path.stat().st_size for path in kept(folder)) >= 400_000)
            assert incoming.state == "sending"
        await until(lambda: incoming.state == "waiting")
        assert incoming.received == 0
        await until(lambda: kept(folder) == [])
        # It may also be the page that notices first: then the server still waits for more.
        page.offer("1", size=len(content), again=True)
        async with page.sending(await page.url_of("1"), len(content)) as sending:
            await sending.write(content[:100_000])
            await until(lambda: incoming.state == "sending")
            page.offer("1", size=len(content), again=True)
            url = await page.url_of("1")
            await sending.closed()
        assert (await page.put(url, content)).status == 204
        [file] = only(registry).document.files.value
        assert file.read_bytes() == content
        assert kept(folder) == [file.path]
        # It has come: the page need not offer it any more.
        page.offer("1", size=len(content), again=True)
        await page.until_stopped("1")
        page.offer("never seen", again=True)
        await page.until_stopped("never seen")


@pytest.mark.gen_test
async def test_nobody_waits_for_one_that_sends_nothing(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder), upload_timeout=0.05))
    async with Uploader(base_url) as page:
        await page.begin()
        page.offer("1", size=10_000)
        async with page.sending(await page.url_of("1"), 10_000) as sending:
            await sending.write(b"x" * 9_000)
            await sending.closed()
        [incoming] = only(registry).document.files.incoming
        assert (incoming.state, kept(folder)) == ("waiting", [])


@pytest.mark.gen_test
async def test_the_user_cancels(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        widget = only(registry).document.files
        page.offer("1", "2", size=1_000_000)
        async with page.sending(await page.url_of("1"), 1_000_000) as sending:
            await sending.write(b"x" * 300_000)
            first, second = widget.incoming
            await until(lambda: kept(folder))
            stop_upload(widget, second)
            await page.until_stopped("2")
            stop_upload(widget, first)
            await sending.closed()
        await page.until_stopped("1")
        assert (first.state, second.state) == ("stopped", "stopped")
        await until(lambda: kept(folder) == [])
        # So it is where the widget leaves the page.
        page.offer("3", size=1_000_000)
        async with page.sending(await page.url_of("3"), 1_000_000) as sending:
            await sending.write(b"x" * 300_000)
            await until(lambda: kept(folder))
            widget.parent.children.remove(widget)
            await sending.write_while_taken(b"x" * 700_000)
            await sending.closed()
        await until(lambda: kept(folder) == [])


@pytest.mark.gen_test
async def test_a_page_that_was_closed_sends_no_more(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, mode="broadcast", settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page, Uploader(base_url) as other:
        await page.begin()
        await other.begin()
        page.offer("1", size=10)
        await page.url_of("1")
        session = only(registry)
        connection = session.connections[session.document.files.incoming[0].page]
        session.forget(connection)
        [incoming] = session.document.files.incoming
        assert (incoming.state, incoming.error) == ("failed", "The page was closed before all of it had come.")


@pytest.mark.gen_test
async def test_a_page_that_cannot_send_says_so(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        page.offer("1", "2")
        url = await page.url_of("1")
        page.send(".", "upload_lost", data={"files": ["1", "none"]})
        assert (await page.put(await page.url_of("2"), b"hello")).status == 204
        assert (await page.put(url, b"hello")).status == 410
        lost, done = only(registry).document.files.incoming
        assert (lost.state, lost.error) == ("failed", "It could not be read, or not be sent.")
        assert done.state == "done"
        # What has come stays, whatever the page says.
        page.send(".", "upload_lost", data={"files": ["2"]})
        for nonsense in (None, [1], ["x"] * 101):
            page.send(".", "upload_lost", data={"files": nonsense})
        await page.handled()
        assert done.state == "done"


@pytest.mark.gen_test
async def test_what_a_page_says_is_checked(
    mounted: Mounted, base_url: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        good = {"key": "1", "name": "a", "size": 1, "type": ""}
        nonsense: list[Any] = [
            None,
            {},
            [1],
            [{**good, "key": ""}],
            [{**good, "key": "x" * 65}],
            [{**good, "key": 1}],
            [{**good, "name": None}],
            [{**good, "size": -1}],
            [{**good, "size": 1.5}],
            [{**good, "size": True}],
            [{**good, "size": 2**53}],
            [good] * 101,
        ]
        for files in nonsense:
            page.send(".", "upload", data={"id": "files", "files": files})
        others: list[Any] = ["w1", "none", None, 1, [], "topwidget"]
        for identifier in others:
            page.send(".", "upload", data={"id": identifier, "files": [good]})
            await page.until_stopped("1")
        only(registry).document.files.disabled = True
        page.offer("2")
        await page.until_stopped("2")
        assert only(registry).document.files.incoming == []
        warnings = [record.getMessage() for record in caplog.records if "ignored a message" in record.getMessage()]
        assert len(warnings) == len(nonsense) + len(others) + 1


class Lines(MainApp):
    """Counts lines as they come."""

    taken: ClassVar[list[str]] = []
    gate: ClassVar[asyncio.Event]
    """Open as long as it takes pieces."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.files = FileUpload("Files", identifier="files", multiple=True, receiver=self.receive)
        self.children = [self.files]

    async def receive(self, file: ReceivedFile) -> None:
        assert session.info.user_ip
        lines = 0
        try:
            async for piece in file:
                await self.gate.wait()
                lines += piece.count(b"\n")
                if piece.startswith(b"\xffbad"):
                    raise ValueError("no lines")
        except OSError as error:
            self.taken.append(f"{file.name}: {error}")
            raise
        self.taken.append(f"{file.name} ({file.size}, {file.type}): {lines} lines")


@pytest.fixture
def lines() -> type[Lines]:
    Lines.taken, Lines.gate = [], asyncio.Event()
    Lines.gate.set()
    return Lines


@pytest.mark.gen_test
async def test_a_receiver_gets_it_as_it_comes(
    mounted: Mounted, base_url: str, folder: Path, lines: type[Lines], caplog: pytest.LogCaptureFixture
) -> None:
    registry = mounted(lines, settings=Settings(upload_folder=str(folder), upload_session_bytes=10))
    async with Uploader(base_url) as page:
        await page.begin()
        widget = only(registry).document.files
        content = b"line\n" * 100_000
        assert (await page.upload("1", content, "a.csv")).status == 204
        assert (await page.upload("2", b"")).status == 204
        assert lines.taken == ["a.csv (500000, text/csv): 100000 lines", "a.txt (0, text/plain): 0 lines"]
        assert [(each.state, each.file) for each in widget.incoming] == [("done", None)] * 2
        # What it raises fails that file alone, and is told like any handler's error.
        answer = await page.upload("3", b"\xffbad\n" * 100_000)
        assert (answer.status, answer.error) == (422, "It could not be processed.")
        [record] = [record for record in caplog.records if record.levelname == "ERROR"]
        assert record.exc_info is not None
        assert str(record.exc_info[1]) == "no lines"
        assert vars(record)["widget"] == "files"
        caplog.clear()
        # So does a page that breaks off; the receiver is called again.
        lines.taken.clear()
        page.offer("4", size=len(content))
        async with page.sending(await page.url_of("4"), len(content)) as sending:
            await sending.write(content[:200_000])
            await until(lambda: widget.incoming[3].state == "sending")
        await until(lambda: lines.taken)
        page.offer("4", size=len(content), again=True)
        assert (await page.put(await page.url_of("4"), content)).status == 204
        assert lines.taken == ["a.txt: the connection was lost", "a.txt (500000, text/plain): 100000 lines"]
        assert folders(folder) == []


@pytest.mark.gen_test
async def test_who_sends_faster_than_a_receiver_takes_has_to_wait(
    mounted: Mounted, base_url: str, lines: type[Lines]
) -> None:
    registry = mounted(lines, settings=Settings(upload_timeout=0.2))
    lines.gate.clear()
    size = 50_000_000
    async with Uploader(base_url) as page:
        await page.begin()
        page.offer("1", size=size)
        async with page.sending(await page.url_of("1"), size) as sending:
            writing = asyncio.ensure_future(sending.write(b"\n" * size))
            [incoming] = only(registry).document.files.incoming
            await until(lambda: incoming.state == "sending")
            # Longer than it would wait for bytes: it is not the page that is slow.
            done, _ = await asyncio.wait([writing], timeout=0.5)
            assert not done
            assert upload_of(registry).received < 1_000_000
            lines.gate.set()
            await writing
            assert (await sending.end()).status == 204
        assert lines.taken == [f"a.txt ({size}, text/plain): {size} lines"]


def upload_of(registry: Registry) -> Any:
    [upload] = only(registry).uploads._uploads.values()
    return upload


@pytest.mark.gen_test
async def test_what_is_no_form_with_one_file_is_refused(mounted: Mounted, base_url: str, folder: Path) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        file, end = HEAD + b"hello", TAIL
        for key, body, kind in (
            ("two", file + b"\r\n" + file + end, ""),
            ("no file", file.replace(b'; filename="a"', b"") + end, ""),
            ("encoded", file.replace(b"Content-Type: ", b"Content-Transfer-Encoding: base64\r\nX: ") + end, ""),
            ("no part", TAIL[2:], ""),
            ("no end", file, ""),
            ("nothing", b"", ""),
            ("junk", b"hello", ""),
            ("much before", b"x" * 20_000 + file + end, ""),
            ("much behind", file + end + b"x" * 20_000, ""),
            ("long header", file.replace(b"Content-Type:", b"X: " + b"x" * 20_000 + b"\r\nContent-Type:") + end, ""),
            ("urlencoded", file + end, "application/x-www-form-urlencoded"),
            ("no boundary", file + end, "multipart/form-data"),
            ("long boundary", file + end, f"multipart/form-data; boundary={'x' * 300}"),
        ):
            page.offer(key)
            headers = {"Content-Type": kind} if kind else {}
            async with page.sending_raw(await page.url_of(key), body, **headers) as sending:
                assert (await sending.answer()).status == (413 if len(body) > 20_000 else 400), key
            await page.until_stopped(key)
        assert kept(folder) == []
        assert {each.state for each in only(registry).document.files.incoming} == {"failed"}
        page.offer("get")
        url = await page.url_of("get")
        response = await AsyncHTTPClient().fetch(url, headers=page._headers({}), raise_error=False)
        assert response.code == 405
        assert (await page.put(url, b"hello")).status == 204


@pytest.mark.gen_test
async def test_a_full_disk(mounted: Mounted, base_url: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    registry = mounted(Files, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, before[1]))
        try:
            answer = await page.upload("1", b"x" * 3_100_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert (answer.status, answer.error) == (507, "The server has no room for it.")
        await page.until_stopped("1")
        assert kept(folder) == []
        [incoming] = only(registry).document.files.incoming
        assert (incoming.state, incoming.error) == ("failed", answer.error)
        [record] = [record for record in caplog.records if record.name == "jibe_like.session"]
        assert record.levelname == "ERROR"
        assert "'a.txt' cannot be kept: File too large" in record.getMessage()
        caplog.clear()
        assert (await page.upload("2", b"x" * 3_100_000)).status == 204


@pytest.mark.gen_test
async def test_rates(app: tornado.web.Application, http_server: object, base_url: str, folder: Path) -> None:
    settings = Settings(
        upload_folder=str(folder),
        uploads_per_second=0,
        uploads_burst=6,
        upload_bytes_per_second=1_000_000,
        upload_bytes_burst=100_000,
        metrics="/metrics",
    )
    rules = Files.handlers("", settings=settings)
    app.add_handlers(".*", rules)
    mount: Mount = rules[0][2]["mount"]
    async with Uploader(base_url) as page:
        await page.begin()
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert (await page.upload("1", b"x" * 300_000)).status == 204
        assert 0.15 < loop.time() - began < 3
        assert (await page.upload("2", b"x")).status == 204
        page.offer("3", "4")
        url = await page.url_of("3")
        assert (await page.put(url, b"hello")).status == 429
        # The ticket is still good.
        assert not not_good(url)
        assert mount.meter is not None
        assert dict(mount.meter.rejects) == {"uploads_per_identity": 1}
        assert dict(mount.meter.uploads) == {"done": 2}
        assert mount.meter.uploaded_bytes == 300_001
        # So it is where too many are offered. Of these the first alone is listed.
        page.offer("5", "6", "7")
        await page.until_stopped("7")
        assert dict(mount.meter.rejects) == {"uploads_per_identity": 2}
        [document] = [session.document for session in mount.registry.sessions.values()]
        assert isinstance(document, Files)
        assert [each.error for each in document.files.incoming[4:]] == [
            "There are too many files at once. Try again later."
        ]
    await mount.close()


@pytest.mark.gen_test
@pytest.mark.parametrize("prefix", ["", "/files"])
async def test_behind_a_prefix(mounted: Mounted, base_url: str, prefix: str, folder: Path) -> None:
    mounted(Files, prefix, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url + prefix) as page:
        await page.begin()
        page.offer("1")
        url = await page.url_of("1")
        assert f"{prefix}/_jibe/upload/" in url
        assert (await page.put(url, b"hello")).status == 204


@pytest.mark.gen_test
async def test_where_the_rules_were_made_by_hand(app: tornado.web.Application, http_server: Any, base_url: str) -> None:
    by_hand = ByHand(app, Files)
    paths = []
    for path, application in by_hand.applications.items():
        async with Uploader(base_url + path) as page:
            await by_hand.open(page)
            page.offer("1")
            ticket = (await page.url_of("1")).rpartition("/")[2]
            assert (await page.put(f"{base_url}/_jibe/upload/{ticket}", b"hello")).status == 204
            [file] = only(application.mount_in(app).registry).document.files.value
            assert file.read_bytes() == b"hello"
            paths.append(file.path)
    await by_hand.close()
    # A temporary folder goes with the server.
    assert not any(path.parent.parent.parent.exists() for path in paths)


@pytest.mark.gen_test
async def test_a_page_that_asks_again_while_all_has_come_is_told_in_the_end(
    mounted: Mounted, base_url: str, lines: type[Lines]
) -> None:
    registry = mounted(lines)
    async with Uploader(base_url) as page:
        await page.begin()
        lines.gate.clear()
        page.offer("1")
        async with page.sending(await page.url_of("1"), 5) as sending:
            await sending.write_while_taken(b"a\nb\nc")
            await until(lambda: upload_of(registry).is_whole)
            # Its network has gone meanwhile, and it does not know that nothing is missing.
        page.offer("1", again=True)
        page.send(".", "upload_lost", data={"files": ["1"]})
        await page.handled()
        lines.gate.set()
        await page.until_stopped("1")
        assert lines.taken == ["a.txt (5, text/plain): 2 lines"]
        [incoming] = only(registry).document.files.incoming
        assert incoming.state == "done"


@pytest.mark.gen_test
async def test_what_a_receiver_has_in_hand_can_be_cancelled(
    mounted: Mounted, base_url: str, lines: type[Lines]
) -> None:
    registry = mounted(lines)
    async with Uploader(base_url) as page:
        await page.begin()
        widget = only(registry).document.files
        lines.gate.clear()
        page.offer("1", size=10_000)
        async with page.sending(await page.url_of("1"), 10_000) as sending:
            await sending.write_while_taken(b"\n" * 10_000)
            await until(lambda: upload_of(registry).is_whole)
            [incoming] = widget.incoming
            # From any thread.
            await asyncio.to_thread(stop_upload, widget, incoming)
            await sending.closed()
        await page.until_stopped("1")
        lines.gate.set()
        await until(lambda: lines.taken)
        assert lines.taken == ["a.txt: stopped"]
        assert incoming.state == "stopped"
        # A plain function is no receiver.
        widget.receiver = lambda file: None
        with pytest.raises(TypeError, match="a receiver is an async function"):
            await fails(page, only(registry))


async def fails(page: Uploader, session: Any) -> None:
    """Sends a file that is answered with 422, and raises what the application was told."""
    told: list[Exception] = []
    session.document.on_error = lambda widget, event, error: told.append(error)
    logger = logging.getLogger("jibe_like.session")
    logger.disabled = True
    try:
        assert (await page.upload("odd", b"hello")).status == 422
    finally:
        logger.disabled = False
    [error] = told
    raise error


class Odd(TakesFiles, VBox):
    """A widget that takes what it likes."""

    def __init__(self) -> None:
        super().__init__(identifier="files")
        self.seen: list[tuple[str, Incoming]] = []

    @property
    def incoming(self) -> list[Incoming]:
        return list(dict.fromkeys(incoming for _, incoming in self.seen))

    def file_offered(self, incoming: Incoming) -> str:
        if incoming.name == "error":
            raise ValueError("no")
        if incoming.name == "refused":
            return "Not this one."
        self.seen.append(("offered", incoming))
        return ""

    def file_progress(self, incoming: Incoming) -> None:
        self.seen.append((f"{incoming.state} {incoming.received}", incoming))

    def file_done(self, incoming: Incoming) -> None:
        self.seen.append(("done", incoming))
        if incoming.name == "late":
            raise ValueError("late")

    def file_failed(self, incoming: Incoming) -> None:
        self.seen.append((incoming.error, incoming))


@pytest.mark.gen_test
async def test_what_a_widget_is_told(
    mounted: Mounted, base_url: str, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jibe_like.session.uploads.upload._SHOWN_EVERY", 0)

    class Own(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.odd = Odd()
            self.children = [self.odd]

    registry = mounted(Own, settings=Settings(upload_folder=str(folder)))
    async with Uploader(base_url) as page:
        await page.begin()
        odd = only(registry).document.odd
        for name in ("error", "refused"):
            page.offer(name, name=name)
            await page.until_stopped(name)
        assert [what for what, _ in odd.seen] == ["It could not be processed.", "Not this one."]
        odd.seen.clear()
        page.offer("1", size=200_000, name="late")
        async with page.sending(await page.url_of("1"), 200_000) as sending:
            await sending.write(b"x" * 50_000)
            await until(lambda: odd.seen[-1][0] == "sending 0")
            await sending.write(b"x" * 50_000)
            await until(lambda: len(odd.seen) > 2)
            await sending.write(b"x" * 100_000)
            assert (await sending.end()).status == 204
        told = [what for what, _ in odd.seen]
        assert told[:2] == ["offered", "sending 0"]
        figures = [int(what.removeprefix("sending ")) for what in told[2:-1]]
        assert figures == sorted(set(figures))
        assert 0 < figures[0] < figures[-1] <= 200_000
        assert told[-1] == "done"
        assert odd.incoming[0].received == 200_000
        # What it raises changes nothing for the page, and is told like a handler's error.
        errors = [record for record in caplog.records if record.levelname == "ERROR"]
        assert [str(record.exc_info and record.exc_info[1]) for record in errors] == ["no", "late"]
        caplog.clear()
