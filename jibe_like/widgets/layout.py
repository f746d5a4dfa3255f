"""Widgets that put others in their place."""

from collections.abc import Iterable
from typing import Any

from ..tree import safe
from ..tree.binding import redraw, redraw_part, style
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget


class Div(Widget):
    """A plain box, with no layout of its own.

        Div([Label("above"), Label("below")])

    :param children: the widgets inside it.
    :param options: see `Widget`.
    """

    __slots__ = ()

    def __init__(self, children: Iterable[Widget] = (), **options: Any) -> None:
        super().__init__(**options)
        self.children = children


class VBox(Widget):
    """A column: its children stand below each other, as wide as it is. `style={"gap": "2rem"}` changes their distance.

        VBox([Heading("Settings"), Input(label="Name")])

    :param children: the widgets inside it.
    :param options: see `Widget`.
    """

    __slots__ = ()

    def __init__(self, children: Iterable[Widget] = (), **options: Any) -> None:
        super().__init__(**options)
        self.children = children


class HBox(Widget):
    """A row: its children stand side by side, in as many lines as they need. `style={"gap": "0"}` joins them.

        HBox([Button("Save"), Button("Cancel")])

    :param children: the widgets inside it.
    :param options: see `Widget`.
    """

    __slots__ = ()

    def __init__(self, children: Iterable[Widget] = (), **options: Any) -> None:
        super().__init__(**options)
        self.children = children


def _columns(grid: "Grid", columns: int | str) -> int | str:
    if isinstance(columns, int):
        if columns < 0:
            raise ValueError(f"columns are counted from 1, or 0 for as many as fit; not {columns}")
        return columns
    return safe.style("grid-template-columns", columns) or 0


def _show_columns(columns: int | str) -> str | None:
    return (f"repeat({columns},minmax(0,1fr))" if isinstance(columns, int) else columns) if columns else None


def _gap(grid: "Grid", gap: str) -> str:
    return safe.style("gap", gap) or ""


class Grid(Widget):
    """Children in rows and columns, filled row by row.

        Grid([Card("A"), Card("B"), Card("C")], columns=3)
        Grid([Label("Name"), name], columns="auto 1fr", gap="0.5rem 2rem")

    :param children: the widgets inside it.
    :param columns: how many columns of equal width; 0 for as many as fit; or text as CSS has it in
        `grid-template-columns`.
    :param gap: the distance between cells as CSS has it (`"1rem"`, `"1rem 2rem"`); empty for the usual one.
    :param options: see `Widget`.

    Properties: `columns`, `gap`.
    """

    __slots__ = ()

    columns: Property[int | str] = Property(
        0, bind=style("grid-template-columns", _show_columns), accept=(int, str), check=_columns
    )
    """Number of columns, or text as CSS has it in `grid-template-columns`."""
    gap = Property("", bind=style("gap", lambda gap: gap or None), check=_gap)
    """The distance between cells, as CSS has it."""

    def __init__(self, children: Iterable[Widget] = (), columns: int | str = 0, gap: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.columns = columns
        self.gap = gap
        self.children = children


def heading_level(widget: Widget, level: int) -> int:
    """Checks a heading's level. Raises ValueError."""
    if not 1 <= level <= 6:
        raise ValueError(f"a heading has a level from 1 to 6, not {level}")
    return level


class Card(Widget):
    """A framed box with a title, for what belongs together.

        Card("Profile", [name, email, Button("Save")])

    :param title: its heading; none if empty.
    :param children: the widgets inside it.
    :param level: the heading's level, 1 to 6; its looks stay the same.
    :param options: see `Widget`.

    Properties: `title`, `level`.
    """

    __slots__ = ()

    title = Property("", bind=redraw_part("title"))
    """The card's heading."""
    level = Property(2, bind=redraw, check=heading_level)
    """The heading's level, from 1 to 6."""

    def __init__(self, title: str = "", children: Iterable[Widget] = (), *, level: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.title = title
        self.level = level
        self.children = children

    def content(self) -> Iterable[Node]:
        return [[f"h{self.level}", {"id": f"{self.identifier}.title", "class": "title"}, self.title]]

    def frame(self, node: Element) -> Element:
        node[1].setdefault("role", "group")
        node[1].setdefault("aria-labelledby", f"{self.identifier}.title")
        return node
