"""The states of an application that has a session: what pages are told, and what they may say."""

import asyncio
import datetime
import logging
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from jibe_like import Button, Input, Label, MainApp, NumberInput, Slider
from jibe_like.errors import StateLoopError
from jibe_like.session.current import ACTING, current_connection, find_session
from jibe_like.session.session import Session
from jibe_like.session.state.state import State
from jibe_like.settings import Settings
from jibe_like.tree.widget import Widget
from jibe_like.wire.messages import Event
from tests.sessions import Tab, on_a_loop, until


class App(MainApp):
    """A count that is mirrored, and what listeners have heard of it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []
        self.errors: list[Exception] = []
        self.state.n = 1
        self.state.change("n")(self.on_n)
        self.label = Label("label", identifier="label")
        self.children = [self.label]

    def on_n(self, n: int) -> None:
        self.heard.append(n)

    def on_error(self, widget: Widget, event: str, error: Exception) -> object:
        self.errors.append(error)
        return None


def make_session(app: MainApp | None = None) -> Session:
    return Session("s", app or App(), token="token", settings=Settings())


def app_of(session: Session) -> App:
    assert isinstance(session.document, App)
    return session.document


class Page(Tab):
    """A page that has the state."""

    def set(self, scope: str = "app", /, **values: Any) -> None:
        """The page's script sets values."""
        self._n += 1
        event = Event(self._n, self.seq or 0, id=".", event="state", data={scope: values})
        self.session.receive(self.connection, event)

    def ops(self) -> list[Any]:
        """The operations since the last call."""
        return [op for frame in self.told() for op in frame.get("ops", ())]


def open_page(session: Session) -> Page:
    page = Page(session)
    page.open()
    page.told()
    return page


# -- to the pages


@on_a_loop
async def test_a_page_begins_with_the_state() -> None:
    session = make_session()
    Page(session)
    assert app_of(session).page_state() == {"app": {"n": 1}}
    assert app_of(session).uses_page_api
    plain = make_session(MainApp())
    assert plain.document.page_state() is None
    assert not plain.document.uses_page_api


@on_a_loop
async def test_all_that_changes_in_one_turn_is_one_frame() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    for i in range(1000):
        app.state[f"key{i}"] = i
        app.state.n = i
    app.label.value = "changed"
    await until(lambda: page.frames)
    (frame,) = page.told()
    told = {name: value for kind, name, value in frame["ops"] if kind == "state"}
    assert told == {"n": 999, **{f"key{i}": i for i in range(1000)}}
    assert ["text", "label", "changed"] in frame["ops"]
    assert app.heard == [1, 999]


@on_a_loop
async def test_what_is_deleted_is_null() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    del app.state.n
    session.flush()
    assert page.ops() == [["state", "n", None]]
    assert app.page_state() == {"app": {}}


@on_a_loop
async def test_what_was_changed_in_place_is_told_as_it_is_then() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    app.state.list = [1]
    app.state.list.append(2)
    session.flush()
    assert page.ops() == [["state", "list", [1, 2]]]
    app.state.list.append(3)
    session.flush()
    assert page.ops() == []
    app.state.dirty("list")
    session.flush()
    assert page.ops() == [["state", "list", [1, 2, 3]]]


@on_a_loop
async def test_what_has_become_unsayable_in_place_is_named_and_harms_nothing_else() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    app.state.list = []
    app.state.n = 2
    app.state.list.append(object())
    session.flush()
    assert page.ops() == [["state", "n", 2]]
    assert [str(error) for error in app.errors] == ["a page cannot have a value of type object"]
    assert app.page_state() == {"app": {"n": 2}}


@on_a_loop
async def test_every_type_reaches_the_page() -> None:
    @dataclass
    class Point:
        x: float

    session = make_session()
    app, page = app_of(session), open_page(session)
    app.state.update(day=datetime.date(2024, 5, 6), point=Point(1.5), data=b"abc")
    session.flush()
    assert page.ops() == [["state", "day", "2024-05-06"], ["state", "point", {"x": 1.5}], ["state", "data", "YWJj"]]
    assert app.page_state() == {"app": {"n": 1, "day": "2024-05-06", "point": {"x": 1.5}, "data": "YWJj"}}


