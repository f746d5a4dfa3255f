"""A page outlives its server: killed, stopped, or started again with other code."""

import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from jibe_like.store.database import Database
from tests.e2e.outages import Clicking, Problems, caret, mark, was_reloaded
from tests.serving import Script, ServeScript

SOURCE = '''
import os
import sys

from jibe_like import Button, Connection, Input, Label, MainApp


class Count:
    """Says when it is read from a snapshot."""

    def __init__(self, clicks):
        self.clicks = clicks

    def __setstate__(self, state):
        print("unpickled", file=sys.stderr, flush=True)
        self.__dict__.update(state)


class Durable(MainApp):
    def __init__(self, connection: Connection):
        super().__init__(connection)
        self.count = Count(int(connection.get_argument("start", "0")))
        self.shown = Label(str(self.count.clicks), identifier="count")
        said = Label(identifier="said")
        name = Input(label="Name", identifier="name")
        place = Input("here", label="Place", identifier="place")
        add = Button("Add", identifier="add")
        ten = Button("Ten", identifier="ten")

        def add_ten():
            self.add(10)

        add.register("click", lambda: self.add(1))
        ten.register("click", add_ten)
        name.register("change", lambda source: setattr(said, "value", f"Hello, {source.value}"))
        self.children = [self.shown, said, name, place, add, ten]

    def add(self, clicks):
        self.count.clicks += clicks
        self.shown.value = str(self.count.clicks)


Durable.run(int(os.environ["PORT"]), address="127.0.0.1", store=os.environ["STORE"])
'''


@pytest.fixture
def page_problems() -> list[str]:
    return Problems()


