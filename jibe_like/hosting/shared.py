"""The part of a server that all of its sessions share: state, functions, modules, fragments."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from inspect import isawaitable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jibe_like.errors import ServerError
from jibe_like.session.current import find_session
from jibe_like.session.session import Session
from jibe_like.session.state.scopes import Scopes
from jibe_like.session.state.state import State
from jibe_like.web.mount import Mount
from jibe_like.web.page_files import PageFiles
from jibe_like.wire.messages import encode

from .controller import Controller
from .fragments import Fragments
from .modules import Modules, definitions_of
from .procedures import RootProtocol
from .service import service_rules
from .translated import TranslatedState
from .translator import Translator
from .triggers import Function, Triggers

if TYPE_CHECKING:
    from jibe_like.server import Server

logger = logging.getLogger("jibe_like")

F = TypeVar("F", bound=Function)

CLIENT_TYPE: Final = "jibe_like"


class Shared:
    """What the sessions of a server share. A child has what its root has, by names of its own."""

    if TYPE_CHECKING:

        @property
        def name(self) -> str: ...

        @property
        def root_server(self) -> "Server": ...

        @property
        def sessions(self) -> Iterator[Session]: ...

    def __init__(self, server: "Server", parent: "Server | None", translator: Translator | None) -> None:
        self._translator = translator or Translator()
        if parent is None:
            self.scopes = Scopes(server.name)
            self._controller = Controller(server, self._translator, Triggers(), self._start_task)
            self._ui = Fragments(server)
            self._modules = Modules(server.serving)
            self._protocol = RootProtocol()
            self._configure: list[Callable[[RootProtocol], object]] = []
            self._tasks: set[asyncio.Task[Any]] = set()
        else:
            self.scopes = parent.scopes
            self._controller = parent.controller.for_child(server, self._translator)
            self._ui = parent.ui
            self._modules = parent._modules

    # -- state

    @property
    def translator(self) -> Translator:
        """Translates the server's names to those of its root."""
        return self._translator

    @property
    def state(self) -> "State | TranslatedState":
        """What all sessions share, and every page sees: docs/state.md."""
        return self._seen(self.scopes.state)

    @property
    def context(self) -> "State | TranslatedState":
        """What all sessions share, and no page sees."""
        return self._seen(self.scopes.context)

    def _seen(self, state: State) -> "State | TranslatedState":
        return state if self.root_server is self else TranslatedState(state, self._translator)

    def change(self, *names: str) -> Callable[[F], F]:
        """`@server.change("count")`: the same as `@server.state.change("count")`."""
        return self.state.change(*names)

    def force_state_push(self, *names: str) -> None:
        """Tells all pages the values of these names again. No listener hears of it."""
        with self.state.suppress_change_listeners(*names):
            self.state.dirty(*names)

    def get_server_state(self) -> dict[str, Any]:
        """The server's name, its `client_type`, and the values of its state."""
        return {"name": self.name, "client_type": self.client_type, "state": self.state.initial}

    @property
    def client_type(self) -> str:
        """`jibe_like`: there is one client."""
        return CLIENT_TYPE

    # -- functions

    @property
    def controller(self) -> Controller:
        """Functions by name, which may be used before they are written: see `Controller`."""
        return self._controller

    def trigger(self, name: str) -> Callable[[F], F]:
        """`@server.trigger("save")`: the page's JavaScript may call the function, plain or `async`.

        In the page: `await jibe.trigger("save", [1, 2], {now: true})` gives what the function returns. The session that
        the page shows is the current one (`from jibe_like import session`).

        Raises TypeError without a name.
        """
        return self._controller.trigger(name)

    def trigger_name(self, function: Function) -> str:
        """The name by which the page calls the function: the one it was given, else `trigger__1`, `trigger__2`, …"""
        return self._controller.trigger_name(function)

    def js_call(self, ref: str | None = None, method: str | None = None, *args: Any) -> None:
        """Calls a method of an element: `server.js_call("player", "play")`.

        In a handler it is called in the pages of that session, elsewhere in all pages of the server. Where a page has
        no such element, nothing happens.

        :param ref: the identifier of a widget, else its attribute `data-ref`.
        :param args: what JSON can say. Raises TypeError for others.
        """
        if not isinstance(ref, str) or not isinstance(method, str):
            raise TypeError("js_call takes the element and the name of its method: js_call('player', 'play')")
        encode(args)
        current = find_session()
        root = self.root_server
        for session in [current] if current is not None and current.server is root else list(root.sessions):
            identifier = _find_element(session, ref)
            if identifier is not None:
                session.page_call(["call", identifier, method, list(args)])

    @property
    def ui(self) -> Fragments:
        """Named parts of pages: see `Fragments`."""
        return self._ui

    # -- procedures

    @property
    def protocol(self) -> RootProtocol:
        """The procedures that pages may call by name."""
        return self.root_server._protocol

    def add_protocol_to_configure(self, configure: Callable[[RootProtocol], object]) -> None:
        """Has `configure(protocol)` called when the server starts, or at once where it has: it registers procedures."""
        root = self.root_server
        if root._is_configured:
            configure(root._protocol)
        else:
            root._configure.append(configure)

    _is_configured = False

    def configure_protocol(self) -> None:
        """The server is about to serve."""
        waiting, self._configure, self._is_configured = self._configure, [], True
        for configure in waiting:
            configure(self._protocol)

    def protocol_call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Calls a procedure; gives what it gives, a coroutine where it is `async`.

        Raises ServerError where there is none of that name.
        """
        return self.protocol.find(method)(*args, **kwargs)

    # -- modules

    def enable_module(self, module: "ModuleType | Mapping[str, Any]", **kwargs: Any) -> bool:
        """Extends the server by what a module, or a dict, defines. False where it has been extended by it before.

        | name | is |
        |---|---|
        | `setup(server, **kwargs)` | called first |
        | `scripts`, `module_scripts`, `styles` | URLs that every page loads, absolute or from the server's root |
        | `serve` | folders to serve, by the path of their files' URLs: `{"data": "/path"}` |
        | `www` | a folder whose files are served at the root, where nothing else is |
        | `state` | values for `server.state` |

        Raises ServerError, naming the entry, for what cannot be used.
        """
        root = self.root_server
        name, definitions = definitions_of(module)
        if not root._modules.is_new(module):
            return False
        setup = definitions.get("setup")
        if setup is not None:
            setup(self, **kwargs)
        rules = root._modules.take(name, definitions)
        self.state.update(definitions.get("state") or {})
        root.serve_also(rules)
        return True

    def service_rules(self, mounts: Iterable[Mount] = ()) -> list[Any]:
        """Tornado rules for health, readiness and metrics, at the paths that the settings name.

        An application that the server makes has them. Add them to one of your own where you want them.

        :param mounts: what is served there: where the server has no settings, those of the first count.

        Raises SettingsError where there shall be metrics, and the package prometheus-client is not installed.
        """
        root = self.root_server
        first = next((mount.settings for mount in mounts), root.settings)
        return service_rules(root, root._settings or first)

    @property
    def page_files(self) -> PageFiles:
        """What the modules bring to every page."""
        return self._modules.files

    @property
    def uses_page_api(self) -> bool:
        """Whether a page's own JavaScript may want `window.jibe` from the beginning."""
        root = self.root_server
        return bool(root._controller.has_triggers or len(root._protocol) or root._modules.files)

    # -- tasks

    def _start_task(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine as a task of the current session, or of the server where there is none."""
        if not isawaitable(work):
            raise TypeError("a task needs an async function")
        loop = asyncio._get_running_loop()
        session = find_session()
        if session is not None and session.loop is loop and not session.destroyed:
            return session.start(work)
        if loop is not None:
            return self.keep(loop.create_task(work))
        loop = self.root_server.loop
        if loop is None:
            work.close()
            raise ServerError("no event loop is running, and neither is the server: there is nothing to run a task")
        return asyncio.run_coroutine_threadsafe(work, loop)

    def keep(self, task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
        """An event loop holds its tasks weakly; what they raise would be told late, if ever."""
        self._tasks.add(task)
        task.add_done_callback(self._let_go)
        return task

    def _let_go(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("a task of %r raised", self, exc_info=error)


def _find_element(session: Session, ref: str) -> str | None:
    """The identifier of the session's element of that name."""
    index = session.document.tree.index
    if ref in index:
        return ref
    for widget in list(index.values()):
        if widget._facets is not None and widget._facets.get("attributes", {}).get("data-ref") == ref:
            return widget.identifier
    return None
