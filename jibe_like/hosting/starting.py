"""The part of a server that starts and stops it."""

import asyncio
import threading
from argparse import ArgumentParser
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, overload

import tornado.web

from jibe_like.errors import ServerError, SettingsError
from jibe_like.session.current import find_session

from .background import BackgroundServer
from .desktop import load_webview, show_window
from .listening import TLS, loop_factory
from .options import OPTIONS, Choices, make_parser, port_given, read_command_line
from .running import Milestone, Plan, Running, show_log

if TYPE_CHECKING:
    from jibe_like.server import Server

MODES: Final = ("main", "desktop", "task", "coroutine")
BACKEND: Final = "tornado"


@dataclass
class Wishes:
    """The arguments of `Starting.start`."""

    port: int | None = None
    thread: bool = False
    open_browser: bool | None = None
    show_connection_info: bool = True
    disable_logging: bool = False
    backend: str | None = None
    exec_mode: str = "main"
    timeout: float | None = None
    host: str | None = None
    application: tornado.web.Application | None = None
    argv: Sequence[str] | None = None
    window: Mapping[str, Any] = field(default_factory=dict)
    ssl: TLS | None = field(default=None, repr=False)
    http: Mapping[str, Any] = field(default_factory=dict)
    everywhere: bool = False
    """Where nobody says at which interface to listen: at all."""

    @property
    def blocks(self) -> bool:
        """Whether the start returns when the server has ended."""
        return self.exec_mode in ("main", "desktop")


