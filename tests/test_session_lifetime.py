"""How long a session lives, who may work on its document meanwhile, and whom it tells: Bokeh's semantics."""

import asyncio
import logging
import time
from typing import Any

import pytest

from jibe_like.errors import ProtocolError
from jibe_like.session import rounds
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session, current_time
from jibe_like.settings import Settings
from jibe_like.tree.events import Message
from tests.sessions import App, Tab, make_session, on_a_loop, until


async def turn() -> None:
    """Lets the loop do what is due."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def app_of(session: Session) -> App:
    assert isinstance(session.document, App)
    return session.document


def make_registry(make: Any = App, mode: str = "unicast", **settings: Any) -> Registry:
    given: dict[str, Any] = {"check_interval": 0.002, **settings}
    return Registry("app", make, mode, Settings(**given), ["secret"])


def visitor(user: str = "") -> Connection:
    return Connection(Visit(identity=user))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


class Hooked(App):
    """Notes what it is told of its life."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.heard: list[str] = []

    def on_session_created(self) -> object:
        self.heard.append("created")
        return None

    def on_session_destroyed(self) -> object:
        self.heard.append("destroyed")
        return None

    def on_connection_lost(self) -> object:
        self.heard.append("lost")
        return None


def heard_by(session: Session) -> list[str]:
    assert isinstance(session.document, Hooked)
    return session.document.heard


# -- how long it lives


def test_the_time_is_in_milliseconds_since_the_epoch() -> None:
    assert abs(current_time() / 1000 - time.time()) < 5


@on_a_loop
async def test_the_clock_starts_at_creation_and_again_at_each_unsubscribe() -> None:
    session = make_session()
    tab = Tab(session)
    await until(lambda: session.milliseconds_since_last_unsubscribe >= 20)
    tab.open()
    assert session.milliseconds_since_last_unsubscribe >= 20
    tab.lose()
    assert session.milliseconds_since_last_unsubscribe < 20
    before = session.milliseconds_since_last_unsubscribe
    tab.lose()
    assert session.milliseconds_since_last_unsubscribe >= before, "it had gone already"


@on_a_loop
async def test_blocks_are_counted() -> None:
    session = make_session()
    assert not session.expiration_blocked
    session.block_expiration()
    session.block_expiration()
    session.unblock_expiration()
    assert (session.expiration_blocked, session.expiration_blocked_count) == (True, 1)
    session.unblock_expiration()
    assert not session.expiration_blocked
    with pytest.raises(RuntimeError, match=r"Session\(s\): expiration is not blocked"):
        session.unblock_expiration()
    assert session.expiration_blocked_count == 0


@on_a_loop
async def test_a_session_that_was_asked_to_ends_once_no_page_is_there() -> None:
    registry = make_registry()
    tab = Tab(await registry.enter(visitor())).open()
    session = tab.session
    assert not session.expiration_requested
    session.request_expiration()
    assert session.expiration_requested
    assert not session.may_expire
    tab.lose()
    assert session.may_expire
    await until(lambda: session.destroyed)
    assert not registry.sessions


@on_a_loop
async def test_what_blocks_its_end_keeps_a_session() -> None:
    registry = make_registry(prerendered_lifetime=0)
    blocked = await registry.enter(visitor())
    blocked.block_expiration()
    blocked.request_expiration()
    other = await registry.enter(visitor())
    await until(lambda: other.destroyed)
    assert list(registry.sessions.values()) == [blocked]
    blocked.unblock_expiration()
    await until(lambda: blocked.destroyed)


@on_a_loop
async def test_a_page_that_comes_while_others_have_the_lock_keeps_a_session() -> None:
    registry = make_registry(prerendered_lifetime=0)
    session = await registry.enter(visitor())
    async with session.lock:
        await until(lambda: session.may_expire)
        other = await registry.enter(visitor())
        await until(lambda: other.connections == {})
        tab = Tab(session).open()
    await until(lambda: other.destroyed)
    assert not session.destroyed
    tab.leave()


# -- who works on the document


