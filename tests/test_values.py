"""The values of a mirrored state, on their way to a page and back."""

import datetime
import enum
import math
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy
import pytest

from jibe_like.wire.messages import encode
from jibe_like.wire.values import check_sayable, from_wire, is_same, to_wire


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass
class Point:
    x: float
    day: datetime.date


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("text", "text"),
        (5, 5),
        (2**70, 2**70),
        (0.5, 0.5),
        (True, True),
        (None, None),
        ([1, ["a"]], [1, ["a"]]),
        ((1, 2), [1, 2]),
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
        ({1: "one"}, {"1": "one"}),
        (datetime.datetime(2024, 5, 6, 7, 8), "2024-05-06T07:08:00"),
        (datetime.date(2024, 5, 6), "2024-05-06"),
        (datetime.time(7, 8), "07:08:00"),
        (Decimal("1.10"), "1.10"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"abc", "YWJj"),
        (Color.BLUE, "blue"),
        (Size.LARGE, 2),
        (Point(1.5, datetime.date(2024, 5, 6)), {"x": 1.5, "day": "2024-05-06"}),
        (Name("Ada"), "Ada"),
        (numpy.float64(2.5), 2.5),
        (numpy.int32(7), 7),
        (numpy.bool_(True), True),
        (numpy.str_("é"), "é"),
        (numpy.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        ([math.nan], [None]),
        ([math.inf], [None]),
        (["\ud800"], ["?"]),
    ],
)
def test_what_a_page_has_of_a_value(value: Any, told: Any) -> None:
    check_sayable(value)
    found = to_wire(value)
    assert found == told
    assert type(found) is type(told)


def test_the_page_has_null_where_a_number_is_none() -> None:
    assert encode([to_wire(math.nan), to_wire(-math.inf)]) == b"[null,null]"


def test_a_page_has_a_copy() -> None:
    value = {"a": [1]}
    assert to_wire(value)["a"] is not value["a"]


def nested() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "a page cannot have a value of type object"),
        ([{"a": object()}], "a page cannot have a value of type object"),
        (1j, "a page cannot have a value of type complex"),
        (len, "a page cannot have a value of type builtin_function_or_method"),
        (Point, "a page cannot have a value of type type"),
        ({(1, 2): 3}, "a page cannot have a value of type tuple"),
        (nested(), "nested too deeply"),
        (numpy.array([1j]), "a page cannot have a value of type complex"),
        (numpy.array([object()]), "a page cannot have a value of type object"),
    ],
)
def test_what_a_page_cannot_have(value: Any, reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        check_sayable(value)
    with pytest.raises(TypeError, match=reason):
        to_wire(value)


@pytest.mark.parametrize(
    ("raw", "present", "value"),
    [
        ("new", "old", "new"),
        (5, "old", 5),
        (5, 0.5, 5.0),
        ("x", 0.5, "x"),
        (None, 5, None),
        ([1], None, [1]),
        ({"a": 1}, {}, {"a": 1}),
        ([1, 2], (), (1, 2)),
        (["a", "b"], set(), {"a", "b"}),
        ("2024-05-06", datetime.date.min, datetime.date(2024, 5, 6)),
        ("2024-05-06T07:08", datetime.datetime.min, datetime.datetime(2024, 5, 6, 7, 8)),
        ("1.10", Decimal(0), Decimal("1.10")),
        ("YWJj", b"", b"abc"),
        ("blue", Color.RED, Color.BLUE),
        (2, Size.SMALL, Size.LARGE),
        ({"x": 2, "day": "2024-05-06"}, Point(0, datetime.date.min), Point(2.0, datetime.date(2024, 5, 6))),
        ("Ada", Name(), Name("Ada")),
        (2, numpy.float32(0.5), numpy.float32(2)),
    ],
)
def test_what_a_page_says_has_the_type_of_what_is_there(raw: Any, present: Any, value: Any) -> None:
    found = from_wire(raw, present)
    assert found == value
    assert type(found) is type(value)


def test_an_array_stays_one() -> None:
    found = from_wire([1, 2], numpy.zeros(2, dtype="int16"))
    assert found.dtype == "int16"
    assert found.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("raw", "present"),
    [
        ("yesterday", datetime.date.min),
        (None, datetime.date.min),
        ("many", Decimal(0)),
        ("green", Color.RED),
        (3, Size.SMALL),
        ({"x": "a lot"}, Point(0, datetime.date.min)),
        ({"y": 1}, Point(0, datetime.date.min)),
        (5, b""),
        ("x", numpy.int8(1)),
    ],
)
def test_what_does_not_fit_raises(raw: Any, present: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_wire(raw, present)


class Odd:
    def __eq__(self, other: object) -> bool:
        raise LookupError("not today")

    __hash__ = object.__hash__


def test_arrays_and_odd_things_are_never_the_same() -> None:
    assert is_same([1], [1])
    assert not is_same(numpy.arange(3), numpy.arange(3))
    assert not is_same({"a": numpy.arange(3)}, {"a": numpy.arange(3)})
    assert not is_same(Odd(), Odd())
