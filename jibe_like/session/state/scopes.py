"""The states that a server has beside those of its sessions: its own two, and one for each user."""

import asyncio
import threading
from collections import OrderedDict
from functools import partial
from typing import Final
from weakref import WeakSet, WeakValueDictionary

from jibe_like.settings import Settings
from jibe_like.store.base import Store

from ..connection import Connection
from ..snapshot.snapshot import Snapshots
from .audience import AppAudience
from .scope_keeper import FOREVER, ScopeKeeper
from .shared_state import House, SharedState

_USER: Final = "user:"


class Scopes:
    """The shared states of one server.

    Before they are opened, and once they are closed, they are plain values in memory. Listeners that belong to no
    session are called while they are open.

    :param name: the server's: what is stored is stored under it, and sessions that come back find them by it.
    """

    _by_name: "WeakValueDictionary[str, Scopes]" = WeakValueDictionary()

    def __init__(self, name: str) -> None:
        self.name = name
        self._by_name[name] = self
        self.house = House()
        self.state: Final = SharedState(self, "state", "server.state", "shared")
        """Seen by all pages of the server, both ways."""
        self.context: Final = SharedState(self, "context", "server.context")
        """For the server alone."""
        self._users: WeakValueDictionary[str, SharedState] = WeakValueDictionary()
        """Those that somebody has to do with: sessions hold the states of their users."""
        self._recent: OrderedDict[str, SharedState] = OrderedDict()
        """Where no store keeps them: those with values, the longest unused first."""
        self._newcomers: WeakSet[Connection] = WeakSet()
        """Those for which an application is being constructed that has registered something."""
        self._settings = Settings()
        self._keeper: ScopeKeeper | None = None
        self._opened: tuple[Store, Snapshots] | None = None
        self._loading: asyncio.Future[None] | None = None
        self._lock = threading.Lock()

    @classmethod
    def named(cls, name: str) -> "Scopes":
        """Those of the server of this name."""
        return cls._by_name.get(name) or cls(name)

    def user(self, identity: str) -> SharedState:
        """The state of one user, by an identity that is not empty. It is forgotten where nobody holds it."""
        with self._lock:
            found = self._users.get(identity)
            if found is None:
                found = self._users[identity] = SharedState(self, _USER + identity, "app.user")
            elif identity in self._recent:
                self._recent.move_to_end(identity)
            return found

    def find(self, key: str) -> SharedState:
        """The state of this key."""
        if key.startswith(_USER):
            return self.user(key.removeprefix(_USER))
        return self.state if key == "state" else self.context

    # -- the store

    def open(self, store: Store, snapshots: Snapshots, settings: Settings) -> None:
        """The server begins: from now on values are kept in the store, once `load` has read what is there."""
        self._settings = settings
        self._opened = store, snapshots
        self._loading = self._keeper = None

    async def load(self) -> None:
        """Returns once the server's own states are as they were stored; what was set before stands below that. Done
        once, whoever asks.

        Raises StoreError where the store cannot be read; the next one who asks has it tried again.
        """
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load())
        await asyncio.shield(self._loading)

    def load_now(self) -> bool:
        """As `load`; False where that has to wait for the store."""
        if self._loading is None and self._opened is not None and not self._opened[0].durable:
            self._loading = asyncio.get_running_loop().create_future()
            self._loading.set_result(None)
            self.house.open()
        return self._loading is not None and self._loading.done()

    async def _load(self) -> None:
        assert self._opened is not None, "open comes first"
        store, snapshots = self._opened
        try:
            if store.durable:
                keeper = ScopeKeeper(f"scopes:{self.name}", store, snapshots, self._settings)
                for state in (self.state, self.context):
                    state._take_stored(await keeper.load(state._key))
                self._keeper = keeper
        except BaseException:
            self._loading = None
            raise
        self.house.open()

    async def close(self) -> None:
        """The server has stopped. All is stored, and what a store keeps is forgotten here."""
        self.house.close()
        if self._loading is not None:
            self._loading.cancel()
        self._loading = self._opened = None
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.close()
            self.state._begin_again()
            self.context._begin_again()
            self._users.clear()

    async def welcome(self, *connections: Connection | None) -> None:
        """Pages come: the states of their users are there. Raises StoreError where the store cannot be read."""
        for connection in connections:
            keeper = self._keeper
            if connection is None or keeper is None or connection.user_state is not None:
                continue
            identity = connection.visit.identity
            if not identity:
                continue
            user = self.user(identity)
            if not user._loaded:
                values = await keeper.load(user._key)
                if values:
                    keeper.extend(user._key, self._settings.user_lifetime)
                user._take_stored(values)
            connection.user_state = user

    def welcome_now(self, connection: Connection) -> bool:
        """Whether `welcome` has nothing to wait for. It is done then."""
        identity = connection.visit.identity
        if identity and self._keeper is not None and connection.user_state is None:
            user = self._users.get(identity)
            if user is None or not user._loaded:
                return False
            connection.user_state = user
        return True

    def user_of(self, connection: Connection) -> SharedState | None:
        """The state of the connection's user; None where nobody knows who that is, or what the store has of it."""
        if connection.user_state is None and connection.visit.identity:
            user = self.user(connection.visit.identity)
            if user._loaded or self._keeper is None:
                connection.user_state = user
        return connection.user_state

    def write(self) -> None:
        """Gives to the store what has changed, and does not wait for the time to do so."""
        if self._keeper is not None:
            self._keeper.write()

    def touch(self, state: SharedState) -> None:
        """The state has changed, and is to be stored."""
        if self._keeper is None:
            if state._key.startswith(_USER):
                self._remember(state)
        elif self.house.is_foreign:
            self.house.post(partial(self.touch, state))
        else:
            lifetime = self._settings.user_lifetime if state._key.startswith(_USER) else FOREVER
            self._keeper.mark(state._key, state, lifetime)

    def _remember(self, state: SharedState) -> None:
        identity = state._key.removeprefix(_USER)
        with self._lock:
            # What was not used for longest is the first to be forgotten.
            self._recent[identity] = state
            self._recent.move_to_end(identity)
            while len(self._recent) > self._settings.users:
                self._recent.popitem(last=False)

    # -- applications that are being constructed

    def audience_of_newcomer(self, connection: Connection, state: SharedState) -> AppAudience:
        """What the application that is being constructed for the connection registers with the state."""
        with self._lock:
            self._newcomers.add(connection)
            for audience in connection.registered:
                if audience.state is state:
                    return audience
            audience = state._new_audience()
            connection.registered = (*connection.registered, audience)
            return audience

    def newcomers_of(self, state: SharedState) -> list[AppAudience]:
        """What such applications have registered with the state."""
        if not self._newcomers:
            return []
        with self._lock:
            return [each for connection in self._newcomers for each in connection.registered if each.state is state]

    def claim(self, connection: Connection | None) -> tuple[AppAudience, ...]:
        """The application is there: what it has registered is its own."""
        if connection is None or not connection.registered:
            return ()
        with self._lock:
            self._newcomers.discard(connection)
            registered, connection.registered = connection.registered, ()
            return registered
