"""Button and the inputs of text, numbers, dates and colours: HTML, operations, what the browser sends back."""

import datetime
from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError
from jibe_like.tree.widget import Widget
from jibe_like.widgets import (
    Button,
    ColorInput,
    DateInput,
    Field,
    Input,
    NumberInput,
    Slider,
    TextArea,
    TimeInput,
)

from .live_tree import browser_says, copied, html, live, operations

ALL = [Input, TextArea, NumberInput, Slider, DateInput, TimeInput, ColorInput]
DAY = datetime.date(2024, 5, 17)


def changes(field: Widget) -> list[Any]:
    """The values that handlers of `change` get to see."""
    seen: list[Any] = []
    field.register("change", lambda source: seen.append(source.value))
    return seen


class TestEmptied:
    """A field that has to be filled in, and that the program empties, is not marked as if the user had left it so."""

    @pytest.mark.parametrize(
        ("field", "full", "empty"),
        [(Input(), "a", ""), (TextArea(), "a", ""), (NumberInput(), 5, None), (DateInput(), DAY, None)],
        ids=repr,
    )
    def test_by_the_program(self, field: Any, full: Any, empty: Any) -> None:
        field.required = True
        field.value = full
        tree = live(field)
        field.value = empty
        value = operations(tree)
        assert [operation[0] for operation in value] == ["prop", "pristine"]
        assert value[-1] == ["pristine", field.identifier]
        field.value = empty  # again: what it was marked for may have come in between
        assert operations(tree) == [["pristine", field.identifier]]
        field.value = full
        assert [operation[0] for operation in operations(tree)] == ["prop"]

    @pytest.mark.parametrize(("field", "full"), [(Input(), "a"), (NumberInput(), 5)], ids=repr)
    def test_by_the_user(self, field: Any, full: Any) -> None:
        field.required = True
        field.value = full
        tree = live(field)
        browser_says(field, "change", value="")
        assert [operation[0] for operation in operations(tree)] == ["prop"]  # for the others

    def test_where_it_need_not_be_filled_in(self) -> None:
        field = Input("a")
        tree = live(field)
        field.value = ""
        assert [operation[0] for operation in operations(tree)] == ["prop"]


class TestButton:
    def test_html(self) -> None:
        assert html(Button("Save & go")) == (
            '<button id="w1" class="widget button" type="button">Save &amp; go</button>'
        )
        assert html(Button("Send", "submit", "primary", disabled=True)) == (
            '<button id="w1" class="widget button" type="submit" data-variant="primary" disabled>Send</button>'
        )

    def test_defaults_are_those_of_jibe(self) -> None:
        assert Button().label == "button"
        assert ">button<" in html(Button())

    def test_changes(self) -> None:
        button = Button("Save")
        tree = live(button)
        button.label = "Saved"
        button.variant = "danger"
        button.disabled = True
        button.kind = "reset"
        assert operations(tree) == [
            ["text", "w1", "Saved"],
            ["attr", "w1", "data-variant", "danger"],
            ["attr", "w1", "disabled", ""],
            ["attr", "w1", "type", "reset"],
        ]

    def test_click(self) -> None:
        button = Button("Save")
        live(button)
        clicks: list[Any] = []
        button.register("click", lambda source, message: clicks.append(message["data"]))
        button.on_message({"id": "w1", "event": "click", "data": {"clientX": 3, "clientY": 4}})
        assert clicks == [{"clientX": 3, "clientY": 4}]

    def test_a_disabled_one_takes_no_click(self) -> None:
        button = Button("Save", disabled=True)
        clicks: list[Any] = []
        button.register("click", clicks.append)
        with pytest.raises(ProtocolError, match="disabled"):
            browser_says(button, "click")
        assert not clicks

    @pytest.mark.parametrize("options", [{"kind": "image"}, {"variant": "huge"}])
    def test_values_that_it_does_not_have(self, options: dict[str, str]) -> None:
        with pytest.raises(PropertyValueError, match="Button"):
            Button("x", **options)

    def test_wrong_type(self) -> None:
        wrong: Any = 3
        with pytest.raises(PropertyTypeError, match=r"Button.*label"):
            Button(wrong)


