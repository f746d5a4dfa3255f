"""Changes on their way to the pages: who gets what, under which number."""

import asyncio
import logging
from typing import Any

import pytest

from jibe_like.session.connection import Connection, Visit
from jibe_like.session.delivery import Delivery
from jibe_like.session.document import SessionState
from jibe_like.session.session import Session
from jibe_like.settings import Settings
from jibe_like.tree.widget import Widget
from tests.sessions import App, Tab, Words, make_session, on_a_loop, outbox_of, until


async def turn() -> None:
    """Lets the loop do what is due."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def restored(seq: int, *connections: Connection) -> tuple[Session, App]:
    """A session that another process has hosted."""
    app = App()
    session = Session("s", app, token="token")
    session.durable = True
    session.take_over(SessionState(app, seq, list(connections)))
    return session, app


class Pipe:
    """A page's transport that keeps what it is sent."""

    protocol = "websocket"

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.ended: list[tuple[int, str]] = []
        self.waiting_bytes = 0

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    def close(self, code: int, reason: str) -> None:
        self.ended.append((code, reason))


# -- alone, without a session


@on_a_loop
async def test_it_shows_any_tree_to_any_connections() -> None:
    app, connection, pipe = App(), Connection(Visit()), Pipe()
    problems: list[Any] = []
    delivery = Delivery(
        app,
        {connection.id: connection},
        Settings(),
        asyncio.get_running_loop(),
        lambda *problem: problems.append(problem),
    )
    assert not delivery.flush()
    delivery.settle()
    connection.transport = pipe
    delivery.begin(connection, 0)
    app.words.value = "1"
    assert delivery.flush()
    assert not delivery.flush()
    delivery.send_kept(connection, 3)
    delivery.send_kept(connection, 2)
    assert pipe.frames == [b'{"seq":1,"ops":[["text","words","1"]]}', b'{"kept":3}']
    delivery.end(connection)
    app.words.value = "2"
    assert not delivery.flush()
    assert delivery.open == []
    assert problems == []


@on_a_loop
async def test_what_cannot_be_shown_is_told_and_the_page_is_sent_away() -> None:
    class Bad(App):
        def content(self) -> Any:
            raise LookupError("on purpose")

    app, connection, pipe = Bad(), Connection(Visit()), Pipe()
    problems: list[tuple[Widget, str, Exception]] = []
    loop = asyncio.get_running_loop()
    delivery = Delivery(app, {connection.id: connection}, Settings(), loop, lambda *what: problems.append(what))
    connection.transport = pipe
    delivery.begin(connection, None)
    assert pipe.ended == [(1011, "the application could not be rendered")]
    assert [(widget, event) for widget, event, _ in problems] == [(app, "render")]


# -- what the store has


@on_a_loop
async def test_a_durable_session_tells_what_is_kept() -> None:
    session = make_session()
    session.durable = True
    tab = Tab(session).open()
    assert tab.told()[0] == {"hello": {"token": "token", "got": 0, "resumed": True, "kept": 0}}
    tab.say("entry", "change", value="a")
    tab.say("entry", "change", value="b")
    assert tab.told() == [{"got": 1}, {"got": 2}]
    session.stored({tab.connection.id: 1, "somebody who has gone": 7})
    session.stored({tab.connection.id: 1})
    assert tab.told() == [{"kept": 1}]
    tab.lose()
    session.stored({tab.connection.id: 2})
    tab.open()
    assert tab.told()[0]["hello"] == {"token": "token", "got": 2, "resumed": True, "kept": 2}


@on_a_loop
async def test_a_session_that_is_not_durable_says_nothing_of_it() -> None:
    tab = Tab(make_session()).open()
    assert "kept" not in tab.told()[0]["hello"]


# -- whose event it was


