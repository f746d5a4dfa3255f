"""`go_app`: to another application of the same server."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import pytest

from jibe_like.errors import SessionEndedError
from jibe_like.session import go_app
from jibe_like.session.current import acting
from jibe_like.session.session import Session
from tests.sessions import App, Tab, on_a_loop, until


class Shop:
    pass


class Cart:
    pass


def mount(app_class: type, prefix: str, *sessions: Session) -> Any:
    registry = SimpleNamespace(sessions={session.id: session for session in sessions})
    return SimpleNamespace(app_class=app_class, prefix=prefix, registry=registry)


@pytest.mark.parametrize(
    ("here", "name", "there"),
    [
        ("", "Shop", "/shop/"),
        ("", "/", "/"),
        ("", "App", "/"),
        ("/shop", "/", "/"),
        ("/shop", "Cart", "/shop/cart/"),
        ("/shop", "/shop/cart", "/shop/cart/"),
        ("/shop/cart", "shop", "/shop/"),
        ("/shop/cart", "Cart", "/shop/cart/"),
    ],
)
@on_a_loop
async def test_by_route_or_name(here: str, name: str, there: str) -> None:
    places = {"": App, "/shop": Shop, "/shop/cart": Cart}
    server = SimpleNamespace()
    session = Session("s", App(), server=server)
    server.mounts = {
        prefix or "/": mount(kind, prefix, *([session] if prefix == here else [])) for prefix, kind in places.items()
    }
    first, second = Tab(session).open(), Tab(session).open()
    with acting(session, first.connection):
        go_app(name)
        go_app(name, new_window=False)
    await until(lambda: first.extras("open"))
    (_, shown, in_new_window), (_, _, in_old_window) = first.extras("open")
    assert urljoin(f"http://host{here}/websocket", shown) == f"http://host{there}"
    assert (in_new_window, in_old_window) == (True, False)
    assert second.extras("open") == []
    session.destroy()


@on_a_loop
async def test_an_unknown_name_is_an_error_that_names_those_that_there_are() -> None:
    session = Session("s", App(), server=SimpleNamespace(mounts={"/": mount(App, ""), "/shop": mount(Shop, "/shop")}))
    with acting(session), pytest.raises(ValueError, match="no application 'Bar'; there are: App at /, Shop at /shop"):
        go_app("Bar")
    session.destroy()
    with acting(session), pytest.raises(SessionEndedError):
        go_app("Shop")


@on_a_loop
async def test_a_session_of_no_server() -> None:
    session = Session("s", App())
    with acting(session), pytest.raises(ValueError, match="there are: none"):
        go_app("Shop")
    session.destroy()
