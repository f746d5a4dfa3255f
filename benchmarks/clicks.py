"""Click → property update: requests a second on one core with 50 connections, and the server's CPU time for each."""

import asyncio

from .client import Socket
from .processes import Stopwatch, run, serve
from .report import Figure, Sample, compare

CONNECTIONS = 50
WARM_UP, SECONDS = 1.0, 3.0


def measure(rounds: int) -> list[Figure]:
    """Each connection clicks again as soon as it has its answer."""
    figures = [
        Figure(f"clicks, {CONNECTIONS} connections", "1/s", "at least 0.8"),
        Figure("server CPU for a click", "µs", "at most 1.25"),
    ]
    return compare(rounds, figures, lambda: run(_load("bare_counter", b"")), lambda: run(_load("counter", b'"root"')))


async def _load(name: str, greeting: bytes) -> Sample:
    def again(socket: Socket, frame: bytes) -> None:
        socket.click()

    with serve(name) as server:
        sockets = [await Socket(server.port, greeting=greeting, on_frame=again).open() for _ in range(CONNECTIONS)]
        for socket in sockets:
            socket.click()
        await asyncio.sleep(WARM_UP)
        answered, watch = sum(socket.frames for socket in sockets), Stopwatch(server)
        await asyncio.sleep(SECONDS)
        answered, usage = sum(socket.frames for socket in sockets) - answered, watch.read()
        for socket in sockets:
            if b"count: %d" % socket.frames not in socket.last:
                raise RuntimeError(f"not the answer to click {socket.frames}: {socket.last!r}")
            socket.close()
    return Sample((answered / usage.seconds, 1e6 * usage.cpu / answered), usage.noise)
