"""Whatever text comes into a page, by whatever way: nothing in it runs, and the policy has nothing to block.

Each payload goes through every property of every widget that takes text, in the page's first HTML and as patches of a
live page. What runs calls a canary, which is a problem of the page as a violation of its policy is: see `new_page`.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Dialog, FilePayload, Page, Route, expect
from tornado.web import Application, RequestHandler

from jibe_like import Button, Connection, Label, MainApp, Message, Settings, VBox, Widget, session, widgets
from jibe_like.errors import PropertyTypeError, PropertyValueError, UnsafeValueError
from jibe_like.tree.files import Incoming
from jibe_like.tree.safe import URL_ATTRIBUTES
from jibe_like.web.downloads import content_disposition
from tests.e2e.conftest import NewPage
from tests.e2e.payloads import KINDS, PAYLOADS, URLS
from tests.serving import Serve

REFUSALS = (PropertyTypeError, PropertyValueError, UnsafeValueError)

WIDGETS: list[type[Widget]] = [
    kind
    for kind in map(vars(widgets).__getitem__, widgets.__all__)
    if isinstance(kind, type) and issubclass(kind, Widget)
]

NOT_FOR_TEXT = {
    "Button.kind",
    "Button.variant",
    "ColorInput.value",
    "FileUpload.accept",
    "FileUpload.value",
    "Input.type",
    "Notification.kind",
    "Progress.state",
    "Tabs.value",
}
"""Properties whose values are few or of one form: they refuse what is no such value."""

CANARY = """
for (const name of ["xss", "alert", "confirm", "prompt", "print"])
  window[name] = () => { reportProblem(`canary: ${name}`); };
