"""How far long work is."""

import asyncio
import math
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from operator import length_hint
from types import NoneType, TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic

from ..errors import ProtocolError
from ..tree.alarm import Alarm
from ..tree.events import Message
from ..tree.lock import STRUCTURE
from ..tree.property import Property
from .button import Button
from .feedback import ProgressBar
from .field import one_of
from .layout import HBox, VBox
from .text import Label

if TYPE_CHECKING:
    # It knows of defaults: a `Progress` without items is one of anything.
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")

_FRAME_SECONDS: Final = 1 / 60
"""From one showing to the next, at least."""
_SLICE_SECONDS: Final = 0.008
"""For so long the items of a plain iterable follow each other before others have their turn on the event loop."""
_FIRST_RATE_SECONDS: Final = 0.5
"""Before that a rate means little."""

STATES: Final = ("waiting", "running", "finished", "cancelled", "stopped")


class _Source:
    """What is iterated over. It belongs to the running page: what is made of its pickle is empty."""

    __slots__ = ("is_going", "items")

    def __init__(self, items: Any = None) -> None:
        self.items = items
        self.is_going = False

    def __reduce__(self) -> tuple[type["_Source"], tuple[()]]:
        return _Source, ()


def _total(widget: "Progress[Any]", total: float | None) -> float | None:
    if total is not None and (not math.isfinite(total) or total < 0):
        raise ValueError(f"a total is a number from 0, or None where nobody knows it; not {total}")
    return total


