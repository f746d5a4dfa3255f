"""Table: HTML, what changes of rows send, sorting, choosing a row."""

from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError
from jibe_like.widgets import Button, Column, Table

from .live_tree import browser_says, copied, html, live, operations

CITIES = [("Delhi", 33), ("Tokyo", 37), ("Lagos", 16)]


def cities(**options: Any) -> Table:
    return Table(["City", Column("people", "People", "end")], CITIES, **options)


def first_cells(table: Table) -> list[Any]:
    return [row[0] for row in table.rows]


class TestHtml:
    def test_all_of_it(self) -> None:
        assert html(Table(["City", Column("people", "People", "end")], [["Delhi", 33]], caption="Cities")) == (
            '<div id="w1.box" class="table-box" tabindex="0" role="group" aria-labelledby="w1.caption">'
            '<table id="w1" class="widget table"><caption id="w1.caption">Cities</caption>'
            '<thead id="w1.head"><tr><th scope="col">City</th><th scope="col" class="end">People</th></tr></thead>'
            '<tbody id="w2" class="widget"><tr id="w3" class="widget tablerow"><td>Delhi</td>'
            '<td class="end">33</td></tr></tbody></table></div>'
        )

    def test_row_headers(self) -> None:
        assert '<th scope="row">Delhi</th><td class="end">33</td>' in html(cities(row_headers=True))

    def test_cells_are_text(self) -> None:
        shown = html(Table(["a", "b", "c", "d"], [[None, True, "<b>", 1.5]]))
        assert "<td></td><td>True</td><td>&lt;b&gt;</td><td>1.5</td>" in shown

    def test_rows_by_key(self) -> None:
        table = Table({"name": "Name", "mail": "E-mail"}, [{"mail": "ada@example.org", "name": "Ada", "id": 7}, {}])
        assert "<td>Ada</td><td>ada@example.org</td></tr>" in html(table)
        assert "<td></td><td></td></tr>" in html(table)
        assert '<th scope="col">Name</th><th scope="col">E-mail</th>' in html(table)

    def test_sortable(self) -> None:
        table = cities(sortable=True)
        assert (
            '<th scope="col"><button id="w1.sort-0" type="button" value="City" data-on="click:value">City</button></th>'
        ) in html(table)
        table.sort("people")
        assert '<th scope="col" class="end" aria-sort="ascending"><button id="w1.sort-1"' in html(table)

    def test_selectable(self) -> None:
        table = cities(selectable=True)
        shown = html(table)
        assert '<div id="w1.box" class="table-box"><table id="w1" class="widget table" ' in shown
        assert 'data-on="keydown,keys=ArrowUp|ArrowDown|Home|End,prevent" role="grid" tabindex="0"' in shown
        assert '<tr id="w3" class="widget tablerow selectablerow" data-on="click">' in shown
        table.selected = 1
        assert 'aria-activedescendant="w4"' in html(table)
        assert '<tr id="w4" class="widget tablerow selectablerow" aria-selected="true"' in html(table)