@on_a_loop
async def test_a_function_is_called_with_its_arguments_and_its_result_given() -> None:
    session = make_session()

    def plain(*args: Any, **kwargs: Any) -> Any:
        assert session.lock.locked()
        assert session.expiration_blocked_count == 1
        return args, kwargs

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return plain(*args, **kwargs)

    for func in (plain, slow):
        assert await session.with_document_locked(func, 1, a=2) == ((1,), {"a": 2})
    assert not session.lock.locked()
    assert not session.expiration_blocked


@on_a_loop
async def test_what_it_raises_is_raised_and_nothing_stays_locked() -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)

    async def fail() -> None:
        app.words.value = "half done"
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        await tab.session.with_document_locked(fail)
    assert tab.is_right
    assert not tab.session.lock.locked()
    assert not tab.session.expiration_blocked


@on_a_loop
async def test_one_after_the_other() -> None:
    session = make_session()
    order: list[str] = []

    async def work(name: str) -> None:
        order.append(f"{name} starts")
        await turn()
        order.append(f"{name} ends")

    await asyncio.gather(*(session.with_document_locked(work, name) for name in "abc"))
    assert order == [f"{name} {what}" for name in "abc" for what in ("starts", "ends")]


@on_a_loop
async def test_writes_leave_before_the_lock_is_released() -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    told: list[Any] = []

    def look() -> None:
        told.extend(tab.told())

    async def write() -> None:
        await asyncio.sleep(0)
        app.words.value = "1"

    tab.told()
    await asyncio.gather(tab.session.with_document_locked(write), tab.session.with_document_locked(look))
    assert told == [{"seq": 1, "ops": [["text", "words", "1"]]}]


@on_a_loop
async def test_on_a_session_that_has_ended_nothing_is_called() -> None:
    session = make_session()
    called: list[str] = []
    holding = asyncio.Event()

    async def end() -> None:
        await holding.wait()
        session.destroy()

    ending = asyncio.ensure_future(session.with_document_locked(end))
    waiting = asyncio.ensure_future(session.with_document_locked(called.append, "while it ended"))
    await turn()
    holding.set()
    await ending
    assert await waiting is None
    assert await session.with_document_locked(called.append, "afterwards") is None
    assert await session.pull() is None
    assert called == []


@on_a_loop
async def test_events_wait_for_the_lock_and_keep_their_order() -> None:
    session = make_session()
    tab, other = Tab(session).open(), Tab(session).open()
    heard: list[str] = []
    app_of(session).entry.watch("value", lambda new, old: heard.append(new))
    async with session.lock:
        tab.say("entry", "change", value="a")
        other.say("entry", "change", value="b")
        tab.say("entry", "change", value="c")
        await turn()
        assert heard == []
        assert session.is_busy
    tab.say("entry", "change", value="d")
    assert heard == [], "the first ones are first"
    await until(lambda: not session.is_busy)
    assert heard == ["a", "b", "c", "d"]
    tab.say("entry", "change", value="e")
    assert heard[-1] == "e", "nobody waits where nobody has the lock"
    assert (tab.connection.handled, other.connection.handled) == (4, 1)
    assert other.is_right


