"""A page without a browser that sends files."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from tests.integration.visitor import Visitor


def kept(folder: Path) -> list[Path]:
    """All files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def folders(folder: Path) -> list[Path]:
    """All folders below it, and itself; none where it is not there."""
    return sorted(path for path in (folder, *folder.rglob("*")) if path.is_dir())


def mode(path: Path) -> int:
    """Who may do what with it."""
    return path.stat().st_mode & 0o777


BOUNDARY = "----the-boundary"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
PIECE = 64 * 1024


class Answer:
    """What came back: its status, 0 where nothing did, and why."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.status = int(head.split(b" ", 2)[1]) if head else 0
        self.body = body

    @property
    def error(self) -> str:
        return str(json.loads(self.body)["error"])


class Uploader(Visitor):
    """Offers files to the widget `files`, and sends them."""

    widget = "files"

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self.urls: dict[str, str] = {}
        """Where to send which file, by key."""
        self.stopped: list[str] = []
        self.kept = 0
        """Number of the last event whose effect is in the store."""

    async def __aenter__(self) -> Uploader:
        return self

    async def begin(self) -> None:
        await self.load()
        # So it is told the whole tree.
        self.seq = None
        await self.connect()
        await self.until(lambda: self.page is not None)

    async def frame(self) -> dict[str, Any]:
        frame = await super().frame()
        self.kept = max(self.kept, frame.get("kept", 0))
        for operation, *args in frame.get("ops", ()):
            if operation == "upload_to":
                self.urls |= {key: urljoin(self.socket_url, url) for key, url in args[0]}
            elif operation == "upload_stop":
                self.stopped += args[0]
        return frame

    def offer(self, *keys: str, name: str = "a.txt", size: int = 5, again: bool = False) -> None:
        """Says that the user has chosen these."""
        files = [{"key": key, "name": name, "size": size, "type": ""} for key in keys]
        if again:
            files = [{**file, "again": True} for file in files]
        self.send(".", "upload", data={"id": self.widget, "files": files})

    async def url_of(self, key: str) -> str:
        """Where the file is to be sent, once that is known."""
        await self.until(lambda: key in self.urls)
        return self.urls.pop(key)

    async def until_stopped(self, key: str) -> None:
        """Returns once the page was told to forget the file."""
        await self.until(lambda: key in self.stopped)
        self.stopped.remove(key)

    async def stored(self) -> None:
        """Takes in frames until the store has what came of all events."""
        while self.kept < self.sent:
            await self.frame()

    async def upload(self, key: str, content: bytes, name: str = "a.txt") -> Answer:
        """Offers a file and sends it."""
        self.offer(key, name=name, size=len(content))
        return await self.put(await self.url_of(key), content)

    async def put(self, url: str, content: bytes, **headers: str) -> Answer:
        """Sends a file."""
        async with self.sending(url, len(content), **headers) as sending:
            await sending.write(content)
            return await sending.end()

    def sending(self, url: str, size: int, /, **headers: str) -> Sending:
        """A request that has begun. The test sends what it likes."""
        return Sending(url, size, HEAD, {**self._headers({}), **headers})

    def sending_raw(self, url: str, body: bytes, /, **headers: str) -> Sending:
        """A request with another body."""
        return Sending(url, 0, body, {**self._headers({}), "Content-Length": str(len(body)), **headers})


class Sending:
    """A POST request, as the test goes on with it."""

    def __init__(self, url: str, size: int, head: bytes, headers: dict[str, str]) -> None:
        self._url = urlsplit(url)
        self._head = head
        self._headers = {
            "Host": self._url.netloc,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(HEAD) + size + len(TAIL)),
            **headers,
        }

    async def __aenter__(self) -> Sending:
        host, port = self._url.hostname, self._url.port
        self.reader, self.writer = await asyncio.open_connection(host, port)
        headers = [f"{name}: {value}" for name, value in self._headers.items() if value]
        await self.raw("\r\n".join([f"POST {self._url.path} HTTP/1.1", *headers, "", ""]).encode())
        if "Transfer-Encoding" in self._headers:
            await self.chunks(self._head)
        else:
            await self.raw(self._head)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()

    async def raw(self, data: bytes) -> None:
        """Sends bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def write(self, content: bytes) -> None:
        """Sends some of the file."""
        for start in range(0, len(content), PIECE):
            await self.raw(content[start : start + PIECE])

    async def write_while_taken(self, content: bytes) -> None:
        """Sends content and the end of the form, as far as the server takes them."""
        try:
            await self.write(content)
            await self.raw(TAIL)
        except ConnectionError:
            return

    async def chunks(self, content: bytes) -> None:
        """Sends all that in chunks, none of which says how much is to come."""
        try:
            for start in range(0, len(content), PIECE):
                piece = content[start : start + PIECE]
                await self.raw(b"%x\r\n%b\r\n" % (len(piece), piece))
        except ConnectionError:
            return

    async def end(self) -> Answer:
        """Sends the end of the form. Gives the answer."""
        await self.raw(TAIL)
        return await self.answer()

    async def answer(self) -> Answer:
        """Waits for the answer."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return Answer(b"", b"")
        found = re.search(rb"(?i)content-length: (\d+)", head)
        return Answer(head, await self.reader.readexactly(int(found[1]) if found else 0))

    async def closed(self) -> None:
        """Returns when the server has closed the connection."""
        try:
            while await self.reader.read(PIECE):
                pass
        except ConnectionError:
            return

    def cut(self) -> None:
        """The network is gone."""
        transport = self.writer.transport
        transport.abort()