class TestRows:
    def test_what_they_are(self) -> None:
        table = cities()
        assert table.rows == CITIES
        assert table.rows == [list(row) for row in CITIES]
        assert table.rows != CITIES[:2]
        assert table.rows[1] == ("Tokyo", 37)
        assert table.rows[1:] == CITIES[1:]
        assert repr(table.rows) == repr(CITIES)
        assert ["Tokyo", 37] in table.rows
        assert table.rows.index(["Tokyo", 37]) == 1

    def test_an_appended_row_is_all_that_is_sent(self) -> None:
        table = cities()
        tree = live(table)
        table.rows.append(["Cairo", 22])
        assert operations(tree) == [
            [
                "insert",
                "w2",
                None,
                [["tr", {"id": "w6", "class": "widget tablerow"}, ["td", {}, "Cairo"], ["td", {"class": "end"}, "22"]]],
            ]
        ]

    def test_a_row_that_is_replaced_is_all_that_is_sent(self) -> None:
        table = cities()
        tree = live(table)
        table.rows[1] = ("Tokyo", 38)
        table.rows[0] = CITIES[0]
        ((name, target, node),) = operations(tree)
        assert (name, target, node[3]) == ("render", "w4", ["td", {"class": "end"}, "38"])

    @pytest.mark.parametrize(
        "change",
        [
            lambda rows: rows.insert(1, ("Lima", 11)),
            lambda rows: rows.extend([("Lima", 11), ("Rome", 4)]),
            lambda rows: rows.pop(0),
            lambda rows: rows.remove(("Tokyo", 37)),
            lambda rows: rows.clear(),
            lambda rows: rows.reverse(),
            lambda rows: rows.__delitem__(slice(1, None)),
            lambda rows: rows.__setitem__(slice(0, 1), [("Lima", 11), ("Rome", 4)]),
        ],
        ids=["insert", "extend", "pop", "remove", "clear", "reverse", "del", "set"],
    )
    def test_it_is_a_list(self, change: Callable[[Any], Any]) -> None:
        table, expected = cities(), list(CITIES)
        tree = live(table)
        change(table.rows)
        change(expected)
        assert table.rows == expected
        assert operations(tree)

    def test_in_place(self) -> None:
        table = cities()
        table.rows += [("Lima", 11)]
        assert table.rows == [*CITIES, ("Lima", 11)]

    def test_other_rows_reuse_what_is_there(self) -> None:
        table = cities()
        tree = live(table)
        table.rows = [CITIES[0], ("Lima", 11), CITIES[2], ("Rome", 4)]
        assert sorted(operation[0:2] for operation in operations(tree)) == [["insert", "w2"], ["render", "w4"]]
        table.rows = CITIES[:1]
        assert sorted(operation[0] for operation in operations(tree)) == ["remove", "remove", "remove"]

    def test_a_row_that_was_read_may_be_changed_and_put_back(self) -> None:
        table = Table(["n", "m"], [{"n": 1, "m": 2}])
        tree = live(table)
        ways: list[Callable[[], Any]] = [
            lambda: table.rows[0],
            lambda: table.rows[:1][0],
            lambda: next(iter(table.rows)),
        ]
        for read in ways:
            row = read()
            row["m"] += 1
            assert table.rows == [{"n": 1, "m": row["m"] - 1}]
            table.rows[0] = row
            ((name, target, node),) = operations(tree)
            assert (name, target, node[3]) == ("render", "w3", ["td", {}, str(row["m"])])

    def test_wrong_rows(self) -> None:
        table = cities()
        for row in ("ab", 5, None):
            wrong: Any = row
            with pytest.raises(PropertyTypeError, match=r"Table\(\): a row is a sequence or a mapping"):
                table.rows.append(wrong)
        none: Any = 5
        with pytest.raises(PropertyTypeError, match=r"Table\(\): rows are a list of rows, not 5"):
            table.rows = none
        changes: list[Callable[[], None]] = [
            lambda: table.rows.append(["Lima"]),
            lambda: table.rows.extend([("Lima", 11), ("Rome", 4, 5)]),
            lambda: table.rows.__setitem__(0, ["Lima"]),
            lambda: setattr(table, "rows", [("Lima", 11), ("Rome",)]),
        ]
        for change in changes:
            with pytest.raises(PropertyValueError, match=r"Table\(\): a row has 2 cells, not [13]"):
                change()
        assert table.rows == CITIES

    def test_a_widget_is_no_cell(self) -> None:
        button = Button("Go", identifier="go")
        table = Table(["City", Column("people", "People")], CITIES)
        changes: list[Callable[[], None]] = [
            lambda: table.rows.append(["Lima", button]),
            lambda: table.rows.insert(1, ("Lima", button)),
            lambda: table.rows.extend([("Rome", 4), {"City": "Lima", "people": button}]),
            lambda: table.rows.__setitem__(1, ["Lima", button]),
            lambda: table.rows.__setitem__(slice(1, 3), [["Rome", 4], ["Lima", button]]),
            lambda: setattr(table, "rows", [("Rome", 4), ("Lima", button)]),
        ]
        where = r"Button\(go\) in column 'people' of the row .*'Lima'.*Button\(go\)[)}]$"
        for change in changes:
            with pytest.raises(PropertyTypeError, match=r"^Table\(\): a cell is text, not a widget: " + where):
                change()
        assert table.rows == CITIES
        with pytest.raises(PropertyTypeError, match=r"^Table\(cities\): .* in column 'City' of the row"):
            Table(["City"], [[button]], identifier="cities")

    def test_what_is_not_shown_may_be_a_widget(self) -> None:
        button = Button("Go")
        table = Table(["City"], [{"City": "Lima", "button": button}])
        assert table.rows[0]["button"] is button
        with pytest.raises(PropertyTypeError, match=r"^Table\(\)\.columns: a cell is text.* in column 'button'"):
            table.columns = ["City", "button"]
        assert [column.key for column in table.columns] == ["City"]

    def test_many_rows_cost_one_operation(self) -> None:
        table = cities()
        tree = live(table)
        table.rows.extend([(f"City {number}", number) for number in range(1000)])
        ((name, _, _, nodes),) = operations(tree)
        assert (name, len(nodes)) == ("insert", 1000)


