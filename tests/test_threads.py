"""Fifty threads work on one application at once: nothing is lost, nothing is torn, and the page shows what is."""

import asyncio
import itertools
import random
import sys
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from jibe_like.session.connection import Connection
from jibe_like.session.session import Session
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.tree.binding import text
from jibe_like.tree.lock import STRUCTURE
from jibe_like.tree.property import Property
from jibe_like.tree.tree import descend
from jibe_like.tree.widget import Widget
from jibe_like.widgets import Button, Dropdown, Label, Table, Timer
from tests.sessions import App, Tab, make_session, on_a_loop, until
from tests.test_keeper import Process, Shelf

THREADS = 50


@pytest.fixture(autouse=True)
def busy_threads() -> Iterator[None]:
    """Threads take turns as often as the interpreter can, and so in the midst of everything."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def running() -> tuple[App, Session]:
    app = App()
    return app, make_session(app)


async def in_threads(work: Callable[[int], object], count: int = THREADS) -> None:
    """Has so many threads call `work` with their number, while the event loop runs."""
    errors: list[BaseException] = []
    begin = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            begin.wait(10)
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    await until(lambda: not any(thread.is_alive() for thread in threads))
    assert errors == []


async def shown(session: Session, *tabs: Tab) -> None:
    """Waits until all that the threads have changed has gone to the pages, and looks at these."""
    done = asyncio.Event()
    session.loop.call_soon_threadsafe(done.set)
    await done.wait()
    await until(lambda: all(tab.is_right for tab in tabs))


def whole(session: Session) -> None:
    """The tree holds together: each widget is in the index, in its parent's children once, and nothing else is."""
    tree = session.document.tree
    members = list(descend(tree.root))
    assert len(set(members)) == len(members)
    assert {member.identifier: member for member in members} == tree.index
    for member in members:
        assert member._tree is tree
        assert all(child.parent is member for child in member.children)


@on_a_loop
async def test_properties_lose_nothing() -> None:
    app, session = running()
    labels = [Label() for _ in range(THREADS)]
    shared = [Label() for _ in range(5)]
    app.box.children = [*labels, *shared]
    tab = Tab(session).open()

    def work(number: int) -> None:
        for step in range(100):
            labels[number].value = f"{number}: {step}"
            labels[number].style["order"] = str(step)
            labels[number].attributes[f"data-{step % 7}"] = str(step)
            shared[step % 5].value = f"{number}: {step}"
            labels[number].tooltip = str(step)

    await in_threads(work)
    await shown(session, tab)
    assert [label.value for label in labels] == [f"{number}: 99" for number in range(THREADS)]
    assert all(label.style["order"] == "99" and len(label.attributes) == 7 for label in labels)
    assert all(label.value.endswith(f": {95 + place}") for place, label in enumerate(shared))


@on_a_loop
async def test_one_widget_gets_its_first_of_everything_from_all_threads_at_once() -> None:
    for _ in range(20):
        app, session = running()
        box = app.box
        tab = Tab(session).open()

        def work(number: int, box: Widget = box) -> None:
            [
                lambda: box.children.append(Label(str(number))),
                lambda: box.style.update({f"--n{number}": "1"}),
                lambda: box.attributes.update({f"data-n{number}": "1"}),
                lambda: box.add_class(f"n{number}"),
                lambda: box.register("click", lambda: None),
            ][number % 5]()

        await in_threads(work, 20)
        await shown(session, tab)
        assert len(box.children) == len(box.style) == len(box.attributes) == 4
        assert len(set(box.classname.split()) - {"widget"}) == 4
        assert len(box.subscribers["click"]) == 4


@on_a_loop
async def test_lists_lose_nothing() -> None:
    app, session = running()
    dropdown = Dropdown(options=["first"])
    app.box.children = [dropdown]
    tab = Tab(session).open()

    def work(number: int) -> None:
        for step in range(10):
            dropdown.options.append(f"{number}-{step}")

    await in_threads(work)
    await shown(session, tab)
    assert len(dropdown.options) == 1 + 10 * THREADS


