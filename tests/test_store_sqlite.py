"""The SQLite store in one process: what is kept, when it is durable, and what if the file cannot be written."""

import asyncio
import logging
import sqlite3
import stat
import struct
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from jibe_like.errors import StoreError
from jibe_like.store.database import APPLICATION_ID, VERSION, Database
from jibe_like.store.sqlite import SqliteStore
from tests.sessions import on_a_loop

LATER = time.time() + 3600
PATIENCE = 30.0


class Told:
    """A `done` that remembers what it was told."""

    def __init__(self) -> None:
        self.results: list[Exception | None] = []
        self.threads: set[str] = set()
        self._changed = threading.Condition()

    def __call__(self, error: Exception | None) -> None:
        with self._changed:
            self.results.append(error)
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def wait(self, count: int = 1) -> list[Exception | None]:
        """The results, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.results) >= count, PATIENCE), self.results
            return list(self.results)


def make(path: Path, **options: Any) -> SqliteStore:
    """A store that soon gives up and soon tries again."""
    soon: dict[str, Any] = {"busy_timeout": 0.02, "backoff": (0.01, 0.05)}
    return SqliteStore(path, **(soon | options))


def using(path: Path, use: Callable[[SqliteStore], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        store = make(path, **options)
        try:
            await use(store)
        finally:
            await store.close()

    asyncio.run(run())


def rows(path: Path) -> dict[str, bytes]:
    """What another program sees in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT session, record FROM snapshots"))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program that writes, and takes its time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jibe.db"


@pytest.fixture
def existing(path: Path) -> Path:
    """The file of an earlier process."""

    async def use(store: SqliteStore) -> None:
        store.put("app", "old", b"old", LATER, Told())

    using(path, use)
    return path


# -- what is kept


def test_who_was_told_is_let_go(path: Path) -> None:
    """They are sessions, and nothing may be written for long."""

    async def use(store: SqliteStore) -> None:
        told = Told()
        gone = asyncio.Event()
        weakref.finalize(told, asyncio.get_running_loop().call_soon_threadsafe, gone.set)
        store.put("app", "s", b"one", LATER, told)
        told.wait()
        del told
        await asyncio.wait_for(gone.wait(), PATIENCE)

    using(path, use)


def test_what_was_put_outlives_the_store(path: Path) -> None:
    told = Told()

    async def write(store: SqliteStore) -> None:
        store.put("app", "s", b"\0one", LATER, told)
        assert await store.get("app", "s") == b"\0one"
        await store.flush()
        assert told.results == [None]
        assert told.threads == {"jibe_like.store.write"}
        assert await store.get("app", "s") == b"\0one"
        assert await store.get("other", "s") is None
        assert await store.get("app", "t") is None

    async def read(store: SqliteStore) -> None:
        assert await store.get("app", "s") == b"\0one"

    using(path, write)
    using(path, read)


def test_the_latest_record_wins_and_all_are_told(path: Path) -> None:
    told = [Told() for _ in range(50)]

    async def use(store: SqliteStore) -> None:
        for number, each in enumerate(told):
            store.put("app", "s", b"%d" % number, LATER, each)
            assert await store.get("app", "s") == b"%d" % number
        await store.flush()
        assert [each.results for each in told] == [[None]] * 50

    using(path, use)
    assert rows(path) == {"s": b"49"}