class TestColumns:
    def test_they_change(self) -> None:
        table = cities()
        tree = live(table)
        table.columns = ["Town", "Inhabitants", "Country"]
        ((name, target, _),) = operations(tree)
        assert (name, target) == ("render", "w1.box")
        assert "<td>Delhi</td><td>33</td><td></td>" in html(table)

    @pytest.mark.parametrize("columns", [["a", "a"], [("a", "A", "left")]], ids=repr)
    def test_values_that_are_not_allowed(self, columns: Any) -> None:
        with pytest.raises(PropertyValueError, match=r"Table\(\)\.columns"):
            Table(columns)

    @pytest.mark.parametrize("columns", ["abc", [5], [("a", 5)], [()], [["a", "A"]], {"a": 5}], ids=repr)
    def test_wrong_types(self, columns: Any) -> None:
        with pytest.raises(PropertyTypeError, match=r"Table\(\)\.columns"):
            Table(columns)

    def test_caption(self) -> None:
        table = cities()
        tree = live(table)
        table.caption = "Cities"
        assert operations(tree) == [["render", "w1.caption", ["caption", {"id": "w1.caption"}, "Cities"]]]


class TestSort:
    def test_python_sorts(self) -> None:
        table = cities()
        tree = live(table)
        table.sort("people")
        assert first_cells(table) == ["Lagos", "Delhi", "Tokyo"]
        assert [operation[0] for operation in operations(tree)] == ["insert", "render"]
        table.sort("City", descending=True)
        assert first_cells(table) == ["Tokyo", "Lagos", "Delhi"]
        with pytest.raises(ValueError, match=r"Table\(w1\) has no column 'x'; its columns are City, people"):
            table.sort("x")

    def test_order(self) -> None:
        table = Table(["v"], [["b"], [None], ["A"], ["c"]])
        table.sort("v")
        assert first_cells(table) == ["A", "b", "c", None]
        table.sort("v", descending=True)
        assert first_cells(table) == ["c", "b", "A", None]
        table.rows = [["b"], [10], [9]]
        table.sort("v")
        assert first_cells(table) == [10, 9, "b"]

    def test_rows_by_key(self) -> None:
        table = Table(["n"], [{"n": 2}, {}, {"n": 1}])
        table.sort("n")
        assert table.rows == [{"n": 1}, {"n": 2}, {}]

    def test_the_user_sorts(self) -> None:
        table = cities(sortable=True)
        seen: list[Any] = []
        table.register("sort", lambda source, message: seen.append((first_cells(source), message["data"])))
        browser_says(table, "click", value="people")
        browser_says(table, "click", value="people")
        browser_says(table, "click", value="people")
        assert seen == [
            (["Lagos", "Delhi", "Tokyo"], {"column": "people", "descending": False}),
            (["Tokyo", "Delhi", "Lagos"], {"column": "people", "descending": True}),
            (["Lagos", "Delhi", "Tokyo"], {"column": "people", "descending": False}),
        ]

    def test_other_rows_are_sorted_alike(self) -> None:
        table = cities(sortable=True)
        tree = live(table)
        browser_says(table, "click", value="people")
        tree.take()
        table.rows = [("Lima", 11), ("Tokyo", 37), ("Cairo", None), ("Rome", 4)]
        assert first_cells(table) == ["Rome", "Lima", "Tokyo", "Cairo"]
        assert 'aria-sort="ascending"' in html(table)
        table.sort("City", descending=True)
        table.rows = CITIES
        assert first_cells(table) == ["Tokyo", "Lagos", "Delhi"]

    def test_sorted_by_nothing(self) -> None:
        table = cities(sortable=True)
        tree = live(table)
        table.sort("people")
        operations(tree)
        table.sort(None)
        assert first_cells(table) == ["Lagos", "Delhi", "Tokyo"]
        assert "aria-sort" not in html(table)
        assert [operation[0] for operation in operations(tree)] == ["render"]
        table.rows = CITIES
        assert table.rows == CITIES

    def test_the_column_that_sorts_goes(self) -> None:
        table = cities(sortable=True)
        table.sort("people")
        table.columns = ["City"]
        table.rows = [["Tokyo"], ["Delhi"]]
        assert table.rows == [("Tokyo",), ("Delhi",)]

    @pytest.mark.parametrize("value", ["x", 5, None, ["people"], {}], ids=repr)
    def test_the_browser_sends_no_column(self, value: Any) -> None:
        table = cities(sortable=True)
        with pytest.raises(ProtocolError, match="cannot be sorted by"):
            browser_says(table, "click", value=value)
        assert table.rows == CITIES

    def test_only_where_it_is_sortable(self) -> None:
        table = cities()
        with pytest.raises(ProtocolError):
            browser_says(table, "click", value="people")


