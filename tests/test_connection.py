"""A page's connection to its session."""

import asyncio
import gc
import weakref

from jibe_like.session.connection import Connection, Visit
from tests.sessions import Tab, make_session


def test_it_tells_what_the_request_came_with() -> None:
    visit = Visit({"sessionid": "x"}, {"page": "2"}, {"User-Agent": "test"}, "127.0.0.1", "/app")
    connection = Connection(visit, application="the application")
    assert connection.get_cookie("sessionid") == "x"
    assert connection.get_cookie("other") is None
    assert connection.get_cookie("other", "default") == "default"
    assert connection.get_argument("page") == "2"
    assert connection.get_argument("other", "default") == "default"
    assert connection.visit.headers["User-Agent"] == "test"
    assert connection.application == "the application"
    assert (connection.visit.address, connection.visit.path) == ("127.0.0.1", "/app")
    assert not connection.is_open


def test_each_has_a_name_of_its_own() -> None:
    assert Connection(Visit()).id != Connection(Visit()).id
    assert repr(Connection(Visit(), connection_id="mine")) == "Connection(mine)"


def test_closing_tells_the_page_why() -> None:
    async def main() -> None:
        tab = Tab(make_session()).open()
        assert tab.connection.is_open
        tab.connection.close()
        assert tab.ended == (1000, "closed by the application")

        other = Tab(make_session()).open()
        other.connection.close(1013, "later")
        assert other.ended == (1013, "later")

    asyncio.run(main())


def test_closing_before_the_page_has_opened_its_socket_forgets_it() -> None:
    async def main() -> None:
        session = make_session()
        tab = Tab(session)
        tab.connection.close()
        assert not session.connections
        Connection(Visit()).close()

    asyncio.run(main())


def test_it_can_be_collected() -> None:
    reference = weakref.ref(Connection(Visit()))
    gc.collect()
    assert reference() is None
