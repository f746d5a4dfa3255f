"""Work beside the handlers: threads, processes, again and again, later; and how it ends."""

import asyncio
import gc
import logging
import multiprocessing
import threading
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any
from weakref import WeakSet

import pytest

from jibe_like import Label, MainApp
from jibe_like.errors import NoSessionError, NotSendableError
from jibe_like.session.current import find_session
from jibe_like.session.session import Session
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.session.work.pool import Pool
from jibe_like.session.work.schedule import Schedule
from jibe_like.settings import Settings
from jibe_like.tree.widget import Widget
from tests.sessions import Tab, until
from tests.sessions import on_a_loop as on_a_bare_loop

WORD: ContextVar[str] = ContextVar("WORD", default="nothing")


class Worker(MainApp):
    """Notes what happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.label = Label("0")
        self.children = [self.label]
        self.errors: list[tuple[str, str]] = []
        self.notes: list[str] = []

    def on_error(self, widget: Widget, event: str, error: Exception) -> None:
        assert widget is self
        self.errors.append((event, str(error)))

    def count(self) -> None:
        self.label.value = str(int(self.label.value) + 1)

    def note(self, *words: str) -> None:
        self.notes.append(" ".join(words))

    def fail(self) -> None:
        raise ValueError("out of luck")

    async def fail_later(self) -> None:
        await asyncio.sleep(0)
        self.fail()


begun: WeakSet[Session] = WeakSet()


def live(app: Worker | None = None) -> tuple[Worker, Session]:
    app = app or Worker()
    session = Session("s", app, token="token", settings=Settings())
    begun.add(session)
    return app, session


def on_a_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test that is a coroutine, at whose end its sessions end."""

    @wraps(test)
    async def run(*args: Any, **kwargs: Any) -> None:
        try:
            await test(*args, **kwargs)
        finally:
            for session in tuple(begun):
                session.destroy()
            await turns()

    return on_a_bare_loop(run)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


# -- threads


@on_a_loop
async def test_a_function_runs_in_a_thread_and_gives_its_result() -> None:
    app, session = live()
    here = threading.get_ident()

    def work(number: int, *, factor: int) -> tuple[int, bool, str, Session | None]:
        return number * factor, threading.get_ident() == here, WORD.get(), find_session()

    WORD.set("kept")
    assert await app.run(work, 6, factor=7) == (42, False, "kept", session)


@on_a_loop
async def test_it_begins_at_once_and_may_be_awaited_later_or_never() -> None:
    app, session = live()
    began = threading.Event()
    work = app.run(began.set)
    await until(began.is_set)
    assert not session.is_busy
    await work
    assert list(await asyncio.gather(app.run(int, "1"), app.run(int, "2"))) == [1, 2]
    done, _ = await asyncio.wait([app.run(int, "3")])
    assert [task.result() for task in done] == [3]


@on_a_loop
async def test_a_coroutine_function_runs_on_the_loop() -> None:
    app, session = live()

    async def work(number: int) -> tuple[int, int, Session | None]:
        await asyncio.sleep(0)
        return number, threading.get_ident(), find_session()

    expected = (5, threading.get_ident(), session)
    assert await app.run(work, 5) == expected
    assert await app.run(partial(work, 5)) == expected
    assert await app.run(lambda: work(5)) == expected
    assert await app.exec(None, work, 5) == expected


@on_a_loop
async def test_changes_made_in_a_thread_reach_the_page() -> None:
    app, session = live()
    tab = Tab(session).open()

    def work() -> None:
        for number in range(100):
            app.children.append(Label(str(number)))

    await app.run(work)
    await until(lambda: tab.is_right)
    assert len(app.children) == 101


@on_a_loop
async def test_what_nobody_awaits_is_reported_when_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = live()
    app.run(app.fail)
    app.run(app.fail_later)
    app.exec(None, app.fail, detach=True)
    await until(lambda: len(app.errors) == 3)
    assert sorted(app.errors) == [
        ("exec Worker.fail", "out of luck"),
        ("run Worker.fail", "out of luck"),
        ("run Worker.fail_later", "out of luck"),
    ]
    assert all("session s" in record.getMessage() for record in caplog.records)
    assert len(caplog.records) == 3


