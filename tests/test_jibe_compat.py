"""Programs as users of jibe 0.1.3 wrote them: only the import has changed."""

import base64
import inspect
from pathlib import Path
from typing import Any

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient

import jibe_like
from jibe_like import (
    Button,
    CheckBox,
    Connection,
    Div,
    Dropdown,
    HBox,
    Image,
    InJupyterApp,
    InJupyterMultiApp,
    Input,
    Label,
    MainApp,
    MainHandler,
    MultiApp,
    MultiAppHandler,
    NoSuchEvent,
    NotifyList2,
    NotWidgetError,
    OrphanWidgetError,
    ProgressBar,
    Redirect,
    SelectMultiple,
    TextArea,
    VBox,
    WebSocketHandler,
    Widget,
    event_handler,
)
from jibe_like.errors import AssetsPathError, PropertyValueError, TreeError, UnsafeValueError
from jibe_like.session.session import Session
from tests.sessions import Tab, on_a_loop

# What jibe's __init__.py exports, and what its documentation names besides.
NAMES = [
    "MainApp", "MainHandler", "Widget", "Button", "Input", "HBox", "VBox", "Div", "CheckBox", "Label", "NotifyList2",
    "Image", "ProgressBar", "WebSocketHandler", "Dropdown", "SelectMultiple", "TextArea", "Redirect", "HTML", "htmlt",
    "event_handler", "MultiAppHandler", "MultiApp", "InJupyterApp", "InJupyterMultiApp",
]  # fmt: skip


def visited(app: MainApp) -> Tab:
    """A page that shows the application, its socket open."""
    return Tab(Session("s", app)).open()


def test_every_public_name_is_there() -> None:
    assert set(NAMES) <= set(jibe_like.__all__)
    assert all(hasattr(jibe_like, name) for name in jibe_like.__all__)


# -- an application


class Counter(MainApp):
    def __init__(self, connection):  # type: ignore[no-untyped-def]
        super().__init__(connection)
        self.n = 0
        self.label = Label("count: 0")
        self.add = Button("Add")
        self.add.register("click", self.on_add)
        self.children = [self.add, self.label]

    def on_add(self, source, message):  # type: ignore[no-untyped-def]
        self.n += 1
        self.last = (source, message)
        self.label.value = f"count: {self.n}"


@on_a_loop
async def test_the_counter() -> None:
    app = Counter(None)  # type: ignore[no-untyped-call]
    tab = visited(app)
    tab.session.document.on_message({"id": app.add.identifier, "event": "click", "data": {"clientX": 3, "clientY": 4}})
    tab.say(app.add.identifier, "click")
    assert app.label.value == "count: 2"
    assert tab.page.elements()[app.label.identifier].children == ["count: 2"]
    assert app.last[0] is app.add


def test_a_click_tells_where_it_was() -> None:
    app = Counter(None)  # type: ignore[no-untyped-call]
    app.on_message({"id": app.add.identifier, "event": "click", "data": {"clientX": 3, "clientY": 4}})
    assert (app.last[1]["data"]["clientX"], app.last[1]["data"]["clientY"]) == (3, 4)


class Todos(MainApp):
    def __init__(self, connection):  # type: ignore[no-untyped-def]
        super().__init__(connection)
        self.entry = Input()
        self.clear = Button("Clear")
        self.rows = VBox(style={"border": "1px solid"})
        self.entry.register("change", self.on_entry)
        self.clear.register("click", self.on_clear)
        self.children = [HBox([self.entry, self.clear]), self.rows]

    def on_entry(self, source, message):  # type: ignore[no-untyped-def]
        self.rows.children.append(Label(message["properties"]["value"]))
        source.value = ""

    def on_clear(self, source, message):  # type: ignore[no-untyped-def]
        for row in list(self.rows.children):
            self.rows.children.remove(row)


@on_a_loop
async def test_the_todos() -> None:
    app = Todos(None)  # type: ignore[no-untyped-call]
    tab = visited(app)
    for text in ("milk", "bread"):
        tab.say(app.entry.identifier, "change", value=text)
    assert [row.value for row in app.rows.children if isinstance(row, Label)] == ["milk", "bread"]
    assert tab.is_right
    tab.say(app.clear.identifier, "click")
    assert list(app.rows.children) == []
    assert tab.is_right


