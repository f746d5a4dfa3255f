"""The applications that are tried, and the program that serves one of them: `serve` starts it.

The environment says what: `APP` the class, `PORT`, `STORE`, and `SETTINGS` as JSON.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jibe_like import Button, Connection, Label, MainApp, Settings, VBox
from jibe_like.tree.events import Message
from tests.serving import HOST, Script

UPDATES_PER_SECOND: Final = 10_000
UPDATE_SIZE: Final = 500
"""Characters of an update."""
_ROWS: Final = 10


class Counter(MainApp):
    """Counts clicks. A click may say its number: one out of turn is counted too."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.clicks = 0
        self.out_of_turn = 0
        self.count = Label("0", identifier="count")
        self.faults = Label("0", identifier="faults")
        self.newest = VBox(identifier="newest")
        button = Button("Add", identifier="add")
        button.register("click", lambda source, message: self.add(message))
        self.children = [button, self.count, self.faults, self.newest]

    def add(self, message: Message) -> None:
        self.clicks += 1
        self.count.value = str(self.clicks)
        if message.get("data", {}).get("number", self.clicks) != self.clicks:
            self.out_of_turn += 1
            self.faults.value = str(self.out_of_turn)
        self.newest.children.append(Label(str(self.clicks)))
        if len(self.newest.children) > _ROWS:
            self.newest.children.pop(0)

    def on_session_destroyed(self) -> None:
        # Counted by whoever reads it: a number that is made anew each time would be in the way of the memory trial.
        print("ended", file=sys.stderr, flush=True)


class Held(Counter):
    """Stays until one of its pages has all of them let go, whoever has left."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        release = Button("Release", identifier="release")
        release.register("click", self.release)
        self.children.append(release)

    def on_session_created(self) -> None:
        assert self.session is not None
        self.session.block_expiration()

    def release(self) -> None:
        assert self.session is not None
        for session in self.session.server.sessions:
            session.unblock_expiration()


def newest(clicks: int) -> list[str]:
    """What `Counter.newest` shows after so many clicks."""
    return [str(number) for number in range(max(1, clicks - _ROWS + 1), clicks + 1)]


class Ticker(Counter):
    """Updates a text 10,000 times a second, each in a turn of its own, between two clicks on `go`."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.running = False
        self.text = Label("", identifier="text")
        go = Button("Go", identifier="go")
        go.register("click", self.go)
        self.children += [go, self.text]

    async def go(self) -> None:
        self.running = not self.running
        done, began = 0, time.monotonic()
        while self.running:
            while self.running and done < (time.monotonic() - began) * UPDATES_PER_SECOND:
                done += 1
                self.text.value = f"{done:.>{UPDATE_SIZE}}"
                await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        if done:
            self.text.value = f"final {done} {time.monotonic() - began:.3f}"


@contextlib.contextmanager
def serve(app: type[MainApp], store: str = "sqlite:///{folder}/chaos.db", **settings: Any) -> Iterator[Script]:
    """Runs the application in a process of its own until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "APP": app.__name__,
            "STORE": store.format(folder=folder),
            "SETTINGS": json.dumps(settings),
            "PYTHONUNBUFFERED": "1",
        }
        script = Script("chaos.apps", Path(folder) / "output", env)
        script.start()
        try:
            yield script
        finally:
            script.stop()


if __name__ == "__main__":
    settings = Settings(**json.loads(os.environ["SETTINGS"]))
    app: type[MainApp] = {each.__name__: each for each in (Counter, Held, Ticker)}[os.environ["APP"]]
    app.run(int(os.environ["PORT"]), address=HOST, settings=settings, store=os.environ["STORE"])
