"""A snapshot of a session with 100 widgets, of which ten have a handler: made and read. In this process."""

import gc
import pickle
import time
from collections.abc import Callable
from statistics import median

from jibe_like import Button, Label, MainApp
from jibe_like.session.snapshot.snapshot import Snapshots

from .report import Figure

LABELS, BUTTONS = 90, 10
_REPEATS, _BATCH = 15, 20


def measure(rounds: int) -> list[Figure]:
    """Microseconds for a snapshot. Plain pickle, unsigned, stands in the column that has bare Tornado's else; its
    handlers are methods, since it knows no closures."""
    reach = "at most 1,000 µs"
    figures = [
        Figure("snapshot made: 100 widgets, 10 methods / pickle", "µs", reach),
        Figure("snapshot made: 100 widgets, 10 closures / pickle", "µs", reach),
        Figure("snapshot read: 100 widgets, 10 closures / pickle", "µs", ""),
    ]
    snapshots = Snapshots(["a secret of the benchmark alone"])
    methods, closures = _page(closures=False), _page(closures=True)
    pickled, data = pickle.dumps(methods, 5), snapshots.dump(closures)
    if len(list(snapshots.load(data).state.descendants)) != LABELS + BUTTONS:
        raise RuntimeError("the snapshot is not complete")
    sides: list[tuple[Callable[[], object], Callable[[], object]]] = [
        (lambda: pickle.dumps(methods, 5), lambda: snapshots.dump(methods)),
        (lambda: pickle.dumps(methods, 5), lambda: snapshots.dump(closures)),
        (lambda: pickle.loads(pickled), lambda: snapshots.load(data)),
    ]
    for _ in range(rounds):
        for figure, (bare, ours) in zip(figures, sides, strict=True):
            figure.bare.append(_microseconds(bare))
            figure.ours.append(_microseconds(ours))
    return figures


class _App(MainApp):
    """Marks the buttons that were clicked."""

    def clicked(self, source: Button) -> None:
        source.label += "!"


def _page(closures: bool) -> _App:
    app = _App()
    app.children += [Label(f"row {number}") for number in range(LABELS)]
    for number in range(BUTTONS):
        button, label = Button(f"{number}"), app.children[number]

        def clicked(source: Button, number: int = number, label: object = label) -> None:
            app.clicked(source)

        button.register("click", clicked if closures else app.clicked)
        app.children.append(button)
    return app


def _microseconds(action: Callable[[], object]) -> float:
    # A full collection walks all objects of the process, whoever made them.
    gc.collect()
    gc.disable()
    try:
        times = []
        for _ in range(_REPEATS):
            begin = time.process_time()
            for _ in range(_BATCH):
                action()
            times.append(1e6 * (time.process_time() - begin) / _BATCH)
    finally:
        gc.enable()
    return median(times)
