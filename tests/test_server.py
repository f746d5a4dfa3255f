"""A server before it serves: its name, what is mounted, procedures, modules, fragments."""

import asyncio
import logging
import math
import pickle
import types
from pathlib import Path
from typing import Any

import pytest
import tornado.web

from jibe_like import (
    Connection,
    Label,
    MainApp,
    MultiApp,
    Server,
    ServerError,
    Settings,
    export_rpc,
    get_server,
)
from jibe_like.server import free_name
from jibe_like.session.session import Session
from tests.sessions import Tab, on_a_loop


class Shop(MainApp):
    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.label = Label("shop", identifier="label")
        self.player = Label("player", attributes={"data-ref": "player"})
        self.children = [self.label, self.player]


class Office(Shop):
    pass


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.node.name)


# -- names


def test_there_is_one_of_each_name() -> None:
    assert get_server() is get_server("jibe_like") is get_server(None)
    first = get_server("one of a name", log_network=False)
    assert get_server("one of a name") is first
    assert (first.name, first.options) == ("one of a name", {"log_network": False})
    assert repr(first) == "Server(one of a name)"
    assert get_server("nobody's name", create_if_missing=False) is None
    assert get_server("one of a name", create_if_missing=False) is first


def test_a_session_that_holds_its_server_finds_it_again() -> None:
    for there in (get_server("held"), Server("held, and not registered")):
        assert pickle.loads(pickle.dumps(there)) is there


def test_a_name_that_a_server_has_which_does_not_run_is_free() -> None:
    taken = Server("taken or not")
    assert free_name("taken or not") == taken.name


# -- applications


def test_two_applications_on_one_route(server: Server) -> None:
    server.mount(Shop, "/shop/")
    server.mount(Office, "office")
    with pytest.raises(ServerError, match=r"^/shop: Shop is mounted there, Office cannot be as well$"):
        server.mount(Office, "shop")
    server.unmount("/shop")
    server.mount(Office, "/shop")
    with pytest.raises(KeyError):
        server.unmount("/nothing")


def test_only_applications_are_mounted(server: Server) -> None:
    wrong: Any
    for wrong in (Label, Shop(), "shop", None):
        with pytest.raises(TypeError, match="mount takes a MainApp class, not "):
            server.mount(wrong)


def test_a_tornado_application_of_all_that_is_mounted(server: Server) -> None:
    server.mount(Shop, mode="broadcast")
    server.mount(Office, "/office", settings=Settings(theme="dark"))
    assert server.mounts == {}
    application = server.make_tornado_app(greeting="good day")
    assert isinstance(application, tornado.web.Application)
    assert application.settings["greeting"] == "good day"
    mounts = server.mounts
    assert {route: mount.app_class for route, mount in mounts.items()} == {"/": Shop, "/office": Office}
    assert (mounts["/"].registry.mode, mounts["/office"].settings.theme) == ("broadcast", "dark")
    assert all(mount.server is server for mount in mounts.values())


def test_every_way_to_mount_leads_to_a_server(server: Server) -> None:
    def server_of(rules: list[Any]) -> object:
        return rules[0][2]["mount"].server

    assert server_of(Shop.handlers()) is get_server()
    assert server_of(Shop.handlers(server=server)) is server
    assert server_of(Shop.handlers(server=server.create_child_server())) is server
    assert [mount.server for mount in Shop.make_tornado_app(server=server).mounts] == [server]
    assert [mount.server for mount in MultiApp(shop=Shop, server=server).mounts] == [server]
    assert [mount.server for mount in MultiApp(shop=Shop).mounts] == [get_server()]


def test_multi_app_takes_a_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jibe.db'}"
    assert [mount.settings.store for mount in MultiApp(a=Shop, b=Office, store=url).mounts] == [url, url]


# -- procedures


class Files:
    @export_rpc("files.list")
    @export_rpc("files.dir")
    def list(self, folder: str, *, deep: bool = False) -> list[str]:
        return [f"{folder}a.txt", str(deep)]

    def secret(self) -> str:
        return "secret"


