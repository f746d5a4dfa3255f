"""States that outlive sessions: those of a server, those of its users. What they are told, and what is stored."""

import asyncio
import gc
import itertools
import logging
import pickle
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

from jibe_like import Input, MainApp, Slider
from jibe_like.errors import StateLoopError, StoreError
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.current import ACTING, acting
from jibe_like.session.keeper import Keeper
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.session.state.scopes import Scopes
from jibe_like.settings import Settings
from jibe_like.store.memory import MemoryStore
from jibe_like.store.sqlite import SqliteStore
from jibe_like.wire.messages import Event
from tests.sessions import Tab, on_a_loop, until

SECRETS = ["s" * 40]
_numbers = itertools.count()


class Host:
    """What sessions know of their server."""

    uses_page_api = False

    def __init__(self, name: str = "") -> None:
        self.scopes = Scopes(name or f"test {next(_numbers)}")


class Site:
    """A server with one application: its scopes are open."""

    def __init__(self, host: Host, make: Any, path: Path | None, mode: str, **settings: Any) -> None:
        self.host = host
        self.scopes = host.scopes
        self.settings = Settings(**{"snapshot_delay": 0.0, **settings})
        self.store = MemoryStore() if path is None else SqliteStore(path)
        self.snapshots = Snapshots(SECRETS, live=(Session,))
        keeper = Keeper("app", self.store, self.snapshots, self.settings) if path is not None else None
        self.registry = Registry("app", make, mode, self.settings, SECRETS, keeper, host)

    async def visit(self, user: str = "") -> "Page":
        """A page is loaded, and opens its socket."""
        connection = Connection(Visit(identity=user))
        connection.server = self.host
        session = await self.registry.enter(connection)
        page = Page(session, connection)
        page.seq = None
        page.open()
        page.told()
        return page


class Page(Tab):
    @property
    def app(self) -> Any:
        return self.session.document

    def set(self, scope: str = "server", /, **values: Any) -> None:
        """The page's script sets values."""
        self._n += 1
        event = Event(self._n, self.seq or 0, id=".", event="state", data={scope: values})
        self.session.receive(self.connection, event)

    def ops(self) -> list[Any]:
        """The operations since the last call."""
        self.session.flush()
        return [op for frame in self.told() for op in frame.get("ops", ())]


@asynccontextmanager
async def site(
    make: Any = MainApp, path: Path | None = None, mode: str = "unicast", host: Host | None = None, **settings: Any
) -> AsyncIterator[Site]:
    """A server that starts, and stops in the end."""
    made = Site(host or Host(), make, path, mode, **settings)
    made.scopes.open(made.store, made.snapshots, made.settings)
    await made.scopes.load()
    try:
        yield made
    finally:
        await made.registry.close()
        await made.scopes.close()
        await made.store.close()


async def settled() -> None:
    """What waits for the end of a turn is done."""
    for _ in range(3):
        await asyncio.sleep(0)


# -- what sessions are told


@on_a_loop
async def test_every_session_is_told() -> None:
    async with site() as served:
        first, second = await served.visit(), await served.visit()
        served.scopes.state.n = 5
        served.scopes.context.secret = "x"
        assert first.ops() == second.ops() == [["shared", "n", 5]]
        third = await served.visit()
        assert third.app.page_state() == {"server": {"n": 5}}
        assert third.app.uses_page_api


@on_a_loop
async def test_what_a_page_sets_the_others_are_told() -> None:
    async with site() as served:
        served.scopes.state.n = 1
        first, second = await served.visit(), await served.visit()
        first.set(n=2)
        assert served.scopes.state.n == 2
        assert first.ops() == []
        assert second.ops() == [["shared", "n", 2]]


@on_a_loop
async def test_a_page_cannot_fill_the_server(caplog: pytest.LogCaptureFixture) -> None:
    async with site() as served:
        page = await served.visit()
        page.set(strange=1)
        assert served.scopes.state == {}
        assert "server.state.strange is not there" in caplog.text
        served.scopes.state.client_keys("strange")
        page.set(strange=1)
        assert served.scopes.state == {"strange": 1}


