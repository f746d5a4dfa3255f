"""A chat between tabs: every page has an application of its own, and all of them are in one room."""

import os
from collections import deque
from itertools import count

from jibe_like import Button, Connection, Div, Form, HBox, Heading, Input, Label, MainApp, Text, VBox


class Room:
    """Who is here, and what was said last."""

    def __init__(self) -> None:
        self.members: set[Chat] = set()
        self.said: deque[tuple[str, str]] = deque(maxlen=100)
        self.guests = count(1)

    def say(self, name: str, text: str) -> None:
        self.said.append((name, text))
        for member in self.members:
            member.show(name, text)


class Chat(MainApp):
    title = "Chat"
    room = Room()

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.name = Input(f"Guest {next(self.room.guests)}", "Your name", maxlength=40)
        self.silence = Label("Nobody has said anything yet.", style={"color": "var(--jl-muted)"})
        self.lines = VBox(
            [self.silence],
            attributes={"role": "log", "aria-label": "Messages", "tabindex": "0"},
            style={
                "gap": "0.5rem",
                "height": "18rem",
                "overflow-y": "auto",
                "padding": "1rem",
                "scroll-padding": "1rem",
                "border": "1px solid var(--jl-line)",
                "border-radius": "var(--jl-radius)",
                "background": "var(--jl-surface)",
            },
        )
        self.text = Input(label="Message", maxlength=1000, attributes={"autocomplete": "off"})
        send = Button("Send", kind="submit", variant="primary")
        form = Form([HBox([self.text, send], style={"align-items": "end"})])
        form.register("submit", self.on_send)
        self.children = [Heading("Chat", level=1), self.name, self.lines, form]
        for name, text in self.room.said:
            self.show(name, text)

    def on_attached(self) -> None:
        self.room.members.add(self)

    def on_detached(self) -> None:
        self.room.members.discard(self)

    def show(self, name: str, text: str) -> None:
        self.silence.hidden = True
        line = Div([Label(name, style={"font-weight": "600", "font-size": "0.875rem"}), Text(text)])
        self.lines.children.append(line)
        del self.lines.children[:-100]
        line.scroll_into_view()

    def on_send(self) -> None:
        if self.text.value.strip():
            self.room.say(self.name.value.strip() or "Somebody", self.text.value.strip())
            self.text.value = ""


if __name__ == "__main__":
    Chat.run(int(os.environ.get("PORT", "8881")))
