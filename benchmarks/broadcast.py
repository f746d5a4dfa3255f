"""One update to 1,000 connections that show the same session, beside a loop over 1,000 sockets."""

import asyncio

from .client import Socket
from .processes import Stopwatch, run, serve
from .report import Figure, Sample, compare

CONNECTIONS = 1000
WARM_UP, UPDATES = 10, 60
_LIMIT_SECONDS = 60.0


def measure(rounds: int) -> list[Figure]:
    """One page clicks; when all have the update, it clicks again."""
    figures = [
        Figure(f"one update to {CONNECTIONS:,} connections", "frames/s", "at least 0.8"),
        Figure("server CPU for each frame of it", "µs", "reported"),
    ]
    return compare(rounds, figures, lambda: run(_load("bare_shared", b"")), lambda: run(_load("shared", b'"root"')))


async def _load(name: str, greeting: bytes) -> Sample:
    missing = 0
    complete = asyncio.Event()

    def arrived(socket: Socket, frame: bytes) -> None:
        nonlocal missing
        missing -= 1
        if not missing:
            complete.set()

    async def update() -> None:
        nonlocal missing
        missing = CONNECTIONS
        complete.clear()
        sockets[0].click()
        await complete.wait()

    with serve(name) as server:
        sockets = [await Socket(server.port, greeting=greeting, on_frame=arrived).open() for _ in range(CONNECTIONS)]
        async with asyncio.timeout(_LIMIT_SECONDS):
            for _ in range(WARM_UP):
                await update()
            watch = Stopwatch(server)
            for _ in range(UPDATES):
                await update()
            usage = watch.read()
        wanted = b"count: %d" % (WARM_UP + UPDATES)
        if not all(wanted in socket.last for socket in sockets):
            raise RuntimeError("not everybody has the last update")
        for socket in sockets:
            socket.close()
    frames = CONNECTIONS * UPDATES
    return Sample((frames / usage.seconds, 1e6 * usage.cpu / frames), usage.noise)
