"""The sessions of one application: who gets which, how many there may be, when they end."""

import asyncio
import gc
import logging
import weakref
from typing import Any

import pytest

from jibe_like.errors import TooManySessionsError
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session
from jibe_like.settings import Settings
from tests.sessions import App, Tab, on_a_loop, until


def make_registry(mode: str = "unicast", make: Any = App, **settings: Any) -> Registry:
    secrets = settings.pop("secrets", ["secret"])
    given: dict[str, Any] = {"check_interval": 0.002, **settings}
    return Registry("app", make, mode, Settings(**given), secrets)


def visitor(user: str = "") -> Connection:
    return Connection(Visit(identity=user))


# -- who gets which


@on_a_loop
async def test_each_page_has_a_session_of_its_own() -> None:
    registry = make_registry()
    assert await registry.enter(visitor("a")) is not await registry.enter(visitor("a"))
    assert len(registry.sessions) == 2


@on_a_loop
async def test_all_pages_of_a_user_share_one() -> None:
    registry = make_registry("multicast")
    session = await registry.enter(visitor("a"))
    assert await registry.enter(visitor("a")) is session
    assert await registry.enter(visitor("b")) is not session
    assert await registry.enter(visitor()) is not await registry.enter(visitor())
    assert len(session.connections) == 2


@on_a_loop
async def test_everybody_shares_one() -> None:
    registry = make_registry("broadcast")
    assert await registry.enter(visitor("a")) is await registry.enter(visitor())


def test_another_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="app: mode must be one of unicast, multicast, broadcast, not 'anycast'"):
        make_registry("anycast")


@on_a_loop
async def test_the_application_is_made_for_the_connection_that_comes_first() -> None:
    registry = make_registry("broadcast")
    first = visitor()
    document = (await registry.enter(first)).document
    await registry.enter(visitor())
    assert isinstance(document, App)
    assert document.connection is first


@on_a_loop
async def test_a_constructor_that_raises_leaves_nothing() -> None:
    def fail(connection: Connection) -> App:
        raise LookupError("on purpose")

    registry = make_registry("broadcast", fail)
    for _ in range(2):
        with pytest.raises(LookupError):
            await registry.enter(visitor())
    assert not registry.sessions


# -- tokens


@on_a_loop
async def test_a_token_finds_session_and_connection() -> None:
    registry = make_registry()
    connection = visitor("a")
    session = await registry.enter(connection)
    token = registry.issue_token(connection)
    assert await registry.find(token, "a") == (session, connection.id)
    assert await registry.find("", "a") is None
    assert await registry.find("nonsense", "a") is None
    assert await make_registry(secrets=["other"]).find(token, "a") is None
    session.forget(connection)
    assert await registry.find(token, "a") is None, "a page that was given up starts anew, and counts as a new one"
    registry.discard(session)
    assert await registry.find(token, "a") is None


# -- how many


@on_a_loop
async def test_beyond_the_most_sessions_nobody_comes_in() -> None:
    registry = make_registry("multicast", sessions=2)
    first = await registry.enter(visitor("a"))
    await registry.enter(visitor("b"))
    with pytest.raises(TooManySessionsError, match=r"app: 2 sessions, and settings.sessions allows no more"):
        await registry.enter(visitor("c"))
    assert await registry.enter(visitor("a")) is first
    registry.discard(first)
    await registry.enter(visitor("c"))


@on_a_loop
async def test_beyond_the_most_connections_nobody_joins() -> None:
    registry = make_registry("broadcast", connections_per_session=2)
    await registry.enter(visitor())
    await registry.enter(visitor())
    with pytest.raises(TooManySessionsError, match="has 2 connections already"):
        await registry.enter(visitor())


@on_a_loop
async def test_pages_that_have_not_opened_their_socket_are_counted() -> None:
    registry = make_registry(prerendered_sessions=2)
    sessions = []
    for _ in range(2):
        assert registry.may_prerender()
        sessions.append(await registry.enter(visitor()))
    assert not registry.may_prerender()
    Tab(sessions[0]).open()
    assert registry.may_prerender()
    await registry.enter(visitor())
    assert not registry.may_prerender()
    registry.discard(sessions[1])
    assert registry.may_prerender()


