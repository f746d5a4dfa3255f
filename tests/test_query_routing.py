"""Which function `run_on` calls."""

import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jibe_like.query.context import Query
from jibe_like.query.occurrence import HASH, Occurrence
from jibe_like.query.routing import F, handle_on, on, run_on
from tests.sessions import on_a_loop

calls: list[tuple[Any, ...]] = []


class Page:
    """Stands for a page whose function is defined here."""


def query(*used: str, events: dict[str, dict[str, Any]] | None = None, **args: Any) -> Query:
    occurrence = Occurrence("page", args, events or {}, used)
    return cast("Query", SimpleNamespace(page=Page(), occurrence=occurrence, args=args))


def hash_query(ending: str) -> Query:
    return query(HASH, events=None, **{HASH: ending})


async def called(q: Query) -> list[tuple[Any, ...]]:
    """What the functions below were called with; empty where none was."""
    calls.clear()
    assert await run_on(q) is bool(calls)
    return [tuple(what for what in call if what is not q) for call in calls]


@on("save")
async def on_save(q: Query) -> None:
    calls.append(("save", q))


@on("volume", lambda value: value > 90)
def on_loud(q: Query, value: int) -> None:
    calls.append(("loud", value))


@on("volume")
def on_volume(q: Query, value: int) -> None:
    calls.append(("volume", value))


@on("orders.select")
def on_select(q: Query, data: object) -> None:
    calls.append(("select", data))


@on("#")
@on("#home")
def on_home(q: Query) -> None:
    calls.append(("home",))


@on("#user/{name}/{page}")
async def on_user(q: Query, page: str, *, name: str) -> None:
    calls.append(("user", name, page))


@on("#a.b")
def on_dot(q: Query) -> None:
    calls.append(("dot",))


@on()
def by_its_name() -> None:
    calls.append(("by its name",))


@on(lambda q: q.args.get("ready"))
def on_ready(q: Query) -> None:
    calls.append(("ready",))


@on(lambda q: q.args.get("ready") or q.args.get("late"))
def on_late() -> None:
    calls.append(("late",))


@on("after conditions")
def on_after(q: Query) -> None:
    calls.append(("after conditions",))


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        (query("save", save=True), [("save",)]),
        (query("form", "save", form=True, save=True), [("save",)]),
        (query("volume", volume=95), [("loud", 95)]),
        (query("volume", volume=5), [("volume", 5)]),
        (query("orders", orders=True, events={"orders": {"select": {"index": 3}}}), [("select", {"index": 3})]),
        (query("orders", orders=True, events={"orders": {"sort": {}}}), []),
        (hash_query("home"), [("home",)]),
        (hash_query(""), [("home",)]),
        (hash_query("user/ada/2"), [("user", "ada", "2")]),
        (hash_query("user/ada"), []),
        (hash_query("user/ada/2/3"), []),
        (hash_query("a.b"), [("dot",)]),
        (hash_query("acb"), []),
        (query("by_its_name", by_its_name=True), [("by its name",)]),
        (query(ready=True), [("ready",)]),
        (query(late=True), [("late",)]),
        (query("after conditions", events=None, ready=True, **{"after conditions": True}), [("after conditions",)]),
        (query(), []),
        (query("other", other=True), []),
        # What is only in the address, as anybody can write it.
        (query(save="1"), []),
        (query(events=None, **{HASH: "home"}), []),
    ],
)
def test_the_function_that_is_meant(q: Query, expected: list[tuple[Any, ...]]) -> None:
    found: list[tuple[Any, ...]] = []

    @on_a_loop
    async def ask() -> None:
        found.extend(await called(q))

    ask()
    assert found == expected


@on_a_loop
async def test_the_older_name() -> None:
    calls.clear()
    assert await handle_on(query("save", save=True))
    assert calls


def test_a_function_stays_what_it_is() -> None:
    calls.clear()
    on_home(query())
    assert calls == [("home",)]


@on_a_loop
async def test_a_later_function_takes_the_place_of_an_earlier_one() -> None:
    @on("again")
    def earlier() -> None:
        calls.append(("earlier",))

    @on("again")
    def later() -> None:
        calls.append(("later",))

    assert await called(query("again", again=True)) == [("later",)]


@on_a_loop
async def test_a_module_that_is_loaded_again_has_each_function_once() -> None:
    for turn in range(3):

        @on(lambda q: q.args.get("loaded"))
        def on_loaded(turn: int = turn) -> None:
            calls.append(("loaded", turn))

    assert await called(query(loaded=True)) == [("loaded", 2)]


@on_a_loop
async def test_functions_of_other_modules_when_they_are_named() -> None:
    other = SimpleNamespace(__name__="tests.other_pages")

    def elsewhere(q: Query) -> None:
        calls.append(("elsewhere",))

    elsewhere.__module__ = other.__name__
    on("elsewhere")(elsewhere)
    on("save")(elsewhere)
    assert await called(query("elsewhere", elsewhere=True)) == []
    q = query("elsewhere", elsewhere=True)
    assert await run_on(q, cast("Any", other))
    assert calls == [("elsewhere",)]
    calls.clear()
    assert await run_on(query("save", save=True), cast("Any", other), sys.modules[__name__])
    assert [call[0] for call in calls] == ["save"], "the page's own module comes first"


def too_many(q: object, value: object, more: object) -> None: ...
def no_name(q: object) -> None: ...
def other_name(q: object, user: object) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "function", "problem"),
    [
        (("name",), too_many, "at most 2"),
        (("#user/{name}",), no_name, "no_name cannot answer '#user/{name}'.*name"),
        (("#user/{name}",), other_name, "other_name cannot answer"),
        (("#about",), other_name, "user"),
        ((3,), no_name, "not 3"),
        (("",), no_name, "not ''"),
        (("name", 3), no_name, "condition on the value"),
        ((callable, callable), no_name, "condition on the value"),
    ],
)
def test_what_cannot_be(arguments: tuple[Any, ...], function: F, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        on(*arguments)(function)


def test_on_without_parentheses() -> None:
    async def save(q: object) -> None: ...

    with pytest.raises(TypeError, match=r"on is used with parentheses: @on\(\) above .*save, or @on\('name'\)"):
        on(save)
