"""What comes to rest before changes are told."""

from collections.abc import Callable

import pytest

from jibe_like.errors import StateLoopError
from jibe_like.tree.settling import MOST_ROUNDS, Settling, come_to_rest
from tests.live_tree import FakeHost, live
from tests.sessions import Words


class Thing:
    """Does something when it settles; keeps how often it did."""

    def __init__(self, name: str = "thing", action: Callable[[], object] = lambda: None) -> None:
        self.name = name
        self.action = action
        self.settled = 0

    def settle(self) -> None:
        self.settled += 1
        self.action()

    def give_up(self) -> str:
        return self.name


def test_all_settle_once_and_what_they_add_as_well() -> None:
    third = Thing()
    pending: list[Settling] = []
    first, second = Thing(), Thing(action=lambda: pending.append(third))
    pending += [first, second]
    come_to_rest(pending)
    assert (first.settled, second.settled, third.settled, pending) == (1, 1, 1, [])


def test_what_never_comes_to_rest_is_named() -> None:
    pending: list[Settling] = []
    calm = Thing("calm")
    ping = Thing("ping", lambda: pending.append(ping))
    pending += [calm, ping]
    with pytest.raises(StateLoopError, match="^ping: still changing after 100 rounds"):
        come_to_rest(pending)
    assert (ping.settled, calm.settled, pending) == (MOST_ROUNDS, 1, [])


def test_after_an_error_the_others_still_wait() -> None:
    pending: list[Settling] = []
    failing, other = Thing(action=lambda: 1 / 0), Thing()
    pending += [failing, other]
    with pytest.raises(ZeroDivisionError):
        come_to_rest(pending)
    assert pending == [other]


def test_whoever_ends_all_ends_what_waits_as_well() -> None:
    pending: list[Settling] = []
    last, other = Thing(action=pending.clear), Thing()
    pending += [last, other]
    come_to_rest(pending)
    assert (last.settled, other.settled, pending) == (1, 0, [])


class Host(FakeHost):
    def __init__(self) -> None:
        super().__init__()
        self.wakings = 0

    def wake(self) -> None:
        self.wakings += 1


def test_a_tree_settles_before_its_changes_are_taken() -> None:
    words, host = Words(), Host()
    tree = live(words)
    tree.host = host
    thing = Thing(action=lambda: setattr(words, "value", "settled"))
    tree.settle_soon(thing)
    assert host.wakings == 1
    patch = tree.take()
    assert patch is not None
    assert patch.ops == [["text", words.identifier, "settled"]]
    assert host.wakings == 1, "what changed then was taken along"
    words.value = "later"
    assert host.wakings == 2


def test_what_waited_for_a_host_wakes_it() -> None:
    tree, host = live(Words()), Host()
    tree.settle_soon(Thing())
    assert host.wakings == 0
    tree.go_live(host)
    assert host.wakings == 1


def test_a_loop_is_the_hosts_to_report() -> None:
    tree, host = live(Words()), Host()
    loop = Thing("loop", lambda: tree.settle_soon(loop))
    tree.settle_soon(loop)
    with pytest.raises(StateLoopError):
        tree.settle()
    tree.host = host
    tree.settle_soon(loop)
    tree.settle()
    assert [type(error) for error in host.errors] == [StateLoopError]


def test_a_tree_that_has_ended_settles_nothing() -> None:
    tree, thing = live(Words()), Thing()
    tree.go_live(Host())
    tree.settle_soon(thing)
    tree.close()
    assert tree.take() is None
    assert thing.settled == 0
