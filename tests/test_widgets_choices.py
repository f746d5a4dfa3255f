"""Inputs that choose: HTML, jibe's constructors, operations, what the browser sends back."""

from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError
from jibe_like.widgets import CheckBox, Dropdown, RadioGroup, SelectMultiple, Switch

from .live_tree import browser_says, copied, html, live, operations

SIZES = ["S", "M", "L"]
COUNTRIES = {"fr": "France", "in": "India"}


class TestCheckBox:
    def test_html(self) -> None:
        assert html(CheckBox()) == (
            '<div id="w1.box" class="field-bare"><input id="w1" class="widget field checkbox" '
            'data-on="change:checked" type="checkbox"></div>'
        )
        assert html(CheckBox(True, "Accept", required=True)) == (
            '<div id="w1.box" class="field-line"><input id="w1" class="widget field checkbox" required checked '
            'data-on="change:checked" type="checkbox"><label id="w1.label" for="w1">Accept</label></div>'
        )

    @pytest.mark.parametrize("kind", [CheckBox, Switch])
    def test_two_way(self, kind: type[CheckBox]) -> None:
        box = kind()
        seen: list[Any] = []
        box.register("change", lambda source, message: seen.append((source.checked, message["properties"]["checked"])))
        tree = live(box)
        browser_says(box, "change", checked=True)
        assert seen == [(True, True)]
        assert operations(tree, "c1") == []
        box.checked = False
        assert operations(tree) == [["prop", "w1", "checked", False]]

    @pytest.mark.parametrize("raw", [1, 0, "on", None, [True]])
    def test_the_browser_sends_something_else(self, raw: Any) -> None:
        box = CheckBox()
        tree = live(box)
        with pytest.raises(ProtocolError, match="checked must be bool"):
            browser_says(box, "change", checked=raw)
        assert box.checked is False
        assert operations(tree) == [["prop", "w1", "checked", False]]

    def test_wrong_type(self) -> None:
        wrong: Any = "yes"
        with pytest.raises(PropertyTypeError, match=r"Switch.*checked must be bool, not str"):
            Switch(wrong)

    def test_switch(self) -> None:
        shown = html(Switch(True, label="Dark"))
        assert 'class="widget field checkbox switch"' in shown
        assert 'type="checkbox" role="switch"' in shown


class TestDropdown:
    def test_html(self) -> None:
        assert html(Dropdown("M", SIZES)) == (
            '<div id="w1.box" class="field-bare"><select id="w1" class="widget field choicefield dropdown" '
            'data-on="change:value"><option value="S">S</option><option value="M" selected>M</option>'
            '<option value="L">L</option></select></div>'
        )
        assert '<option value="fr">France</option><option value="in" selected>India' in html(Dropdown("in", COUNTRIES))

    def test_jibes_constructor(self) -> None:
        both = Dropdown("M", SIZES)
        assert (both.value, both.options) == ("M", SIZES)
        only_options = Dropdown(None, SIZES)
        assert (only_options.value, only_options.options) == ("S", SIZES)
        only_value = Dropdown("M")
        assert (only_value.value, only_value.options) == ("M", ["M"])
        nothing = Dropdown()
        assert (nothing.value, nothing.options) == (None, [])

    def test_forms_of_options(self) -> None:
        pairs = [("fr", "France"), ("in", "India")]
        assert Dropdown(options=COUNTRIES).options == pairs
        assert Dropdown(options=pairs).options == pairs
        assert Dropdown(options=("S", ("M", "Medium"))).options == ["S", ("M", "Medium")]
        lists: Any = [["fr", "France"]]
        assert Dropdown(options=lists).options == [("fr", "France")]

    @pytest.mark.parametrize("options", ["abc", 5, [1, 2], [("a",)], [("a", 1)], [None], {"a": 1}, {1, 2}], ids=repr)
    def test_options_of_the_wrong_type(self, options: Any) -> None:
        with pytest.raises(PropertyTypeError, match=r"Dropdown.*options"):
            Dropdown(options=options)

    def test_an_option_twice(self) -> None:
        with pytest.raises(PropertyValueError, match=r"Dropdown.*'a' is an option twice"):
            Dropdown(options=["a", "b", ("a", "A")])

    def test_a_value_that_is_no_option(self) -> None:
        with pytest.raises(PropertyValueError, match=r"Dropdown.*'XL' is not one of the options: 'S', 'M', 'L'"):
            Dropdown("XL", SIZES)
        field = Dropdown("M", SIZES)
        with pytest.raises(PropertyValueError):
            field.value = "XL"
        assert field.value == "M"

    def test_two_way(self) -> None:
        field = Dropdown("M", SIZES)
        seen: list[Any] = []
        field.register("change", lambda source, message: seen.append((source.value, message["properties"]["value"])))
        tree = live(field)
        browser_says(field, "change", value="L")
        assert seen == [("L", "L")]
        assert operations(tree, "c1") == []
        field.value = "S"
        assert operations(tree) == [["prop", "w1", "value", "S"]]

    @pytest.mark.parametrize("raw", ["XL", "m", "", 1, None, ["M"], {}], ids=repr)
    def test_the_browser_sends_no_option(self, raw: Any) -> None:
        field = Dropdown("M", SIZES)
        tree = live(field)
        with pytest.raises(ProtocolError, match=r"Dropdown\(w1\)\.value|an option is a str"):
            browser_says(field, "change", value=raw)
        assert field.value == "M"
        assert operations(tree) == [["prop", "w1", "value", "M"]]

    def test_options_change_in_place(self) -> None:
        field = Dropdown("M", SIZES)
        tree = live(field)
        field.options.append("XL")
        ((name, target, node),) = operations(tree)
        assert (name, target) == ("render", "w1.box")
        assert [option[1]["value"] for option in node[2][2:]] == ["S", "M", "L", "XL"]
        assert node[2][1][".value"] == "M"
        field.value = "XL"
        field.options.remove("XL")
        assert field.value == "S"
        field.options.clear()
        assert field.value is None
        field.options += ["a"]
        assert field.value == "a"
        with pytest.raises(PropertyTypeError):
            field.options.append(5)
        assert field.options == ["a"]

    def test_nothing_chosen(self) -> None:
        field = Dropdown("M", SIZES)
        tree = live(field)
        field.value = None
        assert operations(tree) == [["prop", "w1", "value", ""]]
        assert '<option value="" disabled hidden selected></option><option value="S">' in html(field)
        browser_says(field, "change", value="")
        assert field.value is None

    def test_placeholder(self) -> None:
        field = Dropdown(options=SIZES, placeholder="Choose one")
        assert field.value is None
        assert '<option value="" disabled hidden selected>Choose one</option><option value="S">' in html(field)
        field.value = "S"
        assert '<option value="" disabled hidden>Choose one</option><option value="S" selected>' in html(field)
        browser_says(field, "change", value="")
        assert field.value is None
        field.value = "S"
        field.options = ["XL"]
        assert field.value is None

    def test_an_empty_option(self) -> None:
        field = Dropdown("", {"": "any", "a": "A"})
        assert field.value == ""
        assert '<option value="" selected>any</option>' in html(field)
        browser_says(field, "change", value="a")
        browser_says(field, "change", value="")
        assert field.value == ""

    def test_snapshot(self) -> None:
        copy = copied(Dropdown("M", SIZES, label="Size"))
        copy.options.append("XL")
        copy.value = "XL"
        assert copy.options == [*SIZES, "XL"]


