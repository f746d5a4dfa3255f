"""`run_js` and `eval_js`: who is asked, who may answer, and how waiting ends."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

import pytest

from jibe_like.errors import NoSessionError, SessionEndedError
from jibe_like.session import eval_js, run_js
from jibe_like.session.current import acting
from jibe_like.session.functions import javascript
from jibe_like.session.session import Session
from tests.sessions import App, Tab, make_session, on_a_loop, until


def asked(tab: Tab) -> list[list[Any]]:
    return tab.extras("js")


async def question(tab: Tab) -> int:
    """The number of the last question that the page gets."""
    before = len(asked(tab))
    await until(lambda: len(asked(tab)) > before)
    return int(asked(tab)[-1][1])


def nothing_waits(session: Session) -> bool:
    return not javascript._calls and not session.endings


def in_thread(func: Callable[[], Any]) -> Awaitable[Any]:
    """A thread that acts as this one does."""
    return asyncio.get_running_loop().run_in_executor(None, copy_context().run, func)


@on_a_loop
async def test_code_goes_to_the_page_that_acts_or_to_all() -> None:
    app = App()
    session = make_session(app)
    first, second = Tab(session).open(), Tab(session).open()
    app.words.register("click", lambda: run_js("mine(a, b)", a=1, b=["x", None]))
    first.say("words", "click")
    with acting(session):
        run_js("everyones()")
    await until(lambda: asked(second))
    assert asked(first) == [["js", 0, "mine(a, b)", {"a": 1, "b": ["x", None]}], ["js", 0, "everyones()", {}]]
    assert asked(second) == [["js", 0, "everyones()", {}]]
    session.destroy()


@on_a_loop
async def test_arguments_are_those_of_the_call() -> None:
    session = make_session()
    tab = Tab(session).open()
    values = [1]
    with acting(session):
        run_js("f(values)", values=values)
    values.append(2)
    await until(lambda: asked(tab))
    assert asked(tab)[0][3] == {"values": [1]}
    session.destroy()


@on_a_loop
async def test_arguments_that_javascript_cannot_take() -> None:
    session = make_session()
    with acting(session):
        for name in ("new", "a-b", "", "1", "a b", "x;alert()", "let"):
            with pytest.raises(ValueError, match="no name of a variable in JavaScript"):
                run_js("1", **{name: 1})
            with pytest.raises(ValueError, match="no name of a variable in JavaScript"):
                eval_js("1", **{name: 1})
        for value in (object(), {1, object()}):
            with pytest.raises(TypeError, match="run_js: its arguments must be what JSON can say"):
                run_js("1", value=value)
    session.destroy()


def test_outside_of_a_session() -> None:
    with pytest.raises(NoSessionError, match="eval_js"):
        eval_js("1")
    with pytest.raises(NoSessionError, match="run_js"):
        run_js("1")


@on_a_loop
async def test_a_value_is_awaited_in_a_handler() -> None:
    app = App()
    session = make_session(app)
    first, second = Tab(session).open(), Tab(session).open()
    values: list[Any] = []

    async def ask() -> None:
        values.append(await eval_js("width * n;", n=2))

    app.words.register("click", ask)
    second.say("words", "click")
    call = await question(second)
    assert asked(second)[-1] == ["js", call, "width * n", {"n": 2}]
    assert asked(first) == []
    second.tell("answer", call=call, value='{"deep": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}')
    await until(lambda: values)
    assert str(values[0]["deep"]).count("[") == 18
    assert nothing_waits(session)
    session.destroy()


@on_a_loop
async def test_a_forgotten_await_is_told_by_name() -> None:
    session = make_session()
    with acting(session), pytest.warns(RuntimeWarning, match="coroutine 'eval_js' was never awaited"):
        eval_js("1")
    assert nothing_waits(session)
    session.destroy()


@on_a_loop
async def test_a_value_blocks_in_a_thread() -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        waiting = in_thread(lambda: eval_js("1 + 1"))
    call = await question(tab)
    tab.tell("answer", call=call, value="2")
    assert await waiting == 2
    await until(lambda: nothing_waits(session))
    session.destroy()


@on_a_loop
async def test_a_value_is_awaited_on_another_loop() -> None:
    session = make_session()
    tab = Tab(session).open()

    async def ask() -> Any:
        return await eval_js("1 + 1")

    with acting(session):
        waiting = in_thread(lambda: asyncio.run(ask()))
    call = await question(tab)
    tab.tell("answer", call=call, value="2")
    assert await waiting == 2
    await until(lambda: nothing_waits(session))
    session.destroy()


@on_a_loop
async def test_an_error_of_the_browser_is_none_and_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        waiting = asyncio.ensure_future(eval_js("nothing.there"))
    tab.tell("answer", call=await question(tab), error="ReferenceError:\n\x1b[31mnothing" + "x" * 1000)
    assert await waiting is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(
        "session s: JavaScript of 'nothing.there' failed in the page: ReferenceError:??[31mnothingx"
    )
    assert len(record.getMessage()) < 400
    caplog.clear()
    tab.tell("answer", call=0, error="Error: of run_js")
    assert caplog.messages == ["session s: JavaScript failed in the page: Error: of run_js"]
    session.destroy()


@on_a_loop
async def test_where_no_page_acts_the_newest_open_one_is_asked() -> None:
    session = make_session()
    tabs = [Tab(session).open() for _ in range(3)]
    for tab, since in zip(tabs, (1.0, 3.0, 2.0), strict=True):
        tab.connection.since = since
    with acting(session):
        waiting = asyncio.ensure_future(eval_js("1"))
        call = await question(tabs[1])
    assert asked(tabs[0]) == asked(tabs[2]) == []
    tabs[1].tell("answer", call=call, value="1")
    assert await waiting == 1
    session.destroy()


@on_a_loop
async def test_where_no_page_is_open_the_first_to_come_answers() -> None:
    session = make_session()
    with acting(session):
        waiting = asyncio.ensure_future(eval_js("1"))
        await until(lambda: javascript._calls)
    tab = Tab(session)
    tab.open()
    await until(lambda: asked(tab))
    tab.tell("answer", call=asked(tab)[-1][1], value="1")
    assert await waiting == 1
    session.destroy()


@on_a_loop
async def test_a_page_that_lost_its_connection_answers_when_it_is_back() -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session, tab.connection):
        waiting = asyncio.ensure_future(eval_js("1"))
        call = await question(tab)
    tab.lose()
    tab.open()
    tab.tell("answer", call=call, value='"back"')
    assert await waiting == "back"
    session.destroy()


@on_a_loop
async def test_only_the_page_that_was_asked_may_answer(caplog: pytest.LogCaptureFixture) -> None:
    session, other = make_session(), Session("other", App())
    first, second, stranger = Tab(session).open(), Tab(session).open(), Tab(other).open()
    with acting(session, first.connection):
        waiting = asyncio.ensure_future(eval_js("1"))
        call = await question(first)
    second.tell("answer", call=call, value="2")
    stranger.tell("answer", call=call, value="3")
    assert not waiting.done()
    assert ["another page" in message for message in caplog.messages] == [True, True]
    first.tell("answer", call=call, value="1")
    first.tell("answer", call=call, value="4")
    assert await waiting == 1
    session.destroy()
    other.destroy()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"call": 0},
        {"call": 0, "value": 1},
        {"call": "1", "value": "1"},
        {"call": True, "value": "1"},
        {"call": None, "error": "x"},
        {"call": 0, "error": ["x"]},
    ],
)
@on_a_loop
async def test_nonsense_is_refused(data: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    Tab(session).open().tell("answer", **data)
    assert "ignored a message" in caplog.text
    session.destroy()


@pytest.mark.parametrize("text", ["", "{", "1 2", "\ud800", "[" * 100_000])
@on_a_loop
async def test_an_answer_that_is_no_json_is_refused(text: str, caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        waiting = asyncio.ensure_future(eval_js("1"))
        call = await question(tab)
    tab.tell("answer", call=call, value=text)
    assert "no JSON" in caplog.text
    tab.tell("answer", call=call, value="1")
    assert await waiting == 1
    session.destroy()


@on_a_loop
async def test_late_answers_harm_nobody(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        waiting = asyncio.ensure_future(eval_js("slow()", timeout_=0.01))
        call = await question(tab)
    with pytest.raises(TimeoutError, match=r"no page has answered 'slow\(\)' within 0.01 s"):
        await waiting
    assert nothing_waits(session)
    tab.tell("answer", call=call, value="1")
    assert caplog.messages == []
    session.destroy()


@on_a_loop
async def test_a_thread_waits_no_longer_than_it_says() -> None:
    session = make_session()
    with acting(session), pytest.raises(TimeoutError, match="within 0.01 s"):
        await in_thread(lambda: eval_js("1", 0.01))
    await until(lambda: nothing_waits(session))
    session.destroy()


@on_a_loop
async def test_who_is_cancelled_leaves_nothing_behind() -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        waiting = asyncio.ensure_future(eval_js("1"))
        await question(tab)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: nothing_waits(session))
    session.destroy()


@on_a_loop
async def test_the_end_of_the_session_ends_the_wait() -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        here = asyncio.ensure_future(eval_js("1"))
        await question(tab)
        there = in_thread(lambda: eval_js("2"))
        await question(tab)
        session.destroy()
        for waiting in (here, there):
            with pytest.raises(SessionEndedError, match=r"Session\(s\) has ended"):
                await waiting
        with pytest.raises(SessionEndedError, match="run_js needs a page"):
            run_js("1")
    assert not javascript._calls


@on_a_loop
async def test_numbers_are_not_those_of_a_server_before() -> None:
    session = make_session()
    tab = Tab(session).open()
    with acting(session):
        waiting = asyncio.ensure_future(eval_js("1"))
        assert await question(tab) > 1000
    session.destroy()
    with pytest.raises(SessionEndedError):
        await waiting


def test_a_thread_whose_server_is_gone_does_not_wait_for_ever() -> None:
    async def make() -> Session:
        return make_session()

    session = asyncio.run(make())
    errors: list[Exception] = []

    def ask() -> None:
        try:
            eval_js("1")
        except SessionEndedError as error:
            errors.append(error)

    with acting(session):
        thread = threading.Thread(target=copy_context().run, args=(ask,))
    thread.start()
    thread.join(10)
    assert [str(error) for error in errors] == ["Session(s) has ended, and its server too"]
