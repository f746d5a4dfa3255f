"""An application's own files: what assets_path may be, and that nothing outside of it is served."""

import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from jibe_like import AssetsPathError, Label, MainApp, MultiApp
from tests.integration.conftest import Mounted
from tests.serving import Serve

SECRET = "not for strangers"


class Files(MainApp):
    """A test says what its `assets_path` is."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.children = [Label("files")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `public` to serve, beside things that are nobody's business. The program was started above it."""
    monkeypatch.chdir(tmp_path)
    public = tmp_path / "public"
    (public / "inner").mkdir(parents=True)
    (public / "page.css").write_text("body { color: red }")
    (public / "inner" / "data.json").write_text("{}")
    (public / "with space.txt").write_text("space")
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "public-not").mkdir()
    (tmp_path / "public-not" / "secret.txt").write_text(SECRET)
    (public / "link.txt").symlink_to(tmp_path / "secret.txt")
    (public / "linked").symlink_to(tmp_path / "public-not")
    (public / "inside.txt").symlink_to(public / "page.css")
    return public


def app_with(assets_path: Any) -> type[MainApp]:
    class Own(Files):
        pass

    Own.assets_path = assets_path
    return Own


async def read(url: str) -> bytes:
    return (await AsyncHTTPClient().fetch(url)).body


# -- shapes


@pytest.mark.gen_test
async def test_one_folder(serve: Serve, folder: Path) -> None:
    url = serve(app_with({"from": "public", "to": "/files"}))
    response = await AsyncHTTPClient().fetch(url + "files/page.css")
    assert response.body == b"body { color: red }"
    assert response.headers["Content-Type"] == "text/css"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert await read(url + "files/inner/data.json") == b"{}"
    assert await read(url + "files/with%20space.txt") == b"space"
    assert b"files</" in await read(url)


@pytest.mark.gen_test
@pytest.mark.parametrize("kind", [list, tuple])
async def test_several_folders(serve: Serve, folder: Path, kind: type) -> None:
    entries = [{"from": "public", "to": "/a"}, {"from": str(folder / "inner"), "to": "/b/c"}]
    url = serve(app_with(kind(entries)))
    assert await read(url + "a/page.css") == b"body { color: red }"
    assert await read(url + "b/c/data.json") == b"{}"


@pytest.mark.gen_test
@pytest.mark.parametrize("source", ["public", "./public", "public/", "public/inner/..", Path("public"), None])
async def test_from_is_relative_to_where_the_program_was_started(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str | Path | None
) -> None:
    url = serve(app_with({"from": source or str(folder), "to": "files"}))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert await read(url + "files/page.css") == b"body { color: red }"


@pytest.mark.gen_test
@pytest.mark.parametrize("to", ["files", "/files", "files/", "/files/", "//files"])
async def test_to_is_absolute(serve: Serve, folder: Path, to: str) -> None:
    assert await read(serve(app_with({"from": "public", "to": to})) + "files/page.css") == b"body { color: red }"


@pytest.mark.gen_test
async def test_to_is_absolute_where_the_application_is_mounted(mounted: Mounted, folder: Path, base_url: str) -> None:
    mounted(app_with({"from": "public", "to": "files"}), "/deep/inside")
    assert await read(base_url + "/files/page.css") == b"body { color: red }"


@pytest.mark.gen_test
async def test_characters_of_regular_expressions_in_to_are_meant(serve: Serve, folder: Path) -> None:
    url = serve(app_with({"from": "public", "to": "/a.b+c(d)"}))
    assert await read(url + "a.b+c(d)/page.css") == b"body { color: red }"
    with pytest.raises(HTTPClientError, match="404"):
        await read(url + "aXb+c(d)/page.css")


@pytest.mark.gen_test
async def test_folders_of_a_multi_app(serve: Serve, folder: Path) -> None:
    own = app_with({"from": "public/inner", "to": "/own"})
    url = serve(MultiApp(one=own, assets_path={"from": "public", "to": "/files"}))
    assert await read(url + "files/page.css") == b"body { color: red }"
    assert await read(url + "own/data.json") == b"{}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("public", "'public'"),
        (5, "5"),
        ({"from", "to"}, "must be a dict or a list of dicts"),
        ([["public", "/files"]], "['public', '/files']"),
        ({}, "{} has no 'from'"),
        ({"from": "public"}, "{'from': 'public'} has no 'to'"),
        ({"to": "/files"}, "{'to': '/files'} has no 'from'"),
        ([{"from": "public", "to": "/a"}, {"to": "/b"}], "{'to': '/b'} has no 'from'"),
        ({"from": 5, "to": "/files"}, "{'from': 5, 'to': '/files'}"),
        ({"from": "public", "to": None}, "{'from': 'public', 'to': None}"),
        ({"from": "nowhere", "to": "/files"}, "/nowhere' (from {'from': 'nowhere', 'to': '/files'}) is no folder"),
        ({"from": "secret.txt", "to": "/files"}, "/secret.txt' (from "),
    ],
)
def test_what_cannot_be_served_is_told_by_class_and_value(folder: Path, value: Any, expected: str) -> None:
    own = app_with(value)
    with pytest.raises(AssetsPathError, match=rf"^Own\.assets_path.*{re.escape(expected)}"):
        own.make_tornado_app()
    with pytest.raises(AssetsPathError, match=rf"^MultiApp\.assets_path.*{re.escape(expected)}"):
        MultiApp(assets_path=value)


