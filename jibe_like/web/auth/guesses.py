"""Guesses: some at once, then one after a while each."""

from collections import OrderedDict
from time import monotonic


class Guesses:
    """Counts them for each who makes them, or whom they are about.

    :param burst: that may come at once.
    :param seconds: after which there may be one more.
    :param most: of whom they are counted; beyond, those are forgotten who have had none for the longest time.
    """

    __slots__ = ("_burst", "_free_at", "_most", "_seconds")

    def __init__(self, burst: int, seconds: float, most: int) -> None:
        self._burst = burst
        self._seconds = seconds
        self._most = most
        self._free_at: OrderedDict[str, float] = OrderedDict()
        """When all may come at once again."""

    def __len__(self) -> int:
        """Of whom they are counted."""
        return len(self._free_at)

    def take(self, key: str) -> bool:
        """Whether there may be one more, which is counted then."""
        now = monotonic()
        free_at = max(self._free_at.get(key, 0.0), now)
        # Half a one more, since sums of times are not exact.
        if free_at - now > (self._burst - 0.5) * self._seconds:
            return False
        self._free_at[key] = free_at + self._seconds
        self._free_at.move_to_end(key)
        if len(self._free_at) > self._most:
            self._free_at.popitem(last=False)
        return True

    def give_back(self, key: str) -> None:
        """One that was counted was none."""
        free_at = self._free_at.get(key, 0.0) - self._seconds
        if free_at > monotonic():
            self._free_at[key] = free_at
        else:
            self._free_at.pop(key, None)
