"""What the benchmarks found: a table to read, and JSON to keep."""

import datetime
import importlib.metadata
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from .processes import loop_name

RESULTS: Final = Path(__file__).parent / "results"
_QUIET, _ATTEMPTS = 0.03, 4


@dataclass
class Figure:
    """One row: a sample of each side for each round.

    :param reach: what the ratio, or the value, is to reach.
    """

    name: str
    unit: str
    reach: str
    bare: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median over the rounds of ours to bare Tornado's of the same round."""
        return median(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))

    def cells(self) -> list[str]:
        """The row of the table."""
        return [self.name, self.unit, _number(self.bare), _number(self.ours), f"{self.ratio:.2f}", self.reach]


def _number(samples: Sequence[float]) -> str:
    value = median(samples)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


@dataclass(frozen=True)
class Sample:
    """One value for each figure, and the share of the machine that others used meanwhile."""

    values: tuple[float, ...]
    noise: float = 0.0


Take = Callable[[], Sample]


def compare(rounds: int, figures: list[Figure], bare: Take, ours: Take) -> list[Figure]:
    """Measures both sides in turn. A sample that others disturbed is taken again; the least disturbed one counts."""
    for _ in range(rounds):
        for take, side in ((bare, "bare"), (ours, "ours")):
            for figure, value in zip(figures, _quietest(take).values, strict=True):
                getattr(figure, side).append(value)
    return figures


def _quietest(take: Take) -> Sample:
    best = take()
    for _ in range(_ATTEMPTS - 1):
        if best.noise <= _QUIET:
            break
        best = min(best, take(), key=lambda sample: sample.noise)
    if best.noise > _QUIET:
        print(f"others use {best.noise:.0%} of the machine: rates are lower than they could be", flush=True)
    return best


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table."""
    rows = [["figure", "unit", "bare Tornado", "jibe_like", "ratio", "reach"], *(figure.cells() for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows)


def write(name: str, figures: Sequence[Figure], folder: Path = RESULTS) -> Path:
    """Writes <date>_<name>.json and returns its path."""
    now = datetime.datetime.now()
    content = {
        "date": f"{now:%Y-%m-%d %H:%M}",
        "with": _versions(),
        "figures": [{**vars(figure), "ratio": figure.ratio} for figure in figures],
    }
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"{now:%Y-%m-%d}_{name}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def _versions() -> dict[str, Any]:
    found = {"python": platform.python_version(), "loop": loop_name(), "cores": os.cpu_count()}
    for name in ("tornado", "msgspec", "uvloop", "playwright"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