class Starting:
    """Starts a server, and stops it. A child does so with its root."""

    if TYPE_CHECKING:

        @property
        def root_server(self) -> "Server": ...

    def __init__(self, name: str) -> None:
        self._name = name
        self._choices = Choices()
        self._cli: ArgumentParser | None = None
        self._claim = threading.Lock()
        self._run: Running | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready = Milestone()

    @property
    def name(self) -> str:
        """The server's name."""
        return self._name

    @property
    def cli(self) -> ArgumentParser:
        """The parser of the command line. Add arguments of your own; `cli.parse_known_args()` reads them."""
        root = self.root_server
        if root._cli is None:
            root._cli = make_parser(root._name)
        return root._cli

    @property
    def running(self) -> bool:
        """Whether the server is starting or serves."""
        root = self.root_server
        return root._run is not None or (root._task is not None and not root._task.done())

    @property
    def is_stopping(self) -> bool:
        """Whether the server was asked to stop or, in Tornado applications of your own, has ended what it served."""
        root = self.root_server
        run = root._run
        return run.is_stopping if run is not None else bool(root._mounts) and not root.mounts

    @property
    def ready(self) -> Milestone:
        """Done once the server serves, with the error where it cannot. After it has stopped: for the next start.

        Awaitable on any event loop; on a thread without one, `server.ready.result(timeout)` waits.
        """
        return self.root_server._ready

    @property
    def port(self) -> int:
        """The port at which the server listens; 0 while it does not."""
        run = self.root_server._run
        return run.listening.port if run is not None and run.listening is not None else 0

    @property
    def url(self) -> str:
        """The address of the server; empty while it does not listen."""
        run = self.root_server._run
        return run.listening.url if run is not None and run.listening is not None else ""

    @property
    def page(self) -> str:
        """The URL of its first page; empty while the server does not listen."""
        run = self.root_server._run
        return run.pages[0] if run is not None and run.pages else ""

    @property
    def server_options(self) -> dict[str, Any]:
        """What the server was started with: `port`, `host`, `timeout`, …; empty while it is not."""
        run = self.root_server._run
        return dict(vars(run.plan)) if run is not None else {}

    # -- start

    @overload
    def start(
        self, port: int | None = None, thread: bool = False, *, exec_mode: Literal["task"], **options: Any
    ) -> "asyncio.Task[None]": ...

    @overload
    def start(
        self, port: int | None = None, thread: bool = False, *, exec_mode: Literal["coroutine"], **options: Any
    ) -> Coroutine[Any, Any, None]: ...

    @overload
    def start(
        self,
        port: int | None = None,
        thread: bool = False,
        open_browser: bool | None = None,
        show_connection_info: bool = True,
        disable_logging: bool = False,
        backend: str | None = None,
        exec_mode: Literal["main", "desktop"] = "main",
        timeout: float | None = None,
        host: str | None = None,
        *,
        application: tornado.web.Application | None = None,
        argv: Sequence[str] | None = None,
        window: Mapping[str, Any] | None = None,
        ssl: TLS | None = None,
        **http: Any,
    ) -> None: ...

    def start(
        self,
        port: int | None = None,
        thread: bool = False,
        open_browser: bool | None = None,
        show_connection_info: bool = True,
        disable_logging: bool = False,
        backend: str | None = None,
        exec_mode: str = "main",
        timeout: float | None = None,
        host: str | None = None,
        *,
        application: tornado.web.Application | None = None,
        argv: Sequence[str] | None = None,
        window: Mapping[str, Any] | None = None,
        ssl: TLS | None = None,
        **http: Any,
    ) -> "asyncio.Task[None] | Coroutine[Any, Any, None] | None":
        """Serves what is mounted. While the server is starting or runs already, this starts nothing.

        What is None here is chosen by the command line, else by the environment: docs/server.md has the table.

        :param port: 0 takes a free one, which `port` tells.
        :param thread: the server runs on a thread that is not the main one: signals are somebody else's.
        :param open_browser: show the server's first page in the browser.
        :param show_connection_info: tell the address in the log.
        :param disable_logging: log nothing at all.
        :param backend: None or `tornado`; there is no other.
        :param exec_mode: `main` serves until SIGINT, SIGTERM or `stop()`; `desktop` until the window with the page is
            closed; `task` gives an `asyncio.Task`, and `coroutine` a coroutine, that end with the server.
        :param timeout: stop when no page was there for so many seconds; 0: never.
        :param host: the interface to listen at; empty for all.
        :param application: a Tornado application of your own to serve, in place of one that is made of what is mounted.
        :param argv: the command line. None: that of the program in the modes `main` and `desktop`, unless `thread` is
            set, and none in other modes.
        :param window: arguments of `webview.create_window` for the mode `desktop`: `title`, `width`, `height`, …
        :param ssl: serve https: an `ssl.SSLContext`, a pair of files (certificate, key), or a dict with `certfile`,
            `keyfile` and `password`.
        :param http: for `tornado.httpserver.HTTPServer`: `max_header_size`, `xheaders`, …

        Exits with one clear line where the port is in use, or where command line or environment make no sense; the
        modes `task` and `coroutine` raise ServerError and SettingsError. Raises RuntimeError where the mode blocks and
        an event loop is running in this thread.
        """
        return self.begin(
            Wishes(
                port,
                thread,
                open_browser,
                show_connection_info,
                disable_logging,
                backend,
                exec_mode,
                timeout,
                host,
                application,
                argv,
                window or {},
                ssl,
                http,
            )
        )

    def run(
        self, port: int, address: str | None = None, application: tornado.web.Application | None = None, **options: Any
    ) -> None:
        """What `MainApp.run` does: a start, at every interface unless somebody names one.

        :param options: as of `start`. Raises ServerError where the server runs already.
        """
        if self.running:
            raise ServerError(f"{self.root_server!r} is running: mount() adds an application to it")
        self.begin(_wishes(port, address, application, options, everywhere=True))

    def in_background(
        self, port: int, address: str | None = None, application: tornado.web.Application | None = None, **options: Any
    ) -> BackgroundServer:
        """Starts on a thread of its own, and returns once the server serves.

        :param options: as of `start`. What goes wrong at the start is raised here: SystemExit for a port in use.
        """
        root = self.root_server
        wishes = _wishes(port, address, application, options, exec_mode="coroutine")
        return BackgroundServer(root, root._serve(root._plan(wishes)))

    def begin(self, wishes: Wishes) -> "asyncio.Task[None] | Coroutine[Any, Any, None] | None":
        """As `start`."""
        root = self.root_server
        if root is not self:
            return root.begin(wishes)
        if wishes.exec_mode not in MODES:
            raise ServerError(f"exec_mode must be one of {', '.join(MODES)}, not {wishes.exec_mode!r}")
        if not wishes.blocks:
            serving = self._serve(self._plan(wishes))
            if wishes.exec_mode == "coroutine":
                return serving
            task = asyncio.get_running_loop().create_task(serving)
            if not self.running:
                self._task = task
            return task
        refuse_in_loop()
        if self.running:
            return None
        try:
            plan = self._plan(wishes)
            if not wishes.disable_logging:
                show_log()
            if wishes.exec_mode == "desktop" or plan.choices.command_line.get("app"):
                self._show_window(plan, wishes)
            else:
                with asyncio.Runner(loop_factory=loop_factory()) as runner:
                    runner.run(self._serve(plan))
        except (ServerError, SettingsError) as error:
            raise SystemExit(f"jibe_like: {error}") from None
        return None

    def _plan(self, wishes: Wishes) -> Plan:
        """What code, command line and environment add up to."""
        if wishes.backend not in (None, BACKEND):
            raise ServerError(f"backend must be {BACKEND!r}, not {wishes.backend!r}")
        reads = wishes.argv is not None or (wishes.blocks and not wishes.thread)
        choose = Choices(read_command_line(self.cli, wishes.argv) if reads else {})
        choose("backend", wishes.backend)
        return Plan(
            port=choose("port", port_given(wishes.port)),
            host=choose("host", wishes.host, "" if wishes.everywhere else None),
            timeout=choose("timeout", wishes.timeout),
            handle_signals=wishes.blocks and not wishes.thread,
            open_browser=choose("open_browser", wishes.open_browser),
            show_connection_info=wishes.show_connection_info,
            disable_logging=wishes.disable_logging,
            application=wishes.application,
            tls=wishes.ssl,
            http=wishes.http,
            choices=choose,
        )

    async def _serve(self, plan: Plan) -> None:
        with self._claim:
            before = self._run
            if before is None:
                self._run = run = Running(self.root_server, plan, self._ready)
                self._choices = plan.choices
        if before is not None:
            await before.ended
            return
        try:
            await run.serve()
        finally:
            self._run, self._ready, self._choices = None, Milestone(), Choices()
            run.ended.set_result(None)

    def _show_window(self, plan: Plan, wishes: Wishes) -> None:
        webview = load_webview()
        if wishes.port is None and plan.choices.command_line.get("port") is None:
            plan.port = 0  # nobody need know it
        plan.handle_signals = plan.show_connection_info = plan.open_browser = False
        background = BackgroundServer(self.root_server, self._serve(plan))
        try:
            show_window(
                webview,
                background.page,
                {"title": self._name, **wishes.window},
                debug=plan.choices("desktop_debug", self.root_server.options.get("desktop_debug")),
                ended=background.ended,
            )
        finally:
            background.stop()

    # -- stop

    async def stop(self) -> None:
        """Stops the server, and returns when it has stopped: sessions are stored, their pages wait for the next start.

        What is mounted in Tornado applications of your own ends as well, which a server that was never started is for.
        May be called on any event loop. In a handler of one of its sessions it returns at once, since the server waits
        for handlers.
        """
        root = self.root_server
        run = root._run
        if run is not None:
            run.stop()
        session = find_session()
        if session is not None and session.server is root:
            if run is None:
                # What it is done by must not be one of those that it waits for.
                root.keep(asyncio.get_running_loop().create_task(root.ends()))
        elif run is not None:
            await run.ended
        else:
            await root.ends()

    def request_stop(self) -> None:
        """Asks a server that runs to stop, and returns at once. From any thread."""
        run = self.root_server._run
        if run is not None:
            run.stop()


def refuse_in_loop() -> None:
    """Raises RuntimeError where an event loop is running in this thread, which cannot block."""
    if asyncio._get_running_loop() is not None:
        raise RuntimeError(
            "an event loop is running in this thread: use mount(), or juprun() in a notebook, or "
            "exec_mode='task' of Server.start"
        )


class _DefaultPort(int):
    """The port that is taken where nobody has said one."""


DEFAULT_PORT: Final = _DefaultPort(OPTIONS["port"].default)


def _wishes(
    port: int,
    address: str | None,
    application: tornado.web.Application | None,
    options: dict[str, Any],
    **more: Any,
) -> Wishes:
    known = options.keys() & {each.name for each in fields(Wishes)}
    http = {name: value for name, value in options.items() if name not in known}
    chosen = {name: options[name] for name in known}
    given = None if port is DEFAULT_PORT else port
    return Wishes(**{"port": given, "host": address, "application": application, "http": http, **more, **chosen})
