"""An accordion, built from widgets of its own: with properties, events and keys that the package does not have."""

import os
from collections.abc import Mapping
from typing import Any

from jibe_like import Button, Connection, Div, Heading, MainApp, Property, Text, Widget, bind, event_handler


class Header(Button):
    """The button above a section. It says whether the section is open, and asks for it to be opened or closed."""

    events = frozenset({"turn"})
    expanded = Property(False, bind=bind.attr("aria-expanded", lambda expanded: "true" if expanded else "false"))

    @event_handler("click")
    def on_click(self) -> None:
        self.emit("turn")


class Section(Div):
    """A header, and below it what can be folded away."""

    events = frozenset({"open"})
    is_open = Property(False)

    def __init__(self, title: str, content: Widget) -> None:
        super().__init__(style={"border-bottom": "1px solid var(--jl-line)"})
        self.header = Header(title, variant="quiet", style={"width": "100%", "text-align": "start", "padding": "1rem"})
        self.header.register("turn", self.on_turn)
        self.body = Div([content], hidden=True, style={"padding": "0 1rem 1rem"})
        heading = Heading(style={"font": "inherit"})
        heading.children = [self.header]
        self.children = [heading, self.body]

    def on_turn(self) -> None:
        self.is_open = not self.is_open

    def on_change(self, propname: str, newval: Any, oldval: Any) -> None:
        if propname == "is_open":
            self.header.expanded = newval
            self.body.hidden = not newval
            self.emit("open" if newval else "close")


class Accordion(Div):
    """Sections, one of which is open at a time. Arrow keys, Home and End go from header to header."""

    def __init__(self, sections: Mapping[str, Widget]) -> None:
        super().__init__()
        self.sections = [Section(title, content) for title, content in sections.items()]
        for section in self.sections:
            section.register("open", self.on_open)
            section.header.register("keydown", self.on_key, keys=["ArrowDown", "ArrowUp", "Home", "End"], prevent=True)
        self.children = self.sections

    def on_open(self, opened: Section) -> None:
        for section in self.sections:
            section.is_open = section is opened

    def on_key(self, header: Header, message: dict[str, Any]) -> None:
        headers = [section.header for section in self.sections]
        here, last = headers.index(header), len(headers) - 1
        there = {"ArrowDown": here + 1, "ArrowUp": here - 1, "Home": 0, "End": last}[message["data"]["key"]]
        headers[there % len(headers)].focus()


class Questions(MainApp):
    title = "Accordion"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        answers = {
            "Where does the state live?": "On the server, in plain Python objects. The browser shows it.",
            "Do I write JavaScript?": "No. A click is a message to the server, a change is a small patch back.",
            "What if the connection drops?": "The page goes on where it was as soon as there is a connection again.",
        }
        self.accordion = Accordion({question: Text(answer) for question, answer in answers.items()})
        self.accordion.sections[0].is_open = True
        self.children = [Heading("Accordion", level=1), self.accordion]


if __name__ == "__main__":
    Questions.run(int(os.environ.get("PORT", "8881")))
