"""The values of a query, by name."""

import copy
import pickle

import pytest

from jibe_like.query.expando import Expando


def test_values_are_attributes_and_items() -> None:
    values = Expando({"city": "Oslo", "#": "here"})
    assert values.city == values["city"] == "Oslo"
    assert values["#"] == "here"
    values.city = "Rome"
    values["year"] = 1960
    assert vars(values) == {"city": "Rome", "#": "here", "year": 1960}
    assert list(values) == ["city", "#", "year"]
    assert len(values) == 3
    assert repr(values) == "Expando({'city': 'Rome', '#': 'here', 'year': 1960})"


def test_what_is_not_there_is_none() -> None:
    values = Expando({})
    assert values.update is values.keys is values["city"] is values._city is None
    assert "city" not in values
    assert not values
    with pytest.raises(AttributeError):
        _ = values.__missing__


def test_what_is_not_there_cannot_be_deleted() -> None:
    values = Expando({"a": 1, "b": 2})
    del values.a
    del values["b"]
    assert values == {}
    with pytest.raises(KeyError):
        del values["a"]
    with pytest.raises(KeyError):
        del values.a


def test_equality() -> None:
    values = Expando({"a": 1})
    assert values == Expando({"a": 1}) == {"a": 1}
    assert values != {"a": 2}
    assert values != "a"
    assert copy.copy(values) == pickle.loads(pickle.dumps(values)) == values