@on_a_loop
async def test_children_lose_nothing() -> None:
    app, session = running()
    boxes = [Widget() for _ in range(THREADS)]
    common = Widget()
    app.box.children = [common, *boxes]
    app.words.register("click", lambda: setattr(app.words, "value", app.words.value + "+"))
    tab, late = Tab(session).open(), Tab(session)
    loop_rows: list[Label] = []

    def work(number: int) -> None:
        box = boxes[number]
        for step in range(6):
            row = Label(f"{number}-{step}")
            common.children.append(row)
            box.children.insert(0, Label("passing"))
            if step % 2 == 0:
                box.children.append(row)
            box.children.reverse()
            box.children.remove(next(child for child in box.children if cast(Label, child).value == "passing"))
            row.value += "!"

    async def meanwhile() -> None:
        for step in itertools.count():
            loop_rows.append(Label(f"loop {step}"))
            common.children.insert(0, loop_rows[-1])
            common.children.move(loop_rows[-1], len(common.children) // 2)
            if step == 20:
                late.open()
            tab.say("words", "click")
            await asyncio.sleep(0.001)

    busy = asyncio.create_task(meanwhile())
    await until(lambda: len(loop_rows) > 3)
    await in_threads(work)
    await until(lambda: len(loop_rows) > 20)
    busy.cancel()
    await shown(session, tab, late)
    whole(session)
    texts = sorted(child.value for box in (common, *boxes) for child in box.children if isinstance(child, Label))
    rows = [f"{number}-{step}!" for number in range(THREADS) for step in range(6)]
    assert texts == sorted([*rows, *(row.value for row in loop_rows)])


@on_a_loop
async def test_a_row_that_is_being_filled_is_attached_whole() -> None:
    """One thread fills a row, another one puts it into the page meanwhile."""
    app, session = running()
    tab = Tab(session).open()
    rows = [Widget() for _ in range(THREADS)]

    def work(number: int) -> None:
        row = rows[number // 2]
        for step in range(20):
            if number % 2:
                row.children.append(Label(str(step)))
            elif step % 4 == 0:
                app.box.children.append(row)
            elif step % 4 == 2:
                app.box.children.remove(row)

    await in_threads(work)
    app.box.children = rows
    await shown(session, tab)
    whole(session)
    assert sum(len(row.children) for row in rows) == 20 * THREADS // 2


@on_a_loop
async def test_a_widget_that_many_threads_want_ends_up_in_one_place() -> None:
    app, session = running()
    boxes = [Widget() for _ in range(THREADS)]
    wanted = [Label(str(number)) for number in range(10)]
    app.box.children = boxes
    tab = Tab(session).open()

    def work(number: int) -> None:
        chosen = random.Random(number)
        for _ in range(40):
            row = chosen.choice(wanted)
            if row.parent is not boxes[number]:
                boxes[number].children.append(row)

    await in_threads(work)
    await shown(session, tab)
    whole(session)
    assert sum(len(box.children) for box in boxes) == len(wanted)


@on_a_loop
async def test_snapshots_are_whole_while_threads_work() -> None:
    app, session = running()
    tab = Tab(session).open()
    keeper_of = Snapshots(["secret"], live=(Session,))
    app.box.children = [Widget() for _ in range(10)]
    stop = threading.Event()

    def work(number: int) -> None:
        chosen = random.Random(number)
        while not stop.is_set():
            box = app.box.children[number % 10]
            box.children.append(Label(f"{number}"))
            box.style[f"--n{chosen.randrange(5)}"] = str(number)
            if len(box.children) > 5:
                box.children.clear()

    async def store() -> None:
        for _ in range(30):
            with STRUCTURE:
                record = keeper_of.dump(session.state())
            copy = keeper_of.load(record).state.document
            members = list(descend(copy.tree.root))
            assert {member.identifier: member for member in members} == copy.tree.index
            await asyncio.sleep(0)
        stop.set()

    storing = asyncio.create_task(store())
    try:
        await in_threads(work, 20)
    finally:
        stop.set()
        await storing
    await shown(session, tab)
    whole(session)


@on_a_loop
async def test_a_table_says_which_row_is_chosen() -> None:
    app, session = running()
    table = Table(["name"], [[str(number)] for number in range(THREADS)], selectable=True)
    app.children.append(table)
    tab = Tab(session).open()
    await in_threads(lambda number: setattr(table, "selected", number))
    await shown(session, tab)
    assert table.selected is not None


@on_a_loop
async def test_handlers_and_messages_from_threads() -> None:
    app, session = running()
    tab = Tab(session).open()
    loop_thread = threading.get_ident()
    ran: list[int] = []

    async def on_click() -> None:
        await asyncio.sleep(0)
        ran.append(threading.get_ident())

    button = Button()
    button.register("click", on_click)
    app.box.children = [button]

    def work(number: int) -> None:
        button.emit("click")
        app.words.call("focus", number)

    await in_threads(work)
    await until(lambda: len(ran) == THREADS)
    assert set(ran) == {loop_thread}
    await shown(session, tab)
    calls = [op for frame in tab.told() for op in frame.get("ops", ()) if op[0] == "call"]
    assert sorted(op[3][0] for op in calls) == list(range(THREADS))


class Told(Widget):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int]] = []

    def on_attached(self) -> None:
        self.told.append(("attached", threading.get_ident()))

    def on_detached(self) -> None:
        self.told.append(("detached", threading.get_ident()))