@on_a_loop
async def test_what_is_awaited_raises_there_and_is_not_reported_twice(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = live()
    with pytest.raises(ValueError, match="out of luck"):
        await app.run(app.fail)
    results = await asyncio.gather(app.run(app.fail), app.run(app.fail_later), return_exceptions=True)
    assert [str(result) for result in results] == ["out of luck"] * 2
    gc.collect()
    await turns()
    assert app.errors == []
    assert caplog.records == []


@pytest.mark.parametrize("error", [StopIteration, SystemExit, KeyboardInterrupt])
def test_what_a_future_cannot_pass_on_is_a_plain_error(error: type[BaseException]) -> None:
    @on_a_loop
    async def test() -> None:
        app, _ = live()

        def work() -> None:
            raise error

        with pytest.raises(RuntimeError, match=error.__name__):
            await app.run(work)

    test()


def test_a_time_that_is_no_number() -> None:
    app = Worker()
    soon: Any = "1"
    with pytest.raises(TypeError, match="^every takes a number of seconds, not '1'$"):
        app.every(soon, print)
    with pytest.raises(TypeError, match="^after takes a number of seconds, not '1'$"):
        app.after(soon, print)


@on_a_loop
async def test_where_there_is_no_session() -> None:
    app = Worker()
    with pytest.raises(NoSessionError, match="on_session_created"):
        app.run(print)
    app, session = live(app)
    with pytest.raises(TypeError, match=r"MyApp.run\(port\)"):
        app.run(8881)  # type: ignore[call-overload]
    with pytest.raises(RuntimeError, match="call the function itself"):
        await app.run(lambda: app.run(print))
    session.destroy()
    with pytest.raises(NoSessionError):
        app.run(print)


def test_on_the_class_run_serves() -> None:
    assert MainApp.run.__doc__ is not None
    assert "Serves" in MainApp.run.__doc__
    assert Worker.run.__self__ is Worker  # type: ignore[attr-defined]


# -- executors


@on_a_loop
async def test_an_executor_of_ones_own() -> None:
    app, session = live()
    WORD.set("kept")
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        work = app.exec(pool, lambda: (threading.current_thread().name, WORD.get(), find_session()))
        assert await work == ("mine_0", "kept", session)


def square(number: int) -> int:
    return number * number


def unpicklable(_: int) -> Callable[[], None]:
    return lambda: None


def wrong(_: int) -> None:
    raise TypeError("wrong by itself")


@on_a_loop
async def in_processes(pool: ProcessPoolExecutor) -> None:
    app, _ = live()
    assert await app.exec(pool, square, 12) == 144
    with pytest.raises(NotSendableError, match="the function .*lambda.* cannot go to another process"):
        await app.exec(pool, lambda: None)
    with pytest.raises(NotSendableError, match="argument 1 .*lambda"):
        await app.exec(pool, square, lambda: None)
    with pytest.raises(NotSendableError, match="argument number .*lambda"):
        await app.exec(pool, square, number=lambda: None)
    with pytest.raises(NotSendableError, match="Worker.count belongs to a widget"):
        await app.exec(pool, app.count)
    with pytest.raises(NotSendableError, match="what unpicklable gives cannot come back"):
        await app.exec(pool, unpicklable, 1)
    with pytest.raises(TypeError, match="^wrong by itself$"):
        await app.exec(pool, wrong, 1)
    assert app.errors == []


def test_processes(processes: ProcessPoolExecutor) -> None:
    in_processes(processes)


# -- the pool


def test_a_pool_has_so_many_threads_at_the_most() -> None:
    pool = Pool(3)
    go = threading.Event()
    working: list[str] = []

    def work(number: int) -> int:
        working.append(threading.current_thread().name)
        go.wait(10)
        return number

    futures = [pool.submit(work, number) for number in range(10)]
    while len(working) < 3:
        pass
    assert futures[9].cancel()
    assert len(working) == 3
    go.set()
    assert [future.result(10) for future in futures[:9]] == list(range(9))
    assert len(working) == 9
    assert pool.submit(int, "4").result(10) == 4
    assert sum(thread.name == "jibe_like work" for thread in threading.enumerate()) >= 1
    with pytest.raises(ValueError):
        pool.submit(int, "x").result(10)


def test_a_thread_of_a_pool_ends_when_it_has_been_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jibe_like.session.work.pool._IDLE_SECONDS", 0.001)
    pool = Pool(2)
    assert pool.submit(int, "1").result(10) == 1
    while pool._threads:
        pass
    assert pool.submit(int, "2").result(10) == 2


def test_a_pool_lets_go_of_what_it_has_done() -> None:
    class Big:
        pass

    pool, big = Pool(1), Big()
    pool.submit(lambda big: None, big).result(10)
    while len(gc.get_referrers(big)) > 1:
        pass


# -- again and again, later


@on_a_loop
async def test_every_calls_again_and_again_until_it_is_cancelled() -> None:
    app, session = live()
    tab = Tab(session).open()
    handle = app.every(0.001, app.count)
    await until(lambda: tab.page.shape() and int(app.label.value) > 5)
    assert handle.active
    handle.cancel()
    handle.cancel()
    counted = app.label.value
    await asyncio.sleep(0.01)
    assert app.label.value == counted
    assert not handle.active
    await until(lambda: tab.is_right)


@on_a_loop
async def test_its_calls_do_not_drift_and_missed_ones_are_left_out() -> None:
    app, _ = live()
    times: list[float] = []
    start = time.monotonic()

    def work() -> None:
        times.append(time.monotonic() - start)
        if len(times) == 3:
            while time.monotonic() - start < 0.2:
                pass

    handle = app.every(0.01, work)
    await until(lambda: len(times) == 10)
    handle.cancel()
    # None is early, and each is at a multiple of its own, all but those that were missed.
    numbers = [int(at / 0.01 + 0.11) for at in times]
    assert all(at >= number * 0.01 - 0.0015 for at, number in zip(times, numbers, strict=True))
    assert len(set(numbers)) == 10
    assert numbers[3] >= 20


@on_a_loop
async def test_runs_of_an_async_function_do_not_overlap() -> None:
    app, session = live()
    running = most = calls = 0

    async def work() -> None:
        nonlocal running, most, calls
        running, calls = running + 1, calls + 1
        most = max(most, running)
        assert find_session() is session
        await asyncio.sleep(0.01)
        running -= 1

    app.every(0.001, work)
    await until(lambda: calls == 3)
    assert most == 1
    assert not session.is_busy


@on_a_loop
async def test_one_that_fails_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = live()
    app.every(0.001, app.fail)
    app.every(0.001, app.fail_later)
    await until(lambda: len(app.errors) > 9)
    assert {event for event, _ in app.errors} == {"every Worker.fail", "every Worker.fail_later"}
    assert all("session s" in record.getMessage() for record in caplog.records)


@on_a_loop
async def test_after_calls_once() -> None:
    app, _ = live()
    later = app.after(0.002, app.note, "said", "later")
    app.after(0, app.note, "now")
    never = app.after(0.001, app.note, "never")
    never.cancel()
    app.after(0.001, app.fail)
    await until(lambda: len(app.notes) == 2 and app.errors)
    assert app.notes == ["now", "said later"]
    assert app.errors == [("after Worker.fail", "out of luck")]
    assert not later.active
    assert [member for member in app.tree.hooked if isinstance(member, Schedule)] == []


def test_what_is_no_time_or_no_function() -> None:
    app = Worker()
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="number of seconds"):
            app.after(seconds, app.count)
    with pytest.raises(ValueError):
        app.every(0, app.count)
    with pytest.raises(TypeError, match="calls a function"):
        app.every(1, "count")  # type: ignore[arg-type]