class TestField:
    @pytest.mark.parametrize("kind", ALL)
    def test_a_bare_control_stands_in_a_box_that_does_not_show(self, kind: type[Field]) -> None:
        field = kind()
        shown = html(field)
        assert shown.startswith('<div id="w1.box" class="field-bare"><')
        assert 'id="w1" class="widget field' in shown
        assert "<label" not in shown
        assert field.outer_identifier == "w1.box"

    @pytest.mark.parametrize("kind", ALL)
    def test_label(self, kind: type[Field]) -> None:
        shown = html(kind(label="Amount"))
        assert shown.startswith('<div id="w1.box" class="field-box"><label id="w1.label" for="w1">Amount</label><')

    @pytest.mark.parametrize("kind", ALL)
    def test_help_and_error_are_tied_to_the_control(self, kind: type[Field]) -> None:
        field = kind(label="Amount", help="In euros", error="Too much", attributes={"aria-describedby": "more"})
        shown = html(field)
        assert 'aria-describedby="more w1.help w1.error"' in shown
        assert 'aria-invalid="true"' in shown
        assert '<p id="w1.help" class="field-help">In euros</p>' in shown
        assert '<p id="w1.error" class="field-error" role="alert">Too much</p></div>' in shown

    @pytest.mark.parametrize("kind", ALL)
    def test_what_all_have(self, kind: type[Field]) -> None:
        field = kind(name="amount", required=True, disabled=True, tooltip="tip", style={"width": "9em"})
        shown = html(field)
        assert ' name="amount"' in shown
        assert " required" in shown
        assert " disabled" in shown
        assert field.node()[2][1]["style"] == {"width": "9em"}

    @pytest.mark.parametrize("kind", ALL)
    def test_a_disabled_one_refuses_values(self, kind: type[Any]) -> None:
        field = kind(disabled=True)
        before = field.value
        with pytest.raises(ProtocolError, match="disabled"):
            browser_says(field, "change", value="2")
        assert field.value == before

    @pytest.mark.parametrize("kind", ALL)
    def test_the_box_keeps_its_identifier(self, kind: type[Field]) -> None:
        field = kind()
        tree = live(field)
        field.label = "Amount"
        field.error = "Too much"
        ((name, target, node),) = operations(tree)
        assert (name, target) == ("render", "w1.box")
        assert node[1] == {"id": "w1.box", "class": "field-box"}
        field.label = field.error = ""
        ((_, target, node),) = operations(tree)
        assert (target, node[1]["class"]) == ("w1.box", "field-bare")
        tree.root.children.clear()
        assert operations(tree) == [["remove", "w1.box"]]

    @pytest.mark.parametrize("kind", ALL)
    def test_snapshot(self, kind: type[Field]) -> None:
        assert copied(kind(label="Amount", help="h", identifier="amount")).label == "Amount"

    def test_attributes_win(self) -> None:
        assert 'placeholder="yours"' in html(Input(placeholder="ours", attributes={"placeholder": "yours"}))

    def test_wrong_types_name_the_widget(self) -> None:
        wrong: Any = 3
        with pytest.raises(PropertyTypeError, match=r"Input.*label must be str, not int"):
            Input(label=wrong)
        with pytest.raises(PropertyTypeError, match=r"Input\(age\).*value must be str, not int"):
            Input(wrong, identifier="age")
        with pytest.raises(TypeError, match="no argument 'colour'"):
            Input(colour="red")