class Progress(VBox, Generic[T]):
    """How far long work is: label, figures, a bar, and a button to end it where that is wanted.

        for row in Progress(rows, "Import"):
            ...

    Iterate over it, plainly or with `async for`, or count with `update`. Any thread may do so, and as often as it
    likes: the page is told 60 times a second at the most, and of the last state always. The work itself does not
    survive a restart of the server, and so what was running then is `stopped`.

    :param items: what to iterate over, plain or asynchronous; None to count with `update`.
    :param label: what is being done.
    :param total: how much there is; None where nobody knows. By default the number of items, where they tell it.
    :param unit: what is counted (`"rows"`).
    :param cancellable: whether there is a button that ends the work before its next item.
    :param keep: whether it stays in the page once it has come to its end.
    :param options: see `Widget`.

    Properties: `label`, `total`, `unit`, `cancellable`, `state`. Events: `cancel`, when the user ends it.
    """

    __slots__ = ("_alarm", "_bar", "_button", "_elapsed", "_figures", "_n", "_source", "_started", "_title", "keep")

    events = frozenset({"cancel"})

    label = Property("", settle=lambda progress: progress._show_soon())
    """What is being done."""
    total: Property[float | None] = Property(
        None, accept=(float, NoneType), check=_total, settle=lambda progress: progress._show_soon()
    )
    """How much there is; None where nobody knows."""
    unit = Property("", settle=lambda progress: progress._show_soon())
    """What is counted."""
    cancellable = Property(False, settle=lambda progress: progress._show_soon())
    """Whether there is a button that ends the work."""
    state = Property("waiting", check=one_of(*STATES), settle=lambda progress: progress._show_soon())
    """`waiting`, `running`, `finished`, `cancelled` or `stopped`: broken off, by an exception or a restart as well."""

    def __init__(
        self,
        items: Iterable[T] | AsyncIterable[T] | None = None,
        label: str = "",
        total: float | None = None,
        *,
        unit: str = "",
        cancellable: bool = False,
        keep: bool = True,
        **options: Any,
    ) -> None:
        self._alarm = Alarm()
        self._source = _Source(items)
        self._n: float = 0
        self._started = self._elapsed = 0.0
        self.keep = keep
        """Whether it stays in the page once it has come to its end."""
        self._bar = ProgressBar(None, style={"flex": "1 1 6rem"})
        self._title = Label()
        self._figures = Label(style={"color": "var(--jl-muted)", "font-variant-numeric": "tabular-nums"})
        self._button = Button("Cancel", hidden=True)
        self._button.register("click", self.cancel)
        super().__init__(**options)
        self.style.setdefault("gap", "0.4rem")
        self.style.setdefault("inline-size", "100%")
        self.children = [
            HBox([self._title, self._figures], style={"justify-content": "space-between", "gap": "0 1rem"}),
            HBox([self._bar, self._button]),
        ]
        self.label = label
        self.unit = unit
        self.total = _number_of(items) if total is None else total
        self.cancellable = cancellable
        self._show()

    # -- counting

    @property
    def n(self) -> float:
        """How far it is."""
        return self._n

    @n.setter
    def n(self, n: float) -> None:
        self._begin()
        self._n = n
        self._counted()

    def update(self, n: float = 1) -> None:
        """So much more is done. What reaches the total is finished."""
        self._begin()
        with STRUCTURE:
            self._n += n
        self._counted()

    def reset(self, total: float | None = None) -> None:
        """Begins anew, from 0. `total`: another one than before."""
        self._n = 0
        if total is not None:
            self.total = total
        self.state = "waiting"
        self._show_soon()

    def close(self) -> None:
        """Nothing more comes: it is finished, or stopped where there is a total that was not reached."""
        self._end(whole=self.total is None or self._n >= self.total)

    def cancel(self) -> None:
        """Ends the iteration before its next item. Whoever counts looks at `cancelled`."""
        if self.state in ("waiting", "running"):
            self._note_end("cancelled")
            self.emit("cancel")

    @property
    def cancelled(self) -> bool:
        """Whether the user has ended it."""
        return self.state == "cancelled"

    def __enter__(self) -> "Progress[T]":
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._end(whole=False)

    # -- iterating

    def __iter__(self) -> Iterator[T]:
        """The items, counted. Ends early where it is cancelled."""
        items = iter(self._items())
        whole = False
        try:
            self._begin_anew()
            while not self.cancelled:
                try:
                    item = next(items)
                except StopIteration:
                    whole = True
                    break
                yield item
                self.update()
        finally:
            self._end(whole=whole)

    async def __aiter__(self) -> AsyncIterator[T]:
        """The items of a plain or asynchronous iterable, counted. Others have their turn on the loop meanwhile."""
        items = self._source.items
        following = aiter(items) if isinstance(items, AsyncIterable) else _giving_way(self._items())
        whole = False
        try:
            self._begin_anew()
            while not self.cancelled:
                try:
                    item = await anext(following)
                except StopAsyncIteration:
                    whole = True
                    break
                yield item
                self.update()
        finally:
            self._end(whole=whole)

    def _items(self) -> Iterable[T]:
        items = self._source.items
        if isinstance(items, Iterable):
            return items
        hint = "`async for` iterates over these items" if isinstance(items, AsyncIterable) else "it has no items"
        raise TypeError(f"{self!r} cannot be iterated over: {hint}")

    # -- its life

    def _begin(self) -> None:
        if not self._source.is_going and self.state == "waiting":
            self._source.is_going = True
            self._started = time.monotonic()
            self.state = "running"

    def _begin_anew(self) -> None:
        if self.state in ("finished", "stopped"):
            self.reset()
        self._begin()

    def _counted(self) -> None:
        if self.total is not None and self._n >= self.total and self.state == "running" and self._source.items is None:
            self._note_end("finished")
        self._show_soon()

    def _end(self, whole: bool) -> None:
        if self.state in ("waiting", "running"):
            self._note_end("finished" if whole else "stopped")
        if not self.keep and self.parent is not None:
            self.parent.children.remove(self)

    def _note_end(self, state: str) -> None:
        if self._source.is_going:
            self._elapsed = time.monotonic() - self._started
        self._source.is_going = False
        self.state = state

    def on_attached(self) -> None:
        if self.state == "running" and not self._source.is_going:
            # It has come back from a store, and its work with the old process has not.
            self._end(whole=False)
        self._show()

    def on_detached(self) -> None:
        self._alarm.clear()

    def on_message(self, message: Message) -> None:
        if message["event"] in self.events:
            raise ProtocolError("the event comes from the server")
        super().on_message(message)

    # -- showing

    def _show_soon(self) -> None:
        if self._alarm.is_set:
            return
        host = self._tree.host if self._tree is not None else None
        if host is None:
            self._show()
        else:
            self._alarm.set(host, _FRAME_SECONDS, self._show)

    def _show(self) -> None:
        # First of all: what is counted from now on is shown next time.
        self._alarm.clear()
        total, over = self.total, self.state in ("finished", "cancelled", "stopped")
        if self.state == "finished":
            self._bar.value = 100
        elif total is None:
            self._bar.value = None if self.state == "running" else 0
        else:
            self._bar.value = 100 * self._n / total if total else 0
        self._bar.label = self.label or "Progress"
        self._title.value = self.label
        self._figures.value = self._text()
        self._button.hidden = over or not self.cancellable
        self._button.attributes.update({"aria-label": f"Cancel {self.label}" if self.label else None})

    def _text(self) -> str:
        done = _number(self._n) + (f" of {_number(self.total)}" if self.total is not None else "")
        done += f" {self.unit}" if self.unit else ""
        if self.state in ("cancelled", "stopped"):
            return f"{self.state} at {done}"
        if self.state == "finished":
            return f"{done} · {_duration(self._elapsed)}" if self._elapsed else done
        seconds = time.monotonic() - self._started
        if self.state == "waiting" or not self._n or seconds < _FIRST_RATE_SECONDS:
            return done if self._n or self.total is not None else ""
        rate = self._n / seconds
        parts = [done, f"{rate:,.{0 if rate >= 100 else 1}f}/s" if rate >= 1 else f"{1 / rate:,.1f} s each"]
        if self.total is not None and self._n < self.total:
            parts.append(f"{_duration((self.total - self._n) / rate)} left")
        return " · ".join(parts)


def _number_of(items: object) -> int | None:
    """How many items there are; None where they do not tell."""
    number = -1 if items is None else length_hint(items, -1)
    return None if number == -1 else number


async def _giving_way(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, with a turn for others from time to time."""
    since = time.monotonic()
    for item in items:
        yield item
        if time.monotonic() - since > _SLICE_SECONDS:
            await asyncio.sleep(0)
            since = time.monotonic()


def _number(number: float) -> str:
    return f"{number:,.1f}" if isinstance(number, float) and not number.is_integer() else f"{int(number):,}"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