@on_a_loop
async def test_the_constructor_may_say_what_to_do_later() -> None:
    app = Worker()
    app.every(0.001, app.count)
    await asyncio.sleep(0.01)
    assert app.label.value == "0"
    live(app)
    await until(lambda: int(app.label.value) > 3)


@on_a_loop
async def test_a_thread_may_say_what_to_do_later() -> None:
    app, _ = live()
    here = threading.get_ident()
    app.label.value = ""

    def note() -> None:
        app.note(str(threading.get_ident() == here))

    def begin() -> None:
        app.after(0, note)
        app.every(3600, note).cancel()

    await app.run(begin)
    await until(lambda: app.notes == ["True"])


# -- and the store


def stored(app: Worker, session: Session) -> Callable[[], tuple[Worker, Session]]:
    snapshots = Snapshots(["secret"], live=(Session,))
    record = snapshots.dump(session.state())

    def restored() -> tuple[Worker, Session]:
        state = snapshots.load(record).state
        _, session = live(state.document)
        session.take_over(state)
        return state.document, session

    return restored


@on_a_loop
async def test_schedules_survive_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    app, session = live()
    word = "closure"
    app.every(0.005, app.count)
    app.every(24 * 3600, app.note, "in a day")
    app.after(3600, lambda: app.note(word))
    app.after(3600, app.note, "cancelled").cancel()
    await until(lambda: int(app.label.value) > 1)
    restore = stored(app, session)
    counted = int(app.label.value)
    session.destroy()
    # The server was away for an hour.
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3601)
    copy, _ = restore()
    assert copy.notes == []
    # What was due meanwhile comes at once; what is due again and again goes on.
    await until(lambda: copy.notes and int(copy.label.value) > counted + 3)
    assert copy.notes == ["closure"]
    assert sum(isinstance(member, Schedule) for member in copy.tree.hooked) == 2
    assert app.notes == []


