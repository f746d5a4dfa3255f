"""Sessions in a store: written when, read how, and what becomes of what cannot be."""

import asyncio
import io
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from jibe_like.errors import StoreError
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.keeper import Keeper
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.settings import Settings
from jibe_like.store.base import Done
from jibe_like.store.sqlite import SqliteStore
from jibe_like.tree.events import Message
from jibe_like.tree.widget import Widget
from tests.mirror import Page
from tests.sessions import App, Tab, on_a_loop, until

SECRETS = ["a" * 40]


class Count(App):
    """Counts clicks, and what it is told of snapshots."""

    snapshots = 0
    restored = 0

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.words.register("click", self.click)
        self.open_file: object = None

    def click(self) -> None:
        self.words.value = str(int(self.words.value) + 1)

    def on_snapshot(self) -> object:
        self.snapshots += 1
        return None

    def on_restore(self) -> object:
        self.restored += 1
        return None


class Shelf:
    """A store in memory, whose commits happen when the test says so."""

    durable = True

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], tuple[bytes, float]] = {}
        self.puts: list[tuple[str, Done]] = []
        self.times: list[float] = []
        self.flushed = 0
        self.error: Exception | None = None
        self.commits_at_once = True
        self.unreadable = False

    def put(self, app: str, session_id: str, record: bytes, expires: float, done: Done) -> None:
        self.records[app, session_id] = record, expires
        self.puts.append((session_id, done))
        self.times.append(time.monotonic())
        if self.commits_at_once:
            done(self.error)

    def delete(self, app: str, session_id: str) -> None:
        self.records.pop((app, session_id), None)

    def extend(self, app: str, session_id: str, expires: float) -> None:
        if (app, session_id) in self.records:
            self.records[app, session_id] = self.records[app, session_id][0], expires

    async def get(self, app: str, session_id: str) -> bytes | None:
        if self.unreadable:
            raise StoreError("the disk is gone")
        await asyncio.sleep(0)
        return self.records.get((app, session_id), (None, 0))[0]

    async def flush(self) -> None:
        self.flushed += 1

    async def close(self) -> None:
        pass

    @property
    def written(self) -> list[str]:
        """The sessions, in the order written."""
        return [session_id for session_id, _ in self.puts]


class Process:
    """A server's process: a registry that keeps its sessions in a store."""

    def __init__(
        self,
        store: Any,
        make: Callable[[Connection], Any] = Count,
        mode: str = "unicast",
        secrets: list[str] = SECRETS,
        **settings: Any,
    ) -> None:
        chosen = Settings(**{"snapshot_delay": 0.0, "check_interval": 0.002, **settings})
        self.store = store
        self.keeper = Keeper("app", store, Snapshots(secrets, live=(Session,)), chosen)
        self.registry = Registry("app", make, mode, chosen, secrets, self.keeper)

    async def visit(self, user: str = "me") -> Tab:
        """A page that was served and has opened its socket."""
        connection = Connection(Visit(identity=user))
        session = await self.registry.enter(connection)
        tab = Tab(session, connection)
        tab.page, tab.seq = Page(session.render()), session.seq
        return tab.open()

    async def come_back(self, tab: Tab, token: str, user: str = "me") -> Tab | None:
        """The page by its token, as another process has shown it; None where it has to start anew."""
        found = await self.registry.find(token, user)
        if found is None:
            return None
        session, name = found
        again = Tab(session, session.connections[name])
        again.page, again.seq = tab.page, tab.seq
        return again.open()


def token_of(tab: Tab) -> str:
    hellos = [frame["hello"] for frame in tab.frames if "hello" in frame]
    token = hellos[-1]["token"]
    assert isinstance(token, str)
    return token


def count(tab: Tab) -> str:
    assert isinstance(tab.session.document, App)
    return tab.session.document.words.value


def kept(tab: Tab) -> int:
    return tab.connection.kept


