"""What has happened to a tree since its browsers were told, and the fewest operations that tell them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .binding import Operation

if TYPE_CHECKING:
    from .widget import Widget

Key = tuple["Widget", str, str]


@dataclass(slots=True)
class Patch:
    """Operations in order. `echoes` says which operation a connection need not be told, since it came from there."""

    ops: list[Operation]
    echoes: dict[int, str] = field(default_factory=dict)

    def without_echo(self, origin: str) -> list[Operation]:
        """The operations as the connection `origin` needs them."""
        if origin not in self.echoes.values():
            return self.ops
        return [op for i, op in enumerate(self.ops) if self.echoes.get(i) != origin]


class Changes:
    """Collects one turn's changes.

    A property's last value wins; a widget that came and went in one turn leaves no trace. Moving a widget that the
    browsers have sends its identifier alone. Nothing here depends on the size of the tree.
    """

    __slots__ = ("calls", "fresh", "gone", "limbo", "origins", "parts", "placed", "renders", "updates")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.fresh: set[Widget] = set()
        """Attached since; the browsers get them within the node of whatever was placed."""
        self.placed: dict[Widget, dict[Widget, int]] = {}
        """By parent: children whose place is new, with the index that they were put at."""
        self.gone: dict[str, str] = {}
        """Roots of what was taken away and is known to the browsers: identifier and outer identifier."""
        self.limbo: set[Widget] = set()
        """All that was taken away and is known to the browsers."""
        self.renders: dict[Widget, None] = {}
        self.parts: dict[tuple[Widget, str], None] = {}
        """Parts of a widget's content that are rendered anew."""
        self.updates: dict[Key, Operation] = {}
        self.origins: dict[Key, str] = {}
        self.calls: list[Operation] = []

    def keep_calls(self) -> None:
        """Forgets what a full rendering shows anyway."""
        calls = self.calls
        self.clear()
        self.calls = calls

    def update(self, key: Key, operation: Operation, origin: str | None) -> None:
        self.updates[key] = operation
        if origin is not None:
            self.origins[key] = origin
        elif self.origins:
            self.origins.pop(key, None)

    def take(self, index: "Mapping[str, Widget]") -> Patch | None:
        """The operations for everything since the last call, or None. `index`: the attached widgets by identifier."""
        if self.updates and not (
            self.placed or self.gone or self.renders or self.parts or self.calls or self.origins
        ):
            updates, self.updates = self.updates, {}
            ops = [op for (widget, _, _), op in updates.items() if widget._tree is not None]
            return Patch(ops) if ops else None
        ops = []
        echoes: dict[int, str] = {}
        # Outer parents first: an element cannot be moved into one that is still inside of it.
        for parent in self.placed if len(self.placed) < 2 else sorted(self.placed, key=_depth):
            if parent._tree is not None and parent not in self.fresh and not self._is_rendered(parent):
                ops += self._insertions(parent, self.placed[parent])
        for widget in self.renders:
            if widget._tree is not None and not (widget.parent and self._is_rendered(widget.parent)):
                ops.append(["render", widget.outer_identifier, widget.node()])
        for widget, part in self.parts:
            if widget._tree is not None and not self._is_rendered(widget):
                ops.append(["render", f"{widget.identifier}.{part}", widget.part(part)])
        # An identifier with a new owner is not removed: the browser has made that one of the old element.
        ops += [["remove", outer] for identifier, outer in self.gone.items() if identifier not in index]
        for key, op in self.updates.items():
            if key[0]._tree is not None and not self._is_rendered(key[0]):
                if key in self.origins:
                    echoes[len(ops)] = self.origins[key]
                ops.append(op)
        ops += self.calls
        self.clear()
        return Patch(ops, echoes) if ops else None

    def _insertions(self, parent: "Widget", placed: "dict[Widget, int]") -> list[Operation]:
        """One insert for each run of neighbours, the last run first: what it is put before is then in place already."""
        siblings = parent.children
        runs: list[tuple[int, int]] = []
        for position in _positions(parent, placed):
            if runs and runs[-1][0] == position + 1:
                runs[-1] = (position, runs[-1][1])
            else:
                runs.append((position, position + 1))
        return [
            [
                "insert",
                parent.identifier,
                siblings[end].outer_identifier if end < len(siblings) else None,
                [w.node() if w in self.fresh else w.outer_identifier for w in siblings[start:end]],
            ]
            for start, end in runs
        ]

    def _is_rendered(self, widget: "Widget") -> bool:
        """Whether the widget is part of what is rendered anyway."""
        if not self.renders:
            return False
        above: Widget | None = widget
        while above is not None and above not in self.renders:
            above = above.parent
        return above is not None


def _depth(widget: "Widget") -> int:
    depth, above = 0, widget.parent
    while above is not None:
        depth, above = depth + 1, above.parent
    return depth


def _positions(parent: "Widget", placed: "dict[Widget, int]") -> list[int]:
    """Where the placed widgets are among their siblings, from the last to the first.

    Looks at the end of the list and at the index that each was put at before it looks everywhere, so that appending
    and a single insertion cost the same in a list of any length.
    """
    siblings = parent.children
    wanted = {widget for widget in placed if widget.parent is parent}
    found: list[int] = []
    position = len(siblings) - 1
    while len(found) < len(wanted) and siblings[position] in wanted:
        found.append(position)
        position -= 1
    rest = len(wanted) - len(found)
    if not rest:
        return found
    tail = set(siblings[position + 1 :]) if found else set()
    hints = sorted((placed[widget] for widget in wanted if widget not in tail), reverse=True)
    if all(hint <= position and siblings[hint] in wanted for hint in hints) and len(set(hints)) == rest:
        return found + hints
    return found + [i for i in range(position, -1, -1) if siblings[i] in wanted]
