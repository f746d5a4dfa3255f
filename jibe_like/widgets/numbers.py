"""Inputs of a number."""

import math
import re
from types import NoneType
from typing import Any, Final

from ..tree.binding import attr, or_none, prop
from ..tree.property import Property
from .field import Entry, RangeField, editable

Number = int | float

_NUMBER: Final = re.compile(r"-?(\d{1,64}(\.\d{0,64})?|\.\d{1,64})(e[-+]?\d{1,4})?", re.ASCII | re.IGNORECASE)


def number_text(number: Number | None) -> str | None:
    """A number as a browser writes it; None for None."""
    if number is None:
        return None
    return str(int(number)) if isinstance(number, float) and number.is_integer() and abs(number) < 1e15 else str(number)


def _number(raw: Any) -> Number:
    if not isinstance(raw, str) or not _NUMBER.fullmatch(raw):
        raise ValueError(f"{raw!r:.60} is not a number")
    try:
        return int(raw)
    except ValueError:
        return float(raw)


def _finite(number: Number | None) -> Number | None:
    if number is not None and not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number")
    return number


def _step(field: "NumberField", step: Number | None) -> Number | None:
    if step is not None and (not math.isfinite(step) or step <= 0):
        raise ValueError(f"a step is more than 0, not {step}")
    return step


class NumberField(RangeField):
    """The base of inputs of a number: multiples of `step`, counted from `min` or else 0, from `min` to `max`.

    Properties: `min`, `max`, `step`: None for no bound, and for any number; and those of `Field`.
    """

    __slots__ = ()

    min: Property[Number | None] = Property(
        None,
        accept=(float, NoneType),
        bind=attr("min", number_text),
        check=lambda field, bound: field._below_max(_finite(bound)),
        settle=lambda field: field._refit(),
    )
    """The least value; None for no bound."""
    max: Property[Number | None] = Property(
        None,
        accept=(float, NoneType),
        bind=attr("max", number_text),
        check=lambda field, bound: field._above_min(_finite(bound)),
        settle=lambda field: field._refit(),
    )
    """The greatest value; None for no bound."""
    step: Property[Number | None] = Property(
        None,
        accept=(float, NoneType),
        bind=attr("step", lambda step: number_text(step) or "any"),
        check=_step,
        settle=lambda field: field._refit(),
    )
    """The distance between two allowed values; None allows any number."""

    value: Any

    def _allowed(self, value: Number | None) -> Number | None:
        """The check of `value`."""
        self._in_range(_finite(value))
        if value is not None and self.step is not None:
            steps = (value - (self.min or 0)) / self.step
            if abs(steps - round(steps)) > 1e-9 * max(1.0, abs(steps)):
                raise ValueError(f"{value} is no multiple of {self.step} from {self.min or 0}")
        return value

    def _nearest(self, value: Number) -> Number:
        value = super()._nearest(value)
        if self.step is None:
            return value
        base = self.min or 0
        steps = round((value - base) / self.step)
        if self.max is not None and base + steps * self.step > self.max:
            steps -= 1
        nearest = base + steps * self.step
        return nearest if isinstance(nearest, int) else round(nearest, 12)


class NumberInput(NumberField):
    """A number.

        age = NumberInput(label="Age", min=0, max=150, step=1)

    :param value: the number; None where the field is empty.
    :param min: the least; None for no bound.
    :param max: the greatest; None for no bound.
    :param step: the distance between two allowed numbers; None allows any.
    :param label: the text beside it.
    :param options: `placeholder`, `readonly`, `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    What the user types outside of the bounds, or beside the steps, is marked by the browser, and the value is None.
    From Python it is refused with PropertyValueError. Where a bound moves, the value follows. A value that is typed
    without a fraction is an int.

    Properties: `value`, two-way; `min`, `max`, `step`, and the options. Events: `change`, `input`.
    """

    __slots__ = ()

    tagname = "input"
    _control = {"type": "number", "step": "any"}

    placeholder = Property("", bind=attr("placeholder", or_none))
    """An example, shown while the control is empty. No substitute for a label."""
    readonly = Property(False, bind=attr("readonly"))
    """Whether the value can be read and copied, but not changed by the user."""
    value = Entry[Number](
        None,
        accept=(float, NoneType),
        bind=prop("value", lambda value: number_text(value) or ""),
        event="change",
        check=lambda field, value: field._allowed(value),
        parse=lambda field, raw: None if editable(field, raw) == "" else _number(raw),
    )
    """The number; None where the field has none that is allowed."""

    def __init__(
        self,
        value: Number | None = None,
        min: Number | None = None,
        max: Number | None = None,
        step: Number | None = None,
        *,
        label: str = "",
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self.min = min
        self.max = max
        self.step = step
        self.value = value


class Slider(NumberField):
    """A number that is chosen by moving a handle.

        volume = Slider(30, label="Volume")
        volume.register("input", lambda source, message: set_volume(source.value), throttle=0.1)

    :param value: the number; `min` where None.
    :param min: the least.
    :param max: the greatest.
    :param step: the distance between two numbers; None allows any.
    :param label: the text beside it.
    :param options: `help`, `error`, `name`, `disabled`, and those of `Widget`.

    A value outside of the bounds or beside the steps is refused: PropertyValueError. Where a bound moves, the value
    follows.

    Properties: `value`, two-way; `min`, `max`, `step`, and the options. Events: `change`, when the handle is let go;
    `input`, while it moves.
    """

    __slots__ = ()

    tagname = "input"
    _control = {"type": "range", "step": "any"}

    value: Property[Number] = Property(
        0,
        accept=float,
        bind=prop("value", number_text),
        event="change",
        check=lambda field, value: field._allowed(value),
        parse=lambda field, raw: _number(raw),
    )
    """The number."""

    def __init__(
        self,
        value: Number | None = None,
        min: Number = 0,
        max: Number = 100,
        step: Number | None = 1,
        *,
        label: str = "",
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self.min = min
        self.max = max
        self.step = step
        self.value = min if value is None else value

    def _below_max(self, bound: Number | None) -> Any:
        return super()._below_max(_end(bound))

    def _above_min(self, bound: Number | None) -> Any:
        return super()._above_min(_end(bound))


def _end(bound: Number | None) -> Number:
    if bound is None:
        raise TypeError("a slider has two ends")
    return bound
