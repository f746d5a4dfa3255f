"""What happens later: the timer."""

import math
import time
from typing import Any

from ..errors import ProtocolError
from ..tree.alarm import Alarm, next_due
from ..tree.events import Message
from ..tree.property import Property
from ..tree.widget import Widget


def positive(widget: Widget, seconds: float) -> float:
    """For `check=`: a length of time. Raises ValueError."""
    if not math.isfinite(seconds) or seconds <= 0:
        raise ValueError(f"a length of time is more than 0 seconds, not {seconds}")
    return seconds


class Timer(Widget):
    """Calls its handlers again and again, for as long as it is part of the page. It does not show.

        clock = Timer(1)
        clock.register("tick", lambda: setattr(label, "value", f"{datetime.now():%X}"))

    Ticks do not drift: each is due a multiple of the interval after the first. One that could not be kept, since the
    server was busy, is left out.

    :param interval: seconds from tick to tick.
    :param active: whether it runs.
    :param once: whether it stops after the next tick (`active` becomes False).
    :param options: see `Widget`.

    Properties: `interval`, `active`, `once`. Setting `interval` or `active` starts the interval anew. Events: `tick`.
    """

    __slots__ = ("_alarm", "_due")

    tagname = "span"
    events = frozenset({"tick"})

    interval = Property(1.0, check=positive, settle=lambda timer: timer._restart())
    """Seconds from tick to tick."""
    active = Property(True, settle=lambda timer: timer._restart())
    """Whether the timer runs."""
    once = Property(False)
    """Whether it stops after the next tick."""

    def __init__(self, interval: float = 1.0, active: bool = True, once: bool = False, **options: Any) -> None:
        self._alarm = Alarm()
        self._due = 0.0
        super().__init__(hidden=True, **options)
        self.interval = interval
        self.active = active
        self.once = once

    def on_attached(self) -> None:
        self._restart()

    def on_detached(self) -> None:
        self._alarm.clear()

    def on_message(self, message: Message) -> None:
        if message["event"] in self.events:
            raise ProtocolError("a tick comes from the server")
        super().on_message(message)

    def _restart(self) -> None:
        self._alarm.clear()
        if self.active and self._tree is not None and self._tree.host is not None:
            self._due = time.monotonic() + self.interval
            self._alarm.set(self._tree.host, self.interval, self._tick)

    def _tick(self) -> None:
        if self.once:
            self.active = False
        elif self._tree is not None and self._tree.host is not None:
            now = time.monotonic()
            self._due = next_due(self._due, self.interval, now)
            self._alarm.set(self._tree.host, self._due - now, self._tick)
        self.emit("tick")
