"""Where the bytes of a file go that is on its way: to the disk, or to a receiver."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from jibe_like.tree.files import Receiver

from .depot import PART, Depot
from .uploaded_file import UploadedFile

if TYPE_CHECKING:
    from ..session import Session

logger = logging.getLogger("jibe_like.session")

T = TypeVar("T")


class Sink(Protocol):
    """Takes a file's bytes. After `abort` nothing else is called."""

    async def write(self, piece: bytes) -> None:
        """Returns when there is room for more."""

    async def finish(self) -> UploadedFile | None:
        """That was all of it. Gives what has come of it; None where a receiver has it."""

    def abort(self, reason: str) -> None:
        """There will be no more: nothing of it is kept."""


class Disk:
    """Writes to a file of the session's folder, in threads. Raises OSError, from the constructor on."""

    def __init__(self, depot: Depot, session_id: str, name: str, type: str) -> None:
        self._path, self._file = depot.create(session_id)
        self._name, self._type = name, type
        self._is_durable = depot.is_durable
        self._size = 0
        self._is_busy = self._is_aborted = False

    async def write(self, piece: bytes) -> None:
        """See `Sink`."""
        self._size += len(piece)
        await self._in_thread(lambda: _write_all(self._file.write, piece))

    async def finish(self) -> UploadedFile | None:
        """See `Sink`."""
        await self._in_thread(self._close)
        return UploadedFile(self._path, self._name, self._size, self._type)

    def abort(self, reason: str) -> None:
        """See `Sink`."""
        self._is_aborted = True
        if not self._is_busy:
            self._clean_up()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """What may take long. It is over when this returns, even where this is cancelled."""
        self._is_busy = True
        call = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            await asyncio.wait([call])
            raise
        finally:
            self._is_busy = False
            if self._is_aborted:
                self._clean_up()

    def _close(self) -> None:
        if self._is_durable:
            os.fsync(self._file.fileno())
        self._file.close()
        Path(f"{self._path}{PART}").rename(self._path)

    def _clean_up(self) -> None:
        self._file.close()
        for path in (Path(f"{self._path}{PART}"), self._path):
            path.unlink(missing_ok=True)


def _write_all(write: Callable[[memoryview], int | None], piece: bytes) -> None:
    """A file without a buffer may take less than it is given."""
    left = memoryview(piece)
    while left:
        left = left[write(left) or 0 :]


class Stream:
    """A file on its way, as its receiver gets it."""

    def __init__(self, name: str, size: int, type: str) -> None:
        self.name = name
        self.size = size
        self.type = type
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(1)
        self.error: OSError | None = None
        """Why there is no more of it."""

    def __repr__(self) -> str:
        return f"ReceivedFile({self.name!r}, {self.size} bytes, {self.type})"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.error is None:
            piece = await self._pieces.get()
            if not piece:
                # For who asks once more.
                self._pieces.put_nowait(piece)
                break
            yield piece
        if self.error is not None:
            raise self.error

    async def put(self, piece: bytes) -> None:
        """Returns when there is room for it. An empty piece is the end."""
        await self._pieces.put(piece)

    def break_off(self, reason: str) -> None:
        """Whoever waits for more, or asks for it, gets an error."""
        self.error = ConnectionAbortedError(reason)
        self.drain()
        self._pieces.put_nowait(b"")

    def drain(self) -> None:
        """Makes room."""
        while not self._pieces.empty():
            self._pieces.get_nowait()


class ReceiverError(Exception):
    """A receiver has raised, and that was reported."""


_NO_MORE: Final = b""


class Received:
    """Feeds a receiver, which runs as a task of the session.

    :param report: told what the receiver raises of its own.
    :param before: the task of this file's last receiver, which may still be at work after a break.
    """

    def __init__(
        self,
        session: "Session",
        receiver: Receiver,
        file: Stream,
        report: Callable[[Exception], object],
        before: "asyncio.Task[None] | None",
    ) -> None:
        self._receiver = receiver
        self._file = file
        self._report = report
        self._has_failed = False
        self.task: asyncio.Task[None] = session.start(self._run(before), background=True)
        self.task.add_done_callback(lambda _: file.drain())

    async def write(self, piece: bytes) -> None:
        """See `Sink`. What the receiver does not want any more is passed over."""
        if self.task.done():
            self._check()
        else:
            await self._file.put(piece)

    async def finish(self) -> UploadedFile | None:
        """See `Sink`."""
        if not self.task.done():
            await self._file.put(_NO_MORE)
            await asyncio.wait([self.task])
        self._check()
        return None

    def abort(self, reason: str) -> None:
        """See `Sink`."""
        if not self.task.done():
            self._file.break_off(reason)

    async def _run(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        try:
            result = self._receiver(self._file)
            if not isawaitable(result):
                raise TypeError(f"a receiver is an async function, and {self._receiver!r:.80} is not")
            await result
        except Exception as error:
            self._has_failed = True
            if error is not self._file.error:
                self._report(error)

    def _check(self) -> None:
        if self._has_failed or self.task.cancelled():
            raise ReceiverError
