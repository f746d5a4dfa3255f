"""States of a server and of its users, when the server is killed and comes back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.visitor import Visitor, until
from tests.serving import ServeScript

APP = """
import os
from jibe_like import Button, Label, MainApp, get_server

server = get_server()
server.state.all = 0


class Counting(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        self.state.mine = 0
        self.add = Button("Add", identifier="add")
        self.add.register("click", self.on_add)
        self.shown = Label("", identifier="shown")
        self.children = [self.add, self.shown]
        for state, name in ((server.state, "all"), (self.state, "mine"), (self.user, "clicks")):
            state.change(name)(self.show)
        self.show()

    def on_add(self):
        server.state.all += 1
        self.state.mine += 1
        self.user.clicks = (self.user.clicks or 0) + 1

    def show(self):
        self.shown.value = f"{self.state.mine} of {self.user.clicks} of {server.state.all}"


Counting.run(int(os.environ["PORT"]), address="127.0.0.1", store="sqlite:///" + os.environ["DATABASE"])
"""


def stored(database: Path, pickled: bytes) -> bool:
    """Whether some shared state in the store has this in it."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT record FROM snapshots WHERE app LIKE 'scopes:%'").fetchall()
    return any(pickled in record for (record,) in rows)


@pytest.mark.gen_test
async def test_a_killed_server_has_all_of_it_again(serve_script: ServeScript, tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(APP)
    script = serve_script(tmp_path / "counting.py", DATABASE=str(tmp_path / "jibe.db"))
    async with Visitor(script.url) as page, Visitor(script.url) as other:
        await page.load()
        await page.connect()
        await other.load()
        await other.connect()
        for n in (1, 2, 3):
            page.click("add")
            await page.frame()
            await other.frame()
            assert n == page.sent
        while (await page.frame()).get("kept", 0) < 3:
            pass
        await until(
            lambda: stored(tmp_path / "jibe.db", b"all\x94K\x03") and stored(tmp_path / "jibe.db", b"clicks\x94K\x03")
        )
        script.kill()
        await page.closed()
        await other.closed()
        script.start()
        assert (await page.connect())["resumed"]
        root = await page.frame()
        assert root["ops"][0] == ["states", {"app": {"mine": 3}, "server": {"all": 3}}]
        assert page.text("shown") == "3 of 3 of 3"
        page.click("add")
        await page.shows("shown", "4 of 4 of 4")
        fresh = Visitor(script.url)
        fresh.cookies = page.cookies
        await fresh.load()
        await fresh.connect()
        fresh.click("add")
        await page.shows("shown", "4 of 5 of 5")
        await fresh.leave()
    script.stop()
