"""Server processes: each on a core of its own, with its CPU time and its memory. Linux only."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

SERVER_CORE: Final = 0
CLIENT_CORE: Final = 1
ROOT: Final = Path(__file__).resolve().parent.parent
HOST: Final = "127.0.0.1"

T = TypeVar("T")

_START_SECONDS = 30.0
_STAT = Path("/proc/stat")


class Server:
    """A running server: `port`, and what it has used of the machine."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.pid = process.pid
        self.port = port

    def cpu_seconds(self) -> float:
        """CPU time since it started, in user and kernel mode."""
        return _cpu_seconds(self.pid)

    def memory_kib(self) -> int:
        """Proportional set size: what it has of memory, shared pages counted by its share of them."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@dataclass(frozen=True)
class Usage:
    """What happened in a stretch of time: its length and the server's CPU time, both in seconds, and `noise`, the
    share of the machine that was used by others than this process and those that it has started.
    """

    seconds: float
    cpu: float
    noise: float


class Stopwatch:
    """Runs from its making on."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._begin = self._now()

    def read(self) -> Usage:
        """What happened since."""
        seconds, cpu, own, busy = (now - then for now, then in zip(self._now(), self._begin, strict=True))
        return Usage(seconds, cpu, max(0.0, busy - own) / seconds / (os.cpu_count() or 1))

    def _now(self) -> tuple[float, float, float, float]:
        own = sum(map(_cpu_seconds, _family(os.getpid())))
        return time.perf_counter(), self._server.cpu_seconds(), own, _busy_seconds()


def _cpu_seconds(pid: int) -> float:
    """CPU time by the process's own clock; 0 where it has ended."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) gives
    except OSError:
        return 0.0


def _family(pid: int) -> list[int]:
    """The process and all that descend from it: the server, the load client, a browser."""
    family = [pid]
    for member in family:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                family += map(int, children.read_text().split())
    return family


def _busy_seconds() -> float:
    """CPU time of everybody on all cores, with what a host took away."""
    ticks = [int(word) for word in _STAT.read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _waiting, irq, softirq, stolen, *_ = ticks
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serve(name: str) -> Iterator[Server]:
    """Runs the server `name` of servers.py on the server's core until the block ends.

    Raises RuntimeError, with what it wrote, where it does not start.
    """
    with socket.create_server((HOST, 0)) as unused:
        port: int = unused.getsockname()[1]
    # Without setpriv a server would outlive a benchmark that is killed.
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "benchmarks.servers", name, str(port)]
    paths = [os.environ.get("PYTHONPATH", ""), str(ROOT)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONSAFEPATH": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            if not _accepts(process, port):
                log.seek(0)
                raise RuntimeError(f"the server {name} did not start: {log.read().decode(errors='replace')[-2000:]}")
            yield Server(process, port)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _accepts(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    return False


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop that `MainApp.run` takes too: uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs the load client's coroutine on the same kind of loop as the servers."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(coroutine)


def loop_name() -> str:
    """The name of that loop."""
    return "asyncio" if loop_factory() is None else "uvloop"
