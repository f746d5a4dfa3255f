"""A server and its pages in a browser: triggers, procedures, calls of elements, modules, fragments."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from jibe_like import Button, Connection, Input, Label, MainApp, Server, export_rpc
from jibe_like.hosting.background import BackgroundServer
from tests.e2e.conftest import NewPage

SCRIPT = """
addEventListener("DOMContentLoaded", () => {
  document.addEventListener("click", async (event) => {
    if (event.target.id === "add") {
      document.title = `sum: ${await jibe.trigger("add", [1, 2], { times: 3 })}`;
    }
  });
});
"""
MODULE = """
jibe.call("greet", "Ada").then((greeting) => document.body.append(greeting));
"""


class App(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.server: Any = connection.server
        self.name = Input(label="Name", identifier="name")
        self.other = Input(label="Other", attributes={"data-ref": "other"})
        to_name, to_all = Button("To name"), Button("To all")
        to_name.register("click", lambda: self.server.js_call("name", "focus"))
        to_all.register("click", self.server.controller.to_all)
        self.word = Label("nothing", identifier="word")
        self.children = [
            Button("Add", identifier="add"),
            self.name,
            self.other,
            to_name,
            to_all,
            self.word,
            self.server.ui.foot(identifier="foot"),
        ]


class Procedures:
    @export_rpc("greet")
    async def greet(self, name: str) -> str:
        return f"Hello {name}"

    @export_rpc("fail")
    def fail(self) -> None:
        raise LookupError("a secret")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    return Server(f"e2e {request.node.name}")


@pytest.fixture
def running(server: Server, tmp_path: Path, new_page: NewPage) -> Iterator[BackgroundServer]:
    """Serves `App`, with a module of scripts."""
    (tmp_path / "add.js").write_text(SCRIPT)
    (tmp_path / "greet.mjs").write_text(MODULE)
    (tmp_path / "page.css").write_text("#word { color: rgb(1, 2, 3) }")
    server.enable_module(
        {
            "scripts": ["files/add.js"],
            "module_scripts": ["files/greet.mjs"],
            "styles": ["files/page.css"],
            "serve": {"files": tmp_path},
        }
    )
    server.add_protocol_to_configure(lambda protocol: protocol.registerLinkProtocol(Procedures()))

    @server.trigger("add")
    def add(a: int, b: int, times: int = 1) -> int:
        return (a + b) * times

    server.mount(App, "/app")
    background = server.in_background(0)
    yield background
    # Before the server: a page whose server goes away logs that.
    new_page.close()
    background.stop()


def test_a_script_of_a_module_calls_a_trigger(page: Page, running: BackgroundServer) -> None:
    page.goto(running.url + "app")
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_title("sum: 9")
    expect(page.locator("#word")).to_have_css("color", "rgb(1, 2, 3)")


def test_a_module_script_calls_a_procedure_at_once(page: Page, running: BackgroundServer) -> None:
    page.goto(running.url + "app")
    expect(page.get_by_text("Hello Ada")).to_be_visible()
    assert page.evaluate("jibe.trigger('nothing')") is None
    for code in ("jibe.call('fail')", "jibe.call('nothing')"):
        with pytest.raises(Error) as caught:
            page.evaluate(code)
        assert "secret" not in str(caught.value)
    assert page.evaluate("Promise.all([jibe.call('greet', 'a'), jibe.call('greet', 'b')])") == ["Hello a", "Hello b"]


def test_js_call_in_a_handler_is_for_the_pages_of_its_session(
    page: Page, new_page: NewPage, running: BackgroundServer
) -> None:
    other = new_page()
    for each in (page, other):
        each.goto(running.url + "app")
        expect(each.get_by_text("Hello Ada")).to_be_visible()
    page.get_by_role("button", name="To name").click()
    expect(page.get_by_label("Name")).to_be_focused()
    assert other.evaluate("document.activeElement.tagName") == "BODY"


def test_js_call_elsewhere_is_for_all_pages(
    server: Server, page: Page, new_page: NewPage, running: BackgroundServer
) -> None:
    other = new_page()
    for each in (page, other):
        each.goto(running.url + "app")
        expect(each.get_by_text("Hello Ada")).to_be_visible()
    server.js_call("other", "focus")
    for each in (page, other):
        expect(each.get_by_label("Other")).to_be_focused()


def test_what_a_controller_does_is_written_later(server: Server, page: Page, running: BackgroundServer) -> None:
    page.goto(running.url + "app")
    expect(page.get_by_text("Hello Ada")).to_be_visible()

    @server.controller.set("to_all")
    def to_all() -> None:
        for session in server.sessions:
            document: Any = session.document
            document.word.value = "for all"

    page.get_by_role("button", name="To all").click()
    expect(page.get_by_text("for all")).to_be_visible()


def test_a_fragment_is_replaced_while_it_is_shown(server: Server, page: Page, running: BackgroundServer) -> None:
    page.goto(running.url + "app")
    expect(page.locator("#foot")).to_be_empty()
    server.ui.define("foot")(lambda: [Label("first"), Label("foot")])
    expect(page.locator("#foot")).to_have_text("firstfoot")
    server.ui.define("foot")(lambda: Label("second"))
    expect(page.locator("#foot")).to_have_text("second")


def test_a_page_goes_on_when_its_server_has_started_again(
    server: Server, page: Page, new_page: NewPage, page_problems: list[str]
) -> None:
    server.trigger("greet")(lambda: "hello")
    server.mount(App, "/app")
    first = server.in_background(0)
    page.goto(first.url + "app")
    expect(page.locator("#foot")).to_be_attached()
    assert page.evaluate("jibe.trigger('greet')") == "hello"
    first.stop()
    expect(page.locator("#jibe-status")).not_to_be_empty()
    server.trigger("greet")(lambda: "hello again")
    second = server.in_background(first.port)
    expect(page.locator("#jibe-status")).to_be_empty()
    assert page.evaluate("jibe.trigger('greet')") == "hello again"
    new_page.close()
    second.stop()
    # A browser tells of each connection that it could not make.
    assert all("CONNECTION_REFUSED" in problem for problem in page_problems)
    page_problems.clear()