"""

STRANGERS = """() => {
  const found = [];
  const schemes = new Set(["http:", "https:", "mailto:", "tel:"]);
  const strange = "script, style, iframe, frame, object, embed, applet, base, meta, link, template, animate, set";
  const references = ["href", "xlink:href", "src", "action", "formaction", "poster", "data", "ping", "background"];
  for (const element of document.querySelectorAll("body, body *")) {
    if (element.matches(strange)) found.push(element.outerHTML);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || name === "srcdoc") found.push(element.outerHTML);
      if (!references.includes(name)) continue;
      const scheme = URL.parse(value, document.baseURI)?.protocol;
      const shown = (name === "src" || name === "poster") && value.startsWith("data:image/");
      if (scheme !== undefined && !schemes.has(scheme) && !shown) found.push(element.outerHTML);
    }
  }
  return found;
}"""
"""Elements that no widget makes, attributes that run code, and URLs of schemes that no link may have."""

POKE = """() => {
  const types = ["mouseover", "pointerenter", "auxclick", "wheel", "load", "error", "animationstart", "beforetoggle"];
  for (const element of document.querySelectorAll("body, body *"))
    for (const type of types) element.dispatchEvent(new Event(type));
}"""
"""What a handler in markup could be waiting for."""


def shapes(payload: str) -> list[Any]:
    """The payload, and what has it inside."""
    return [payload, [payload], {payload: payload}, [(payload, payload)]]


def sayable(payload: str) -> str:
    """The payload as it comes to a browser: half a character does not."""
    return payload.encode("utf-8", "replace").decode()


def put(widget: Widget, name: str, payload: str) -> bool:
    """Whether the property takes the payload in one shape or another."""
    taken = False
    for value in shapes(payload):
        with suppress(*REFUSALS):
            setattr(widget, name, value)
            taken = True
    return taken


def blank(kind: type[Widget]) -> Widget:
    """A widget of this kind; what its constructor insists on is a word."""
    needed = [
        "word"
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    return kind(*needed)


def fill(widget: Widget, payload: str) -> None:
    """The payload in every property that takes it; twice, since some take what others allow (`options`, `value`)."""
    for _ in range(2):
        for name in widget._properties:
            put(widget, name, payload)


class Everywhere(MainApp):
    """One widget for each payload in the first HTML; at a click one of them changed by a patch, another inserted."""

    make: Callable[[], Widget]
    fill: Callable[[Widget, str], object]
    payloads: list[str] = PAYLOADS

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        go, self.done = Button("Go", identifier="go"), Label("ready", identifier="done")
        go.register("click", self.go)
        self.live = [self.make() for _ in self.payloads]
        self.children = [go, self.done, *self.filled(), *self.live]

    def filled(self) -> list[Widget]:
        made = [self.make() for _ in self.payloads]
        for widget, payload in zip(made, self.payloads, strict=True):
            self.fill(widget, payload)
        return made

    def go(self) -> None:
        for widget, payload in zip(self.live, self.payloads, strict=True):
            self.fill(widget, payload)
        self.children.extend(self.filled())
        self.done.value = "done"


def everywhere(make: Callable[[], Widget], fill: Callable[[Any, str], object]) -> type[Everywhere]:
    return type("Everywhere", (Everywhere,), {"make": staticmethod(make), "fill": staticmethod(fill)})


@pytest.fixture
def watched(new_page: NewPage, page_problems: list[str]) -> Page:
    """A page with the canary; images that it asks for are there, and broken."""

    def on_dialog(dialog: Dialog) -> None:
        page_problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_request(route: Route) -> None:
        if route.request.resource_type in ("image", "media"):
            route.fulfill(status=200, content_type="image/png", body="broken")
        else:
            route.continue_()

    page = new_page()
    page.context.add_init_script(CANARY)
    page.context.on("dialog", on_dialog)
    page.context.route("**/*", on_request)
    return page


def check(page: Page, address: str, problems: list[str]) -> None:
    """Nothing has run, nothing can, and the page is where it was."""
    page.evaluate(POKE)
    assert page.evaluate(STRANGERS) == []
    assert page.evaluate("typeof window.xss") == "function"
    assert page.evaluate("document.getElementById('topwidget').isConnected && document.body.nodeName") == "BODY"
    assert page.url == address
    assert len(page.context.pages) == 1
    assert problems == []


def attack(page: Page, url: str, problems: list[str]) -> None:
    """What comes in the first HTML, and what comes later, is harmless."""
    page.goto(url)
    expect(page.locator("#done")).to_have_text("ready")
    address = page.url
    check(page, address, problems)
    page.locator("#go").click()
    expect(page.locator("#done")).to_have_text("done")
    check(page, address, problems)


def test_there_are_payloads_of_each_kind() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 200
    assert all(len(payloads) >= 20 for payloads in KINDS.values())


def taken(kind: type[Widget]) -> set[str]:
    """The properties of the widget that take a payload."""
    names: set[str] = set()
    for payload in PAYLOADS:
        if "xss()" in payload:
            widget = blank(kind)
            fill(widget, payload)
            names |= {name for name in widget._properties if name not in names and put(widget, name, payload)}
    return names


def test_the_properties_that_take_text() -> None:
    refusing = {
        f"{kind.__name__}.{name}"
        for kind in WIDGETS
        for name in kind._properties.keys() - taken(kind)
        if not {str, list}.isdisjoint(kind._properties[name].accept)
    }
    assert refusing == NOT_FOR_TEXT


@pytest.mark.parametrize("kind", WIDGETS)
def test_every_property_of_a_widget(page_problems: list[str], watched: Page, serve: Serve, kind: type[Widget]) -> None:
    attack(watched, serve(everywhere(lambda: blank(kind), fill)), page_problems)


# -- attributes, styles, classes


def put_attributes(widget: Widget, payload: str) -> None:
    """The payload as the value of attributes, and as the name of one."""
    others = {"title", "alt", "data-x", "aria-label", "lang", "target", "class", "is"}
    values = dict.fromkeys(sorted(URL_ATTRIBUTES | others), payload) | {payload: "xss()"}
    for name, value in values.items():
        with suppress(UnsafeValueError):
            widget.attributes[name] = value


def tagged(tag: str) -> Widget:
    widget = Widget()
    widget.tagname = tag
    return widget


@pytest.mark.parametrize("tag", ["a", "img", "button", "form", "input", "q", "svg", "math"])
def test_attributes(page_problems: list[str], watched: Page, serve: Serve, tag: str) -> None:
    attack(watched, serve(everywhere(lambda: tagged(tag), put_attributes)), page_problems)


def put_styles(widget: Widget, payload: str) -> None:
    for name in (
        "color",
        "background",
        "background-image",
        "list-style-image",
        "border-image-source",
        "mask-image",
        "cursor",
        "filter",
        "content",
        "width",
        "font-family",
        "behavior",
        "-moz-binding",
        "--jl-x",
        payload,
    ):
        with suppress(UnsafeValueError):
            widget.style[name] = payload
    widget.add_class(*payload.split())


def test_styles_and_classes(page_problems: list[str], watched: Page, serve: Serve) -> None:
    attack(watched, serve(everywhere(lambda: Label("styled"), put_styles)), page_problems)


# -- what is more than a property


def fill_table(table: widgets.Table, payload: str) -> None:
    table.columns = [(payload, payload)]
    table.caption = payload
    table.rows = [[payload], {payload: payload}]


def fill_tabs(tabs: widgets.Tabs, payload: str) -> None:
    tabs.label = payload
    tabs.add(payload, [Label(payload)])
    tabs.value = payload


def fill_form(form: widgets.Form, payload: str) -> None:
    form.children = [
        widgets.Input(payload, name=payload, label=payload),
        widgets.Dropdown(payload, [payload], name=payload),
        widgets.RadioGroup(payload, {payload: payload}, name=payload),
        widgets.Button(payload, name=payload),
    ]


def fill_uploads(field: widgets.FileUpload, payload: str) -> None:
    """As if the server had cleaned nothing."""
    field.file_failed(Incoming("page", payload, payload, 1, state="failed", error=payload))
    done = Incoming("page", payload + "2", payload, 1, type=payload, received=1, state="done")
    field.file_done(done)


FURTHER: dict[str, tuple[Callable[[], Widget], Callable[[Any, str], object]]] = {
    "cells of a table": (lambda: widgets.Table(sortable=True, selectable=True, row_headers=True), fill_table),
    "notifications": (widgets.Notifications, lambda corner, payload: corner.notify(payload, timeout=None)),
    "tabs": (widgets.Tabs, fill_tabs),
    "names of fields": (widgets.Form, fill_form),
    "names of uploads": (widgets.FileUpload, fill_uploads),
}


@pytest.mark.parametrize("what", FURTHER)
def test_what_is_inside_a_widget(page_problems: list[str], watched: Page, serve: Serve, what: str) -> None:
    attack(watched, serve(everywhere(*FURTHER[what])), page_problems)


def test_text_is_shown_as_it_is(watched: Page, serve: Serve) -> None:
    """Nothing that runs could be nothing that arrives."""
    watched.goto(serve(everywhere(Label, lambda label, payload: setattr(label, "value", payload))))
    watched.locator("#go").click()
    expect(watched.locator("#done")).to_have_text("done")
    shown = watched.evaluate("[...document.querySelectorAll('#topwidget > .label')].map((label) => label.textContent)")
    sent = [sayable(payload) for payload in PAYLOADS]
    # A parser of HTML knows no NUL and no CR; what comes by a patch is not parsed.
    in_html = [text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n") for text in sent]
    count = len(sent)
    first = [text.replace("\ufffd", "") for text in shown[1 : 1 + count]]
    assert first == [text.replace("\ufffd", "") for text in in_html]
    assert shown[1 + count : 1 + 2 * count] == sent
    assert shown[1 + 2 * count :] == sent


# -- URLs


@pytest.mark.parametrize("url", URLS)
def test_no_url_is_for_one_widget_and_not_for_another(url: str) -> None:
    link, leaving = widgets.Link("x", "kept"), widgets.Redirect()
    try:
        link.url = url
    except UnsafeValueError:
        assert link.url == "kept"
        with pytest.raises(UnsafeValueError):
            leaving.redirect(url)
        with pytest.raises(UnsafeValueError):
            link.attributes["href"] = url
    else:
        leaving.redirect(url)


def test_what_a_link_takes_a_browser_finds_on_the_same_server(page: Page) -> None:
    """No scheme is made of it by entities, escapes and look-alikes."""
    links = []
    for url in URLS:
        with suppress(UnsafeValueError):
            links.append(widgets.Link("x", url).url)
    found = page.evaluate("(urls) => urls.map((url) => new URL(url, 'http://example.org/').origin)", links)
    assert found == ["http://example.org"] * len(links)
    assert 10 < len(links) < len(URLS) / 2


@pytest.mark.parametrize("url", ["http://a/", "HTTPS://a/", "mailto:a@b", "tel:+1", "a/b:c", "/a", "?a", "#a", "//a"])
def test_harmless_urls_are_taken(url: str) -> None:
    assert widgets.Link("x", url).url == url


# -- what comes with the page


class Asked(MainApp):
    """Shows its query arguments."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        for name, text in connection.visit.arguments.items():
            field = widgets.Input(text, label=name)
            self.children.extend([field, Label(text), widgets.Markdown(text), widgets.HTML(text)])
        self.children.append(Label("ready", identifier="done"))