class TestSelect:
    def table(self) -> tuple[Table, list[Any]]:
        table = cities(selectable=True)
        live(table)
        seen: list[Any] = []
        table.register("select", lambda source, message: seen.append(message["data"]))
        return table, seen

    def press(self, table: Table, key: Any) -> None:
        table.on_message({"id": table.identifier, "event": "keydown", "data": {"key": key}})

    def test_a_click(self) -> None:
        table, seen = self.table()
        assert table.selected is None
        browser_says(table.row_widgets[1], "click")
        browser_says(table.row_widgets[1], "click")
        assert table.selected == 1
        assert seen == [{"index": 1, "row": ("Tokyo", 37)}]

    def test_operations(self) -> None:
        table, _ = self.table()
        tree = table._tree
        assert tree is not None
        tree.take()
        browser_says(table.row_widgets[1], "click")
        assert operations(tree) == [
            ["attr", "w4", "aria-selected", "true"],
            ["attr", "w1", "aria-activedescendant", "w4"],
        ]
        table.selected = None
        assert operations(tree) == [
            ["attr", "w4", "aria-selected", None],
            ["attr", "w1", "aria-activedescendant", None],
        ]

    @pytest.mark.parametrize(
        ("keys", "chosen"),
        [
            (["ArrowDown"], [0]),
            (["ArrowUp"], [2]),
            (["Home"], [0]),
            (["End"], [2]),
            (["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"], [0, 1, 2]),
            (["End", "ArrowUp", "Home", "ArrowUp"], [2, 1, 0]),
            (["Enter", "x", None, 5, ["Home"]], []),
        ],
        ids=str,
    )
    def test_keys(self, keys: list[Any], chosen: list[int]) -> None:
        table, seen = self.table()
        for key in keys:
            self.press(table, key)
        assert [data["index"] for data in seen] == chosen

    def test_the_chosen_row_is_scrolled_into_view(self) -> None:
        table, _ = self.table()
        tree = table._tree
        assert tree is not None
        tree.take()
        self.press(table, "End")
        assert operations(tree)[-1] == ["call", "w5", "scrollIntoView", [{"block": "nearest"}]]

    def test_keys_without_rows(self) -> None:
        table = Table(["a"], selectable=True)
        self.press(table, "Home")
        assert table.selected is None

    def test_it_stays_with_its_row(self) -> None:
        table, _ = self.table()
        table.selected = 1
        table.rows.insert(0, ("Lima", 11))
        assert table.selected == 2
        table.sort("people", descending=True)
        assert table.selected == 0
        table.rows.remove(("Tokyo", 37))
        assert table.selected is None
        table.selected = -1
        table.rows = []
        assert table.selected is None

    def test_it_stays_with_its_row_among_other_rows(self) -> None:
        table, seen = self.table()
        table.selected = 1
        table.rows = [("Lima", 11), ("Delhi", 33), ("Tokyo", 37)]
        assert table.selected == 2
        assert html(table).count("aria-selected") == 1
        table.rows = [("Tokyo", 38), ("Delhi", 33), ("Lima", 11)]
        assert table.selected is None
        assert "aria-selected" not in html(table)
        assert "aria-activedescendant" not in html(table)
        assert seen == []

    def test_equal_rows(self) -> None:
        table, _ = self.table()
        table.rows = [("Lima", 11)] * 3
        table.selected = 1
        table.rows = [("Lima", 11)] * 4
        assert table.selected == 1

    def test_a_row_that_has_a_header_is_known_by_it(self) -> None:
        table = cities(selectable=True, row_headers=True)
        table.selected = 1
        table.rows = [("Tokyo", 38), ("Lagos", 17)]
        assert table.selected == 0
        table.rows = [("Tokyo", 39), ("Tokyo", 40)]
        assert table.selected is None

    def test_what_a_handler_does_to_the_row_it_is_told(self) -> None:
        table = Table(["n"], [{"n": 1}], selectable=True)
        table.register("select", lambda source, message: message["data"]["row"].update(n=2))
        browser_says(table.row_widgets[0], "click")
        assert table.rows == [{"n": 1}]

    def test_no_such_row(self) -> None:
        table, _ = self.table()
        with pytest.raises(IndexError):
            table.selected = 3

    def test_a_browser_cannot_say_what_only_the_server_does(self) -> None:
        table, seen = self.table()
        for event in ("select", "sort"):
            with pytest.raises(ProtocolError):
                browser_says(table, event)
        assert seen == []


def test_snapshot() -> None:
    table = cities(sortable=True, selectable=True, caption="Cities")
    table.selected = 1
    table.sort("people")
    copy = copied(table)
    assert copy.rows == table.rows
    assert copy.selected == 2
    copy.rows.append(("Lima", 11))
    assert len(copy.rows) == 4