@on_a_loop
async def test_what_a_page_did_that_has_gone_since_is_acknowledged_to_no_other() -> None:
    session = make_session()
    gone, tab = Tab(session).open(), Tab(session).open()
    words = session.document.tree.index["words"]
    session.document.tree.index["box"].register("click", lambda: setattr(words, "value", "1"))
    async with session.lock:
        gone.say("box", "click")
        gone.leave()
        session.forget(gone.connection)
    tab.told()
    await until(lambda: tab.frames)
    (frame,) = tab.told()
    assert frame["ops"] == [["text", "words", "1"]]
    assert "got" not in frame


# -- pages of another process


@pytest.mark.parametrize("ahead", [-2, 0, 5])
@on_a_loop
async def test_a_page_of_another_process_gets_the_tree_under_a_number_above_its_own(ahead: int) -> None:
    """Even where its number is the stored one: what waited to be sent when the snapshot was taken is in no frame."""
    connection = Connection(Visit())
    session, app = restored(7, connection)
    app.words.value = "as it was stored"
    tab = Tab(session, connection)
    tab.seq = 7 + ahead
    tab.open()
    hello, root = tab.told()
    assert hello["hello"]["resumed"] is True
    assert root["seq"] > 7 + ahead
    assert root["root"] == app.node()
    tab.lose()
    tab.open()
    assert [list(frame) for frame in tab.told()] == [["hello"]], "from now on it is like any other"
    app.words.value = "after"
    await turn()
    assert tab.is_right


@on_a_loop
async def test_pages_of_another_process_come_back_one_by_one() -> None:
    connections = [Connection(Visit()) for _ in range(3)]
    session, app = restored(7, *connections)
    tabs = [Tab(session, connection) for connection in connections]
    for tab, seq in zip(tabs, (9, 8, 10), strict=True):
        tab.seq = seq
        tab.open()
        assert "root" in tab.frames[-1]
        app.words.value += "."
        await turn()
    tabs[0].lose()
    app.words.value += "."
    await turn()
    tabs[0].open()
    assert [tab.is_right for tab in tabs] == [True] * 3
    newcomer = Tab(session).open()
    assert "root" not in newcomer.frames[-1]
    assert newcomer.is_right


@on_a_loop
async def test_what_the_other_process_had_called_for_is_done_here() -> None:
    connection = Connection(Visit())
    session, app = restored(3, connection)
    app.entry.focus()
    tab = Tab(session, connection)
    tab.seq = 3
    tab.open()
    assert tab.told()[-1]["ops"] == [["call", "entry", "focus", []]]


# -- the whole tree at once


@on_a_loop
async def test_the_tree_is_sent_again_to_those_who_read() -> None:
    session = make_session(transport_bytes=100)
    tab, slow, away = Tab(session).open(), Tab(session).open(), Tab(session).open()
    away.lose()
    slow.waiting_bytes = 200
    session.document.tree.root.children.append(Words(value="new"))
    await turn()
    tab.told(), slow.told()
    session._delivery.send_roots()
    (root,) = tab.told()
    assert root["seq"] == session.seq == 2
    assert slow.told() == []
    assert len(outbox_of(session)) == 0
    slow.waiting_bytes = 0
    await until(lambda: slow.frames)
    away.open()
    assert [each.is_right for each in (tab, slow, away)] == [True] * 3


@on_a_loop
async def test_a_page_that_is_sent_away_while_others_are_told_harms_none(caplog: pytest.LogCaptureFixture) -> None:
    class Leaving(Tab):
        def close(self, code: int, reason: str) -> None:
            super().close(code, reason)
            self.leave()

    class Fragile(App):
        fails = False

        def content(self) -> Any:
            if self.fails:
                raise LookupError("on purpose")
            return super().content()

    app = Fragile()
    session = make_session(app)
    tabs = [Leaving(session).open() for _ in range(3)]
    app.fails = True
    session._delivery.send_roots()
    assert [tab.ended for tab in tabs] == [(1011, "the application could not be rendered")] * 3
    assert session.connection_count == 0
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 3
