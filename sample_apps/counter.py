"""A counter: the smallest application that does something."""

import os

from jibe_like import Button, Connection, Label, MainApp


class Counter(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.n = 0
        self.label = Label("count: 0")
        self.add = Button("Add")
        self.add.register("click", self.on_add)
        self.children = [self.add, self.label]

    def on_add(self) -> None:
        self.n += 1
        self.label.value = f"count: {self.n}"


if __name__ == "__main__":
    Counter.run(int(os.environ.get("PORT", "8881")))