class TestSelectMultiple:
    def test_html(self) -> None:
        assert html(SelectMultiple(["S", "L"], SIZES, "Sizes", rows=3)) == (
            '<div id="w1.box" class="field-box"><label id="w1.label" for="w1">Sizes</label>'
            '<select id="w1" class="widget field choicefield selectmultiple" size="3" data-on="change:selected" '
            'multiple="multiple"><option value="S" selected>S</option><option value="M">M</option>'
            '<option value="L" selected>L</option></select></div>'
        )

    def test_jibes_constructor(self) -> None:
        both = SelectMultiple(["M"], SIZES)
        assert (both.value, both.options) == (["M"], SIZES)
        only_options = SelectMultiple(None, SIZES)
        assert (only_options.value, only_options.options) == ([], SIZES)
        only_value = SelectMultiple(("S", "M"))
        assert (only_value.value, only_value.options) == (["S", "M"], ["S", "M"])
        nothing = SelectMultiple()
        assert (nothing.value, nothing.options) == ([], [])

    def test_two_way(self) -> None:
        field = SelectMultiple([], SIZES)
        seen: list[Any] = []
        field.register("change", lambda source, message: seen.append(list(source.value)))
        tree = live(field)
        browser_says(field, "change", value=["S", "L"])
        assert seen == [["S", "L"]]
        assert operations(tree, "c1") == []
        field.value = ["M"]
        assert operations(tree) == [["prop", "w1", "selected", ["M"]]]

    def test_changes_in_place(self) -> None:
        field = SelectMultiple(["S"], SIZES)
        tree = live(field)
        field.value.append("M")
        assert operations(tree) == [["prop", "w1", "selected", ["S", "M"]]]
        field.value += ["M"]
        assert field.value == ["S", "M"]
        with pytest.raises(PropertyValueError, match="'XL' is not one of the options"):
            field.value.append("XL")
        field.options.remove("S")
        assert field.value == ["M"]
        ((name, target, node),) = operations(tree)
        assert (name, target, node[2][1][".selected"]) == ("render", "w1.box", ["M"])

    @pytest.mark.parametrize("raw", ["S", ["XL"], ["S", 1], ["S", ["M"]], [None], None, {"S": 1}], ids=repr)
    def test_the_browser_sends_no_option(self, raw: Any) -> None:
        field = SelectMultiple(["M"], SIZES)
        tree = live(field)
        with pytest.raises(ProtocolError, match=r"SelectMultiple\(w1\)\.value"):
            browser_says(field, "change", value=raw)
        assert field.value == ["M"]
        assert operations(tree) == [["prop", "w1", "selected", ["M"]]]

    def test_wrong_values(self) -> None:
        wrong: Any = "SML"
        with pytest.raises(PropertyTypeError, match=r"SelectMultiple.*value must be list"):
            SelectMultiple(wrong, SIZES)
        with pytest.raises(PropertyValueError, match="'XL' is not one of"):
            SelectMultiple(["XL"], SIZES)

    def test_snapshot(self) -> None:
        copy = copied(SelectMultiple(["M"], SIZES))
        copy.value.append("L")
        assert copy.value == ["M", "L"]