@on_a_loop
async def test_a_state_that_changes_while_all_is_rendered_is_not_lost() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    app.tree.redraw(app)
    app.state.n = 2
    session.flush()
    ops = page.ops()
    assert [op[0] for op in ops] == ["render", "state"]


@on_a_loop
async def test_what_the_server_alone_knows_is_not_told() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    app.local.secret = app.user.name = "x"
    app.local[5] = object()
    session.flush()
    await asyncio.sleep(0)
    assert page.told() == []
    assert app.page_state() == {"app": {"n": 1}}


@on_a_loop
async def test_a_page_that_lacks_too_much_gets_all_of_it() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    page.lose()
    session._delivery.outbox.skip_to(100)
    app.state.n = 2
    page.open()
    (frame,) = [frame for frame in page.told() if "root" in frame]
    assert frame["ops"] == [["states", {"app": {"n": 2}}]]
    page.lose()
    page.seq = None
    page.open()
    (frame,) = [frame for frame in page.told() if "root" in frame]
    assert frame["ops"] == [["states", {"app": {"n": 2}}, True]], (
        "another session: what the page has set counts no more"
    )


# -- listeners


@on_a_loop
async def test_what_the_constructor_sets_is_told_once_there_is_a_session() -> None:
    app = App()
    app.state.n = 3
    assert app.heard == []
    session = make_session(app)
    assert app.heard == []
    Page(session)
    assert app.heard == [3], "before the page is rendered"


@on_a_loop
async def test_without_a_page_listeners_are_called_too() -> None:
    session = make_session()
    app = app_of(session)
    await until(lambda: app.heard == [1])
    for n in (2, 3):
        app.state.n = n
        await until(lambda n=n: app.heard[-1] == n)  # type: ignore[misc]


@on_a_loop
async def test_what_listeners_change_goes_with_the_same_frame() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)

    @app.state.change("n")
    def show(n: int) -> None:
        app.label.value = str(n)
        app.state.twice = 2 * n

    app.state.n = 5
    session.flush()
    (frame,) = page.told()
    assert sorted(map(str, frame["ops"])) == sorted(
        map(str, [["state", "n", 5], ["state", "twice", 10], ["text", "label", "5"]])
    )


@on_a_loop
async def test_what_an_async_listener_changes_after_it_waited_is_told() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    gate = asyncio.Event()

    @app.state.change("n")
    async def later(n: int) -> None:
        await gate.wait()
        app.state.late = n

    app.state.n = 5
    session.flush()
    assert page.ops() == [["state", "n", 5]]
    gate.set()
    await until(lambda: page.frames)
    assert page.ops() == [["state", "late", 5]]


@on_a_loop
async def test_a_listener_that_raises_is_reported_and_others_are_called(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)

    @app.state.change("m")
    def fail() -> None:
        raise LookupError("on purpose")

    @app.state.change("m")
    async def fail_later() -> None:
        raise LookupError("later")

    @app.state.change("m")
    def show(m: int) -> None:
        app.label.value = str(m)

    app.state.m = 5
    session.flush()
    assert ["text", "label", "5"] in page.ops()
    await until(lambda: len(app.errors) == 2)
    assert [str(error) for error in app.errors] == ["on purpose", "later"]
    assert "the handler of 'change of app.state.m' of App(topwidget) raised" in caplog.text


@on_a_loop
async def test_a_loop_is_reported_by_name_and_the_page_is_told_the_last(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)

    @app.state.change("up")
    def climb(up: int) -> None:
        app.state.up = up + 1

    app.state.up = 1
    app.state.n = 2
    session.flush()
    assert {name: value for _, name, value in page.ops()} == {"up": app.state.up, "n": 2}
    assert [type(error) for error in app.errors] == [StateLoopError]
    assert "app.state.up: still changing after 100 rounds" in caplog.text
    app.state.n = 3
    session.flush()
    assert app.heard[-1] == 3


