"""The session functions in a real browser, under the strict policy."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from jibe_like import Button, Connection, Form, Input, Label, MainApp, session
from tests.e2e.conftest import NewPage
from tests.e2e.outages import NO_WEBSOCKET
from tests.serving import Serve


class Asking(MainApp):
    """Runs what the test puts into `work` at a click, and shows what that gives."""

    work: Any = None

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.answer = Label("", identifier="answer")
        go = Button("Go", identifier="go")
        go.register("click", self.go)
        self.children = [go, self.answer]

    async def go(self) -> None:
        self.answer.value = "…"
        result = type(self).work()
        self.answer.value = json.dumps(await result if asyncio.iscoroutine(result) else result)


def asking(work: Any) -> type[Asking]:
    return type("Asking", (Asking,), {"work": staticmethod(work)})


def holds(page: Page, condition: str) -> None:
    """Returns once the condition holds. Playwright's own way is one that the policy forbids."""
    for _ in range(500):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never came true: {condition}")


def answer_of(page: Page, url: str, expected: object) -> None:
    page.goto(url)
    page.locator("#go").click()
    expect(page.locator("#answer")).to_have_text(json.dumps(expected))


@pytest.mark.parametrize(
    ("code", "args", "value"),
    [
        ("1 + 1", {}, 2),
        ("a + b;", {"a": 1, "b": 100}, 101),
        ("text.length // how long", {"text": "</script>\u2028'\"\\`${1}"}, 18),
        ("window.location.pathname", {}, "/"),
        ("(function(){ var a = 1; a += b; return a; })()", {"b": 100}, 101),
        ("new Promise(resolve => { setTimeout(() => resolve('later'), 20); })", {}, "later"),
        ("({deep: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]], none: undefined, date: new Date(0)})", {}, None),
        ("undefined", {}, None),
        ("NaN", {}, None),
        ("proto.__proto__.x", {"proto": {"__proto__": {"x": 1}}}, 1),
        ("'é'.repeat(20000)", {}, "é" * 20000),
    ],
)
def test_values(page: Page, serve: Serve, code: str, args: dict[str, Any], value: object) -> None:
    if "deep" in code:
        deep: Any = 1
        for _ in range(18):
            deep = [deep]
        value = {"deep": deep, "date": "1970-01-01T00:00:00.000Z"}
    url = serve(asking(lambda: session.eval_js(code, **args)))
    answer_of(page, url, value)


@pytest.mark.parametrize(
    ("code", "kind", "complaint"),
    [
        ("nothing.there", "ReferenceError: ", "nothing is not defined"),
        ("1 +", "SyntaxError: ", "Unexpected token ')'"),
        ("Promise.reject(new Error('no'))", "Error: ", "no"),
        ("Promise.reject(7)", "", "7"),
        ("(() => { throw new TypeError('thrown') })()", "TypeError: ", "thrown"),
        ("window", "TypeError: ", "Converting circular structure to JSON"),
        ("10n", "TypeError: ", "Do not know how to serialize a BigInt"),
        ("'x'.repeat(1000000)", "Error: ", "the value of 1000002 characters cannot be sent"),
    ],
)
def test_what_has_no_value_is_none_and_in_both_logs(
    page: Page,
    serve: Serve,
    page_problems: list[str],
    caplog: pytest.LogCaptureFixture,
    code: str,
    kind: str,
    complaint: str,
) -> None:
    answer_of(page, serve(asking(lambda: session.eval_js(code))), None)
    (told,) = [record.getMessage() for record in caplog.records if record.name == "jibe_like.session"]
    assert f"failed in the page: {kind}" in told
    assert complaint in told
    assert complaint in "".join(page_problems)
    page_problems.clear()


def test_code_runs_in_the_global_scope_with_arguments_of_its_own(page: Page, serve: Serve) -> None:
    async def work() -> object:
        session.run_js("var counted = n; function twice(x) { return 2 * x } let mine = 1; n = 8", n=7)
        session.run_js("let mine = 2")
        return await session.eval_js("[counted, twice(counted), typeof n, typeof mine, this === window]")

    answer_of(page, serve(asking(work)), [7, 14, "undefined", "undefined", True])
    assert page.locator("head script:not([src])").count() == 0


@pytest.mark.parametrize("code", ["throw new RangeError('thrown')", "this is no JavaScript"])
def test_an_error_of_run_js_is_in_both_logs(
    page: Page, serve: Serve, page_problems: list[str], caplog: pytest.LogCaptureFixture, code: str
) -> None:
    async def work() -> object:
        session.run_js(code)
        return await session.eval_js("'went on'")

    answer_of(page, serve(asking(work)), "went on")
    assert "Error: " in caplog.text
    assert len(page_problems) == 1
    page_problems.clear()


