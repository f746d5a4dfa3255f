"""The jibe_like applications that are measured."""

import asyncio

from jibe_like import Button, Connection, Label, MainApp, Settings, VBox
from jibe_like.tree.events import Message

ROWS = 100
BUTTON_ID, LABEL_ID = "w1", "w2"


class Counter(MainApp):
    """A button that counts, and rows that stand by: 103 widgets and the application itself."""

    # More pages than any visitor would ask for in a moment are asked for here, and each is to be a session.
    settings = Settings(sessions=100_000, prerendered_sessions=100_000, prerendered_lifetime=2.0)

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.n = 0
        self.button = Button("Add")
        self.label = Label("count: 0")
        self.label.attributes["data-bench"] = "label"
        self.button.register("click", self.add)
        self.children = [self.button, self.label, VBox([Label(f"row {i}") for i in range(ROWS)])]

    def add(self, source: Button, message: Message) -> None:
        self.n += 1
        self.label.value = f"count: {self.n}"


class SharedCounter(Counter):
    """The same, one instance for everybody."""

    mode = "broadcast"


class Ticker(MainApp):
    """A click pushes 1,000 separate updates."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.button = Button("Go")
        self.label = Label("tick 0")
        self.label.attributes["data-bench"] = "label"
        self.button.register("click", self.go)
        self.children = [self.button, self.label]

    async def go(self, source: Button, message: Message) -> None:
        for i in range(1, 1001):
            self.label.value = f"tick {i}"
            await asyncio.sleep(0)
