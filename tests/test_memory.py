"""What thousands of sessions have left scattered does not keep their memory."""

import subprocess
import sys

PROGRAM = """
import asyncio, os, re, sys, tempfile
from jibe_like.session.memory import give_back_all

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
    await give_back_all()
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
    await give_back_all()
    await asyncio.sleep(0.05)
    print(before, most, scattered, arenas())

asyncio.run(main())
"""


def test_what_is_scattered_is_brought_together() -> None:
    output = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    before, most, scattered, after = map(int, output.split())
    assert most > scattered > before + 6, "nothing was scattered: what is tried here cannot be seen"
    assert after <= before + 3