def test_arguments_of_the_url(page_problems: list[str], watched: Page, serve: Serve) -> None:
    url = serve(Asked)
    for start in range(0, len(PAYLOADS), 50):
        some = [sayable(payload) for payload in PAYLOADS[start : start + 50]]
        address = f"{url}?{urlencode({text: text for text in some})}"
        watched.goto(address)
        expect(watched.locator("#done")).to_have_text("ready")
        check(watched, watched.url, page_problems)
        assert watched.evaluate("document.querySelectorAll('#topwidget input').length") == len(set(some))


class Told(MainApp):
    """Tells the page's JavaScript of all payloads, beside its widgets."""

    title = " ".join(PAYLOADS)

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        go, self.done = Button("Go", identifier="go"), Label("ready", identifier="done")
        go.register("click", self.go)
        self.children = [go, self.done]
        self.state.update({f"at_first_{index}": {payload: [payload]} for index, payload in enumerate(PAYLOADS)})

    async def go(self) -> None:
        self.state.update({f"later_{index}": {payload: [payload]} for index, payload in enumerate(PAYLOADS)})
        session.set_env(title=" ".join(reversed(PAYLOADS)))
        for payload in PAYLOADS:
            session.run_js("(window.told ??= []).push(text, object)", text=payload, object={payload: payload})
        assert await session.eval_js("told.length") == 2 * len(PAYLOADS)
        self.done.value = "done"


