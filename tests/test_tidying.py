"""When the memory of sessions is given back."""

import pytest

from jibe_like.session.memory import tidying
from jibe_like.session.memory.tidying import Tidying
from tests.sessions import on_a_loop


def ended(found: Tidying, many: int) -> None:
    for _ in range(many):
        found.ended()


def test_it_is_time_once_many_have_ended_and_no_more_do() -> None:
    found = Tidying()
    ended(found, 99)
    assert [found.is_time(0), found.is_time(0), found.is_waiting] == [False, False, False], "too few"
    ended(found, 1)
    assert found.is_waiting
    assert not found.is_time(0), "others may be about to end"
    assert found.is_time(0)


def test_it_is_not_time_where_more_live_on() -> None:
    found = Tidying()
    ended(found, 150)
    assert [found.is_time(151), found.is_time(151), found.is_time(150)] == [False, False, True]


def test_each_time_it_begins_anew() -> None:
    found = Tidying()
    found.began(120)
    found.began(119)
    ended(found, 110)
    assert found.begin(10) == 120
    assert [found.is_time(10), found.is_time(10), found.is_waiting] == [False, False, False]
    assert found.begin(0) == 10


@pytest.mark.parametrize(("there", "most", "called"), [(0, 0, [0, 0]), (11, 109, []), (10, 100, [100, 0])])
@on_a_loop
async def test_few_are_stopped(monkeypatch: pytest.MonkeyPatch, there: int, most: int, called: list[int]) -> None:
    all_of_it: list[int] = []
    others: list[int] = []

    async def note(most: int) -> None:
        all_of_it.append(most)

    async def note_others(most: int) -> None:
        others.append(most)

    monkeypatch.setattr(tidying, "_RESTS", (0.0, 0.0))
    monkeypatch.setattr(tidying, "give_back_all", note)
    found = Tidying()
    found.shrink_others = note_others
    await found.finish(most, lambda: there)
    assert all_of_it == others == called
