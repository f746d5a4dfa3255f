"""Files that a user uploads: chosen, dropped, cut off, refused, taken back."""

import asyncio
import hashlib
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from jibe_like import Button, Connection, FileUpload, Form, Heading, Input, Label, MainApp, ReceivedFile, Settings
from jibe_like.tree.events import Message
from tests.chaos_proxy import ChaosProxy
from tests.e2e.axe import violations
from tests.e2e.conftest import NewPage
from tests.e2e.outages import Problems, mark, was_reloaded
from tests.serving import Script, Serve, ServeScript

SLOW = Settings(upload_bytes_per_second=1_000_000, upload_bytes_burst=100_000, unused_lifetime=1)
"""A server that takes its time: what is on its way can be seen."""
CONTENT = os.urandom(100_000)
BIG = CONTENT * 20
HUGE = "huge.bin"
"""A file of 20 MB: more than fits between a page and its server."""


def a_file(name: str, content: bytes, mime: str = "application/octet-stream") -> FilePayload:
    return FilePayload(name=name, mimeType=mime, buffer=content)


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / HUGE
    path.write_bytes(BIG * 10)
    return path


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class Store(MainApp):
    """A field for files, and what has come of them."""

    options: dict[str, object] = {}

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.files = FileUpload("Files", multiple=True, **self.options)  # type: ignore[arg-type]
        self.files.register("upload", self.on_upload)
        self.files.register("change", self.show_held)
        self.files.register("fail", self.on_fail)
        self.come, self.held, self.failed = (Label(identifier=name) for name in ("come", "held", "failed"))
        self.children = [Heading("Files", level=1), self.files, self.come, self.held, self.failed]

    def on_upload(self, source: FileUpload, message: Message) -> None:
        file = message["data"]["file"]
        self.come.value += f"{file.name} {digest(file.read_bytes())} {file.type}; "

    def show_held(self) -> None:
        self.held.value = ", ".join(file.name for file in self.files.value)

    def on_fail(self, source: FileUpload, message: Message) -> None:
        self.failed.value += f"{message['data']['name']}: {message['data']['error']} "


class SlowStore(Store):
    settings = SLOW


class OfAll(SlowStore):
    mode = "broadcast"