@on_a_loop
async def test_two_states_that_chase_each_other_end_too(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    app = app_of(session)
    app.state.change("a")(lambda a: app.local.update(b=a + 1))
    app.local.change("b")(lambda b: app.state.update(a=b + 1))
    app.state.a = 1
    session.flush()
    assert [type(error) for error in app.errors] == [StateLoopError]
    assert "app.state.a" in caplog.text or "app.local.b" in caplog.text


@on_a_loop
async def test_a_listener_knows_whose_it_is() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    acting: list[Any] = []
    app.state.change("n")(lambda: acting.append((find_session(), current_connection())))
    page.set(n=7)
    app.state.n = 8
    await until(lambda: len(acting) == 2)
    assert acting == [(session, page.connection), (session, None)]
    assert ACTING.get() is None


@on_a_loop
async def test_listeners_to_what_the_server_alone_knows() -> None:
    session = make_session()
    app = app_of(session)
    heard: list[Any] = []
    app.local.change("a")(lambda a: heard.append(a))
    app.user.change("a")(lambda a: heard.append(a))
    app.local.a = 1
    app.user.a = 2
    await until(lambda: sorted(heard) == [1, 2])


@on_a_loop
async def test_a_session_that_has_ended_calls_no_listener() -> None:
    session = make_session()
    app = app_of(session)
    await until(lambda: app.heard == [1])
    session.destroy()
    app.state.n = 2
    await asyncio.sleep(0)
    assert app.heard == [1]


@on_a_loop
async def test_a_listener_may_end_the_session_while_another_waits() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    heard: list[Any] = []
    app.state.change("n")(lambda: session.destroy())
    app.local.change("a")(lambda a: heard.append(a))

    def on_click() -> None:
        app.state.n = 2
        app.local.a = 1

    app.label.register("click", on_click)
    page.say("label", "click")
    assert session.destroyed
    assert heard == [1]


# -- from the pages


@on_a_loop
async def test_a_page_sets_values() -> None:
    session = make_session()
    app, page, other = app_of(session), open_page(session), open_page(session)
    page.set(n=5)
    assert app.state.n == 5
    assert app.heard == [1, 5]
    assert page.told() == [{"got": 1}], "it has them already"
    assert other.ops() == [["state", "n", 5]]
    page.set(n=5)
    assert page.told() == [{"got": 2}]
    assert other.told() == []


@on_a_loop
async def test_what_the_server_makes_of_it_the_page_is_told() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)

    @app.state.change("n")
    def at_most_ten(n: int) -> None:
        app.state.n = min(n, 10)

    page.set(n=50)
    assert page.told() == [{"seq": 1, "got": 1, "ops": [["state", "n", 10]]}]


@on_a_loop
async def test_a_name_that_the_server_does_not_know_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    page.set(n=5, strange=1, other=2)
    assert app.state == {"n": 5}
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "app.state.strange is not there, and not one of client_keys" in warning
    assert "app.state.other" in warning
    app.state.client_keys("strange")
    page.set(strange=1)
    assert app.state.strange == 1
    assert len(caplog.records) == 1