@on_a_loop
async def test_a_session_that_has_ended_is_not_told() -> None:
    Listening.server = host = Host()
    async with site(Listening, host=host) as served:
        page = await served.visit("ada")
        with acting(page.session):
            page.app.user.change("n")(page.app.on_n)
        page.app.user.n = page.app.state.n = page.app.local.n = 1
        page.app.children.append(Slider(page.app.state.bind("size"), 0, 10))
        gone = ref(page.app)
        served.registry.discard(page.session)
        del page
        await settled()
        gc.collect()
        assert gone() is None
        served.scopes.state.n = 1
        assert not served.scopes.state._live


class Listening(MainApp):
    """Hears of the server's state, and of the context; has a widget at it."""

    server: Host

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.heard: list[Any] = []
        self.server.scopes.state.change("n")(self.on_n)
        self.server.scopes.context.change("n")(self.on_n)
        self.slider = Slider(self.server.scopes.state.bind("size"), 0, 10, identifier="slider")
        self.children = [self.slider]

    def on_n(self, n: int) -> None:
        self.heard.append(n)


@on_a_loop
async def test_what_is_registered_within_a_session_ends_with_it() -> None:
    Listening.server = host = Host()
    async with site(Listening, host=host) as served:
        first, second = await served.visit(), await served.visit()
        apps = [first.app, second.app]
        served.scopes.state.n = 1
        served.scopes.context.n = 2
        assert first.ops() == second.ops() == [["shared", "n", 1]]
        assert [app.heard for app in apps] == [[1, 2], [1, 2]]
        served.registry.discard(first.session)
        served.scopes.state.n = 3
        served.scopes.state.size = 4
        await settled()
        assert [app.heard for app in apps] == [[1, 2], [1, 2, 3]]
        assert [app.slider.value for app in apps] == [0, 4]
        assert served.scopes.state._house._listeners is None


@on_a_loop
async def test_bound_widgets_of_all_sessions_agree() -> None:
    Listening.server = host = Host()
    async with site(Listening, host=host) as served:
        first, second = await served.visit(), await served.visit()
        first.say("slider", "change", value="7")
        assert served.scopes.state == {"size": 7}
        assert second.app.slider.value == 7
        assert ["prop", "slider", "value", "7"] in second.ops()
        assert ["prop", "slider", "value", "7"] not in first.ops()


@on_a_loop
async def test_what_another_sessions_widget_cannot_have_is_its_own_matter(caplog: pytest.LogCaptureFixture) -> None:
    Listening.server = host = Host()
    async with site(Listening, host=host) as served:
        page = await served.visit()
        served.scopes.state.size = 100
        assert served.scopes.state.size == 100
        assert page.app.slider.value == 0
        assert "100 is not from 0 to 10" in caplog.text


@on_a_loop
async def test_a_constructor_that_fails_leaves_nothing() -> None:
    class Failing(Listening):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.server.scopes.state.size = 5
            assert self.slider.value == 5
            made.append(ref(self))
            raise LookupError("on purpose")

    made: list[ref[Failing]] = []
    Listening.server = host = Host()
    async with site(Failing, host=host) as served:
        with pytest.raises(LookupError):
            await served.visit()
        await settled()
        gc.collect()
        assert made[0]() is None
        assert served.scopes.newcomers_of(served.scopes.state) == []


@on_a_loop
async def test_pages_are_not_told_of_another_server() -> None:
    Listening.server = Host()
    async with site(Listening) as served, site(host=Listening.server) as other:
        page = await served.visit()
        other.scopes.state.n = 1
        other.scopes.state.size = 5
        served.scopes.state.m = 2
        assert page.ops() == [["prop", "slider", "value", "5"], ["shared", "m", 2]]
        assert page.app.heard == [1]
        assert page.app.page_state() == {"server": {"m": 2}}


# -- listeners that belong to no session