def test_procedures_are_registered_when_the_server_starts(server: Server) -> None:
    files = Files()
    server.add_protocol_to_configure(lambda protocol: protocol.registerLinkProtocol(files))
    with pytest.raises(ServerError, match=r"^there is no procedure 'files\.list'$"):
        server.protocol_call("files.list", "/")
    server.configure_protocol()
    assert server.protocol_call("files.list", "/", deep=True) == ["/a.txt", "True"]
    assert server.protocol_call("files.dir", "/") == ["/a.txt", "False"]
    assert server.protocol.getLinkProtocols() == [files]
    assert "files.list" in server.protocol
    for name in ("secret", "list", "__init__"):
        with pytest.raises(ServerError):
            server.protocol_call(name)
    server.add_protocol_to_configure(lambda protocol: protocol.register("root", math.sqrt))
    assert server.protocol_call("root", 4) == 2
    server.configure_protocol()
    assert len(server.protocol) == 3


def test_a_name_is_one_procedure_s(server: Server) -> None:
    server.protocol.register("root", math.sqrt)
    server.protocol.register("root", math.sqrt)
    with pytest.raises(ServerError, match="there is another procedure 'root'"):
        server.protocol.register("root", math.cbrt)
    with pytest.raises(TypeError, match="root must be a function, not int"):
        server.protocol.register("root", 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="export_rpc takes the procedure's name"):
        export_rpc(print)  # type: ignore[arg-type]


# -- modules


def test_a_module_is_enabled_once(server: Server, tmp_path: Path) -> None:
    module = types.ModuleType("charts")
    given: list[Any] = []
    vars(module).update(
        setup=lambda *args, **kwargs: given.append((args, kwargs)),
        scripts=["charts/a.js"],
        module_scripts=["charts/b.mjs"],
        styles=["charts/c.css"],
        state={"zoom": 1},
        serve={"charts": str(tmp_path)},
    )
    assert not server.uses_page_api
    assert server.enable_module(module, size=3)
    assert not server.enable_module(module, size=4)
    assert given == [((server,), {"size": 3})]
    assert server.state.zoom == 1
    assert (server.page_files.scripts, server.page_files.module_scripts, server.page_files.styles) == (
        ["charts/a.js"],
        ["charts/b.mjs"],
        ["charts/c.css"],
    )
    assert [rule[0] for rule in server.module_rules()] == ["/charts/(.*)"]
    assert server.uses_page_api


def test_a_dict_is_known_by_what_it_says(server: Server) -> None:
    assert server.enable_module({"scripts": ["a.js"]})
    assert not server.enable_module({"scripts": ["a.js"]})
    assert server.enable_module({"scripts": ["b.js"]})
    assert server.enable_module(types.SimpleNamespace(scripts=["c.js"]))  # type: ignore[arg-type]
    assert server.page_files.scripts == ["a.js", "b.js", "c.js"]


def test_there_is_no_vue(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    assert server.enable_module({"vue_use": ["lib", ("other", {"a": 1})]})
    assert caplog.messages == ["the module: vue_use is left out: the pages have neither Vue nor React"]


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ({"scripts": "a.js"}, "the module: scripts must be a list, not 'a.js'"),
        ({"styles": [3]}, r"the module: styles must be a list of URLs, not \[3\]"),
        ({"serve": ["/"]}, "the module: serve must be a dict of folders by URL"),
        ({"serve": {"data": "/no/such/folder"}}, "the module: serve: '/no/such/folder' is no folder"),
        ({"www": 3}, "the module: www: 3 is no folder"),
        (3, "a module is a Python module or a dict, not 3"),
    ],
    ids=str,
)
def test_a_wrong_module_is_named(server: Server, module: Any, problem: str) -> None:
    with pytest.raises(ServerError, match=f"^{problem}"):
        server.enable_module(module)
    assert not server.page_files


# -- the current state


