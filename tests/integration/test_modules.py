"""Modules of a server: what they bring to its pages."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from tornado.httpclient import AsyncHTTPClient

from jibe_like import Connection, Label, MainApp, Server
from tests.integration.proxy import make_proxy
from tests.integration.visitor import Visitor
from tests.serving import Serve, running


class App(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Label("hello")]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.node.name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.js").write_text("window.a = 1;")
    (tmp_path / "b.mjs").write_text("window.b = 1;")
    (tmp_path / "c.css").write_text("p { color: red }")
    (tmp_path / "index.html").write_text("<p>index</p>")
    return tmp_path


async def get(url: str) -> tuple[int, str]:
    response = await AsyncHTTPClient().fetch(url, raise_error=False)
    return response.code, response.body.decode()


def definition(folder: Path) -> dict[str, Any]:
    return {
        "scripts": ["files/a.js", "https://example.org/x.js?a=1&b"],
        "module_scripts": ["/files/b.mjs"],
        "styles": ["files/c.css"],
        "serve": {"files": str(folder)},
    }


async def assert_brought(url: str) -> None:
    """The page asks for the files with the nonce of its policy, and finds them."""
    response = await Visitor(url).load()
    html = response.body.decode()
    nonce = re.search(r"script-src 'nonce-([^']+)'", response.headers["Content-Security-Policy"])
    assert nonce is not None
    found = re.findall(
        r'<(script|script type="module"|link rel="stylesheet") (?:src|href)="([^"]+)" nonce="([^"]+)"', html
    )
    assert {each[2] for each in found} == {nonce[1]}
    urls = [each[1].replace("&amp;", "&") for each in found]
    assert "https://example.org/x.js?a=1&b" in urls
    ours = [each for each in urls if "files/" in each]
    assert [Path(each).name for each in ours] == ["c.css", "a.js", "b.mjs"]
    for each in ours:
        assert (await get(urljoin(url, each)))[0] == 200
    kinds = [kind for kind, each, _ in found if "files/" in each or "extras" in each]
    assert kinds == ['link rel="stylesheet"', "script", 'script type="module"', 'script type="module"']


@pytest.mark.gen_test
@pytest.mark.parametrize("route", ["/", "/deep/inside"])
async def test_wherever_an_application_is(server: Server, folder: Path, route: str) -> None:
    server.enable_module(definition(folder))
    server.mount(App, route)
    async with running(server) as url:
        await assert_brought(url + route.strip("/"))
        await assert_brought(f"{url}{route.strip('/')}/".replace("//", "/").replace(":/", "://"))


@pytest.mark.gen_test
async def test_behind_a_proxy_that_strips_a_prefix(server: Server, serve: Serve, folder: Path) -> None:
    server.enable_module(definition(folder))
    server.mount(App, "/app")
    async with running(server) as url:
        await assert_brought(serve(make_proxy("/shown/", url)) + "shown/app")


@pytest.mark.gen_test
async def test_in_a_tornado_application_of_one_s_own(server: Server, serve: Serve, folder: Path) -> None:
    server.enable_module(definition(folder))
    await assert_brought(serve(App.make_tornado_app(server=server)))


@pytest.mark.gen_test
async def test_one_that_is_enabled_while_the_server_runs(server: Server, folder: Path) -> None:
    server.mount(App)
    async with running(server) as url:
        assert (await get(url + "files/a.js"))[0] == 404
        server.enable_module(definition(folder))
        await assert_brought(url)


@pytest.mark.gen_test
async def test_a_folder_at_the_root(server: Server, folder: Path) -> None:
    server.enable_module({"www": str(folder)})
    server.mount(App, "/app")
    async with running(server) as url:
        assert await get(url) == (200, "<p>index</p>")
        assert await get(url + "a.js") == (200, "window.a = 1;")
        assert (await get(url + "nothing.js"))[0] == 404
        assert (await get(url + "..%2Fx"))[0] == 403
        assert "hello<" in (await get(url + "app"))[1]
        # What comes later is found all the same.
        server.mount(App, "/later")
        assert "hello<" in (await get(url + "later"))[1]


@pytest.mark.gen_test
async def test_an_application_at_the_root_comes_before_the_folder(server: Server, folder: Path) -> None:
    server.mount(App)
    async with running(server) as url:
        server.enable_module({"www": str(folder)})
        assert "hello<" in (await get(url))[1]
        assert await get(url + "index.html") == (200, "<p>index</p>")
