"""The SQLite store among processes: killed, crowded, locked out, out of room."""

import asyncio
import hashlib
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from jibe_like.store.sqlite import SqliteStore
from tests.children import child

HEAD = """
import asyncio, os, sys, threading, time
from pathlib import Path
from jibe_like.store.sqlite import SqliteStore
path, LATER = Path(sys.argv[1]), time.time() + 3600
"""

# Writes records of many sizes as fast as they are committed; prints the number of each that is.
WRITER = (
    HEAD
    + """
import hashlib
store, room = SqliteStore(path, busy_timeout=30), threading.Semaphore(40)

def done(number, error):
    os.write(1, f"{number}\\n".encode() if error is None else f"{error}\\n".encode())
    room.release()

print("ready")
number = int(sys.argv[2])
while True:
    room.acquire()
    number += 1
    content = f"{number} ".encode() * (number * 37 % 5000)
    record = hashlib.sha256(content).digest() + content
    store.put("app", str(number % 25), record, LATER, lambda error, number=number: done(number, error))
"""
)


def stored(path: Path) -> dict[int, int]:
    """The number of the record of each session; none is torn and the file is sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            return {}
        rows = connection.execute("SELECT session, record FROM snapshots").fetchall()
    numbers = {}
    for session, record in rows:
        assert hashlib.sha256(record[32:]).digest() == record[:32]
        numbers[int(session)] = int(record[32:].split(b" ", 1)[0])
    return numbers


def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    path, number = tmp_path / "jibe.db", 0
    committed: dict[int, int] = {}
    for lines in (0, 1, 30, 200, 75, 400):
        with child(WRITER, path, str(number)) as writer:
            assert writer.line() == "ready"
            for _ in range(lines):
                number = int(writer.line())
                committed[number % 25] = number
            writer.process.kill()
            for line in writer.output:
                if line.endswith("\n"):
                    number = int(line)
                    committed[number % 25] = number
        if path.exists():
            found = stored(path)
            behind = {session: number for session, number in committed.items() if found.get(session, 0) < number}
            assert behind == {}
    assert len(committed) == 25


def test_the_next_process_reads_what_a_killed_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "jibe.db"
    with child(WRITER, path, "0") as writer:
        assert writer.line() == "ready"
        for _ in range(50):
            writer.line()

    async def read() -> None:
        store = SqliteStore(path)
        record = await store.get("app", "7")
        assert record is not None
        assert hashlib.sha256(record[32:]).digest() == record[:32]
        await store.close()

    asyncio.run(read())


def test_processes_share_a_file_from_the_start(tmp_path: Path) -> None:
    code = (
        HEAD
        + """
store, errors = SqliteStore(path, busy_timeout=30), []
input()
async def run():
    for number in range(150):
        store.put("app", f"{sys.argv[2]}-{number}", b"x" * number * 10, LATER, errors.append)
        store.put("app", "shared", sys.argv[2].encode() * 5000, LATER, errors.append)
        if number % 10 == 0:
            await store.flush()
            assert await store.get("app", f"{sys.argv[2]}-{number}") is not None
    await store.close()
asyncio.run(run())
print(sorted(set(map(str, errors))), len(errors))
"""
    )
    path = tmp_path / "jibe.db"
    with ExitStack() as stack:
        children = [stack.enter_context(child(code, path, name)) for name in "abc"]
        for each in children:
            each.go()
        assert [each.line() for each in children] == ["['None'] 300"] * 3
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = dict(connection.execute("SELECT session, record FROM snapshots"))
    assert rows.pop("shared") in (b"a" * 5000, b"b" * 5000, b"c" * 5000)
    assert rows == {f"{name}-{number}": b"x" * number * 10 for name in "abc" for number in range(150)}


def test_of_processes_that_claim_the_same_one_gets_it(tmp_path: Path) -> None:
    code = (
        HEAD
        + """
store = SqliteStore(path, busy_timeout=30)
input()
async def run():
    print(*[number for number in range(100) if await store.claim("app", str(number), LATER)])
    await store.close()
asyncio.run(run())
"""
    )
    with ExitStack() as stack:
        children = [stack.enter_context(child(code, tmp_path / "jibe.db")) for _ in range(3)]
        for each in children:
            each.go()
        got = [each.line().split() for each in children]
    assert sorted(int(number) for numbers in got for number in numbers) == list(range(100))


def test_another_process_that_locks_the_file_is_outlived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "jibe.db"
    lock = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked")
input()
"""

    async def use() -> None:
        store = SqliteStore(path, busy_timeout=0.01, backoff=(0.01, 0.02))
        results: asyncio.Queue[Exception | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(record: bytes) -> None:
            store.put("app", "s", record, 4e9, lambda error: loop.call_soon_threadsafe(results.put_nowait, error))

        put(b"1")
        assert await asyncio.wait_for(results.get(), 30) is None
        with child(lock, path) as other:
            assert other.line() == "locked"
            put(b"2")
            assert "locked" in str(await asyncio.wait_for(results.get(), 30))
            assert await store.get("app", "s") == b"2"
        assert await asyncio.wait_for(results.get(), 30) is None
        await store.close()

    asyncio.run(use())
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT record FROM snapshots").fetchall() == [(b"2",)]


def test_a_file_that_may_not_grow_is_as_a_full_disk(tmp_path: Path) -> None:
    code = (
        HEAD
        + """
import resource
from concurrent.futures import Future
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
store, failed, works = SqliteStore(path, backoff=(0.01, 0.05)), Future(), Future()

def done(error):
    if error is None and failed.done():
        works.set_result(None)
    elif error is not None:
        failed.set_result(error)

async def run():
    number = 0
    while not failed.done():
        number += 1
        store.put("app", str(number), bytes(20_000), LATER, done)
        await store.flush()
    print(failed.result())
    assert await store.get("app", str(number)) == bytes(20_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    works.result(30)
    await store.close()
    print(number)
asyncio.run(run())
"""
    )
    path = tmp_path / "jibe.db"
    with child(code, path) as writer:
        assert str(path) in writer.line()
        number = int(writer.line())
    assert number > 5
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*), sum(length(record)) FROM snapshots").fetchall() == [
            (number, number * 20_000)
        ]