class Shop:
    """A page of `Store`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.control = page.get_by_label("Files", exact=True)
        self.rows = page.get_by_role("listitem")
        self.come = page.locator("#come")
        self.held = page.locator("#held")
        self.failed = page.locator("#failed")

    def choose(self, *files: FilePayload) -> None:
        self.control.set_input_files(files)

    def row(self, name: str) -> Locator:
        return self.rows.filter(has_text=name)

    def until_under_way(self, name: str) -> None:
        """Returns when some of it has come, and not all."""
        expect(self.row(name)).to_contain_text(re.compile(r"\d [kM]B of "))


@pytest.fixture
def page_problems() -> list[str]:
    # Chromium logs each answer that says no.
    return Problems()


def open_shop(page: Page, url: str) -> Shop:
    page.goto(url)
    mark(page)
    return Shop(page)


# -- files that come


def test_a_file_comes_and_shows_how_far_it_is(page: Page, serve: Serve) -> None:
    shop = open_shop(page, serve(SlowStore))
    shop.choose(a_file("big.bin", BIG))
    shop.until_under_way("big.bin")
    bar = shop.row("big.bin").get_by_role("progressbar", name="Upload of big.bin")
    first = float(bar.get_attribute("value") or 0)
    assert 0 < first < 100
    page.wait_for_function("([bar, first]) => bar.value > first", arg=[bar.element_handle(), first])
    expect(shop.come).to_have_text(f"big.bin {digest(BIG)} application/octet-stream; ")
    expect(shop.row("big.bin")).to_contain_text("2.0 MB")
    expect(bar).to_be_hidden()
    expect(page.get_by_role("button", name="Remove big.bin")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("big.bin has been uploaded.")
    # The control gives away what was chosen, and so the same can be chosen once more.
    assert shop.control.evaluate("e => e.files.length") == 0
    shop.choose(a_file("big.bin", BIG))
    expect(shop.held).to_have_text("big.bin, big.bin")


def test_several_files_come_one_after_the_other(page: Page, serve: Serve) -> None:
    shop = open_shop(page, serve(Store))
    shop.choose(*(a_file(f"{number}.txt", b"text %d" % number, "text/plain") for number in range(12)))
    shop.choose(a_file("empty.txt", b"", "text/plain"))
    expect(shop.held).to_have_text(", ".join([*(f"{number}.txt" for number in range(12)), "empty.txt"]))
    expect(shop.rows).to_have_count(13)
    expect(shop.come).to_contain_text(f"7.txt {digest(b'text 7')} text/plain; ")


def test_files_are_chosen_before_the_page_is_connected(page: Page, serve: Serve) -> None:
    held_back: list[Route] = []
    client = re.compile(r"/client-\w+\.js$")
    page.route(client, lambda route: held_back.append(route))
    with page.expect_request(client):
        page.goto(serve(Store), wait_until="commit")
    shop = Shop(page)
    shop.choose(a_file("early.txt", b"early", "text/plain"))
    expect(page.locator("#held")).to_have_text("")
    (route,) = held_back
    route.continue_()
    expect(shop.held).to_have_text("early.txt")


def test_files_are_dropped(page: Page, serve: Serve, tmp_path: Path) -> None:
    shop = open_shop(page, serve(Store))
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(name)
    box = page.get_by_text("or drop files here").bounding_box()
    assert box is not None
    chrome = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(tmp_path / "one.txt"), str(tmp_path / "two.txt")], "dragOperationsMask": 1}
        chrome.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 5, "y": box["y"] + 5, "data": data})
    expect(shop.held).to_have_text("one.txt, two.txt")
    assert not was_reloaded(page)


# -- files that do not


class Picky(Store):
    options = {"accept": ["image/*", ".csv"], "max_bytes": 1000, "max_files": 3}


class SlowPicky(Store):
    options = {"accept": ["image/*", ".csv"], "help": "Pictures and tables.", "error": "None yet."}
    settings = SLOW


PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def test_what_is_refused_says_why_and_harms_no_other(page: Page, serve: Serve) -> None:
    shop = open_shop(page, serve(Picky))
    shop.choose(
        a_file("cat.png", PNG, "image/png"),
        a_file("large.png", PNG * 10, "image/png"),
        a_file("run.exe", b"MZ\x90\x00" + bytes(60), "image/png"),
        a_file("page.png", b"<!doctype html><script>alert(1)</script>", "image/png"),
        a_file("list.csv", b"a,b\n1,2\n", "text/csv"),
    )
    expect(shop.held).to_have_text("cat.png, list.csv")
    for name in ("large.png", "run.exe", "page.png"):
        error = shop.row(name).get_by_role("alert")
        expect(error).to_be_visible()
        expect(shop.failed).to_contain_text(f"{name}: {error.inner_text()}")
    expect(shop.row("large.png")).to_contain_text("larger than")
    # Too many: the last one finds no place.
    shop.choose(a_file("dog.png", PNG), a_file("cow.png", PNG))
    expect(shop.held).to_have_text("cat.png, list.csv, dog.png")
    expect(shop.row("cow.png").get_by_role("alert")).to_have_text("At most 3 files.")
    for name in ("cow.png", "large.png", "run.exe", "page.png"):
        page.get_by_role("button", name=f"Remove {name}").click()
    expect(shop.rows).to_have_count(3)


def test_a_file_that_has_gone_from_the_disk_meanwhile(page: Page, serve: Serve, huge: Path, tmp_path: Path) -> None:
    page.goto(serve(Counting))
    control, begun = page.get_by_label("Files", exact=True), page.locator("#begun")
    gone = tmp_path / "gone.bin"
    gone.write_bytes(CONTENT)
    control.set_input_files([huge, gone])
    expect(begun).to_have_text(HUGE)
    gone.unlink()
    page.get_by_role("button", name=f"Cancel {HUGE}").click()
    expect(page.get_by_role("listitem").filter(has_text="gone.bin").get_by_role("alert")).to_be_visible()


class Single(MainApp):
    """A field for one file, in a form that cannot be sent without."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        portrait, name = FileUpload("Portrait", required=True, name="portrait"), Input(label="Name", name="name")
        self.form = Form([portrait, name, Button("Send", kind="submit")])
        self.form.register("submit", self.on_submit)
        self.said = Label(identifier="said")
        self.children = [self.form, self.said]

    def on_submit(self) -> None:
        (file,) = self.form.values["portrait"]
        self.said.value = f"{self.form.values['name']}: {file.name} {file.read_bytes().decode()}"


def test_one_file_in_a_form(page: Page, serve: Serve) -> None:
    page.goto(serve(Single))
    control, said, rows = page.get_by_label("Portrait"), page.locator("#said"), page.get_by_role("listitem")
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("button", name="Send").click()
    expect(control).to_be_focused()
    assert control.evaluate("e => e.validity.valueMissing")
    for name in ("one.txt", "two.txt"):
        control.set_input_files(a_file(name, name.encode(), "text/plain"))
        expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
        expect(rows).to_have_count(1)
    page.get_by_role("button", name="Send").click()
    expect(said).to_have_text("Ada: two.txt two.txt")


