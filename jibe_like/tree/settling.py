"""What has to come to rest before changes are told: listeners that are to be called, and may change more."""

from typing import Final, Protocol

from jibe_like.errors import StateLoopError

MOST_ROUNDS: Final = 100
"""Changes that lead to changes that lead to changes: no more links than that."""


class Settling(Protocol):
    """Something that has changed, and has not told those whom that concerns."""

    def settle(self) -> None:
        """Tells them, once. What they change meanwhile is for the next round."""

    def give_up(self) -> str:
        """Tells nobody any more; gives the names of what has changed."""


def come_to_rest(pending: list[Settling]) -> None:
    """Settles all, and what is added to the list meanwhile, until it is empty.

    Raises StateLoopError where that goes on and on; what `settle` raises is passed on, and the others still wait.
    """
    rounds, left = 0, len(pending)
    while pending and rounds < MOST_ROUNDS:
        pending.pop(0).settle()
        left -= 1
        if not left:
            rounds, left = rounds + 1, len(pending)
    if pending:
        names = dict.fromkeys(each.give_up() for each in pending)
        pending.clear()
        raise StateLoopError(
            f"{', '.join(names)}: still changing after {MOST_ROUNDS} rounds of listeners, which change what they hear"
        )