# -- how long


@on_a_loop
async def test_a_page_that_never_opens_its_socket_is_dropped() -> None:
    registry = make_registry(prerendered_lifetime=0.01, unused_lifetime=100)
    await registry.enter(visitor())
    await until(lambda: not registry.sessions)


@on_a_loop
async def test_a_session_lives_while_a_page_is_there_and_a_little_longer() -> None:
    registry = make_registry("multicast", prerendered_lifetime=0.01, unused_lifetime=0.02)
    session = await registry.enter(visitor("a"))
    tab, other = Tab(session).open(), Tab(session).open()
    never_opened = await registry.enter(visitor("b"))
    other.leave()
    await until(lambda: never_opened.destroyed and other.connection.session is None)
    assert list(registry.sessions.values()) == [session]
    assert tab.connection.id in session.connections
    tab.lose()
    tab.open()
    tab.leave()
    await until(lambda: session.destroyed)
    assert not registry.sessions


@on_a_loop
async def test_a_session_that_cannot_be_ended_keeps_no_other_alive(caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn(Session):
        def destroy(self, *args: Any) -> None:
            raise LookupError("on purpose")

    registry = make_registry(prerendered_lifetime=0.01)
    registry.sessions["x"] = Stubborn("x", App())
    await registry.enter(visitor())
    await until(lambda: not registry.sessions)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [
        "session x: ending it failed"
    ]


@on_a_loop
async def test_when_the_server_stops_pages_are_told_to_come_back() -> None:
    registry = make_registry()
    tab = Tab(await registry.enter(visitor())).open()
    idle = await registry.enter(visitor())
    await registry.close()
    assert tab.ended == (1012, "the server stops")
    assert idle.destroyed
    assert not registry.sessions
    await registry.close()


@on_a_loop
async def test_nothing_of_a_session_is_left_after_its_end() -> None:
    registry = make_registry(prerendered_lifetime=0, unused_lifetime=0)
    left: list[weakref.ref[Any]] = []

    async def visit(number: int) -> None:
        connection = visitor()
        session = await registry.enter(connection)
        left.extend(weakref.ref(each) for each in (connection, session, session.document, app_words(session)))
        if number % 2:
            tab = Tab(session, connection)
            tab.seq = None
            tab.open()
            tab.say("words", "click")
            tab.leave()

    for number in range(100):
        await visit(number)
    await until(lambda: not registry.sessions)
    gc.collect()
    assert [reference() for reference in left if reference() is not None] == []


def app_words(session: Session) -> object:
    assert isinstance(session.document, App)
    return session.document.words


@on_a_loop
async def test_memory_is_given_back_on_a_server_where_nothing_happens() -> None:
    gc.disable()
    try:
        registry = make_registry(unused_lifetime=0.0, prerendered_lifetime=0.0)
        apps = []
        for _ in range(100):
            tab = Tab(await registry.enter(visitor())).open()
            app = tab.session.document
            app.itself = app  # type: ignore[attr-defined]  # as widgets and handlers refer to each other
            apps.append(weakref.ref(app))
            tab.leave()
            del tab, app
        await until(lambda: not any(app() for app in apps))
        assert registry.sessions == {}
    finally:
        gc.enable()


@on_a_loop
async def test_a_server_that_stops_leaves_nothing_that_it_has_begun() -> None:
    mine = asyncio.all_tasks()
    registry = make_registry(unused_lifetime=0.0, prerendered_lifetime=0.0)
    for _ in range(100):
        await registry.enter(visitor())
    # What looks after memory waits until nobody comes any more.
    await until(lambda: not registry.sessions and len(asyncio.all_tasks() - mine) == 1)
    await registry.close()
    assert asyncio.all_tasks() == mine


@on_a_loop
async def test_a_page_that_stays_open_for_long_gets_a_new_token() -> None:
    registry = make_registry(token_lifetime=0.01)
    tab = Tab(await registry.enter(visitor())).open()
    tab.told()
    await until(lambda: tab.frames)
    assert list(tab.told()[0]) == ["token"]