# -- nothing outside


def raw_get(url: str, path: bytes) -> bytes:
    """The response to exactly this path: no client cleans it up."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.makefile("rb").read()


@pytest.mark.parametrize(
    "path",
    [
        b"../secret.txt",
        b"..%2fsecret.txt",
        b"%2e%2e/secret.txt",
        b"%2e%2e%2fsecret.txt",
        b"%252e%252e%252fsecret.txt",
        b"..%5csecret.txt",
        b"..\\secret.txt",
        b"inner/../../secret.txt",
        b"inner/..%2f..%2fsecret.txt",
        b"./../secret.txt",
        b".../secret.txt",
        b"../public-not/secret.txt",
        b"%2e%2e/public-not/secret.txt",
        b"/etc/passwd",
        b"//etc/passwd",
        b"%2fetc%2fpasswd",
        b"page.css%00",
        b"%00",
        b"page.css%00.txt",
        b"..%00/secret.txt",
        b"..%c0%afsecret.txt",
        b"%ff%fe",
        b"inner",
        b"inner/",
        b"",
        b".",
        b"..",
        b"%2e",
        b"%2e%2e",
        b"page.css/x",
        b"nothing.css",
        b"x" * 5_000,
    ],
)
def test_nothing_else_is_served(serve: Serve, folder: Path, path: bytes) -> None:
    url = serve(app_with({"from": "public", "to": "/files"}))
    response = raw_get(url, b"/files/" + path)
    assert re.match(rb"HTTP/1.1 40[034] ", response), response[:200]
    for text in (SECRET.encode(), b"root:", b"page.css", b"data.json", str(folder.parent).encode()):
        assert text not in response.partition(b"\r\n\r\n")[2]
    assert raw_get(url, b"/files/page.css").endswith(b"body { color: red }")


def test_a_folder_without_a_slash_is_no_file(serve: Serve, folder: Path) -> None:
    url = serve(app_with({"from": "public", "to": "/files"}))
    assert raw_get(url, b"/files").startswith(b"HTTP/1.1 404 ")
    assert raw_get(url, b"/filespage.css").startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("path", [b"link.txt", b"linked/secret.txt", b"linked/", b"linked", b"circle"])
def test_a_link_to_elsewhere_is_as_if_it_were_not_there(serve: Serve, folder: Path, path: bytes) -> None:
    (folder / "circle").symlink_to(folder / "circle")
    url = serve(app_with({"from": "public", "to": "/files"}))
    response = raw_get(url, b"/files/" + path)
    assert response.startswith(b"HTTP/1.1 404 ")
    assert SECRET.encode() not in response


def test_a_link_that_stays_inside_is_served(serve: Serve, folder: Path) -> None:
    url = serve(app_with({"from": "public", "to": "/files"}))
    assert raw_get(url, b"/files/inside.txt").endswith(b"body { color: red }")


def test_a_folder_that_is_a_link_itself_is_served(serve: Serve, folder: Path) -> None:
    (folder.parent / "alias").symlink_to(folder)
    url = serve(app_with({"from": "alias", "to": "/files"}))
    assert raw_get(url, b"/files/page.css").endswith(b"body { color: red }")
    assert raw_get(url, b"/files/../secret.txt").startswith(b"HTTP/1.1 40")


def test_a_folder_may_stand_at_the_root_beside_the_page(serve: Serve, folder: Path) -> None:
    url = serve(app_with({"from": "public", "to": "/"}))
    assert b"files</" in raw_get(url, b"/")
    assert raw_get(url, b"/page.css").endswith(b"body { color: red }")
    assert raw_get(url, b"/../secret.txt").startswith(b"HTTP/1.1 40")


def test_methods_that_change_nothing_alone(serve: Serve, folder: Path) -> None:
    url = serve(app_with({"from": "public", "to": "/files"}))
    parts = urlsplit(url)
    for method, status in ((b"HEAD", b"200"), (b"POST", b"405"), (b"PUT", b"405"), (b"DELETE", b"405")):
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
            connection.sendall(
                method + b" /files/page.css HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            assert connection.recv(12) == b"HTTP/1.1 " + status
