"""A live clock: the server pushes the time, and one timer serves every page, since all show the same application."""

import os
from datetime import UTC, datetime

from jibe_like import Connection, Heading, Label, MainApp, Timer


class Clock(MainApp):
    title = "Clock"
    mode = "broadcast"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.time = Label(
            style={"font-size": "clamp(3rem, 20vw, 8rem)", "font-variant-numeric": "tabular-nums", "line-height": "1"}
        )
        self.date = Label()
        self.timer = Timer(1)
        self.timer.register("tick", self.show)
        self.children = [Heading("Universal time", level=1), self.time, self.date, self.timer]
        self.show()

    def show(self) -> None:
        now = datetime.now(UTC)
        self.time.value = f"{now:%H:%M:%S}"
        self.date.value = f"{now:%A, %d %B %Y}"


if __name__ == "__main__":
    Clock.run(int(os.environ.get("PORT", "8881")))
