"""Where websockets are blocked the page works by polling, and changes over when they get through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chaos_proxy import ChaosProxy
from tests.e2e.outages import Clicking, Problems, mark, was_reloaded
from tests.serving import Script, ServeScript

SOURCE = """
import os

from jibe_like import Button, Connection, Input, Label, MainApp, Timer


class Polled(MainApp):
    def __init__(self, connection: Connection):
        super().__init__(connection)
        self.clicks = 0
        self.count = Label("0", identifier="count")
        self.pushed = Label("0", identifier="pushed")
        self.way = Label(identifier="way")
        said = Label(identifier="said")
        name = Input(label="Name")
        add = Button("Add", identifier="add")
        add.register("click", self.add)
        name.register("change", lambda source: setattr(said, "value", f"Hello, {source.value}"))
        timer = Timer(0.1)
        timer.register("tick", lambda: setattr(self.pushed, "value", str(int(self.pushed.value) + 1)))
        self.register("connections", self.show_way)
        self.children = [self.count, self.pushed, self.way, said, name, add, timer]

    def add(self):
        self.clicks += 1
        self.count.value = str(self.clicks)

    def show_way(self):
        self.way.value = ", ".join(view.info["protocol"] for view in self.connections)


Polled.run(int(os.environ["PORT"]), address="127.0.0.1", store=os.environ["STORE"])
"""


@pytest.fixture
def page_problems() -> list[str]:
    return Problems()


@pytest.fixture
def script(serve_script: ServeScript, tmp_path: Path) -> Script:
    path = tmp_path / "polled.py"
    path.write_text(SOURCE)
    return serve_script(path, STORE=f"sqlite:///{tmp_path / 'polled.db'}")


@pytest.fixture
def proxy(script: Script) -> Iterator[ChaosProxy]:
    with ChaosProxy(script.port) as proxy:
        yield proxy


def expect_way(page: Page, way: str) -> None:
    expect(page.locator("#way")).to_have_text(way)


def expect_push(page: Page) -> None:
    """Waits until the server has shown something by itself."""
    pushed = page.locator("#pushed")
    expect(pushed).not_to_have_text(pushed.text_content() or "")


def test_a_page_works_by_polling(page: Page, script: Script, proxy: ChaosProxy) -> None:
    proxy.refuse_websockets = True
    page.clock.install()
    page.goto(proxy.url)
    mark(page)
    expect_way(page, "http")
    assert proxy.done["refused"] == 1
    page.get_by_role("button", name="Add").click(click_count=3)
    expect(page.locator("#count")).to_have_text("3")
    page.get_by_label("Name").press_sequentially("Ada")
    page.get_by_label("Name").press("Enter")
    expect(page.locator("#said")).to_have_text("Hello, Ada")
    expect_push(page)
    # On a page where no websocket has ever worked it is tried again after half a minute; so long a poll may take, too.
    proxy.refuse_websockets = False
    page.clock.fast_forward(29_000)
    expect_way(page, "websocket")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#count")).to_have_text("4")
    expect_push(page)
    assert not was_reloaded(page)


def test_nothing_is_lost_or_doubled(page: Page, script: Script, proxy: ChaosProxy) -> None:
    """From a websocket to polling, through a server's death, and back, while the user clicks."""
    page.goto(proxy.url)
    mark(page)
    expect_way(page, "websocket")
    clicking = Clicking(page, page.locator("#count"))
    proxy.refuse_websockets = True
    proxy.cut()
    expect_way(page, "http")
    clicking.catch_up(within=3)
    for _ in range(2):
        clicking.go_on(3)
        script.kill()
        clicking.go_on(2)
        script.start()
        clicking.catch_up(within=3)
        expect_way(page, "http")
        expect_push(page)
    proxy.refuse_websockets = False
    # A page that comes back and has had a websocket before tries it after a second.
    proxy.cut()
    clicking.go_on(3)
    expect_way(page, "websocket")
    clicking.go_on(3)
    total = clicking.stop()
    expect(page.locator("#count")).to_have_text(str(total))
    expect_push(page)
    expect(page.locator("#count")).to_have_text(str(total))
    assert not was_reloaded(page)
    # Tornado may warn of a request for a poll that died with the server.
    assert "WARNING jibe_like" not in script.output()
