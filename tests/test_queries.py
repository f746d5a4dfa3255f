"""Query apps: what leads to a query, what the query tells, and in which order queries run."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import get_ident
from typing import Any

import pytest

from jibe_like import (
    Button,
    CheckBox,
    Details,
    Form,
    Input,
    Label,
    MainApp,
    SelectMultiple,
    Settings,
    Table,
    Tabs,
    Text,
    Widget,
)
from jibe_like.query import Q, Query, QueryApp
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.testing import assert_durable
from tests.queries import Recorder, Site, at_rest, page_of, visit
from tests.sessions import on_a_loop, until


def put(*widgets: Callable[[], Widget]) -> Recorder:
    """A function that shows these widgets, and keeps its queries."""

    def first(q: Query) -> None:
        q.page.children = [make() for make in widgets]

    return Recorder(first)


def named_button(name: str, **options: Any) -> Callable[[], Widget]:
    return lambda: Button(name, name=name, identifier=name, **options)


def named_input(name: str, value: str = "") -> Callable[[], Widget]:
    return lambda: Input(value, name=name, identifier=name)


# -- the page is loaded


@on_a_loop
async def test_the_first_response_has_what_the_function_makes_of_it() -> None:
    async def serve(q: Query) -> None:
        await q.sleep(0.01)
        q.page.children = [Label(f"hello {q.args.name}", identifier="out")]

    async with Site(serve) as site:
        tab = await site.prerender(visit(name="ada"))
        assert "hello ada" in str(tab.page.shape())


@on_a_loop
async def test_a_plain_function_will_do() -> None:
    def serve(q: Query) -> None:
        q.page.children = [Label("plain")]

    async with Site(serve) as site:
        tab = await site.prerender()
        assert "plain" in str(tab.page.shape())


@on_a_loop
async def test_the_first_response_does_not_wait_for_long() -> None:
    may_go_on = asyncio.Event()

    async def serve(q: Query) -> None:
        q.page.children = [Label("soon", identifier="out")]
        await may_go_on.wait()
        q.page.children = [Label("there", identifier="out")]

    async with Site(serve, settings=Settings(prerender_patience=0.01)) as site:
        tab = await site.load()
        assert "soon" in str(tab.page.shape())
        may_go_on.set()
        await until(lambda: "there" in str(tab.page.shape()))


@on_a_loop
async def test_a_page_is_loaded_once_and_comes_back_without_a_query() -> None:
    recorder = put(named_button("go"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.lose()
        tab.open()
        await at_rest(tab)
        assert len(recorder.queries) == 1


# -- what happens in it


@on_a_loop
async def test_a_button_needs_no_handler() -> None:
    recorder = put(named_button("go"), named_button("stay"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        go = tab.page.element("go")
        assert go is not None
        assert go.attributes["data-on"] == "click"
        tab.say("go", "click")
        await at_rest(tab)
        q = recorder.last
        assert (q.args.go, q.args.stay, q.args.other) == (True, False, None)
        assert q.events.go.click is True
        assert q.events.stay is None


def test_in_other_apps_it_does() -> None:
    app = MainApp(None)
    app.children = [Button("Go")]
    assert "data-on" not in str(app.node())
    app.children[0].emit("click")


@on_a_loop
async def test_a_handler_of_its_own_takes_the_place_of_the_query() -> None:
    calls: list[str] = []

    def button() -> Widget:
        made = Button("Go", identifier="go")
        made.register("click", lambda: calls.append("handler"))
        return made

    recorder = put(button)
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.say("go", "click")
        await at_rest(tab)
        assert calls == ["handler"]
        assert len(recorder.queries) == 1
        made = page_of(tab)["go"]
        made.unregister("click", (made._handlers or {})["click"][0][0])
        tab.say("go", "click")
        await at_rest(tab)
        assert recorder.last.args.go is True


@on_a_loop
async def test_the_change_of_an_input() -> None:
    recorder = put(named_input("city"), lambda: CheckBox(name="cold", identifier="cold"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.say("city", "change", value="Oslo")
        await at_rest(tab)
        assert recorder.last.args == {"city": "Oslo", "cold": False}
        assert recorder.last.events.city.change == "Oslo"
        tab.say("cold", "change", checked=True)
        await at_rest(tab)
        assert recorder.last.args == {"city": "Oslo", "cold": True}


@on_a_loop
async def test_a_form_waits() -> None:
    def form() -> Widget:
        send = Button("Send", kind="submit", name="send", identifier="send")
        help_ = Button("Help", name="help", identifier="help")
        return Form([Input(name="city", identifier="city"), send, help_], identifier="form")

    recorder = put(form)
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.say("city", "change", value="Oslo")
        tab.say("send", "click")
        await at_rest(tab)
        assert len(recorder.queries) == 1, "the browser has not said yet that the form is complete"
        tab.say("form", "submit")
        await at_rest(tab)
        assert len(recorder.queries) == 2
        assert recorder.last.args == {"city": "Oslo", "send": True, "help": False, "form": True}
        assert recorder.last.occurrence.used == ("form", "send")
        tab.say("help", "click")
        await at_rest(tab)
        assert recorder.last.args == {"city": "Oslo", "send": False, "help": True}


@on_a_loop
async def test_a_form_that_was_not_complete_is_sent_by_a_script_later() -> None:
    def form() -> Widget:
        return Form([Button("Send", kind="submit", name="send", identifier="send")], identifier="form")

    recorder = put(form, named_button("other"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.say("send", "click")
        tab.say("other", "click")
        tab.say("form", "submit")
        await at_rest(tab)
        assert recorder.last.args.send is False
        assert recorder.last.args.form is True


@on_a_loop
async def test_of_two_forms_the_one_that_was_sent_counts() -> None:
    def form(name: str) -> Callable[[], Widget]:
        return lambda: Form([Input(name, name="same")], identifier=name)

    recorder = put(form("first"), form("second"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        for name in ("first", "second"):
            tab.say(name, "submit")
            await at_rest(tab)
            assert recorder.last.args.same == name


@on_a_loop
async def test_widgets_with_events_of_their_own() -> None:
    recorder = put(
        lambda: Tabs({"A": Label("a"), "B": Label("b")}, identifier="tabs"),
        lambda: Table(["x"], [(1,), (2,)], selectable=True, identifier="table"),
        lambda: Details("More", [Text("more")], identifier="more"),
    )
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.say("tabs", "click", value="B")
        await at_rest(tab)
        assert recorder.last.args.tabs == recorder.last.events.tabs.change == "B"
        table = page_of(tab)["table"]
        assert isinstance(table, Table)
        tab.say(table.row_widgets[1].identifier, "click")
        await at_rest(tab)
        assert recorder.last.events.table.select == {"index": 1, "row": (2,)}
        assert len(recorder.queries) == 3, "the click on the row and the choice are one query"
        tab.say("more", "toggle", open=True)
        await at_rest(tab)
        assert recorder.last.args.more is recorder.last.events.more.toggle is True


@on_a_loop
async def test_what_the_browser_was_not_asked_for_leads_to_nothing(caplog: pytest.LogCaptureFixture) -> None:
    recorder = put(named_button("go"), lambda: Label("text", identifier="text"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.say("go", "mousemove")
        tab.say("text", "click")
        tab.say("topwidget", "click")
        tab.say("topwidget", "connections")
        await at_rest(tab)
        assert len(recorder.queries) == 1


@on_a_loop
async def test_what_the_program_does_leads_to_nothing() -> None:
    recorder = put(named_input("city"), named_button("go"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        page = page_of(tab)
        city = page["city"]
        assert isinstance(city, Input)
        city.value = "Oslo"
        page["go"].emit("click")
        await at_rest(tab)
        assert len(recorder.queries) == 1


@on_a_loop
async def test_a_query_belongs_to_the_moment_when_it_happened() -> None:
    queries: list[dict[str, Any]] = []
    may_go_on = asyncio.Event()

    async def serve(q: Query) -> None:
        if not q.page.children:
            chosen = SelectMultiple(["a"], ["a", "b"], name="chosen", identifier="chosen")
            q.page.children = [Input(name="city", identifier="city"), chosen, Button("Go", identifier="go")]
            return
        await may_go_on.wait()
        queries.append(dict(vars(q.args)))

    async with Site(serve) as site:
        tab = await site.load()
        tab.say("go", "click")
        tab.say("city", "change", value="Oslo")
        tab.say("chosen", "change", value=["a", "b"])
        await asyncio.sleep(0)
        may_go_on.set()
        await at_rest(tab)
    assert queries == [
        {"city": "", "chosen": ["a"], "go": True},
        {"city": "Oslo", "chosen": ["a"], "go": False},
        {"city": "Oslo", "chosen": ["a", "b"], "go": False},
    ]


# -- the address


@on_a_loop
async def test_what_stands_behind_the_hash() -> None:
    recorder = put(named_button("go"))
    async with Site(recorder.handler()) as site:
        tab = await site.load(visit(city="Oslo"))
        assert tab.extras("hash") == [["hash", ""]]
        tab.tell("hash", hash="caf%C3%A9/2")
        await at_rest(tab)
        assert recorder.last.args == {"#": "café/2", "city": "Oslo", "go": False}
        tab.say("go", "click")
        await at_rest(tab)
        assert recorder.last.args == {"city": "Oslo", "go": True}, "the address has led to one query"


@on_a_loop
async def test_a_page_that_comes_back_says_it_again_and_is_not_asked_twice() -> None:
    recorder = put(named_button("go"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        tab.tell("hash", hash="here")
        tab.lose()
        tab.open()
        assert tab.extras("hash") == [["hash", "here"]]
        tab.tell("hash", hash="here")
        await at_rest(tab)
        assert len(recorder.queries) == 2
        tab.tell("hash", hash="")
        await at_rest(tab)
        assert recorder.last.args["#"] == ""


@pytest.mark.parametrize("data", [{}, {"hash": 3}, {"hash": "x" * 5000}])
def test_nonsense_behind_the_hash(data: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    @on_a_loop
    async def tell() -> None:
        recorder = put(named_button("go"))
        async with Site(recorder.handler()) as site:
            tab = await site.load()
            tab.tell("hash", **data)
            await at_rest(tab)
            assert len(recorder.queries) == 1

    tell()
    assert "ignored a message" in caplog.text


# -- one after the other


@on_a_loop
async def test_queries_of_a_session_run_one_after_the_other_and_handlers_need_not_wait() -> None:
    order: list[str] = []
    may_go_on = asyncio.Event()

    async def serve(q: Query) -> None:
        if not q.page.children:
            own = Button("Own", identifier="own")
            own.register("click", lambda: order.append("handler"))
            q.page.children = [Button("A", identifier="a"), Button("B", identifier="b"), own]
            return
        name = f"{q.auth.subject}: {'a' if q.args.a else 'b'}"
        order.append(f"{name} begins")
        await may_go_on.wait()
        order.append(f"{name} ends")

    async with Site(serve) as site:
        tab, other = await site.load(), await site.load(visit("bob"))
        tab.say("a", "click")
        tab.say("b", "click")
        await until(lambda: order)
        tab.say("own", "click")
        other.say("b", "click")
        await until(lambda: len(order) == 3)
        assert order == ["ada: a begins", "handler", "bob: b begins"], "another session need not wait"
        may_go_on.set()
        await at_rest(tab)
        assert [entry for entry in order if "ada" in entry] == [
            "ada: a begins", "ada: a ends", "ada: b begins", "ada: b ends",
        ]  # fmt: skip


@on_a_loop
async def test_what_happens_to_a_widget_that_a_query_has_yet_to_make(caplog: pytest.LogCaptureFixture) -> None:
    """As after a crash: the page says again, in one go, what it had said step by step."""
    done: list[str] = []

    def serve(q: Query) -> None:
        name = f"late{len(done)}"
        done.append(" ".join(q.events) or "load")
        q.page.children = [Input(identifier=f"{name}input"), Button("On", identifier=name)]

    async with Site(serve) as site:
        tab = await site.load()
        tab.say("late0", "click")
        tab.say("late1input", "change", value="typed")
        tab.say("nobody", "click")
        tab.say("late2", "click")
        await at_rest(tab)
        assert done == ["load", "late0", "late1input", "late2"]
    assert caplog.text.count("ignored a message") == 1
    assert "widget='nobody'" in caplog.text


@on_a_loop
async def test_more_than_can_wait_is_refused(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jibe_like.query.application.MOST_WAITING", 3)
    may_go_on = asyncio.Event()
    done: list[Query] = []

    async def serve(q: Query) -> None:
        if not q.page.children:
            q.page.children = [Button("Go", identifier="go")]
            return
        await may_go_on.wait()
        done.append(q)

    async with Site(serve) as site:
        tab = await site.load()
        tab.say("go", "click")
        await asyncio.sleep(0)
        for _ in range(5):
            tab.say("go", "click")
        assert caplog.text.count("3 queries wait already") == 2
        may_go_on.set()
        await at_rest(tab)
        assert len(done) == 4


@on_a_loop
async def test_a_query_ends_with_its_session() -> None:
    ended: list[str] = []

    async def serve(q: Query) -> None:
        if not q.page.children:
            q.page.children = [Button("Go", identifier="go")]
            return
        try:
            await q.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async with Site(serve) as site:
        tab = await site.load()
        tab.say("go", "click")
        await asyncio.sleep(0)
        site.registry.discard(tab.session)
        await until(lambda: ended)


# -- who shares it


@on_a_loop
async def test_in_a_shared_page_the_function_runs_for_whoever_acts() -> None:
    seen: list[tuple[str, str]] = []

    async def serve(q: Query) -> None:
        seen.append((q.auth.subject, q.mode))
        q.client.count = (q.client.count or 0) + 1
        q.user.count = (q.user.count or 0) + 1
        if not q.page.children:
            q.page.children = [Label("", identifier="out"), Button("Go", identifier="go")]
        out = q.page["out"]
        assert isinstance(out, Label)
        out.value = f"{q.auth.subject} {q.client.count} {q.user.count} {q.args.city}"

    async with Site(serve, "broadcast") as site:
        ada = await site.load(visit("ada"))
        bob = await site.load(visit("bob", city="Oslo"))
        bobs_other = await site.load(visit("bob"))
        await at_rest(ada)
        assert ada.session is bob.session
        assert seen == [("ada", "broadcast"), ("bob", "broadcast"), ("bob", "broadcast")]
        bob.say("go", "click")
        await at_rest(ada)
        for tab in (ada, bob, bobs_other):
            assert "bob 2 3 Oslo" in str(tab.page.shape())
        ada.say("go", "click")
        await at_rest(ada)
        assert "ada 2 2 None" in str(bob.page.shape())


@on_a_loop
async def test_what_is_kept_for_a_page_goes_with_it() -> None:
    recorder = Recorder(lambda q: None)
    async with Site(recorder.handler(), "broadcast") as site:
        ada = await site.load(visit("ada"))
        recorder.last.client.count = 1
        ada.leave()
        ada.session.forget(ada.connection)
        bob = await site.load(visit("bob"))
        await at_rest(bob)
        page = page_of(bob)
        assert page._hashes.keys() == {bob.connection.id}
        assert page._clients.keys() <= {bob.connection.id}


@on_a_loop
async def test_a_query_of_a_page_that_has_gone_for_good_is_dropped() -> None:
    recorder = put(named_button("go"))
    async with Site(recorder.handler(), "broadcast") as site:
        ada, bob = await site.load(visit("ada")), await site.load(visit("bob"))
        await at_rest(ada)
        count = len(recorder.queries)
        bob.say("go", "click")
        bob.leave()
        bob.session.forget(bob.connection)
        await at_rest(ada)
        assert len(recorder.queries) == count


@on_a_loop
async def test_in_a_page_of_ones_own_the_client_is_the_session() -> None:
    recorder = Recorder(lambda q: None)
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        q = recorder.last
        assert q.client is page_of(tab).local
        assert q.user is page_of(tab).user
        assert q.app is site.server.context


@on_a_loop
async def test_the_site() -> None:
    recorder = Recorder(lambda q: None)
    async with Site(recorder.handler()) as site:
        tabs = [await site.load(), await site.load()]
        found = recorder.last.site
        assert list(found) == ["/"]
        assert len(found) == 1
        assert found["/"] == tuple(page_of(tab) for tab in tabs)
        with pytest.raises(KeyError):
            found["/nowhere"]


# -- what else a query tells


@on_a_loop
async def test_what_a_query_tells() -> None:
    recorder = put(named_input("city", "Oslo"), lambda: Label("", identifier="out"))
    async with Site(recorder.handler()) as site:
        tab = await site.load()
        q = recorder.last
        assert q.page is tab.session.document
        assert (q.mode, q.route) == ("unicast", "/")
        assert q.headers["User-Agent"] == "test"
        assert (q.auth.username, q.auth.subject, q.auth.session_id) == ("", "ada", "")
        assert (q.auth.access_token, q.auth.refresh_token) == (None, None)
        assert await q.auth.ensure_fresh_token() is None
        assert q.auth.ensure_fresh_token_sync() is None
        assert q.page["city"] is q.page.children[0]
        assert "city" in q.page
        assert "nobody" not in q.page
        with pytest.raises(KeyError, match="nobody"):
            q.page["nobody"]


def test_the_other_name() -> None:
    assert Q is Query


color: ContextVar[str] = ContextVar("color", default="none")


def look(*words: str, end: str = "") -> tuple[str, int]:
    return " ".join((color.get(), *words)) + end, get_ident()


async def look_async(*words: str) -> tuple[str, int]:
    await asyncio.sleep(0)
    return look(*words)


@on_a_loop
async def test_work_beside() -> None:
    found: list[Any] = []

    async def serve(q: Query) -> None:
        color.set("red")
        with ThreadPoolExecutor(1) as pool:
            found.append(await q.run(look, "in", "a thread", end="."))
            found.append(await q.exec(pool, look, "in a pool"))
            found.append(await q.run(look_async, "here"))
            found.append(await q.exec(pool, look_async, "here"))
        found.append(await q.sleep(0, "slept"))

    async with Site(serve) as site:
        await at_rest(await site.load())
    texts, threads = zip(*found[:4], strict=True)
    assert texts == ("red in a thread.", "red in a pool", "red here", "red here")
    assert [thread == get_ident() for thread in threads] == [False, False, True, True]
    assert found[4] == "slept"


# -- errors


@pytest.mark.parametrize("debug", [False, True])
def test_an_exception_is_told_and_the_session_goes_on(debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    @on_a_loop
    async def fail() -> None:
        async def serve(q: Query) -> None:
            if not q.page.children:
                q.page.children = [Button("Fail", identifier="fail"), Button("Go", identifier="go")]
            elif q.args.fail:
                raise ZeroDivisionError("the secret of the server")

        async with Site(serve, settings=Settings(debug=debug)) as site:
            tab = await site.load()
            for _ in range(2):
                tab.say("fail", "click")
                await at_rest(tab)
            shown = str(tab.page.shape())
            assert ("the secret of the server" in shown) is debug
            assert shown.count("Traceback") == (1 if debug else 0)
            assert ("Something went wrong" in shown) is not debug
            told = page_of(tab).children[-1]
            if debug:
                tab.say(told.identifier, "toggle", open=False)
                await at_rest(tab)
            assert page_of(tab).children[-1] is told, "to fold it away is not to ask again"
            tab.say("go", "click")
            await at_rest(tab)
            assert "wrong" not in str(tab.page.shape())
            assert "secret" not in str(tab.page.shape())

    fail()
    assert caplog.text.count("ZeroDivisionError: the secret of the server") == 2


@on_a_loop
async def test_an_exception_while_the_page_is_loaded(caplog: pytest.LogCaptureFixture) -> None:
    def serve(q: Query) -> None:
        raise ZeroDivisionError

    async with Site(serve) as site:
        tab = await site.prerender()
        assert "Something went wrong" in str(tab.page.shape())
    assert any(record.levelno == logging.ERROR for record in caplog.records)


# -- snapshots


@on_a_loop
async def test_what_waits_is_stored_and_run_by_the_next_server() -> None:
    done: list[str] = []
    may_go_on = asyncio.Event()

    async def serve(q: Query) -> None:
        if not q.page.children:
            q.page.children = [Button("A", identifier="a"), Button("B", identifier="b")]
            return
        await may_go_on.wait()
        done.append("a" if q.args.a else "b")

    async with Site(serve) as site:
        tab = await site.load()
        tab.say("a", "click")
        tab.say("b", "click")
        await asyncio.sleep(0)
        snapshots = Snapshots(["secret"], live=(type(tab.session),))
        restored = snapshots.load(snapshots.dump(tab.session.state()))
        assert restored.warnings == []
        site.registry.discard(tab.session)
        document = restored.state.document
        assert type(document) is site.app_class
        may_go_on.set()
        connection = restored.state.connections[0]
        session = type(tab.session)("restored", document, server=site.server)
        session.take_over(restored.state)
        assert session.connections[connection.id].visit == tab.connection.visit
        document.on_restore()
        await until(lambda: done)
        assert done == ["b"]
        session.destroy()


def serve_for_tests(q: Query) -> None:
    q.page.children = [Button("Go", name="go"), Form([Input(name="city")])]


@on_a_loop
async def test_a_page_can_be_stored() -> None:
    async with Site(serve_for_tests) as site:
        tab = await site.load()
        assert_durable(page_of(tab))


@on_a_loop
async def test_a_class_that_is_gone_is_told() -> None:
    site = Site(serve_for_tests)
    page = site.app_class(None)
    site.app_class.key = "another"
    with pytest.raises(AssertionError, match="there is no @app another any more"):
        assert_durable(page)


def test_a_function_without_app() -> None:
    with pytest.raises(LookupError, match="has no @app"):
        QueryApp.of(print)