class TestInput:
    def test_html(self) -> None:
        assert html(Input('a "b"', type="email", placeholder="e-mail", maxlength=9, readonly=True)) == (
            '<div id="w1.box" class="field-bare"><input id="w1" class="widget field textfield input" '
            'placeholder="e-mail" readonly maxlength="9" value="a &quot;b&quot;" type="email" data-on="change:value">'
            "</div>"
        )

    def test_python_changes_it(self) -> None:
        field = Input("a")
        tree = live(field)
        field.value = "b"
        assert operations(tree) == [["prop", "w1", "value", "b"]]

    def test_the_browser_changes_it(self) -> None:
        field = Input("a")
        seen = changes(field)
        tree = live(field)
        browser_says(field, "change", value="ab")
        browser_says(field, "input", value="abc")
        assert seen == ["ab"]
        assert field.value == "abc"
        tree.changes.origins.update(dict.fromkeys(tree.changes.updates, "c1"))
        patch = tree.take()
        assert patch is not None
        assert patch.for_connection("c1", without_echo=True) == []
        assert patch.for_connection("c2", without_echo=True) == [["prop", "w1", "value", "abc"]]

    def test_messages_keep_what_came(self) -> None:
        field = Input()
        messages: list[Any] = []
        field.register("change", lambda source, message: messages.append(message["properties"]["value"]))
        browser_says(field, "change", value="ab")
        assert messages == ["ab"]

    def test_input_events_carry_the_value(self) -> None:
        field = Input()
        field.register("input", lambda: None, debounce=0.3)
        assert 'data-on="change:value input:value,debounce=300"' in html(field)

    @pytest.mark.parametrize("raw", [3, None, True, ["a"], {}])
    def test_the_browser_sends_something_else(self, raw: Any) -> None:
        field = Input("a")
        seen = changes(field)
        tree = live(field)
        with pytest.raises(ProtocolError, match="value must be str"):
            browser_says(field, "change", value=raw)
        assert (field.value, seen) == ("a", [])
        assert operations(tree) == [["prop", "w1", "value", "a"]]

    def test_another_property(self) -> None:
        with pytest.raises(ProtocolError, match="checked"):
            browser_says(Input(), "change", checked=True)

    def test_maxlength_holds_on_the_server(self) -> None:
        field = Input("abc", maxlength=3)
        with pytest.raises(ProtocolError, match="4 characters, 3 are allowed"):
            browser_says(field, "change", value="abcd")
        with pytest.raises(PropertyValueError, match="4 characters, 3 are allowed"):
            field.value = "abcd"
        with pytest.raises(PropertyValueError, match="maxlength"):
            field.maxlength = -1
        assert field.value == "abc"

    def test_readonly_holds_on_the_server(self) -> None:
        field = Input("a", readonly=True)
        with pytest.raises(ProtocolError, match="read-only"):
            browser_says(field, "change", value="b")
        field.value = "c"
        assert field.value == "c"

    def test_a_line_has_no_breaks(self) -> None:
        assert Input("a\r\nb\n").value == "ab"

    def test_type(self) -> None:
        field = Input(type="password")
        tree = live(field)
        field.type = "text"
        assert operations(tree) == [["attr", "w1", "type", "text"]]
        with pytest.raises(PropertyValueError, match="'file' is not one of"):
            field.type = "file"


class TestTextArea:
    def test_html(self) -> None:
        shown = html(TextArea("\na <b>", rows=5))
        assert '<textarea id="w1" class="widget field textfield textarea" rows="5"' in shown
        assert 'data-on="change:value">\n\na &lt;b&gt;</textarea></div>' in shown

    def test_changes(self) -> None:
        area = TextArea("a")
        tree = live(area)
        area.value = "a\r\nb\rc"
        area.rows = 9
        assert area.value == "a\nb\nc"
        assert operations(tree) == [["prop", "w1", "value", "a\nb\nc"], ["attr", "w1", "rows", "9"]]
        browser_says(area, "change", value="x\ny")
        assert area.value == "x\ny"

    def test_rows(self) -> None:
        with pytest.raises(PropertyValueError, match="rows: 0 is less than 1"):
            TextArea(rows=0)


