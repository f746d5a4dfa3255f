"""What goes with an application that takes a sign-in: pages whose rules were made by hand, files, several apps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import tornado.web
from argon2 import PasswordHasher
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

from jibe_like import (
    BasicAuth,
    Connection,
    Label,
    MainApp,
    MainHandler,
    MultiApp,
    MultiAppHandler,
    Server,
    WebSocketHandler,
    get_server,
)
from jibe_like.errors import ServerError
from tests.integration.visitor import Visitor
from tests.oidc.agent import Agent
from tests.serving import Serve, running

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PAGE = {"Accept": "text/html,*/*;q=0.8"}


def users() -> BasicAuth:
    return BasicAuth({"ada": HASHER.hash("ada's")})


class Desk(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Label(f"Hello, {self.auth.username or 'stranger'}", identifier="who")]


class Shop(Desk):
    requires_auth = False


async def get(agent: Agent, url: str, follow: bool = True, **headers: str) -> HTTPResponse:
    """As a browser asks, with the agent's cookies."""
    jar = agent.cookies.get("127.0.0.1", {}) | agent.cookies.get("localhost", {})
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
    request = HTTPRequest(url, headers={**cookies, **headers}, follow_redirects=follow)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def signed_in(url: str) -> Agent:
    """Somebody who has signed in at the server with this root."""
    agent = Agent()
    form = await agent.get(urljoin(url, "_auth/sign-in"))
    await agent.fill_in(form, username="ada", password="ada's")
    return agent


# -- rules made by hand, as in jibe


class Room(MainHandler):
    def body(self) -> str:
        return "<p>the room's own text</p>"


class DeskSocket(WebSocketHandler):
    mainApp = Desk


class ShopSocket(WebSocketHandler):
    mainApp = Shop


@pytest.mark.gen_test
@pytest.mark.usefixtures("http_server")
@pytest.mark.parametrize("rules", ["one", "several"])
async def test_a_page_whose_rules_were_made_by_hand(app: tornado.web.Application, base_url: str, rules: str) -> None:
    server = get_server(auth=users())
    if rules == "one":
        page = "/"
        app.add_handlers(".*", [("/", Room), ("/websocket", DeskSocket)])
    else:
        page = "/desk?a=1"
        app.add_handlers(".*", [("/desk/websocket", DeskSocket), (r"/(\w+)/?", MultiAppHandler)])
    agent = Agent()
    response = await agent.get(base_url + page)
    assert b"Password" in response.body
    assert b"the room's own text" not in response.body
    response = await agent.fill_in(response, username="ada", password="ada's")
    assert agent.at == base_url + page
    assert b"signin" in response.body
    visitor = Visitor(base_url + page)
    visitor.cookies = agent.cookies["localhost"]
    visitor.socket_url = urljoin(base_url, f"{page.partition('?')[0].rstrip('/')}/websocket")
    async with visitor:
        await visitor.connect()
        await visitor.until(lambda: visitor.page is not None)
        assert visitor.text("who") == "Hello, ada"
    await server.stop()


@pytest.mark.gen_test
@pytest.mark.usefixtures("http_server")
async def test_by_hand_where_nobody_has_to_sign_in(app: tornado.web.Application, base_url: str) -> None:
    server = get_server(auth=users())
    app.add_handlers(".*", [("/", Room), ("/websocket", ShopSocket), ("/alone", Room)])
    assert b"the room's own text" in (await Agent().get(base_url + "/")).body
    await server.stop()


@pytest.mark.gen_test
@pytest.mark.usefixtures("http_server")
async def test_by_hand_where_nobody_can_sign_in(
    app: tornado.web.Application, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Locked(Desk):
        requires_auth = True

    class LockedSocket(WebSocketHandler):
        mainApp = Locked

    app.add_handlers(".*", [("/", Room), ("/websocket", LockedSocket)])
    response = await Agent().get(base_url + "/")
    assert response.code == 500
    assert b"the room's own text" not in response.body
    assert "nobody says how users sign in" in caplog.text
    caplog.clear()


@pytest.mark.gen_test
@pytest.mark.usefixtures("http_server")
async def test_by_hand_a_socket_may_know_of_other_origins(app: tornado.web.Application, base_url: str) -> None:
    class Friendly(WebSocketHandler):
        mainApp = Desk

        def check_origin(self, origin: str) -> bool:
            return origin == "https://friend.example"

    app.add_handlers(".*", [("/", Room), ("/websocket", Friendly)])
    async with Visitor(base_url) as page:
        await page.connect(Origin="https://friend.example")
        await page.leave()
        await page.connect()
        for headers in ({"Origin": base_url}, {"Sec-Fetch-Site": "cross-site"}):
            with pytest.raises(HTTPClientError, match="403"):
                await Visitor(base_url).connect(**headers)
    await get_server().stop()


@pytest.mark.gen_test
@pytest.mark.usefixtures("http_server")
async def test_by_hand_without_a_socket_or_a_sign_in(app: tornado.web.Application, base_url: str) -> None:
    """A page that opens no socket of ours is nobody's."""
    app.add_handlers(".*", [("/", Room)])
    response = await Agent().get(base_url + "/")
    assert b"the room's own text" in response.body
    assert b"signin" not in response.body


@pytest.mark.gen_test
async def test_in_an_application_that_has_xsrf_cookies(serve: Serve) -> None:
    """Tornado's own way against other sites' forms is none of ours: each of ours has a token already."""
    rules = Desk.handlers(server=Server("xsrf"), auth=users())
    url = serve(tornado.web.Application(rules, xsrf_cookies=True))
    agent = Agent()
    response = await agent.fill_in(await agent.get(url), username="ada", password="ada's")
    assert b"Hello, ada" in response.body
    page = Visitor(url)
    page.cookies = agent.cookies["127.0.0.1"]
    await page.load()
    headers = page._headers({"Content-Type": "application/json"})
    request = HTTPRequest(f"{url}poll", "POST", headers, json.dumps({"token": page.token, "seq": page.seq}))
    assert b"hello" in (await AsyncHTTPClient().fetch(request)).body


# -- files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.txt").write_text("the plan")
    (tmp_path / "index.html").write_text("<p>the plan</p>")
    return tmp_path


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["files/plan.txt", "plan.txt"])
async def test_files_of_modules_are_for_those_who_see_the_application(folder: Path, path: str) -> None:
    server = Server("guarded", auth=users())
    server.enable_module({"serve": {"files": str(folder)}, "www": str(folder)})
    server.mount(Desk, "/desk")
    async with running(server) as url:
        response = await get(Agent(), url + path)
        assert response.code == 403
        assert b"plan" not in response.body
        assert (await get(Agent(), url + path, True, **{"If-None-Match": "*"})).code == 403
        response = await get(await signed_in(url), url + path)
        assert response.body == b"the plan"
        # No cache shows it to those who come later.
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert (await get(Agent(), f"{url}{path}?v=1")).code == 403
        response = await get(await signed_in(url), f"{url}{path}?v=1")
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert "Expires" not in response.headers


