"""Progress: what it counts, what it says, when it is shown, and how it ends."""

import asyncio
import pickle
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from jibe_like import MainApp
from jibe_like.errors import PropertyValueError, ProtocolError
from jibe_like.testing import assert_durable
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from jibe_like.widgets import Button, Label, Progress, ProgressBar
from tests.live_tree import FakeHost, browser_says, html, live, operations
from tests.sessions import Tab, until
from tests.test_background import Worker, on_a_loop
from tests.test_background import live as live_session


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    host = FakeHost()
    monkeypatch.setattr(time, "monotonic", lambda: host.now)
    return host


def inner(progress: Widget) -> tuple[ProgressBar, Label, Button]:
    """Its bar, its figures and its button."""
    found = list(progress.descendants)
    (bar,) = (widget for widget in found if isinstance(widget, ProgressBar))
    (button,) = (widget for widget in found if isinstance(widget, Button))
    return bar, [widget for widget in found if isinstance(widget, Label)][1], button


def figures(progress: Widget) -> str:
    return inner(progress)[1].value


def test_html() -> None:
    shown = html(Progress([1, 2], "Import", unit="rows", cancellable=True))
    assert 'class="widget vbox progress"' in shown
    assert '<progress id="w6" class="widget progressbar" value="0" aria-label="Import" max="100">' in shown
    assert ">Import<" in shown
    assert ">0 of 2 rows<" in shown
    assert 'aria-label="Cancel Import"' in shown


def test_it_counts_what_is_iterated_over() -> None:
    progress = Progress("abc")
    seen = [(letter, progress.n, progress.state, inner(progress)[0].value) for letter in progress]
    assert seen == [("a", 0, "running", 0), ("b", 1, "running", 100 / 3), ("c", 2, "running", 200 / 3)]
    assert (progress.n, progress.state, inner(progress)[0].value) == (3, "finished", 100)
    # Once more.
    assert list(progress) == ["a", "b", "c"]
    assert progress.n == 3


def test_where_nobody_knows_how_much_there_is() -> None:
    progress = Progress(iter(letter for letter in "abc"))
    assert progress.total is None
    assert (inner(progress)[0].value, figures(progress)) == (0, "")
    iterator = iter(progress)
    next(iterator), next(iterator)
    assert (inner(progress)[0].value, figures(progress)) == (None, "1")
    assert list(iterator) == ["c"]
    assert (inner(progress)[0].value, progress.n) == (100, 3)
    assert figures(progress).startswith("3 · 0.0 s")


def test_items_that_tell_their_number_and_a_total_of_ones_own() -> None:
    assert Progress(range(7)).total == 7
    assert Progress(iter([1, 2])).total == 2
    assert Progress(range(7), total=9).total == 9
    assert Progress().total is None
    assert Progress([]).total == 0
    assert list(Progress([])) == []
    with pytest.raises(PropertyValueError, match="a total is a number from 0"):
        Progress(total=-1)


def test_what_has_no_items_or_asynchronous_ones() -> None:
    with pytest.raises(TypeError, match="it has no items"):
        list(Progress(total=3))

    async def letters() -> AsyncIterator[str]:
        yield "a"

    with pytest.raises(TypeError, match="`async for`"):
        list(Progress(letters()))


def test_counting_by_hand(host: FakeHost) -> None:
    progress = Progress(total=10, unit="MB")
    assert (progress.state, figures(progress)) == ("waiting", "0 of 10 MB")
    progress.update(2.5)
    assert (progress.state, figures(progress)) == ("running", "2.5 of 10 MB")
    host.now += 10
    progress.n = 5
    assert figures(progress) == "5 of 10 MB · 2.0 s each · 0:10 left"
    progress.update(5)
    assert (progress.state, figures(progress)) == ("finished", "10 of 10 MB · 0:10")
    progress.reset(total=4)
    assert (progress.state, progress.n, figures(progress)) == ("waiting", 0, "0 of 4 MB")


