"""`info`: of whom it tells, and what."""

import gc
from types import SimpleNamespace
from typing import Any

import pytest

from jibe_like.errors import NoSessionError
from jibe_like.session import get_info, info
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.current import acting
from jibe_like.session.session import Session
from tests.sessions import App, Tab, make_session, on_a_loop

HEADERS = {
    "Host": "example.org:8881",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0",
    "Accept-Language": "zh-CN, zh;q=0.9, en;q=0.8",
}


class Request:
    """As much of a request as is asked for."""

    protocol = "https"
    host = "example.org:8881"

    def __init__(self, **headers: str) -> None:
        self.headers = headers


def page(address: str = "10.0.0.7", **headers: str) -> Connection:
    return Connection(Visit(headers=HEADERS | headers, address=address))


def tab_of(session: Session, connection: Connection) -> Tab:
    tab = Tab(session, connection)
    tab.seq = None
    return tab


@on_a_loop
async def test_all_that_is_known() -> None:
    session = make_session()
    tab = tab_of(session, page())
    with acting(session, tab.connection):
        assert info.protocol == "http"
        assert info.origin == ""
        request: Any = info.request
        assert request is None
        tab.open()
        assert info.protocol == "websocket"
        assert info.user_agent.browser.family == "Firefox"
        assert info.user_agent.is_pc
        assert info.user_language == "zh-CN"
        assert info.server_host == "example.org:8881"
        assert info.user_ip == "10.0.0.7"
        assert info.backend == "tornado"
        tab.request = Request(Origin="https://portal.example.org")  # type: ignore[attr-defined]
        assert info.request.host == "example.org:8881"
        assert info.origin == "https://portal.example.org"
        tab.request = Request()  # type: ignore[attr-defined]
        assert info.origin == "https://example.org:8881"
        assert get_info_quietly() is info
    session.destroy()


def get_info_quietly() -> object:
    with pytest.warns(DeprecationWarning, match=r"use session\.info"):
        return get_info()


@on_a_loop
async def test_a_browser_that_says_nothing() -> None:
    session = make_session()
    with acting(session, Connection()):
        assert (info.user_language, info.server_host, info.origin, info.user_ip) == ("", "", "", "")
        assert info.user_agent.browser.family == "Other"
    session.destroy()


@pytest.mark.parametrize("name", ["user_agent", "user_ip", "request", "anything"])
def test_it_is_read_only(name: str) -> None:
    writable: Any = info
    with pytest.raises(AttributeError):
        setattr(writable, name, "x")


def test_outside_of_a_session() -> None:
    with pytest.raises(NoSessionError, match="info acts on the current session"):
        _ = info.user_ip
    assert repr(info) == "<jibe_like.session.info>"
    with acting(None, page()):
        assert info.user_ip == "10.0.0.7"


@on_a_loop
async def test_where_no_page_acts() -> None:
    app = App(page("the first"))
    session = Session("s", app)
    with acting(session):
        assert info.user_ip == "the first"
        lost = tab_of(session, page("lost"))
        session.join(lost.connection)
        assert info.user_ip == "lost"
        opened = tab_of(session, page("open"))
        opened.connection.since = lost.connection.since - 10
        opened.open()
        assert info.user_ip == "open"
        session.destroy()
        assert info.user_ip == "the first"


def test_the_request_of_a_page_is_known_as_long_as_it_is_there() -> None:
    connection = page()
    request = Request()
    connection.request = request
    assert connection.request is request
    del request
    gc.collect()
    assert connection.request is None
    carrier: Any = SimpleNamespace(request=Request(), protocol="websocket")
    connection.transport = carrier
    assert connection.request is carrier.request