class TestColorInput:
    def test_html(self) -> None:
        assert 'type="color"' in html(ColorInput("#FFF8E7"))
        assert 'value="#fff8e7"' in html(ColorInput("#FFF8E7"))

    def test_two_way(self) -> None:
        field = ColorInput()
        seen = changes(field)
        browser_says(field, "change", value="#aabbcc")
        assert seen == ["#aabbcc"]

    @pytest.mark.parametrize("value", ["red", "#fff", "#gggggg", "", "#aabbcc "])
    def test_no_colour(self, value: str) -> None:
        field = ColorInput("#123456")
        with pytest.raises(PropertyValueError, match="a colour is #rrggbb"):
            field.value = value
        with pytest.raises(ProtocolError, match="a colour is #rrggbb"):
            browser_says(field, "change", value=value)
        assert field.value == "#123456"


class TestNumberInput:
    def test_html(self) -> None:
        assert 'type="number" step="any"></div>' in html(NumberInput())
        shown = html(NumberInput(2.0, 0, 10.5, 0.5))
        assert 'min="0" max="10.5" step="0.5"' in shown
        assert ' value="2"' in shown

    @pytest.mark.parametrize(
        ("raw", "value"),
        [
            ("5", 5),
            ("-5", -5),
            ("007", 7),
            ("5.0", 5.0),
            ("5.25", 5.25),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("-1.5E-2", -0.015),
            ("", None),
        ],
    )
    def test_the_browser_sends_a_number(self, raw: str, value: float | None) -> None:
        field = NumberInput(1)
        seen = changes(field)
        tree = live(field)
        browser_says(field, "change", value=raw)
        assert seen == [value]
        assert type(field.value) is type(value)
        assert operations(tree, "c1") == []

    @pytest.mark.parametrize(
        "raw",
        [
            "abc",
            "nan",
            "inf",
            "-Infinity",
            "1_000",
            "٣",
            " 5",
            "0x10",
            "1,5",
            "--1",
            "9" * 65,
            5,
            5.5,
            None,
            True,
            ["5"],
        ],
    )
    def test_the_browser_sends_something_else(self, raw: Any) -> None:
        field = NumberInput(1)
        seen = changes(field)
        tree = live(field)
        with pytest.raises(ProtocolError, match=r"NumberInput\(w1\)\.value"):
            browser_says(field, "change", value=raw)
        assert (field.value, seen) == (1, [])
        assert operations(tree) == [["prop", "w1", "value", "1"]]

    @pytest.mark.parametrize("raw", ["-1", "11", "0.25", "1e999"])
    def test_what_is_not_allowed_is_none_and_left_standing(self, raw: str) -> None:
        field = NumberInput(1, 0, 10, 0.5)
        seen = changes(field)
        tree = live(field)
        browser_says(field, "change", value=raw)
        assert seen == [None]
        assert operations(tree, "c1") == []

    @pytest.mark.parametrize("value", [-1, 11, 0.25, float("nan"), float("inf")])
    def test_python_sets_what_is_not_allowed(self, value: float) -> None:
        field = NumberInput(1, 0, 10, 0.5)
        with pytest.raises(PropertyValueError, match=r"NumberInput.*value: "):
            field.value = value
        assert field.value == 1

    def test_steps_are_counted_from_min(self) -> None:
        field = NumberInput(1, min=1, step=2)
        field.value = 7
        with pytest.raises(PropertyValueError, match="8 is no multiple of 2 from 1"):
            field.value = 8

    def test_steps_of_fractions(self) -> None:
        field = NumberInput(step=0.1)
        for value in (0.1, 0.3, 0.7, 1.1, 123456.7, -0.3):
            field.value = value
            assert field.value == value

    def test_the_value_follows_the_bounds(self) -> None:
        field = NumberInput(7)
        tree = live(field)
        field.max = 5
        assert field.value == 5
        field.step = 2
        assert field.value == 4
        field.min = 4.5
        assert field.value == 4.5
        assert operations(tree) == [
            ["attr", "w1", "max", "5"],
            ["attr", "w1", "step", "2"],
            ["attr", "w1", "min", "4.5"],
            ["prop", "w1", "value", "4.5"],
        ]
        field.min = field.max = field.step = None
        field.value = 1000.125
        assert operations(tree) == [
            ["attr", "w1", "min", None],
            ["attr", "w1", "max", None],
            ["attr", "w1", "step", "any"],
            ["prop", "w1", "value", "1000.125"],
        ]

    def test_a_new_bound_goes_out_before_the_value_that_it_allows(self) -> None:
        field = NumberInput(7, max=10)
        tree = live(field)
        field.value = 8
        field.max = 100
        field.value = 50
        assert operations(tree) == [["attr", "w1", "max", "100"], ["prop", "w1", "value", "50"]]

    def test_none_stays_none(self) -> None:
        field = NumberInput()
        field.min = 5
        assert field.value is None
        field.value = 6
        field.value = None
        assert html(field).count("value=") == 1
        assert 'value=""' in html(field)

    def test_bounds_the_wrong_way_round(self) -> None:
        with pytest.raises(PropertyValueError, match=r"max: 1 is below min, 2"):
            NumberInput(min=2, max=1)
        field = NumberInput(max=1)
        with pytest.raises(PropertyValueError, match=r"min: 2 is above max, 1"):
            field.min = 2
        for name, value in (("min", float("nan")), ("max", float("inf")), ("step", 0), ("step", float("nan"))):
            with pytest.raises(PropertyValueError, match=name):
                setattr(field, name, value)

    def test_wrong_types(self) -> None:
        for wrong in ("5", True, [5]):
            with pytest.raises(PropertyTypeError, match=r"value must be float or None or int"):
                NumberInput().properties["value"] = wrong

    def test_readonly(self) -> None:
        field = NumberInput(1, readonly=True)
        with pytest.raises(ProtocolError, match="read-only"):
            browser_says(field, "change", value="2")