# -- messages


@on_a_loop
async def test_messages_wait_in_the_outbox_until_a_page_is_there() -> None:
    app = MainApp(None)
    label = Label("x")
    app.children = [label]
    app.deliver({"id": label.identifier, "path": [], "event": "first"})
    label.message({"event": "second"})
    assert [message["event"] for message in app.outbox] == ["first", "second"]
    tab = visited(app)
    assert app.outbox == []
    app.deliver({"id": "topwidget", "event": "third"})
    app.session.flush()  # type: ignore[union-attr]
    told = [op[1] for frame in tab.told() for op in frame.get("ops", ()) if op[0] == "message"]
    assert [message["event"] for message in told] == ["first", "second", "third"]
    assert [message["path"] for message in told] == [["topwidget"], ["topwidget", label.identifier], ["topwidget"]]


def test_what_json_cannot_say_is_refused_at_once() -> None:
    app = MainApp(None)
    with pytest.raises(TypeError):
        app.deliver({"event": object()})
    assert app.outbox == []


def test_a_widget_without_an_application_cannot_send() -> None:
    with pytest.raises(OrphanWidgetError):
        Label("x").message({"event": "x"})


def test_an_application_may_see_all_messages() -> None:
    class Logged(Counter):
        def on_message(self, message):  # type: ignore[no-untyped-def]
            seen.append(message["event"])
            super().on_message(message)

    seen: list[str] = []
    app = Logged(None)  # type: ignore[no-untyped-call]
    app.on_message({"id": app.add.identifier, "event": "click"})  # type: ignore[no-untyped-call]
    app.register("click", lambda source, message: seen.append(source.identifier))
    app.on_message({"id": "topwidget", "event": "click"})  # type: ignore[no-untyped-call]
    assert seen == ["click", "click", "topwidget"]
    assert app.n == 1


# -- events


def test_a_handler_is_registered_once_for_events_that_there_are() -> None:
    heard: list[Any] = []
    button = Button("Go")

    def handler(source: Widget, message: dict[str, Any]) -> None:
        heard.append((source, message["event"]))

    button.register("click", handler)
    button.register("click", handler)
    button.on_message({"id": button.identifier, "event": "click"})
    assert heard == [(button, "click")]
    with pytest.raises(NoSuchEvent, match="exploded"):
        button.register("exploded", handler)


class Toggle(Widget):
    """A widget of one's own, as jibe's documentation shows it."""

    def __init__(self, label, **kwargs):  # type: ignore[no-untyped-def]
        super().__init__(**kwargs)
        self.tagname = "button"
        self.properties["label"] = label
        self.properties["on"] = False
        self.children = [Label(label)]

    @event_handler("click")
    def on_click(self, msg):  # type: ignore[no-untyped-def]
        self.on = not self.properties["on"]
        for subscriber in self.subscribers["click"]:
            subscriber(self, msg)


def test_a_widget_of_ones_own() -> None:
    heard: list[bool] = []
    toggle = Toggle("Go", identifier="go", style={"color": "red"})  # type: ignore[no-untyped-call]
    toggle.register("click", lambda source, message: heard.append(source.on))
    toggle.on_message({"id": "go", "event": "click"})
    assert (toggle.on, toggle.properties["on"], heard) == (True, True, [True])
    node = toggle.node()
    assert (node[0], node[1]["id"], node[1]["style"]) == ("button", "go", {"color": "red"})
    assert "toggle" in node[1]["class"].split()


def test_two_handlers_for_one_event_are_refused() -> None:
    with pytest.raises(TypeError, match="two handlers"):

        class Twice(Widget):
            @event_handler("click")
            def one(self, msg):  # type: ignore[no-untyped-def]
                pass

            @event_handler("click")
            def other(self, msg):  # type: ignore[no-untyped-def]
                pass


# -- children, and what a widget is


