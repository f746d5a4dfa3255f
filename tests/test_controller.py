"""A server's controller: functions by name, called before and after they are written."""

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from jibe_like import Button, FunctionNotImplementedError, MainApp, Server, get_server
from jibe_like.hosting.controller import Controller
from tests.sessions import on_a_loop


@pytest.fixture
def ctrl(request: pytest.FixtureRequest) -> Controller:
    return Server(request.node.name).controller


def test_what_nobody_has_defined_says_its_name(ctrl: Controller) -> None:
    with pytest.raises(FunctionNotImplementedError, match=r"^controller\.reset is not defined: set it or add to"):
        ctrl.reset()
    assert issubclass(FunctionNotImplementedError, NotImplementedError)


def test_an_entry_may_be_empty(ctrl: Controller) -> None:
    entry = ctrl.reset.enable_empty()
    assert entry is ctrl.reset
    assert ctrl.reset() is None
    ctrl.reset.enable_empty(False)
    with pytest.raises(FunctionNotImplementedError):
        ctrl.reset()


def test_an_entry_is_there_before_its_function(ctrl: Controller) -> None:
    add = ctrl.add_up
    assert not add.exists()
    assert "add_up" not in ctrl
    ctrl.add_up = lambda a, b: a + b
    assert add(1, b=2) == 3
    assert ctrl["add_up"] is add
    assert add.exists()
    assert "add_up" in ctrl
    ctrl["add_up"] = lambda a, b: a * b
    assert add(2, 5) == 10
    ctrl.add_up = None
    assert not add.exists()


def test_results(ctrl: Controller) -> None:
    calls: list[str] = []

    def note(name: str) -> Callable[[], str]:
        def call() -> str:
            calls.append(name)
            return name

        return call

    ctrl.entry.add(note("first"))
    ctrl.entry.add(note("second"))
    assert ctrl.entry() == ["first", "second"]
    ctrl.entry = note("set")
    assert ctrl.entry() == ["set", "first", "second"]
    assert calls[2:] == ["set", "first", "second"]
    ctrl.entry.clear(set_only=True)
    assert ctrl.entry() == "set"
    ctrl.entry.clear()
    assert not ctrl.entry.exists()


def test_the_same_function_is_added_once(ctrl: Controller) -> None:
    def one() -> int:
        return 1

    ctrl.entry.add(one)
    ctrl.entry.add(one)
    assert ctrl.entry() == [1]


def test_once_is_for_one_call_and_cleared_before_it(ctrl: Controller) -> None:
    seen: list[Any] = []

    def again() -> str:
        seen.append(ctrl.entry.exists())
        return "once"

    ctrl.entry.once(again)
    assert ctrl.entry() == ["once"]
    assert seen == [False]
    with pytest.raises(FunctionNotImplementedError):
        ctrl.entry()


def test_decorators(ctrl: Controller) -> None:
    @ctrl.add("entry")
    def added() -> str:
        return "added"

    @ctrl.once("entry")
    def once() -> str:
        return "once"

    @ctrl.set("entry")
    def chosen() -> str:
        return "set"

    assert ctrl.entry() == ["set", "added", "once"]
    assert (added(), once(), chosen()) == ("added", "once", "set")

    @ctrl.set("entry", clear=True)
    def alone() -> str:
        return "alone"

    assert ctrl.entry() == "alone"

    @ctrl.add("entry", clear=True)
    def fresh() -> str:
        return "fresh"

    assert ctrl.entry() == ["fresh"]


def test_taking_back(ctrl: Controller) -> None:
    def one() -> int:
        return 1

    def two() -> int:
        return 2

    ctrl.entry.set(one)
    ctrl.entry.add(two)
    ctrl.entry.once(two)
    ctrl.entry.discard(one)
    ctrl.entry.remove(two)
    assert ctrl.entry() == [2]
    ctrl.entry.discard(two)
    with pytest.raises(KeyError):
        ctrl.entry.remove(two)
    assert not ctrl.entry.exists()


