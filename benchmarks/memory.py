"""Memory of a session: page, application with 103 widgets, socket and connection, after one click each."""

import asyncio

from .client import Socket, visit
from .processes import run, serve
from .report import Figure, Sample, compare

FIRST, SESSIONS = 50, 1000
"""Sessions that are there before the first look (what every server has once is then in place), and those counted."""
_QUIET_SECONDS = 1.0


def measure(rounds: int) -> list[Figure]:
    """Growth of the server's proportional set size over the sessions, each opened as a browser does."""
    figures = [Figure("memory of a session, 103 widgets", "KiB", "at most 50 KiB")]
    return compare(
        rounds, figures, lambda: run(_grow("bare_counter", b"")), lambda: run(_grow("counter", b'"resumed":true'))
    )


async def _grow(name: str, greeting: bytes) -> Sample:
    with serve(name) as server:
        sockets = [await _visit(server.port, greeting) for _ in range(FIRST)]
        await asyncio.sleep(_QUIET_SECONDS)
        before = server.memory_kib()
        sockets += [await _visit(server.port, greeting) for _ in range(SESSIONS)]
        await asyncio.sleep(_QUIET_SECONDS)
        growth = server.memory_kib() - before
        for socket in sockets:
            socket.close()
    return Sample((growth / SESSIONS,))


async def _visit(port: int, greeting: bytes) -> Socket:
    """Reads the page, opens its socket, clicks once, and acknowledges the answer."""
    answered = asyncio.Event()
    socket = await Socket(port, await visit(port), greeting, lambda socket, frame: answered.set()).open()
    socket.click()
    await answered.wait()
    socket.acknowledge()
    return socket