@on_a_loop
async def test_what_is_due_in_an_hour_is_not_due_before() -> None:
    app, session = live()
    app.after(3600, app.note, "in an hour")
    copy, _ = stored(app, session)()
    (schedule,) = (member for member in copy.tree.hooked if isinstance(member, Schedule))
    assert 3590 < schedule._due - time.monotonic() <= 3600


class Slow(Worker):
    async def work(self) -> None:
        self.note("began")
        await asyncio.sleep(0.001)
        self.note("ended")


@on_a_loop
async def test_what_was_at_work_when_the_server_died_is_done_again() -> None:
    app, session = live(Slow())
    assert isinstance(app, Slow)
    app.after(0, app.work)
    await until(lambda: app.notes)
    restore = stored(app, session)
    session.destroy()
    copy, _ = restore()
    await until(lambda: len(copy.notes) == 3)
    assert copy.notes == ["began", "began", "ended"]
    assert [member for member in copy.tree.hooked if isinstance(member, Schedule)] == []


def kept() -> None:
    """Is taken away by a test."""


@on_a_loop
async def test_a_function_that_is_no_more_in_the_code_is_called_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, session = live()
    app.every(0.001, kept)
    restore = stored(app, session)
    session.destroy()
    monkeypatch.delattr("tests.test_background.kept")
    copy, _ = restore()
    await until(lambda: copy.errors)
    await asyncio.sleep(0.01)
    assert len(copy.errors) == 1
    assert "kept is not in the code any more" in copy.errors[0][1]


# -- the end


@on_a_loop
async def test_nothing_outlives_its_session_but_what_is_detached(caplog: pytest.LogCaptureFixture) -> None:
    before = asyncio.all_tasks()
    app, session = live()
    tab = Tab(session).open()
    go = threading.Event()
    notes: list[str] = []

    async def forever(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            notes.append(f"{name} ended")

    async def endless() -> AsyncIterator[int]:
        while True:
            yield 1
            await asyncio.sleep(0.001)

    async def progress() -> None:
        async for _ in app.progress(endless(), "Endless"):
            pass

    def in_thread() -> str:
        go.wait(10)
        notes.append("the thread went on")
        return "dropped"

    async def detached() -> None:
        await asyncio.Event().wait()

    tasks = [
        app.run(forever, "run"),
        app.exec(None, forever, "exec"),
        app.run(in_thread),
        app.run(progress),
        app.run(partial(forever, "partial")),
    ]
    kept_on = [app.run(detached, detach=True), app.exec(None, in_thread, detach=True)]
    app.every(0.001, app.count)
    app.every(0.001, partial(forever, "every"))
    app.after(0.001, partial(forever, "after"))
    app.label.register("click", partial(forever, "handler"))
    tab.say(app.label.identifier, "click")
    await until(lambda: int(app.label.value) > 3)
    assert len(asyncio.all_tasks()) > 8
    session.destroy()
    await until(lambda: all(task.done() for task in tasks))
    counted = app.label.value
    assert all(task.cancelled() for task in tasks)
    await turns()
    assert sorted(notes) == [f"{name} ended" for name in ("after", "every", "exec", "handler", "partial", "run")]
    assert asyncio.all_tasks() == {*before, *kept_on}
    go.set()
    assert await kept_on[1] == "dropped"
    await until(lambda: notes.count("the thread went on") == 2)
    await asyncio.sleep(0.005)
    assert app.label.value == counted
    assert not kept_on[0].done()
    kept_on[0].cancel()
    await turns()
    assert asyncio.all_tasks() == before
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@on_a_loop
async def test_detached_work_that_fails_after_its_session_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app, session = live()
    go = asyncio.Event()

    async def work() -> None:
        await go.wait()
        raise ValueError("too late")

    app.run(work, detach=True)
    await turns()
    session.destroy()
    go.set()
    await until(lambda: caplog.records)
    assert "session s: 'run" in caplog.records[0].getMessage()
    assert app.errors == []


@on_a_loop
async def test_a_session_with_work_leaves_nothing_behind() -> None:
    gone = await used_and_ended()
    await until(lambda: gc.collect() >= 0 and gone() is None)


async def used_and_ended() -> "weakref.ref[Worker]":
    app, session = live()
    Tab(session).open()
    app.every(0.001, app.count)
    await app.run(int, "1")
    await until(lambda: int(app.label.value) > 2)
    session.destroy()
    return weakref.ref(app)


@on_a_loop
async def test_a_coroutine_that_has_not_begun_when_the_session_ends_does_not_complain() -> None:
    app, session = live()
    tab = Tab(session).open()
    app.label.register("click", app.fail_later)
    tab.say(app.label.identifier, "click")
    session.destroy()
    await turns()
    # A warning would fail the test.
    gc.collect()
    assert app.errors == []
