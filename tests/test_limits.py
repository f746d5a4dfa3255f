"""Token buckets, and how many of them there can be."""

from collections.abc import Callable

import pytest

from jibe_like.settings import Settings
from jibe_like.web import limits
from jibe_like.web.limits import RATED, Allowance, Budget, Limits, Pace, Rate

ADA, BOB = "ada", "bob"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still until it is changed."""
    now = [1_000.0]
    monkeypatch.setattr("jibe_like.web.limits.time.monotonic", lambda: now[0])
    return now


def make(**options: float) -> tuple[Limits, list[str]]:
    rejected: list[str] = []
    return Limits(Settings(**options), rejected.append), rejected  # type: ignore[arg-type]


def test_a_rate_comes_back(clock: list[float]) -> None:
    rate = Rate(2.0, 3)
    assert [rate.take() for _ in range(4)] == [True, True, True, False]
    clock[0] += 1.0
    assert [rate.take() for _ in range(3)] == [True, True, False]
    clock[0] += 1_000.0
    assert [rate.take() for _ in range(4)] == [True, True, True, False]


def test_events_and_bytes_are_counted_apart(clock: list[float]) -> None:
    budget = Budget(Allowance(1.0, 2.0, 10.0, 100.0))
    assert [budget.take(80), budget.take(30), budget.take(20), budget.take(0)] == ["", "bytes", "", "events"]
    clock[0] += 1.0
    assert [budget.take(11), budget.take(10), budget.take(0)] == ["bytes", "", "events"]


def test_the_largest_message_can_always_be_sent() -> None:
    found, _ = make(bytes_burst=10, max_message_bytes=1_000)
    assert Budget(found.allowance).take(1_000) == ""


def test_handshakes_of_a_visitor_and_of_an_address(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    found, rejected = make(handshakes_per_second=1.0, handshakes_burst=2, address_factor=1.5)
    assert [found.knock(ADA, "1.2.3.4") for _ in range(4)] == ["", "", *2 * ["handshakes_per_identity"]]
    assert found.knock(BOB, "1.2.3.4") == ""
    assert found.knock("", "1.2.3.4") == "handshakes_per_address"
    assert found.knock(BOB, "1.2.3.5") == found.knock("", "1.2.3.5") == "", "others are unaffected"
    assert rejected == [*2 * ["handshakes_per_identity"], "handshakes_per_address"]
    # The log has each of them once.
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "refused: too many handshakes_per_identity",
        "refused: too many handshakes_per_address",
    ]
    assert "trusted_proxies" in caplog.text
    clock[0] += 1.0
    assert found.knock(ADA, "1.2.3.4") == ""


@pytest.mark.parametrize("what", RATED)
def test_whatever_is_rated(clock: list[float], caplog: pytest.LogCaptureFixture, what: str) -> None:
    bounds = {f"{what}_per_second": 1.0, f"{what}_burst": 2}
    found, rejected = make(address_factor=1.5, **bounds)
    assert [found.take(what, ADA, "1.2.3.4") for _ in range(3)] == ["", "", f"{what}_per_identity"]
    assert [found.take(what, BOB, "1.2.3.4") for _ in range(2)] == ["", f"{what}_per_address"]
    assert found.take(what, ADA, "1.2.3.4") == f"{what}_per_identity"
    others = [other for other in RATED if other != what]
    assert {found.take(other, ADA, "1.2.3.4") for other in others} == {""}, "each has a bucket of its own"
    assert rejected == [f"{what}_per_identity", f"{what}_per_address", f"{what}_per_identity"]
    # What else they may do is no reason to tell it again.
    assert len(caplog.records) == 2
    clock[0] += 1.0
    assert found.take(what, ADA, "1.2.3.4") == ""
    assert found.take(what, ADA, "1.2.3.4") == f"{what}_per_identity"
    assert len(caplog.records) == 3


def test_connections(clock: list[float]) -> None:
    found, rejected = make(connections_per_identity=1, address_factor=2.0)
    seat = found.enter(ADA, "1.2.3.4")
    assert seat is not None
    assert found.knock(ADA, "9.9.9.9") == "connections_per_identity"
    assert found.knock(BOB, "1.2.3.4") == ""
    found.enter(BOB, "1.2.3.4")
    assert found.knock("cat", "1.2.3.4") == "connections_per_address"
    seat.leave()
    assert found.knock(ADA, "1.2.3.4") == found.knock("cat", "1.2.3.4") == ""
    assert rejected == ["connections_per_identity", "connections_per_address"]


def test_what_all_connections_send(clock: list[float]) -> None:
    found, _ = make(
        events_per_second=0.0, events_burst=2, max_message_bytes=10, bytes_burst=10, identity_factor=1.0,
        address_factor=1.5,
    )  # fmt: skip
    seats = [found.enter(who, "1.2.3.4") for who in (ADA, ADA, BOB)]
    first, second, other = (seat for seat in seats if seat is not None)
    assert [first.take(1), second.take(1), second.take(1)] == ["", "", "events_per_identity"]
    assert [other.take(1), other.take(1)] == ["", "events_per_address"]
    elsewhere = found.enter("cat", "1.2.3.5")
    assert elsewhere is not None
    assert [elsewhere.take(10), elsewhere.take(1)] == ["", "bytes_per_identity"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", ""])
def test_this_machine_may_do_all(address: str) -> None:
    found, _ = make(handshakes_burst=0, connections_per_identity=0)
    assert found.knock("", address) == ""
    assert found.enter("", address) is None
    assert found.knock(ADA, address) == "connections_per_identity"


def test_a_network_of_ipv6_is_one_address() -> None:
    found, _ = make(handshakes_per_second=0.0, handshakes_burst=1, address_factor=1.0)
    assert found.knock("", "2001:db8::1") == ""
    assert found.knock("", "2001:db8::ffff:2") == "handshakes_per_address"
    assert found.knock("", "2001:db8:0:1::1") == ""
    assert found.knock("", "::ffff:1.2.3.4") == ""
    assert found.knock("", "1.2.3.4") == "handshakes_per_address"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_IDLE", 10)
    found, _ = make(handshakes_per_second=0.0, handshakes_burst=1)
    seat = found.enter(ADA, "1.2.3.4")
    assert seat is not None
    for number in range(100):
        assert found.knock(f"visitor {number}", f"9.9.{number}.1") == ""
    assert len(found) == 12, "those who are here, and ten others"
    assert found.knock("visitor 99", "") == "handshakes_per_identity", "the last are remembered"
    assert found.knock("visitor 0", "") == "", "the first are not"
    seat.leave()
    assert len(found) == 10


class Later:
    """Calls back when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, seconds: float, callback: Callable[[], None]) -> Callable[[], object]:
        assert seconds == limits.LOOK_SECONDS
        self.waiting.append(callback)
        return lambda: self.waiting.remove(callback) if callback in self.waiting else None

    def passes(self) -> None:
        for callback in self.waiting[:]:
            callback()


