"""Demonstrations of the widgets that ask for something."""

import datetime

from jibe_like import (
    Button,
    CheckBox,
    ColorInput,
    DateInput,
    Div,
    Dropdown,
    Field,
    FileUpload,
    Grid,
    HBox,
    Input,
    Label,
    NumberInput,
    RadioGroup,
    SelectMultiple,
    Slider,
    Switch,
    TextArea,
    TimeInput,
    VBox,
    Widget,
)

from .demos import Family

INPUTS = Family("Input", "What the user says. Each has a label, and may have a help text and an error beside it.")


@INPUTS.shows(Button)
def button() -> Widget:
    """Does something when it is pressed. Four looks; as `submit` or `reset` it serves the form that it is in."""
    said = Label("Not pressed yet.")
    buttons = [Button("Plain"), Button("Primary", variant="primary"), Button("Danger", variant="danger")]
    buttons += [Button("Quiet", variant="quiet"), Button("Disabled", disabled=True)]
    for button in buttons:
        button.register("click", lambda source: setattr(said, "value", f"{source.label} was pressed."))
    return VBox([HBox(buttons), said])


@INPUTS.shows(Field)
def field() -> Widget:
    """What all inputs share: label, help text, error, a name for the form, required or not, disabled or not."""
    wrong = Input("ada", "E-mail", help="We never pass it on.", error="An @ is missing.")
    return Grid([wrong, Input("ada@example.org", "E-mail", disabled=True)])


@INPUTS.shows(Input)
def input() -> Widget:
    """A line of text. `change` when the user leaves it, `input` at every keystroke, or after a pause."""
    said = Label("Hello!")
    name = Input(label="Name", placeholder="Ada")
    name.register("input", lambda: setattr(said, "value", f"Hello, {name.value}!"), debounce=0.1)
    return VBox([Grid([name, Input(label="Search", type="search")]), said])


@INPUTS.shows(TextArea)
def text_area() -> Widget:
    """Text of several lines."""
    length = Label("0 of 200 characters")
    area = TextArea(label="Notes", maxlength=200)
    area.register("input", lambda: setattr(length, "value", f"{len(area.value)} of 200 characters"))
    return VBox([area, length])


@INPUTS.shows(CheckBox)
def check_box() -> Widget:
    """A box to tick."""
    send = Button("Send", disabled=True)
    terms = CheckBox(label="I have read the terms")
    terms.register("change", lambda: setattr(send, "disabled", not terms.checked))
    return VBox([terms, send])


@INPUTS.shows(Switch)
def switch() -> Widget:
    """A switch: takes effect at once, where a `CheckBox` waits until its form is sent."""
    lamp = Div(style={"height": "2rem", "border-radius": "1rem", "background": "gold", "opacity": 0.15})
    light = Switch(label="Light")
    light.register("change", lambda: lamp.css({"opacity": 1 if light.checked else 0.15}))
    return VBox([light, lamp])


@INPUTS.shows(RadioGroup)
def radio_group() -> Widget:
    """One of several, all in sight. Options are texts, or values with the texts that are shown for them."""
    return RadioGroup("free", {"free": "Free", "team": "Team, 5 a month", "other": "Ask us"}, label="Plan")


@INPUTS.shows(Dropdown)
def dropdown() -> Widget:
    """One of several, from a list that opens. A value that is no option is refused, whoever sends it."""
    size = Dropdown("M", ["S", "M", "L"], label="Size")
    country = Dropdown(
        options={"in": "India", "jp": "Japan", "fr": "France"}, placeholder="Choose one", label="Country"
    )
    return Grid([size, country])


@INPUTS.shows(SelectMultiple)
def select_multiple() -> Widget:
    """Some of several. The value is a list, and may be changed in place."""
    chosen = Label("On the pizza: olives")
    toppings = SelectMultiple(["olives"], ["olives", "capers", "onions", "rocket"], label="Toppings")
    toppings.register("change", lambda: setattr(chosen, "value", f"On the pizza: {', '.join(toppings.value)}"))
    return VBox([toppings, chosen])


@INPUTS.shows(Slider)
def slider() -> Widget:
    """A number, chosen by moving a handle. `input` while it moves, not more often than asked for."""
    shown = Label("30 %", style={"font-size": "2rem", "font-weight": "600"})
    volume = Slider(30, label="Volume")
    volume.register("input", lambda: setattr(shown, "value", f"{volume.value} %"), throttle=0.05)
    return Grid([volume, shown])


@INPUTS.shows(NumberInput)
def number_input() -> Widget:
    """A number within bounds, in steps. What is typed beyond them is marked, and the value is None."""
    return NumberInput(2, label="Guests", min=1, max=12, step=1, help="From 1 to 12.")


@INPUTS.shows(DateInput)
def date_input() -> Widget:
    """A date, as `datetime.date`; with bounds, if you like."""
    said = Label("Which day?")
    day = DateInput(label="Day", min=datetime.date(2000, 1, 1))
    day.register("change", lambda: setattr(said, "value", f"A {day.value:%A}" if day.value else "Which day?"))
    return VBox([day, said])


@INPUTS.shows(TimeInput)
def time_input() -> Widget:
    """A time of day, as `datetime.time`, to the minute or to the second."""
    return Grid([TimeInput(datetime.time(7, 30), "Alarm"), TimeInput(label="Exactly", seconds=True)])


@INPUTS.shows(ColorInput)
def color_input() -> Widget:
    """A colour, as `#rrggbb`."""
    paper = ColorInput("#ffd166", "Colour")
    sheet = Div(style={"height": "4rem", "border-radius": "0.5rem", "background": paper.value})
    paper.register("input", lambda: sheet.css({"background": paper.value}), throttle=0.05)
    return Grid([paper, sheet])


@INPUTS.shows(FileUpload)
def file_upload() -> Widget:
    """Files, chosen or dropped: how far each is, a button to end it or take it back, and what is wrong with it."""
    said = Label("No letters yet.")
    letters = FileUpload("Letters", accept=["text/plain", ".md"], multiple=True, max_bytes=100_000, max_files=5)
    letters.help = "Up to 5 texts, of 100 kB each."
    letters.register("change", lambda: setattr(said, "value", f"Letters: {len(letters.value)}"))
    return VBox([letters, said])