class TestRadioGroup:
    def test_html(self) -> None:
        assert html(RadioGroup("in", COUNTRIES, "Country", help="Where you live", required=True)) == (
            '<fieldset id="w1" class="widget field choicefield radiogroup" data-on="change:value" role="radiogroup" '
            'aria-describedby="w1.help"><legend id="w1.label">Country</legend>'
            '<label><input id="w1.option-fr" type="radio" name="w1" value="fr" required>France</label>'
            '<label><input id="w1.option-in" type="radio" name="w1" value="in" checked required>India</label>'
            '<p id="w1.help" class="field-help">Where you live</p></fieldset>'
        )

    def test_constructor(self) -> None:
        assert RadioGroup(None, SIZES).value is None
        assert RadioGroup("M", SIZES).value == "M"
        assert RadioGroup("M").options == ["M"]
        assert RadioGroup().options == []
        with pytest.raises(PropertyValueError, match=r"RadioGroup.*'XL'"):
            RadioGroup("XL", SIZES)

    def test_lone_surrogates_do_no_harm(self) -> None:
        shown = html(RadioGroup("\ud800", ["\ud800", "\udfff"]))
        assert 'id="w1.option-%ED%A0%80"' in shown
        assert 'id="w1.option-%ED%BF%BF"' in shown

    def test_two_way(self) -> None:
        group = RadioGroup(None, SIZES)
        seen: list[Any] = []
        group.register("change", lambda source: seen.append(source.value))
        tree = live(group)
        browser_says(group, "change", value="L")
        assert seen == ["L"]
        assert operations(tree, "c1") == []
        group.value = "S"
        assert operations(tree) == [["prop", "w1.option-S", "checked", True]]

    def test_none_is_drawn_anew(self) -> None:
        group = RadioGroup("M", SIZES)
        tree = live(group)
        group.value = None
        ((name, target, node),) = operations(tree)
        assert (name, target) == ("render", "w1")
        assert [label[2][1][".checked"] for label in node[2:]] == [False, False, False]

    @pytest.mark.parametrize("raw", ["XL", "", 1, None, ["M"]], ids=repr)
    @pytest.mark.parametrize("chosen", [None, "M"])
    def test_the_browser_sends_no_option(self, raw: Any, chosen: str | None) -> None:
        group = RadioGroup(chosen, SIZES)
        tree = live(group)
        with pytest.raises(ProtocolError):
            browser_says(group, "change", value=raw)
        assert group.value == chosen
        assert operations(tree)

    def test_options_change(self) -> None:
        group = RadioGroup("M", SIZES)
        tree = live(group)
        group.options.append("XL")
        assert [operation[:2] for operation in operations(tree)] == [["render", "w1"]]
        assert group.value == "M"
        group.options = ["a", "b"]
        assert group.value is None

    def test_identifiers_of_odd_values(self) -> None:
        group = RadioGroup("a b", ["a b", "é", "", "label", "x.y"])
        tree = live(group)
        identifiers = [label[2][1]["id"] for label in group.node()[2:]]
        assert identifiers == [
            "w1.option-a%20b",
            "w1.option-%C3%A9",
            "w1.option-",
            "w1.option-label",
            "w1.option-x.y",
        ]
        group.value = ""
        assert operations(tree) == [["prop", "w1.option-", "checked", True]]

    def test_focus_goes_to_the_chosen_one(self) -> None:
        group = RadioGroup(None, SIZES)
        group.focus()
        tree = live(group)
        group.focus()
        group.value = "L"
        group.focus()
        assert [operation for operation in operations(tree) if operation[0] == "call"] == [
            ["call", "w1.option-S", "focus", []],
            ["call", "w1.option-L", "focus", []],
        ]

    def test_error(self) -> None:
        group = RadioGroup(None, SIZES)
        tree = live(group)
        group.error = "Choose one"
        ((name, target, node),) = operations(tree)
        assert (name, target, node[1]["aria-invalid"]) == ("render", "w1", "true")
        assert node[-1][1] == {"id": "w1.error", "class": "field-error", "role": "alert"}

    def test_disabled(self) -> None:
        group = RadioGroup("M", SIZES, disabled=True)
        assert " disabled" in html(group)
        with pytest.raises(ProtocolError, match="disabled"):
            browser_says(group, "change", value="S")

    def test_snapshot(self) -> None:
        assert copied(RadioGroup("M", SIZES, label="Size")).value == "M"