@on_a_loop
async def test_what_was_set_before_the_server_began_is_told_when_it_does() -> None:
    host, heard = Host(), list[Any]()
    host.scopes.state.n = 1
    host.scopes.state.change("n")(lambda n: heard.append(n))
    await settled()
    assert heard == []
    async with site(host=host) as served:
        await settled()
        assert heard == [1]
        served.scopes.state.n = 2
        served.scopes.state.n = 3
        assert heard == [1]
        await settled()
        assert heard == [1, 3]
    host.scopes.state.n = 4
    assert heard == [1, 3]


@on_a_loop
async def test_such_listeners_may_be_async_and_fail(caplog: pytest.LogCaptureFixture) -> None:
    async with site() as served:
        state, heard = served.scopes.state, list[Any]()

        @state.change("n")
        async def later(n: int) -> None:
            await asyncio.sleep(0)
            heard.append(n)
            raise LookupError("later")

        @state.change("n")
        def fail(n: int) -> None:
            raise LookupError("at once")

        state.n = 1
        await until(lambda: "later" in caplog.text)
        assert heard == [1]
        assert "the listener to the change of server.state.n raised" in caplog.text
        assert "at once" in caplog.text


@on_a_loop
async def test_such_listeners_may_chase_each_other(caplog: pytest.LogCaptureFixture) -> None:
    async with site() as served:
        state = served.scopes.state
        state.change("n")(lambda n: state.update(n=n + 1))
        state.n = 1
        await until(lambda: "server.state.n: still changing" in caplog.text)
    host = Host()
    host.scopes.state.change("n")(lambda n: host.scopes.state.update(n=n + 1))
    host.scopes.state.n = 1
    with pytest.raises(StateLoopError):
        host.scopes.state.flush()


@on_a_loop
async def test_from_any_thread() -> None:
    async with site() as served:
        page = await served.visit()
        threads: list[int] = []
        served.scopes.state.change("n")(lambda: threads.append(threading.get_ident()))
        await asyncio.to_thread(lambda: served.scopes.state.update(n=1, m=2))
        await until(lambda: threads and len(page.frames))
        assert threads == [threading.get_ident()]
        assert page.ops() == [["shared", "n", 1], ["shared", "m", 2]]


