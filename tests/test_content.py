"""What can be downloaded: in pieces, of a known size where there is one, and closed afterwards."""

import io
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from jibe_like.session.functions.content import PIECE, Content
from tests.sessions import on_a_loop

BIG = bytes(range(256)) * (3 * PIECE // 256) + b"end"


async def pieces_of(content: Content) -> list[bytes]:
    return [piece async for piece in content]


@pytest.mark.parametrize("given", [BIG, bytearray(BIG), memoryview(BIG), memoryview(BIG + BIG)[: len(BIG)]])
@on_a_loop
async def test_bytes(given: Any) -> None:
    content = Content(given)
    assert content.size == len(BIG)
    if isinstance(given, bytearray):
        given.clear()
    pieces = await pieces_of(content)
    assert b"".join(pieces) == BIG
    assert max(map(len, pieces)) == PIECE
    await content.close()


@on_a_loop
async def test_text_is_utf_8() -> None:
    content = Content("naïve \ud800")
    assert await pieces_of(content) == ["naïve ?".encode()]
    assert content.size == 8
    assert await pieces_of(Content("")) == []


@on_a_loop
async def test_a_path_is_opened_at_once(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(BIG)
    content = Content(path)
    path.unlink()
    assert content.size == len(BIG)
    assert b"".join(await pieces_of(content)) == BIG
    await content.close()
    await content.close()
    with pytest.raises(FileNotFoundError):
        Content(path)
    with pytest.raises(IsADirectoryError):
        Content(tmp_path)


@on_a_loop
async def test_a_file_is_read_from_where_it_stands_and_no_further_than_it_was(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        content = Content(file)
        with path.open("ab") as more:
            more.write(b"more")
        assert content.size == 6
        assert await pieces_of(content) == [b"456789"]
        await content.close()
        assert file.closed


@on_a_loop
async def test_a_file_that_does_not_know_its_size() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe:
        content = Content(pipe)
        os.write(write_end, b"through a pipe")
        os.close(write_end)
        assert content.size is None
        assert b"".join(await pieces_of(content)) == b"through a pipe"


@on_a_loop
async def test_an_iterator_works_in_a_thread() -> None:
    threads: list[threading.Thread] = []
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            for piece in (b"a", b"b"):
                threads.append(threading.current_thread())
                yield piece
        finally:
            closed.append(True)

    content = Content(pieces())
    assert content.size is None
    assert await pieces_of(content) == [b"a", b"b"]
    assert threading.main_thread() not in threads
    assert closed == [True]
    assert await pieces_of(Content([b"1", b"2"])) == [b"1", b"2"]


@on_a_loop
async def test_an_async_iterator() -> None:
    closed: list[bool] = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    content = Content(pieces())
    async for piece in content:
        assert piece == b"a"
        break
    await content.close()
    assert closed == [True]


@on_a_loop
async def test_a_generator_is_closed_where_it_stands() -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"a"
        finally:
            closed.append(True)

    content = Content(pieces())
    assert await anext(aiter(content)) == b"a"
    await content.close()
    assert closed == [True]


@pytest.mark.parametrize("given", [None, 1, object(), io.StringIO("text")])
def test_what_is_no_content(given: Any) -> None:
    with pytest.raises(TypeError, match="download: "):
        Content(given)