@pytest.mark.parametrize(
    ("n", "seconds", "said"),
    [
        (1, 0.1, "1 of 100,000"),
        (30, 4, "30 of 100,000 · 7.5/s · 3:42:09 left"),
        (50_000, 10, "50,000 of 100,000 · 5,000/s · 0:10 left"),
        (99_999, 10, "99,999 of 100,000 · 10,000/s · 0.0 s left"),
        (100_000, 3900, "100,000 of 100,000 · 1:05:00"),
    ],
)
def test_what_it_says(host: FakeHost, n: int, seconds: float, said: str) -> None:
    progress = Progress(total=100_000)
    progress.n = 0
    host.now += seconds
    progress.n = n
    assert figures(progress) == said


def test_with(host: FakeHost) -> None:
    with Progress() as progress:
        assert progress.state == "running"
        progress.update(3)
    assert (progress.state, figures(progress)) == ("finished", "3")
    with Progress(total=10) as progress:
        progress.update(3)
    assert (progress.state, figures(progress)) == ("stopped", "stopped at 3 of 10")
    with pytest.raises(ValueError, match="no"), Progress() as progress:
        raise ValueError("no")
    assert progress.state == "stopped"


def test_a_loop_that_is_left_early_is_stopped() -> None:
    progress = Progress("abc")
    for _ in progress:
        break
    assert (progress.state, figures(progress)) == ("stopped", "stopped at 0 of 3")
    with pytest.raises(ZeroDivisionError):
        [1 / 0 for _ in progress]
    assert progress.state == "stopped"


def test_one_that_is_not_kept_leaves_at_its_end() -> None:
    progress = Progress("abc", keep=False)
    tree = live(progress)
    for _ in progress:
        assert progress.parent is tree.root
    assert progress.parent is None
    with Progress(keep=False) as other:
        tree.root.children.append(other)
    assert other.parent is None


# -- cancelling


def test_the_user_ends_it() -> None:
    progress = Progress(range(10), "Count", cancellable=True)
    told: list[str] = []
    live(progress)
    progress.register("cancel", lambda: told.append(progress.state))
    button = inner(progress)[2]
    seen = []
    for number in progress:
        seen.append(number)
        if number == 3:
            browser_says(button, "click")
            browser_says(button, "click")
    assert seen == [0, 1, 2, 3]
    assert (progress.state, progress.cancelled, told) == ("cancelled", True, ["cancelled"])
    assert figures(progress) == "cancelled at 4 of 10"
    assert button.hidden
    assert list(progress) == []
    progress.reset()
    assert len(list(progress)) == 10


def test_the_button_is_there_where_it_is_wanted() -> None:
    progress = Progress("ab", cancellable=False)
    button = inner(progress)[2]
    assert button.hidden
    progress.cancellable = True
    assert not button.hidden
    list(progress)
    assert button.hidden
    progress.cancel()
    assert progress.state == "finished"


def test_a_browser_cannot_say_that_it_is_cancelled() -> None:
    progress = Progress("ab")
    live(progress)
    with pytest.raises(ProtocolError):
        browser_says(progress, "cancel")
    assert not progress.cancelled


# -- showing


def test_it_is_shown_sixty_times_a_second_at_the_most_and_at_the_end(host: FakeHost) -> None:
    progress = Progress(range(100_000))
    tree = live(progress)
    tree.go_live(host)
    frames = 0
    for number in progress:
        if number % 1000 == 0:
            host.advance(0.01)
            frames += bool(operations(tree))
    assert frames <= 61
    host.advance(0.02)
    operations(tree)
    assert inner(progress)[0].value == 100
    assert figures(progress).startswith("100,000 of 100,000 · 1.0 s")
    assert host.waiting == []


def test_what_came_last_is_shown_although_nothing_follows(host: FakeHost) -> None:
    progress = Progress(total=100)
    live(progress).go_live(host)
    progress.update()
    progress.update()
    assert inner(progress)[0].value == 0
    host.advance(0.017)
    assert inner(progress)[0].value == 2