@on_a_loop
async def test_such_listeners_act_for_nobody() -> None:
    class Setting(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            host.scopes.state.n = 1

        def on_message(self, message: Any) -> None:
            with host.scopes.state:
                host.scopes.state.n = 2

    host, acting = Host(), list[Any]()
    host.scopes.state.change("n")(lambda n: acting.append((n, ACTING.get())))
    async with site(Setting, host=host) as served:
        page = await served.visit()
        await settled()
        page.say("topwidget", "click")
        assert acting == [(1, None), (2, None)]


# -- the store


class Stored(MainApp):
    server: Host

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.heard: list[Any] = []
        self.server.scopes.state.change("n")(self.on_n)
        self.user.change("visits")(self.on_n)
        self.entry = Input(self.server.scopes.state.bind("name"))
        self.mine = Input(self.user.bind("name"))
        self.children = [self.entry, self.mine]
        self.kept = self.server.scopes.context

    def on_n(self, **values: Any) -> None:
        self.heard.append(values.get("n", values.get("visits")))


@on_a_loop
async def test_all_of_it_survives_the_process(tmp_path: Path) -> None:
    name = f"stored {next(_numbers)}"
    Stored.server = host = Host(name)
    host.scopes.state.n = 0
    host.scopes.state.version = 1
    async with site(Stored, tmp_path / "jibe.db", host=host) as served:
        page = await served.visit("ada")
        served.scopes.state.n = 5
        served.scopes.context.big = list(range(1000))
        page.app.user.visits = 1
        token = served.registry.issue_token(page.connection)
    assert served.scopes.state == {"n": 0, "version": 1}, "what was set before the server began"
    del page, served
    Stored.server = host = Host(name)
    host.scopes.state.n = 0
    host.scopes.state.version = 2
    host.scopes.state.fresh = True
    async with site(Stored, tmp_path / "jibe.db", host=host) as served:
        assert served.scopes.state == {"n": 5, "version": 1, "fresh": True, "name": ""}
        assert served.scopes.context == {"big": list(range(1000))}
        found = await served.registry.find(token, "ada")
        assert found is not None
        app: Any = found[0].document
        assert app.kept is served.scopes.context
        assert app.user == {"visits": 1, "name": ""}
        served.scopes.state.n = 6
        app.user.visits = 2
        served.scopes.state.name = "Ada"
        await settled()
        assert app.heard[-2:] == [6, 2]
        assert app.entry.value == "Ada"
        app.mine.value = "Lovelace"
        other = await served.visit("ada")
        assert other.app.user is app.user
        assert (other.app.user.visits, other.app.user.name) == (2, "Lovelace")
        assert (await served.visit("bob")).app.user.visits is None


@on_a_loop
async def test_a_user_whose_sessions_have_ended_is_not_in_memory(tmp_path: Path) -> None:
    async with site(path=tmp_path / "jibe.db") as served:
        page = await served.visit("ada")
        page.app.user.visits = 1
        served.registry.discard(page.session)
        del page
        await served.store.flush()

        def gone() -> bool:
            gc.collect()
            return not served.scopes._users

        await until(gone)
        assert (await served.visit("ada")).app.user.visits == 1


@on_a_loop
async def test_without_a_store_the_users_longest_unused_are_forgotten() -> None:
    async with site(users=2) as served:
        for user in ("ada", "bob", "ada", "joan"):
            page = await served.visit(user)
            page.app.user.visits = (page.app.user.visits or 0) + 1
            served.registry.discard(page.session)
        del page
        await settled()
        gc.collect()
        visits = {user: (await served.visit(user)).app.user.visits for user in ("ada", "bob", "joan")}
        assert visits == {"ada": 2, "bob": None, "joan": 1}


@on_a_loop
async def test_whoever_has_no_identity_has_a_state_of_the_session() -> None:
    async with site() as served:
        first, second = await served.visit(), await served.visit()
        first.app.user.name = "Ada"
        assert second.app.user.name is None
        assert first.app.user.name == "Ada"


@on_a_loop
async def test_in_a_shared_session_the_user_is_who_acts() -> None:
    class Shared(MainApp):
        def on_message(self, message: Any) -> None:
            self.user.said = message["event"]

    async with site(Shared, mode="broadcast") as served:
        ada, bob = await served.visit("ada"), await served.visit("bob")
        assert ada.session is bob.session
        bob.say("topwidget", "click")
        assert (served.scopes.user("ada").said, served.scopes.user("bob").said) == (None, "click")
        assert ada.app.user is served.scopes.user("ada"), "without anybody who acts: whom it was made for"


@on_a_loop
async def test_what_cannot_be_stored_is_named_once_and_the_rest_stored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host()
    async with site(path=tmp_path / "jibe.db", host=host) as served:
        with (tmp_path / "file").open("w") as file:
            for n in range(3):
                served.scopes.context.file = file
                served.scopes.context.n = n
                await until(lambda: not served.scopes._keeper._waiting)  # type: ignore[union-attr]
            assert served.scopes.context.file is file
            await served.scopes.close()
            served.scopes.open(served.store, served.snapshots, served.settings)
            await served.scopes.load()
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "context of scopes:test" in warnings[0]
    assert "TextIOWrapper" in warnings[0]
    async with site(path=tmp_path / "jibe.db", host=Host(host.scopes.name)) as served:
        assert served.scopes.context == {"n": 2}


@on_a_loop
async def test_what_is_emptied_is_empty_the_next_time(tmp_path: Path) -> None:
    host = Host()
    async with site(path=tmp_path / "jibe.db", host=host) as served:
        served.scopes.context.n = 1
        served.scopes.write()
        await served.store.flush()
        del served.scopes.context.n
    async with site(path=tmp_path / "jibe.db", host=host) as served:
        assert served.scopes.context == {}


@on_a_loop
async def test_a_damaged_record_starts_empty(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    host = Host()
    store = SqliteStore(tmp_path / "jibe.db")
    forged = Snapshots(["another secret"]).dump({"n": 1}, f"scopes:{host.scopes.name} state")
    for key, record in (("state", forged), ("context", b"nonsense")):
        store.put(f"scopes:{host.scopes.name}", key, record, 2**40, lambda error: None)
    await store.close()
    async with site(path=tmp_path / "jibe.db", host=host) as served:
        assert not served.scopes.state
        assert not served.scopes.context
    warnings = [record.getMessage() for record in caplog.records]
    assert [warning.partition(" of ")[0] for warning in warnings] == ["state", "context"]


class Broken(MemoryStore):
    """Keeps records; cannot be read while it is broken, and has no room while it is full."""

    durable = True  # type: ignore[misc]
    broken = full = False

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], bytes] = {}

    def put(self, app: str, session_id: str, record: bytes, expires: float, done: Any) -> None:
        if self.full:
            done(StoreError("full"))
        else:
            self.records[app, session_id] = record
            done(None)

    async def get(self, app: str, session_id: str) -> bytes | None:
        if self.broken:
            raise StoreError("broken")
        return self.records.get((app, session_id))


