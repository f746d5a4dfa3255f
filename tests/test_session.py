"""A session: one application, and the pages that show it."""

import asyncio
import logging
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from jibe_like.errors import ProtocolError
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.session import Session
from jibe_like.tree.binding import text
from jibe_like.tree.events import Message
from jibe_like.tree.node import Node
from jibe_like.tree.property import Property
from jibe_like.tree.widget import Widget
from tests.sessions import App, Tab, Words, make_session, on_a_loop, outbox_of, until


async def turn() -> None:
    """Lets the loop do what is due."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def app_of(session: Session) -> App:
    assert isinstance(session.document, App)
    return session.document


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


# -- a page opens its socket


@on_a_loop
async def test_a_session_needs_an_id_and_a_document() -> None:
    for session_id, document in ((None, App()), ("s", None)):
        with pytest.raises(ValueError, match="needs an id and a document"):
            Session(session_id, document)  # type: ignore[arg-type]
    assert repr(make_session()) == "Session(s)"


@on_a_loop
async def test_a_page_that_has_the_tree_is_told_what_changed_since() -> None:
    session = make_session()
    tab = Tab(session)
    app_of(session).words.value = "1"
    tab.open()
    assert tab.told() == [
        {"hello": {"token": "token", "got": 0, "resumed": True}},
        {"seq": 1, "ops": [["text", "words", "1"]]},
    ]
    assert session.connection_count == 1


@on_a_loop
async def test_a_page_that_has_nothing_gets_the_tree() -> None:
    session = make_session()
    tab = Tab(session)
    app_of(session).words.value = "1"
    tab.seq = None
    tab.open()
    hello, root = tab.told()
    assert hello["hello"]["resumed"] is False
    assert root == {"seq": 0, "root": app_of(session).node()}


@on_a_loop
async def test_what_was_called_before_the_socket_opened_is_done_then() -> None:
    session = make_session()
    app_of(session).entry.focus()
    tab = Tab(session).open()
    assert tab.told()[-1] == {"seq": 1, "ops": [["call", "entry", "focus", []]]}
    assert app_of(session).opened == 1


@on_a_loop
async def test_two_pages_that_wait_for_their_sockets_both_get_what_changed() -> None:
    session = make_session()
    first = Tab(session)
    app_of(session).words.value = "changed between the two"
    second = Tab(session)
    app_of(session).words.value = "changed after both"
    for tab in (first, second):
        tab.open()
        assert tab.is_right


@on_a_loop
async def test_a_page_that_opens_another_socket_loses_the_first() -> None:
    session = make_session()
    tab = Tab(session).open()
    again = Tab(session, tab.connection)
    again.seq, again.page = tab.seq, tab.page
    again.open()
    assert tab.ended == (4000, "the page opened another connection")
    tab.lose()
    assert session.connection_count == 1
    app_of(session).words.value = "1"
    await turn()
    assert again.is_right


@on_a_loop
async def test_a_handler_of_the_opening_that_raises_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    class Bad(App):
        def wsopen(self) -> None:
            raise LookupError("on purpose")

    tab = Tab(make_session(Bad())).open()
    assert "'wsopen'" in errors(caplog)[0]
    app_of(tab.session).words.value = "1"
    await turn()
    assert tab.is_right


# -- what goes out


@on_a_loop
async def test_one_frame_a_turn() -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    tab.told()
    app.words.value = "1"
    app.words.value = "2"
    app.box.children.append(Words(value="a"))
    assert tab.told() == []
    await turn()
    (frame,) = tab.told()
    assert frame["seq"] == 1
    assert len(frame["ops"]) == 2
    await turn()
    assert tab.told() == []


@on_a_loop
async def test_an_event_is_answered_at_once_with_its_number() -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    app.words.register("click", lambda: setattr(app.words, "value", "1"))
    await turn()
    tab.told()
    tab.say("words", "click")
    assert tab.told() == [{"seq": 2, "got": 1, "ops": [["text", "words", "1"]]}]
    tab.say("words", "click")
    assert tab.told() == [{"got": 2}]
    await turn()
    assert tab.told() == []


@on_a_loop
async def test_an_event_without_a_number_is_handled_and_not_counted() -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    tab.told()
    tab.say("entry", "change", 0, value="a")
    assert app.entry.value == "a"
    assert tab.connection.handled == 0
    tab.say("words", "click", 0)
    assert [frame for frame in tab.told() if "got" in frame] == []


@on_a_loop
async def test_an_event_is_handled_once() -> None:
    tab = Tab(make_session()).open()
    heard: list[int] = []
    app_of(tab.session).words.register("click", lambda: heard.append(1))
    for number in (1, 1, 3, 2, 3):
        tab.say("words", "click", number)
    assert len(heard) == 2
    assert tab.connection.handled == 3


@on_a_loop
async def test_the_page_that_a_value_came_from_is_not_told_it() -> None:
    session = make_session()
    mine, other = Tab(session).open(), Tab(session).open()
    mine.told(), other.told()
    mine.say("entry", "change", value="a")
    assert mine.told() == [{"got": 1}]
    assert other.told() == [{"seq": 1, "ops": [["prop", "entry", "value", "a"]]}]
    app_of(session).words.value = "1"
    other.say("entry", "change", value="b")
    assert mine.told() == [{"seq": 2, "ops": [["text", "words", "1"], ["prop", "entry", "value", "b"]]}]
    assert other.told() == [{"seq": 2, "got": 1, "ops": [["text", "words", "1"]]}]


@on_a_loop
async def test_all_pages_show_the_same() -> None:
    session = make_session()
    tabs = [Tab(session).open() for _ in range(3)]
    app_of(session).box.children = [Words(value="a"), Words(value="b")]
    await turn()
    tabs.append(Tab(session).open())
    app_of(session).box.children.reverse()
    await turn()
    assert all(tab.is_right for tab in tabs)


# -- a connection is lost and comes back


@on_a_loop
async def test_what_was_missed_is_replayed() -> None:
    session = make_session()
    away, other = Tab(session).open(), Tab(session).open()
    away.lose()
    for number in range(3):
        app_of(session).words.value = f"{number} missed"
        await turn()
    away.open()
    assert [frame.get("seq") for frame in away.told()] == [None, 1, 2, 3]
    assert away.is_right
    assert other.is_right


@on_a_loop
async def test_after_what_was_missed_the_page_is_told_what_has_been_handled() -> None:
    app = App()
    session = make_session(app)
    tab = Tab(session).open()
    app.entry.value = "the server's"
    session.flush()
    missed = tab.frames.pop()
    tab.seq = missed["seq"] - 1
    tab.say("entry", "change", value="the page's")
    tab.lose()
    tab.seq = missed["seq"] - 1
    tab.open()
    hello, *replayed, last = tab.told()
    assert hello["hello"]["got"] == 1
    assert missed in replayed
    assert last == {"got": 1}
    session.destroy()


@on_a_loop
async def test_while_nobody_looks_changes_wait_and_coalesce() -> None:
    tab = Tab(make_session()).open()
    tab.lose()
    for number in range(100):
        app_of(tab.session).words.value = str(number)
        await turn()
    tab.open()
    assert tab.told()[1:] == [{"seq": 1, "ops": [["text", "words", "99"]]}]
    app_of(tab.session).words.value = "again"
    await turn()
    assert tab.is_right


@on_a_loop
async def test_past_the_window_the_whole_tree_is_sent() -> None:
    session = make_session(outbox_frames=2)
    away, other = Tab(session).open(), Tab(session).open()
    away.lose()
    for number in range(5):
        app_of(session).words.value = f"{number} missed"
        await turn()
        other.acknowledge()
    assert len(outbox_of(session)) == 2
    app_of(session).box.hidden = True
    away.open()
    hello, root = away.told()
    assert hello["hello"]["resumed"] is True
    assert root["seq"] == 6
    assert away.is_right
    assert other.is_right


@on_a_loop
async def test_events_sent_again_after_a_lost_connection_are_handled_once() -> None:
    tab = Tab(make_session()).open()
    heard: list[str] = []
    app_of(tab.session).words.register("click", lambda: heard.append("click"))
    tab.say("words", "click", 1)
    tab.lose()
    tab.open()
    assert tab.told()[0]["hello"]["got"] == 1
    tab.say("words", "click", 1)
    tab.say("words", "click", 2)
    assert heard == ["click", "click"]


@on_a_loop
async def test_a_page_that_starts_anew_counts_anew() -> None:
    tab = Tab(make_session()).open()
    heard: list[int] = []
    app_of(tab.session).words.register("click", lambda: heard.append(1))
    tab.say("words", "click", 1)
    tab.lose()
    tab.seq = None
    tab.open()
    assert tab.told()[0] == {"hello": {"token": "token", "got": 0, "resumed": False}}
    tab.say("words", "click", 1)
    assert len(heard) == 2


@on_a_loop
async def test_what_all_pages_have_is_not_kept() -> None:
    session = make_session()
    first, second = Tab(session).open(), Tab(session).open()
    app = app_of(session)
    for number in range(3):
        app.words.value = str(number)
        await turn()
    first.acknowledge()
    second.acknowledge()
    third = Tab(session)
    app.words.value = "more"
    await turn()
    assert len(outbox_of(session)) == 1
    session.forget(third.connection)
    session.forget(second.connection)
    first.acknowledge()
    assert len(outbox_of(session)) == 0


@on_a_loop
async def test_a_page_cannot_acknowledge_what_it_was_not_sent() -> None:
    tab = Tab(make_session()).open()
    tab.seq = 2**50
    tab.acknowledge()
    assert tab.connection.acked == 0
    tab.seq = 0
    app_of(tab.session).words.value = "1"
    await turn()
    tab.lose()
    tab.open()
    assert tab.is_right


# -- a page that does not read


@on_a_loop
async def test_a_page_that_does_not_read_gets_the_tree_when_it_reads_again() -> None:
    session = make_session(transport_bytes=100)
    slow, other = Tab(session).open(), Tab(session).open()
    app = app_of(session)
    slow.told()
    slow.waiting_bytes = 200
    for number in range(50):
        app.words.value = str(number)
        await turn()
    assert slow.told() == []
    assert other.is_right
    slow.say("entry", "change", value="typed meanwhile")
    slow.waiting_bytes = 0
    app.words.value = "before it has caught up"
    await turn()
    assert slow.told() == []
    await until(lambda: slow.frames)
    (root,) = slow.told()
    assert (root["seq"], root["got"]) == (session.seq, 1)
    app.words.value = "after"
    await turn()
    assert slow.is_right
    assert len(slow.told()) == 1


@on_a_loop
async def test_where_no_page_reads_changes_coalesce() -> None:
    session = make_session(transport_bytes=0)
    tab = Tab(session).open()
    app = app_of(session)
    tab.told()
    tab.waiting_bytes = 1
    for number in range(50):
        app.words.value = str(number)
        await turn()
    assert session.seq == 1
    tab.waiting_bytes = 0
    await until(lambda: tab.frames)
    assert tab.is_right
    assert session.seq == 2


@on_a_loop
async def test_a_slow_page_that_leaves_is_not_waited_for() -> None:
    session = make_session(transport_bytes=0)
    tabs = [Tab(session).open(), Tab(session).open()]
    for tab in tabs:
        tab.waiting_bytes = 1
        tab.told()
    app_of(session).words.value = "1"
    await turn()
    leaving, staying = tabs
    leaving.lose()
    reading = Tab(session).open()
    app_of(session).words.value = "2"
    await turn()
    assert reading.is_right
    for tab in tabs:
        tab.waiting_bytes = 0
    await until(lambda: staying.frames)
    assert leaving.told() == []
    leaving.open()
    assert leaving.is_right


# -- handlers


@on_a_loop
async def test_an_async_handler_shows_what_it_did_at_each_await() -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    gate = asyncio.Event()

    async def work(source: Words) -> None:
        source.value = "started"
        await gate.wait()
        source.value = "done"

    app.words.register("click", work)
    await turn()
    tab.told()
    tab.say("words", "click")
    await turn()
    assert tab.told() == [{"got": 1}, {"seq": 2, "ops": [["text", "words", "started"]]}]
    gate.set()
    await turn()
    await turn()
    assert tab.told() == [{"seq": 3, "ops": [["text", "words", "done"]]}]


@on_a_loop
async def test_events_start_in_the_order_sent() -> None:
    tab = Tab(make_session()).open()
    heard: list[str] = []

    async def slow(source: Widget, message: Message) -> None:
        heard.append(f"{message['properties']['value']} starts")
        await asyncio.sleep(0)
        heard.append(f"{message['properties']['value']} ends")

    app_of(tab.session).entry.register("change", slow)
    for value in "abc":
        tab.say("entry", "change", value=value)
    await turn()
    await turn()
    assert heard == [f"{value} {what}" for what in ("starts", "ends") for value in "abc"]


@on_a_loop
async def test_a_handler_that_raises_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)

    def fail(source: Words) -> None:
        source.value = "before it failed"
        raise LookupError("on purpose")

    async def fail_later() -> None:
        await asyncio.sleep(0)
        raise LookupError("later")

    app.words.register("click", fail)
    app.words.register("click", fail_later)
    tab.say("words", "click")
    await turn()
    await turn()
    assert [(widget, event, str(error)) for widget, event, error in app.errors] == [
        (app.words, "click", "on purpose"),
        (app.words, "click", "later"),
    ]
    assert errors(caplog) == ["session s: the handler of 'click' of Words(words) raised"] * 2
    assert all(record.exc_info for record in caplog.records)
    app.words.value += ", and after"
    await turn()
    assert tab.is_right


@on_a_loop
async def test_an_on_error_that_raises_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    class Bad(App):
        def on_error(self, widget: Widget, event: str, error: Exception) -> object:
            raise LookupError("in on_error")

    tab = Tab(make_session(Bad())).open()
    app_of(tab.session).words.register("click", lambda: 1 / 0)
    tab.say("words", "click")
    assert errors(caplog)[1] == "session s: on_error raised"


@on_a_loop
async def test_a_watcher_that_raises_is_reported_with_its_widget(caplog: pytest.LogCaptureFixture) -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    app.entry.watch("value", lambda new, old: 1 / 0)
    tab.say("entry", "change", value="a")
    ((widget, event, _),) = app.errors
    assert (widget, event) == (app.entry, "change")
    assert len(errors(caplog)) == 1


@on_a_loop
async def test_what_a_page_should_not_have_sent_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    class Strict(App):
        def on_message(self, message: Message) -> None:
            raise ProtocolError(f"no\nsuch\x1bwidget {'x' * 100_000}")

    session = make_session(Strict())
    tab, other = Tab(session).open(), Tab(session).open()
    tab.told(), other.told()
    tab.say("nowhere", "click")
    (warning,) = warnings(caplog)
    assert warning.startswith("session s: ignored a message (widget='nowhere' event='click'): no?such?widget xxx")
    assert len(warning) < 500
    assert tab.told() == [{"got": 1}]
    assert other.told() == []
    assert errors(caplog) == []


# -- what cannot be shown


class Fragile(Widget):
    fails = Property(False)
    value: Property[Any] = Property("", accept=object, bind=text())

    def content(self) -> Iterable[Node]:
        if self.fails:
            raise LookupError("cannot be rendered")
        return ()


@on_a_loop
async def test_a_widget_that_cannot_be_rendered_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    app.box.children.append(Fragile(fails=True))
    await turn()
    ((widget, event, error),) = app.errors
    assert (widget, event, str(error)) == (app, "render", "cannot be rendered")
    tab.told()
    app.words.value = "the session goes on"
    await turn()
    assert tab.told() == [{"seq": 1, "ops": [["text", "words", "the session goes on"]]}]
    assert len(errors(caplog)) == 1


@on_a_loop
async def test_a_value_that_json_cannot_say_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    tab = Tab(make_session()).open()
    app = app_of(tab.session)
    fragile = Fragile()
    app.box.children.append(fragile)
    await turn()
    fragile.value = object()
    await turn()
    assert [event for _, event, _ in app.errors] == ["render"]
    app.words.value = "the session goes on"
    await turn()
    assert tab.told()[-1]["ops"] == [["text", "words", "the session goes on"]]
    assert len(errors(caplog)) == 1


@on_a_loop
async def test_a_page_that_cannot_be_given_the_tree_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    app_of(session).box.children.append(Fragile(fails=True))
    connection = Connection(Visit())
    session.join(connection)
    tab = Tab(session, connection)
    tab.seq = None
    tab.open()
    assert tab.ended == (1011, "the application could not be rendered")
    assert len(errors(caplog)) == 1


# -- threads


@on_a_loop
async def test_properties_may_be_set_from_any_thread() -> None:
    tab = Tab(make_session()).open()
    words = [Words(value="") for _ in range(8)]
    app_of(tab.session).box.children = words
    await turn()

    def work(own: Words) -> None:
        for number in range(100):
            own.value = str(number)
            own.css({"margin": number})

    threads = [threading.Thread(target=work, args=(own,)) for own in words]
    for thread in threads:
        thread.start()
    await until(lambda: not any(thread.is_alive() for thread in threads))
    await turn()
    assert [own.value for own in words] == ["99"] * 8
    assert tab.is_right


# -- the end


@on_a_loop
async def test_the_end_comes_once_and_for_all() -> None:
    session = make_session()
    tab, away = Tab(session).open(), Tab(session)
    app = app_of(session)
    gone: list[str] = []
    cancelled = asyncio.Event()

    class Hooked(Widget):
        def on_detached(self) -> None:
            gone.append("detached")

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    app.box.children.append(Hooked())
    app.words.register("click", forever)
    tab.say("words", "click")
    await turn()
    app.words.value = "the last words"
    session.destroy()
    session.destroy()
    await cancelled.wait()
    assert tab.is_right
    assert tab.ended == (1000, "the session has ended")
    assert gone == ["detached"]
    assert not session.connections
    assert session.connection_count == 0
    assert (app.session, tab.connection.session, away.connection.session) == (None, None, None)
    app.words.value = "nobody hears this"
    await turn()


@on_a_loop
async def test_the_pages_are_told_whether_to_come_back() -> None:
    tab = Tab(make_session()).open()
    tab.session.destroy(1012, "the server stops")
    assert tab.ended == (1012, "the server stops")


@on_a_loop
async def test_calls_for_later_can_be_taken_back() -> None:
    session = make_session()
    heard: list[str] = []
    session.call_later(0, lambda: heard.append("later"))
    session.call_later(0, lambda: heard.append("never"))()
    await until(lambda: heard)
    assert heard == ["later"]


def test_a_session_whose_loop_was_closed_harms_no_other() -> None:
    async def make() -> App:
        app = App()
        Tab(make_session(app)).open()
        return app

    app = asyncio.run(make())
    app.words.value = "nobody will see this"
    app.tree.call(["call", "words", "focus", []])
