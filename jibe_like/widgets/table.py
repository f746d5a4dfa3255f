"""The table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from ..errors import ProtocolError
from ..tree.binding import Operation, redraw, redraw_part
from ..tree.events import Message
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget
from .table_rows import Cells, Row, Rows, TableRow, cell, frozen, in_order, refuse_widgets

_CHOSEN: Final = ("attr", "aria-activedescendant")
"""Says which row is chosen."""


class Column(NamedTuple):
    """A column of a table.

    :param key: its name; the cells of a row that is a mapping are found by it.
    :param label: what its header says; the key if empty.
    :param align: `start`, `center` or `end` (for numbers).
    """

    key: str
    label: str = ""
    align: str = "start"


def _checked_columns(table: "Table", columns: Any) -> list[Column]:
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
    for row in table.row_widgets:
        refuse_widgets(found, row.cells)
    return found


class Table(Widget):
    """Rows and columns of text.

        table = Table(["City", Column("People", align="end")], [["Delhi", 33807403], ["Tokyo", 37036200]])
        table.rows.append(["Shanghai", 29867918])

        table = Table({"name": "Name", "mail": "E-mail"}, [{"name": "Ada", "mail": "ada@example.org"}], selectable=True)
        table.register("select", lambda source, message: show(message["data"]["row"]))

    :param columns: names, or `Column`s, or tuples of the same, or a mapping of key to label.
    :param rows: sequences with a value for each column, or mappings of column key to value. Values are shown as text,
        None as nothing. A widget as one of them raises PropertyTypeError: a `Grid` holds widgets.
    :param caption: what the table is about; stands above it.
    :param sortable: whether a press on a header sorts the rows by its column.
    :param selectable: whether the user can choose a row, by click or with the arrow keys, Home and End.
    :param row_headers: whether the first cell of each row says what the row is about.
    :param options: see `Widget`.

    `rows` is a list that notices what is done to it in place. A row that is read is a copy: put it back to show what
    was changed (`table.rows[2] = {**table.rows[2], "mail": "…"}`). `selected` is the index of the row that is chosen,
    or None; set it to choose another. `sort("mail", descending=True)` sorts.

    Rows that are assigned (`table.rows = found`) are sorted as those before were. The row that is chosen stays so where
    it is among them, with all its values the same or, with `row_headers`, the first of them; else none is.

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
        self.body = Widget()
        """The widget whose children are the rows."""
        self.body.tagname = "tbody"
        self.children = [self.body]
        self.columns = dict(columns) if isinstance(columns, Mapping) else columns  # type: ignore[assignment]
        self.caption = caption
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

    def sort(self, column: str | None, descending: bool = False) -> None:
        """Sorts the rows by a column: numbers by size, text without regard to case; None at the end.

        Rows that are assigned later are sorted alike; those that are appended or inserted stand where they were put.
        None as column ends that, and leaves the rows where they are. Raises ValueError for a column that the table does
        not have.
        """
        keys = [known.key for known in self.columns]
        if column is not None and column not in keys:
            raise ValueError(f"{self!r} has no column {column!r:.60}; its columns are {', '.join(keys)}")
        self._sorting = None if column is None else (column, descending)
        if column is not None:
            rows, index = self.row_widgets, keys.index(column)
            self.body.children.replace(in_order(rows, lambda row: row.cell(index), descending))
        if self._tree is not None:
            self._tree.redraw(self, "head")

    def in_order(self, rows: list[Cells]) -> list[Cells]:
        """The cells of rows, in the order by which the table is sorted."""
        column, descending = self._sorting or (None, False)
        keys = [known.key for known in self.columns]
        if column not in keys:
            return rows
        index = keys.index(column)
        return in_order(rows, lambda cells: cell(cells, index, self.columns[index]), descending)

    def choose(self, row: TableRow) -> None:
        """The user has chosen the row."""
        if row is not self._chosen:
            self._mark(row)
            data = {"index": self.selected, "row": frozen(row.cells)}
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
            box |= {"tabindex": "0", "role": "group", "aria-labelledby": f"{self.identifier}.caption"}
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
            self._tree.update(self, _CHOSEN, self._operation(_CHOSEN))

    def _operation(self, key: tuple[str, str]) -> Operation:
        if key == _CHOSEN:
            row = self._chosen
            return [key[0], self.identifier, key[1], row and row.identifier]
        return super()._operation(key)

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