@on_a_loop
async def test_hooks_are_called_by_the_loop_in_pairs() -> None:
    app, session = running()
    box = app.box
    widgets = [Told() for _ in range(THREADS)]

    def work(number: int) -> None:
        for _ in range(10):
            box.children.append(widgets[number])
            box.children.remove(widgets[number])
        box.children.append(widgets[number])

    await in_threads(work)
    await shown(session)
    for widget in widgets:
        await until(lambda widget=widget: widget.told and widget.told[-1][0] == "attached")  # type: ignore[misc]
        names = [name for name, _ in widget.told]
        assert names == ["attached", "detached"] * (len(names) // 2) + ["attached"]
        assert {thread for _, thread in widget.told} == {threading.get_ident()}


@on_a_loop
async def test_a_hook_may_wait_for_a_thread_that_changes_the_tree() -> None:
    """No hook is called under the lock: else the two would wait for each other for ever."""
    app, _ = running()

    class Worker(Widget):
        def on_detached(self) -> None:
            thread = threading.Thread(target=lambda: app.box.children.append(Label("last")))
            thread.start()
            thread.join(10)
            assert not thread.is_alive()

    worker = Worker()
    app.box.children = [worker]
    app.box.children.remove(worker)
    assert [type(child) for child in app.box.children] == [Label]


@on_a_loop
async def test_a_hook_that_removes_its_neighbour_spares_it_the_news() -> None:
    app, _ = running()
    box = app.box
    quiet = Told()

    class Jealous(Widget):
        def on_attached(self) -> None:
            box.children.remove(quiet)

    box.children = [Jealous(), quiet]
    assert quiet.told == []


@on_a_loop
async def test_a_hook_is_called_where_a_widget_goes_to_a_box_outside_of_the_tree() -> None:
    app, _ = running()
    told, outside = Told(), Widget()
    app.box.children = [told]
    outside.children.append(told)
    assert [name for name, _ in told.told] == ["attached", "detached"]


@on_a_loop
async def test_timers_are_set_from_threads() -> None:
    app, _ = running()
    ticks: list[int] = []
    timers = [Timer(3600) for _ in range(THREADS)]
    for number, timer in enumerate(timers):
        timer.register("tick", lambda number=number: ticks.append(number))
    app.box.children = timers

    def work(number: int) -> None:
        for _ in range(10):
            timers[number].interval = 1800.0
            timers[number].active = False
            timers[number].active = True
        timers[number].once = True
        timers[number].interval = 0.001

    await in_threads(work)
    await until(lambda: len(ticks) == THREADS)
    assert sorted(ticks) == list(range(THREADS))
    assert not any(timer.active for timer in timers)


@on_a_loop
async def test_a_thread_that_outlives_its_session_harms_nobody() -> None:
    app, session = running()
    label = Label()
    app.box.children = [label]
    Tab(session).open()
    stop = threading.Event()
    steps = itertools.count()

    def work(number: int) -> None:
        # Not as fast as it could: what has come is more than the page takes in, on a busy machine.
        while not stop.wait(0.001):
            label.value = str(next(steps))
            app.box.children.append(Label())

    working = asyncio.create_task(in_threads(work, 5))
    await until(lambda: len(app.box.children) > 50)
    session.destroy()
    before = len(app.box.children)
    await until(lambda: len(app.box.children) > before + 50)
    stop.set()
    await working
    assert app.tree.host is None


def test_a_thread_that_outlives_its_loop_harms_nobody() -> None:
    async def main() -> tuple[App, Session]:
        app, session = running()
        Tab(session).open()
        return app, session

    app, session = asyncio.run(main())
    errors: list[BaseException] = []

    def work() -> None:
        try:
            app.words.value = "late"
            app.box.children.append(Timer(1))
            session.call_later(1, lambda: None)()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []
    assert app.words.value == "late"


@on_a_loop
async def test_nobody_looks_and_what_threads_change_is_stored_all_the_same() -> None:
    """A page that is away costs nothing, and what happens meanwhile is kept."""
    changes: list[bool] = []
    app, session = running()
    session._on_changed = lambda *_: changes.append(True)
    tab = Tab(session).open()
    tab.lose()
    for step in range(3):
        await until(lambda: not session._flushing)
        before = len(changes)
        thread = threading.Thread(target=lambda step=step: setattr(app.words, "value", f"away {step}"))
        thread.start()
        await until(lambda before=before: len(changes) > before)  # type: ignore[misc]
        thread.join()
    tab.open()
    assert tab.is_right


class Restless:
    """Changes its application while that is pickled, as a thread might: so often."""

    def __init__(self, data: dict[int, object], times: int) -> None:
        self.data = data
        self.times = times

    def __reduce__(self) -> tuple[type[list[int]], tuple[()]]:
        if self.times:
            self.times -= 1
            self.data[len(self.data)] = None
        return list, ()


class Changing(App):
    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.data: dict[int, object] = {}
        self.data[0] = self.restless = Restless(self.data, 0)
        self.data[1] = None


@pytest.mark.parametrize("times", [1, 2, 5])
def test_an_application_whose_own_data_changes_while_it_is_stored(times: int, caplog: pytest.LogCaptureFixture) -> None:
    @on_a_loop
    async def test() -> None:
        shelf = Shelf()
        tab = await Process(shelf, Changing).visit()
        await until(lambda: shelf.puts)
        app = tab.session.document
        assert isinstance(app, Changing)
        app.restless.times = times
        before = len(shelf.puts)
        app.words.value = "changed"
        await until(lambda: len(shelf.puts) > before)
        assert app.restless.times == 0
        assert caplog.records == []

    test()


def twice(value: str) -> str:
    if value == "wrong":
        raise ValueError("it cannot be shown")
    return value * 2


class Twice(Widget):
    value = Property("", bind=text(twice))


@on_a_loop
async def test_a_value_that_cannot_be_shown_keeps_no_other_from_it(caplog: pytest.LogCaptureFixture) -> None:
    app, session = running()
    tab = Tab(session).open()
    one, two = Twice(), Twice()
    app.box.children = [one, two]
    await shown(session, tab)

    def work() -> None:
        one.value = "right"
        two.value = "two"

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    # Valid when it was set, and not any more when it is its turn.
    object.__setattr__(one, "_p_value", "wrong")
    await until(lambda: "twotwo" in str(tab.page.shape()))
    assert [str(error) for _, _, error in app.errors] == ["it cannot be shown"]
    caplog.clear()
