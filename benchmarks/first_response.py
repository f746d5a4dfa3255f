"""The first response: pages a second with 103 widgets, each a session of its own, beside a template of such markup."""

import asyncio

from .client import Http
from .processes import Stopwatch, run, serve
from .report import Figure, Sample, compare

CONNECTIONS = 20
WARM_UP, SECONDS = 3.0, 4.0


def measure(rounds: int) -> list[Figure]:
    """Each connection asks again as soon as it has its page. Sessions end while others begin."""
    figures = [
        Figure("first responses, 103 widgets", "1/s", "reported"),
        Figure("server CPU for a first response", "µs", "reported"),
        Figure("size of the page, uncompressed", "bytes", "the same bytes"),
    ]
    return compare(rounds, figures, lambda: run(_load("bare_counter")), lambda: run(_load("counter")))


async def _load(name: str) -> Sample:
    pages = size = 0

    def again(connection: Http, page: bytes) -> None:
        nonlocal pages, size
        pages += 1
        size = len(page)
        connection.get()

    with serve(name) as server:
        connections = [await Http(again).open(server.port) for _ in range(CONNECTIONS)]
        for connection in connections:
            connection.get()
        await asyncio.sleep(WARM_UP)
        pages, watch = 0, Stopwatch(server)
        await asyncio.sleep(SECONDS)
        answered, usage = pages, watch.read()
        for connection in connections:
            connection.transport.abort()
    return Sample((answered / usage.seconds, 1e6 * usage.cpu / answered, size), usage.noise)
