"""Paths at which there is nothing."""

import re
from typing import Any
from urllib.parse import urljoin

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from jibe_like import Label, MainApp, MultiApp, Settings


class Hello(MainApp):
    settings = Settings(language="fr", theme="dark")

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.children = [Label("hello")]


@pytest.fixture
def app() -> tornado.web.Application:
    return MultiApp(hello=Hello, settings=Hello.settings)


async def browse(url: str, method: str = "GET", **options: Any) -> HTTPResponse:
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    return await AsyncHTTPClient().fetch(
        url, method=method, headers=headers, raise_error=False, allow_nonstandard_methods=True, **options
    )


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["/", "/nothing", "/a/b/<c>", "/hello/a/b"])
async def test_a_browser_gets_a_page_that_looks_like_the_others(
    http_client: AsyncHTTPClient, base_url: str, path: str
) -> None:
    response = await browse(base_url + path)
    html = response.body.decode()
    assert response.code == 404
    assert "<h1>Page not found</h1>" in html
    assert '<html lang="fr"' in html
    assert path == "/" or path not in html
    assert "style-src 'nonce-" in response.headers["Content-Security-Policy"]
    sheet = re.search(r'<link rel="stylesheet" href="([^"]+)"', html)
    assert sheet is not None
    assert (await browse(urljoin(base_url + path, sheet[1]))).code == 200


@pytest.mark.gen_test
async def test_no_method_finds_anything(http_client: AsyncHTTPClient, base_url: str) -> None:
    for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        assert (await browse(base_url + "/nothing", method)).code == 404


@pytest.mark.gen_test
async def test_a_program_gets_few_bytes(http_client: AsyncHTTPClient, base_url: str) -> None:
    response = await http_client.fetch(base_url + "/nothing.js", raise_error=False)
    assert response.code == 404
    assert b"Page not found" not in response.body
    assert len(response.body) < 100


def test_a_handler_of_ones_own() -> None:
    class Mine(tornado.web.RequestHandler):
        pass

    assert Hello.make_tornado_app(default_handler_class=Mine).settings["default_handler_class"] is Mine
