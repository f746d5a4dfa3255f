"""Div, VBox, HBox, Grid, Card: their HTML, and what a change of them sends."""

from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.errors import NotWidgetError, PropertyTypeError, PropertyValueError, UnsafeValueError
from jibe_like.tree.node import style_rules, to_html
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from jibe_like.widgets import Card, Div, Grid, HBox, Label, VBox


def live(widget: Widget) -> Tree:
    """A tree with the widget in it, all of it known to the browser."""
    tree = Tree(Div([widget], identifier="topwidget"))
    tree.take()
    tree.changes.clear()
    return tree


def operations(tree: Tree) -> list[Any]:
    patch = tree.take()
    return patch.ops if patch is not None else []


@pytest.mark.parametrize("box", [Div, VBox, HBox])
def test_a_box_holds_its_children(box: Callable[..., Widget]) -> None:
    widget = box([Label("a", identifier="a"), Label("b", identifier="b")], identifier="box", style={"gap": "2px"})
    name = type(widget).__name__.lower()
    assert to_html(widget.node()) == (
        f'<div id="box" class="widget {name}"><div id="a" class="widget label">a</div>'
        '<div id="b" class="widget label">b</div></div>'
    )
    assert style_rules(widget.node()) == "#box{gap:2px}"


@pytest.mark.parametrize("box", [Div, VBox, HBox, Grid, Card])
def test_options_of_every_widget(box: Callable[..., Widget]) -> None:
    widget = box(identifier="box", attributes={"lang": "en"}, classname="mine", hidden=True, tooltip="A box")
    html = to_html(widget.node())
    assert html.startswith(f'<div id="box" class="widget {box.__name__.lower()} mine" hidden title="A box" lang="en"')
    assert list(widget.children) == []


def test_children_may_come_from_any_iterable() -> None:
    assert [child.properties["value"] for child in VBox(Label(str(i)) for i in range(3)).children] == ["0", "1", "2"]


def test_what_is_no_widget_is_refused() -> None:
    with pytest.raises(NotWidgetError, match="VBox"):
        VBox(["text"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="HBox.*list of widgets, not Label"):
        HBox(Label("a"))
    with pytest.raises(TypeError, match="no argument 'colour'"):
        Div(colour="red")


def test_an_appended_child_is_inserted() -> None:
    box = VBox([Label("a")])
    tree = live(box)
    box.children.append(Label("b", identifier="b"))
    assert operations(tree) == [["insert", "w1", None, [["div", {"id": "b", "class": "widget label"}, "b"]]]]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [(3, "repeat(3,minmax(0,1fr))"), ("auto 1fr", "auto 1fr"), ("repeat(2, 1fr)", "repeat(2, 1fr)")],
)
def test_grid_columns(columns: int | str, shown: str) -> None:
    grid = Grid([Label("a")], columns=columns, gap="1rem 2rem", identifier="grid")
    assert grid.columns == columns
    assert style_rules(grid.node()) == f"#grid{{grid-template-columns:{shown};gap:1rem 2rem}}"


@pytest.mark.parametrize("columns", [0, ""])
def test_a_grid_without_columns_leaves_them_to_the_style_sheet(columns: int | str) -> None:
    grid = Grid(columns=columns)
    assert grid.columns == 0
    assert style_rules(grid.node()) == ""


def test_grid_changes_are_style_operations() -> None:
    grid = Grid(identifier="grid")
    tree = live(grid)
    grid.columns, grid.gap = 2, "0"
    assert operations(tree) == [
        ["style", "grid", "grid-template-columns", "repeat(2,minmax(0,1fr))"],
        ["style", "grid", "gap", "0"],
    ]
    grid.columns, grid.gap = 0, ""
    assert operations(tree) == [["style", "grid", "grid-template-columns", None], ["style", "grid", "gap", None]]


def test_grid_refuses_what_is_no_column_and_no_gap() -> None:
    grid = Grid(identifier="grid")
    with pytest.raises(PropertyTypeError, match=r"Grid\(grid\)\.columns must be int or str, not float"):
        grid.columns = 2.5  # type: ignore[assignment]
    with pytest.raises(PropertyTypeError, match=r"Grid\(grid\)\.columns"):
        grid.columns = True
    with pytest.raises(PropertyValueError, match=r"Grid\(grid\)\.columns.*-1"):
        grid.columns = -1
    with pytest.raises(UnsafeValueError, match=r"Grid\(grid\)\.columns"):
        grid.columns = "1fr;color:red"
    with pytest.raises(UnsafeValueError, match=r"Grid\(grid\)\.gap"):
        grid.gap = "0}body{display:none"
    assert (grid.columns, grid.gap) == (0, "")


def test_card() -> None:
    card = Card("Profile <b>", [Label("x", identifier="x")], identifier="card")
    assert to_html(card.node()) == (
        '<div id="card" class="widget card" role="group" aria-labelledby="card.title">'
        '<h2 id="card.title" class="title">Profile &lt;b&gt;</h2><div id="x" class="widget label">x</div></div>'
    )


def test_a_change_of_a_cards_title_renders_the_title_alone() -> None:
    card = Card(children=[Label(str(i)) for i in range(100)], identifier="card")
    tree = live(card)
    card.title = "New"
    assert operations(tree) == [["render", "card.title", ["h2", {"id": "card.title", "class": "title"}, "New"]]]


def test_a_change_of_a_cards_level_renders_the_card() -> None:
    card = Card("Title", identifier="card")
    tree = live(card)
    card.title, card.level = "New", 3
    [[kind, target, node]] = operations(tree)
    assert (kind, target, node[0]) == ("render", "card", "div")
    assert node[2:] == [["h3", {"id": "card.title", "class": "title"}, "New"]]


def test_card_names_itself_in_errors() -> None:
    card = Card("Title", identifier="card")
    with pytest.raises(PropertyValueError, match=r"Card\(card\)\.level.*from 1 to 6, not 7"):
        card.level = 7
    with pytest.raises(PropertyTypeError, match=r"Card\(card\)\.title must be str, not int"):
        card.title = 1  # type: ignore[assignment]


def test_a_role_of_ones_own_stays() -> None:
    card = Card("News", attributes={"role": "region"}, identifier="card")
    assert card.node()[1]["role"] == "region"
