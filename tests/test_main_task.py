"""`main()` of an application: when it starts, in whose name, and what its end means."""

import asyncio
import threading
from typing import Any

import pytest

from jibe_like.session import eval_js, hold, run_js
from jibe_like.session.current import current_connection, find_session
from jibe_like.session.document import SessionState
from jibe_like.session.session import Session
from tests.sessions import App, Tab, make_session, on_a_loop, until


class Steps(App):
    """Writes down what happens."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Any] = []
        self.go_on = threading.Event()


class InTask(Steps):
    async def main(self) -> None:
        self.steps.append((find_session(), current_connection(), threading.current_thread()))
        await until(self.go_on.is_set)
        self.words.value = "done"


class InThread(Steps):
    def main(self) -> None:
        self.steps.append((find_session(), current_connection(), threading.current_thread()))
        self.go_on.wait(10)
        self.words.value = "done"


@pytest.mark.parametrize("kind", [InTask, InThread])
@on_a_loop
async def test_it_starts_with_the_first_page_and_once(kind: type[Steps]) -> None:
    app = kind()
    session = make_session(app)
    tab = Tab(session)
    await asyncio.sleep(0)
    assert app.steps == []
    tab.open()
    Tab(session).open()
    tab.lose()
    tab.open()
    await until(lambda: app.steps)
    assert not session.is_busy
    app.go_on.set()
    await until(lambda: app.main_returned)
    await until(lambda: tab.page.shape() and tab.is_right)
    ((seen, page, thread),) = app.steps
    assert (seen, page) == (session, None)
    assert (thread is threading.main_thread()) == (kind is InTask)
    assert thread.daemon == (kind is InThread)
    # The application stays: its handlers are called.
    assert not session.destroyed
    session.destroy()


@pytest.mark.parametrize("is_plain", [True, False])
@on_a_loop
async def test_what_it_raises_is_an_error_of_the_application(is_plain: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Plain(App):
        def main(self) -> None:
            raise ValueError("no")

    class Async(App):
        async def main(self) -> None:
            raise ValueError("no")

    app = Plain() if is_plain else Async()
    session = make_session(app)
    Tab(session).open()
    await until(lambda: app.errors)
    ((widget, event, error),) = app.errors
    assert (widget, event, str(error)) == (app, "main", "no")
    assert not app.main_returned
    assert len(caplog.records) == 1
    session.destroy()


@on_a_loop
async def test_a_thread_ends_in_silence_when_it_needs_a_page_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    class Endless(App):
        def main(self) -> None:
            try:
                eval_js("1")
            finally:
                ended.append("eval_js")

    class Later(App):
        def main(self) -> None:
            hold()
            try:
                run_js("1")
            finally:
                ended.append("run_js")

    for app in (Endless(), Later()):
        session = Session("s", app)
        Tab(session).open()
        await until(lambda session=session: session.endings)  # type: ignore[misc]
        session.destroy()
    await until(lambda: len(ended) == 2)
    assert caplog.messages == []


@on_a_loop
async def test_after_a_restart_it_starts_again_unless_it_had_returned() -> None:
    for returned, starts in ((False, 1), (True, 0)):
        app = InTask()
        app.go_on.set()
        app.main_returned = returned
        session = Session("s", app)
        session.take_over(SessionState(app, 7))
        Tab(session).open()
        await asyncio.sleep(0.01)
        assert len(app.steps) == starts
        session.destroy()


@on_a_loop
async def test_a_widget_of_that_name_is_none() -> None:
    app = App()
    app.main = app.box  # type: ignore[attr-defined]
    session = make_session(app)
    Tab(session).open()
    await asyncio.sleep(0.001)
    assert app.errors == []
    session.destroy()


@on_a_loop
async def test_it_ends_with_its_session() -> None:
    ended: list[str] = []

    class Endless(App):
        async def main(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("main")

    app = Endless()
    session = make_session(app)
    Tab(session).open()
    await asyncio.sleep(0)
    session.destroy()
    await session.come_to_rest(5)
    assert ended == ["main"]
    assert not app.main_returned
