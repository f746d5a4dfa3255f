"""Which of today's functions is the one that was stored, told from the functions beside it."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.session.snapshot.code_reference import _counted, _counterpart, fingerprint


def counterpart(position: int, before: str, today: str) -> int | None:
    """Each letter is a function's code: an equal letter is unchanged code."""
    return _counterpart(position, _counted(list(before)), _counted(list(today)))


@pytest.mark.parametrize(
    ("before", "today", "expected"),
    [
        ("abc", "abc", "012"),
        ("abc", "cab", "120"),
        ("abc", "xaybzc", "135"),
        ("abc", "axc", "012"),
        ("abc", "xyz", "012"),
        ("abc", "", "---"),
        ("abc", "ac", "0-1"),
        ("abc", "axyc", "0-3"),
        ("abcd", "axd", "0--2"),
        ("a", "x", "0"),
        ("a", "xy", "-"),
        ("ab", "xay", "12"),
        ("ab", "ay", "01"),
        ("aa", "ax", "01"),
        ("aa", "a", "0-"),
        ("aba", "axa", "012"),
        ("abac", "axay", "0123"),
        ("abac", "axcy", "0-" + "-2"),
        ("hnsop", "sxphd", "3-0" + "12"),
    ],
)
def test_the_counterpart(before: str, today: str, expected: str) -> None:
    found = [counterpart(position, before, today) for position in range(len(before))]
    assert "".join("-" if at is None else str(at) for at in found) == expected


codes = st.text("abcdef", max_size=8)


@given(codes, codes)
def test_no_function_stands_for_two(before: str, today: str) -> None:
    found = [counterpart(position, before, today) for position in range(len(before))]
    kept = [at for at in found if at is not None]
    assert len(set(kept)) == len(kept)
    for position, at in enumerate(found):
        if at is None:
            assert before.count(before[position]) > today.count(before[position])
        elif before[position] != today[at]:
            assert today.count(today[at]) > before.count(today[at]), "what is unchanged is nobody else's counterpart"


@given(codes, st.text("xyz", max_size=5), st.integers(0, 8))
def test_what_is_unchanged_is_found_wherever_it_is(before: str, more: str, at: int) -> None:
    today = before[at:] + more + before[:at]
    for position, own in enumerate(before):
        found = counterpart(position, before, today)
        assert found is not None
        assert today[found] == own


def test_a_fingerprint_tells_what_a_function_does() -> None:
    functions: list[Any] = [
        lambda: 1,
        lambda: 1.0,
        lambda: True,
        lambda: 2,
        lambda x: 1,
        lambda *x: 1,
        lambda *, x: 1,
        lambda: str(1),
        lambda: abs(1),
        lambda: (1, 2),
        lambda: lambda: 1,
        lambda: lambda: 2,
    ]
    assert len({fingerprint(function.__code__) for function in functions}) == len(functions)
    assert fingerprint((lambda: 1).__code__) == fingerprint(functions[0].__code__)


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    code = """
from jibe_like.session.snapshot.code_reference import fingerprint
print(fingerprint((lambda x: x in {"a", "b", "c", ("d", "e")} or (lambda: x in {"f", "g"})).__code__))
"""
    printed = {subprocess.check_output([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}) for seed in "123"}
    assert len(printed) == 1