def test_delete_and_extend_are_seen_at_once(path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        for committed in (False, True):
            for name in ("gone", "longer", "shorter", "over"):
                store.put("app", name, name.encode(), 1 if name == "over" else LATER, Told())
            if committed:
                await store.flush()
            store.delete("app", "gone")
            store.extend("app", "longer", LATER + 99)
            store.extend("app", "shorter", 1)
            store.extend("app", "never", LATER)
            for _ in ("waiting", "written"):
                assert await store.get("app", "gone") is None
                assert await store.get("app", "longer") == b"longer"
                assert await store.get("app", "shorter") is None
                assert await store.get("app", "over") is None
                assert await store.get("app", "never") is None
                await store.flush()

    using(path, use, prune_interval=3600)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT expires FROM snapshots WHERE session = 'longer'").fetchone() == (LATER + 99,)


def test_which_of_many_there_are(path: Path) -> None:
    names = [f"s{number}" for number in range(1_200)]

    async def use(store: SqliteStore) -> None:
        assert await store.present("app", names) == set()
        for name in names[::2]:
            store.put("app", name, b"x", LATER, Told())
        store.put("app", "s1", b"x", time.time() - 1, Told())
        store.put("other", "s3", b"x", LATER, Told())
        store.put("app", "lone \udc80 surrogate", b"x", LATER, Told())
        # Before it is committed, and after.
        for _ in range(2):
            assert await store.present("app", names) == set(names[::2])
            assert await store.present("app", ["lone \udc80 surrogate"]) == {"lone \udc80 surrogate"}
            assert await store.present("app", []) == set()
            await store.flush()
        store.delete("app", "s0")
        store.extend("app", "s2", time.time() - 1)
        store.extend("app", "s4", LATER + 9)
        store.extend("app", "s5", LATER)
        for _ in range(2):
            assert await store.present("app", ["s0", "s2", "s4", "s5", "s6"]) == {"s4", "s6"}
            await store.flush()

    using(path, use)


def test_which_there_are_cannot_be_said(existing: Path) -> None:
    existing.write_text("no database")

    async def use(store: SqliteStore) -> None:
        with pytest.raises(StoreError, match="cannot be read"):
            await store.present("app", ["old"])

    using(existing, use)
    closed = make(existing)
    asyncio.run(closed.close())
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(closed.present("app", ["old"]))


def test_what_has_expired_is_not_brought_back(path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        store.put("app", "s", b"x", time.time() - 1, Told())
        await store.flush()
        store.extend("app", "s", LATER)
        assert await store.get("app", "s") is None
        await store.flush()
        assert await store.get("app", "s") is None

    using(path, use)


def test_expired_rows_leave_the_file(path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        for number in range(1_500):
            store.put("app", f"{number}", b"x", time.time() - 1, Told())
        store.put("app", "stays", b"y", LATER, Told())
        await store.flush()
        deadline = time.monotonic() + PATIENCE
        while len(rows(path)) > 1:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)

    using(path, use, prune_interval=0.02)
    assert rows(path) == {"stays": b"y"}


@pytest.mark.parametrize("name", ["ünïcode 😀", "nul\0nul", "lone \udc80 surrogate", "'; DROP TABLE snapshots; --", ""])
def test_any_name_will_do(path: Path, name: str) -> None:
    async def use(store: SqliteStore) -> None:
        told = Told()
        store.put(name, name, b"x", LATER, told)
        await store.flush()
        assert told.results == [None]
        assert await store.get(name, name) == b"x"

    using(path, use)


def test_threads_may_put_at_once(path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        told = Told()

        def put(thread: int) -> None:
            for number in range(50):
                store.put("app", f"{thread}-{number}", b"x", LATER, told)

        threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        await store.flush()
        assert told.results == [None] * 400

    using(path, use)
    assert len(rows(path)) == 400


# -- the file


def test_nothing_is_made_before_something_is_put(path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        assert await store.get("app", "s") is None
        await store.flush()

    using(path, use)
    assert not path.exists()


def test_nobody_else_may_read_it(path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        store.put("app", "s", b"x", LATER, Told())
        await store.flush()
        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == ["jibe.db", "jibe.db-shm", "jibe.db-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    using(path, use)
    assert [file.name for file in path.parent.iterdir()] == ["jibe.db"]


def test_a_commit_is_durable_when_it_returns(path: Path) -> None:
    database = Database(path, 1.0)
    connection = database.connect()
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    database.close()


def commits(path: Path) -> int:
    """How many transactions the write-ahead log holds: the last frame of each tells the size of the database."""
    log = Path(f"{path}-wal").read_bytes()
    (page,) = struct.unpack_from(">I", log, 8)
    salt = log[16:24]
    frames = [log[at : at + 24] for at in range(32, len(log), 24 + page)]
    return sum(frame[4:8] != bytes(4) for frame in frames if frame[8:16] == salt)


def test_all_that_is_queued_is_one_commit(existing: Path) -> None:
    told = [Told() for _ in range(200)]

    async def use(store: SqliteStore) -> None:
        with locked(existing):
            first = Told()
            store.put("app", "first", b"x", LATER, first)
            first.wait()
            for number, each in enumerate(told):
                store.put("app", f"{number}", b"x", LATER, each)
        await store.flush()
        assert first.results[-1] is None
        assert all(each.results[-1] is None for each in told)
        assert commits(existing) == 1

    using(existing, use, backoff=(60, 60))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("CREATE TABLE theirs (x)", "another program"),
        ("PRAGMA user_version = 4", "another program"),
        (f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION + 1}", f"version {VERSION + 1}"),
        (None, "not a database"),
    ],
)
def test_a_file_that_is_not_ours_is_left_alone(path: Path, content: str | None, reason: str) -> None:
    if content is None:
        path.write_bytes(b"a letter to my aunt\n" * 100)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(content)
    before = path.read_bytes()

    async def use(store: SqliteStore) -> None:
        told = Told()
        store.put("app", "s", b"x", LATER, told)
        await store.flush()
        assert isinstance(told.results[0], StoreError)
        assert reason in str(told.results[0])
        assert str(path) in str(told.results[0])
        with pytest.raises(StoreError, match=reason):
            await store.get("app", "t")
        assert await store.get("app", "s") == b"x", "what waits can be read"

    using(path, use)
    assert path.read_bytes() == before


def test_many_may_make_the_file_at_once(tmp_path: Path) -> None:
    problems: list[Exception] = []

    def connect(path: Path, start: threading.Barrier) -> None:
        database = Database(path, PATIENCE)
        start.wait()
        try:
            assert database.connect().execute("SELECT count(*) FROM snapshots").fetchone() == (0,)
        except Exception as error:
            problems.append(error)
        finally:
            database.close()

    for number in range(50):
        start = threading.Barrier(4)
        threads = [threading.Thread(target=connect, args=(tmp_path / f"{number}.db", start)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert problems == []


def test_an_empty_file_is_as_good_as_none(path: Path) -> None:
    path.touch()

    async def use(store: SqliteStore) -> None:
        assert await store.get("app", "s") is None
        store.put("app", "s", b"x", LATER, Told())

    using(path, use)
    assert rows(path) == {"s": b"x"}


def test_a_file_that_was_replaced_is_noticed(existing: Path) -> None:
    async def use(store: SqliteStore) -> None:
        assert await store.get("app", "old") == b"old"
        store.put("app", "a", b"a", LATER, Told())
        await store.flush()
        for file in existing.parent.iterdir():
            file.unlink()
        assert await store.get("app", "old") is None
        store.put("app", "b", b"b", LATER, Told())
        await store.flush()
        assert await store.get("app", "b") == b"b"

    using(existing, use)
    assert rows(existing) == {"b": b"b"}


# -- claims


def test_a_claim_lasts_until_it_expires_or_is_given_back(path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        assert await store.claim("app", "a", LATER)
        assert not await store.claim("app", "a", LATER)
        assert await store.claim("app", "b", LATER)
        assert await store.claim("other", "a", LATER)
        store.delete("app", "a")
        await store.flush()
        assert await store.claim("app", "a", time.time() - 1)
        assert await store.claim("app", "a", LATER)
        store.extend("app", "b", time.time() - 1)
        await store.flush()
        assert await store.claim("app", "b", LATER)

    using(path, use)


def test_a_claim_that_cannot_be_written(existing: Path) -> None:
    async def use(store: SqliteStore) -> None:
        with locked(existing), pytest.raises(StoreError, match="locked"):
            await store.claim("app", "a", LATER)
        assert await store.claim("app", "a", LATER)
        await store.close()
        with pytest.raises(StoreError, match="closed"):
            await store.claim("app", "b", LATER)

    using(existing, use)
    assert set(rows(existing)) == {"old", "a"}


# -- what goes wrong


def test_a_locked_file_is_waited_for(existing: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "jibe_like")

    async def use(store: SqliteStore) -> None:
        with locked(existing):
            first, second = Told(), Told()
            store.put("app", "s", b"1", LATER, first)
            (error,) = first.wait()
            assert isinstance(error, StoreError)
            assert str(error) == f"{existing}: database is locked"
            store.put("app", "s", b"2", LATER, second)
            second.wait()
            assert first.results == [error], "nobody is told twice of the same"
            assert await store.get("app", "s") == b"2"
            assert await store.get("app", "old") == b"old", "reading does not wait for writers"
            await store.flush()
        assert second.wait(2)[1] is None
        assert first.results == [error], "the last one speaks for all of its session"

    using(existing, use)
    assert rows(existing) == {"old": b"old", "s": b"2"}
    assert [(record.levelname, record.message.split(",")[0]) for record in caplog.records] == [
        ("ERROR", "store: writing fails"),
        ("WARNING", "store: writing works again"),
    ]
    assert "database is locked" in caplog.text


def test_a_full_disk_is_waited_for(existing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = True
    prepare = Database._prepare

    def with_few_pages(self: Database, connection: sqlite3.Connection, *how: Any) -> None:
        prepare(self, connection, *how)
        if full:
            connection.execute("PRAGMA max_page_count = 8")

    monkeypatch.setattr(Database, "_prepare", with_few_pages)
    big = bytes(100_000)

    async def use(store: SqliteStore) -> None:
        nonlocal full
        told = Told()
        store.put("app", "small", b"x", LATER, told)
        await store.flush()
        assert told.results == [None]
        store.put("app", "big", big, LATER, told)
        assert str(told.wait(2)[1]) == f"{existing}: database or disk is full"
        full = False
        assert told.wait(3)[2] is None

    using(existing, use)
    assert rows(existing) == {"old": b"old", "small": b"x", "big": big}


def test_a_folder_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()

    async def use(store: SqliteStore) -> None:
        folder.rmdir()
        told = Told()
        store.put("app", "s", b"x", LATER, told)
        assert str(told.wait()[0]) == f"the folder {folder} does not exist"
        folder.mkdir()
        assert told.wait(2)[1] is None

    using(folder / "jibe.db", use)
    assert rows(folder / "jibe.db") == {"s": b"x"}


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()

    async def use(store: SqliteStore) -> None:
        folder.rmdir()
        folder.touch()
        told = Told()
        store.put("app", "s", b"x", LATER, told)
        assert str(told.wait()[0]) == f"{store.path} cannot be made: Not a directory"

    using(folder / "jibe.db", use)


def test_while_writing_fails_little_is_kept(existing: Path) -> None:
    async def use(store: SqliteStore) -> None:
        with locked(existing):
            kept, refused, again = Told(), Told(), Told()
            store.put("app", "a", bytes(600), LATER, kept)
            kept.wait()
            store.put("app", "b", bytes(600), LATER, refused)
            (error,) = refused.results
            assert isinstance(error, StoreError)
            assert "more than 1,000 bytes wait" in str(error)
            store.put("app", "a", bytes(900), LATER, again)
            again.wait()
        assert again.wait(2)[1] is None
        assert kept.results[1:] == []
        store.put("app", "b", bytes(600), LATER, refused)
        assert refused.wait(2) == [error, None]

    using(existing, use, most_waiting_bytes=1_000)
    assert {name: len(record) for name, record in rows(existing).items()} == {"old": 3, "a": 900, "b": 600}


def test_flush_does_not_wait_for_what_cannot_be(existing: Path) -> None:
    async def use(store: SqliteStore) -> None:
        with locked(existing):
            told = Told()
            store.put("app", "s", b"x", LATER, told)
            await asyncio.wait_for(store.flush(), PATIENCE)
            assert len(told.results) == 1
            assert told.results[0] is not None
        await asyncio.wait_for(store.flush(), PATIENCE)
        assert told.results[1:] == [None], "a flush tries at once"

    using(existing, use, backoff=(3600, 3600))


def test_a_callback_that_raises_harms_nobody(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fails(error: Exception | None) -> None:
        raise ZeroDivisionError

    async def use(store: SqliteStore) -> None:
        told = Told()
        store.put("app", "a", b"x", LATER, fails)
        store.put("app", "b", b"x", LATER, told)
        await store.flush()
        assert told.results == [None]

    using(path, use)
    assert len(rows(path)) == 2
    assert "ZeroDivisionError" in caplog.text


# -- the end


def test_close_writes_what_waits(path: Path) -> None:
    told = Told()

    async def use(store: SqliteStore) -> None:
        for number in range(100):
            store.put("app", f"{number}", b"x", LATER, told)
        await store.close()
        await store.close()
        assert told.results == [None] * 100
        late = Told()
        store.put("app", "late", b"x", LATER, late)
        assert "closed" in str(late.results[0])
        store.delete("app", "0")
        store.extend("app", "1", 1)
        await store.flush()
        with pytest.raises(StoreError, match="closed"):
            await store.get("app", "0")

    using(path, use)
    assert len(rows(path)) == 100


def test_close_says_what_it_could_not_write(existing: Path, caplog: pytest.LogCaptureFixture) -> None:
    told = Told()

    async def use(store: SqliteStore) -> None:
        store.put("app", "a", b"x", LATER, told)
        await store.close()

    with locked(existing):
        using(existing, use)
    assert [type(result) for result in told.results] == [StoreError]
    assert "1 changes could not be written" in caplog.text


def test_an_idle_store_lets_go_of_its_file_and_comes_back(path: Path) -> None:
    log = path.with_name(path.name + "-wal")

    async def use(store: SqliteStore) -> None:
        for number in range(3):
            told = Told()
            store.put("app", f"{number}", b"x", LATER, told)
            await store.flush()
            assert told.results == [None]
            assert await store.get("app", f"{number}") == b"x"
            deadline = time.monotonic() + PATIENCE
            # SQLite deletes its log when the last connection is closed.
            while log.exists() or "jibe_like.store.write" in {thread.name for thread in threading.enumerate()}:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.005)
            await store.flush()

    using(path, use, rest_after=0.02)
    assert rows(path) == {"0": b"x", "1": b"x", "2": b"x"}


def test_a_store_at_work_keeps_its_file_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Path] = []
    close = Database.close

    def note(self: Database) -> None:
        closed.append(self.path)
        close(self)

    monkeypatch.setattr(Database, "close", note)

    async def use(store: SqliteStore) -> None:
        ends_at = time.monotonic() + 1.2
        while time.monotonic() < ends_at:
            store.put("app", "s", b"x", LATER, Told())
            await store.flush()
        assert closed == []

    using(path, use, rest_after=1.0)
    assert closed


def test_what_comes_while_a_store_goes_to_rest_is_written(path: Path) -> None:
    """The one thread ends, or goes on: no change waits for the next one, and no flush for ever."""

    async def use(store: SqliteStore) -> None:
        for number in range(300):
            told = Told()
            store.put("app", f"{number}", b"x", LATER, told)
            await asyncio.wait_for(store.flush(), PATIENCE)
            assert told.wait() == [None]
            if number % 3:
                await asyncio.sleep(0.0005 * (number % 7))

    using(path, use, rest_after=0.001)
    assert len(rows(path)) == 300


def test_a_store_leaves_no_thread(path: Path) -> None:
    before = set(threading.enumerate())

    async def use(store: SqliteStore) -> None:
        store.put("app", "a", b"x", LATER, Told())
        assert await store.get("app", "b") is None

    using(path, use)
    assert {thread.name for thread in set(threading.enumerate()) - before} == set()


@on_a_loop
async def test_reading_waits_for_nobody_who_makes_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "jibe.db"
    store = SqliteStore(path, busy_timeout=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        assert await store.get("app", "s") is None
        other.execute("COMMIT")
    stored = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    store.put("app", "s", b"x", time.time() + 100, lambda error: loop.call_soon_threadsafe(stored.set_result, error))
    assert await stored is None
    await store.close()
    again = SqliteStore(path)
    assert await again.get("app", "s") == b"x"
    await again.close()
