"""`local`: the variables of whichever session is the current one."""

import pickle
from typing import Any

import pytest

from jibe_like import MainApp
from jibe_like.errors import NoSessionError
from jibe_like.session import data, defer_call, info, local
from jibe_like.session.connection import Connection
from jibe_like.session.current import acting, use
from jibe_like.session.session import Session
from tests.sessions import on_a_loop


@on_a_loop
async def test_each_session_has_its_own() -> None:
    first, second = MainApp(Connection()), MainApp(Connection())
    sessions = [Session(name, app) for name, app in (("first", first), ("second", second))]
    with use(first):
        local.n = 1
        local["name"] = "Wang"
        local[10] = "10"
    with use(second):
        assert local.n is None
        assert not local
        local.n = 2
    with use(first):
        assert (local.n, local.name, local[10], first.local.n) == (1, "Wang", "10", 1)
        assert local._dict == {"n": 1, "name": "Wang", 10: "10"}
    for session in sessions:
        session.destroy()


@on_a_loop
async def test_it_can_all_that_a_state_can() -> None:
    app = MainApp(Connection())
    session = Session("s", app)
    with acting(session):
        local.update({"a": 1, "b": 2})
        assert list(local) == ["a", "b"]
        assert len(local) == 2
        assert "a" in local
        assert "bar" not in local
        assert local
        assert local == local
        assert local == {"a": 1, "b": 2}
        assert local != {"a": 1}
        del local.a
        del local["b"]
        assert len(local) == 0
        assert local.setdefault("c", 3) == 3
        changes: list[Any] = []

        def on_change(c: int, **_: Any) -> None:
            changes.append(c)

        local.change("c")(on_change)
        with local:
            local.c = 4
            local.c = 5
        assert changes == [5]
        assert "local" in repr(local)
        assert repr(app.local) in repr(local)
    session.destroy()


@on_a_loop
async def test_it_is_there_at_the_end_of_the_session() -> None:
    session = Session("s", MainApp(Connection()))
    seen: list[Any] = []

    async def clean_up() -> None:
        seen.append(local.n)

    with acting(session):
        local.n = 1
        defer_call(clean_up)
    session.destroy()
    await session.come_to_rest(5)
    assert seen == [1]


@on_a_loop
async def test_the_old_name() -> None:
    with pytest.warns(DeprecationWarning, match=r"use session\.local"):
        assert data() is local


def test_an_application_may_refer_to_it() -> None:
    assert type(pickle.loads(pickle.dumps(local))) is type(local)
    assert type(pickle.loads(pickle.dumps(info))) is type(info)


def test_outside_of_a_session() -> None:
    with pytest.raises(NoSessionError, match="local acts on the current session"):
        _ = local.n
    with pytest.raises(NoSessionError):
        local.n = 1
    with pytest.raises(TypeError):
        hash(local)
