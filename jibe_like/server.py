"""The server: what hosts applications, by route, and what all of their sessions share."""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any, Final, Literal, overload
from weakref import WeakSet, WeakValueDictionary

import tornado.web

from .errors import ServerError, SettingsError
from .hosting import page_calls as page_calls
from .hosting.application import Application, Hosted
from .hosting.shared import Shared
from .hosting.starting import Starting
from .hosting.translator import Translator
from .session.session import Session
from .session.snapshot.snapshot import Snapshots
from .settings import Settings
from .store.base import Store, open_store
from .web.auth.base import AuthProvider
from .web.auth.guard import Guard
from .web.auth.oidc import OIDC
from .web.mount import Mount, find_secrets
from .web.network_log import NetworkLog

logger = logging.getLogger("jibe_like")

DEFAULT_NAME: Final = "jibe_like"


class Server(Starting, Shared):
    """Hosts applications by route. `get_server()` gives the one that is used where nobody names another.

        server = get_server()
        server.mount(Shop, "/")
        server.mount(Office, "/office")
        server.start(port=8881)

    Started again after it has stopped, it serves afresh.

    :param name: names it in the log, and what its sessions share in the store.
    :param parent_server: a child shares state, context, controller and everything else with this one.
    :param translator: a child's names for state, context and controller.
    :param settings: for all applications that are not mounted with others; None: each has those of its class.
    :param auth: how users sign in, of all applications that are not mounted with another way.
    :param options: `log_network`, a file that all frames are written to; `ws_max_msg_size`, in bytes, and
        `ws_heart_beat`, in seconds, in place of the settings' `max_message_bytes` and `ping_interval`; `desktop_debug`.
        Others are kept in `options` for you.
    """

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        parent_server: "Server | None" = None,
        translator: Translator | None = None,
        settings: Settings | None = None,
        auth: AuthProvider | None = None,
        **options: Any,
    ) -> None:
        self._parent = parent_server
        self._auth = auth
        self._guards: WeakSet[Guard] = WeakSet()
        self._options = options
        self._settings = settings
        self._store_url: str | None = None
        self._hosted: dict[str, Hosted] = {}
        self._applications: WeakSet[Application] = WeakSet()
        self._mounts: WeakValueDictionary[int, Mount] = WeakValueDictionary()
        self._numbers = itertools.count()
        self._open: dict[Mount, asyncio.AbstractEventLoop] = {}
        self._store: Store | None = None
        self._secrets: list[str] = []
        self.network_log: NetworkLog | None = None
        Starting.__init__(self, name)
        Shared.__init__(self, self, parent_server, translator)
        if parent_server is None:
            _all_servers[name] = self

    def __repr__(self) -> str:
        return f"Server({self.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A session that refers to its server finds the one of today.
        return (_find_server, (self.name,)) if self._parent is None else (_find_child, (self._parent, self._translator))

    @property
    def root_server(self) -> "Server":
        """The server that is started; of a child, that of its parent."""
        return self if self._parent is None else self._parent.root_server

    @property
    def options(self) -> dict[str, Any]:
        """What the server was made with beside its settings."""
        return self._options

    @property
    def settings(self) -> Settings:
        """For all applications that are not mounted with others."""
        root = self.root_server
        return root._settings or Settings()

    def create_child_server(self, translator: Translator | None = None, prefix: str | None = None) -> "Server":
        """A server that shares all with this one, by other names."""
        return Server(self.name, parent_server=self, translator=translator or Translator(prefix))

    # -- applications

    def mount(
        self,
        app_class: type,
        route: str = "/",
        *,
        settings: Settings | None = None,
        mode: str | None = None,
        store: str | None = None,
        auth: AuthProvider | None = None,
        requires_auth: bool | None = None,
    ) -> None:
        """Hosts an application at a route: all parameters as of `MainApp.handlers`. While the server runs, at once.

        Raises ServerError, naming both classes, for a route where another application is; TypeError for what is no
        application class.
        """
        root = self.root_server
        if not isinstance(app_class, type) or not hasattr(app_class, "handlers"):
            raise TypeError(f"mount takes a MainApp class, not {app_class!r}")
        place = "/" + route.strip("/")
        there = root._hosted.get(place)
        if there is not None:
            raise ServerError(
                f"{place}: {there.app_class.__qualname__} is mounted there, {app_class.__qualname__} cannot be as well"
            )
        hosted = Hosted(
            app_class,
            {"settings": settings, "mode": mode, "store": store, "auth": auth, "requires_auth": requires_auth},
        )
        if root.running:
            root.serve_also(root._rules_of(place, hosted))
        root._hosted[place] = hosted

    def unmount(self, route: str) -> None:
        """Does not host the application at the route any more, from the next start on. Raises KeyError for no such."""
        del self.root_server._hosted["/" + route.strip("/")]

    @contextmanager
    def hosting(self, app_class: type, **options: Any) -> Iterator[None]:
        """Hosts an application at `/` meanwhile, for the start within."""
        self.mount(app_class, "/", **options)
        try:
            yield
        finally:
            self.unmount("/")

    @contextmanager
    def preferring(
        self, *, settings: Settings | None = None, store: str | None = None, auth: AuthProvider | None = None
    ) -> Iterator[None]:
        """Serves meanwhile with these settings, from this store and for these users what was mounted without any."""
        root = self.root_server
        before = root._settings, root._store_url, root._auth
        root._settings, root._store_url, root._auth = settings or before[0], store or before[1], auth or before[2]
        try:
            yield
        finally:
            root._settings, root._store_url, root._auth = before

    @property
    def mounts(self) -> dict[str, Mount]:
        """What is served now, by route."""
        return {mount.prefix or "/": mount for mount in list(self.root_server._mounts.values()) if not mount.is_closed}

    def serving(self) -> list[Mount]:
        """Those whose users may have what belongs to the server as a whole; the last ones, once all have ended."""
        mounts = list(self.root_server._mounts.values())
        return [mount for mount in mounts if not mount.is_closed] or mounts

    @property
    def sessions(self) -> Iterator[Session]:
        """All sessions that are in this process."""
        for mount in list(self.root_server._mounts.values()):
            yield from list(mount.registry.sessions.values())

    def make_tornado_app(self, **tornado_settings: Any) -> Application:
        """A Tornado application that serves all that is mounted."""
        root = self.root_server
        rules = [rule for place, hosted in root._hosted.items() for rule in root._rules_of(place, hosted)]
        return root.adopt(Application([*rules, *root._modules.rules()], **tornado_settings))

    def adopt(self, application: Application) -> Application:
        """Adds to this application the files at the server's root, and all that is mounted and enabled from now on."""
        root = self.root_server
        application.add([*root._modules.www_rules(), *root.service_rules(application.mounts)])
        root._applications.add(application)
        return application

    def module_rules(self) -> list[Any]:
        """Tornado rules for the folders of modules."""
        return self.root_server._modules.rules()

    def _rules_of(self, place: str, hosted: Hosted) -> list[Any]:
        rules: list[Any] = hosted.app_class.handlers(place.rstrip("/"), server=self, **hosted.options)  # type: ignore[attr-defined]
        return rules

    def serve_also(self, rules: list[Any]) -> None:
        """Adds rules to what is served already."""
        for application in list(self._applications):
            application.add(rules)

    def make_mount(
        self,
        app_class: type,
        prefix: str,
        title: str,
        *,
        settings: Settings | None,
        mode: str | None,
        store: str | None,
        default_settings: Settings,
        auth: AuthProvider | None = None,
        requires_auth: bool | None = None,
    ) -> Mount:
        """An application class in a place of its own, with what command line and environment say of it.

        Raises SettingsError for a store or a mode that there is not, and where users shall sign in and cannot.
        """
        root = self.root_server
        base = settings or root._settings or default_settings
        if not isinstance(base, Settings):
            raise SettingsError(f"{title}: settings must be Settings(…), not {type(base).__name__} ({base!r:.60})")
        chosen = root._choices.settings(base, root._options, store or root._store_url)
        guard = root._guard_of(auth)
        if guard is None and requires_auth:
            raise SettingsError(f"{title}: requires_auth, and nobody says how users sign in: give auth=")
        requires_auth = guard is not None if requires_auth is None else requires_auth
        mount = Mount(app_class, prefix, title, root._choices.mode(mode), chosen, root, guard, requires_auth)
        root._mounts[next(root._numbers)] = mount
        return mount

    def _guard_of(self, auth: AuthProvider | None) -> Guard | None:
        """Who knows how users sign in; None where nobody does. One for all that do it in the same way."""
        if auth is None and self._auth is None and OIDC.is_in_environment():
            self._auth = OIDC()
        provider = auth or self._auth
        if provider is None:
            return None
        guard = next((guard for guard in self._guards if guard.provider is provider), None) or Guard(provider)
        self._guards.add(guard)
        return guard

    # -- what a run of the server asks for

    def make_application(self) -> tornado.web.Application:
        """What is to be served."""
        if not self._hosted and self._modules.www is None:
            logger.warning("%r hosts no application: mount(MyApp, '/')", self)
        if not self._hosted and self._auth is not None and self._modules.has_files:
            raise ServerError(f"{self!r} hosts no application: nobody could sign in for the files of its modules")
        return self.make_tornado_app()

    async def began(self) -> None:
        """The server listens."""
        self.configure_protocol()
        self.tell("on_server_ready", **self.state.initial)

    async def ends(self) -> None:
        """What is mounted ends: here, and in Tornado applications of somebody else's."""
        last = self.tell("on_server_exited", **self.state.initial) if self.running or self._open else None
        for mount in list(self._mounts.values()):
            await mount.close()
        for work in last if isinstance(last, list) else [last]:
            if isawaitable(work):
                await asyncio.wait([asyncio.ensure_future(work)])

    @property
    def quiet_since(self) -> float | None:
        """When the last page went, by `time.monotonic`; None while there is one."""
        mounts = list(self._mounts.values())
        if any(mount.pages for mount in mounts):
            return None
        return max((mount.quiet_since for mount in mounts), default=0.0)

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that it runs on."""
        return self._run.loop if self._run is not None else None

    # -- what its mounts tell

    def opened(self, mount: Mount) -> bool:
        """The mount is about to serve. Gives whether all that its sessions share is there."""
        for lost in [known for known, loop in self._open.items() if loop.is_closed()]:
            del self._open[lost]
        if not self._open:
            self._begin(mount)
        self._open[mount] = asyncio.get_running_loop()
        if mount.guard is not None and self._store is not None:
            mount.guard.open(self._secrets, self._store)
        return self.scopes.load_now()

    async def load(self) -> None:
        """Returns once that is there. Raises StoreError where it cannot be read."""
        await self.scopes.load()

    def _begin(self, first: Mount) -> None:
        """What sessions share is kept in the store of the server's settings, else in the first durable one mounted."""
        self.configure_protocol()
        self.tell("on_server_start", server=self)
        path = self._choices("log_network", self._options.get("log_network"))
        if path and self.network_log is None:
            self.network_log = NetworkLog(path)
        durable = [mount for mount in self._mounts.values() if mount.store.durable and not mount.is_closed]
        settings = self._choices.settings(self.settings, {})
        if settings.store == Settings().store:
            settings = durable[0].settings if durable else self._settings or first.settings
        self._store = open_store(settings.store)
        self._secrets = find_secrets(settings, self._store)
        snapshots = Snapshots(self._secrets, live=(Session,))
        self.scopes.open(self._store, snapshots, settings)

    async def closed(self, mount: Mount) -> None:
        """The mount has ended."""
        if self._open.pop(mount, None) is None or self._open:
            return
        await self.scopes.close()
        for guard in list(self._guards):
            await guard.close()
        if self._store is not None:
            await self._store.close()
        if self.network_log is not None:
            self.network_log.close()
        self.network_log = self._store = None

    def page_came(self) -> None:
        """A page can be reached."""
        self.tell("on_client_connected")

    def page_left(self) -> None:
        """A page cannot be reached any more."""
        self.tell("on_client_exited")

    def tell(self, name: str, /, **values: Any) -> Any:
        """Calls what the controller has for an event of the server's own life; gives its result."""
        if name not in self.controller:
            return None
        try:
            return self.controller[name](**values)
        except Exception:
            logger.exception("controller.%s raised", name)
            return None


