"""Who is signing in: kept by the browser."""

import time

import pytest

from jibe_like.web.auth.attempts import LIFETIME, Attempts

SECRET = "a secret"


def cookies(attempts: Attempts, value: str) -> dict[str, str]:
    return {attempts.cookie_name(False): value}


def test_an_attempt_is_found_by_its_state_in_its_browser() -> None:
    attempts = Attempts([SECRET])
    first, value = attempts.begin({}, False, "/a")
    second, value = attempts.begin(cookies(attempts, value), False, "/b", again=True)
    kept = cookies(attempts, value)
    assert attempts.find(kept, False, first.state) == first
    assert attempts.find(kept, False, second.state) == second
    assert (first.going, first.again, second.going, second.again) == ("/a", False, "/b", True)
    assert attempts.find(kept, False, "another") is None
    assert attempts.find({}, False, first.state) is None
    left = cookies(attempts, attempts.without(kept, False, second))
    assert attempts.find(left, False, second.state) is None
    assert attempts.find(left, False, first.state) == first
    assert attempts.without(left, False, first) == ""


def test_a_cookie_of_another_server_or_that_was_changed_is_none() -> None:
    attempts = Attempts([SECRET])
    attempt, value = attempts.begin({}, False, "/")
    header, payload, signature = value.split(".")
    for changed in ("", "x", f"{header}.{payload}.", f"{header}.{payload[:-2]}AA.{signature}", "é"):
        assert attempts.find(cookies(attempts, changed), False, attempt.state) is None
    other = Attempts(["another secret"])
    assert other.find(cookies(other, value), False, attempt.state) is None
    both = Attempts(["another secret", SECRET])
    assert both.find(cookies(both, value), False, attempt.state) == attempt


def test_an_attempt_takes_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts([SECRET])
    attempt, value = attempts.begin({}, False, "/")
    now = time.time()
    monkeypatch.setattr("jibe_like.web.auth.attempts.time.time", lambda: now + LIFETIME - 60)
    _, value = attempts.begin(cookies(attempts, value), False, "/")
    assert attempts.find(cookies(attempts, value), False, attempt.state) == attempt
    monkeypatch.setattr("jibe_like.web.auth.attempts.time.time", lambda: now + LIFETIME + 1)
    assert attempts.find(cookies(attempts, value), False, attempt.state) is None


def test_a_browser_never_gets_a_cookie_that_it_would_not_take() -> None:
    attempts = Attempts([SECRET])
    kept: dict[str, str] = {}
    begun = []
    for number in range(30):
        attempt, value = attempts.begin(kept, False, f"/{number}?" + "x" * 1_490)
        kept = cookies(attempts, value)
        begun.append(attempt)
        assert len(value) < 4_000
    # The newest is always there, and the one before, where there is room.
    assert attempts.find(kept, False, begun[-1].state) == begun[-1]
    assert attempts.find(kept, False, begun[0].state) is None