def test_who_may_do_all_again_is_forgotten(clock: list[float]) -> None:
    later = Later()
    found = Limits(Settings(handshakes_per_second=1.0, handshakes_burst=50), print, later)
    stays, goes = found.enter(ADA, ""), found.enter(BOB, "")
    assert stays is not None
    assert goes is not None
    for _ in range(10):
        assert found.knock(BOB, "") == ""
    goes.leave()
    for seconds, left in (0, 2), (9, 2), (1, 1):
        clock[0] += seconds
        later.passes()
        assert len(found) == left
    assert later.waiting == [], "those who are here are not looked at"
    stays.leave()
    assert len(found) == 0, "who has done little is forgotten at once"
    assert later.waiting == []


@pytest.mark.parametrize(
    "asked",
    [lambda found: found.take(limits.SIGN_INS, ADA, ""), lambda found: found.pace(ADA, "", 100)],
    ids=["tokens", "bytes of a file"],
)
def test_whatever_was_done_is_remembered(clock: list[float], asked: Callable[[Limits], object]) -> None:
    later = Later()
    found = Limits(Settings(upload_bytes_per_second=100, upload_bytes_burst=500), print, later)
    asked(found)
    clock[0] += 0.9
    later.passes()
    assert len(found) == 1
    clock[0] += 0.1
    later.passes()
    assert len(found) == 0


@pytest.mark.parametrize("size", [50, 1])
def test_what_was_sent_is_remembered(clock: list[float], size: int) -> None:
    settings = Settings(
        events_per_second=1, events_burst=3, bytes_per_second=10, bytes_burst=100, max_message_bytes=100
    )
    later = Later()
    found = Limits(settings, print, later)
    seat = found.enter(ADA, "")
    assert seat is not None
    # A visitor may ten times as much as a connection: 10 events, or 100 bytes, come back in a second.
    for _ in range(15 if size == 1 else 3):
        assert seat.take(size) == ""
    seat.leave()
    clock[0] += 1.1
    later.passes()
    assert len(found) == 1
    clock[0] += 0.5
    later.passes()
    assert len(found) == 0


def test_nobody_is_remembered_for_ever(clock: list[float]) -> None:
    later = Later()
    found = Limits(Settings(sign_ins_per_second=0.0), print, later)
    found.take(limits.SIGN_INS, ADA, "")
    clock[0] += limits.MOST_SECONDS
    later.passes()
    assert len(found) == 0


def test_many_are_looked_at_in_turn(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOKED_AT", 4)
    later = Later()
    found = Limits(Settings(handshakes_per_second=1.0), print, later)
    for number in range(10):
        found.knock(f"visitor {number}", "")
    clock[0] += 1
    for left in 6, 2, 0:
        later.passes()
        assert len(found) == left
    found.knock(ADA, "")
    found.close()
    assert later.waiting == []


def test_a_pace_is_paid_back(clock: list[float]) -> None:
    pace = Pace(per_second=100, burst=50)
    assert [pace.take(50), pace.take(100), pace.take(1)] == [0, 1, 1.01]
    clock[0] += 1.01
    assert pace.take(10) == pytest.approx(0.1)
    clock[0] += 1000
    assert [pace.take(50), pace.take(10)] == [0, pytest.approx(0.1)]
    assert Pace(per_second=0, burst=0).take(10**9) == 0


def test_files_are_paced_by_visitor_and_address(clock: list[float]) -> None:
    limits, _ = make(upload_bytes_per_second=100, upload_bytes_burst=0, address_factor=2)
    assert limits.pace(ADA, "192.0.2.1", 100) == 1
    assert limits.pace(BOB, "192.0.2.1", 300) == 3
    # The address has twice as much for both.
    assert limits.pace("kim", "192.0.2.1", 100) == 2.5
    assert limits.pace("", "127.0.0.1", 10**9) == 0
