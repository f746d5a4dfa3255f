"""Several applications on one server, each at its name."""

from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.web import Application

from jibe_like import Button, Connection, Label, MainApp, MainHandler, MultiApp, MultiAppHandler, Settings
from jibe_like.session.connection import Visit
from tests.integration.visitor import Visitor
from tests.serving import Serve


class Shop(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.visitor = connection.get_cookie("user", "nobody")
        self.label = Label(f"shop of {self.visitor}", identifier="label")
        self.buy = Button("Buy", identifier="buy")
        self.buy.register("click", self.on_buy)
        self.children = [self.label, self.buy]

    def on_buy(self) -> None:
        self.label.value = "sold"


class Admin(MainApp):
    title = "The office"

    class Handler(MainHandler):
        def body(self) -> str:
            return "<h1>office</h1>"

    main_handler_class = Handler

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Label("admin", identifier="label")]


@pytest.fixture
def app() -> Application:
    return MultiApp(shop=Shop, admin=Admin)


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["/shop", "/shop/", "/shop?x=1"])
async def test_each_is_at_its_name(http_client: AsyncHTTPClient, base_url: str, path: str) -> None:
    async with Visitor(base_url + path) as page:
        html = (await page.load()).body.decode()
        assert "<title>shop</title>" in html
        assert "shop of nobody<" in html
        assert (await page.connect())["resumed"] is True
        page.click("buy")
        assert (await page.frame())["ops"] == [["text", "label", "sold"]]


@pytest.mark.gen_test
async def test_titles_and_handlers_of_their_own(http_client: AsyncHTTPClient, base_url: str) -> None:
    html = (await http_client.fetch(base_url + "/admin")).body.decode()
    assert "<title>The office</title>" in html
    assert "<body><h1>office</h1>" in html


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["/", "/shops", "/sho", "/shop/admin", "/websocket", "/_jibe/x.js", "/none/websocket"])
async def test_nothing_else_is_there(http_client: AsyncHTTPClient, base_url: str, path: str) -> None:
    assert (await http_client.fetch(base_url + path, raise_error=False)).code == 404


@pytest.mark.gen_test
async def test_a_cookie_that_one_sets_the_other_sees(http_client: AsyncHTTPClient, base_url: str) -> None:
    page = Visitor(base_url + "/shop")
    page.cookies["user"] = "ada"
    assert b"shop of ada<" in (await page.load()).body
    admin = Visitor(base_url + "/admin")
    admin.cookies = page.cookies
    # One `sessionid` for all of them.
    assert "Set-Cookie" not in (await admin.load()).headers


@pytest.mark.gen_test
async def test_a_token_of_one_is_none_of_the_other(http_client: AsyncHTTPClient, base_url: str) -> None:
    async with Visitor(base_url + "/shop") as shop, Visitor(base_url + "/admin") as admin:
        await shop.load()
        await admin.load()
        admin.token = shop.token
        assert (await admin.connect())["resumed"] is False
        await admin.frame()
        assert admin.text("label") == "admin"
        assert (await shop.connect())["resumed"] is True


def test_settings_are_for_all_of_them_or_each_has_its_own() -> None:
    class Dark(Shop):
        settings = Settings(theme="dark")

    own = {mount.title: mount.settings.theme for mount in MultiApp(shop=Shop, dark=Dark).mounts}
    assert own == {"shop": "", "dark": "dark"}
    given = MultiApp(shop=Shop, dark=Dark, settings=Settings(theme="light"))
    assert [mount.settings.theme for mount in given.mounts] == ["light", "light"]


def test_what_is_no_application_is_refused() -> None:
    wrong: Any
    for wrong in (Shop(Connection(Visit())), Label, "shop", None):
        with pytest.raises(TypeError, match="MultiApp: shop must be a MainApp class, not "):
            MultiApp(shop=wrong)


def test_the_default_handler_is_jibe_s() -> None:
    handlers = [rule.target for rule in MultiApp(shop=Shop).wildcard_router.rules]
    assert handlers[0] is MultiAppHandler


@pytest.mark.gen_test
async def test_ending_it_ends_the_sessions_of_all(app: MultiApp, http_client: AsyncHTTPClient, base_url: str) -> None:
    async with Visitor(base_url + "/shop") as shop, Visitor(base_url + "/admin") as admin:
        for page in (shop, admin):
            await page.load()
            await page.connect()
        await app.close_sessions()
        for page in (shop, admin):
            assert await page.closed() == (1012, "the server stops")
        assert [len(mount.registry.sessions) for mount in app.mounts] == [0, 0]


@pytest.mark.gen_test
async def test_a_name_of_any_kind(serve: Serve) -> None:
    names = {"my.shop": "my.shop", "a b": "a%20b", "été": "%C3%A9t%C3%A9", "x+(y)": "x+(y)"}
    apps: dict[str, Any] = dict.fromkeys(names, Shop)
    url = serve(MultiApp(**apps))
    for name, path in names.items():
        async with Visitor(url + path) as page:
            assert f"<title>{name}</title>" in (await page.load()).body.decode()
            assert (await page.connect())["resumed"] is True
    assert (await Visitor(url + "myxshop").load()).code == 404
