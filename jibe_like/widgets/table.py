"""The table."""

from collections.abc import Iterable, Iterator, Mapping, MutableSequence, Sequence
from typing import Any, NamedTuple, TypeAlias, cast, overload

from ..errors import PropertyTypeError, PropertyValueError, ProtocolError
from ..tree.binding import attr, redraw, redraw_part
from ..tree.events import Message, event_handler
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget

Row: TypeAlias = Sequence[Any] | Mapping[str, Any]
Cells: TypeAlias = tuple[Any, ...] | dict[str, Any]


class Column(NamedTuple):
    """A column of a table.

    :param key: its name; the cells of a row that is a mapping are found by it.
    :param label: what its header says; the key if empty.
    :param align: `start`, `center` or `end` (for numbers).
    """

    key: str
    label: str = ""
    align: str = "start"


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
        cells = self.cells
        if isinstance(cells, dict):
            return cells.get(self.table.columns[index].key)
        return cells[index] if index < len(cells) else None

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

    A row is not changed within: put another in its place.
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
        return [row.cells for row in found] if isinstance(found, list) else found.cells

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
        return (row.cells for row in self._table.row_widgets)

    def __contains__(self, value: object) -> bool:
        return _frozen(value) in list(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, tuple, Rows)):
            return NotImplemented
        return list(self) == [_frozen(row) for row in other]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        return list(self).index(_frozen(value), start, len(self) if stop is None else stop)

    def insert(self, index: int, value: Row) -> None:
        self._table.body.children.insert(index, *self._made([value]))

    def extend(self, values: Iterable[Row]) -> None:
        self._table.body.children.extend(self._made(values))

    def __add__(self, values: Iterable[Row]) -> list[Any]:
        return [*self, *values]

    def clear(self) -> None:
        del self[:]

    def replace(self, values: Iterable[Row]) -> None:
        """Makes these the rows. The rows that are there take new cells, so that what stays the same is not sent."""
        if not isinstance(values, Iterable):
            raise PropertyTypeError(f"{self._table!r}: rows are a list of rows, not {values!r:.60}")
        new = [self._cells(row) for row in values]
        for row, cells in zip(self._table.row_widgets, new, strict=False):
            row.cells = cells
        if len(new) < len(self):
            del self[len(new) :]
        else:
            self.extend(new[len(self) :])

    def _made(self, values: Iterable[Row]) -> list[Widget]:
        made = SelectableRow if self._table.selectable else TableRow
        return [made(self._table, cells) for cells in [self._cells(row) for row in values]]

    def _cells(self, row: Any) -> Cells:
        cells = _frozen(row)
        columns = self._table.columns
        if not isinstance(cells, (tuple, dict)):
            raise PropertyTypeError(f"{self._table!r}: a row is a sequence or a mapping, not {row!r:.60}")
        if isinstance(cells, tuple) and len(cells) != len(columns):
            raise PropertyValueError(f"{self._table!r}: a row has {len(columns)} cells, not {len(cells)} ({row!r:.60})")
        return cells


def _frozen(row: Any) -> Any:
    """The row as it is kept; what is no row stays what it is."""
    if isinstance(row, Mapping):
        return dict(row)
    return tuple(row) if isinstance(row, Sequence) and not isinstance(row, (str, bytes)) else row


def _checked_columns(table: Widget, columns: Any) -> list[Column]:
    found: list[Column] = []
    for column in columns.items() if isinstance(columns, dict) else columns:
        parts = (column,) if isinstance(column, str) else column
        if not isinstance(parts, tuple) or not 1 <= len(parts) <= 3 or any(not isinstance(part, str) for part in parts):
            raise TypeError(f"a column is a str, a Column or a tuple of str, not {column!r:.60}")
        found.append(Column(*parts))
        if found[-1].align not in ("start", "center", "end"):
            raise ValueError(f"a column is aligned to the start, center or end, not {found[-1].align!r:.60}")
    if len({column.key for column in found}) < len(found):
        raise ValueError("two columns have the same key")
    return found


