"""Frames on their way: numbered, kept until acknowledged, replayed, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.wire.outbox import Frame, Outbox


def filled(count: int, most_frames: int = 100, most_bytes: int = 10_000) -> Outbox:
    outbox = Outbox(most_frames, most_bytes)
    for seq in range(1, count + 1):
        outbox.add(Frame(seq, b"%d" % seq))
    return outbox


def test_what_a_connection_lacks_is_replayed_in_order() -> None:
    outbox = filled(4)
    assert outbox.after(1, "c") == [b"2", b"3", b"4"]
    assert outbox.after(0, "c") == [b"1", b"2", b"3", b"4"]
    assert outbox.after(4, "c") == []
    assert (outbox.seq, len(outbox)) == (4, 4)


def test_a_number_that_was_never_given_is_unknown() -> None:
    assert filled(4).after(5, "c") is None
    assert filled(0).after(1, "c") is None
    assert filled(0).after(0, "c") == []


def test_what_all_have_is_forgotten() -> None:
    outbox = filled(4)
    outbox.acknowledged(2)
    assert len(outbox) == 2
    assert outbox.after(2, "c") == [b"3", b"4"]
    assert outbox.after(1, "c") is None
    outbox.acknowledged(1)
    outbox.acknowledged(9)
    assert len(outbox) == 0
    assert outbox.after(4, "c") == []
    assert outbox.after(3, "c") is None
    outbox.add(Frame(5, b"5"))
    assert outbox.after(4, "c") == [b"5"]


def test_the_oldest_are_forgotten_beyond_a_count() -> None:
    outbox = filled(5, most_frames=3)
    assert outbox.after(2, "c") == [b"3", b"4", b"5"]
    assert outbox.after(1, "c") is None


def test_the_oldest_are_forgotten_beyond_a_size() -> None:
    outbox = Outbox(100, 10)
    outbox.add(Frame(1, b"x" * 6))
    outbox.add(Frame(2, b"x" * 4))
    assert outbox.after(0, "c") is not None
    outbox.add(Frame(3, b"", {"c": b"x"}))
    assert len(outbox) == 2
    outbox.add(Frame(4, b"x" * 11))
    assert len(outbox) == 0
    assert outbox.after(3, "c") is None
    assert outbox.after(4, "c") == []


def test_nothing_at_all_may_be_kept() -> None:
    outbox = filled(3, most_frames=0)
    assert outbox.after(3, "c") == []
    assert outbox.after(2, "c") is None


def test_the_one_that_a_change_came_from_gets_its_own_text() -> None:
    outbox = Outbox(10, 100)
    outbox.add(Frame(1, b"all", {"c1": b"c1"}))
    outbox.add(Frame(2, b"all", {"c2": None}))
    assert outbox.after(0, "c1") == [b"c1", b"all"]
    assert outbox.after(0, "c2") == [b"all"]
    assert outbox.after(0, "c3") == [b"all", b"all"]
    assert Frame(1, b"all").for_connection("") == b"all"


def test_a_number_cannot_be_left_out() -> None:
    outbox = filled(2)
    with pytest.raises(AssertionError, match="frame 4 after 2"):
        outbox.add(Frame(4, b""))


@given(st.lists(st.integers(0, 12) | st.none(), max_size=40), st.integers(0, 6), st.integers(0, 12))
def test_what_is_replayed_is_all_that_is_lacking_or_nothing(acks: list[int | None], frames: int, seq: int) -> None:
    """`None` adds a frame, a number acknowledges."""
    outbox = Outbox(frames, 1_000)
    for ack in acks:
        if ack is None:
            outbox.add(Frame(outbox.seq + 1, b"%d" % (outbox.seq + 1)))
        else:
            outbox.acknowledged(min(ack, outbox.seq))
        assert len(outbox) <= frames
    missed = outbox.after(seq, "c")
    if missed is not None:
        assert missed == [b"%d" % number for number in range(seq + 1, outbox.seq + 1)]
    else:
        assert seq != outbox.seq