@on_a_loop
async def test_tasks() -> None:
    ctrl = Server("tasks").controller
    done = asyncio.Event()

    @ctrl.add_task("work")
    async def work(n: int) -> int:
        await done.wait()
        return n

    [task] = ctrl.work(3)
    assert isinstance(task, asyncio.Task)
    assert not task.done()
    done.set()
    assert await task == 3

    @ctrl.set_task("other")
    async def other() -> str:
        return "other"

    assert await ctrl.other() == "other"
    ctrl.work.remove_task(work)
    assert not ctrl.work.exists()


@on_a_loop
async def test_a_task_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    ctrl = Server("failing").controller

    @ctrl.set_task("work")
    async def work() -> None:
        raise LookupError("not here")

    task = ctrl.work()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert "a task of Server(failing) raised" in caplog.text
    assert "LookupError: not here" in caplog.text


def test_a_task_needs_a_loop(ctrl: Controller) -> None:
    @ctrl.set_task("work")
    async def work() -> None: ...

    with pytest.raises(RuntimeError, match="no event loop is running, and neither is the server"):
        ctrl.work()


def test_only_functions(ctrl: Controller) -> None:
    with pytest.raises(TypeError, match="a controller holds functions, not int"):
        ctrl.entry = 3  # type: ignore[assignment]
    ctrl.entry.set_task(lambda: 3)
    with pytest.raises(TypeError, match="a task needs an async function"):
        ctrl.entry()


@pytest.mark.parametrize("name", ["set", "add", "trigger", "_entries"])
def test_its_methods_are_no_entries(ctrl: Controller, name: str) -> None:
    with pytest.raises(NameError, match=f"'{name}' is a method of the controller"):
        setattr(ctrl, name, print)
    with pytest.raises(AttributeError):
        ctrl.__nothing__  # noqa: B018


def test_an_entry_handles_the_event_of_a_widget(ctrl: Controller) -> None:
    app = MainApp()
    button = Button("Reset")
    app.children = [button]
    button.register("click", ctrl.reset)
    calls: list[tuple[Any, ...]] = []
    ctrl.reset = lambda *args: calls.append(args)
    button.emit("click")
    assert calls == [()]


def test_a_session_that_holds_an_entry_finds_it_again() -> None:
    ctrl = get_server("kept").controller
    ctrl.reset = lambda: 3
    restored = pickle.loads(pickle.dumps((ctrl, ctrl.reset)))
    assert restored == (ctrl, ctrl.reset)
    assert restored[1]() == 3


def test_a_trigger_without_a_name(ctrl: Controller) -> None:
    without_parentheses: Any = test_triggers
    with pytest.raises(TypeError, match="a trigger is given a name, as in @server.trigger\\('save'\\), not <function"):
        ctrl.trigger(without_parentheses)


def test_triggers(ctrl: Controller) -> None:
    @ctrl.trigger("save")
    def save() -> str:
        return "saved"

    def other() -> None: ...

    assert ctrl.trigger_fn("save") is save
    assert ctrl.trigger_name(save) == "save"
    assert ctrl.trigger_name(other) == "trigger__1"
    assert ctrl.trigger_name(other) == "trigger__1"
    assert ctrl.trigger_fn("trigger__1") is other
    assert ctrl.trigger_name(lambda: None) == "trigger__2"
    assert ctrl.trigger_unregister("save")
    assert not ctrl.trigger_unregister("save")
    assert ctrl.trigger_fn("save") is None
    assert ctrl.trigger_unregister(other)
    assert ctrl.trigger_name(other) == "trigger__3"


def test_a_trigger_of_a_name_that_was_taken_has_it() -> None:
    server = Server("taken")

    @server.trigger("save")
    def first() -> None: ...

    @server.trigger("save")
    def second() -> None: ...

    assert server.controller.trigger_fn("save") is second
    assert server.trigger_name(second) == "save"
    assert server.trigger_name(first) == "trigger__1"
