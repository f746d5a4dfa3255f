"""Button and the inputs of text, numbers, dates and colours in a real browser, by mouse and by keyboard."""

import datetime
import re

from playwright.sync_api import Page, expect

from jibe_like import (
    Button,
    ColorInput,
    Connection,
    DateInput,
    Field,
    Form,
    Input,
    Label,
    MainApp,
    NumberInput,
    Slider,
    TextArea,
    TimeInput,
)
from jibe_like.tree.events import Message
from tests.serving import Serve


class FieldApp(MainApp):
    """One field, and a label that tells its value after each `change`."""

    def show(self, *fields: Field) -> None:
        self.changes = 0
        self.log = Label("no change yet")
        for field in fields:
            field.register("change", self.on_change_of)
        self.children = [*fields, self.log]

    def on_change_of(self, source: Field) -> None:
        self.changes += 1
        self.log.value = f"change {self.changes}: {source.properties['value']!r}"


class ButtonApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.count = 0
        self.log = Label("0 clicks")
        self.button = Button("Press", variant="primary")
        self.button.register("click", self.on_press)
        off = Button("Off", disabled=True)
        off.register("click", self.on_press)
        self.children = [self.button, off, self.log]

    def on_press(self, source: Button, message: Message) -> None:
        self.count += 1
        inside = all(isinstance(message["data"][name], int) for name in ("clientX", "clientY"))
        self.log.value = f"{self.count} clicks, {inside}"
        source.disabled = self.count == 3


def test_button(page: Page, serve: Serve) -> None:
    page.goto(serve(ButtonApp))
    button = page.get_by_role("button", name="Press")
    button.click()
    expect(page.get_by_text("1 clicks, True")).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 clicks, True")).to_be_visible()
    page.get_by_role("button", name="Off").click(force=True)
    button.press("Space")
    expect(page.get_by_text("3 clicks, True")).to_be_visible()
    expect(button).to_be_disabled()


class InputApp(FieldApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.field = Input("Ada", label="Name", help="As in your passport", required=True, maxlength=12)
        self.field.register("input", self.on_typing, debounce=0.05)
        check = Button("Check")
        check.register("click", self.on_check)
        self.show(self.field)
        self.typed = Label("nothing typed")
        self.children += [self.typed, check]

    def on_typing(self, source: Input, message: Message) -> None:
        self.typed.value = f"typed {message['properties']['value']}"

    def on_check(self) -> None:
        self.field.error = "" if self.field.error else "Too short"
        self.field.value = self.field.value.upper()


def test_input(page: Page, serve: Serve) -> None:
    page.goto(serve(InputApp))
    field = page.get_by_role("textbox", name="Name")
    expect(field).to_have_value("Ada")
    expect(field).to_have_accessible_description("As in your passport")
    page.get_by_text("Name").click()
    expect(field).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" L")
    expect(page.get_by_text("typed Ada L")).to_be_visible()
    page.keyboard.type("o")
    page.keyboard.press("Enter")
    expect(page.get_by_text("change 1: 'Ada Lo'")).to_be_visible()
    page.keyboard.type("velace of London")
    page.keyboard.press("Tab")
    expect(page.get_by_text("change 2: 'Ada Lovelace'")).to_be_visible()


def test_the_error_of_an_input(page: Page, serve: Serve) -> None:
    page.goto(serve(InputApp))
    field = page.get_by_role("textbox", name="Name")
    field.evaluate("element => { element.mark = true }")
    check = page.get_by_role("button", name="Check")
    check.click()
    expect(page.get_by_role("alert")).to_have_text("Too short")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("As in your passport Too short")
    expect(field).to_have_value("ADA")
    check.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    assert field.evaluate("element => element.mark")


