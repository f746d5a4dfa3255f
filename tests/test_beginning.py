"""A page whose server died before the page was stored: it goes on, and all its events count once."""

import asyncio
from typing import Any

import pytest

from jibe_like.session.connection import Connection, Visit
from jibe_like.session.token import Claims
from tests.mirror import Page
from tests.sessions import Tab, on_a_loop, until
from tests.test_keeper import Count, Process, Shelf, count, kept, token_of, warnings


class Slow(Shelf):
    """A store whose process dies before anything is committed."""

    def __init__(self) -> None:
        super().__init__()
        self.commits_at_once = False


async def knock(process: Process, tab: Tab, token: str, user: str = "me") -> Tab:
    """The page comes by its token, and is admitted as a gate would."""
    registry = process.registry
    again = await process.come_back(tab, token, user)
    if again is None:
        connection = Connection(Visit(identity=user))
        goes_on = registry.begin_again(connection, registry.check(token, user))
        session = await registry.enter(connection)
        again = Tab(session, session.connections[connection.id])
        again.page, again.seq = tab.page, tab.seq if goes_on else None
        again.open()
    return again


def hello(tab: Tab) -> dict[str, Any]:
    found: dict[str, Any] = next(frame["hello"] for frame in tab.frames if "hello" in frame)
    return found


def resend(tab: Tab, upto: int) -> None:
    """As the client does: all events that the server does not have."""
    for number in range(hello(tab)["got"] + 1, upto + 1):
        tab.say("words", "click", number)


def claims_of(process: Process, tab: Tab) -> Claims:
    tokens = [frame.get("token") or frame.get("hello", {}).get("token") for frame in tab.frames]
    claims = process.registry.check([token for token in tokens if token][-1], "me")
    assert claims is not None
    return claims


async def click(tab: Tab, times: int) -> None:
    for _ in range(times):
        tab.say("words", "click")
    await asyncio.sleep(0.005)
    assert count(tab) == str(times)


@on_a_loop
async def test_it_goes_on_by_the_same_names_and_every_event_counts_once() -> None:
    tab = await Process(Slow()).visit()
    await click(tab, 3)
    shelf = Shelf()
    process = Process(shelf)
    again = await knock(process, tab, token_of(tab))
    assert (again.session.id, again.connection.id) == (tab.session.id, tab.connection.id)
    first, root, *_ = again.frames
    assert (first["hello"]["resumed"], first["hello"]["got"], first["hello"]["kept"]) == (True, 0, 0)
    assert root["seq"] > (tab.seq or 0)
    resend(again, 3)
    assert count(again) == "3"
    assert again.is_right
    await until(lambda: kept(again) == 3)
    assert await knock(Process(shelf), again, token_of(again)) is not None


@on_a_loop
async def test_however_often_the_server_dies() -> None:
    tab, clicks = await Process(Slow()).visit(), 2
    await click(tab, clicks)
    for _ in range(3):
        tab = await knock(Process(Slow()), tab, token_of(tab))
        assert hello(tab)["resumed"] is True
        clicks += 1
        resend(tab, clicks)
        assert count(tab) == str(clicks)
    token = token_of(tab)
    # One that has heard nothing of its new session, and comes by the token of the one before.
    process = Process(Shelf())
    unheard = await knock(process, tab, token)
    tab = await knock(process, tab, token)
    assert tab.session is unheard.session
    assert hello(tab)["resumed"] is True
    resend(tab, clicks)
    assert count(tab) == str(clicks)


@on_a_loop
async def test_what_was_stored_begins_no_second_time() -> None:
    """Not even where nothing but the page itself was stored, and has expired since."""
    shelf = Shelf()
    process = Process(shelf)
    tab = await process.visit()
    assert claims_of(process, tab).beginning is not None
    await until(lambda: tab.connection.stored and "token" in tab.frames[-1])
    assert kept(tab) == 0
    assert claims_of(process, tab).beginning is None
    token = tab.frames[-1]["token"]
    tab.say("words", "click")
    await until(lambda: kept(tab) == 1)
    shelf.records.clear()
    again = await knock(Process(shelf), tab, token)
    assert hello(again)["resumed"] is False
    assert again.session.id != tab.session.id


@on_a_loop
async def test_the_page_knows_that_it_is_stored_before_it_lets_go_of_an_event() -> None:
    process = Process(shelf := Slow())
    tab = await process.visit()
    await click(tab, 1)
    tab.told()
    for _, done in shelf.puts:
        done(None)
    await until(lambda: kept(tab) == 1)
    first, *others = tab.told()
    assert list(first) == ["token"]
    assert others[-1] == {"kept": 1}


@on_a_loop
async def test_a_session_that_ended_in_this_process_is_not_begun_again() -> None:
    process = Process(Slow())
    tab = await process.visit()
    await click(tab, 1)
    process.registry.discard(tab.session)
    again = await knock(process, tab, token_of(tab))
    assert hello(again)["resumed"] is False
    assert again.session.id != tab.session.id