class Counting(MainApp):
    """A receiver that holds its sender back after the first bytes, until it is let go."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.go = asyncio.Event()
        self.said, self.begun = Label(identifier="said"), Label(identifier="begun")
        let_go = Button("Let go")
        let_go.register("click", self.go.set)
        self.files = FileUpload("Files", multiple=True, receiver=self.receive)
        self.children = [Heading("Counting", level=1), self.files, self.said, self.begun, let_go]

    def on_error(self, widget: object, event: str, error: Exception) -> None:
        self.begun.value += f"({event}: {error}) "

    async def receive(self, file: ReceivedFile) -> None:
        size = 0
        try:
            async for piece in file:
                if not size:
                    self.begun.value += f"{file.name} "
                size += len(piece)
                await self.go.wait()
                if file.name == "bad.bin":
                    raise RuntimeError("This is no good.")
            self.said.value = f"{file.name} has {size} bytes"
        except OSError:
            self.said.value = f"{file.name} was broken off"
            raise


class SlowCounting(Counting):
    settings = SLOW


def test_a_receiver_holds_the_sender_back(page: Page, serve: Serve, huge: Path) -> None:
    page.goto(serve(Counting))
    said, begun, control = page.locator("#said"), page.locator("#begun"), page.get_by_label("Files", exact=True)
    control.set_input_files(huge)
    control.set_input_files([a_file("bad.bin", CONTENT), a_file("c.bin", CONTENT)])
    expect(begun).to_have_text(HUGE)
    row = page.get_by_role("listitem").first
    assert float(row.get_by_role("progressbar").get_attribute("value") or 0) < 50
    page.get_by_role("button", name="Let go").click()
    expect(said).to_have_text(f"c.bin has {len(CONTENT)} bytes")
    expect(page.get_by_role("button", name=re.compile("Remove"))).to_have_count(3)
    expect(page.get_by_role("listitem").filter(has_text="bad.bin").get_by_role("alert")).to_be_visible()
    expect(begun).to_have_text(f"{HUGE} bad.bin (upload: This is no good.) c.bin")


def test_a_transfer_is_ended(page: Page, serve: Serve, huge: Path) -> None:
    page.goto(serve(Counting))
    said, begun, control = page.locator("#said"), page.locator("#begun"), page.get_by_label("Files", exact=True)
    control.set_input_files(huge)
    control.set_input_files([a_file("b.bin", CONTENT), a_file("c.bin", CONTENT)])
    expect(begun).to_have_text(HUGE)
    page.get_by_role("button", name="Cancel b.bin").click()
    page.get_by_role("button", name=f"Cancel {HUGE}").click()
    # The next one follows, and the one that was ended while it waited does not.
    expect(begun).to_have_text(f"{HUGE} c.bin")
    page.get_by_role("button", name="Let go").click()
    expect(said).to_have_text(f"c.bin has {len(CONTENT)} bytes")
    expect(page.get_by_role("listitem")).to_have_count(1)


# -- lost connections


SOURCE = """
import os

from jibe_like import Button, Label, get_server
from tests.e2e.test_uploads import SLOW, Store


class Durable(Store):
    def __init__(self, connection):
        super().__init__(connection)
        read = Button("Read all")
        self.read = Label(identifier="read")
        read.register("click", self.read_all)
        self.children += [read, self.read]

    def read_all(self):
        self.read.value = f"{sum(len(file.read_bytes()) for file in self.files.value)} bytes"


class Shared(Durable):
    mode = "broadcast"


server = get_server()
for app, route in ((Durable, "/"), (Shared, "/shared")):
    server.mount(app, route, store=os.environ["STORE"], settings=SLOW)