def test_a_thread_waits_for_its_answer(page: Page, serve: Serve) -> None:
    class Threaded(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.label = Label(identifier="label")
            self.beside = Label(identifier="beside")
            self.children = [self.label, self.beside]

        def main(self) -> None:
            def count() -> None:
                session.local.found = session.eval_js("document.title + '!'")

            thread = threading.Thread(target=count)
            session.register_thread(thread)
            thread.start()
            thread.join()
            session.run_js("document.title = name", name="named")
            self.beside.value = session.local.found
            self.label.value = session.eval_js("document.title")

    page.goto(serve(Threaded))
    expect(page.locator("#label")).to_have_text("named")
    expect(page.locator("#beside")).to_have_text("Threaded!")


def test_a_page_that_lost_its_connection_answers_when_it_is_back(page: Page, serve: Serve) -> None:
    async def work() -> object:
        return await session.eval_js("new Promise(resolve => { window.finish = resolve })", timeout_=30)

    url = serve(asking(work))
    page.goto(url)
    page.locator("#go").click()
    holds(page, "'finish' in window")
    serve.drop(url)
    page.evaluate("finish('told after the loss')")
    expect(page.locator("#answer")).to_have_text('"told after the loss"')


def test_in_a_shared_session_who_acts_answers(new_page: NewPage, serve: Serve) -> None:
    kind = asking(lambda: session.eval_js("window.me"))
    kind.mode = "broadcast"
    url = serve(kind)
    first, second = new_page(), new_page()
    for name, page in (("first", first), ("second", second)):
        page.goto(url)
        page.evaluate("(name) => { window.me = name }", name)
    for name, page in (("second", second), ("first", first)):
        page.locator("#go").click()
        for each in (first, second):
            expect(each.locator("#answer")).to_have_text(json.dumps(name))


# -- downloads


class Files(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        button = Button("Get", identifier="get")
        button.register("click", lambda: session.download("naïve 日本.txt", "content ✓".encode()))
        self.children = [button]


@pytest.mark.parametrize("is_polling", [False, True])
def test_a_file_arrives(new_page: NewPage, serve: Serve, tmp_path: Path, is_polling: bool) -> None:
    page = new_page(accept_downloads=True)
    if is_polling:
        page.add_init_script(NO_WEBSOCKET)
    page.goto(serve(Files))
    for _ in range(2):
        with page.expect_download() as waiting:
            page.locator("#get").click()
        assert waiting.value.suggested_filename == "naïve 日本.txt"
        waiting.value.save_as(tmp_path / "saved")
        assert (tmp_path / "saved").read_text() == "content ✓"
    assert page.locator("a[download]").count() == 0


# -- the environment


class Environment(MainApp):
    """Sets what the test puts into `first` before anybody sees the page, and `then` at a click."""

    first: dict[str, Any] = {}
    then: dict[str, Any] = {}

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        button, more = Button("Set", identifier="set"), Button("More", identifier="more")
        button.register("click", lambda: session.set_env(**self.then))
        more.register("click", self.add)
        self.children = [button, more]

    def on_session_created(self) -> None:
        if self.first:
            session.set_env(**self.first)

    def add(self) -> None:
        number = len(self.children)
        self.children.append(Input(label=f"Field {number}", style={"height": "700px"}))


def environment(first: dict[str, Any] | None = None, then: dict[str, Any] | None = None) -> type[Environment]:
    return type("Environment", (Environment,), {"first": first or {}, "then": then or {}})


def test_the_title(page: Page, serve: Serve, new_page: NewPage) -> None:
    url = serve(environment({"title": "At first <b>"}, {"title": "Then"}))
    silent = new_page(java_script_enabled=False)
    silent.goto(url)
    assert silent.title() == "At first <b>"
    page.goto(url)
    assert page.title() == "At first <b>"
    page.locator("#set").click()
    holds(page, "document.title === 'Then'")
    serve.drop(url)
    page.evaluate("document.title = 'of the page'")
    page.locator("#more").click()
    expect(page.get_by_label("Field 2")).to_be_visible()


def test_the_width(page: Page, serve: Serve) -> None:
    page.goto(serve(environment({"output_max_width": "400px"}, {"output_max_width": "50%"})))
    assert page.locator("#topwidget").bounding_box()["width"] == 400  # type: ignore[index]
    page.locator("#set").click()
    expect(page.locator("#topwidget")).to_have_css("max-inline-size", "50%")


def test_it_scrolls_to_what_is_appended(page: Page, serve: Serve) -> None:
    page.goto(serve(environment(then={"auto_scroll_bottom": True})))
    for _ in range(2):
        page.locator("#more").click()
    expect(page.get_by_label("Field 3")).to_be_attached()
    assert page.evaluate("scrollY") == 0
    page.locator("#set").click()
    holds(page, "scrollY > 0")
    page.evaluate("scrollTo(0, 0)")
    page.locator("#more").click()
    expect(page.get_by_label("Field 4")).to_be_in_viewport()


def test_the_first_new_field_gets_the_focus_unless_the_user_is_at_another(page: Page, serve: Serve) -> None:
    page.goto(serve(environment({"input_auto_focus": True})))
    page.locator("#more").click()
    expect(page.get_by_label("Field 2")).to_be_focused()
    page.keyboard.type("typing")
    page.evaluate("document.getElementById('more').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    expect(page.get_by_label("Field 3")).to_be_visible()
    expect(page.get_by_label("Field 2")).to_be_focused()
    expect(page.get_by_label("Field 2")).to_have_value("typing")


def fading(page: Page) -> None:
    page.evaluate(
        """() => {
          window.faded = 0;
          const animate = Element.prototype.animate;
          Element.prototype.animate = function (...args) { window.faded += 1; return animate.apply(this, args); };
        }"""
    )
    page.locator("#more").click()
    expect(page.get_by_label("Field 2")).to_be_visible()


def test_what_is_new_fades_in(new_page: NewPage, serve: Serve) -> None:
    url = serve(environment({"output_animation": True}))
    page, calm = new_page(reduced_motion="no-preference"), new_page(reduced_motion="reduce")
    page.goto(url)
    fading(page)
    holds(page, "faded === 1")
    calm.goto(url)
    fading(calm)
    assert calm.evaluate("faded") == 0
    quiet = new_page(reduced_motion="no-preference")
    quiet.goto(serve(environment({"title": "x"})))
    fading(quiet)
    assert quiet.evaluate("faded") == 0


def test_the_input_panel(page: Page, serve: Serve) -> None:
    class Panel(Environment):
        first = {"input_panel_fixed": True, "input_panel_init_height": 200, "input_panel_min_height": 90}
        then = {"input_panel_fixed": False}

        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.children.append(Label("tall", style={"height": "3000px"}))
            self.children.append(Form([Input(label="Name")], identifier="panel"))

    page.set_viewport_size({"width": 800, "height": 600})
    page.goto(serve(Panel))
    panel = page.locator("#panel")
    expect(panel).to_have_css("position", "sticky")
    box = panel.bounding_box()
    assert box is not None
    assert (box["height"], box["y"] + box["height"]) == (200, 600)
    expect(panel).to_have_css("min-block-size", "90px")
    page.locator("#set").click()
    expect(panel).to_have_css("position", "static")


def test_the_environment_outlives_a_lost_connection(page: Page, serve: Serve) -> None:
    kind = environment({"input_auto_focus": True})
    url = serve(kind)
    page.goto(url)
    serve.drop(url)
    page.locator("#more").click()
    expect(page.get_by_label("Field 2")).to_be_focused()


# -- other applications


class Here(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        for name, in_new_window in (("new", True), ("same", False)):
            button = Button(name, identifier=name)
            button.register("click", lambda flag=in_new_window: session.go_app("There", new_window=flag))
            self.children.append(button)


class There(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Label("there", identifier="there")]


@pytest.fixture
def two_apps(serve: Serve) -> str:
    from jibe_like import Server

    server = Server("two apps")
    server.mount(Here, "/here")
    server.mount(There, "/some/where")
    return serve(server.make_tornado_app()) + "here"


@pytest.mark.parametrize("end", ["", "/"])
def test_go_app(page: Page, two_apps: str, end: str) -> None:
    page.goto(two_apps + end)
    with page.expect_popup() as popup:
        page.locator("#new").click()
    expect(popup.value.locator("#there")).to_be_visible()
    assert popup.value.evaluate("window.opener") is None
    assert popup.value.url.endswith("/some/where/")
    page.locator("#same").click()
    expect(page.locator("#there")).to_be_visible()


def test_where_no_window_may_open_there_is_a_link(page: Page, two_apps: str) -> None:
    page.goto(two_apps)
    page.evaluate("window.open = () => null")
    page.locator("#new").click()
    link = page.get_by_role("alert").get_by_role("link")
    expect(link).to_be_visible()
    with page.expect_popup() as popup:
        link.click()
    expect(popup.value.locator("#there")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