@on_a_loop
async def test_what_was_clicked_before_the_first_connection_counts_however_late_that_comes() -> None:
    process = Process(Shelf(), prerendered_lifetime=0.0)
    connection = Connection(Visit(identity="me"))
    session = await process.registry.enter(connection)
    tab = Tab(session, connection)
    tab.page, tab.seq = Page(session.render()), session.seq
    token = process.registry.issue_token(connection)
    await until(lambda: session.destroyed)
    again = await knock(process, tab, token)
    assert hello(again)["resumed"] is True
    resend(again, 2)
    assert count(again) == "2"


@on_a_loop
async def test_after_the_lifetime_of_a_lost_page_it_is_too_late() -> None:
    tab = await Process(Slow(), lost_lifetime=0.0).visit()
    await click(tab, 1)
    again = await knock(Process(Shelf(), lost_lifetime=60.0), tab, token_of(tab))
    assert hello(again)["resumed"] is False


@on_a_loop
async def test_another_visitor_gets_nothing_by_the_token() -> None:
    tab = await Process(Slow()).visit()
    await click(tab, 1)
    thief = await knock(Process(Shelf()), tab, token_of(tab), "thief")
    assert hello(thief)["resumed"] is False
    assert thief.session.id != tab.session.id


class Different(Count):
    """Each looks different."""

    made = iter(range(100))

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.words.value = str(next(self.made))


@on_a_loop
async def test_an_application_that_looks_different_at_first_starts_anew(caplog: pytest.LogCaptureFixture) -> None:
    """A click is for what the user has seen."""
    tab = await Process(Slow(), Different).visit()
    again = await knock(Process(Shelf(), Different), tab, token_of(tab))
    assert hello(again)["resumed"] is False
    assert warnings(caplog) == [
        f"session {tab.session.id} starts anew: it does not look as it did when its page was loaded"
    ]
    # From here on it is as any other.
    before = int(count(again))
    again.say("words", "click", 1)
    assert count(again) == str(before + 1)
    await until(lambda: kept(again) == 1)


@on_a_loop
async def test_what_happened_since_the_beginning_is_no_difference() -> None:
    """It is what the events have made of it that are sent again."""
    process = Process(Slow(), mode="broadcast")
    early = await process.visit("early")
    await click(early, 2)
    late = await process.visit("late")
    late.say("words", "click")
    assert count(late) == "3"
    alive = Process(Shelf(), mode="broadcast")
    late, early = (
        await knock(alive, late, token_of(late), "late"),
        await knock(alive, early, token_of(early), "early"),
    )
    assert late.session is early.session
    assert (hello(late)["resumed"], hello(early)["resumed"]) == (True, True)
    resend(early, 2)
    resend(late, 1)
    assert count(late) == "3"
    await asyncio.sleep(0)
    assert late.is_right
    assert early.is_right


@on_a_loop
async def test_a_page_that_came_to_a_session_after_that_was_stored() -> None:
    dead, shelf = Shelf(), Shelf()
    process = Process(dead, mode="broadcast")
    first = await process.visit("first")
    first.say("words", "click")
    await until(lambda: kept(first) == 1)
    shelf.records = dict(dead.records)
    second = await process.visit("second")
    second.say("words", "click")
    second.say("words", "click")
    assert count(second) == "3"
    tokens = token_of(first), token_of(second)
    alive = Process(shelf, mode="broadcast")
    again = [await knock(alive, second, tokens[1], "second"), await knock(alive, first, tokens[0], "first")]
    assert [(hello(tab)["resumed"], hello(tab)["got"]) for tab in again] == [(True, 0), (True, 1)]
    resend(again[0], 2)
    resend(again[1], 1)
    assert count(again[0]) == "3"
    # And once more: now it is in the store.
    await until(lambda: kept(again[0]) == 2)
    last = await knock(Process(shelf, mode="broadcast"), again[0], token_of(again[0]), "second")
    assert hello(last)["got"] == 2


@on_a_loop
@pytest.mark.parametrize("mode", ["unicast", "multicast", "broadcast"])
async def test_two_that_knock_at_once_are_one_page(mode: str) -> None:
    tab = await Process(Slow(), mode=mode).visit()
    await click(tab, 2)
    process, token = Process(Shelf(), mode=mode), token_of(tab)
    one, other = await asyncio.gather(knock(process, tab, token), knock(process, tab, token))
    assert one.connection is other.connection
    assert len(process.registry.sessions) == 1
    assert [one.ended, other.ended].count(None) == 1
    resend(one if one.ended is None else other, 2)
    assert count(one) == "2"


@on_a_loop
async def test_what_cannot_be_stored_is_no_page_to_begin_again(caplog: pytest.LogCaptureFixture) -> None:
    class Local(Count):
        """Of a class that nobody finds again."""

    process = Process(Shelf(), Local)
    tab = await process.visit()
    await click(tab, 1)
    await until(lambda: kept(tab) == 1)
    assert claims_of(process, tab).beginning is None
    assert "cannot be stored" in warnings(caplog)[0]
