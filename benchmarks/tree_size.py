"""One change in trees of 100, 10,000 and 100,000 widgets, with the frame that tells of it. In this process."""

import gc
import time
from collections.abc import Callable
from statistics import median

from jibe_like import Label, MainApp, VBox
from jibe_like.wire.messages import encode_ops

from .report import Figure

SIZES = (100, 10_000, 100_000)
_REPEATS, _BATCH = 15, 200


def measure(rounds: int) -> list[Figure]:
    """Microseconds for each change. The smallest tree stands in the column that has bare Tornado's else."""
    names = ("property set", "append at the end", "remove at the end")
    trees = [_Tree(size) for size in SIZES]
    figures = {
        tree.size: [Figure(f"{name}: {tree.size:,} widgets / {SIZES[0]}", "µs", "1, within noise") for name in names]
        for tree in trees[1:]
    }
    for _ in range(rounds):
        small, *larger = (tree.measure() for tree in trees)
        for tree, found in zip(trees[1:], larger, strict=True):
            for figure, few, many in zip(figures[tree.size], small, found, strict=True):
                figure.bare.append(few)
                figure.ours.append(many)
    return [figure for rows in figures.values() for figure in rows]


class _Tree:
    """An application with that many labels in one column."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._labels = [Label(f"row {i}") for i in range(size)]
        self._column = VBox(self._labels)
        self._app = MainApp()
        self._app.children = [self._column]
        self._app.tree.take()
        self._count = 0

    def measure(self) -> tuple[float, float, float]:
        """Microseconds for a property set, an append and a remove, each with its frame."""
        label, children = self._labels[self.size // 2], self._column.children
        added: list[Label] = []

        def change() -> None:
            self._count += 1
            label.value = f"value {self._count}"
            self._send()

        def append() -> None:
            added.append(Label("one more"))
            children.append(added[-1])
            self._send()

        def remove() -> None:
            children.remove(added.pop())
            self._send()

        # A full collection walks all objects of the process, whoever made them: it belongs to none of the changes.
        gc.collect()
        gc.disable()
        try:
            times = [[_microseconds(action) for action in (change, append, remove)] for _ in range(_REPEATS)]
        finally:
            gc.enable()
        changes, appends, removes = zip(*times, strict=True)
        return median(changes), median(appends), median(removes)

    def _send(self) -> None:
        patch = self._app.tree.take()
        assert patch is not None
        encode_ops(1, patch.ops)


def _microseconds(action: Callable[[], None]) -> float:
    begin = time.process_time()
    for _ in range(_BATCH):
        action()
    return 1e6 * (time.process_time() - begin) / _BATCH
