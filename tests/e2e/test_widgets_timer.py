"""Timer in a live application."""

import re

from playwright.sync_api import Page, expect

from jibe_like import Button, Connection, Label, MainApp, Timer
from tests.serving import Serve


class ClockApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.ticks = 0
        self.label = Label("0 ticks")
        self.timer = Timer(0.05)
        self.timer.register("tick", self.on_tick)
        once = Button("Once")
        once.register("click", self.on_once)
        self.children = [self.timer, self.label, once]

    def on_tick(self) -> None:
        self.ticks += 1
        self.label.value = f"{self.ticks} ticks"
        if self.ticks == 3:
            self.children.remove(self.timer)

    def on_once(self) -> None:
        self.timer.once = True
        self.children.append(self.timer)


def test_timer(page: Page, serve: Serve) -> None:
    page.goto(serve(ClockApp))
    label = page.get_by_text(re.compile("ticks"))
    expect(label).to_have_text("3 ticks")
    page.get_by_role("button", name="Once").click()
    expect(label).to_have_text("4 ticks")
    expect(page.locator(".timer")).to_be_hidden()