def test_what_a_server_tells_of_itself(server: Server) -> None:
    server.state.a = 1
    assert server.get_server_state() == {"name": server.name, "client_type": "jibe_like", "state": {"a": 1}}
    assert (server.running, server.port, server.url, server.server_options) == (False, 0, "", {})
    assert not server.ready.done()


def test_change_is_the_state_s(server: Server) -> None:
    seen: list[int] = []

    @server.change("a")
    def on_a(a: int) -> None:
        seen.append(a)

    server.state.a = 3
    server.state.flush()
    assert seen == [3]


# -- calls of elements


def live(server: Server) -> tuple[Session, Tab]:
    session = Session("one", Shop(), server=server)
    return session, Tab(session).open()


@on_a_loop
async def test_js_call_finds_an_element_by_identifier_or_ref(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("js_call")
    session, tab = live(server)
    monkeypatch.setattr(Server, "sessions", property(lambda _: iter([session])))
    server.js_call("label", "scrollIntoView", {"block": "end"})
    server.js_call("player", "play")
    server.js_call("nothing", "play")
    session.flush()
    player = session.document.tree.root.children[1].identifier
    assert tab.frames[-1]["ops"] == [
        ["call", "label", "scrollIntoView", [{"block": "end"}]],
        ["call", player, "play", []],
    ]


def test_js_call_says_what_it_takes(server: Server) -> None:
    with pytest.raises(TypeError, match="js_call takes the element and the name of its method"):
        server.js_call("player")
    with pytest.raises(TypeError):
        server.js_call("player", "play", object())


# -- fragments


def texts(app: MainApp) -> list[str]:
    return [widget.value for widget in app.descendants if isinstance(widget, Label)]


def test_a_fragment_is_shown_wherever_it_is_placed(server: Server) -> None:
    app = MainApp()
    app.children = [server.ui.toolbar(), server.ui["toolbar"](classname="second"), server.ui.nothing()]
    assert texts(app) == []
    made: list[int] = []

    @server.ui.define("toolbar")
    def toolbar() -> list[Label]:
        made.append(1)
        return [Label("a"), Label("b")]

    assert texts(app) == ["a", "b", "a", "b"]
    assert len(made) == 2
    assert "toolbar" in server.ui
    assert "second" in app.children[1].classname

    @server.ui.define("toolbar")
    def shorter() -> Label:
        return Label("c")

    assert texts(app) == ["c", "c"]
    server.ui.toolbar.clear()
    assert texts(app) == []
    server.ui.define("toolbar")(shorter)
    server.ui.clear()
    assert texts(app) == []
    with pytest.raises(TypeError, match="a fragment is defined by a function, not Label"):
        server.ui.define("toolbar")(Label("d"))  # type: ignore[arg-type]


@on_a_loop
async def test_a_fragment_that_is_defined_again_changes_the_pages(caplog: pytest.LogCaptureFixture) -> None:
    server = Server("live fragment")
    server.ui.define("head")(lambda: Label("old", identifier="head"))
    session = Session("one", Shop(), server=server)
    session.document.tree.root.children.append(server.ui.head(identifier="place"))
    tab = Tab(session).open()
    server.ui.define("head")(lambda: Label("new"))
    await asyncio.sleep(0)
    session.flush()
    place = tab.page.element("place")
    assert place is not None
    assert any("new" in element.children for element in place.walk())
    assert tab.page.element("head") is None

    @server.ui.define("head")
    def broken() -> Label:
        raise LookupError("nothing to show")

    await asyncio.sleep(0)
    assert "nothing to show" in caplog.text
    assert logging.ERROR in {record.levelno for record in caplog.records}


def test_a_stored_fragment_shows_what_it_showed() -> None:
    server = get_server("stored fragment")
    server.ui.define("head")(lambda: Label("old"))
    app = MainApp()
    app.children = [server.ui.head()]
    restored = pickle.loads(pickle.dumps(app.children[0]))
    assert restored._fragments is server.ui
    assert [child.value for child in restored.children] == ["old"]