class Table(Widget):
    """Rows and columns of text.

        table = Table(["City", Column("People", align="end")], [["Delhi", 33807403], ["Tokyo", 37036200]])
        table.rows.append(["Shanghai", 29867918])

        table = Table({"name": "Name", "mail": "E-mail"}, [{"name": "Ada", "mail": "ada@example.org"}], selectable=True)
        table.register("select", lambda source, message: show(message["data"]["row"]))

    :param columns: names, or `Column`s, or tuples of the same, or a mapping of key to label.
    :param rows: sequences with a value for each column, or mappings of column key to value. None shows as nothing.
    :param caption: what the table is about; stands above it.
    :param sortable: whether a press on a header sorts the rows by its column.
    :param selectable: whether the user can choose a row, by click or with the arrow keys, Home and End.
    :param row_headers: whether the first cell of each row says what the row is about.
    :param options: see `Widget`.

    Properties: `columns`, `caption`. Events: `sort`, after the user has sorted the rows (the message's `data` has
    `column` and `descending`); `select`, after the user has chosen a row (`data` has `index` and `row`).
    """

    __slots__ = ("_chosen", "_sorting", "body", "row_headers", "selectable", "sortable")

    tagname = "table"
    events = frozenset({"select", "sort"})

    columns: Property[list[Any]] = Property([], accept=(list, dict), bind=redraw, check=_checked_columns)
    """The columns."""
    caption = Property("", bind=redraw_part("caption"))
    """What the table is about."""

    def __init__(
        self,
        columns: "Sequence[str | tuple[str, ...]] | Mapping[str, str]" = (),
        rows: Iterable[Row] = (),
        *,
        caption: str = "",
        sortable: bool = False,
        selectable: bool = False,
        row_headers: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.sortable = sortable
        self.selectable = selectable
        self.row_headers = row_headers
        self._chosen: TableRow | None = None
        self._sorting: tuple[str, bool] | None = None
        given: Any = dict(columns) if isinstance(columns, Mapping) else columns
        self.columns = given
        self.caption = caption
        self.body = Widget()
        """The widget whose children are the rows."""
        self.body.tagname = "tbody"
        self.children = [self.body]
        self.rows = rows
        if selectable:
            self.register("keydown", self._on_key, keys=["ArrowUp", "ArrowDown", "Home", "End"], prevent=True)

    @property
    def outer_identifier(self) -> str:
        """The `id` of the box in which the table scrolls."""
        return self.identifier + ".box"

    @property
    def rows(self) -> Rows:
        """The rows. A list: what is done to it in place is shown, at the cost of the rows that it concerns."""
        return Rows(self)

    @rows.setter
    def rows(self, rows: Iterable[Row]) -> None:
        Rows(self).replace(rows)

    @property
    def row_widgets(self) -> list[TableRow]:
        """The widgets of the rows, in order: to look at, or to give one a style."""
        return cast("list[TableRow]", self.body.children)

    @property
    def selected(self) -> int | None:
        """The index of the row that is chosen, or None. Set it to choose a row: IndexError where there is none."""
        return None if self._chosen is None else self.body.children.index(self._chosen)

    @selected.setter
    def selected(self, index: int | None) -> None:
        self._mark(None if index is None else self.row_widgets[index])

    def sort(self, column: str, descending: bool = False) -> None:
        """Sorts the rows by a column: numbers by size, text without regard to case; None at the end.

        Raises ValueError for a column that the table does not have.
        """
        keys = [column.key for column in self.columns]
        if column not in keys:
            raise ValueError(f"{self!r} has no column {column!r:.60}; its columns are {', '.join(keys)}")
        index = keys.index(column)
        present: list[tuple[Any, Any]] = []
        absent: list[tuple[Any, Any]] = []
        for row in self.row_widgets:
            value = row.cell(index)
            (absent if value is None else present).append((value, row))
        try:
            present.sort(key=lambda pair: _order(pair[0]), reverse=descending)
        except TypeError:
            present.sort(key=lambda pair: str(pair[0]).casefold(), reverse=descending)
        self.body.children.replace([row for _, row in (*present, *absent)])
        self._sorting = column, descending
        if self._tree is not None:
            self._tree.redraw(self, "head")

    def choose(self, row: TableRow) -> None:
        """The user has chosen the row."""
        if row is not self._chosen:
            self._mark(row)
            data = {"index": self.selected, "row": row.cells}
            self.emit("select", {"id": self.identifier, "event": "select", "data": data})

    def forget_removed(self) -> None:
        """Rows have been taken away: one of them is not the chosen one any more."""
        if self._chosen is not None and self._chosen.parent is not self.body:
            self._mark(None)

    def on_message(self, message: Message) -> None:
        event, properties = message["event"], message.get("properties")
        if event in self.events:
            raise ProtocolError("the event comes from the server")
        if event != "click" or not properties:
            super().on_message(message)
            return
        column = properties.get("value")
        if not self.sortable or all(column != known.key for known in self.columns):
            raise ProtocolError(f"the rows cannot be sorted by {column!r:.60}")
        descending = self._sorting == (column, False)
        self.sort(column, descending)
        data = {"column": column, "descending": descending}
        self.emit("sort", {"id": self.identifier, "event": "sort", "data": data})

    def content(self) -> Iterable[Node]:
        yield ["caption", {"id": f"{self.identifier}.caption"}, self.caption]
        header = [self._header(index, column) for index, column in enumerate(self.columns)]
        yield ["thead", {"id": f"{self.identifier}.head"}, ["tr", {}, *header]]

    def frame(self, node: Element) -> Element:
        box: dict[str, Any] = {"id": self.outer_identifier, "class": "table-box"}
        if self.selectable:
            node[1] |= {"role": "grid", "tabindex": "0"}
            if self._chosen is not None:
                node[1]["aria-activedescendant"] = self._chosen.identifier
        else:
            # A box that scrolls can be reached by keyboard only if it takes the focus.
            box["tabindex"] = "0"
            if self.caption:
                box |= {"role": "group", "aria-labelledby": f"{self.identifier}.caption"}
        return ["div", box, node]

    def _header(self, index: int, column: Column) -> Element:
        attributes = {"scope": "col"}
        if column.align != "start":
            attributes["class"] = column.align
        if not self.sortable:
            return ["th", attributes, column.label or column.key]
        if self._sorting is not None and self._sorting[0] == column.key:
            attributes["aria-sort"] = "descending" if self._sorting[1] else "ascending"
        button = {
            "id": f"{self.identifier}.sort-{index}",
            "type": "button",
            "value": column.key,
            "data-on": "click:value",
        }
        return ["th", attributes, ["button", button, column.label or column.key]]

    def _mark(self, row: TableRow | None) -> None:
        if self._chosen is not None:
            self._chosen.selected = False
        self._chosen = row
        if row is not None:
            row.selected = True
        if self._tree is not None:
            name = "aria-activedescendant"
            self._tree.update(self, ("attr", name), ["attr", self.identifier, name, row and row.identifier])

    def _on_key(self, source: Widget, message: Message) -> None:
        rows = self.row_widgets
        if not rows:
            return
        last, now = len(rows) - 1, self.selected
        key = (message.get("data") or {}).get("key")
        if key in ("ArrowDown", "Home"):
            to = 0 if key == "Home" or now is None else min(now + 1, last)
        elif key in ("ArrowUp", "End"):
            to = last if key == "End" or now is None else max(now - 1, 0)
        else:
            return
        rows[to].scroll_into_view()
        self.choose(rows[to])


def _order(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
