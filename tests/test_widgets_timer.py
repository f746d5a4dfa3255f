"""Timer: when it ticks, and when not."""

import pickle
import time
from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError
from jibe_like.tree.tree import Tree
from jibe_like.widgets import Timer

from .live_tree import FakeHost, browser_says, html, live


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    host = FakeHost()
    monkeypatch.setattr(time, "monotonic", lambda: host.now)
    return host


def ticks(timer: Timer, host: FakeHost) -> list[float]:
    """When the timer has ticked, in seconds from now."""
    start = host.now
    seen: list[float] = []
    timer.register("tick", lambda: seen.append(round(host.now - start, 9)))
    return seen


def test_html() -> None:
    assert html(Timer()) == '<span id="w1" class="widget timer" hidden></span>'


def test_it_ticks_while_it_is_attached(host: FakeHost) -> None:
    timer = Timer(2)
    seen = ticks(timer, host)
    tree = live(timer)
    assert host.waiting == []
    tree.go_live(host)
    host.advance(7)
    assert seen == [2, 4, 6]
    tree.root.children.clear()
    assert host.waiting == []
    host.advance(10)
    assert seen == [2, 4, 6]
    tree.root.children.append(timer)
    host.advance(3)
    assert seen == [2, 4, 6, 19]
    tree.close()
    assert host.waiting == []


def test_it_does_not_drift(host: FakeHost) -> None:
    timer = Timer(1)
    live(timer).go_live(host)
    seen = ticks(timer, host)
    timer.register("tick", lambda: host.sleep(0.4))
    host.advance(4.5)
    assert seen == [1, 2, 3, 4]


def test_missed_ticks_are_left_out(host: FakeHost) -> None:
    timer = Timer(1)
    live(timer).go_live(host)
    seen = ticks(timer, host)
    host.sleep(3.3)
    host.advance(2)
    assert seen == [3.3, 4, 5]


def test_once(host: FakeHost) -> None:
    timer = Timer(1, once=True)
    live(timer).go_live(host)
    seen = ticks(timer, host)
    host.advance(3)
    assert seen == [1]
    assert not timer.active
    timer.active = True
    host.advance(3)
    assert seen == [1, 4]


def test_active(host: FakeHost) -> None:
    timer = Timer(1, active=False)
    live(timer).go_live(host)
    seen = ticks(timer, host)
    host.advance(2)
    timer.active = True
    host.advance(1.5)
    timer.active = False
    host.advance(2)
    assert seen == [3]
    assert host.waiting == []


def test_a_handler_stops_it(host: FakeHost) -> None:
    timer = Timer(1)
    live(timer).go_live(host)
    seen = ticks(timer, host)
    timer.register("tick", lambda: setattr(timer, "active", False))
    host.advance(3)
    assert seen == [1]
    assert host.waiting == []


def test_a_handler_that_raises_does_not(host: FakeHost) -> None:
    timer = Timer(1)
    live(timer).go_live(host)
    seen = ticks(timer, host)
    timer.register("tick", lambda: 1 / 0)
    host.advance(2)
    assert seen == [1, 2]
    assert [type(error) for error in host.errors] == [ZeroDivisionError, ZeroDivisionError]


def test_another_interval_starts_anew(host: FakeHost) -> None:
    timer = Timer(10)
    live(timer).go_live(host)
    seen = ticks(timer, host)
    host.advance(9)
    timer.interval = 2
    assert host.waiting == [2]
    host.advance(2)
    assert seen == [11]


def test_the_message(host: FakeHost) -> None:
    timer = Timer(1)
    live(timer).go_live(host)
    messages: list[Any] = []
    timer.register("tick", lambda source, message: messages.append((source, message)))
    host.advance(1)
    assert messages == [(timer, {"id": "w1", "event": "tick"})]


def test_a_browser_cannot_tick(host: FakeHost) -> None:
    timer = Timer(1)
    seen = ticks(timer, host)
    with pytest.raises(ProtocolError):
        browser_says(timer, "tick")
    assert seen == []


def test_intervals_that_there_are_not() -> None:
    for interval in (0, -1, float("nan"), float("inf")):
        with pytest.raises(PropertyValueError, match=r"Timer.*interval: a length of time is more than 0 seconds"):
            Timer(interval)
    wrong: Any = "1"
    with pytest.raises(PropertyTypeError, match=r"Timer.*interval must be float"):
        Timer(wrong)


def test_snapshot_of_a_running_one(host: FakeHost) -> None:
    tree = live(Timer(2))
    tree.go_live(host)
    restored: Tree = pickle.loads(pickle.dumps(tree))
    tree.close()
    copy = restored.root.children[0]
    assert isinstance(copy, Timer)
    seen = ticks(copy, host)
    restored.go_live(host)
    host.advance(5)
    assert seen == [2, 4]