_servers: dict[str, Server] = {}
_all_servers: WeakValueDictionary[str, Server] = WeakValueDictionary()


@overload
def get_server(name: str | None = ..., *, create_if_missing: Literal[True] = ..., **options: Any) -> Server: ...


@overload
def get_server(name: str | None = ..., *, create_if_missing: bool, **options: Any) -> Server | None: ...


def get_server(name: str | None = None, *, create_if_missing: bool = True, **options: Any) -> Server | None:
    """The server of this name; without a name, the one that is used where nobody names another.

    There is one of each name in a process. It is made when it is first asked for, with the parameters of `Server`.

    :param create_if_missing: False gives None where there is none yet.
    """
    name = name or DEFAULT_NAME
    if name not in _servers and create_if_missing:
        _servers[name] = Server(name, **options)
    return _servers.get(name)


def free_name(name: str) -> str:
    """The name, with a number behind it where a server that runs has it."""
    for number in itertools.count(1):
        chosen = name if number == 1 else f"{name} {number}"
        there = _all_servers.get(chosen)
        if there is None or not there.running:
            return chosen
    raise AssertionError


def _find_server(name: str) -> Server:
    found = _servers.get(name) or _all_servers.get(name)
    return found if found is not None else get_server(name)


def _find_child(parent: Server, translator: Translator) -> Server:
    return Server(parent.name, parent_server=parent, translator=translator)
