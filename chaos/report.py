"""What the trials found: a table, and whether something in it is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Outcome:
    """What one trial found."""

    name: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def note(self, what: str, found: object) -> None:
        """A figure that is right whatever it is."""
        self.rows.append((what, f"{found:,}" if isinstance(found, int) else str(found)))

    def check(self, what: str, found: object, expected: object) -> None:
        """A figure that is wrong where it is another than expected."""
        self.judge(what, found, found == expected, f"{expected}")

    def judge(self, what: str, found: object, is_right: bool, expected: str) -> None:
        """A figure that is wrong where the condition does not hold."""
        if is_right:
            self.note(what, found)
        else:
            self.rows.append((what, f"{found} — WRONG, expected: {expected}"))
            self.faults.append(f"{self.name}: {what}: {found}, expected: {expected}")


def spread(seconds: Sequence[float]) -> str:
    """Median and longest of some times, in milliseconds."""
    if not seconds:
        return "none"
    return f"{_ms(median(seconds))} (longest {_ms(max(seconds))}, of {len(seconds):,})"


def table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table."""
    rows = [("trial", "figure", "found")]
    rows += [(outcome.name, what, found) for outcome in outcomes for what, found in outcome.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [("-" * widths[0], "-" * widths[1], "-" * widths[2])]
    return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in [rows[0], *lines, *rows[1:]])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds > 0.01 else f"{seconds * 1000:.1f} ms"
