"""Stores by URL, the one that keeps nothing, and what waits to be written."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.errors import SettingsError
from jibe_like.store.base import Store, open_store
from jibe_like.store.memory import MemoryStore
from jibe_like.store.pending import Change, Key, Pending
from jibe_like.store.shared import SharedSqliteStore


def test_memory_by_url() -> None:
    store = open_store("memory://")
    assert isinstance(store, MemoryStore)
    assert not store.durable


def test_sqlite_by_relative_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///a b.db")
    monkeypatch.chdir("/")
    assert isinstance(store, SharedSqliteStore)
    assert store.durable
    assert store.path == tmp_path / "a b.db"


def test_sqlite_by_absolute_url(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/x.db")
    assert isinstance(store, SharedSqliteStore)
    assert store.path == tmp_path / "x.db"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["", "memory", "memory:///x", "sqlite", "sqlite://", "sqlite:///", "sqlite:///:memory:", "jibe.db", "redis://h"],
)
def test_another_url_is_named(url: str) -> None:
    with pytest.raises(SettingsError, match="memory://") as caught:
        open_store(url)
    assert repr(url) in str(caught.value)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        open_store("postgres://me:hunter2@host/db")
    assert "hunter2" not in str(caught.value)
    assert "@host/db" in str(caught.value) or "…@host/db" in str(caught.value)


@pytest.mark.parametrize(
    ("place", "reason"),
    [("missing/x.db", "missing does not exist"), ("", "is a folder"), ("x" * 300, "File name too long")],
)
def test_a_place_that_cannot_be_is_told_at_once(tmp_path: Path, place: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        open_store(f"sqlite:///{tmp_path}/{place}")


def test_memory_keeps_nothing() -> None:
    async def use() -> None:
        store: Store = MemoryStore()
        told: list[Exception | None] = []
        store.put("app", "s", b"x", 2e12, told.append)
        store.extend("app", "s", 3e12)
        assert told == [None]
        assert await store.get("app", "s") is None
        assert await store.present("app", ["s"]) == set()
        store.delete("app", "s")
        await store.flush()
        await store.close()

    asyncio.run(use())


# -- what waits to be written


def _note(told: list[Any], what: Any, error: Exception | None) -> None:
    told.append(what)


Row = tuple[bytes, float] | None
keys = st.sampled_from([("a", "1"), ("a", "2")])
steps = st.one_of(
    st.tuples(st.just("put"), keys, st.binary(max_size=3), st.floats(0, 9)),
    st.tuples(st.just("extend"), keys, st.floats(0, 9)),
    st.tuples(st.sampled_from(["delete", "take", "written", "put_back"]), keys),
)


def after(row: Row, change: Change | None) -> Row:
    """What the change makes of a row."""
    if change is None:
        return row
    if change.deleted:
        return None
    if change.record is not None:
        return change.record, change.expires
    return (row[0], change.expires) if row is not None else None


@given(st.lists(steps, max_size=30))
def test_changes_add_up_whatever_fails_meanwhile(history: list[tuple[object, ...]]) -> None:
    pending = Pending(1_000)
    expected: dict[Key, Row] = {}
    file: dict[Key, Row] = {}
    asked: list[int] = []
    told: list[int] = []

    def commit() -> None:
        for key, change in pending.writing.items():
            file[key] = after(file.get(key), change)
            for done in change.waiting:
                done(None)
        pending.written()

    for number, (step, key, *rest) in enumerate(history):
        assert isinstance(key, tuple)
        match step, rest:
            case "put", [bytes() as record, float() as expires]:
                assert pending.put(key, record, expires, partial(_note, told, number))
                asked.append(number)
                expected[key] = record, expires
            case "extend", [float() as expires]:
                pending.extend(key, expires)
                row = expected.get(key)
                expected[key] = row and (row[0], expires)
            case "delete", _:
                pending.delete(key)
                expected[key] = None
            case "take", _ if not pending.writing:
                pending.take()
            case "written", _:
                commit()
            case "put_back", _:
                pending.put_back()
        for known, row in expected.items():
            assert after(file.get(known), pending.newest(known)) == row
    commit()
    pending.take()
    commit()
    assert {key: row for key, row in file.items() if row} == {key: row for key, row in expected.items() if row}
    assert sorted(told) == asked
    assert pending.put(("a", "3"), bytes(1_000), 0, lambda _: None), "what was written takes no room"


def test_what_does_not_fit_changes_nothing() -> None:
    pending = Pending(10)
    assert pending.put(("a", "1"), b"123456", 5, lambda _: None)
    assert not pending.put(("a", "2"), b"12345", 5, lambda _: None)
    assert not pending.put(("a", "1"), b"12345678901", 6, lambda _: None)
    assert pending.newest(("a", "2")) is None
    waiting = pending.newest(("a", "1"))
    assert waiting is not None
    assert (waiting.record, waiting.expires, len(waiting.waiting)) == (b"123456", 5, 1)
    assert pending.put(("a", "1"), b"1234567890", 6, lambda _: None), "it takes the place of the first"
    pending.delete(("a", "1"))
    assert pending.put(("a", "2"), b"1234567890", 5, lambda _: None)


def test_of_many_failures_few_are_remembered() -> None:
    change = Change()
    told: list[str] = []
    for name in "abc":
        change.waiting.append(partial(_note, told, name))
    error = OSError("full")
    for done, why in change.failed(error):
        assert why is error
        done(why)
    assert told == ["a", "b", "c"]
    assert change.failed(error) == []
    assert len(change.waiting) == 1
    change.waiting.append(lambda _: told.append("d"))
    for done, _ in change.failed(error):
        done(error)
    assert told == ["a", "b", "c", "d"]
