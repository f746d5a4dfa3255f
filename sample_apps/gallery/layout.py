"""Demonstrations of the widgets that put others in their place."""

from jibe_like import (
    Button,
    Card,
    CheckBox,
    Details,
    Dialog,
    Div,
    Form,
    Grid,
    HBox,
    Input,
    Label,
    Link,
    TabPanel,
    Tabs,
    Text,
    VBox,
    Widget,
)

from .demos import Family

LAYOUT = Family("Layout", "Where things stand. All of it follows the width of the window.")


@LAYOUT.shows(VBox)
def vbox() -> Widget:
    """A column. Its children stand below each other, a space apart, and are as wide as it is."""
    return VBox([Card("Breakfast"), Card("Lunch"), Card("Dinner")])


@LAYOUT.shows(HBox)
def hbox() -> Widget:
    """A row. What does not fit goes into the next line."""
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    return HBox([Button(day) for day in days])


@LAYOUT.shows(Grid)
def grid() -> Widget:
    """Rows and columns of equal width: as many as fit, or a number of them, or what CSS calls a template."""
    squares = Grid([Button(str(number)) for number in range(1, 10)], columns=3, gap="0.5rem")
    address = Grid([Input(label="Street"), Input(label="Number")], columns="2fr 1fr")
    return VBox([squares, address])


@LAYOUT.shows(Div)
def div() -> Widget:
    """A plain box: the starting point for widgets of your own, with style, attributes and classes as you give them."""
    return Div(
        [Label("A box with a style of its own.")],
        style={"padding": "1.5rem", "border": "2px dashed var(--jl-accent)", "border-radius": "1rem"},
    )


@LAYOUT.shows(Card)
def card() -> Widget:
    """A framed box with a title, for what belongs together."""
    return Card("Ada Lovelace", [Text("Wrote the first program."), Link("Her notes", "#card-demo")], level=4)


@LAYOUT.shows(Tabs, TabPanel)
def tabs() -> Widget:
    """Pages, of which one is shown. Arrow keys, Home and End go from tab to tab; `change` tells which was chosen."""
    chosen = Label("The page that you choose is told to the server.")
    tabs = Tabs(
        {"Tea": Text("From leaves."), "Coffee": Text("From beans."), "Water": Text("From above.")}, label="Drinks"
    )
    tabs.register("change", lambda: setattr(chosen, "value", f"The server knows: {tabs.value}."))
    return VBox([tabs, chosen])


@LAYOUT.shows(Details)
def details() -> Widget:
    """A summary that shows and hides what is below it. Works without JavaScript, too."""
    return Details("The small print", [Text("There is none.")])


@LAYOUT.shows(Dialog)
def dialog() -> Widget:
    """A window over the page, closed by Escape, by its close button or by `close()`. The focus goes in, and back."""
    answer = Label("Nothing has been decided.")
    dialog = Dialog("Delete everything?")

    def decide(text: str) -> None:
        answer.value = text
        dialog.close()

    keep, delete = Button("Keep"), Button("Delete", variant="danger")
    keep.register("click", lambda: decide("Everything is kept."))
    delete.register("click", lambda: decide("Everything is gone."))
    dialog.children = [Text("This cannot be undone."), HBox([keep, delete])]
    ask = Button("Delete …")
    ask.register("click", dialog.show)
    return HBox([ask, answer, dialog])


@LAYOUT.shows(Form)
def form() -> Widget:
    """Fields that are sent together. The browser checks them first; `values` has what was entered, by name."""
    said = Label(attributes={"role": "status"})
    form = Form(
        [
            Input(label="Name", name="name", required=True),
            CheckBox(label="Send me the news", name="news"),
            Button("Send", kind="submit", variant="primary"),
            said,
        ]
    )
    form.register("submit", lambda: setattr(said, "value", f"Received: {form.values}"))
    return form
