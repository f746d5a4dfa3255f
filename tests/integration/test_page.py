"""The first response: the tree as HTML, its headers, its cookie, and what happens when it cannot be made."""

import json
import logging
import re
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any, NoReturn

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from jibe_like import Button, Connection, Dropdown, HBox, Label, MainApp, MainHandler, Settings, TextArea
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, until


class Hello(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [HBox([Label("a < b", identifier="hello", style={"color": "red"})]), Button("Go")]


class Decorated(MainHandler):
    def body(self) -> str:
        return "<h1>My own</h1>"

    def appname(self) -> str:
        return "Named & shown"

    def scripts(self) -> list[str]:
        return ["/first.js?a=1&b=2", "/second.js"]

    def cssfiles(self) -> list[str]:
        return ["/extra.css"]

    def presetup(self) -> str:
        return "window.ready = 1 < 2;"

    def css(self) -> str:
        return "h1 > b { color: green }"


class Elements(HTMLParser):
    """All start tags of a page, with their attributes, and the text of each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1][2].append(data)

    def of(self, *tags: str) -> list[dict[str, Any]]:
        return [attributes | {"text": "".join(text)} for tag, attributes, text in self.found if tag in tags]


def html_of(response: HTTPResponse) -> str:
    return response.body.decode()


def nonce_of(response: HTTPResponse) -> str:
    found = re.search(r"'nonce-([A-Za-z0-9_-]{20,})'", response.headers["Content-Security-Policy"])
    assert found
    return found[1]


def config_of(response: HTTPResponse) -> dict[str, Any]:
    [meta] = [attributes for attributes in Elements(html_of(response)).of("meta") if attributes.get("name")][1:]
    config: dict[str, Any] = json.loads(meta["content"])
    return config


@pytest.mark.gen_test
async def test_it_holds_the_tree(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    registry = mounted(Hello)
    response = await http_client.fetch(base_url)
    [session] = registry.sessions.values()
    label = session.document.tree.index["hello"]
    main = re.search(r"<main .*</main>", html_of(response))
    assert main
    assert f'<{label.tagname} id="hello" class="{label.classname}">a &lt; b</{label.tagname}>' in main[0]
    assert "Go</button>" in main[0]
    assert html_of(response).startswith('<!DOCTYPE html><html lang="en" dir="ltr"><head><meta charset="utf-8">')
    assert "<title>Hello</title>" in html_of(response)
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"


@pytest.mark.gen_test
async def test_what_the_client_is_told(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    registry = mounted(Hello, settings=Settings(max_message_bytes=1234))
    config = config_of(await http_client.fetch(base_url))
    [session] = registry.sessions.values()
    [connection] = session.connections.values()
    found = await registry.find(config.pop("token"), connection.visit.identity)
    assert found is not None
    assert found[0] is session
    assert re.fullmatch(r"\./extras-[0-9a-f]{10}\.js", config.pop("extras"))
    assert config == {"seq": 0, "socket": "websocket", "poll": "poll", "ping": 20, "limit": 1234}


@pytest.mark.gen_test
async def test_the_values_of_controls_are_readable_without_a_script(
    mounted: Mounted, http_client: AsyncHTTPClient, base_url: str
) -> None:
    class Controls(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.children = [TextArea("</textarea>\nlines"), Dropdown("M", ["S", "M"])]

    mounted(Controls)
    html = html_of(await http_client.fetch(base_url))
    assert "&lt;/textarea&gt;\nlines</textarea>" in html
    assert '<option value="M" selected>M</option>' in html


@pytest.mark.gen_test
async def test_the_headers(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    mounted(Hello)
    response = await http_client.fetch(base_url)
    nonce = nonce_of(response)
    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data: blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert nonce_of(await http_client.fetch(base_url)) != nonce


@pytest.mark.gen_test
async def test_settings_widen_the_policy(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    mounted(Hello, settings=Settings(frame_ancestors="https://a.example", image_sources=["https://b.example"]))
    policy = (await http_client.fetch(base_url)).headers["Content-Security-Policy"]
    assert "img-src 'self' data: blob: https://b.example;" in policy
    assert policy.endswith("frame-ancestors https://a.example")


@pytest.mark.gen_test
async def test_scripts_and_styles_carry_the_nonce_and_no_element_a_style(
    mounted: Mounted, http_client: AsyncHTTPClient, base_url: str
) -> None:
    mounted(Hello, handler=Decorated)
    response = await http_client.fetch(base_url)
    page = Elements(html_of(response))
    loaded = [link for link in page.of("link") if link["rel"] == "stylesheet"] + page.of("script", "style")
    assert len(loaded) == 2 + 4 + 2
    assert [element["nonce"] for element in loaded] == [nonce_of(response)] * len(loaded)
    assert [attributes for _, attributes, _ in page.found if any(n in attributes for n in ("style", "onclick"))] == []
    assert [style["text"] for style in page.of("style") if style.get("id") == "jibe-style"] == ["#hello{color:red}"]


@pytest.mark.gen_test
async def test_the_files_that_it_names_are_there(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    mounted(Hello)
    page = Elements(html_of(await http_client.fetch(base_url)))
    urls = [link["href"] for link in page.of("link") if link["rel"] == "stylesheet"]
    urls += [script["src"] for script in page.of("script")]
    assert len(urls) == 2
    for url in urls:
        for encoding, expected in (("br, gzip", "br"), ("gzip;q=1, x", "gzip"), ("identity", None)):
            response = await http_client.fetch(
                f"{base_url}/{url}", headers={"Accept-Encoding": encoding}, decompress_response=False
            )
            assert response.headers.get("Content-Encoding") == expected
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert response.headers["Vary"] == "Accept-Encoding"
            assert len(response.body) > 100
    response = await http_client.fetch(f"{base_url}/_jibe/manifest.json", raise_error=False)
    assert response.code == 404


@pytest.mark.gen_test
async def test_the_hooks_of_a_main_handler(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    class Own(Hello):
        main_handler_class = Decorated

    mounted(Own)
    html = html_of(await http_client.fetch(base_url))
    page = Elements(html)
    assert "<body><h1>My own</h1><main " in html
    assert "<title>Named &amp; shown</title>" in html
    *others, client = page.of("script")
    assert [script.get("src") or script["text"] for script in others] == [
        "/first.js?a=1&b=2",
        "/second.js",
        "window.ready = 1 < 2;",
    ]
    assert client["type"] == "module"
    assert [link["href"] for link in page.of("link") if link["rel"] == "stylesheet"][1:] == ["/extra.css"]
    assert page.of("style")[0]["text"] == "h1 > b { color: green }"


@pytest.mark.gen_test
async def test_the_application_says_what_the_page_is_called(
    mounted: Mounted, http_client: AsyncHTTPClient, base_url: str
) -> None:
    class Titled(Hello):
        title = "Tom & <b>"
        settings = Settings(language='de"x', direction="rtl", theme="dark")

    mounted(Titled)
    html = html_of(await http_client.fetch(base_url))
    assert "<title>Tom &amp; &lt;b&gt;</title>" in html
    assert '<html lang="de&quot;x" dir="rtl" data-theme="dark">' in html


# -- the visitor


class Greeting(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [
            Label(f"cookie {connection.get_cookie('sessionid')}"),
            Label(f"name {connection.get_argument('name', 'nobody')}"),
            Label(f"agent {connection.visit.headers['User-Agent']} at {connection.visit.address}"),
            Label(f"application {connection.application.settings['greeting']}"),
        ]


@pytest.mark.gen_test
async def test_the_very_first_application_sees_the_visitor(
    mounted: Mounted, app: tornado.web.Application, base_url: str
) -> None:
    mounted(Greeting)
    app.settings["greeting"] = "good day"
    visitor = Visitor(base_url + "/?name=A&name=Ada")
    response = await visitor.load(**{"User-Agent": "a browser"})
    html = html_of(response)
    assert f"cookie {visitor.cookies['sessionid']}<" in html
    assert "name Ada<" in html
    assert "agent a browser at 127.0.0.1<" in html
    assert "application good day<" in html
    cookie, identity = response.headers.get_list("Set-Cookie")
    assert cookie == f"sessionid={visitor.cookies['sessionid']}; HttpOnly; Path=/; SameSite=Lax"
    assert len(visitor.cookies["sessionid"]) > 20
    assert re.fullmatch(r"jibe_\w{8}=[\w-]+\.[\w-]{43}; HttpOnly; Max-Age=31536000; Path=/; SameSite=Lax", identity)


@pytest.mark.gen_test
async def test_a_visitor_keeps_the_cookie(mounted: Mounted, app: tornado.web.Application, base_url: str) -> None:
    mounted(Greeting)
    app.settings["greeting"] = ""
    visitor = Visitor(base_url)
    visitor.cookies["sessionid"] = "abcdefghij"
    await visitor.load()
    response = await visitor.load()
    assert "Set-Cookie" not in response.headers
    assert "cookie abcdefghij<" in html_of(response)


@pytest.mark.gen_test
@pytest.mark.parametrize("value", ["short", "x" * 129, "<script>alert(1)", ""])
async def test_a_cookie_that_is_not_ours_is_replaced(
    mounted: Mounted, app: tornado.web.Application, base_url: str, value: str
) -> None:
    mounted(Greeting)
    app.settings["greeting"] = ""
    visitor = Visitor(base_url)
    visitor.cookies["sessionid"] = value
    html = html_of(await visitor.load())
    assert visitor.cookies["sessionid"] != value
    assert f"cookie {visitor.cookies['sessionid']}<" in html


# -- no application is kept


@pytest.mark.gen_test
async def test_head_makes_no_application(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    class Unwanted(MainApp):
        def __init__(self, connection: Connection) -> None:
            raise AssertionError("made for nobody")

    registry = mounted(Unwanted)
    response = await http_client.fetch(base_url, method="HEAD")
    assert response.body == b""
    assert "script-src 'nonce-" in response.headers["Content-Security-Policy"]
    assert registry.sessions == {}


@pytest.mark.gen_test
async def test_a_page_that_never_opens_its_socket_is_dropped(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Hello, settings=Settings(prerendered_lifetime=0, check_interval=0.001))
    visitor = Visitor(base_url)
    await visitor.load()
    assert visitor.token
    await until(lambda: not registry.sessions)
    async with visitor:
        assert (await visitor.connect())["resumed"] is False
        await visitor.until(lambda: visitor.page is not None)
        assert visitor.text("hello") == "a < b"


@pytest.mark.gen_test
async def test_beyond_the_most_prerendered_sessions_a_page_is_complete_and_kept_by_nobody(
    mounted: Mounted, base_url: str
) -> None:
    registry = mounted(Hello, settings=Settings(prerendered_sessions=1))
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await first.load()
        response = await second.load()
        assert "a &lt; b" in html_of(response)
        assert config_of(response)["token"] == ""
        assert len(registry.sessions) == 1
        assert (await second.connect())["resumed"] is False
        assert "root" in await second.frame()
        assert len(registry.sessions) == 2
        # The first one opens its socket: there is room again.
        assert (await first.connect())["resumed"] is True
        assert config_of(await Visitor(base_url).load())["token"]
        assert len(registry.sessions) == 3


@pytest.mark.gen_test
async def test_past_the_most_sessions_a_visitor_is_asked_to_come_again(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    registry = mounted(Hello, settings=Settings(sessions=1))
    async with Visitor(base_url) as first:
        await first.load()
        response = await Visitor(base_url).load()
        assert response.code == 503
        assert response.headers["Retry-After"] == "10"
        assert "Too many visitors" in html_of(response)
        assert nonce_of(response) in html_of(response)
        assert "<script" not in html_of(response)
        [warning] = [record for record in caplog.records if record.name.startswith("jibe_like")]
        assert warning.levelno == logging.WARNING
        assert "settings.sessions" in warning.getMessage()
        # Nobody else is affected.
        assert (await first.connect())["resumed"] is True
        assert len(registry.sessions) == 1


class Broken(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        raise LookupError("no <table> there")


@pytest.mark.gen_test
@pytest.mark.parametrize("debug", [False, True])
async def test_an_application_that_cannot_be_made(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    registry = mounted(Broken, settings=Settings(debug=debug))
    response = await Visitor(base_url).load()
    assert response.code == 500
    html = html_of(response)
    assert "Something went wrong" in html
    assert nonce_of(response) in html
    assert '<main class="widget vbox apology">' in html
    assert ("LookupError: no &lt;table&gt; there" in html) is debug
    assert ("Traceback" in html) is debug
    assert (escape(__file__) in html) is debug
    assert "<table>" not in html
    assert registry.sessions == {}
    [error] = [record for record in caplog.records if record.name.startswith("jibe_like")]
    assert error.getMessage() == "Broken could not be started"
    assert "no <table> there" in str(error.exc_info)
    caplog.clear()


@pytest.mark.gen_test
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
async def test_an_application_whose_first_hook_raises(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture, debug: bool, is_async: bool
) -> None:
    class Unready(Hello):
        def on_session_created(self) -> object:
            return self.fail() if is_async else self.raise_it()

        async def fail(self) -> None:
            self.raise_it()

        def raise_it(self) -> NoReturn:
            raise LookupError("no <table> there")

    registry = mounted(Unready, settings=Settings(debug=debug))
    response = await Visitor(base_url).load()
    assert response.code == 200
    html = html_of(response)
    assert ("LookupError in 'on_session_created' of Unready(topwidget)" in unescape(html)) is debug
    assert ("no &lt;table&gt; there" in html) is debug
    assert ("Traceback" in html) is debug
    assert "<table>" not in html
    assert len(registry.sessions) == 1
    [error] = [record for record in caplog.records if record.name.startswith("jibe_like")]
    assert "on_session_created" in error.getMessage()
    assert "no <table> there" in str(error.exc_info)
    caplog.clear()


@pytest.mark.gen_test
async def test_one_broken_application_harms_no_other(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    mounted(Broken, "/broken")
    mounted(Hello, "/hello")
    assert (await Visitor(base_url + "/broken").load()).code == 500
    caplog.clear()
    assert (await Visitor(base_url + "/hello").load()).code == 200
