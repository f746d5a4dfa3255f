"""A TCP proxy that harms what goes through it: it cuts, stalls and delays by chance, and refuses websockets."""

import asyncio
import contextlib
import random
import re
import socket
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Self

from tests.serving import HOST

_UPGRADE: Final = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
_REFUSED: Final = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True)
class Harm:
    """What may happen to a chunk of bytes on its way, by chance: probabilities from 0 to 1, times in seconds."""

    cut: float = 0.0
    """Both ends lose the connection."""
    stall: float = 0.0
    """From then on the connection takes nothing to the other side, for `stall_seconds`; nobody is told."""
    stall_seconds: float = 8.0
    longest_delay: float = 0.0
    """Each chunk arrives late by any time up to this; the order stays."""


class _Cut(Exception):
    pass


class ChaosProxy:
    """Listens at `url`, and passes on to a port of this machine. `with` closes it at the end.

    :param port: where the server is, or will be; while it is not, connections are closed at once.
    :param seed: chance begins the same with the same seed.
    """

    def __init__(self, port: int, *, harm: Harm | None = None, seed: int = 0, refuse_websockets: bool = False) -> None:
        self.harm = harm or Harm()
        self.refuse_websockets = refuse_websockets
        """Whether a request for a websocket is answered with 403, as by a firewall. Those that are open stay so."""
        self.done: Counter[str] = Counter()
        """How often it did what: `connections`, `chunks`, `refused`, `cut`, `stalled`."""
        self._port = port
        self._chance = random.Random(seed)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        started: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), name="chaos proxy")
        self._thread.start()
        self.port = started.result(timeout=10)
        self.url = f"http://{HOST}:{self.port}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut(self) -> None:
        """Cuts every connection."""
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        """Cuts every connection and takes no more."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(timeout=10)

    # -- on the proxy's thread

    async def _serve(self, started: Future[int]) -> None:
        self._loop = asyncio.get_running_loop()
        listener = socket.create_server((HOST, 0), backlog=1024)
        server = await asyncio.start_server(self._begin, sock=listener)
        started.set_result(listener.getsockname()[1])
        await self._closing.wait()
        server.close()
        self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._accept(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.done["connections"] += 1
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if self.refuse_websockets and _UPGRADE.search(head):
                self.done["refused"] += 1
                writer.write(_REFUSED)
                await writer.drain()
            else:
                await self._pass_on(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(HOST, self._port)
        self._writers.add(server_writer)
        try:
            server_writer.write(head)
            ways = [self._carry(reader, server_writer), self._carry(server_reader, writer)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
            if any(isinstance(result, _Cut) for result in results):
                writer.transport.abort()
                server_writer.transport.abort()
        finally:
            self._writers.discard(server_writer)
            server_writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._suffer()
                writer.write(data)
                await writer.drain()

    async def _suffer(self) -> None:
        harm, lot = self.harm, self._chance.random()
        self.done["chunks"] += 1
        if lot < harm.cut:
            self.done["cut"] += 1
            raise _Cut
        if lot < harm.cut + harm.stall:
            self.done["stalled"] += 1
            await asyncio.sleep(harm.stall_seconds)
        elif harm.longest_delay:
            await asyncio.sleep(self._chance.uniform(0, harm.longest_delay))

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