class BareApp(MainApp):
    """As a program written for jibe has it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.field = Input(style={"width": "77px"})
        self.field.attributes["placeholder"] = "Search"
        self.field.attributes["aria-label"] = "Search"
        self.log = Label("")
        self.field.register("change", lambda source, message: self.on_search(message["properties"]["value"]))
        self.children = [self.field, self.log]

    def on_search(self, text: str) -> None:
        self.log.value = f"found {text}"
        self.field.value = ""
        self.field.style["width"] = "88px"


def test_a_bare_input(page: Page, serve: Serve) -> None:
    page.goto(serve(BareApp))
    field = page.get_by_placeholder("Search")
    expect(field).to_have_css("width", "77px")
    field.fill("jibe")
    field.press("Enter")
    expect(page.get_by_text("found jibe")).to_be_visible()
    expect(field).to_have_value("")
    expect(field).to_have_css("width", "88px")
    expect(field).to_be_focused()


class TextAreaApp(FieldApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.show(TextArea("\nfirst", label="Notes", rows=4))


def test_textarea(page: Page, serve: Serve) -> None:
    page.goto(serve(TextAreaApp))
    field = page.get_by_role("textbox", name="Notes")
    expect(field).to_have_value("\nfirst")
    field.focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("second")
    page.keyboard.press("Tab")
    expect(page.get_by_text(r"change 1: '\nfirst\nsecond'")).to_be_visible()


class NumberApp(FieldApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.field = NumberInput(5, 0, 100, 0.5, label="Amount")
        raise_it = Button("Raise")
        raise_it.register("click", self.on_raise)
        self.show(self.field)
        self.children.append(raise_it)

    def on_raise(self) -> None:
        self.field.max = 1000
        self.field.value = 500.5


def test_number_input(page: Page, serve: Serve) -> None:
    page.goto(serve(NumberApp))
    field = page.get_by_role("spinbutton", name="Amount")
    expect(field).to_have_value("5")
    field.focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_text("change 1: 5.5")).to_be_visible()
    field.fill("42")
    page.keyboard.press("Tab")
    expect(page.get_by_text(re.compile("change 2: 42$"))).to_be_visible()
    field.fill("")
    page.keyboard.press("Tab")
    expect(page.get_by_text("change 3: None")).to_be_visible()


def test_a_number_out_of_bounds_is_left_standing_and_marked(page: Page, serve: Serve) -> None:
    page.goto(serve(NumberApp))
    field = page.get_by_role("spinbutton", name="Amount")
    field.fill("500.5")
    page.keyboard.press("Tab")
    expect(page.get_by_text("change 1: None")).to_be_visible()
    expect(field).to_have_value("500.5")
    assert field.evaluate("element => element.validity.rangeOverflow")
    page.get_by_role("button", name="Raise").click()
    expect(field).to_have_attribute("max", "1000")
    expect(field).to_have_value("500.5")
    assert field.evaluate("element => element.validity.valid")


class SliderApp(FieldApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.field = Slider(30, label="Volume", step=5)
        widen = Button("Widen")
        widen.register("click", self.on_widen)
        self.show(self.field)
        self.children.append(widen)

    def on_widen(self) -> None:
        self.field.value = 0
        self.field.max = 200
        self.field.value = 150


def test_slider(page: Page, serve: Serve) -> None:
    page.goto(serve(SliderApp))
    slider = page.get_by_role("slider", name="Volume")
    expect(slider).to_have_value("30")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("change 1: 35")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.get_by_text(re.compile("change 2: 0$"))).to_be_visible()
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    expect(page.get_by_text("change 3: 100")).to_be_visible()
    page.get_by_role("button", name="Widen").click()
    expect(slider).to_have_value("150")


class DateApp(FieldApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.field = DateInput(label="Day", min=datetime.date(2020, 1, 1))
        today = Button("Some day")
        today.register("click", lambda: setattr(self.field, "value", datetime.date(2024, 2, 29)))
        self.show(self.field)
        self.children.append(today)


def test_a_date_is_typed(page: Page, serve: Serve) -> None:
    page.goto(serve(DateApp))
    field = page.get_by_label("Day")
    field.focus()
    # The browser reports the years 0002, 0020, 0202 on the way: none is allowed, and none disturbs the typing.
    page.keyboard.type("05172024", delay=40)
    expect(field).to_have_value("2024-05-17")
    expect(page.get_by_text("datetime.date(2024, 5, 17)")).to_be_visible()
    page.get_by_role("button", name="Some day").click()
    expect(field).to_have_value("2024-02-29")
    field.focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_text("datetime.date(2024, 3, 29)")).to_be_visible()


class TimeApp(FieldApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.show(TimeInput(datetime.time(7, 30), label="Alarm"))


def test_a_time_is_typed(page: Page, serve: Serve) -> None:
    page.goto(serve(TimeApp))
    field = page.get_by_label("Alarm")
    expect(field).to_have_value("07:30")
    field.focus()
    page.keyboard.type("0915PM")
    expect(field).to_have_value("21:15")
    expect(page.get_by_text("datetime.time(21, 15)")).to_be_visible()


class ColorApp(FieldApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.field = ColorInput("#FFF8E7", label="Paper")
        self.field.register("change", lambda: self.css({"background-color": self.field.value}))
        self.show(self.field)


def test_color_input(page: Page, serve: Serve) -> None:
    page.goto(serve(ColorApp))
    field = page.get_by_label("Paper")
    expect(field).to_have_value("#fff8e7")
    field.fill("#aabbcc")
    expect(page.get_by_text("change 1: '#aabbcc'")).to_be_visible()
    expect(page.locator("main")).to_have_css("background-color", "rgb(170, 187, 204)")


class HiddenApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.field = Input(label="Name", help="Help")
        button = Button("Hide")
        button.register("click", lambda: setattr(self.field, "hidden", not self.field.hidden))
        self.children = [self.field, button]


def test_a_hidden_field_takes_its_label_along(page: Page, serve: Serve) -> None:
    page.goto(serve(HiddenApp))
    button = page.get_by_role("button", name="Hide")
    expect(page.get_by_text("Name")).to_be_visible()
    button.click()
    expect(page.get_by_text("Name")).to_be_hidden()
    expect(page.get_by_text("Help")).to_be_hidden()
    button.click()
    expect(page.get_by_label("Name")).to_be_visible()


class EmptiedApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.entry = Input("first", "What", required=True)
        self.number = NumberInput(label="How many", required=True)
        self.said = Label()
        form = Form([self.entry, self.number, Button("Add", kind="submit")])
        form.register("submit", self.on_submit)
        self.children = [form, self.said]

    def on_submit(self) -> None:
        self.said.value += f"{self.entry.value} {self.number.value} "
        self.entry.value, self.number.value = "", None


def test_fields_that_the_program_empties_are_not_marked(page: Page, serve: Serve) -> None:
    page.goto(serve(EmptiedApp))
    entry, number, marked = page.get_by_label("What"), page.get_by_label("How many"), page.locator(":user-invalid")
    for what, many, said in (("tea", "1", "tea 1"), ("milk", "2", "tea 1 milk 2")):
        entry.fill(what)
        number.fill(many)
        number.press("Enter")
        expect(page.get_by_text(said, exact=True)).to_be_visible()
        expect(entry).to_have_value("")
        expect(number).to_have_value("")
        expect(number).to_be_focused()
        expect(marked).to_have_count(0)
    # What the user leaves empty is.
    page.get_by_role("button", name="Add").click()
    expect(marked).to_have_count(2)
