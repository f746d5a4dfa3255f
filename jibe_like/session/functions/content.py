"""What can be downloaded, piece by piece: bytes, text, files, iterators."""

import asyncio
import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, TypeVar

T = TypeVar("T")

PIECE: Final = 128 * 1024
"""Bytes that are read at a time."""


class BinaryFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int, /) -> bytes: ...


Downloadable: TypeAlias = (
    bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryFile | AsyncIterable[bytes] | Iterable[bytes]
)
"""What `download` takes: the content itself (a str is sent as UTF-8), or where it comes from: a path, a file that is
open for reading bytes, or an iterator of bytes, plain or `async`."""


class Content:
    """Content that is read once, in pieces. What may block is done in a thread.

    Raises TypeError for what is none of a `Downloadable`, OSError for a path that cannot be opened.
    """

    def __init__(self, given: Downloadable) -> None:
        self.size: int | None = None
        """Bytes in all; None where nobody knows beforehand."""
        self._close: Callable[[], Any] | None = None
        if isinstance(given, str):
            given = given.encode("utf-8", "replace")
        if isinstance(given, os.PathLike):
            given = Path(given).open("rb")  # noqa: SIM115
        if isinstance(given, (bytes, bytearray, memoryview)):
            whole = bytes(given)
            self.size = len(whole)
            self._pieces = _slices(whole)
            return
        if isinstance(given, AsyncIterable):
            self._pieces = aiter(given)
            self._close = getattr(given, "aclose", None)
            return
        self._close = getattr(given, "close", None)
        if isinstance(given, io.TextIOBase):
            raise TypeError("download: a file must be open for reading bytes, not text")
        if hasattr(given, "read"):
            self.size = _bytes_left(given)
            self._pieces = _read(given.read, self.size)
        elif isinstance(given, Iterable):
            self._pieces = _from_thread(iter(given))
        else:
            raise TypeError(
                "download: content must be bytes, str, a path, a binary file or an iterator of bytes, "
                f"not {type(given).__name__}"
            )

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def close(self) -> None:
        """Closes the file or iterator that it comes from. Doing it twice is doing it once."""
        close, self._close = self._close, None
        if close is not None:
            closing = close()
            if asyncio.iscoroutine(closing):
                await closing


async def _slices(whole: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(whole), PIECE):
        yield whole[start : start + PIECE]


async def _read(read: Callable[[int], bytes], size: int | None) -> AsyncIterator[bytes]:
    """All of a file; no more than it had when its size was told."""
    left = size
    while left is None or left > 0:
        piece = await _in_thread(lambda most: read(most), PIECE if left is None else min(PIECE, left))
        if not piece:
            break
        left = left - len(piece) if left is not None else None
        yield piece


async def _from_thread(pieces: Any) -> AsyncIterator[bytes]:
    end = object()
    while (piece := await _in_thread(lambda default: next(pieces, default), end)) is not end:
        yield piece


async def _in_thread(func: Callable[..., T], *args: Any) -> T:
    """What a call that may block gives. It is over when this returns, even where this is cancelled."""
    call = asyncio.ensure_future(asyncio.to_thread(func, *args))
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        await asyncio.wait([call])
        raise


def _bytes_left(file: Any) -> int | None:
    """How many bytes a file still has to give; None where it cannot tell."""
    try:
        if not file.seekable():
            return None
        here = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(here)
    except (AttributeError, OSError, ValueError):
        return None
    return max(0, int(end) - int(here))