class TestSlider:
    def test_html(self) -> None:
        shown = html(Slider(30))
        assert 'type="range"' in shown
        assert 'min="0" max="100" step="1" value="30"' in shown
        assert 'step="any"' in html(Slider(step=None))

    def test_value_is_min_unless_given(self) -> None:
        assert Slider().value == 0
        assert Slider(min=200, max=300).value == 200
        assert Slider(min=-20, max=-10).value == -20
        assert Slider(0.5, 0, 1, 0.25).value == 0.5

    def test_two_way(self) -> None:
        slider = Slider(0, 0, 1, 0.25)
        seen = changes(slider)
        tree = live(slider)
        browser_says(slider, "change", value="0.75")
        browser_says(slider, "change", value="1")
        assert seen == [0.75, 1]
        assert operations(tree, "c1") == []

    @pytest.mark.parametrize("raw", ["", "-1", "101", "0.5", "nan", 5, None])
    def test_the_browser_sends_what_is_not_allowed(self, raw: Any) -> None:
        slider = Slider(30)
        tree = live(slider)
        with pytest.raises(ProtocolError):
            browser_says(slider, "change", value=raw)
        assert slider.value == 30
        assert operations(tree) == [["prop", "w1", "value", "30"]]

    def test_it_has_two_ends(self) -> None:
        slider = Slider()
        for name in ("min", "max"):
            with pytest.raises(PropertyTypeError, match=f"{name}: a slider has two ends"):
                setattr(slider, name, None)

    def test_python_sets_what_is_not_allowed(self) -> None:
        with pytest.raises(PropertyValueError, match="150 is not from 0 to 100"):
            Slider(150)