server.start(int(os.environ["PORT"]), host="127.0.0.1")
"""


@pytest.fixture
def durable(serve_script: ServeScript, tmp_path: Path) -> Script:
    path = tmp_path / "durable.py"
    path.write_text(SOURCE)
    return serve_script(path, STORE=f"sqlite:///{tmp_path / 'durable.db'}")


def test_after_the_network_was_cut_it_goes_on(page: Page, serve: Serve) -> None:
    url = serve(SlowCounting)
    page.goto(url)
    mark(page)
    begun = page.locator("#begun")
    page.get_by_role("button", name="Let go").click()
    page.get_by_label("Files", exact=True).set_input_files([a_file("a.bin", BIG), a_file("b.bin", CONTENT)])
    expect(begun).to_have_text("a.bin")
    serve.drop(url)
    expect(begun).to_have_text(re.compile(r"^a\.bin.* a\.bin"))
    expect(page.get_by_role("button", name=re.compile("Remove"))).to_have_count(2)
    assert not was_reloaded(page)


def test_after_the_server_was_killed_it_goes_on(page: Page, durable: Script) -> None:
    shop = open_shop(page, durable.url)
    shop.choose(a_file("first.txt", b"first", "text/plain"))
    expect(shop.held).to_have_text("first.txt")
    shop.choose(a_file("big.bin", BIG), a_file("last.txt", b"last", "text/plain"))
    shop.until_under_way("big.bin")
    durable.kill()
    durable.start()
    expect(shop.held).to_have_text("first.txt, big.bin, last.txt")
    expect(shop.come).to_have_text(
        f"first.txt {digest(b'first')} text/plain; "
        f"big.bin {digest(BIG)} application/octet-stream; last.txt {digest(b'last')} text/plain; "
    )
    assert not was_reloaded(page)
    # What came before is of use still.
    page.get_by_role("button", name="Read all").click()
    expect(page.locator("#read")).to_have_text(f"{len(b'first') + len(BIG) + len(b'last')} bytes")
    page.get_by_role("button", name="Remove first.txt").click()
    expect(shop.held).to_have_text("big.bin, last.txt")


def test_after_a_page_was_closed_only_what_has_come_is_there(page: Page, durable: Script, huge: Path) -> None:
    url = durable.url + "shared"
    shop, other = open_shop(page, url), open_shop(page.context.new_page(), url)
    shop.choose(a_file("first.txt", b"first", "text/plain"))
    expect(other.held).to_have_text("first.txt")
    shop.control.set_input_files(huge)
    other.until_under_way(HUGE)
    page.close()
    expect(other.row(HUGE).get_by_role("alert")).to_be_visible()
    expect(other.held).to_have_text("first.txt")


def test_where_websockets_are_blocked(page: Page, durable: Script) -> None:
    with ChaosProxy(durable.port, refuse_websockets=True) as proxy:
        shop = open_shop(page, proxy.url)
        shop.choose(a_file("big.bin", BIG), a_file("b.txt", b"b", "text/plain"))
        shop.until_under_way("big.bin")
        expect(shop.held).to_have_text("big.bin, b.txt")
        assert proxy.done["refused"]


# -- shared sessions, the keyboard


def test_pages_that_share_a_session_see_the_same_files(new_page: NewPage, serve: Serve) -> None:
    url = serve(OfAll)
    mine, yours = (open_shop(new_page(), url) for _ in range(2))
    mine.choose(a_file("mine.bin", BIG))
    yours.until_under_way("mine.bin")
    yours.choose(a_file("yours.txt", b"yours", "text/plain"))
    for shop in (mine, yours):
        expect(shop.held).to_contain_text("mine.bin")
        expect(shop.held).to_contain_text("yours.txt")
    # Each may end or take back what the other has sent.
    mine.page.get_by_role("button", name="Remove yours.txt").click()
    yours.choose(a_file("long.bin", BIG))
    mine.until_under_way("long.bin")
    mine.page.get_by_role("button", name="Cancel long.bin").click()
    for shop in (mine, yours):
        expect(shop.held).to_have_text("mine.bin")
        expect(shop.rows).to_have_count(1)


def test_by_keyboard(page: Page, serve: Serve, tmp_path: Path) -> None:
    # From the beginning: Playwright may be told of it later than the key is pressed.
    page.on("filechooser", lambda chooser: None)
    shop = open_shop(page, serve(Store))
    paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for path in paths:
        path.write_text(path.name)
    page.keyboard.press("Tab")
    expect(shop.control).to_be_focused()
    with page.expect_file_chooser() as opened:
        page.keyboard.press("Enter")
    assert opened.value.is_multiple()
    opened.value.set_files(paths)
    expect(shop.held).to_have_text("one.txt, two.txt")
    expect(shop.control).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Remove one.txt")).to_be_focused()
    page.keyboard.press("Space")
    expect(shop.held).to_have_text("two.txt")
    # What had the focus is gone: it is back at the control.
    expect(shop.control).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(new_page: NewPage, serve: Serve, scheme: str) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 360, "height": 740})
    shop = open_shop(page, serve(SlowPicky))
    assert violations(page) == []
    long = "a-name-that-is-far-too-long-for-any-line-of-any-page-" * 3
    shop.choose(a_file(f"{long}.png", PNG), a_file("run.exe", PNG), a_file("slow.csv", b"a,b\n" * 500_000))
    expect(shop.row("run.exe").get_by_role("alert")).to_be_visible()
    shop.until_under_way("slow.csv")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
