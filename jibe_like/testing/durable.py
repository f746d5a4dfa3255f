"""Whether an application can be stored, asked in a test and not first by a server that was killed."""

import asyncio
from inspect import iscoroutinefunction
from secrets import token_urlsafe
from typing import Any

from jibe_like.errors import SnapshotError, UnpicklableError
from jibe_like.main_app import MainApp
from jibe_like.session.document import SessionState
from jibe_like.session.session import Session
from jibe_like.session.snapshot.snapshot import Snapshots


def assert_durable(app: MainApp) -> None:
    """Stores the application as a server with a store would, brings it back, and compares what both show.

        def test_it_survives():
            app = Counter()
            app.button.emit("click")
            assert_durable(app)

    :param app: as it is after what the test has done with it. Its `on_snapshot` is called first; an `async` one only
        where no event loop is running.

    Raises AssertionError that names the attribute and the type of what cannot be stored, the function or class that
    would not be found again, or the first thing that would look different.
    """
    _call_on_snapshot(app)
    name = type(app).__qualname__
    snapshots = Snapshots([token_urlsafe(32)], live=(Session,))
    try:
        record = snapshots.dump(SessionState(app, 0))
    except UnpicklableError as error:
        raise AssertionError(f"{name} cannot be stored: {error}") from error
    try:
        restored = snapshots.load(record)
        after = restored.state.document.node()
    except SnapshotError as error:
        raise AssertionError(f"{name} does not come back: {error}") from error
    except Exception as error:
        raise AssertionError(f"{name} comes back, and cannot be rendered: {type(error).__name__}: {error}") from error
    if restored.warnings:
        raise AssertionError(f"{name} does not come back whole: {'; '.join(restored.warnings)}")
    difference = _difference(app.node(), after, "")
    if difference:
        raise AssertionError(f"{name} comes back with another look: {difference}")


def _call_on_snapshot(app: MainApp) -> None:
    if not iscoroutinefunction(app.on_snapshot):
        app.on_snapshot()
    elif asyncio._get_running_loop() is None:
        asyncio.run(app.on_snapshot())


def _difference(before: Any, after: Any, place: str) -> str:
    """The first difference of two nodes, in words; empty where there is none.

    :param place: the nearest identifier above.
    """
    if before == after:
        return ""
    if not (isinstance(before, list) and isinstance(after, list)) or before[0] != after[0]:
        return f"in {place}, {_shown(before)} became {_shown(after)}"
    place = before[1].get("id", place or before[0])
    for key in before[1] | after[1]:
        old, new = before[1].get(key), after[1].get(key)
        if old != new:
            return f"{key.removeprefix('.')} of {place} was {old!r:.80} and became {new!r:.80}"
    old_children, new_children = before[2:], after[2:]
    for old, new in zip(old_children, new_children, strict=False):
        found = _difference(old, new, place)
        if found:
            return found
    return f"{place} had {len(old_children)} children and has {len(new_children)}"


def _shown(node: Any) -> str:
    return repr(node) if isinstance(node, str) else f"<{node[0]}>"
