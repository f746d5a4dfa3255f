"""Applications in their place: prefixes, several on one server, behind a proxy, over TLS, by hand."""

import re
import ssl
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient

from jibe_like import Button, Connection, Label, MainApp, MainHandler, MultiAppHandler, WebSocketHandler
from tests.integration.conftest import Mounted
from tests.integration.proxy import make_proxy
from tests.integration.visitor import Visitor
from tests.serving import Serve


class Counter(MainApp):
    step = 1

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.n = 0
        self.label = Label("count: 0", identifier="label")
        self.add = Button("Add", identifier="add")
        self.add.register("click", self.on_add)
        self.children = [self.add, self.label]

    def on_add(self) -> None:
        self.n += self.step
        self.label.value = f"count: {self.n}"


class Leaps(Counter):
    step = 10


class Home(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write("home")


async def assert_works(url: str, step: int = 1, **options: Any) -> None:
    """The page is there with its files, its socket adopts what was rendered, and a click counts."""
    async with Visitor(url, **options) as page:
        response = await page.load()
        assert response.code == 200
        html = response.body.decode()
        assert "count: 0<" in html
        files = re.findall(r'(?:src|href)="([^":]*)"', html)
        assert len(files) == 2
        for file in files:
            assert (await AsyncHTTPClient().fetch(urljoin(url, file), **options)).code == 200
        assert (await page.connect(Origin=re.match(r"https?://[^/]+", url)[0]))["resumed"] is True  # type: ignore[index]
        page.click("add")
        assert (await page.frame())["ops"] == [["text", "label", f"count: {step}"]]


# -- prefixes


@pytest.mark.gen_test
@pytest.mark.parametrize("prefix", ["", "/", "/counter", "counter", "/counter/", "/deep/inside", "/a.b+c (é)"])
async def test_wherever_it_is_mounted(mounted: Mounted, base_url: str, prefix: str) -> None:
    mounted(Counter, prefix)
    place = prefix.strip("/").replace(" ", "%20").replace("é", "%C3%A9")
    await assert_works(f"{base_url}/{place}")
    await assert_works(f"{base_url}/{place}?name=value")
    if place:
        await assert_works(f"{base_url}/{place}/")


@pytest.mark.gen_test
async def test_handlers_are_rules_for_a_tornado_application(serve: Serve) -> None:
    application = tornado.web.Application([("/", Home), *Counter.handlers("/one"), *Leaps.handlers("/two")])
    url = serve(application)
    await assert_works(url + "one")
    await assert_works(url + "two", step=10)
    assert (await AsyncHTTPClient().fetch(url)).body == b"home"


@pytest.mark.gen_test
async def test_mount_adds_them_to_one_that_exists(serve: Serve) -> None:
    application = tornado.web.Application([("/", Home)])
    Counter.mount(application, "/one")
    Leaps.mount(application, "/two")
    url = serve(application)
    await assert_works(url + "one")
    await assert_works(url + "two/", step=10)
    assert (await AsyncHTTPClient().fetch(url)).body == b"home"
    assert (await Visitor(url + "onemore").load()).code == 404


@pytest.mark.gen_test
async def test_the_same_class_twice_is_two_applications(mounted: Mounted, base_url: str) -> None:
    first, second = mounted(Counter, "/one"), mounted(Counter, "/two")
    await assert_works(base_url + "/one")
    await assert_works(base_url + "/two")
    assert (len(first.sessions), len(second.sessions)) == (1, 1)


@pytest.mark.gen_test
async def test_make_tornado_app_passes_settings_on_to_tornado(serve: Serve) -> None:
    class Titled(Counter):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.children.append(Label(connection.application.settings["greeting"]))

    url = serve(Titled.make_tornado_app(greeting="good day"))
    assert b"good day<" in (await Visitor(url).load()).body


# -- behind a proxy


@pytest.mark.gen_test
@pytest.mark.parametrize("place", ["/", "/counter/", "/very/deep/inside/"])
async def test_behind_a_proxy_that_strips_a_prefix(serve: Serve, place: str) -> None:
    backend = serve(Counter)
    proxy = serve(make_proxy(place, backend))
    await assert_works(proxy + place[1:])


@pytest.mark.gen_test
async def test_a_mounted_one_behind_a_proxy(serve: Serve) -> None:
    application = tornado.web.Application(Counter.handlers("/apps/counter"))
    proxy = serve(make_proxy("/shown/", serve(application)))
    await assert_works(proxy + "shown/apps/counter")
    await assert_works(proxy + "shown/apps/counter/")


@pytest.mark.gen_test
async def test_what_the_application_closes_is_closed_through_the_proxy(serve: Serve) -> None:
    class Leaving(Counter):
        def on_add(self) -> None:
            assert self.connection is not None
            self.connection.close()

    async with Visitor(serve(make_proxy("/x/", serve(Leaving))) + "x/") as page:
        await page.connect()
        await page.frame()
        page.click("add")
        assert await page.closed() == (1000, "closed by the application")


# -- over TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.mark.gen_test
async def test_over_tls(serve: Serve, certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    url = serve(Counter, ssl_options=context)
    assert url.startswith("https://")
    await assert_works(url, ca_certs=str(certificate[0]))
    response = await Visitor(url, ca_certs=str(certificate[0])).load()
    cookies = response.headers.get_list("Set-Cookie")
    assert cookies
    assert all(cookie.endswith("; Path=/; SameSite=Lax; Secure") and "HttpOnly" in cookie for cookie in cookies)


@pytest.mark.gen_test
async def test_behind_a_proxy_that_ends_tls(serve: Serve) -> None:
    url = serve(Counter, xheaders=True)
    response = await Visitor(url).load(**{"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"})
    assert "Secure" in response.headers["Set-Cookie"]
    response = await Visitor(serve(Counter)).load(**{"X-Forwarded-Proto": "https"})
    assert "Secure" not in response.headers["Set-Cookie"]


# -- rules made by hand, as for jibe


class Socket(WebSocketHandler):
    mainApp = Counter


class OwnPage(MainHandler):
    def appname(self) -> str:
        return "by hand"


@pytest.mark.gen_test
async def test_rules_made_by_hand(serve: Serve, tmp_path: Path) -> None:
    files = (r"/(.*\.js)", tornado.web.StaticFileHandler, {"path": str(tmp_path)})
    url = serve(tornado.web.Application([(r"/", OwnPage), (r"/websocket", Socket), files]))
    async with Visitor(url) as page:
        html = (await page.load()).body.decode()
        assert "<title>by hand</title>" in html
        for file in re.findall(r'(?:src|href)="([^":]*)"', html):
            assert (await AsyncHTTPClient().fetch(urljoin(url, file))).code == 200
        assert (await page.connect())["resumed"] is False
        await page.frame()
        page.click("add")
        await page.shows("label", "count: 1")
        await page.lose()
        assert (await page.connect())["resumed"] is True
        page.click("add")
        await page.shows("label", "count: 2")


@pytest.mark.gen_test
async def test_rules_made_by_hand_for_several_applications(serve: Serve) -> None:
    class LeapsSocket(WebSocketHandler):
        mainApp = Leaps

    rules = [("/(one|two)/?", MultiAppHandler), ("/one/websocket", Socket), ("/two/websocket", LeapsSocket)]
    url = serve(tornado.web.Application(rules))
    for path, name, step in (("one", "one", 1), ("two", "two", 10), ("two/", "two", 10)):
        async with Visitor(url + path) as page:
            assert f"<title>{name}</title>" in (await page.load()).body.decode()
            await page.connect()
            await page.frame()
            page.click("add")
            await page.shows("label", f"count: {step}")


@pytest.mark.gen_test
async def test_a_handler_of_one_s_own_sees_all_that_happens(serve: Serve) -> None:
    seen: list[object] = []

    class Nosy(Socket):
        def open(self, *args: str, **kwargs: str) -> None:
            super().open(*args, **kwargs)
            seen.append(type(self.app))

        def on_message(self, message: str | bytes) -> None:
            seen.append(message)
            super().on_message(message)

        def on_close(self) -> None:
            super().on_close()
            seen.append("closed")

    url = serve(tornado.web.Application([("/", MainHandler), ("/websocket", Nosy)]))
    async with Visitor(url) as page:
        await page.connect()
        await page.frame()
        page.post('{"id": "add", "event": "click"}')
        await page.shows("label", "count: 1")
    serve.stop(url)
    assert seen == [Counter, '{"id": "add", "event": "click"}', "closed"]


@pytest.mark.gen_test
async def test_a_socket_of_no_application(serve: Serve) -> None:
    url = serve(tornado.web.Application([("/websocket", WebSocketHandler)]))
    async with Visitor(url) as page:
        with pytest.raises(EOFError, match="1011 no application is mounted here"):
            await page.connect()
