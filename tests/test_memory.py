"""What thousands of sessions have left scattered does not keep their memory."""

import subprocess
import sys

PROGRAM = """
import asyncio, os, re, sys, tempfile
from jibe_like.session.memory.give_back import give_back_all

def arenas():
    with tempfile.TemporaryFile() as output:
        saved = os.dup(2)
        os.dup2(output.fileno(), 2)
        sys._debugmallocstats()
        os.dup2(saved, 2)
        output.seek(0)
        [found] = re.findall(rb"# arenas allocated current *= *([\\d,]+)", output.read())
        return int(found.replace(b",", b""))

async def main():
    await give_back_all(0)
    await asyncio.sleep(0.05)
    before = arenas()
    future = asyncio.get_running_loop().create_future()
    garbage, kept = [], []
    for number in range(200_000):
        garbage.append([number, bytes(15)])  # of the same size as what is kept: they share the room
        if not number % 200:  # more of them than the list holds
            kept.append(future.__await__())
    most = arenas()
    # From now on these are on a list that asyncio has for later use.
    del kept
    del garbage
    scattered = arenas()
    await give_back_all(0)
    await asyncio.sleep(0.05)
    print(before, most, scattered, arenas())

asyncio.run(main())
"""


def test_what_is_scattered_is_brought_together() -> None:
    output = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    before, most, scattered, after = map(int, output.split())
    assert most > scattered > before + 6, "nothing was scattered: what is tried here cannot be seen"
    assert after <= before + 3


TABLES = """
import asyncio, gc, socket, sys
from tornado.gen import convert_yielded
from tornado.ioloop import IOLoop
from jibe_like.session.memory.tables import shrink_tables
from jibe_like.web import tables

def sizes():
    loop = IOLoop.current()
    found = [getattr(loop, name) for name in ("_pending_tasks", "handlers", "readers")]
    tasks = getattr(asyncio.tasks, "_all_tasks", None) or getattr(asyncio.tasks, "_scheduled_tasks", None)
    if tasks is not None:
        found.append(tasks.data)
    return [sys.getsizeof(each) for each in found]

async def main():
    before = sizes()
    pairs = [socket.socketpair() for _ in range(200)]
    loop = IOLoop.current()
    for one, _ in pairs:
        loop.add_handler(one, print, IOLoop.READ)
    # Some more than a set grows with to a size of which those who are gone are less than a quarter.
    await asyncio.gather(*(convert_yielded(asyncio.sleep(0)) for _ in range(2_500)))
    for one, other in pairs:
        loop.remove_handler(one)
        one.close()
        other.close()
    gc.collect()
    full = sizes()
    await shrink_tables(2_500)
    await tables.shrink_tables(2_500)
    for few, many, now in zip(before, full, sizes()):
        print(few, many, now)

asyncio.run(main())
"""


def test_tables_of_what_is_gone_are_made_anew() -> None:
    output = subprocess.run([sys.executable, "-c", TABLES], capture_output=True, text=True, check=True).stdout
    for few, many, now in (map(int, line.split()) for line in output.splitlines()):
        assert many > 4 * few, "it did not grow: what is tried here cannot be seen"
        assert now < 2 * few + 512
    assert len(output.splitlines()) >= 3