class TestDateInput:
    def test_html(self) -> None:
        assert 'type="date"' in html(DateInput())
        shown = html(DateInput(DAY, min=datetime.date(2024, 1, 1), max=datetime.date(2024, 12, 31)))
        assert 'min="2024-01-01" max="2024-12-31" value="2024-05-17"' in shown

    def test_two_way(self) -> None:
        field = DateInput()
        seen = changes(field)
        tree = live(field)
        browser_says(field, "change", value="2024-05-17")
        browser_says(field, "change", value="")
        assert seen == [DAY, None]
        assert operations(tree, "c1") == []
        field.value = DAY
        assert operations(tree) == [["prop", "w1", "value", "2024-05-17"]]

    @pytest.mark.parametrize(
        "raw", ["17.5.2024", "2024-W20-5", "20240517", "2024-05-17T10:00", "x", 2024, None, ["2024-05-17"]]
    )
    def test_the_browser_sends_something_else(self, raw: Any) -> None:
        field = DateInput(DAY)
        tree = live(field)
        with pytest.raises(ProtocolError, match="is not a date"):
            browser_says(field, "change", value=raw)
        assert field.value == DAY
        assert operations(tree) == [["prop", "w1", "value", "2024-05-17"]]

    @pytest.mark.parametrize("raw", ["0002-05-17", "2024-06-01", "20245-01-01", "2024-02-31", "0000-01-01"])
    def test_a_date_half_typed_is_none_and_left_standing(self, raw: str) -> None:
        field = DateInput(DAY, min=datetime.date(2024, 5, 1), max=datetime.date(2024, 5, 31))
        seen = changes(field)
        tree = live(field)
        browser_says(field, "change", value=raw)
        assert seen == [None]
        assert operations(tree, "c1") == []

    def test_bounds(self) -> None:
        field = DateInput(DAY, max=DAY)
        field.max = datetime.date(2024, 5, 1)
        assert field.value == datetime.date(2024, 5, 1)
        with pytest.raises(PropertyValueError, match="2024-05-17 is not from any to 2024-05-01"):
            field.value = DAY

    def test_of_a_datetime_its_date(self) -> None:
        field = DateInput(datetime.datetime(2024, 5, 17, 10, 30), min=datetime.datetime(2024, 5, 17, 12, 0))
        assert (type(field.value), field.value) == (datetime.date, DAY)
        assert field.min == DAY

    def test_wrong_type(self) -> None:
        wrong: Any = "2024-05-17"
        with pytest.raises(PropertyTypeError, match=r"DateInput.*value must be date or None, not str"):
            DateInput(wrong)


class TestTimeInput:
    def test_html(self) -> None:
        assert 'value="07:30"' in html(TimeInput(datetime.time(7, 30)))
        assert 'value="00:00"' in html(TimeInput(datetime.time()))
        shown = html(TimeInput(datetime.time(7, 30, 5), seconds=True, max=datetime.time(8)))
        assert 'step="1" max="08:00" value="07:30:05"' in shown

    def test_two_way(self) -> None:
        field = TimeInput(seconds=True)
        seen = changes(field)
        tree = live(field)
        for raw in ("07:30", "07:30:05", "07:30:05.250", ""):
            browser_says(field, "change", value=raw)
        assert seen == [datetime.time(7, 30), datetime.time(7, 30, 5), datetime.time(7, 30, 5), None]
        assert operations(tree, "c1") == []

    def test_cut_to_the_minute(self) -> None:
        field = TimeInput(datetime.time(7, 30, 5, 99))
        assert field.value == datetime.time(7, 30)
        field.seconds = True
        field.value = field.min = datetime.time(7, 30, 5, 99)
        assert field.value == datetime.time(7, 30, 5)
        field.seconds = False
        assert field.value == field.min == datetime.time(7, 30)

    @pytest.mark.parametrize("raw", ["7:30", "07:30:05:06", "x", "07:30+02:00", 730, None])
    def test_the_browser_sends_something_else(self, raw: Any) -> None:
        with pytest.raises(ProtocolError, match="is not a time of day"):
            browser_says(TimeInput(), "change", value=raw)

    def test_no_such_time(self) -> None:
        with pytest.raises(ProtocolError, match="hour must be in"):
            browser_says(TimeInput(), "change", value="25:00")

    def test_bounds(self) -> None:
        field = TimeInput(min=datetime.time(8), max=datetime.time(18))
        seen = changes(field)
        field.value = datetime.time(9)
        browser_says(field, "change", value="07:00")
        assert seen == [None]
        with pytest.raises(PropertyValueError, match="07:00:00 is not from 08:00:00 to 18:00:00"):
            field.value = datetime.time(7)

    def test_no_time_zone(self) -> None:
        with pytest.raises(PropertyValueError, match="no time zone"):
            TimeInput(datetime.time(7, 30, tzinfo=datetime.UTC))
