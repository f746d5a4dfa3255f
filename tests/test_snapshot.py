"""Snapshots: what is kept, what is believed, what is left out, and what is refused by name."""

import asyncio
import concurrent.futures
import hmac
import io
import logging
import os
import pickle
import queue
import socket
import sqlite3
import sys
import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jibe_like.errors import MisfitSnapshotError, SnapshotError, UnpicklableError
from jibe_like.main_app import MainApp
from jibe_like.session.session import Session
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.tree.widget import Widget
from jibe_like.widgets.button import Button
from jibe_like.widgets.text import Label

SECRET, OTHER, OLD = "a" * 40, "b" * 40, "c" * 40


@dataclass
class State:
    """What a session stores."""

    document: Any = None
    connections: list[Any] = field(default_factory=list)


def snapshots(*secrets: str) -> Snapshots:
    return Snapshots(secrets or [SECRET], (Session,))


def again(value: Any) -> Any:
    """The value after a server's death."""
    restored = snapshots().load(snapshots().dump(State(value)))
    assert restored.warnings == []
    return restored.state.document


ran: list[str] = []


class Trap:
    """Notes that it was unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return note, ("unpickled",)


def note(text: str) -> None:
    ran.append(text)


# -- what is kept


class Counter(MainApp):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.label = Label("0", style={"color": "red"})
        self.button = Button("+", attributes={"title": "more"})
        self.button.register("click", self.add)
        self.children = [self.label, self.button]

    def add(self) -> None:
        self.count += 1
        self.label.value = str(self.count)


def test_an_application_goes_on() -> None:
    app = Counter()
    app.add()
    back = again(app)
    assert type(back) is Counter
    assert back.node() == app.node()
    assert back.children[1] is back.button
    assert back.tree.index["w2"] is back.button
    back.button.emit("click")
    assert (back.count, back.label.value) == (2, "2")
    assert (app.count, app.label.value) == (1, "1")


def test_what_is_shared_stays_shared() -> None:
    shared = {"items": [1]}
    back = again([shared, shared, (shared,), partial(print, shared)])
    assert back[0] is back[1] is back[2][0] is back[3].args[0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        {1: {2, 3}, "a": (1.5, b"x", 10**30)},
        deque([1, 2], maxlen=3),
        defaultdict(list, {"a": [1]}),
        OrderedDict(b=1, a=2),
        frozenset({"x"}),
        range(5),
        Path("/tmp"),
        Counter,
        len,
        "".join,
        logging.getLogger("application.x"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_plain_values(value: Any) -> None:
    assert again(value) == value


def test_rows_that_refer_to_the_next_are_no_deep_matter() -> None:
    rows = [SimpleNamespace(number=number) for number in range(450)]
    for row, following in pairwise(rows):
        row.next = following
    limit = sys.getrecursionlimit()
    back = again(rows)
    assert sys.getrecursionlimit() == limit
    assert back[0].next is back[1]
    assert back[-1].number == 449


# -- what is believed


def test_a_changed_byte_is_never_unpickled() -> None:
    ran.clear()
    data = snapshots().dump([Trap()])
    for position in range(len(data)):
        for bit in (1, 0x80):
            changed = bytearray(data)
            changed[position] ^= bit
            with pytest.raises(SnapshotError) as caught:
                snapshots().load(bytes(changed))
            assert type(caught.value) is SnapshotError
    assert ran == []
    snapshots().load(data)
    assert ran == ["unpickled"]


@pytest.mark.parametrize("cut", [0, 1, 3, 4, 35, 36, 37, 60, -1])
def test_a_part_of_it_is_never_unpickled(cut: int) -> None:
    ran.clear()
    with pytest.raises(SnapshotError):
        snapshots().load(snapshots().dump([Trap()])[:cut])
    with pytest.raises(SnapshotError):
        snapshots().load(snapshots().dump([Trap()]) + b"x")
    assert ran == []


def test_a_foreign_one_is_never_unpickled() -> None:
    ran.clear()
    data = snapshots(OTHER).dump([Trap()])
    with pytest.raises(SnapshotError, match="another secret"):
        snapshots().load(data)
    with pytest.raises(SnapshotError, match="not a snapshot"):
        snapshots().load(pickle.dumps(Trap()))
    assert ran == []


def test_another_version_is_never_unpickled() -> None:
    ran.clear()
    data = bytearray(snapshots().dump([Trap()]))
    data[3] = 2
    with pytest.raises(SnapshotError, match="of version 2, and this program reads version 1"):
        snapshots().load(bytes(data))
    assert ran == []


def test_one_of_another_session_is_never_unpickled() -> None:
    ran.clear()
    data = snapshots().dump([Trap()], "shop/alice")
    for context in ("shop/bob", "", "shop/alice "):
        with pytest.raises(SnapshotError):
            snapshots().load(data, context)
    assert ran == []
    snapshots().load(data, "shop/alice")
    assert ran == ["unpickled"]


def test_secrets_rotate() -> None:
    old = snapshots(OLD).dump("old")
    both = snapshots(SECRET, OLD)
    assert both.load(old).state == "old"
    new = both.dump("new")
    assert snapshots().load(new).state == "new"
    with pytest.raises(SnapshotError):
        snapshots(OLD).load(new)


@pytest.mark.parametrize("secrets", [[], [""], [SECRET, ""], SECRET])
def test_a_secret_is_needed(secrets: Any) -> None:
    with pytest.raises(ValueError, match="list of secrets"):
        Snapshots(secrets)


def test_the_secret_signs_nothing_else_that_would_pass() -> None:
    body = snapshots().dump("x")[36:]
    data = b"jls\x01" + hmac.digest(SECRET.encode(), body, "sha256") + body
    with pytest.raises(SnapshotError):
        snapshots().load(data)


# -- what does not fit


class Narrow:
    """Refuses its own state."""

    def __init__(self) -> None:
        self.x = 1

    def __setstate__(self, state: Any) -> None:
        raise TypeError("x is a str now")


def test_what_does_not_fit_is_told_apart() -> None:
    data = snapshots().dump(Narrow())
    with pytest.raises(MisfitSnapshotError, match="TypeError: x is a str now"):
        snapshots().load(data)


def test_a_class_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = snapshots().dump(Narrow())
    monkeypatch.delattr(f"{__name__}.Narrow")
    with pytest.raises(MisfitSnapshotError, match="Narrow"):
        snapshots().load(data)


# -- what is left out


def test_live_things_come_back_as_none() -> None:
    async def make() -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(asyncio.sleep(0))
        handle = loop.call_later(9, print)
        things = [
            Session("s", Counter()),
            loop,
            task,
            handle,
            loop.call_soon(print),
            loop.create_future(),
            asyncio.Lock(),
            asyncio.Event(),
            asyncio.Condition(),
            asyncio.Semaphore(),
            threading.Lock(),
            threading.RLock(),
            threading.Condition(),
            threading.Event(),
            threading.current_thread(),
            threading.Timer(9, print),
        ]
        with socket.socket() as plain, concurrent.futures.ThreadPoolExecutor(1) as pool:
            things += [plain, pool, pool.submit(int), pool.submit(int)]
            back = again([things, {"task": task, "tasks": {task}}, things])
            assert back == [[None] * 20, {"task": None, "tasks": {None}}, [None] * 20]
            assert back[0] is back[2]
        handle.cancel()
        await task

    asyncio.run(make())


def test_what_belongs_to_uvloop_is_live_too() -> None:
    # Its handles derive from none of asyncio's classes.
    handle = type("TimerHandle", (), {"__module__": "uvloop.loop"})()
    assert again([handle]) == [None]


def test_the_session_is_left_out_and_the_application_kept() -> None:
    async def make() -> None:
        app = Counter()
        session = Session("s", app)
        app.seen = [session]  # type: ignore[attr-defined]
        back = again(app)
        assert (back.session, back.seen) == (None, [None])
        session.destroy()

    asyncio.run(make())


# -- what is refused


def numbers() -> Iterator[int]:
    yield 1


class Holder:
    """A wrapper: never the culprit."""

    __slots__ = ("_inner", "other")

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.other = 1

    @property
    def inner(self) -> Any:
        return self._inner


class Stubborn:
    def __reduce__(self) -> Any:
        raise RuntimeError("I stay")


def local() -> Any:
    class Local:
        pass

    return Local()


def renamed() -> Any:
    return type("Narrow", (), {"__module__": __name__})()


def exec_made() -> Any:
    namespace: dict[str, Any] = {}
    exec("f = lambda: 1", namespace)  # noqa: S102  (such code is what the test is about)
    return namespace["f"]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    with (tmp_path / "file").open("w") as file:
        yield file


def culprit(value: Any) -> tuple[str, str]:
    with pytest.raises(UnpicklableError) as caught:
        snapshots().dump(State(value))
    assert caught.value.path in str(caught.value)
    assert caught.value.type_name in str(caught.value)
    assert caught.value.reason in str(caught.value)
    return caught.value.path, caught.value.type_name


def test_the_culprit_is_named_by_its_attributes(opened: Any) -> None:
    app = Counter()
    app.children.append(Label("x"))
    app.children[2].file = opened  # type: ignore[attr-defined]
    assert culprit(app) == ("document.children[2].file", "_io.TextIOWrapper")
    app.report = {"a b": [1, (opened,)]}  # type: ignore[attr-defined]
    del app.children[2].file
    assert culprit(app) == ("document.report['a b'][1][0]", "_io.TextIOWrapper")


def test_a_property_and_a_slot_have_the_names_they_are_used_by(opened: Any) -> None:
    button = Button("x")
    object.__setattr__(button, "_p_tooltip", opened)
    assert culprit(button)[0] == "document.tooltip"
    assert culprit(Holder(Holder(opened)))[0] == "document.inner.inner"


@pytest.mark.parametrize(
    ("make", "type_name"),
    [
        (numbers, "generator"),
        (lambda: sys, "module"),
        (lambda: sqlite3.connect(":memory:"), "sqlite3.Connection"),
        (lambda: ThreadPool(1), "multiprocessing.pool.ThreadPool"),
        (lambda: {}.keys(), "dict_keys"),
        (lambda: io.FileIO(os.devnull), "_io.FileIO"),
        (lambda: memoryview(b""), "memoryview"),
        (lambda: asyncio.Queue(), "asyncio.queues.Queue"),
        (lambda: queue.PriorityQueue(), "queue.PriorityQueue"),
        (lambda: threading.local(), "_thread._local"),
        (Stubborn, f"{__name__}.Stubborn"),
        (local, f"{__name__}.local.<locals>.Local"),
        (lambda: type(local()), "type"),
        (renamed, f"{__name__}.Narrow"),
        (exec_made, "function"),
    ],
)
def test_what_cannot_be_stored_is_the_culprit_wherever_it_is(make: Callable[[], Any], type_name: str) -> None:
    thing = make()
    assert culprit(thing) == ("document", type_name)
    assert culprit(Holder([1, thing])) == ("document.inner[1]", type_name)
    assert culprit(partial(print, thing, a=thing)) == ("document.args[0]", type_name)
    assert culprit(partial(print, a=thing)) == ("document.keywords['a']", type_name)
    assert culprit(deque([thing])) == ("document[0]", type_name)
    assert culprit(defaultdict(list, a=thing)) == ("document['a']", type_name)
    assert culprit({"x": {1: thing}}) == ("document['x'][1]", type_name)
    assert culprit(lambda: thing) == ("document.__closure__['thing']", type_name)
    assert culprit(lambda x=thing: x) == ("document.__defaults__[0]", type_name)
    assert culprit(lambda *, x=thing: x) == ("document.__kwdefaults__['x']", type_name)
    if hasattr(thing, "close"):
        assert culprit(thing.close) == ("document.__self__", type_name)
        thing.close()


def test_a_key_and_a_member_can_be_it() -> None:
    thing = numbers()
    assert culprit({thing: 1})[0].endswith("(the key)")
    assert culprit({thing})[0] == "document{…}"


def test_cycles_do_not_hide_it(opened: Any) -> None:
    ring: list[Any] = [{}]
    ring[0]["self"] = ring
    ring.append(Holder(ring))
    assert again(ring)[1].inner[1].inner[0]["self"] is not ring
    ring[0]["file"] = opened
    assert culprit(ring)[0] == "document[0]['file']"


def test_the_nearest_is_named() -> None:
    near, far = numbers(), numbers()
    app = Counter()
    app.button.register("click", lambda: far)
    app.last = near  # type: ignore[attr-defined]
    assert culprit(app)[0] == "document.last"


def test_the_reason_says_what_to_do() -> None:
    for thing, reason in [
        (local(), "its class is defined inside a function"),
        (renamed(), f"its class cannot be imported as {__name__}.Narrow"),
        (exec_made(), "made at run time"),
        (queue.Queue(), "keep its items in a list"),
    ]:
        with pytest.raises(UnpicklableError, match=reason):
            snapshots().dump(thing)


def test_a_state_that_is_itself_the_culprit_has_a_name_too() -> None:
    with pytest.raises(UnpicklableError, match="^the session cannot be stored: .*generator"):
        snapshots().dump(numbers())


def test_the_search_can_be_left_out() -> None:
    with pytest.raises(UnpicklableError) as caught:
        snapshots().dump(State(numbers()), explain=False)
    assert caught.value.path == "the session"
    assert "generator" in caught.value.reason


def test_too_deep_a_nest_is_named() -> None:
    nest: list[Any] = []
    for _ in range(5_000):
        nest = [nest]
    path, type_name = culprit(nest)
    assert path.startswith("document[0][0]")
    assert len(path) < 500
    assert type_name == "list"
    with pytest.raises(UnpicklableError, match="nested too deeply"):
        snapshots().dump(nest)


def test_an_element_deep_in_the_page_is_no_matter() -> None:
    inner = root = Widget()
    for _ in range(160):
        inner.children.append(Widget())
        inner = inner.children[0]
    assert len(list(again(root).descendants)) == 160