@on_a_loop
async def test_a_store_that_cannot_be_read_is_tried_again() -> None:
    store, scopes = Broken(), Host().scopes
    scopes.open(store, Snapshots(SECRETS), Settings())
    store.broken = True
    for _ in range(2):
        with pytest.raises(StoreError):
            await scopes.load()
    store.broken = False
    await scopes.load()
    connection = Connection(Visit(identity="ada"))
    store.broken = True
    assert not scopes.welcome_now(connection)
    with pytest.raises(StoreError):
        await scopes.welcome(connection)
    assert connection.user_state is None
    store.broken = False
    await scopes.welcome(connection)
    assert scopes.welcome_now(connection)
    await scopes.close()


@on_a_loop
async def test_a_store_without_room_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jibe_like.session.state.scope_keeper._PAUSE", 0.001)
    store, scopes = Broken(), Host().scopes
    scopes.open(store, Snapshots(SECRETS), Settings(snapshot_delay=0.0))
    await scopes.load()
    store.full = True
    scopes.state.n = 1
    await settled()
    assert store.records == {}
    store.full = False
    await until(lambda: store.records)
    await scopes.close()


def test_a_shared_state_is_stored_by_its_name() -> None:
    scopes = Host().scopes
    scopes.state.n = 1
    user = scopes.user("ada")
    user.visits = 1
    record = pickle.dumps((scopes.state, scopes.context, user))
    assert pickle.loads(record) == (scopes.state, scopes.context, user)
    assert all(
        one is other for one, other in zip(pickle.loads(record), (scopes.state, scopes.context, user), strict=True)
    )
    assert b"visits" not in record
    assert Scopes.named(scopes.name) is scopes
    other = Scopes.named("never heard of")
    assert Scopes.named("never heard of") is other


@on_a_loop
async def test_a_session_is_not_stored_before_what_it_has_changed_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(path=tmp_path / "jibe.db", snapshot_delay=10.0) as served:
        page = await served.visit("ada")
        put: list[tuple[str, str]] = []
        real = served.store.put

        def noting(app: str, session_id: str, *args: Any) -> None:
            put.append((app, session_id))
            real(app, session_id, *args)

        monkeypatch.setattr(served.store, "put", noting)
        served.scopes.context.n = page.app.user.n = 1
        assert served.registry._keeper is not None
        await served.registry._keeper.keep(page.session)
        name = f"scopes:{served.scopes.name}"
        assert put == [(name, "context"), (name, "user:ada"), ("app", page.session.id)]
        await served.registry._keeper.keep(page.session)
        assert len(put) == 4
