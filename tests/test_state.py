"""State by itself: values by name, and listeners."""

import pickle
import threading
from typing import Any

import pytest

from jibe_like.errors import OrphanWidgetError, StateLoopError
from jibe_like.session.state.state import State


def mirrored(**values: Any) -> State:
    state = State._of("app.state", None, "state")
    state.update(values)
    return state


# -- values


def test_a_name_that_is_not_there_is_none() -> None:
    state = State()
    assert state.nothing is None
    assert state["nothing"] is None
    assert "nothing" not in state
    assert not state.has("nothing")


def test_attributes_and_items_are_the_same() -> None:
    state = State({"a": 1})
    state.b = 2
    state["c d"] = 3
    assert (state["a"], state["b"], state.c, state["c d"]) == (1, 2, None, 3)
    del state.a
    del state["b"]
    assert list(state) == ["c d"]
    assert state.has("c d")


@pytest.mark.parametrize("name", ["nothing", "_nothing"])
def test_what_is_not_there_cannot_be_deleted(name: str) -> None:
    state = State()
    with pytest.raises(KeyError, match=name):
        del state[name]
    with pytest.raises((KeyError, AttributeError), match=name):
        delattr(state, name)


def test_it_is_like_a_dict_of_its_values() -> None:
    state = State()
    assert not state
    assert len(state) == 0
    state.update({"a": 1}, b=[2])
    assert state
    assert len(state) == 2
    assert state == {"a": 1, "b": [2]} == state._dict == state.initial
    assert state == State({"b": [2], "a": 1})
    assert state != {"a": 1}
    assert state != 5
    assert list(state) == ["a", "b"]
    assert repr(state) == "State({'a': 1, 'b': [2]})"
    with pytest.raises(TypeError, match="unhashable"):
        hash(state)


def test_the_dict_is_a_copy() -> None:
    state = State({"a": 1})
    state._dict["a"] = state.initial["a"] = 2
    assert state.a == 1


def test_any_name_that_can_be_a_key_is_one() -> None:
    state = State()
    state[10] = "ten"
    state[1, 2] = "a pair"
    state["_private"] = "mine"
    state["update"] = "now"
    assert state == {10: "ten", (1, 2): "a pair", "_private": "mine", "update": "now"}


def test_attributes_with_an_underscore_are_pythons_own() -> None:
    state = State()
    with pytest.raises(AttributeError, match="'State' object has no attribute '_private'"):
        state._private  # noqa: B018
    with pytest.raises(AttributeError):
        state._private = 1
    assert not hasattr(state, "__html__")
    assert not state


def test_names_of_its_own_are_not_lost_by_accident() -> None:
    state = State()
    with pytest.raises(AttributeError, match=r"'update' is a name of every State: use state\['update'\]"):
        state.update = 1  # type: ignore[method-assign, assignment]


def test_setdefault_and_update() -> None:
    state = State({"a": None})
    assert state.setdefault("a", 1) is None
    assert state.setdefault("b", 2) == 2
    state.update(State({"c": 3}))
    state.update(values=4)
    assert state == {"a": None, "b": 2, "c": 3, "values": 4}


def test_an_update_is_done_whole_or_not_at_all() -> None:
    state = mirrored(a=1)
    with pytest.raises(TypeError, match="app.state.b: a page cannot have a value of type object"):
        state.update(a=2, b=object())
    assert state == {"a": 1}


def test_what_a_page_cannot_have_is_refused_by_name() -> None:
    state = mirrored(a=[1])
    with pytest.raises(TypeError, match="app.state.a: a page cannot have a value of type object"):
        state.a = object()
    with pytest.raises(TypeError, match="app.state: a name must be str, not int"):
        state[5] = 1
    state.a.append(object())
    with pytest.raises(TypeError, match="app.state.a: a page cannot have a value of type object"):
        state.dirty("a")
    local = State()
    local.anything = anything = object()
    assert local.anything is anything


# -- listeners


class Heard(list[Any]):
    """Keeps what a listener is called with."""

    def __call__(self, **values: Any) -> None:
        self.append(values)


def test_a_listener_is_called_once_however_much_has_changed() -> None:
    state, heard = State(), Heard()
    assert state.change("a", "b")(heard) is heard
    with state:
        state.a = 1
        state.a = 2
        state.b = 3
        state.c = 4
    assert heard == [{"a": 2, "b": 3, "c": 4}]
    with state:
        state.c = 5
        state.a = 2
    assert len(heard) == 1, "nothing that it listens to has changed"


def test_registered_twice_it_is_called_once() -> None:
    state, heard = State(), Heard()
    state.change("a")(heard)
    state.change("b")(heard)
    with state:
        state.a = state.b = 1
    with state:
        state.b = 2
    assert len(heard) == 2


def test_a_listener_gets_what_it_has_parameters_for() -> None:
    state = State({"a": 1, "b": 2, 10: "ten"})
    got: list[Any] = []

    class Owner:
        def method(self, a: int) -> None:
            got.append(a)

    state.change("a")(Owner().method)
    state.change("a")(lambda: got.append("none"))
    state.change("a")(lambda b, nothing: got.append((b, nothing)))
    state.change("a")(lambda a=9, nothing=8: got.append((a, nothing)))
    state.change("a")(lambda b, **others: got.append((b, others)))
    state.change("a")(lambda *, a: got.append(-a))
    with state:
        state.a = 5
    assert got == [5, "none", (2, None), (5, 8), (2, {"a": 5}), -5]