@pytest.mark.gen_test
async def test_whoever_wants_to_see_one_by_itself_signs_in_first(folder: Path) -> None:
    server = Server("guarded", auth=users())
    server.enable_module({"www": str(folder)})
    server.mount(Desk, "/desk")
    async with running(server) as url:
        for headers in (PAGE, {"Sec-Fetch-Mode": "navigate"}):
            response = await get(Agent(), url, follow=False, **headers)
            assert (response.code, response.headers["Location"]) == (302, "./_auth/sign-in?next=/")
        response = await get(Agent(), f"{url}plan.txt", True, **PAGE, **{"Sec-Fetch-Mode": "no-cors"})
        assert response.code == 403
        agent = Agent()
        form = await agent.get(urljoin(url, "_auth/sign-in?next=/index.html"))
        page = await agent.fill_in(form, username="ada", password="ada's")
        assert (agent.at, page.body) == (f"{url}index.html", b"<p>the plan</p>")


@pytest.mark.gen_test
@pytest.mark.parametrize("public_first", [True, False])
async def test_where_one_application_is_for_everybody_so_are_they(folder: Path, public_first: bool) -> None:
    """Its pages load them."""
    server = Server("half guarded", auth=users())
    server.enable_module({"serve": {"files": str(folder)}})
    apps: list[tuple[type[MainApp], str]] = [(Shop, "/shop"), (Desk, "/desk")]
    for app, route in apps if public_first else reversed(apps):
        server.mount(app, route)
    async with running(server) as url:
        response = await get(Agent(), f"{url}files/plan.txt")
        assert response.body == b"the plan"
        assert "private" not in response.headers.get("Cache-Control", "")


@pytest.mark.gen_test
async def test_one_that_comes_later_guards_and_opens_them(folder: Path) -> None:
    server = Server("later", auth=users())
    server.mount(Desk, "/desk")
    async with running(server) as url:
        server.enable_module({"serve": {"files": str(folder)}})
        assert (await get(Agent(), f"{url}files/plan.txt")).code == 403
        server.mount(Shop, "/shop")
        assert (await get(Agent(), f"{url}files/plan.txt")).code == 200


@pytest.mark.gen_test
@pytest.mark.usefixtures("http_server")
async def test_after_the_end_they_are_not_for_everybody(
    app: tornado.web.Application, base_url: str, folder: Path
) -> None:
    server = Server("ended", auth=users())
    server.enable_module({"serve": {"files": str(folder)}})
    app.add_handlers(".*", Desk.handlers(server=server))
    assert (await get(Agent(), f"{base_url}/files/plan.txt")).code == 403
    await server.stop()
    assert (await get(Agent(), f"{base_url}/files/plan.txt")).code in (403, 503)


@pytest.mark.gen_test
async def test_where_there_is_no_application_nobody_can_sign_in(folder: Path) -> None:
    server = Server("alone", auth=users())
    server.enable_module({"www": str(folder)})
    with pytest.raises(ServerError, match="nobody could sign in"):
        await server.start(0, exec_mode="coroutine")


@pytest.mark.gen_test
async def test_files_of_several_applications(serve: Serve, folder: Path) -> None:
    assets: dict[str, Any] = {"assets_path": {"from": str(folder), "to": "/files"}, "auth": users()}
    url = serve(MultiApp(desk=Desk, other=Desk, server=Server("several"), **assets))
    assert (await get(Agent(), f"{url}files/plan.txt")).code == 403
    assert (await get(await signed_in(url), f"{url}files/plan.txt")).body == b"the plan"
    url = serve(MultiApp(desk=Desk, shop=Shop, server=Server("and a shop"), **assets))
    assert (await get(Agent(), f"{url}files/plan.txt")).body == b"the plan"
