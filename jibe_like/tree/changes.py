"""What has happened to a tree since its browsers were told, and the fewest operations that tell them."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from .binding import Operation
from .lock import STRUCTURE

if TYPE_CHECKING:
    from .widget import Widget

Key = tuple["Widget", str, str]

_NOT_RENDERED: Final = frozenset({"state", "shared"})
"""Kinds of updates that no node has in it: keys of mirrored states."""


class Home(NamedTuple):
    """Where the browsers have a widget that has left its place since, and by which names."""

    parent: "Widget | None"
    identifier: str
    outer_identifier: str


_NONE: Final[Mapping[int, str]] = MappingProxyType({})


class Patch:
    """Operations in order.

    By their index, `echoes` says which operation a connection need not be told, since it came from there, and `aimed`
    which one is for a single connection.
    """

    __slots__ = ("aimed", "echoes", "ops")

    def __init__(
        self, ops: list[Operation], echoes: Mapping[int, str] = _NONE, aimed: Mapping[int, str] = _NONE
    ) -> None:
        self.ops = ops
        self.echoes = echoes
        self.aimed = aimed

    def for_connection(self, connection_id: str = "", *, without_echo: bool = False) -> list[Operation]:
        """The operations for a connection; without its id, for all those at which none is aimed."""
        without_echo = without_echo and connection_id in self.echoes.values()
        if not self.aimed and not without_echo:
            return self.ops
        return [
            op
            for i, op in enumerate(self.ops)
            if self.aimed.get(i, connection_id) == connection_id
            and not (without_echo and self.echoes.get(i) == connection_id)
        ]


class Changes:
    """Collects one turn's changes.

    A property's last value wins; a widget that came and went in one turn leaves no trace. Moving a widget that the
    browsers have sends its identifier alone. Nothing here depends on the size of the tree.
    """

    __slots__ = ("calls", "fresh", "home", "origins", "parts", "placed", "renders", "updates")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.fresh: dict[Widget, None] = {}
        """Attached since; the browsers get them within the node of whatever was placed."""
        self.placed: dict[Widget, dict[Widget, int]] = {}
        """By parent: children whose place is new, with the index that they were put at."""
        self.home: dict[Widget, Home] = {}
        """All that the browsers have and that was moved or taken away since, with what was inside of it."""
        self.renders: dict[Widget, None] = {}
        self.parts: dict[tuple[Widget, str], None] = {}
        """Parts of a widget's content that are rendered anew."""
        self.updates: dict[Key, Operation] = {}
        self.origins: dict[Key, str] = {}
        self.calls: list[tuple[Operation, str]] = []
        """To be done once, each for all connections or for the one that it names."""

    def keep_calls(self) -> None:
        """Forgets what a full rendering shows anyway."""
        with STRUCTURE:
            calls = self.calls
            self.clear()
            self.calls = calls

    def update(self, key: Key, operation: Operation, origin: str | None) -> None:
        # What was set last goes out last: a new `max` before the value that only it allows.
        if self.updates:
            self.updates.pop(key, None)
        self.updates[key] = operation
        if origin is not None:
            self.origins[key] = origin
        elif self.origins:
            self.origins.pop(key, None)

    def left(self, widget: "Widget", parent: "Widget | None") -> None:
        """The widget leaves its parent, on its own or within what is taken away."""
        if widget not in self.fresh and widget not in self.home:
            self.home[widget] = Home(parent, widget.identifier, widget.outer_identifier)

    def came(self, widget: "Widget") -> None:
        """The widget has been attached."""
        home = self.home.get(widget)
        if home is not None and home.identifier == widget.identifier:
            # What changed while it was away was not seen.
            self.renders[widget] = None
        else:
            self.fresh[widget] = None

    def take(self, index: "Mapping[str, Widget]") -> Patch | None:
        """The operations for everything since the last call, or None. `index`: the attached widgets by identifier."""
        if self.updates and not (self.placed or self.home or self.renders or self.parts or self.calls or self.origins):
            updates, self.updates = self.updates, {}
            return Patch(list(updates.values()))
        with STRUCTURE:
            return self._take_all(index)

    def _take_all(self, index: "Mapping[str, Widget]") -> Patch | None:
        lost = {w: None for w in self.home if index.get(w.identifier) is not w or w in self.fresh}
        ops = self._rescue(lost, index) if self.home else []
        # Outer parents first: an element cannot be moved into one that is still inside of it.
        for parent in self.placed if len(self.placed) < 2 else sorted(self.placed, key=_depth):
            if index.get(parent.identifier) is parent and not self._is_covered(parent):
                ops += self._insertions(parent, self.placed[parent])
        for widget in self.renders:
            if index.get(widget.identifier) is widget and not self._is_covered(widget.parent):
                ops.append(["render", widget.outer_identifier, widget.node()])
        for widget, part in self.parts:
            if index.get(widget.identifier) is widget and not self._is_covered(widget):
                ops.append(["render", f"{widget.identifier}.{part}", widget.part(part)])
        ops += self._removals(lost, index) if lost else []
        echoes: dict[int, str] = {}
        for key, op in self.updates.items():
            if index.get(key[0].identifier) is key[0] and (key[1] in _NOT_RENDERED or not self._is_covered(key[0])):
                if key in self.origins:
                    echoes[len(ops)] = self.origins[key]
                ops.append(op)
        aimed = {len(ops) + i: only for i, (_, only) in enumerate(self.calls) if only}
        ops += [op for op, _ in self.calls]
        self.clear()
        return Patch(ops, echoes, aimed) if ops else None

    def _rescue(self, lost: "Collection[Widget]", index: "Mapping[str, Widget]") -> list[Operation]:
        """Puts what has moved aside, where something is rendered whose old content may have it still.

        A browser that makes an element agree with a node drops what the node does not have.
        """
        moved = [w for w, home in self.home.items() if w not in lost and w.parent is not home.parent]
        if not moved:
            return []
        renamed = any(self.home[w].identifier in index for w in lost)
        if not renamed and not any(self._is_covered(w.parent) for w in moved):
            return []
        return [["insert", _top(moved[0]), None, [w.outer_identifier for w in moved]]]

    def _removals(self, lost: "Collection[Widget]", index: "Mapping[str, Widget]") -> list[Operation]:
        """Takes away what is lost, but for what goes with its parent, or whose name has a new owner."""
        outer = [home for home in map(self.home.__getitem__, lost) if home.parent not in lost]
        owners = (index.get(home.identifier) for home in outer)
        return [
            ["remove", home.outer_identifier]
            for home, owner in zip(outer, owners, strict=True)
            if owner is None or home.outer_identifier not in (owner.identifier, owner.outer_identifier)
        ]

    def _insertions(self, parent: "Widget", placed: "dict[Widget, int]") -> list[Operation]:
        """One insert for each run of neighbours, the last run first: what it is put before is then in place already."""
        siblings = parent.children
        tail = f"{parent.identifier}.{parent.tail_part}" if parent.tail_part else None
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
                siblings[end].outer_identifier if end < len(siblings) else tail,
                [w.node() if w in self.fresh else w.outer_identifier for w in siblings[start:end]],
            ]
            for start, end in runs
        ]

    def _is_covered(self, widget: "Widget | None") -> bool:
        """Whether the widget is part of a node that is sent anyway."""
        if not self.renders and not self.fresh:
            return False
        while widget is not None and widget not in self.renders and widget not in self.fresh:
            widget = widget.parent
        return widget is not None


def _top(widget: "Widget") -> str:
    while widget.parent is not None:
        widget = widget.parent
    return widget.identifier


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