@on_a_loop
async def test_a_page_cannot_reach_other_states(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    app.local.secret = "x"
    page.set("local", secret="y")
    page.set("server", n=1)
    page.session.receive(page.connection, Event(9, 0, id=".", event="state", data={"app": 5}))
    page.session.receive(page.connection, Event(10, 0, id=".", event="state", data={}))
    assert app.local.secret == "x"
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["'local'", "'server'", "'app'"]


@on_a_loop
async def test_an_application_without_state_takes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session(MainApp())
    page = open_page(session)
    page.set(n=1)
    assert "no such state: 'app'" in caplog.text
    assert "state" not in vars(session.document)


@on_a_loop
async def test_what_a_page_says_has_the_type_of_what_is_there(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session()
    app, page, other = app_of(session), open_page(session), open_page(session)
    app.state.day = datetime.date(2024, 1, 1)
    app.state.ratio = 0.5
    session.flush()
    page.ops(), other.ops()
    page.set(day="2024-05-06", ratio=1)
    assert app.state.day == datetime.date(2024, 5, 6)
    assert type(app.state.ratio) is float
    assert page.ops() == []
    assert other.ops() == [["state", "day", "2024-05-06"], ["state", "ratio", 1.0]]
    page.set(day="20240507")
    assert page.ops() == [["state", "day", "2024-05-07"]], "as the server writes it"
    page.set(day="tomorrow")
    assert app.state.day == datetime.date(2024, 5, 7)
    assert page.ops() == [["state", "day", "2024-05-07"]], "the true one"
    assert "app.state.day: Invalid isoformat string: 'tomorrow'" in caplog.text


@on_a_loop
async def test_what_is_client_only_is_not_taken() -> None:
    session = make_session()
    app, page = app_of(session), open_page(session)
    app.state.open = False
    app.state.client_only("open")
    session.flush()
    page.ops()
    page.set(open=True)
    assert app.state.open is False
    assert page.told() == [{"got": 1}]
    assert app.page_state() == {"app": {"n": 1, "open": False}, "only": {"app": ["open"]}}
    app.state.open = True
    session.flush()
    assert page.ops() == [["state", "open", True]], "the server's word counts"


class Bound(App):
    def __init__(self) -> None:
        super().__init__()
        self.number = NumberInput(self.state.bind("n"), identifier="number")
        self.slider = Slider(self.state.bind("n"), 0, 10, identifier="slider")
        self.children = [self.number, self.slider]


@on_a_loop
async def test_a_bound_widget_and_the_page_agree(caplog: pytest.LogCaptureFixture) -> None:
    session = make_session(Bound())
    app, page = app_of(session), open_page(session)
    page.say("slider", "change", value="4")
    assert app.state.n == 4
    assert page.told() == [{"seq": 1, "got": 1, "ops": [["prop", "number", "value", "4"], ["state", "n", 4]]}]
    page.set(n=6)
    assert page.ops() == [["prop", "number", "value", "6"], ["prop", "slider", "value", "6"]]
    page.set(n=60)
    assert app.state.n == 6
    assert page.ops() == [["state", "n", 6]]
    assert "app.state.n: Slider(slider).value: 60 is not from 0 to 10" in caplog.text


# -- threads


@on_a_loop
async def test_from_any_thread() -> None:
    session = make_session(Bound())
    app, page = app_of(session), open_page(session)
    threads_of_listeners = set()
    app.state.change("n")(lambda: threads_of_listeners.add(threading.get_ident()))

    def work(number: int) -> None:
        for i in range(50):
            app.state[f"key{number}"] = i
            app.state.n = i % 10

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    told: dict[str, Any] = {}

    def all_told() -> bool:
        told.update((op[1], op[2]) for op in page.ops() if op[0] == "state")
        return len(told) == 11 and app.state == told

    await until(all_told)
    assert isinstance(app, Bound)
    assert app.state.n == app.number.value == app.slider.value
    assert threads_of_listeners == {threading.get_ident()}


# -- names of one's own


@on_a_loop
async def test_an_application_may_have_attributes_of_these_names() -> None:
    class Old(MainApp):
        def __init__(self) -> None:
            super().__init__()
            self.user: Any = "Ada"
            self.state: Any = "waiting"
            self.local: Any = {}

    session = make_session(Old())
    page = open_page(session)
    page.set(n=1)
    assert session.document.page_state() is None
    assert not session.document.uses_page_api
    assert (session.document.user, session.document.state) == ("Ada", "waiting")  # type: ignore[attr-defined]


@on_a_loop
async def test_without_a_session_they_are_plain_values() -> None:
    app = Bound()
    app.local.a = app.user.a = 1
    app.state.n = 5
    assert (app.number.value, app.heard) == (5, [])
    app.state.flush()
    assert app.heard == [5]
    assert isinstance(app.user, State)
    assert app.page_state() == {"app": {"n": 5}}


def test_buttons_and_inputs_as_in_the_docs() -> None:
    app = MainApp()
    app.state.count = 0
    add = Button("Add")
    add.register("click", lambda: app.state.update(count=app.state.count + 1))
    name = Input(app.state.bind("name"))
    app.children = [add, name]
    add.emit("click")
    assert app.state == {"count": 1, "name": ""}
