"""What is due later."""

import math
from collections.abc import Callable

from .lock import STRUCTURE
from .tree import Host


class Alarm:
    """One call that is due later. It belongs to the running page: what is made of its pickle is not set."""

    __slots__ = ("_cancel",)

    def __init__(self) -> None:
        self._cancel: Callable[[], None] | None = None

    def __reduce__(self) -> tuple[type["Alarm"], tuple[()]]:
        return Alarm, ()

    @property
    def is_set(self) -> bool:
        """Whether something is due. It stays so when that was called."""
        return self._cancel is not None

    def set(self, host: Host, seconds: float, callback: Callable[[], object]) -> None:
        """Calls back after so many seconds, in place of what was due."""
        with STRUCTURE:
            self.clear()
            self._cancel = host.call_later(seconds, callback)

    def clear(self) -> None:
        """Nothing is due any more."""
        with STRUCTURE:
            cancel, self._cancel = self._cancel, None
        if cancel is not None:
            cancel()


def next_due(due: float, interval: float, now: float) -> float:
    """When something is due again that was due before: multiples of the interval later, those that were missed left
    out."""
    return due + interval * (1 + max(0, math.floor((now - due) / interval)))