def test_title_state_and_arguments_of_javascript(page_problems: list[str], watched: Page, serve: Serve) -> None:
    attack(watched, serve(Told), page_problems)
    assert watched.evaluate("document.title.includes('</title><script>xss()')")


class Uploaded(MainApp):
    """Shows the names of the files that it is sent."""

    settings = Settings(upload_files=len(PAYLOADS))

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        files, self.names = widgets.FileUpload("Files", multiple=True), VBox()
        files.register("upload", self.on_upload)
        self.children = [files, self.names]

    def on_upload(self, source: Widget, message: Message) -> None:
        name = message["data"]["file"].name
        self.names.children.append(Button(name, tooltip=name))


def test_the_names_of_files_that_a_user_sends(page_problems: list[str], watched: Page, serve: Serve) -> None:
    watched.goto(serve(Uploaded))
    address = watched.url
    # Some of each kind.
    names = [sayable(payload) for payload in PAYLOADS[::3]]
    watched.get_by_label("Files", exact=True).set_input_files(
        [FilePayload(name=name, mimeType=name, buffer=name.encode()) for name in names]
    )
    expect(watched.get_by_role("button", name=re.compile("^Remove"))).to_have_count(len(names))
    assert watched.locator("#topwidget > .vbox > button").count() == len(names)
    check(watched, address, page_problems)
    watched.reload()
    expect(watched.locator("#topwidget")).to_be_visible()
    check(watched, address, page_problems)