def test_children() -> None:
    a, b = Label("a"), Label("b")
    box = HBox([a])
    box.children.append(b)
    assert [child.parent for child in box.children] == [box, box]
    assert box.descendent_index == {a.identifier: a, b.identifier: b}
    box.children.remove(a)
    assert a.parent is None
    box.children = [b, a]
    assert list(box.children) == [b, a]
    with pytest.raises(NotWidgetError, match="must be a widget, not str"):
        box.children = ["text"]  # type: ignore[list-item]
    with pytest.raises(NotWidgetError):
        box.children.append(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        box.children = None  # type: ignore[assignment]
    with pytest.raises(TreeError):
        box.children.append(a)


def test_the_application_knows_all_below_it() -> None:
    app = MainApp(None)
    label = Label("x", identifier="mine")
    app.children = [VBox([HBox([label])])]
    assert app.identifier == "topwidget"
    assert app.descendent_index["mine"] is label
    assert label.parent is not None
    assert label.parent.parent is app.children[0]


def test_style_and_attributes() -> None:
    label = Label("x", style={"color": "red"}, identifier="mine")
    label.css({"background-color": "blue", "color": "green"})
    label.attr({"title": "t", "class": "special"})
    label.style["margin"] = "0"
    label.attributes["lang"] = "fr"
    assert label.node()[1] == {
        "id": "mine",
        "class": "special",
        "style": {"color": "green", "background-color": "blue", "margin": "0"},
        "title": "t",
        "lang": "fr",
    }


def test_properties_are_attributes() -> None:
    label = Label("a")
    label.properties["value"] = "b"
    assert label.value == "b"
    label.value = "c"
    assert label.properties["value"] == "c"


# -- the widgets


def carry(widget: Widget, **properties: Any) -> None:
    """What the browser reports when the user changes the widget."""
    MainApp(None).children = [widget]
    widget.on_message({"id": widget.identifier, "event": "change", "properties": properties})


@pytest.mark.parametrize("widget", [Input("a"), TextArea("a")], ids=["Input", "TextArea"])
def test_text(widget: Input | TextArea) -> None:
    heard: list[str] = []
    widget.register("change", lambda source, message: heard.append(message["properties"]["value"]))
    assert widget.value == "a"
    carry(widget, value="b")
    assert (widget.value, heard) == ("b", ["b"])


def test_check_box() -> None:
    box = CheckBox(checked=True)
    assert box.checked
    carry(box, checked=False)
    assert not box.checked


def test_dropdown_keeps_the_value_and_the_options_it_is_given() -> None:
    dropdown = Dropdown("b", ["a", "b", "c"])
    assert (dropdown.value, list(dropdown.options)) == ("b", ["a", "b", "c"])
    assert (Dropdown(options=["a", "b"]).value, Dropdown("x").options) == ("a", ["x"])
    carry(dropdown, value="c")
    assert dropdown.value == "c"
    with pytest.raises(PropertyValueError):
        dropdown.value = "d"


def test_select_multiple_keeps_the_value_and_the_options_it_is_given() -> None:
    select = SelectMultiple(["b"], ["a", "b", "c"])
    assert (list(select.value), list(select.options)) == (["b"], ["a", "b", "c"])
    assert (list(SelectMultiple(options=["a"]).value), list(SelectMultiple(["a"]).options)) == ([], ["a"])
    carry(select, value=["a", "c"])
    assert list(select.value) == ["a", "c"]


def test_progress_bar_ends_at_100() -> None:
    bar = ProgressBar(10)
    bar.value = 250
    assert bar.value == 100


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()


def test_image(tmp_path: Path) -> None:
    image = Image()
    image.data = PNG
    assert image.data == PNG
    assert image.node()[1]["src"] == f"data:image/png;base64,{PNG}"
    path = tmp_path / "a.png"
    path.write_bytes(base64.b64decode(PNG))
    assert [Image(source).data for source in (path, path.read_bytes(), "/a.png")] == [PNG, PNG, ""]


@on_a_loop
async def test_redirect() -> None:
    leave = Redirect()
    app = MainApp(None)
    app.children = [leave]
    tab = visited(app)
    tab.told()
    leave.redirect("/login")
    tab.session.flush()
    assert tab.told() == [{"seq": 1, "ops": [["go", "/login"]]}]
    with pytest.raises(UnsafeValueError):
        leave.redirect("javascript:alert(1)")


def test_boxes_take_their_children_first() -> None:
    a, b = Label("a"), Label("b")
    for kind in (HBox, VBox, Div):
        assert list(kind([a, b]).children) == [a, b]
        assert list(kind().children) == []


def test_the_list_that_calls_back() -> None:
    heard: list[Any] = []
    items = NotifyList2([1])
    items._on_append_callbacks.append(heard.append)  # type: ignore[attr-defined]
    items.append(2)
    assert (items, heard) == ([1, 2], [2])


# -- what serves it


class Cookies(MainApp):
    def __init__(self, connection):  # type: ignore[no-untyped-def]
        super().__init__(connection)
        self.children = [
            Label(connection.get_cookie("sessionid"), identifier="cookie"),
            Label(type(connection.application).__name__, identifier="server"),
        ]


class Own(MainHandler):
    def appname(self) -> str:
        return "My application"

    def css(self) -> str:
        return "body { margin: 0 }"


class Titled(Cookies):
    main_handler_class = Own
    assets_path = {"from": "docs", "to": "files"}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> tornado.web.Application:
    monkeypatch.chdir(Path(__file__).parent.parent)
    return MultiApp(cookies=Cookies, titled=Titled, assets_path=[{"from": "docs", "to": "/more/"}])


@pytest.mark.gen_test
async def test_the_very_first_application_sees_the_cookie(http_client: AsyncHTTPClient, base_url: str) -> None:
    response = await http_client.fetch(base_url + "/cookies")
    (cookie,) = [each for each in response.headers.get_list("Set-Cookie") if each.startswith("sessionid=")]
    assert f">{cookie.split(';')[0].removeprefix('sessionid=')}<" in response.body.decode()
    assert ">MultiApp<" in response.body.decode()


@pytest.mark.gen_test
async def test_several_applications_with_their_own_handler_and_files(
    http_client: AsyncHTTPClient, base_url: str
) -> None:
    body = (await http_client.fetch(base_url + "/titled")).body.decode()
    assert "<title>My application</title>" in body
    assert "body { margin: 0 }" in body
    assert "<title>cookies</title>" in (await http_client.fetch(base_url + "/cookies")).body.decode().replace(
        "Cookies", "cookies"
    )
    for path in ("/files/protocol.md", "/more/protocol.md"):
        assert b"jibe" in (await http_client.fetch(base_url + path)).body


def test_a_multi_app_takes_applications() -> None:
    with pytest.raises(TypeError, match="MultiApp: bad must be a MainApp class, not 3"):
        MultiApp(bad=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a MainApp class"):
        MultiApp(bad=Label)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    ["docs", 3, {"from": "docs"}, {"to": "x"}, {"from": "no such folder", "to": "x"}, ["docs"], [{"from": "docs"}], {},
     {"from": 3, "to": "x"}, {"from": "docs", "to": None}, {"from": "setup.cfg", "to": "x"}],
    ids=repr,
)  # fmt: skip
def test_a_wrong_assets_path_names_the_class_and_the_value(path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)

    class Wrong(MainApp):
        assets_path = path

    value = path[0] if isinstance(path, list) else path
    with pytest.raises(AssetsPathError, match="Wrong") as caught:
        Wrong.make_tornado_app()
    assert repr(value) in str(caught.value)


def test_the_signatures_are_jibes() -> None:
    def first(function: Any, count: int) -> list[str]:
        return list(inspect.signature(function).parameters)[:count]

    assert first(MainApp.run, 1) == ["port"]
    assert inspect.signature(MainApp.run).parameters["port"].default == 8881
    assert first(InJupyterApp.juprun, 1) == ["port"]
    assert first(InJupyterMultiApp.juprun, 2) == ["self", "port"]
    assert first(Button, 1) == ["label"]
    assert first(Dropdown, 2) == first(SelectMultiple, 2) == ["value", "options"]
    assert isinstance(MainApp.make_tornado_app(), tornado.web.Application)
    assert issubclass(MultiAppHandler, MainHandler)
    for name in ("body", "appname", "scripts", "cssfiles", "presetup", "css"):
        assert callable(getattr(MainHandler, name))
    for name in ("open", "on_message", "on_close", "data_received"):
        assert callable(getattr(WebSocketHandler, name))
    for name in ("get_cookie", "application", "close"):
        assert hasattr(Connection, name)
