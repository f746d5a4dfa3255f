"""The current session: where there is one, and what is said where there is none."""

import asyncio
from typing import Any

import pytest

from jibe_like.errors import NoSessionError, ProtocolError
from jibe_like.session.connection import Connection
from jibe_like.session.current import ACTING, acting, current_connection, current_session, find_session
from jibe_like.session.page_events import handle_page_event, page_event
from jibe_like.session.session import Session
from jibe_like.tree.events import Message
from tests.sessions import App, Tab, on_a_loop, until


def test_outside_of_a_session_the_error_says_how_to_get_there() -> None:
    assert find_session() is None
    assert current_connection() is None
    with pytest.raises(NoSessionError, match=r"run_js.*main\(\).*register_thread.*session\.use"):
        current_session("run_js")


def test_while_an_application_is_constructed_the_page_is_there_and_the_session_is_not() -> None:
    connection = Connection()
    with acting(None, connection):
        assert current_connection() is connection
        assert find_session() is None
        with pytest.raises(NoSessionError, match="on_session_created"):
            current_session("run_js")
    assert ACTING.get() is None


@on_a_loop
async def test_handlers_tasks_and_timers_know_their_session_and_page() -> None:
    seen: list[tuple[str, Any, Any]] = []

    def note(where: str) -> None:
        seen.append((where, find_session(), current_connection()))

    app = App()
    session = Session("s", app)

    async def handler(source: object, message: Message) -> None:
        note("handler")
        await asyncio.sleep(0)
        note("after an await")
        session.call_later(0, lambda: note("timer"))

    app.words.register("click", handler)
    first, second = Tab(session), Tab(session)
    first.open()
    second.open()
    second.say("words", "click")
    await until(lambda: len(seen) == 3)
    assert seen == [
        ("handler", session, second.connection),
        ("after an await", session, second.connection),
        ("timer", session, None),
    ]
    assert ACTING.get() is None
    session.destroy()


@on_a_loop
async def test_hooks_know_their_session_and_the_one_page_that_there_is() -> None:
    seen: list[Any] = []

    class Hooked(App):
        def wsopen(self) -> None:
            seen.append((find_session(), current_connection()))

        def on_session_destroyed(self) -> object:
            seen.append(find_session())
            return None

    session = Session("s", Hooked())
    tab = Tab(session)
    tab.open()
    session.destroy()
    assert seen == [(session, tab.connection), session]


@on_a_loop
async def test_endings_run_in_order_when_the_session_ends_whatever_they_raise(caplog: pytest.LogCaptureFixture) -> None:
    session = Session("s", App())
    done: list[object] = []

    def later() -> None:
        done.append("asked for at the end")

    def first() -> None:
        done.append(find_session())
        assert session.endings is not None
        session.endings.append(later)
        raise ValueError("no")

    session.endings = [first, lambda: done.append("second")]
    session.destroy()
    session.destroy()
    assert done == [session, "second", "asked for at the end"]
    assert "session s" in caplog.text


@page_event("test-echo")
def echo(session: Session, connection: Connection, data: dict[str, Any]) -> object:
    if "no" in data:
        raise ProtocolError("no is no")
    app = session.document
    assert isinstance(app, App)
    if "later" not in data:
        app.words.value = data["say"]
        return None

    async def later() -> None:
        await asyncio.sleep(0)
        app.words.value = data["later"]

    return later()


@on_a_loop
async def test_a_page_speaks_to_its_session_itself(caplog: pytest.LogCaptureFixture) -> None:
    app = App()
    session = Session("s", app)
    tab = Tab(session)
    tab.open()
    tab.tell("test-echo", say="hello")
    assert app.words.value == "hello"
    tab.tell("test-echo", later="bye")
    await until(lambda: app.words.value == "bye")
    tab.tell("test-echo", no=1)
    tab.tell("test-echo")
    tab.tell("nothing-like-it")
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "WARNING"]
    assert "no such event: 'nothing-like-it'" in caplog.text
    assert tab.connection.handled == 5
    with pytest.raises(ProtocolError):
        handle_page_event(session, tab.connection, "nothing-like-it", {})
    session.destroy()


@on_a_loop
async def test_an_operation_aimed_at_one_page_reaches_no_other() -> None:
    app = App()
    session = Session("s", app)
    first, second = Tab(session), Tab(session)
    first.open()
    second.open()
    session.page_call(["js", 1, "secret", {}], first.connection)
    await until(lambda: first.extras("js"))
    assert second.extras("js") == []
    session.page_call(["js", 2, "for all", {}])
    app.words.value = "1"
    await until(lambda: second.extras("js"))
    assert [op[1] for op in first.extras("js")] == [1, 2]
    assert [op[1] for op in second.extras("js")] == [2]
    assert first.page.shape() == second.page.shape()
    session.destroy()


@on_a_loop
async def test_an_aimed_operation_is_sent_again_to_its_page_alone() -> None:
    session = Session("s", App())
    first, second = Tab(session), Tab(session)
    first.open()
    second.open()
    first.lose()
    session.page_call(["js", 1, "secret", {}], first.connection)
    await until(lambda: session.seq > 0)
    first.open()
    assert [op[1] for op in first.extras("js")] == [1]
    assert second.extras("js") == []
    session.destroy()
