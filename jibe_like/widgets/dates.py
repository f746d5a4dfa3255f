"""Inputs of a date and of a time of day."""

import datetime
import re
from types import NoneType
from typing import Any, Final

from ..errors import PropertyValueError
from ..tree.binding import attr, prop
from ..tree.property import Property
from .field import Entry, RangeField, editable

_DATE: Final = re.compile(r"\d{4,6}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?", re.ASCII)


def _date_text(date: datetime.date | None) -> str | None:
    return None if date is None else date.isoformat()


def _plain_date(date: datetime.date | None) -> datetime.date | None:
    return date.date() if isinstance(date, datetime.datetime) else date


def _parsed_date(raw: Any) -> datetime.date | None:
    if raw == "":
        return None
    if not isinstance(raw, str) or not _DATE.fullmatch(raw):
        raise ValueError(f"{raw!r:.60} is not a date")
    try:
        return datetime.date(*map(int, raw.split("-")))
    except ValueError as error:  # a year beyond 9999, say
        raise PropertyValueError(str(error)) from None


class DateInput(RangeField):
    """A date.

        day = DateInput(label="Day", min=datetime.date.today())

    :param value: the date; None where the field is empty.
    :param label: the text beside it.
    :param min: the first date; None for no bound.
    :param max: the last date; None for no bound.
    :param options: `readonly`, `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    What the user types outside of the bounds is marked by the browser, and the value is None. From Python it is refused
    with PropertyValueError. Where a bound moves, the value follows. Of a `datetime` its date is taken.

    Properties: `value`, two-way; `min`, `max`, and the options. Events: `change`, `input`.
    """

    __slots__ = ()

    tagname = "input"
    _control = {"type": "date"}

    readonly = Property(False, bind=attr("readonly"))
    """Whether the value can be read and copied, but not changed by the user."""
    min: Property[datetime.date | None] = Property(
        None,
        accept=(datetime.date, NoneType),
        bind=attr("min", _date_text),
        check=lambda field, bound: field._below_max(_plain_date(bound)),
        settle=lambda field: field._refit(),
    )
    """The first date; None for no bound."""
    max: Property[datetime.date | None] = Property(
        None,
        accept=(datetime.date, NoneType),
        bind=attr("max", _date_text),
        check=lambda field, bound: field._above_min(_plain_date(bound)),
        settle=lambda field: field._refit(),
    )
    """The last date; None for no bound."""
    value = Entry[datetime.date](
        None,
        accept=(datetime.date, NoneType),
        bind=prop("value", lambda date: _date_text(date) or ""),
        event="change",
        check=lambda field, date: field._in_range(_plain_date(date)),
        parse=lambda field, raw: _parsed_date(editable(field, raw)),
    )
    """The date; None where the field has none that is allowed."""

    def __init__(
        self,
        value: datetime.date | None = None,
        label: str = "",
        *,
        min: datetime.date | None = None,
        max: datetime.date | None = None,
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self.min = min
        self.max = max
        self.value = value


def _time_text(time: datetime.time | None) -> str | None:
    """As a browser writes it: seconds only where there are some."""
    return None if time is None else time.isoformat("seconds" if time.second else "minutes")


def _parsed_time(raw: Any) -> datetime.time | None:
    if raw == "":
        return None
    if not isinstance(raw, str) or not _TIME.fullmatch(raw):
        raise ValueError(f"{raw!r:.60} is not a time of day")
    return datetime.time.fromisoformat(raw)


class TimeInput(RangeField):
    """A time of day.

        alarm = TimeInput(datetime.time(7, 30), label="Alarm")

    :param value: the time; None where the field is empty.
    :param label: the text beside it.
    :param seconds: whether seconds can be given; else times are cut to the minute.
    :param min: the earliest time; None for no bound.
    :param max: the latest time; None for no bound.
    :param options: `readonly`, `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    What the user types outside of the bounds is marked by the browser, and the value is None. From Python it is refused
    with PropertyValueError, as is a time with a time zone. Where a bound moves, the value follows.

    Properties: `value`, two-way; `seconds`, `min`, `max`, and the options. Events: `change`, `input`.
    """

    __slots__ = ()

    tagname = "input"
    _control = {"type": "time"}

    readonly = Property(False, bind=attr("readonly"))
    """Whether the value can be read and copied, but not changed by the user."""
    seconds = Property(
        False, bind=attr("step", lambda seconds: "1" if seconds else None), settle=lambda field: field._cut()
    )
    """Whether seconds can be given."""
    min: Property[datetime.time | None] = Property(
        None,
        accept=(datetime.time, NoneType),
        bind=attr("min", _time_text),
        check=lambda field, bound: field._below_max(field._whole(bound)),
        settle=lambda field: field._refit(),
    )
    """The earliest time; None for no bound."""
    max: Property[datetime.time | None] = Property(
        None,
        accept=(datetime.time, NoneType),
        bind=attr("max", _time_text),
        check=lambda field, bound: field._above_min(field._whole(bound)),
        settle=lambda field: field._refit(),
    )
    """The latest time; None for no bound."""
    value = Entry[datetime.time](
        None,
        accept=(datetime.time, NoneType),
        bind=prop("value", lambda time: _time_text(time) or ""),
        event="change",
        check=lambda field, time: field._in_range(field._whole(time)),
        parse=lambda field, raw: _parsed_time(editable(field, raw)),
    )
    """The time; None where the field has none that is allowed."""

    def __init__(
        self,
        value: datetime.time | None = None,
        label: str = "",
        *,
        seconds: bool = False,
        min: datetime.time | None = None,
        max: datetime.time | None = None,
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self.seconds = seconds
        self.min = min
        self.max = max
        self.value = value

    def _whole(self, time: datetime.time | None) -> datetime.time | None:
        """The time without what the field does not show."""
        if time is None:
            return None
        if time.tzinfo is not None:
            raise ValueError("a time of day has no time zone here")
        return time.replace(microsecond=0) if self.seconds else time.replace(second=0, microsecond=0)

    def _cut(self) -> None:
        self.min = self.min
        self.max = self.max
        self.value = self.value