def test_the_names_of_files(page_problems: list[str], watched: Page, serve: Serve) -> None:
    # More than ten in a row look to Chromium like a site that does not stop.
    names = PAYLOADS[25 :: len(PAYLOADS) // 8]

    class Files(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            go, left = Button("Go", identifier="go"), iter(names)
            go.register("click", lambda: session.download(next(left), b"x"))
            self.children = [go]

    watched.goto(serve(Files))
    for _ in names:
        with watched.expect_download() as waiting:
            watched.locator("#go").click()
        assert waiting.value.path().read_bytes() == b"x"
    check(watched, watched.url, page_problems)


def test_the_name_of_a_file_stays_in_its_header() -> None:
    for payload in PAYLOADS:
        header = content_disposition(payload)
        assert header.startswith('attachment; filename="')
        assert header.isascii(), payload
        assert header.isprintable(), payload
        assert header.partition("; filename*=")[0].count('"') == 2, payload


def test_an_error_that_is_shown(page_problems: list[str], watched: Page, serve: Serve) -> None:
    class Broken(MainApp):
        settings = Settings(debug=True)

        def __init__(self, connection: Connection) -> None:
            raise LookupError("\n".join(map(sayable, PAYLOADS)).replace("\x00", ""))

    url = serve(Broken)
    watched.goto(url)
    assert "</textarea><script>xss()" in watched.locator("pre").inner_text()
    watched.evaluate(POKE)
    assert watched.evaluate(STRANGERS) == []
    assert ["500" in problem for problem in page_problems] == [True]
    page_problems.clear()


# -- the second line, and the proof that the first is needed


def test_the_policy_stops_what_was_trusted(page_problems: list[str], watched: Page, serve: Serve) -> None:
    """An author who trusts what others have written: the policy still lets none of it run."""

    class Trusting(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            go, done = Button("Go", identifier="go"), Label("ready", identifier="done")
            go.register("click", lambda: self.children.extend([*self.trusted(), Label("done", identifier="end")]))
            self.children = [go, done, *self.trusted()]

        def trusted(self) -> Iterable[Widget]:
            return [widgets.HTML(f"<p>{payload}</p>", trusted=True) for payload in LIVE]

    watched.goto(serve(Trusting))
    watched.locator("#go").click()
    expect(watched.locator("#end")).to_have_text("done")
    watched.evaluate(POKE)
    assert [problem for problem in page_problems if "canary" in problem or "dialog" in problem] == []
    assert any(problem.startswith("CSP: script-src") for problem in page_problems)
    # Frames report on their own, and until they are gone.
    watched.goto("about:blank")
    page_problems.clear()


LIVE = [
    "<img src=x onerror=xss()>",
    "<img src=x onerror=&#120;ss()>",
    "<svg onload=xss()></svg>",
    "<details open ontoggle=xss()>here</details>",
    "<script>xss()</script>",
    "<iframe srcdoc='<script>parent.xss()</script>'></iframe>",
    "<p onmouseover=xss()>here</p>",
]


class Unsafe(RequestHandler):
    """What this framework is there to prevent: text of a stranger's as HTML, without a policy."""

    def get(self) -> None:
        payload = self.get_query_argument("text", strip=False)
        self.write(f"<!DOCTYPE html><title>unsafe</title><main>{payload}</main>")


def test_the_canary_hears_what_runs(page_problems: list[str], watched: Page, serve: Serve) -> None:
    url = serve(Application([(r"/", Unsafe)]))
    for payload in LIVE:
        watched.goto(f"{url}?{urlencode({'text': payload})}")
        watched.evaluate(POKE)
        for _ in range(100):
            if page_problems:
                break
            watched.wait_for_timeout(20)
        assert page_problems, f"{payload} does not run where it could"
        assert set(page_problems) == {"canary: xss"}
        page_problems.clear()
    watched.goto(f"{url}?{urlencode({'text': '<a href=javascript:xss()>here</a><iframe></iframe>'})}")
    assert len(watched.evaluate(STRANGERS)) == 2
