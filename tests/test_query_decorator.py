"""`@app`: which functions it takes, and where they go."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.errors import ServerError
from jibe_like.query import Query, QueryApp, app
from jibe_like.settings import Settings
from tests.queries import Site, make_server
from tests.sessions import on_a_loop


def none() -> None: ...
def two(q: Query, more: object) -> None: ...
def optional(q: Query, more: int = 3) -> None: ...
def named(*, q: Query) -> None: ...
def further(**q: Query) -> None: ...
def first(q: Query) -> None: ...
async def second(q: Query) -> None: ...


class Shop:
    def serve(self, q: Query) -> None: ...


@pytest.mark.parametrize("handler", [none, two, optional, named, further, Shop.serve])
def test_a_function_takes_exactly_one_argument(handler: Callable[..., object]) -> None:
    server = make_server()
    with pytest.raises(TypeError, match=rf"{handler.__qualname__} must take exactly one argument"):
        app("/", server=server)(handler)
    app("/", server=server)(first)


@pytest.mark.parametrize("handler", [Shop, functools.partial(two, more=3), 3])
def test_it_is_for_functions(handler: Any) -> None:
    with pytest.raises(TypeError, match="@app is for functions"):
        app("/", server=make_server())(handler)


def test_a_function_stays_what_it_is() -> None:
    server = make_server()
    assert app("/", server=server)(first) is first
    assert app("/shop", server=server)(Shop().serve).__name__ == "serve"


@pytest.mark.parametrize("route", ["", "about", 3, None])
def test_a_route_is_a_path(route: Any) -> None:
    with pytest.raises(ValueError, match="a route is a path"):
        app(route, server=make_server())


def test_a_mode_is_one_of_three() -> None:
    with pytest.raises(ValueError, match="unicast, multicast, broadcast, not 'anycast'"):
        app("/", "anycast", server=make_server())


@pytest.mark.parametrize("again", ["/about", "/about/"])
def test_one_function_answers_at_a_route(again: str) -> None:
    server = make_server()
    app("/about", server=server)(first)
    app("/", server=server)(second)
    with pytest.raises(ServerError, match=r"/about: first .* second"):
        app(again, server=server)(second)
    app("/about", server=make_server())(second)


def test_many_routes_make_one_server() -> None:
    server = make_server()
    app("/", server=server)(first)
    app("/about/us", server=server)(second)
    server.make_tornado_app()
    assert {route: mount.app_class for route, mount in server.mounts.items()} == {
        "/": QueryApp.of(first),
        "/about/us": QueryApp.of(second),
    }


def test_the_class_behind_a_function() -> None:
    app("/a", server=make_server(), title="A", stylesheet="a{}", settings=Settings(theme="dark"))(first)
    made = QueryApp.of(first)
    assert (made.title, made.stylesheet, made.settings.theme, made.route) == ("A", "a{}", "dark", "/a")
    assert (made.__module__, made.__qualname__) == (__name__, "first")


@pytest.mark.parametrize(("route", "title"), [("/", "first"), ("/about/", "about")])
def test_a_page_without_a_title(route: str, title: str) -> None:
    app(route, server=make_server())(first)
    assert QueryApp.of(first).title == title


@on_a_loop
async def test_hooks_of_the_server() -> None:
    calls: list[str] = []

    async def on_startup() -> None:
        calls.append("up")

    def serve(q: Query) -> None:
        calls.append("query")

    async with Site(serve, on_startup=on_startup, on_shutdown=lambda: calls.append("down")) as site:
        await site.load()
    assert calls == ["up", "query", "down"]


def test_the_mode_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIBE_LIKE_MODE", "broadcast")
    server = make_server()
    app("/", server=server)(first)
    app("/mine", "multicast", server=server)(second)
    server.make_tornado_app()
    assert {route: mount.mode for route, mount in server.mounts.items()} == {"/": "broadcast", "/mine": "multicast"}