def test_changes_of_what_it_is_about_are_shown() -> None:
    progress = Progress(total=4, label="One")
    progress.label, progress.total, progress.unit = "Two", 8, "files"
    assert 'aria-label="Two"' in html(progress)
    assert figures(progress) == "0 of 8 files"


def test_fifty_threads_count() -> None:
    progress = Progress(total=50 * 1000)

    def work() -> None:
        for _ in range(1000):
            progress.update()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (progress.n, progress.state) == (50_000, "finished")


# -- in an application


@on_a_loop
async def test_the_application_shows_progress_and_the_page_stays_live() -> None:
    app, session = live_session()
    tab = Tab(session).open()
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        session.loop.call_soon(turn)

    turn()
    seen = 0
    progress = app.progress(range(100_000), "Count")
    async for _ in progress:
        seen += 1
    assert seen == progress.n == 100_000
    assert progress.parent is app
    assert turns > 2
    frames = len([frame for frame in tab.told() if "ops" in frame])
    assert frames < 5 + 60 * progress._elapsed
    await until(lambda: figures(progress).startswith("100,000 of 100,000 ·") and tab.is_right)


@on_a_loop
async def test_asynchronous_items_and_another_parent() -> None:
    app, _ = live_session()
    box = Widget()
    app.children.append(box)

    async def letters() -> AsyncIterator[str]:
        for letter in "abc":
            await asyncio.sleep(0)
            yield letter

    progress = app.progress(letters(), "Letters", total=3, parent=box, keep=False, cancellable=True, unit="letters")
    seen = []
    async for letter in progress:
        assert progress.parent is box
        seen.append(letter)
    assert seen == ["a", "b", "c"]
    assert progress.state == "finished"
    assert box.children == []


@on_a_loop
async def test_an_asynchronous_loop_that_is_left_early() -> None:
    app, _ = live_session()
    progress = app.progress(range(10))
    async for number in progress:
        if number == 4:
            break
    await until(lambda: progress.state == "stopped")
    other = app.progress(range(10))
    async for number in other:
        if number == 4:
            other.cancel()
    assert (other.state, other.n) == ("cancelled", 5)


@on_a_loop
async def test_progress_in_a_thread() -> None:
    app, session = live_session()
    tab = Tab(session).open()

    def work() -> int:
        return sum(app.progress(range(10_000), "Sum"))

    assert await app.run(work) == sum(range(10_000))
    (progress,) = (child for child in app.children if isinstance(child, Progress))
    await until(lambda: figures(progress).startswith("10,000 of 10,000 ·") and tab.is_right)


# -- the store


def restored(progress: Progress[int]) -> Progress[int]:
    tree: Tree = pickle.loads(pickle.dumps(live(progress)))
    tree.go_live(FakeHost())
    return next((child for child in tree.root.children if isinstance(child, Progress)), Progress(label="gone"))


def endless() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def test_what_was_at_work_when_the_server_died_is_stopped() -> None:
    progress = Progress(endless(), "Endless")
    for number in progress:
        if number == 7:
            copy = restored(progress)
            break
    assert (copy.state, copy.n, figures(copy)) == ("stopped", 7, "stopped at 7")
    # The work may be taken up.
    copy.reset(total=10)
    copy.n = 7
    copy.update(3)
    assert copy.state == "finished"


def test_one_that_is_not_kept_does_not_come_back_from_work_that_died() -> None:
    progress = Progress(endless(), "Endless", keep=False)
    for _ in progress:
        assert restored(progress).label == "gone"
        break


def test_one_that_waits_or_has_finished_comes_back_as_it_was() -> None:
    assert restored(Progress(range(3))).state == "waiting"
    progress = Progress(range(3))
    list(progress)
    copy = restored(progress)
    assert (copy.state, copy.n, figures(copy)) == ("finished", 3, figures(progress))


def test_durable() -> None:
    app: MainApp = Worker()
    for _ in app.progress(iter(range(3)), "Count", cancellable=True):
        assert_durable(app)
