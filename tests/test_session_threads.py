"""Tasks and threads that act in a session."""

import asyncio
import pickle
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from jibe_like.errors import NoSessionError, SessionEndedError
from jibe_like.session import TaskHandler, register_thread, run_async, run_asyncio_coroutine
from jibe_like.session.connection import Connection
from jibe_like.session.current import acting, current_connection, find_session, use
from jibe_like.session.session import Session
from tests.sessions import App, Tab, make_session, on_a_loop, until


class CoroutineApp(App):
    async def main(self) -> None:
        """Does nothing: it is there."""


class ThreadApp(App):
    def main(self) -> None:
        """Does nothing: it is there."""


@pytest.mark.parametrize("kind", [App, CoroutineApp])
@on_a_loop
async def test_a_task_knows_its_session_and_page(kind: type[App]) -> None:
    session = make_session(kind())
    page = Connection()
    seen: list[object] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append((find_session(), current_connection()))

    with acting(session, page):
        handler = run_async(work())
    assert isinstance(handler, TaskHandler)
    assert not handler.closed()
    assert not session.is_busy
    await until(handler.closed)
    assert seen == [(session, page)]
    session.destroy()


@on_a_loop
async def test_what_a_task_raises_is_an_error_of_the_application(caplog: pytest.LogCaptureFixture) -> None:
    app = App()
    session = make_session(app)

    async def work() -> None:
        raise ValueError("no")

    with acting(session):
        handler = run_async(work())
    await until(handler.closed)
    ((widget, event, error),) = app.errors
    assert (widget, event, str(error)) == (app, "run_async", "no")
    assert "session s" in caplog.text
    session.destroy()


@on_a_loop
async def test_a_task_is_closed_by_its_handler_here_or_in_a_thread() -> None:
    session = make_session()
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    with acting(session):
        first, second = run_async(work("first")), run_async(work("second"))
    await asyncio.sleep(0)
    first.close()
    await asyncio.to_thread(second.close)
    await until(lambda: first.closed() and second.closed())
    assert sorted(ended) == ["first", "second"]
    first.close()
    session.destroy()


@on_a_loop
async def test_a_handler_that_comes_back_from_a_store_is_closed() -> None:
    session = make_session()
    with acting(session):
        handler = run_async(asyncio.sleep(60))
    restored: TaskHandler = pickle.loads(pickle.dumps(handler))
    assert not handler.closed()
    assert restored.closed()
    restored.close()
    session.destroy()


@on_a_loop
async def test_a_task_ends_with_its_session() -> None:
    session = make_session()
    cleaned: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.001)
            cleaned.append("up")

    with acting(session):
        handler = run_async(work())
    await asyncio.sleep(0)
    session.destroy()
    await session.come_to_rest(5)
    assert handler.closed()
    assert cleaned == ["up"]


async def nothing() -> str:
    return "nothing"


@on_a_loop
async def test_kinds_of_sessions() -> None:
    coroutine, thread = make_session(CoroutineApp()), Session("t", ThreadApp())
    with acting(thread):
        with pytest.raises(RuntimeError, match=r"run_async .* thread session.*plain function.*register_thread"):
            run_async(nothing())
        with pytest.raises(RuntimeError, match=r"run_asyncio_coroutine .* thread session"):
            await run_asyncio_coroutine(nothing())
        register_thread(threading.Thread(target=print))
    with acting(coroutine):
        with pytest.raises(RuntimeError, match=r"register_thread .* coroutine session.*async def main.*run_async"):
            register_thread(threading.Thread(target=print))
        assert await run_asyncio_coroutine(nothing()) == "nothing"
    coroutine.destroy()
    thread.destroy()


@on_a_loop
async def test_the_function_itself_is_no_coroutine() -> None:
    session = make_session()
    wrong: Any = nothing
    with acting(session), pytest.raises(TypeError, match=r"run_async takes a coroutine, as work\(\)"):
        run_async(wrong)
    session.destroy()


@on_a_loop
async def test_an_ended_session_starts_nothing() -> None:
    session = make_session()
    session.destroy()
    with acting(session), pytest.raises(SessionEndedError):
        run_async(nothing())


def test_outside_of_a_session() -> None:
    with pytest.raises(NoSessionError, match="run_async"):
        run_async(nothing())
    with pytest.raises(NoSessionError, match="run_asyncio_coroutine"):
        asyncio.run(run_asyncio_coroutine(nothing()))
    with pytest.raises(NoSessionError, match="register_thread"):
        register_thread(threading.Thread(target=print))


@on_a_loop
async def test_a_registered_thread_acts_in_the_session() -> None:
    app = App()
    session = make_session(app)
    tab = Tab(session).open()
    page = tab.connection
    seen: list[object] = []

    class Own(threading.Thread):
        def run(self) -> None:
            seen.append((find_session(), current_connection()))
            app.words.value = "from a thread"

    with acting(session, page):
        by_target = threading.Thread(target=lambda: seen.append((find_session(), current_connection())))
        own = Own()
        for thread in (by_target, own):
            register_thread(thread)
    for thread in (by_target, own):
        thread.start()
        await asyncio.to_thread(thread.join)
    assert seen == [(session, page)] * 2
    await until(lambda: tab.is_right)
    with acting(session), pytest.raises(RuntimeError, match="was started already"):
        register_thread(own)
    session.destroy()


@on_a_loop
async def test_a_thread_starts_tasks() -> None:
    session = make_session()
    seen: list[object] = []
    handlers: list[TaskHandler] = []

    async def work() -> None:
        seen.append((find_session(), asyncio.get_running_loop() is session.loop))

    async def on_another_loop(coroutine: Coroutine[Any, Any, str]) -> None:
        seen.append(await run_asyncio_coroutine(coroutine))

    def start() -> None:
        handlers.append(run_async(work()))
        asyncio.run(on_another_loop(nothing()))

    with acting(session):
        thread = threading.Thread(target=start)
        register_thread(thread)
    thread.start()
    await until(lambda: len(seen) == 2)
    await asyncio.to_thread(thread.join)
    assert seen == [(session, True), "nothing"]
    assert handlers[0].closed()
    session.destroy()


@on_a_loop
async def test_outsiders_act_in_a_session_inside_of_use() -> None:
    app = App()
    session = make_session(app)
    with use(app):
        assert find_session() is session
        assert current_connection() is None
    assert find_session() is None
    session.destroy()
    with pytest.raises(NoSessionError, match="has no session"), use(app):
        pass
