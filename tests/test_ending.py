"""`defer_call` and `hold`: what is done when a session ends, and who waits for it."""

import asyncio
import threading
from contextvars import copy_context

import pytest

from jibe_like.errors import NoSessionError, SessionEndedError
from jibe_like.session import defer_call, hold, run_js
from jibe_like.session.current import acting, find_session
from jibe_like.session.functions.ending import at_end, not_at_end
from jibe_like.session.session import Session
from tests.sessions import App, Tab, make_session, on_a_loop, until


@on_a_loop
async def test_first_in_first_out_plain_and_async(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    done: list[str] = []

    def first() -> None:
        done.append("first")
        assert find_session() is session

    async def second() -> None:
        await asyncio.sleep(0.001)
        assert find_session() is session
        done.append("second")
        raise ValueError("of second")

    def third() -> None:
        done.append("third")
        raise ValueError("of third")

    def fourth() -> None:
        done.append("fourth")
        # Asked for while the session ends.
        defer_call(lambda: done.append("fifth"))

    with acting(session):
        assert defer_call(first) is first
        for func in (second, third, fourth):
            defer_call(func)
    session.destroy()
    assert done == ["first"]
    await until(lambda: len(done) == 5)
    assert done == ["first", "second", "third", "fourth", "fifth"]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["of second", "of third"]
    assert all("session s" in message for message in caplog.messages)


@on_a_loop
async def test_one_that_is_asked_for_at_the_end_is_called_too() -> None:
    session = make_session()
    done: list[str] = []
    with acting(session):
        defer_call(lambda: defer_call(lambda: done.append("second")))
    session.destroy()
    assert done == ["second"]
    with acting(session), pytest.raises(SessionEndedError):
        defer_call(lambda: done.append("too late"))
    assert done == ["second"]


@on_a_loop
async def test_an_ended_session_takes_none() -> None:
    session = make_session()
    session.destroy()
    with acting(session), pytest.raises(SessionEndedError, match="defer_call"):
        defer_call(lambda: None)


@on_a_loop
async def test_there_is_no_page_any_more(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        defer_call(lambda: run_js("bye()"))
    session.destroy()
    assert tab.extras("js") == []
    assert "run_js needs a page" in caplog.text


@on_a_loop
async def test_from_a_thread() -> None:
    session = make_session()
    done: list[str] = []
    with acting(session):
        work = copy_context().run
    await asyncio.to_thread(work, defer_call, lambda: done.append("of the thread"))
    session.destroy()
    assert done == ["of the thread"]


@on_a_loop
async def test_an_ending_that_destroys_the_session_does_not_go_round_in_circles() -> None:
    session = make_session()
    done: list[str] = []
    with acting(session):
        defer_call(session.destroy)
        defer_call(lambda: done.append("after"))
    session.destroy()
    assert done == ["after"]
    assert session.destroyed


@on_a_loop
async def test_what_is_taken_back_is_not_done() -> None:
    session = make_session()
    done: list[str] = []

    def ending() -> None:
        done.append("no")

    not_at_end(session, ending)
    at_end(session, ending)
    not_at_end(session, ending)
    session.destroy()
    assert done == []


def test_outside_of_a_session() -> None:
    with pytest.raises(NoSessionError, match="defer_call"):
        defer_call(lambda: None)
    with pytest.raises(NoSessionError, match="hold"):
        hold()


@on_a_loop
async def test_hold_returns_when_the_session_ends() -> None:
    session = make_session()
    returned: list[str] = []

    def in_thread() -> None:
        hold()
        returned.append("thread")

    async def beside() -> None:
        await hold()
        returned.append("coroutine")

    with acting(session):
        thread = threading.Thread(target=copy_context().run, args=(in_thread,))
        task = asyncio.ensure_future(beside())
    thread.start()
    await until(lambda: session.endings is not None and len(session.endings) == 2)
    assert returned == []
    session.destroy()
    await task
    await asyncio.to_thread(thread.join)
    assert sorted(returned) == ["coroutine", "thread"]
    with acting(session):
        await hold()


@on_a_loop
async def test_a_task_of_the_session_is_cancelled_while_it_holds() -> None:
    session = make_session()
    ended: list[str] = []

    async def work() -> None:
        try:
            await hold()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with acting(session):
        session.start(work())
    await until(lambda: session.endings)
    session.destroy()
    await until(lambda: ended == ["cancelled"])


@on_a_loop
async def test_who_gives_up_holding_leaves_nothing_behind() -> None:
    session = make_session()
    with acting(session):
        waiting = asyncio.ensure_future(asyncio.wait_for(hold(), 0.001))
    with pytest.raises(TimeoutError):
        await waiting
    await until(lambda: not session.endings)
    session.destroy()


def test_a_thread_that_holds_ends_with_the_server() -> None:
    async def make() -> Session:
        return Session("s", App())

    session = asyncio.run(make())
    with acting(session), pytest.raises(SessionEndedError, match="its server too"):
        hold()
