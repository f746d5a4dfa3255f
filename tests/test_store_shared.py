"""One store for all who use the same file."""

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest

from jibe_like.errors import SettingsError, StoreError
from jibe_like.store.base import open_store
from jibe_like.store.shared import SharedSqliteStore
from tests.sessions import on_a_loop

SOON = time.time() + 1000


@on_a_loop
async def test_what_one_puts_another_reads_at_once_and_it_is_committed_in_order(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jibe.db"
    first, second = open_store(url), open_store(url)
    committed: list[tuple[str, Exception | None]] = []

    def note(name: str, error: Exception | None) -> None:
        committed.append((name, error))

    names = [f"{'second' if number % 2 else 'first'}{number}" for number in range(200)]
    for number, name in enumerate(names):
        store = second if number % 2 else first
        store.put("app", f"s{number}", b"x", SOON, partial(note, name))
    assert await second.get("app", "s0") == b"x"
    await second.flush()
    assert [name for name, _ in committed] == names
    assert {error for _, error in committed} == {None}
    await first.close()
    await second.close()


@on_a_loop
async def test_it_is_closed_when_the_last_one_has_closed_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jibe.db"
    first, second = open_store(url), open_store(url)
    first.put("app", "s", b"x", SOON, lambda error: None)
    await asyncio.gather(first.close(), first.close())
    second.put("app", "t", b"y", SOON, lambda error: None)
    refused: list[Exception | None] = []
    first.put("app", "u", b"z", SOON, refused.append)
    assert isinstance(refused[0], StoreError)
    assert await second.get("app", "s") == b"x"
    await second.close()
    with pytest.raises(StoreError, match="closed"):
        await second.get("app", "s")
    third = open_store(url)
    assert [await third.get("app", name) for name in "st"] == [b"x", b"y"]
    await third.close()


@on_a_loop
async def test_two_names_of_one_file_are_one_store(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "jibe.db")
    stores = SharedSqliteStore(tmp_path / "jibe.db"), SharedSqliteStore(tmp_path / "link")
    other = SharedSqliteStore(tmp_path / "other.db")
    stores[0].put("app", "s", b"x", SOON, lambda error: None)
    assert await stores[1].get("app", "s") == b"x"
    assert await other.get("app", "s") is None
    assert stores[0].path == stores[1].path
    for store in (*stores, other):
        await store.close()


def test_a_folder_that_is_not_there_leaves_nothing_open(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(SettingsError, match="does not exist"):
            open_store(f"sqlite:///{tmp_path}/none/jibe.db")
