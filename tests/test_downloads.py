"""`download`: what is offered, to whom, and for how long."""

import asyncio
import io
from typing import Any

import pytest

from jibe_like.errors import NoSessionError, SessionEndedError
from jibe_like.session import download
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.current import acting
from jibe_like.session.functions import downloads
from jibe_like.session.functions.content import Content
from jibe_like.session.functions.downloads import Offer, find_offer
from tests.sessions import Tab, make_session, on_a_loop, until


async def offered(tab: Tab) -> Offer:
    """The first download that the page is told of."""
    await until(lambda: tab.extras("download"))
    _, url, _ = tab.extras("download")[-1]
    offer = find_offer(url.removeprefix("_jibe/download/"))
    assert offer is not None
    return offer


@on_a_loop
async def test_it_is_offered_to_the_page_that_acts() -> None:
    session = make_session()
    first, second = Tab(session).open(), Tab(session).open()
    first.connection.visit, second.connection.visit = Visit(identity="ann"), Visit(identity="bob")
    with acting(session, first.connection):
        download("a.txt", b"content")
    offer = await offered(first)
    assert first.extras("download")[-1][2] == "a.txt"
    assert second.extras("download") == []
    assert offer.may_be_fetched_by("ann")
    assert not offer.may_be_fetched_by("bob")
    offer.take()
    assert find_offer(offer.token) is None
    session.destroy()


@on_a_loop
async def test_where_no_page_acts_the_newest_gets_it_or_the_first_to_come() -> None:
    session = make_session()
    with acting(session):
        download("early.txt", "")
    first, second = Tab(session), Tab(session)
    first.open()
    offer = await offered(first)
    first.connection.visit, second.connection.visit = Visit(identity="ann"), Visit(identity="bob")
    assert offer.may_be_fetched_by("ann")
    assert not offer.may_be_fetched_by("eve")
    second.open()
    second.connection.since += 1
    with acting(session):
        await asyncio.to_thread(download, "of a thread.txt", "")
    assert not (await offered(second)).may_be_fetched_by("ann")
    session.destroy()


@on_a_loop
async def test_what_nobody_fetches_in_time_is_closed() -> None:
    session = make_session(download_lifetime=0.01)
    tab = Tab(session).open()
    file = io.BytesIO(b"content")
    with acting(session, tab.connection):
        download("a", file)
    offer = await offered(tab)
    await until(lambda: file.closed)
    assert find_offer(offer.token) is None
    session.destroy()


@on_a_loop
async def test_what_nobody_has_fetched_ends_with_the_session() -> None:
    session = make_session()
    tab = Tab(session).open()
    files = [io.BytesIO(b"content") for _ in range(3)]
    with acting(session, tab.connection):
        for file in files:
            download("a", file)
        taken = await offered(tab)
        taken.take()
        session.destroy()
        await until(lambda: [file.closed for file in files] == [True, True, False])
        assert not downloads._offers
        with pytest.raises(SessionEndedError, match="download needs a page"):
            download("a", b"")
    assert taken.content.size == len(b"content")


@on_a_loop
async def test_the_oldest_is_withdrawn_where_there_are_too_many(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session(downloads_per_session=2)
    tab = Tab(session).open()
    files = [io.BytesIO(b"content") for _ in range(4)]
    with acting(session, tab.connection):
        for number, file in enumerate(files):
            download(f"{number}", file)
    await until(lambda: [file.closed for file in files] == [True, True, False, False])
    assert len(downloads._offers) == 2
    assert "session s: '1' was not fetched, and is withdrawn" in caplog.text
    session.destroy()


@on_a_loop
async def test_content_that_cannot_be_closed_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(io.BytesIO):
        def close(self) -> None:
            raise OSError("it is stuck")

    session = make_session()
    with acting(session, Tab(session).open().connection):
        download("a", Broken())
    session.destroy()
    await until(lambda: "it is stuck" in caplog.text)
    assert "the content of 'a' could not be closed" in caplog.text


@on_a_loop
async def test_wrong_arguments() -> None:
    session = make_session()
    wrong: Any = 5
    with acting(session, Connection()):
        with pytest.raises(TypeError, match="name must be str"):
            download(wrong, b"")
        with pytest.raises(TypeError, match="content must be"):
            download("a", wrong)
    session.destroy()


def test_outside_of_a_session() -> None:
    with pytest.raises(NoSessionError, match="download"):
        download("a", b"")


@on_a_loop
async def test_a_thread_that_comes_too_late() -> None:
    session = make_session()
    file = io.BytesIO()
    with acting(session):
        offer = Offer(session, "a", Content(file))
    session.destroy()
    with pytest.raises(SessionEndedError, match="download needs a page"):
        offer.open()
    await until(lambda: file.closed)
