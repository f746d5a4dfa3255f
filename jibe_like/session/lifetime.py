"""How long a session lives: what asks for its end, and what holds it back."""

import time


class Lifetime:
    """The part of a session that decides when it may end. The clock is monotonic."""

    def __init__(self) -> None:
        self.destroyed = False
        """Whether the session has ended."""
        self.ending = False
        """Whether it has ended or is about to: what was to be done at its end is being done."""
        self.expiration_requested = False
        """Whether it ends as soon as no connection is left, however young it is."""
        self.expiration_blocked_count = 0
        """How many blocks there are: see `block_expiration`."""
        self._last_unsubscribe = time.monotonic()

    @property
    def expiration_blocked(self) -> bool:
        """Whether something keeps the session from ending."""
        return self.expiration_blocked_count > 0

    def block_expiration(self) -> None:
        """Keeps the session from ending until `unblock_expiration` has been called as often."""
        self.expiration_blocked_count += 1

    def unblock_expiration(self) -> None:
        """Takes back one `block_expiration`. Raises RuntimeError where there is none."""
        if not self.expiration_blocked_count:
            raise RuntimeError(f"{self!r}: expiration is not blocked")
        self.expiration_blocked_count -= 1

    def request_expiration(self) -> None:
        """Ends the session soon, if no connection is there or as soon as none is."""
        self.expiration_requested = True

    @property
    def milliseconds_since_last_unsubscribe(self) -> float:
        """Since the last page went or, before any came, since the session was made."""
        return (time.monotonic() - self._last_unsubscribe) * 1000
