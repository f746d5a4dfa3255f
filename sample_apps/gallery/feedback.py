"""Demonstrations of the widgets that say how things stand, and of pictures, tables and what does not show."""

import asyncio
from itertools import count

from jibe_like import (
    Button,
    Column,
    HBox,
    Image,
    Label,
    Notification,
    Notifications,
    Progress,
    ProgressBar,
    Redirect,
    Spinner,
    Table,
    Timer,
    VBox,
    Widget,
)

from ..picture import png
from .demos import Family

FEEDBACK = Family("Feedback and media", "How things stand, and what there is to look at.")


@FEEDBACK.shows(ProgressBar)
def progress_bar() -> Widget:
    """How far something is, from 0 to 100; None where nobody knows."""
    bar = ProgressBar(30, label="Upload")
    more = Button("Further")
    more.register("click", lambda: setattr(bar, "value", ((bar.value or 0) + 10) % 101))
    return VBox([bar, ProgressBar(None, label="Waiting"), more])


@FEEDBACK.shows(Progress)
def progress() -> Widget:
    """How far long work is, counted by iterating over it, and a button that ends it."""
    box, start = VBox(), Button("Start")

    async def work() -> None:
        progress = Progress(range(200), "Copying", unit="files", cancellable=True)
        box.children = [progress]
        async for _ in progress:
            await asyncio.sleep(0.02)

    start.register("click", work)
    return VBox([start, box])


@FEEDBACK.shows(Spinner)
def spinner() -> Widget:
    """Says that something is going on. Stands still where the system asks for less motion."""
    return Spinner("Looking through the archive …")


@FEEDBACK.shows(Notification)
def notification() -> Widget:
    """A message that stays until it is dismissed, or for as long as you say. Errors are read out at once."""
    return VBox(
        [
            Notification("A new version is there."),
            Notification("Saved.", "success"),
            Notification("The disk is nearly full.", "warning"),
            Notification("The printer is on fire.", "error"),
        ]
    )


@FEEDBACK.shows(Notifications)
def notifications() -> Widget:
    """The corner of the window where messages come and go."""
    corner = Notifications()
    save, fail = Button("Save"), Button("Fail")
    save.register("click", lambda: corner.notify("Saved.", "success"))
    fail.register("click", lambda: corner.notify("That did not work.", "error"))
    return HBox([save, fail, corner])


@FEEDBACK.shows(Image)
def image() -> Widget:
    """A picture: from a URL, from a file, or, as here, made in memory and in no file at all."""
    rows = [bytes(part for x in range(96) for part in (x * 2, y * 4, 255 - x)) for y in range(48)]
    return Image(
        png(rows),
        alt="Blue, violet and grey, one fading into the other",
        style={"width": "18rem", "border-radius": "0.5rem"},
    )


@FEEDBACK.shows(Table)
def table() -> Widget:
    """Rows and columns of text: sorted by a press on a header, chosen by click or arrow keys. `rows` is a list."""
    cities = [("Delhi", 33_807_403), ("Tokyo", 37_036_200), ("Shanghai", 29_867_918)]
    chosen = Label("No row is chosen.")
    table = Table(["City", Column("People", align="end")], cities, caption="Cities", sortable=True, selectable=True)
    table.register("select", lambda _, message: setattr(chosen, "value", f"Chosen: {message['data']['row'][0]}"))
    more = Button("Add São Paulo")
    more.register("click", lambda: table.rows.append(("São Paulo", 22_806_704)))
    return VBox([table, HBox([more, chosen])])


@FEEDBACK.shows(Timer)
def timer() -> Widget:
    """Calls its handlers again and again, for as long as it is part of the page. It does not show."""
    seconds = count(1)
    passed = Label("0 seconds")
    timer = Timer(1, active=False)
    timer.register("tick", lambda: setattr(passed, "value", f"{next(seconds)} seconds"))
    start = Button("Start")

    def start_or_stop() -> None:
        timer.active = not timer.active
        start.label = "Stop" if timer.active else "Start"

    start.register("click", start_or_stop)
    return HBox([start, passed, timer])


@FEEDBACK.shows(Redirect)
def redirect() -> Widget:
    """Sends the browser to another page, or, as here, to another place in this one. It does not show."""
    leave = Redirect()
    button = Button("To the top")
    button.register("click", lambda: leave.redirect("#top"))
    return HBox([button, leave])