def test_setting_an_equal_value_is_no_change() -> None:
    state, heard = State({"a": [1], "b": 1}), Heard()
    state.change("a", "b")(heard)
    with state:
        state.a = [1]
        state.b = 1
    assert not heard
    with state:
        state.b = True
    assert heard == [{"a": [1], "b": True}]


def test_a_change_made_in_place_is_told_by_dirty() -> None:
    state, heard = State({"a": [1]}), Heard()
    state.change("a")(heard)
    state.a.append(2)
    assert not state.is_dirty("a")
    state.dirty("a", "nothing")
    assert state.is_dirty("a")
    assert not state.is_dirty("nothing")
    assert state.flush() == {"a"}
    assert heard == [{"a": [1, 2]}]
    assert state.flush() == set()


def test_deleting_is_a_change() -> None:
    state, heard = State({"a": 1}), Heard()
    state.change("a")(lambda a: heard.append(a))
    with state:
        del state.a
    assert heard == [None]


def test_what_has_changed_is_known_until_the_flush() -> None:
    state, seen = State({"c": 1}), list[Any]()
    state.change("a", "b")(lambda: seen.append(state.modified_keys))
    state.a = state.b = 1
    assert state.modified_keys == {"a", "b"}
    assert state.is_dirty("c", "a")
    assert not state.is_dirty("c")
    assert state.is_dirty_all("a", "b")
    assert not state.is_dirty_all("a", "c")
    state.flush()
    assert seen == [{"a", "b"}]
    assert state.modified_keys == set()


def test_what_is_clean_is_not_told() -> None:
    state, heard = State(), Heard()
    state.change("a", "b")(heard)
    state.a = state.b = 1
    state.clean("a")
    assert not state.is_dirty("a")
    state.clean("b")
    assert state.flush() == set()
    assert not heard
    assert state == {"a": 1, "b": 1}


def test_listeners_can_be_kept_from_hearing() -> None:
    state, heard = State(), Heard()
    state.change("a", "b")(heard)
    with state, state.suppress_change_listeners("a"):
        state.a = 1
    assert not heard
    with state, state.suppress_change_listeners():
        state.b = 1
    assert not heard
    with state, state.suppress_change_listeners("a"):
        state.a = 2
        state.b = 2
    assert heard == [{"a": 2, "b": 2}]
    with state, state.suppress_change_listeners("b"):
        state.a = 3
    assert len(heard) == 2


def test_what_listeners_change_is_told_too() -> None:
    state = State({"n": 1})
    order: list[Any] = []

    @state.change("n")
    def double(n: int) -> None:
        order.append(("n", n))
        state.twice = 2 * n

    @state.change("twice")
    def show(twice: int) -> None:
        order.append(("twice", twice))
        assert state.flush() == set()
        if state.n < 3:
            state.n += 1

    state.n = 2
    assert state.flush() == {"n"}
    assert order == [("n", 2), ("twice", 4), ("n", 3), ("twice", 6)]


def test_a_loop_ends_with_an_error_that_names_it() -> None:
    state = State({"ping": 0, "pong": 0, "still": 0})

    @state.change("ping")
    def on_ping(ping: int) -> None:
        state.pong = ping + 1

    @state.change("pong")
    def on_pong(pong: int) -> None:
        state.ping = pong + 1

    state.still = 1
    state.ping = 1
    with pytest.raises(StateLoopError, match=r"state\.p[io]ng: still changing after 100 rounds"):
        state.flush()
    assert state.ping < 200
    heard = Heard()
    state.change("still")(heard)
    with state:
        state.still = 2
    assert len(heard) == 1, "it goes on afterwards"


def test_what_a_listener_raises_is_raised_where_no_session_runs() -> None:
    state, heard = State(), Heard()

    @state.change("a")
    def fail() -> None:
        raise LookupError("on purpose")

    state.change("b")(heard)
    state.a = 1
    with pytest.raises(LookupError):
        state.flush()
    with state:
        state.b = 1
    assert len(heard) == 1


def test_an_async_listener_needs_a_session() -> None:
    state = State()

    @state.change("a")
    async def later() -> None:
        raise AssertionError("never")

    state.a = 1
    with pytest.raises(OrphanWidgetError, match="change of state.a: no session"):
        state.flush()


def test_what_to_listen_to_must_be_said() -> None:
    with pytest.raises(TypeError, match=r"change takes the names to listen to"):
        State().change()
    with pytest.raises(TypeError, match=r"change takes the names to listen to"):
        # Without parentheses.
        State().change(test_what_to_listen_to_must_be_said)
    with pytest.raises(TypeError, match="a listener must be callable, not str"):
        State().change("a")("b")  # type: ignore[type-var]


def test_a_built_in_may_listen() -> None:
    state, done = State(), list[int]()
    done.append(1)
    state.change("a")(done.clear)
    with state:
        state.a = 1
    assert done == []


# -- pickling


class Listening:
    def __init__(self) -> None:
        self.state = State({"n": 1})
        self.state.client_keys("x")
        self.state.client_only("y")
        self.state.change("n")(self.heard)
        self.seen = 0

    def heard(self, n: int) -> None:
        self.seen = n


def test_it_comes_back_with_its_listeners() -> None:
    copy: Listening = pickle.loads(pickle.dumps(Listening()))
    assert copy.state == {"n": 1}
    with copy.state:
        copy.state.n = 5
    assert copy.seen == 5
    assert copy.state._client_keys == {"x"}
    assert copy.state._client_only == {"y"}


# -- threads


def test_threads_lose_nothing() -> None:
    state = State()

    def work(number: int) -> None:
        for i in range(200):
            state[f"{number}-{i}"] = i

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(state) == 20 * 200
    assert len(state.modified_keys) == 20 * 200