class Server:
    """The script above, its database, and a page of it."""

    def __init__(self, page: Page, serve_script: ServeScript, folder: Path, store: str) -> None:
        self.page = page
        self._path = folder / "durable.py"
        self._path.write_text(SOURCE)
        self._database = folder / "durable.db"
        self.script: Script = serve_script(self._path, STORE=store or f"sqlite:///{self._database}")

    def load(self, query: str = "") -> "Server":
        self.page.goto(self.script.url + query)
        mark(self.page)
        return self

    @contextmanager
    def nothing_stored(self) -> Iterator[None]:
        """Until the block ends nothing is committed: another has the file, which the server awaits for 5 seconds."""
        with closing(Database(self._database, busy_timeout=5)) as database:
            database.connect().execute("BEGIN IMMEDIATE")
            yield

    @property
    def count(self) -> Locator:
        return self.page.locator("#count")

    @property
    def name(self) -> Locator:
        return self.page.get_by_label("Name")

    def replace(self, *edits: tuple[str, str]) -> None:
        """Edits the script; each text to be replaced must be there."""
        source = self._path.read_text()
        for old, new in edits:
            assert old in source
            source = source.replace(old, new)
        self._path.write_text(source)

    def kill(self) -> None:
        self.script.kill()

    def start(self) -> None:
        self.script.start()

    def add(self, expected: int) -> None:
        """Clicks, and waits until the effect is stored."""
        self.page.get_by_role("button", name="Add").click()
        expect(self.count).to_have_text(str(expected))
        self.until_stored()

    def until_stored(self) -> None:
        """Returns when the session is in the database with all clicks that the server has counted."""
        stored = b"clicks\x94K%c" % int(self.count.text_content() or "0")
        for _ in range(400):
            if self._database.exists() and stored in self.record():
                return
            self.page.wait_for_timeout(10)
        raise AssertionError(f"not stored: {stored!r}")

    def record(self) -> bytes:
        """The page's snapshot; empty while there is none."""
        with closing(sqlite3.connect(self._database)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'snapshots'").fetchone():
                return b""
            rows: list[tuple[bytes]] = database.execute("SELECT record FROM snapshots").fetchall()
        return b"".join(record for (record,) in rows)

    def damage(self) -> None:
        """Changes one byte in the middle of the snapshot."""
        record = bytearray(self.record())
        record[len(record) // 2] ^= 1
        with closing(sqlite3.connect(self._database)) as database:
            database.execute("UPDATE snapshots SET record = ?", (bytes(record),))
            database.commit()
        assert self.record() == record

    def warnings(self) -> list[str]:
        """What the server has warned of, without time and logger."""
        return re.findall(r" WARNING [\w.]+: (.*)", self.script.output())


@pytest.fixture
def unseen(page: Page, serve_script: ServeScript, tmp_path: Path) -> Server:
    """One whose page is not loaded yet."""
    return Server(page, serve_script, tmp_path, "")


@pytest.fixture
def server(unseen: Server) -> Server:
    return unseen.load()


def test_killed_while_the_user_clicks_and_types(page: Page, server: Server) -> None:
    clicking = Clicking(page, server.count)
    server.name.focus()
    for _ in range(3):
        page.keyboard.type("ab")
        clicking.go_on(4)
        server.kill()
        page.keyboard.type("cd")
        clicking.go_on(2)
        server.start()
        clicking.catch_up(within=3)
    assert caret(server.name) == [12, 12, "abcdabcdabcd"]
    total = clicking.stop()
    expect(server.count).to_have_text(str(total))
    expect(page.locator("#said")).to_have_text("Hello, abcdabcdabcd")
    assert not was_reloaded(page)
    assert server.script.output().count("unpickled") == 3
    assert server.warnings() == []


@pytest.mark.parametrize("clicks", [0, 1, 5])
def test_killed_before_anything_was_stored(page: Page, unseen: Server, clicks: int) -> None:
    server, add = unseen, page.get_by_role("button", name="Add")
    with server.nothing_stored():
        server.load("?start=7")
        for _ in range(clicks):
            add.click()
        expect(server.count).to_have_text(str(7 + clicks))
        server.name.fill("Ada")
        server.name.press("Tab")
        server.kill()
        add.click()
    server.start()
    expect(server.count).to_have_text(str(8 + clicks))
    expect(page.locator("#said")).to_have_text("Hello, Ada")
    server.add(9 + clicks)
    server.kill()
    add.click()
    server.start()
    expect(server.count).to_have_text(str(10 + clicks))
    assert not was_reloaded(page)
    assert server.warnings() == []
    assert server.script.output().count("unpickled") == 1


@pytest.mark.parametrize("milliseconds", [0, 5, 20, 50, 100])
def test_killed_right_after_the_page_was_loaded(page: Page, unseen: Server, milliseconds: int) -> None:
    server = unseen.load()
    clicking = Clicking(page, server.count)
    page.evaluate("document.getElementById('add').click(), window.clicks++")
    page.wait_for_timeout(milliseconds)
    server.kill()
    clicking.go_on(2)
    server.start()
    clicking.catch_up(within=3)
    expect(server.count).to_have_text(str(clicking.stop()))
    assert not was_reloaded(page)
    assert server.warnings() == []


def test_killed_before_the_page_was_connected(page: Page, unseen: Server) -> None:
    server, add = unseen, page.get_by_role("button", name="Add")

    def kill_first(route: Route) -> None:
        response = route.fetch()
        server.kill()
        route.fulfill(response=response)

    page.route("**/client-*.js", kill_first)
    server.load("?start=7")
    for _ in range(3):
        add.click()
    server.name.fill("Ada")
    add.click()
    server.start()
    expect(server.count).to_have_text("11")
    expect(page.locator("#said")).to_have_text("Hello, Ada")
    assert not was_reloaded(page)
    assert server.warnings() == []


def test_killed_again_and_again_before_anything_was_stored(page: Page, unseen: Server) -> None:
    server = unseen
    with server.nothing_stored():
        server.load()
        clicking = Clicking(page, server.count)
        for _ in range(3):
            clicking.go_on(3)
            clicking.catch_up(within=3)
            server.kill()
            clicking.go_on(1)
            server.start()
        clicking.catch_up(within=3)
    total = clicking.stop()
    expect(server.count).to_have_text(str(total))
    server.add(total + 1)
    assert not was_reloaded(page)
    assert server.warnings() == []


def test_what_looks_different_each_time_is_not_clicked_unseen(page: Page, unseen: Server) -> None:
    server = unseen
    server.replace(
        ('Label(str(self.count.clicks), identifier="count")', 'Label(f"process {os.getpid()}", identifier="count")')
    )
    server.kill()
    server.start()
    with server.nothing_stored():
        server.load()
        server.name.fill("Ada")
        server.kill()
        page.get_by_role("button", name="Add").click()
    server.start()
    expect(server.count).to_have_text(f"process {server.script.process.pid}")
    expect(page.locator("#said")).to_have_text("Hello, Ada")
    server.add(1)
    assert not was_reloaded(page)
    [warning] = server.warnings()
    assert re.fullmatch(r"session \S+ starts anew: it does not look as it did when its page was loaded", warning)


def test_focus_and_selection_stay(page: Page, server: Server) -> None:
    server.name.fill("Ada Lovelace")
    server.name.evaluate("e => e.setSelectionRange(4, 8)")
    server.until_stored()
    server.kill()
    server.start()
    # A click that leaves the focus where it is.
    page.evaluate("document.getElementById('add').click()")
    expect(server.count).to_have_text("1")
    expect(page.locator("#said")).to_have_text("Hello, Ada Lovelace")
    assert caret(server.name) == [4, 8, "Ada Lovelace"]
    assert not was_reloaded(page)


def test_lambdas_and_nested_functions_survive_a_deploy(page: Page, server: Server) -> None:
    server.add(1)
    server.kill()
    server.replace(
        ("lambda: self.add(1)", "lambda: self.add(100)"),
        ("            self.add(10)", "            self.add(1000)"),
        ('f"Hello, {source.value}"', 'f"Goodbye, {source.value}"'),
        ("import os\n", 'import os\n\nGREETING = "new code"\n'),
    )
    server.start()
    page.get_by_role("button", name="Add").click()
    expect(server.count).to_have_text("101")
    page.get_by_role("button", name="Ten").click()
    expect(server.count).to_have_text("1101")
    server.name.fill("Ada")
    server.name.blur()
    expect(page.locator("#said")).to_have_text("Goodbye, Ada")
    assert not was_reloaded(page)
    assert server.warnings() == []


def test_a_class_that_no_longer_fits_gives_a_fresh_app(page: Page, server: Server) -> None:
    server.name.fill("Ada")
    server.add(1)
    expect(page.locator("#said")).to_have_text("Hello, Ada")
    server.kill()
    server.replace(("class Count", "class Clicks"), ("= Count(", "= Clicks("), ('Input("here"', 'Input("there"'))
    server.start()
    expect(server.count).to_have_text("0")
    # What the user typed goes into the fresh app, and what the user never touched is the app's own.
    expect(page.locator("#said")).to_have_text("Hello, Ada")
    expect(server.name).to_have_value("Ada")
    expect(page.get_by_label("Place")).to_have_value("there")
    server.add(1)
    assert not was_reloaded(page)
    [warning] = server.warnings()
    assert re.fullmatch(
        r"session \S+ starts anew: the snapshot does not fit the code: AttributeError: .*Count.*", warning
    )


def test_a_snapshot_with_one_byte_changed_is_not_read(page: Page, server: Server) -> None:
    server.add(1)
    server.kill()
    server.start()
    server.add(2)
    assert server.script.output().count("unpickled") == 1
    server.kill()
    server.damage()
    server.start()
    expect(server.count).to_have_text("0")
    server.add(1)
    assert not was_reloaded(page)
    assert server.script.output().count("unpickled") == 1
    [warning] = server.warnings()
    assert re.fullmatch(r"session \S+ starts anew, its snapshot was not read: the snapshot was changed, .*", warning)


def test_a_stopped_server_is_waited_for(page: Page, server: Server) -> None:
    clicking = Clicking(page, server.count)
    clicking.go_on(5)
    clicking.catch_up(within=3)
    assert server.script.stop() == 0
    clicking.go_on(2)
    server.start()
    clicking.catch_up(within=3)
    expect(server.count).to_have_text(str(clicking.stop()))
    assert not was_reloaded(page)
    assert server.warnings() == []


def test_without_a_store_the_fields_alone_survive(page: Page, serve_script: ServeScript, tmp_path: Path) -> None:
    server = Server(page, serve_script, tmp_path, "memory://").load()
    server.name.fill("Ada")
    page.get_by_role("button", name="Add").click()
    expect(server.count).to_have_text("1")
    server.kill()
    page.get_by_label("Place").fill("everywhere")
    server.start()
    expect(server.count).to_have_text("0")
    expect(page.locator("#said")).to_have_text("Hello, Ada")
    expect(server.name).to_have_value("Ada")
    expect(page.get_by_label("Place")).to_have_value("everywhere")
    assert not was_reloaded(page)
    assert server.script.process.poll() is None
    assert server.script.stop() != -signal.SIGKILL
