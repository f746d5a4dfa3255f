"""Runs one of the servers that are measured, on the server's core: `python -m benchmarks.servers NAME PORT`."""

import asyncio
import os
import sys
from typing import Any

import tornado.web

from . import bare, pages
from .processes import HOST, SERVER_CORE, loop_factory

PAGES = {"counter": pages.Counter, "shared": pages.SharedCounter, "ticker": pages.Ticker}
BARE: dict[str, list[Any]] = {
    "bare_counter": [("/", bare.Page), ("/websocket", bare.Socket)],
    "bare_shared": [("/", bare.Page), ("/websocket", bare.SharedSocket)],
}


async def _serve(rules: list[Any], port: int) -> None:
    tornado.web.Application(rules).listen(port, HOST)
    await asyncio.Event().wait()


def main(name: str, port: int) -> None:
    """Serves until the process is ended."""
    os.sched_setaffinity(0, {SERVER_CORE})
    if name in PAGES:
        PAGES[name].run(port, address=HOST)
    else:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(BARE[name], port))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
