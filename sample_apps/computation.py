"""A long computation: it runs in a thread, shows how far it is and what it has found, and can be cancelled."""

import os
from random import random

from jibe_like import Button, Card, Connection, Dropdown, HBox, Heading, Label, MainApp, Markdown, Progress, VBox

BATCH = 100_000
SIZES = {"20": "2 million darts", "200": "20 million darts", "2000": "200 million darts"}
ABOUT = """
Darts fall anywhere on a square. The share that falls into the circle inside is π / 4: the more darts, the nearer.
"""


class Computation(MainApp):
    title = "Computation"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.size = Dropdown("200", SIZES, label="How many")
        self.throw = Button("Throw", variant="primary")
        self.throw.register("click", self.on_throw)
        self.estimate = Label(
            "π ≈ …", style={"font-size": "clamp(2rem, 9vw, 5rem)", "font-variant-numeric": "tabular-nums"}
        )
        self.verdict = Label("Nothing was thrown yet.", attributes={"role": "status"})
        self.work = VBox()
        self.children = [
            Heading("π by throwing darts", level=1),
            Markdown(ABOUT),
            HBox([self.size, self.throw], style={"align-items": "end"}),
            Card("", [self.estimate, self.verdict, self.work], style={"max-inline-size": "40rem"}),
        ]

    async def on_throw(self) -> None:
        self.throw.disabled = True
        self.verdict.value = "The darts are flying …"
        self.work.children = []
        batches = range(int(self.size.value or "20"))
        progress = self.progress(batches, "Throwing", unit="batches", parent=self.work, cancellable=True)
        thrown = await self.run(self.throw_all, progress)
        self.verdict.value = f"{'Cancelled after' if progress.cancelled else 'Done:'} {thrown:,} darts."
        self.throw.disabled = False

    def throw_all(self, progress: Progress[int]) -> int:
        """Runs in a thread: what it changes reaches the page as if an event had changed it."""
        hits = thrown = 0
        for _ in progress:
            hits += sum(random() ** 2 + random() ** 2 < 1 for _ in range(BATCH))
            thrown += BATCH
            self.estimate.value = f"π ≈ {4 * hits / thrown:.6f}"
        return thrown

    def on_restore(self) -> None:
        # The thread has died with the server that was here before.
        self.throw.disabled = False


if __name__ == "__main__":
    Computation.run(int(os.environ.get("PORT", "8881")))
