"""The rows of a table."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from ..errors import PropertyTypeError, PropertyValueError
from ..tree.binding import attr, redraw
from ..tree.events import Message, event_handler
from ..tree.node import Node
from ..tree.property import Property
from ..tree.widget import Widget

if TYPE_CHECKING:
    from .table import Column, Table

T = TypeVar("T")
Row: TypeAlias = Sequence[Any] | Mapping[str, Any]
Cells: TypeAlias = tuple[Any, ...] | dict[str, Any]


class TableRow(Widget):
    """A row of a `Table`, which makes it.

    Properties: `cells`, `selected`.
    """

    __slots__ = ("table",)

    tagname = "tr"

    cells: Property[Cells] = Property((), accept=(tuple, dict), bind=redraw)
    """What stands in the row: a tuple in the order of the columns, or a dict by their keys."""
    selected = Property(False, bind=attr("aria-selected", lambda selected: "true" if selected else None))
    """Whether the row is chosen."""

    def __init__(self, table: "Table", cells: Cells) -> None:
        super().__init__()
        self.table = table
        self.cells = cells

    def cell(self, index: int) -> Any:
        """The value in the column of this index; None where the row has none."""
        return cell(self.cells, index, self.table.columns[index])

    def content(self) -> Iterable[Node]:
        for index, column in enumerate(self.table.columns):
            value = self.cell(index)
            heads = index == 0 and self.table.row_headers
            attributes = {"scope": "row"} if heads else {}
            if column.align != "start":
                attributes["class"] = column.align
            yield ["th" if heads else "td", attributes, "" if value is None else str(value)]


class SelectableRow(TableRow):
    """A row of a `Table` whose rows can be chosen."""

    __slots__ = ()

    @event_handler("click")
    def on_click(self, message: Message) -> None:
        """Chooses the row."""
        self.table.choose(self)
        self.emit("click", message)


class Rows(MutableSequence[Any]):
    """The rows of a table, as tuples or dicts. A change here changes these rows in the page, and no others.

    What is read is a copy: put it back in its place when it was changed.
    """

    __slots__ = ("_table",)

    def __init__(self, table: "Table") -> None:
        self._table = table

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        found = self._table.row_widgets[index]
        return [frozen(row.cells) for row in found] if isinstance(found, list) else frozen(found.cells)

    def __setitem__(self, index: int | slice, value: Any) -> None:
        if isinstance(index, slice):
            self._table.body.children[index] = self._made(value)
            self._table.forget_removed()
        else:
            self._table.row_widgets[index].cells = self._cells(value)

    def __delitem__(self, index: int | slice) -> None:
        del self._table.body.children[index]
        self._table.forget_removed()

    def __len__(self) -> int:
        return len(self._table.body.children)

    def __iter__(self) -> Iterator[Any]:
        return (frozen(row.cells) for row in self._table.row_widgets)

    def __contains__(self, value: object) -> bool:
        return frozen(value) in list(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, tuple, Rows)):
            return NotImplemented
        return list(self) == [frozen(row) for row in other]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        return list(self).index(frozen(value), start, len(self) if stop is None else stop)

    def insert(self, index: int, value: Row) -> None:
        self._table.body.children.insert(index, *self._made([value]))

    def extend(self, values: Iterable[Row]) -> None:
        self._table.body.children.extend(self._made(values))

    def __add__(self, values: Iterable[Row]) -> list[Any]:
        return [*self, *values]

    def clear(self) -> None:
        del self[:]

    def replace(self, values: Iterable[Row]) -> None:
        """Makes these the rows, in the order by which the table is sorted. What was chosen stays so, if it is there.

        The rows that are there take new cells, so that what stays the same is not sent.
        """
        if not isinstance(values, Iterable):
            raise PropertyTypeError(f"{self._table!r}: rows are a list of rows, not {values!r:.60}")
        new = self._table.in_order([self._cells(row) for row in values])
        chosen = self._table.selected
        place = None if chosen is None else self._place(self[chosen], chosen, new)
        for row, cells in zip(self._table.row_widgets, new, strict=False):
            row.cells = cells
        if len(new) < len(self):
            del self[len(new) :]
        else:
            self.extend(new[len(self) :])
        if self._table.selected != place:
            self._table.selected = place

    def _place(self, old: Cells, index: int, new: list[Cells]) -> int | None:
        """Where among other rows the one is that was at this index; None where it is not, or nobody can tell."""
        if old in new:
            return index if new[index : index + 1] == [old] else new.index(old)
        if not self._table.row_headers:
            return None
        first = self._table.columns[0]
        alike = [place for place, cells in enumerate(new) if cell(cells, 0, first) == cell(old, 0, first)]
        return alike[0] if len(alike) == 1 else None

    def _made(self, values: Iterable[Row]) -> list[Widget]:
        made = SelectableRow if self._table.selectable else TableRow
        return [made(self._table, cells) for cells in [self._cells(row) for row in values]]

    def _cells(self, row: Any) -> Cells:
        cells = frozen(row)
        columns = self._table.columns
        if not isinstance(cells, (tuple, dict)):
            raise PropertyTypeError(f"{self._table!r}: a row is a sequence or a mapping, not {row!r:.60}")
        if isinstance(cells, tuple) and len(cells) != len(columns):
            raise PropertyValueError(f"{self._table!r}: a row has {len(columns)} cells, not {len(cells)} ({row!r:.60})")
        refuse_widgets(columns, cells, f"{self._table!r}: ")
        return cells


def cell(cells: Cells, index: int, column: "Column") -> Any:
    """The value in a column, whose index this is; None where the row has none."""
    if isinstance(cells, dict):
        return cells.get(column.key)
    return cells[index] if index < len(cells) else None


def refuse_widgets(columns: "Sequence[Column]", cells: Cells, where: str = "") -> None:
    """Raises PropertyTypeError where a widget is to be shown: it would be no part of the tree."""
    for index, column in enumerate(columns):
        if isinstance(value := cell(cells, index, column), Widget):
            place = f"column {column.key!r} of the row {cells!r:.80}"
            raise PropertyTypeError(f"{where}a cell is text, not a widget: {value!r} in {place}")


def frozen(row: Any) -> Any:
    """The row as it is kept; what is no row stays what it is."""
    if isinstance(row, Mapping):
        return dict(row)
    return tuple(row) if isinstance(row, Sequence) and not isinstance(row, (str, bytes)) else row


def in_order(rows: Iterable[T], value: Callable[[T], Any], descending: bool) -> list[T]:
    """Rows by their values: numbers by size, text without regard to case, None at the end. Mixed ones count as text."""
    pairs = [(value(row), row) for row in rows]
    present = [pair for pair in pairs if pair[0] is not None]
    try:
        present.sort(key=lambda pair: _order(pair[0]), reverse=descending)
    except TypeError:
        present.sort(key=lambda pair: str(pair[0]).casefold(), reverse=descending)
    return [row for _, row in (*present, *(pair for pair in pairs if pair[0] is None))]


def _order(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