def warnings(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def on_sqlite(test: Callable[[SqliteStore], Any]) -> Callable[[Path], None]:
    """A test with a file, which is closed whatever happens."""

    @wraps(test)
    def run(tmp_path: Path) -> None:
        async def main() -> None:
            store = SqliteStore(tmp_path / "jibe.db", backoff=(0.01, 0.02))
            try:
                await asyncio.wait_for(test(store), 20)
            finally:
                await store.close()

        asyncio.run(main())

    del run.__wrapped__  # else pytest looks for a fixture named store
    return run


# -- a session goes on in another process


@on_sqlite
async def test_a_page_goes_on_where_the_dead_process_was(store: SqliteStore) -> None:
    dead = Process(store)
    tab = await dead.visit()
    for _ in range(3):
        tab.say("words", "click")
    await until(lambda: kept(tab) == 3)
    token = token_of(tab)

    alive = Process(store)
    again = await alive.come_back(tab, token)
    assert again is not None
    hello, root = again.told()
    assert hello["hello"]["got"] == hello["hello"]["kept"] == 3
    assert hello["hello"]["resumed"] is True
    assert root["seq"] > (tab.seq or 0)
    assert again.is_right
    assert count(again) == "3"
    again.say("words", "click", 3)
    assert count(again) == "3", "this one has been handled"
    again.say("words", "click", 4)
    assert count(again) == "4"
    await until(lambda: kept(again) == 4)
    assert again.session.id == tab.session.id
    assert again.session.document is not tab.session.document


@on_sqlite
async def test_an_event_that_was_handled_and_not_stored_is_handled_again(store: SqliteStore) -> None:
    dead = Process(store)
    tab = await dead.visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    token = token_of(tab)
    dead.keeper._closed = True  # as dead as it gets within one process
    tab.say("words", "click")
    tab.say("words", "click")
    assert (count(tab), tab.connection.handled) == ("3", 3)

    again = await Process(store).come_back(tab, token)
    assert again is not None
    assert again.told()[0]["hello"]["got"] == 1
    for number in (2, 3):
        again.say("words", "click", number)
    assert count(again) == "3"


@on_sqlite
async def test_a_clean_stop_stores_everything(store: SqliteStore) -> None:
    first = Process(store, snapshot_delay=60.0)
    tab, other = await first.visit("me"), await first.visit("you")
    prerendered = await first.registry.enter(Connection(Visit(identity="me")))
    tab.say("words", "click")
    token, others = token_of(tab), token_of(other)
    never_opened = first.registry.issue_token(next(iter(prerendered.connections.values())))
    tab.told()
    await first.registry.close()
    *_, told = tab.told()
    assert told == {"kept": 1}
    assert tab.ended == (1012, "the server stops")
    tab.session.changed()
    second = Process(store)
    again, its = await second.come_back(tab, token), await second.come_back(other, others, "you")
    assert again is not None
    assert its is not None
    assert (count(again), count(its)) == ("1", "0")
    assert await second.registry.find(never_opened, "me") is None


@on_sqlite
async def test_the_store_has_nothing_of_a_session_that_has_ended(store: SqliteStore) -> None:
    process = Process(store)
    tab = await process.visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    assert await store.get("app", tab.session.id) is not None
    process.registry.discard(tab.session)
    assert await store.get("app", tab.session.id) is None
    await store.flush()
    assert await store.get("app", tab.session.id) is None
    assert await Process(store).come_back(tab, token_of(tab)) is None


@on_sqlite
async def test_all_share_the_session_that_was_stored(store: SqliteStore) -> None:
    first = Process(store, mode="broadcast")
    tabs = [await first.visit(user) for user in ("me", "you")]
    for tab in tabs:
        tab.say("words", "click")
    await until(lambda: all(kept(tab) == 1 for tab in tabs))
    tokens = [token_of(tab) for tab in tabs]

    second = Process(store, mode="broadcast")
    newcomer, *again = await asyncio.gather(
        second.visit("new"),
        *(second.come_back(tab, token, user) for tab, token, user in zip(tabs, tokens, ("me", "you"), strict=True)),
    )
    assert list(second.registry.sessions) == ["all"]
    assert isinstance(newcomer, Tab)
    assert [back.session if back else None for back in again] == [newcomer.session] * 2
    newcomer.say("words", "click")
    await asyncio.sleep(0)
    assert [shown.is_right for shown in (newcomer, *again) if shown is not None] == [True] * 3
    assert count(newcomer) == "3"
    assert newcomer.session.document.restored == 1  # type: ignore[attr-defined]


@on_a_loop
async def test_a_newcomer_who_finds_others_looking_in_vain_gets_a_new_session() -> None:
    shelf = Shelf()
    first = Process(shelf, mode="broadcast")
    tab = await first.visit()
    token = token_of(tab)
    await until(lambda: shelf.puts)
    shelf.records.clear()
    second = Process(shelf, mode="broadcast")
    found, newcomer, other = await asyncio.gather(
        second.registry.find(token, "me"), second.visit("new"), second.visit("other")
    )
    assert found is None
    assert newcomer.session is other.session


# -- when


@on_a_loop
async def test_what_changes_together_is_written_once() -> None:
    shelf = Shelf()
    process = Process(shelf, snapshot_delay=0.03)
    tab = await process.visit()
    await until(lambda: shelf.puts)
    started = time.monotonic()
    for _ in range(20):
        tab.say("words", "click")
        await asyncio.sleep(0)
    await until(lambda: kept(tab) == 20)
    assert len(shelf.puts) == 2
    assert shelf.times[1] - started >= 0.025
    assert not tab.session.is_busy
    tab.say("words", "click")
    await until(lambda: kept(tab) == 21)
    assert len(shelf.puts) == 3


@on_a_loop
async def test_a_new_page_is_written_at_once() -> None:
    """Whatever the delay, and also to a session that waits for it already."""
    shelf = Shelf()
    process = Process(shelf, mode="broadcast", snapshot_delay=60.0)
    first = await process.visit("me")
    await until(lambda: len(shelf.puts) == 1)
    first.say("words", "click")
    await asyncio.sleep(0.01)
    assert len(shelf.puts) == 1
    second = await process.visit("you")
    await until(lambda: kept(first) == 1)
    assert len(shelf.puts) == 2
    assert second.connection.stored
    await process.registry.close()


@on_a_loop
async def test_a_page_is_written_while_others_click_and_clicks_while_others_come() -> None:
    """In turn: of twelve loaded at once and five that have clicked, the last click is there after the fifth page."""
    shelf = Shelf()
    process = Process(shelf)
    clicking = [await process.visit() for _ in range(5)]
    await until(lambda: len(shelf.puts) == 5)
    del shelf.puts[:]
    for tab in clicking:
        tab.say("words", "click")
    new = [await process.visit() for _ in range(12)]
    await until(lambda: len(shelf.puts) == 17)
    order = ["new" if name in {tab.session.id for tab in new} else "click" for name in shelf.written]
    assert order[:10] in (["new", "click"] * 5, ["click", "new"] * 5)
    assert [name for name in shelf.written if name in {tab.session.id for tab in new}] == [
        tab.session.id for tab in new
    ]


@on_a_loop
async def test_a_new_page_whose_session_is_busy_is_written_when_it_rests() -> None:
    shelf = Shelf()
    process = Process(shelf, snapshot_delay=60.0)
    gate = asyncio.Event()
    tab = await process.visit()
    work = tab.session.start(gate.wait())
    other = await process.visit()
    await until(lambda: other.connection.stored)
    assert not tab.connection.stored
    gate.set()
    await work
    await until(lambda: tab.connection.stored)
    await process.registry.close()


@on_a_loop
async def test_a_session_that_nobody_has_opened_is_not_written() -> None:
    shelf = Shelf()
    process = Process(shelf, prerendered_lifetime=0)
    session = await process.registry.enter(Connection(Visit()))
    session.document.words.value = "1"  # type: ignore[attr-defined]
    session.flush()
    session.changed()
    await until(lambda: session.destroyed)
    assert shelf.puts == []


@on_a_loop
async def test_half_an_event_is_not_stored() -> None:
    shelf = Shelf()
    process = Process(shelf)
    tab, other = await process.visit("me"), await process.visit("you")
    gate = asyncio.Event()

    async def transfer(source: Widget) -> None:
        tab.session.document.words.value = "100"  # type: ignore[attr-defined]
        await gate.wait()
        tab.session.document.entry.value = "100"  # type: ignore[attr-defined]

    await until(lambda: len(shelf.puts) == 2)
    tab.session.run(tab.session.document.tree.root, "work", transfer(tab.session.document.tree.root))
    tab.say("entry", "change", value="")
    other.say("words", "click")
    await until(lambda: kept(other) == 1)
    tab.session.changed()
    other.say("words", "click")
    await until(lambda: kept(other) == 2)
    assert kept(tab) == 0
    assert shelf.written[2:].count(tab.session.id) == 0
    gate.set()
    await until(lambda: kept(tab) == 1)


@on_a_loop
async def test_work_under_the_lock_is_not_stored_by_halves() -> None:
    shelf = Shelf()
    process = Process(shelf)
    tab, other = await process.visit("me"), await process.visit("you")
    tab.say("words", "click")
    async with tab.session.lock:
        other.say("words", "click")
        await until(lambda: kept(other) == 1)
        assert kept(tab) == 0
    await until(lambda: kept(tab) == 1)


@on_a_loop
async def test_a_handler_that_takes_for_ever_is_waited_for_so_long_at_the_most() -> None:
    shelf = Shelf()
    process = Process(shelf, snapshot_patience=0.1)
    tab = await process.visit()
    tab.session.start(asyncio.Event().wait())
    started = time.monotonic()
    tab.say("words", "click")
    assert tab.session.is_busy
    await until(lambda: kept(tab) == 1)
    assert time.monotonic() - started >= 0.09
    process.registry.discard(tab.session)


@on_a_loop
async def test_many_that_are_busy_hold_up_no_other() -> None:
    """Looking at each of them in turn would take 20 ms for each."""
    shelf = Shelf()
    process = Process(shelf, snapshot_patience=60.0, sessions=1_000)
    busy = [await process.visit() for _ in range(300)]
    other = await process.visit()
    for tab in busy:
        tab.session.start(asyncio.Event().wait())
        tab.session.changed()
    other.say("words", "click")
    started = time.monotonic()
    await until(lambda: kept(other) == 1)
    assert time.monotonic() - started < 2
    assert shelf.written == [other.session.id]
    process.registry.discard(other.session)
    for tab in busy:
        process.registry.discard(tab.session)
    assert shelf.records == {}


@on_a_loop
async def test_it_takes_a_twentieth_of_the_time_at_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the trees: by a clock that makes each of five dumps take 4 ms."""
    shelf = Shelf()
    process = Process(shelf, snapshot_delay=0.0)
    rests: list[float] = []
    ticks = iter(number * 0.004 for number in range(1_000))
    sleep = asyncio.sleep

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        await sleep(0)

    tabs = [await process.visit() for _ in range(5)]
    monkeypatch.setattr("jibe_like.session.keeper.time.perf_counter", lambda: next(ticks))
    monkeypatch.setattr("jibe_like.session.keeper.asyncio.sleep", rest)
    for _ in range(200):
        await sleep(0)
    monkeypatch.undo()
    assert sorted(set(shelf.written)) == sorted(tab.session.id for tab in tabs)
    assert len(rests) >= 5
    assert [round(seconds, 6) for seconds in rests if seconds > 0.01] == [round(0.004 * 19, 6)] * 5


# -- hooks


class Saving(Count):
    def on_snapshot(self) -> object:
        self.snapshots += 1
        self.entry.value = f"saved {self.snapshots} times"
        return None


@on_a_loop
async def test_what_the_hook_changes_is_stored_and_shown_and_asks_for_no_other_snapshot() -> None:
    shelf = Shelf()
    process = Process(shelf, Saving)
    tab = await process.visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    other = await process.visit()
    await until(lambda: len(shelf.puts) >= 2)
    before = shelf.written.count(tab.session.id)
    other.say("words", "click")
    await until(lambda: kept(other) == 1)
    assert shelf.written.count(tab.session.id) == before
    assert tab.is_right


@on_a_loop
async def test_a_hook_that_ends_the_session_leaves_nothing_to_write() -> None:
    class Ending(Count):
        def on_snapshot(self) -> object:
            assert self.session is not None
            self.session.destroy()
            return None

    shelf = Shelf()
    process = Process(shelf, Ending)
    tab = await process.visit()
    await until(lambda: tab.session.destroyed)
    await asyncio.sleep(0.01)
    assert shelf.puts == []


@on_a_loop
async def test_a_hook_that_raises_keeps_nothing_from_being_stored(caplog: pytest.LogCaptureFixture) -> None:
    class Bad(Count):
        async def on_snapshot(self) -> object:
            raise LookupError("on purpose")

    process = Process(Shelf(), Bad)
    tab = await process.visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    assert warnings(caplog, logging.ERROR)[0].startswith("on_snapshot of Bad")


async def restart(make: Callable[[Connection], Any], caplog: pytest.LogCaptureFixture) -> tuple[Any, Tab | None, Shelf]:
    """A process dies; what the next one makes of the page."""
    shelf = Shelf()
    tab = await Process(shelf, make).visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    caplog.clear()
    process = Process(shelf, make)
    return process, await process.come_back(tab, token_of(tab)), shelf


class Declines(Count):
    def on_restore(self) -> object:
        return False


class Raises(Count):
    async def on_restore(self) -> object:
        await asyncio.sleep(0)
        raise LookupError("on purpose")


class Accepts(Count):
    async def on_restore(self) -> object:
        assert self.session is not None
        await asyncio.sleep(0)
        self.words.value = "came back"
        return None


@pytest.mark.parametrize("make", [Declines, Raises])
@on_a_loop
async def test_where_on_restore_does_not_take_it_the_page_starts_anew(
    caplog: pytest.LogCaptureFixture, make: type[Count]
) -> None:
    process, back, shelf = await restart(make, caplog)
    assert back is None
    assert shelf.records == {}
    (warning,) = warnings(caplog)
    assert warning.endswith("starts anew: on_restore did not take it")
    assert len(warnings(caplog, logging.ERROR)) == (make is Raises)
    assert process.registry.sessions == {}
    fresh = await process.visit()
    assert count(fresh) == "0"


@on_a_loop
async def test_nobody_sees_what_on_restore_has_not_taken_yet(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    tab = await Process(shelf, Accepts).visit()
    await until(lambda: shelf.puts)
    process = Process(shelf, Accepts)
    finding = [asyncio.ensure_future(process.registry.find(token_of(tab), "me")) for _ in range(2)]
    seen: set[str] = set()
    while not all(each.done() for each in finding):
        seen.update(session.document.words.value for session in process.registry.sessions.values())  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    first, second = [each.result() for each in finding]
    assert first is not None
    assert first == second
    assert seen <= {"came back"}
    assert first[0].document.words.value == "came back"  # type: ignore[attr-defined]


# -- what cannot be used


@pytest.mark.parametrize("where", [0, 3, 20, 200, -1])
@on_a_loop
async def test_a_record_that_was_changed_is_not_believed(caplog: pytest.LogCaptureFixture, where: int) -> None:
    shelf = Shelf()
    tab = await Process(shelf).visit()
    await until(lambda: shelf.puts)
    ((key, (record, expires)),) = shelf.records.items()
    changed = bytearray(record)
    changed[where] ^= 1
    shelf.records[key] = bytes(changed), expires
    process = Process(shelf)
    assert await process.come_back(tab, token_of(tab)) is None
    (warning,) = warnings(caplog)
    assert warning.startswith(f"session {tab.session.id} starts anew, its snapshot was not read: ")


@on_a_loop
async def test_the_record_of_another_session_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    first = Process(shelf)
    mine, other = await first.visit("me"), await first.visit("you")
    await until(lambda: len(shelf.puts) == 2)
    shelf.records["app", mine.session.id] = shelf.records["app", other.session.id]
    assert await Process(shelf).come_back(mine, token_of(mine)) is None
    assert "the snapshot was changed" in warnings(caplog)[0]


@on_a_loop
async def test_a_record_of_another_kind_is_not_taken_for_a_session(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    tab = await Process(shelf).visit()
    await until(lambda: shelf.puts)
    key = ("app", tab.session.id)
    shelf.records[key] = Snapshots(SECRETS).dump(["nonsense"], f"app {tab.session.id}"), shelf.records[key][1]
    assert await Process(shelf).come_back(tab, token_of(tab)) is None
    assert warnings(caplog) == [f"session {tab.session.id} starts anew: the snapshot holds no session"]


@on_a_loop
async def test_what_does_not_fit_the_code_is_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    tab = await Process(shelf).visit()
    await until(lambda: shelf.puts)
    monkeypatch.delitem(globals(), "Count")
    assert await Process(shelf, App).come_back(tab, token_of(tab)) is None
    (warning,) = warnings(caplog)
    assert "starts anew: the snapshot does not fit the code" in warning
    assert "Count" in warning


@on_a_loop
async def test_keys_rotate() -> None:
    old, new = ["o" * 40], ["n" * 40, "o" * 40]
    shelf = Shelf()
    tab = await Process(shelf, secrets=old).visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    again = await Process(shelf, secrets=new).come_back(tab, token_of(tab))
    assert again is not None
    again.say("words", "click", 2)
    await until(lambda: kept(again) == 2)
    last = await Process(shelf, secrets=new[:1]).come_back(again, token_of(again))
    assert last is not None
    assert count(last) == "2"


@on_a_loop
async def test_another_visitor_with_the_token_touches_nothing(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    tab = await Process(shelf).visit("me")
    await until(lambda: shelf.puts)
    process = Process(shelf)
    assert await process.come_back(tab, token_of(tab), "you") is None
    assert process.registry.sessions == {}
    assert warnings(caplog) == [f"app: the token of session {tab.session.id} was shown by another visitor"]
    assert await process.come_back(tab, token_of(tab), "me") is not None


@on_a_loop
async def test_a_store_that_cannot_be_read_is_no_answer() -> None:
    shelf = Shelf()
    tab = await Process(shelf, mode="broadcast").visit()
    await until(lambda: shelf.puts)
    process = Process(shelf, mode="broadcast")
    shelf.unreadable = True
    with pytest.raises(StoreError, match="the disk is gone"):
        await process.come_back(tab, token_of(tab))
    with pytest.raises(StoreError, match="the disk is gone"):
        await process.visit()
    assert process.registry.sessions == {}
    shelf.unreadable = False
    assert await process.come_back(tab, token_of(tab)) is not None


# -- what cannot be stored


@on_a_loop
async def test_what_cannot_be_stored_is_named_once_and_the_session_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    process = Process(shelf)
    tab, other = await process.visit(), await process.visit()
    await until(lambda: len(shelf.puts) == 2)
    with io.FileIO(os.devnull) as file:
        for each in (tab, other):
            assert isinstance(each.session.document, Count)
            each.session.document.open_file = file
            for number in (1, 2):
                each.say("words", "click")
                await until(lambda each=each, number=number: kept(each) == number)  # type: ignore[misc]
                assert {"kept": number} in each.told()
        assert [count(each) for each in (tab, other)] == ["2", "2"]
        (warning,) = warnings(caplog)
        assert warning.startswith("Count cannot be stored; its sessions end with the process: document.open_file ")
        assert "_io.FileIO" in warning
        assert len(shelf.puts) == 2
    assert isinstance(tab.session.document, Count)
    tab.session.document.open_file = None
    tab.say("words", "click")
    await until(lambda: len(shelf.puts) == 3)


@on_a_loop
async def test_where_storing_fails_the_page_goes_on_all_the_same() -> None:
    shelf = Shelf()
    shelf.error = StoreError("the disk is full")
    tab = await Process(shelf).visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    assert tab.is_right


@on_a_loop
async def test_a_store_with_a_fault_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    shelf.error = LookupError("on purpose")
    tab = await Process(shelf).visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    assert f"session {tab.session.id} was not stored" in warnings(caplog, logging.ERROR)


@on_sqlite
async def test_a_locked_file_holds_up_nobody_and_all_is_stored_afterwards(store: SqliteStore) -> None:
    process = Process(store)
    tab = await process.visit()
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    blocker = sqlite3.connect(store.path, isolation_level=None)
    try:
        blocker.execute("BEGIN IMMEDIATE")
        tab.say("words", "click")
        await until(lambda: kept(tab) == 2)
    finally:
        blocker.close()
    await until(lambda: not store._failures)
    again = await Process(store).come_back(tab, token_of(tab))
    assert again is not None
    assert count(again) == "2"


@on_a_loop
async def test_nothing_is_acknowledged_before_it_is_committed() -> None:
    shelf = Shelf()
    shelf.commits_at_once = False
    tab = await Process(shelf).visit()
    tab.say("words", "click")
    await until(lambda: shelf.puts)
    tab.say("words", "click")
    await asyncio.sleep(0.01)
    assert kept(tab) == 0
    _, done = shelf.puts[0]
    await asyncio.to_thread(done, None)
    await until(lambda: kept(tab) == 1)
    assert tab.connection.handled == 2


# -- how long


@on_a_loop
async def test_the_record_of_a_session_that_is_quiet_is_given_more_time() -> None:
    shelf = Shelf()
    tab = await Process(shelf, lost_lifetime=0.4).visit()
    await until(lambda: shelf.puts)
    key = ("app", tab.session.id)
    first = shelf.records[key][1]
    await until(lambda: shelf.records[key][1] > first)
    assert len(shelf.puts) == 1
    assert abs(shelf.records[key][1] - time.time() - 0.4) < 0.2


@on_a_loop
async def test_a_restored_session_whose_pages_stay_away_ends() -> None:
    shelf = Shelf()
    tab = await Process(shelf).visit()
    await until(lambda: shelf.puts)
    process = Process(shelf, lost_lifetime=0.02)
    assert await process.registry.find(token_of(tab), "me") is not None
    (session,) = process.registry.sessions.values()
    await until(lambda: session.destroyed)
    assert shelf.records == {}


@on_a_loop
async def test_a_session_that_nobody_used_has_nothing_to_delete() -> None:
    class Untouched(Shelf):
        def delete(self, app: str, session_id: str) -> None:
            raise AssertionError("the store was asked")

    process = Process(Untouched())
    session = await process.registry.enter(Connection(Visit()))
    process.registry.discard(session)
    assert session.destroyed


@on_a_loop
async def test_events_of_a_patch_are_stored_too() -> None:
    shelf = Shelf()
    tab = await Process(shelf).visit()
    await until(lambda: shelf.puts)
    message: Message = {"id": "words", "event": "click"}
    await tab.session.patch(message)
    await until(lambda: len(shelf.puts) == 2)
    again = await Process(shelf).come_back(tab, token_of(tab))
    assert again is not None
    assert count(again) == "1"