@on_a_loop
async def test_a_handler_that_ends_the_session_ends_what_waits(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    tab = Tab(session).open()
    heard: list[int] = []

    def end() -> None:
        heard.append(1)
        session.destroy()

    app_of(session).words.register("click", end)
    async with session.lock:
        tab.say("words", "click")
        tab.say("words", "click")
    await until(lambda: session.destroyed)
    await turn()
    assert heard == [1]
    assert errors(caplog) == []
    assert tab.ended == (1000, "the session has ended")


# -- the document as a whole


@on_a_loop
async def test_the_document_can_be_had_as_a_whole() -> None:
    tab = Tab(make_session()).open()
    app_of(tab.session).words.value = "now"
    assert await tab.session.pull() == app_of(tab.session).node()
    assert tab.is_right


@on_a_loop
async def test_another_document_takes_the_place_of_the_old_one() -> None:
    session = make_session()
    first, away, slow = Tab(session).open(), Tab(session).open(), Tab(session).open()
    old, new = app_of(session), App()
    away.lose()
    slow.waiting_bytes = 2 * session.settings.transport_bytes
    old.words.value = "the old one"
    await turn()
    slow.told()
    new.words.value = "the new one"
    await session.push(new)
    assert session.document is new
    assert (old.session, new.session, new.connection) == (None, session, old.connection)
    assert "root" in first.told()[-1]
    assert slow.told() == [], "it gets the tree when it reads again"
    old.words.value = "nobody hears this"
    new.words.value = "everybody hears this"
    await turn()
    away.open()
    slow.waiting_bytes = 0
    await until(lambda: slow.frames)
    assert first.is_right
    assert away.is_right
    assert slow.is_right
    first.say("entry", "change", value="goes to the new one")
    assert (old.entry.value, new.entry.value) == ("", "goes to the new one")


@on_a_loop
async def test_a_patch_goes_to_every_page_but_the_one_it_came_from() -> None:
    session = make_session()
    mine, other = Tab(session).open(), Tab(session).open()
    mine.told(), other.told()
    message: Message = {"id": "entry", "event": "change", "properties": {"value": "a"}}
    await session.patch(message, mine.connection)
    assert [frame for frame in mine.told() if "ops" in frame] == []
    assert other.told() == [{"seq": 1, "ops": [["prop", "entry", "value", "a"]]}]
    await session.patch({**message, "properties": {"value": "b"}})
    assert mine.told() == other.told() == [{"seq": 2, "ops": [["prop", "entry", "value", "b"]]}]
    assert app_of(session).entry.value == "b"
    with pytest.raises(ProtocolError):
        await session.patch({**message, "properties": {"value": 3}})


# -- hooks


@on_a_loop
async def test_the_page_waits_until_the_session_is_created() -> None:
    gate = asyncio.Event()

    class Slow(App):
        async def on_session_created(self) -> None:
            await gate.wait()
            self.words.value = "filled"

    registry = make_registry(Slow, "broadcast", prerendered_lifetime=0)
    entering = [asyncio.ensure_future(registry.enter(visitor())) for _ in range(2)]
    others = make_registry(prerendered_lifetime=0)
    another = await others.enter(visitor())
    await until(lambda: another.destroyed)
    (session,) = registry.sessions.values()
    assert not session.destroyed, "it is not there yet: nothing can have ended"
    assert not any(each.done() for each in entering)
    gate.set()
    first, second = await asyncio.gather(*entering)
    assert first is second
    assert app_of(first).words.value == "filled"
    assert len(first.connections) == 2


@on_a_loop
async def test_a_session_that_is_being_created_cannot_expire_and_its_end_is_not_its_visitors() -> None:
    class Endless(App):
        async def on_session_created(self) -> None:
            await asyncio.Event().wait()

    registry = make_registry(Endless, prerendered_lifetime=0)
    connection = visitor()
    entering = asyncio.ensure_future(registry.enter(connection))
    await until(lambda: registry.sessions and connection.session is None)
    (session,) = registry.sessions.values()
    assert session.expiration_blocked
    assert not session.may_expire
    registry.discard(session)
    assert await entering is session
    assert session.destroyed


@on_a_loop
async def test_the_end_is_told_once() -> None:
    registry = make_registry(Hooked)
    session = await registry.enter(visitor())
    tab = Tab(session).open()
    assert heard_by(session) == ["created"]
    tab.lose()
    assert heard_by(session) == ["created", "lost"]
    registry.discard(session)
    session.destroy()
    registry.discard(session)
    await turn()
    assert heard_by(session) == ["created", "lost", "destroyed"]


@on_a_loop
async def test_a_connection_that_is_lost_is_told() -> None:
    session = make_session(Hooked())
    session.notify_connection_lost()
    assert heard_by(session) == ["lost"]


@on_a_loop
async def test_the_end_waits_for_no_lock_and_the_hook_may_take_it() -> None:
    done = asyncio.Event()

    class Slow(App):
        async def on_session_destroyed(self) -> None:
            async with session.lock:
                await asyncio.sleep(0)
            done.set()

    registry = make_registry(Slow, prerendered_lifetime=0)
    session = await registry.enter(visitor())
    await until(done.is_set)


@on_a_loop
async def test_a_server_that_stops_waits_for_the_last_hooks_so_long_at_the_most() -> None:
    gate = asyncio.Event()
    done: list[str] = []

    class Slow(App):
        async def on_session_destroyed(self) -> None:
            await (turn() if self.connection is first else gate.wait())
            done.append("destroyed")

    first = visitor()
    registry = make_registry(Slow, stop_timeout=0.05)
    await registry.enter(first)
    await registry.enter(visitor())
    await registry.close()
    assert done == ["destroyed"]
    gate.set()
    await until(lambda: len(done) == 2)


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@on_a_loop
async def test_a_hook_that_raises_is_logged_and_changes_nothing_else(
    caplog: pytest.LogCaptureFixture, is_async: bool
) -> None:
    class Bad(App):
        def fail(self, name: str) -> object:
            if not is_async:
                raise LookupError(name)

            async def later() -> None:
                await asyncio.sleep(0)
                raise LookupError(name)

            return later()

        def on_session_created(self) -> object:
            return self.fail("created")

        def on_session_destroyed(self) -> object:
            return self.fail("destroyed")

        def on_connection_lost(self) -> object:
            return self.fail("lost")

    registry = make_registry(Bad)
    session = await registry.enter(visitor())
    tab = Tab(session).open()
    tab.lose()
    tab.open()
    tab.say("entry", "change", value="the session goes on")
    await until(lambda: len(errors(caplog)) == 2)
    assert app_of(session).entry.value == "the session goes on"
    registry.discard(session)
    await until(lambda: len(errors(caplog)) == 3)
    assert [message.split(" of ")[0] for message in errors(caplog)] == [
        "on_session_created",
        "on_connection_lost",
        "on_session_destroyed",
    ]
    assert all(record.exc_info for record in caplog.records if record.levelno >= logging.ERROR)
    assert session.destroyed
    assert app_of(session).errors == []


# -- who asks for it


@on_a_loop
async def test_two_who_ask_for_the_same_at_once_get_the_same() -> None:
    registry = make_registry(mode="multicast")
    entered = await asyncio.gather(*(registry.enter(visitor(user)) for user in "abab"))
    assert entered[0] is entered[2]
    assert entered[1] is entered[3]
    assert len(registry.sessions) == 2


@on_a_loop
async def test_a_token_that_names_the_session_can_be_had_while_it_has_a_page() -> None:
    registry = make_registry(mode="broadcast")
    first, second = visitor("a"), visitor("b")
    session = await registry.enter(first)
    await registry.enter(second)
    session.forget(first)
    token = session.token
    assert token
    assert await registry.find(token, "b") == (session, second.id)
    session.forget(second)
    assert session.token is None
    assert make_session().token == "token"


@on_a_loop
async def test_the_application_is_told_who_comes_and_goes() -> None:
    session = make_session()
    tab = Tab(session).open()
    other = Tab(session).open()
    assert app_of(session).changes_of_connections == 2
    other.lose()
    assert app_of(session).changes_of_connections == 3
    tab.connection.close()
    assert tab.ended is not None
    session.destroy()
    assert app_of(session).changes_of_connections == 3
    assert not tab.connection.is_open


@on_a_loop
async def test_a_page_that_changes_its_transport_has_not_left() -> None:
    """One over HTTP says so at once when it is closed; the page goes on by a websocket."""

    class Polling(Tab):
        protocol = "http"

        def close(self, code: int, reason: str) -> None:
            super().close(code, reason)
            self.leave()

    session = make_session(Hooked())
    tab = Polling(session).open()
    again = Tab(session, tab.connection)
    again.seq, again.page = tab.seq, tab.page
    again.open()
    assert tab.ended is not None
    assert heard_by(session) == []
    assert session.connection_count == 1
    app_of(session).words.value = "1"
    await turn()
    assert again.is_right


@on_a_loop
async def test_others_have_their_turn_while_many_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "_AT_ONCE", -1.0)
    registry = make_registry()
    for _ in range(5):
        (await registry.enter(visitor())).request_expiration()
    for session in registry.sessions.values():
        for connection in tuple(session.connections.values()):
            session.forget(connection)
    seen = []
    while registry.sessions:
        seen.append(len(registry.sessions))
        await asyncio.sleep(0)
    assert sorted(set(seen), reverse=True) == [5, 4, 3, 2, 1]
