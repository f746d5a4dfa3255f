"""Runs applications for tests: on a thread of the test's own process, or as a process of their own."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tornado.httpserver import HTTPServer
from tornado.web import Application

if TYPE_CHECKING:
    from tornado.iostream import IOStream

    from jibe_like import MainApp, Server

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
T = TypeVar("T")


class _TornadoServer(HTTPServer):
    """Knows all its connections: Tornado's own forgets one that has become a websocket."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        super().initialize(*args, **kwargs)
        self.streams: weakref.WeakSet[IOStream] = weakref.WeakSet()

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self.streams.add(stream)
        super().handle_stream(stream, address)

    def drop(self) -> None:
        for stream in list(self.streams):
            stream.close()


class _ServerThread:
    """A Tornado server with an event loop and a thread of its own."""

    def __init__(self, app: type[MainApp] | Application, port: int, options: dict[str, Any]) -> None:
        self.problems: list[str] = []
        self._stopping = asyncio.Event()
        started: Future[str] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(app, port, options, started)), name="server under test"
        )
        self._thread.start()
        try:
            self.url = started.result()
        except BaseException:
            self._thread.join()
            raise

    def call(self, func: Callable[..., T], *args: Any) -> T:
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(func(*args))
            except BaseException as error:
                result.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return result.result(timeout=10)

    def drop(self) -> None:
        self.call(self._server.drop)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=10)
        if self._thread.is_alive():
            raise RuntimeError(f"the server at {self.url} does not stop")

    async def _serve(
        self, app: type[MainApp] | Application, port: int, options: dict[str, Any], started: Future[str]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_problem)
        try:
            application = app if isinstance(app, Application) else app.make_tornado_app()
            self._server = _TornadoServer(application, **options)
            listener = socket.create_server((HOST, port))
        except BaseException as error:
            started.set_exception(error)
            return
        listener.setblocking(False)
        self._server.add_socket(listener)
        scheme = "https" if options.get("ssl_options") else "http"
        started.set_result(f"{scheme}://{HOST}:{listener.getsockname()[1]}/")
        await self._stopping.wait()
        self._server.stop()
        if close_sessions := getattr(application, "close_sessions", None):
            await close_sessions()
        self._server.drop()
        await self._server.close_all_connections()
        # asyncio.run cancels what is left; before that, those whose connection was closed hear of it.
        for _ in range(10):
            await asyncio.sleep(0)

    def _on_problem(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.problems.append(f"{context['message']}: {context.get('exception')!r}")
        loop.default_exception_handler(context)


class Serve:
    """Serves applications from threads of this process: the fixture `serve`.

    An error that nobody caught in a server's event loop fails the test when it ends.
    """

    def __init__(self) -> None:
        self._servers: dict[str, _ServerThread] = {}
        self.problems: list[str] = []

    def __call__(self, app: type[MainApp] | Application, *, port: int = 0, **options: Any) -> str:
        """Serve `app` and return its URL, which ends with "/". Port 0 takes a free one.

        `options` are those of `tornado.httpserver.HTTPServer`; with `ssl_options` the URL is https. An error
        of `app.make_tornado_app()` is raised here.
        """
        server = _ServerThread(app, port, options)
        self._servers[server.url] = server
        return server.url

    def call(self, url: str, func: Callable[..., T], *args: Any) -> T:
        """What `func(*args)` returns when the event loop of the server at `url` calls it."""
        return self._servers[url].call(func, *args)

    def drop(self, url: str) -> None:
        """Close every connection of the server at `url`, as a lost network does; the server goes on."""
        self._servers[url].drop()

    def stop(self, url: str) -> None:
        """End the server at `url`; its port is free again."""
        server = self._servers.pop(url)
        server.stop()
        self.problems += server.problems

    def close(self) -> None:
        """End all servers."""
        for url in list(self._servers):
            self.stop(url)


class Script:
    """A Python script that serves on the port that it finds in the variable PORT, in a process of its own.

    `url` stays the same from one `start()` to the next, `process` does not.
    """

    def __init__(self, target: Path | str, log: Path, env: dict[str, str]) -> None:
        with socket.create_server((HOST, 0)) as unused:
            self.port: int = unused.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}/"
        name = str(target)
        self._command = [sys.executable, *([name] if name.endswith(".py") else ["-m", name])]
        self._env = {**os.environ, "PYTHONPATH": str(ROOT), **env, "PORT": str(self.port)}
        self._log = log

    def start(self, timeout: float = 30) -> None:
        """Start the process and return once it accepts connections; TimeoutError after `timeout` seconds."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + timeout
        while not self._accepts():
            if self._ended(within=0.02):
                raise RuntimeError(f"{self._command} ended with {self.process.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"{self._command} does not accept connections:\n{self.output()}")

    def stop(self) -> int:
        """Ask the process to end, kill it where it has not after 5 s; returns its exit status."""
        self.process.terminate()
        if not self._ended(within=5):
            self.kill()
        return self.process.returncode

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        self.process.kill()
        self.process.wait()

    def output(self) -> str:
        """All that the process wrote, over all its starts."""
        return self._log.read_text(errors="replace")

    def _accepts(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _ended(self, within: float) -> bool:
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True


class ServeScript:
    """Starts scripts: the fixture `serve_script`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scripts: list[Script] = []

    def __call__(self, target: Path | str, **env: str) -> Script:
        """Start `target`, a path that ends with ".py" (relative to the repository) or a module's name.

        `env` is added to the environment. Raises RuntimeError with the script's output where it ends before
        it accepts connections.
        """
        script = Script(target, self._folder / f"script-{len(self._scripts)}.log", env)
        self._scripts.append(script)
        script.start()
        return script

    def close(self) -> None:
        """End all scripts."""
        for script in self._scripts:
            script.stop()


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[str]:
    """Runs a server in the test's own event loop; gives its URL."""
    task = server.start(0, exec_mode="task")
    await server.ready
    try:
        yield server.url
    finally:
        await server.stop()
        await task
