"""Uploads and their server's process: what it takes of memory, and what of them outlives it."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from jibe_like import MainApp, Settings
from jibe_like.web.mount import Mount
from tests.integration.uploader import Uploader, kept, mode
from tests.integration.visitor import until
from tests.serving import Script, ServeScript

PROGRAM = """
import hashlib
import os

from jibe_like import Button, FileUpload, Label, MainApp, Settings


class Files(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        receiver = self.receive if os.environ.get("RECEIVER") else None
        self.files = FileUpload("Files", identifier="files", multiple=True, receiver=receiver)
        self.files.register("upload", self.show)
        self.label = Label("none", identifier="label")
        look = Button("Look", identifier="look")
        look.register("click", self.show)
        self.children = [self.files, self.label, look]

    def show(self):
        digests = [hashlib.sha256(file.read_bytes()).hexdigest()[:8] for file in self.files.value]
        self.label.value = f"{len(digests)} files: {' '.join(digests)}"

    async def receive(self, file):
        digest = hashlib.sha256()
        async for piece in file:
            digest.update(piece)
        self.label.value = f"received: {digest.hexdigest()[:8]}"


settings = Settings(upload_bytes=1_000_000_000, upload_bytes_per_second=0, secret="s" * 40)
Files.run(int(os.environ["PORT"]), address="127.0.0.1", settings=settings, store=os.environ["STORE"])
"""
LARGE = 300_000_000
PIECE = bytes(range(256)) * 256


@pytest.fixture
def script(serve_script: ServeScript, tmp_path: Path, request: pytest.FixtureRequest) -> Script:
    """The program, with a SQLite store unless the test says otherwise."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    options: dict[str, str] = getattr(request, "param", {})
    return serve_script(path, **{"STORE": f"sqlite:///{tmp_path / 'jibe.db'}", "TMPDIR": str(tmp_path), **options})


def temporary(folder: Path) -> list[Path]:
    """Folders of uploads that go with their process."""
    return list(folder.glob("jibe_like-uploads-*"))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


async def send_large(page: Uploader, on_half: Any) -> str:
    """Sends a file that nobody has in memory. Gives its digest."""
    page.offer("1", size=LARGE, name="large.bin")
    sent, found = 0, hashlib.sha256()
    async with page.sending(await page.url_of("1"), LARGE) as sending:
        while sent < LARGE:
            piece = PIECE[: LARGE - sent]
            found.update(piece)
            await sending.raw(piece)
            sent += len(piece)
            on_half()
        assert (await sending.end()).status == 204
    return found.hexdigest()[:8]


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("script", [{"STORE": "memory://"}, {"STORE": "memory://", "RECEIVER": "yes"}], indirect=True)
async def test_memory_is_bounded(script: Script) -> None:
    process = psutil.Process(script.process.pid)
    async with Uploader(script.url) as page:
        await page.begin()
        # A first one: what it takes is not that of the file.
        assert (await page.upload("0", PIECE)).status == 204
        before = most = process.memory_info().rss

        def look() -> None:
            nonlocal most
            most = max(most, process.memory_info().rss)

        digest_of_all = await send_large(page, look)
        assert most - before < 10_000_000
        await page.until(lambda: digest_of_all in page.text("label"))


@pytest.mark.gen_test(timeout=20)
async def test_files_outlive_a_kill(script: Script, tmp_path: Path) -> None:
    folder = tmp_path / "jibe.db.uploads"
    content, more = os.urandom(100_000), os.urandom(5_000_000)
    async with Uploader(script.url) as page:
        await page.begin()
        assert (await page.upload("1", content)).status == 204
        # That answer came when it was stored.
        page.offer("2", size=len(more))
        await page.stored()
        async with page.sending(await page.url_of("2"), len(more)) as sending:
            await sending.write(more[:3_000_000])
            await until(lambda: sum(path.stat().st_size for path in kept(folder)) >= 2_900_000)
            script.kill()
            await sending.closed()
        await page.closed()
        assert len(kept(folder)) == 2
        script.start()
        assert (await page.connect())["resumed"]
        page.offer("2", size=len(more), again=True)
        assert (await page.put(await page.url_of("2"), more)).status == 204
        await page.shows("label", f"2 files: {digest(content)} {digest(more)}")
        # Of the half one nothing is left.
        assert sorted(path.stat().st_size for path in kept(folder)) == [len(content), len(more)]


@pytest.mark.gen_test(timeout=20)
async def test_what_was_answered_is_stored(script: Script) -> None:
    async with Uploader(script.url) as page:
        await page.begin()
        for number in range(1, 4):
            assert (await page.upload(str(number), b"hello")).status == 204
            script.kill()
            await page.closed()
            script.start()
            assert (await page.connect())["resumed"]
            page.click("look")
            await page.shows("label", f"{number} files: {' '.join([digest(b'hello')] * number)}")


@pytest.mark.gen_test(timeout=20)
async def test_files_outlive_a_stop(script: Script, tmp_path: Path) -> None:
    folder = tmp_path / "jibe.db.uploads"
    async with Uploader(script.url) as page:
        await page.begin()
        assert (await page.upload("1", b"hello")).status == 204
        page.offer("2", size=5_000_000)
        async with page.sending(await page.url_of("2"), 5_000_000) as sending:
            await sending.write(b"x" * 3_000_000)
            await until(lambda: len(kept(folder)) == 2)
            assert script.stop() == 0
            await sending.closed()
        await page.closed()
        assert [path.stat().st_size for path in kept(folder)] == [5]
        script.start()
        assert (await page.connect())["resumed"]
        page.offer("2", size=5_000_000, again=True)
        assert (await page.put(await page.url_of("2"), b"x" * 5_000_000)).status == 204
        await page.shows("label", f"2 files: {digest(b'hello')} {digest(b'x' * 5_000_000)}")
        assert "Traceback" not in script.output()


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("script", [{"STORE": "memory://"}], indirect=True)
async def test_without_a_store_they_end_with_the_process(script: Script, tmp_path: Path) -> None:
    async with Uploader(script.url) as page:
        await page.begin()
        assert (await page.upload("1", b"hello")).status == 204
        [folder] = temporary(tmp_path)
        assert mode(folder) == 0o700
        assert len(kept(folder)) == 1
        assert script.stop() == 0
        await page.closed()
    assert temporary(tmp_path) == []


class Bare(MainApp):
    pass


@pytest.mark.gen_test
@pytest.mark.parametrize("store", ["memory://", "sqlite"])
async def test_what_was_left_behind_is_swept(tmp_path: Path, store: str) -> None:
    url = f"sqlite:///{tmp_path / 'jibe.db'}" if store == "sqlite" else store
    settings = Settings(store=url, upload_folder=str(tmp_path / "files"), secret="s" * 40)
    mount = Mount(Bare, "", "Bare", "unicast", settings)
    depot, long = mount.depot, "of-" + "ü" * 100
    for session_id in ("gone", "young", "stored", "live", "..", long):
        path, file = depot.create(session_id)
        file.close()
    stored: list[Exception | None] = []
    if store == "sqlite":
        mount.store.put(mount.registry.name, "stored", b"record", time.time() + 100, stored.append)
    live: dict[str, Any] = {"live": None}
    for folder in list((tmp_path / "files").glob("*/*")):
        if folder.name != "s-young":
            for path in (*folder.iterdir(), folder):
                os.utime(path, (1, 1))
    depot.open(live)
    await depot.come_to_rest()
    names = {folder.name for folder in (tmp_path / "files").glob("*/*")}
    assert names == {"s-young", "s-live", *(["s-stored"] if store == "sqlite" else [])}
    # What is live is in use, as other processes see it.
    [folder] = (tmp_path / "files").glob("*/s-live")
    assert time.time() - folder.stat().st_mtime < 60
    await mount.close()
    assert (tmp_path / "files").exists()


@pytest.mark.gen_test
async def test_where_the_store_cannot_be_read_nothing_is_swept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "jibe.db"
    path.write_bytes(b"no database" * 1000)
    mount = Mount(Bare, "", "Bare", "unicast", Settings(store=f"sqlite:///{path}", secret="s" * 40))
    _, file = mount.depot.create("session")
    file.close()
    [folder] = (tmp_path / "jibe.db.uploads").glob("*/*")
    for each in (*folder.iterdir(), folder):
        os.utime(each, (1, 1))
    await mount.depot.sweep()
    assert folder.is_dir()
    await mount.close()
    caplog.clear()
