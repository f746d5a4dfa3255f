"""Inputs of text, and of a colour."""

import re
from types import NoneType
from typing import Any, Final

from ..tree.binding import as_text, attr, or_none, prop
from ..tree.property import Property
from .field import Field, Typed, editable, one_of

_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


class TextField(Field):
    """The base of inputs of text.

    Properties: `value`, two-way; `placeholder`, `readonly`, `maxlength`; and those of `Field`.
    """

    __slots__ = ()

    placeholder = Property("", bind=attr("placeholder", or_none))
    """An example, shown while the control is empty. No substitute for a label."""
    readonly = Property(False, bind=attr("readonly"))
    """Whether the value can be read and copied, but not changed by the user."""
    maxlength: Property[int | None] = Property(
        None,
        accept=(int, NoneType),
        bind=attr("maxlength", as_text),
        check=lambda field, most: most if most is None else _at_least(0, most),
    )
    """The most characters; None for no limit."""
    value = Typed(
        "",
        bind=prop("value"),
        event="change",
        check=lambda field, value: field._fitting(value),
        parse=editable,
    )
    """The text."""

    def _fitting(self, value: str) -> str:
        # As the browser does, so that both have the same.
        value = self._without_foreign_breaks(value) if "\r" in value or "\n" in value else value
        if self.maxlength is not None and len(value) > self.maxlength:
            raise ValueError(f"{len(value)} characters, {self.maxlength} are allowed")
        return value

    def _without_foreign_breaks(self, value: str) -> str:
        return value.replace("\r\n", "\n").replace("\r", "\n")


class Input(TextField):
    """A line of text.

        name = Input(label="Name", required=True)
        name.register("change", lambda source, message: greet(source.value))

    :param value: the text.
    :param label: the text beside it.
    :param type: `text`, `password`, `email`, `search`, `tel` or `url`: the keyboard that a phone shows, and what the
        browser checks before it sends a form. The server takes any text.
    :param options: `placeholder`, `maxlength`, `readonly`, `help`, `error`, `name`, `disabled`, `required`, and those
        of `Widget`.

    Properties: `value`, two-way; `type`, and the options. Events: `change`, when the user has left the field or pressed
    Enter; `input`, at every keystroke (`register("input", …, debounce=0.3)` waits for a pause).
    """

    __slots__ = ()

    tagname = "input"

    type = Property("text", bind=attr("type"), check=one_of("text", "password", "email", "search", "tel", "url"))
    """What kind of text it takes."""

    def __init__(self, value: str = "", label: str = "", *, type: str = "text", **options: Any) -> None:
        super().__init__(label, **options)
        self.type = type
        self.value = value

    def _without_foreign_breaks(self, value: str) -> str:
        return value.replace("\r", "").replace("\n", "")


class TextArea(TextField):
    """Text of several lines.

        notes = TextArea(label="Notes", rows=6)

    :param value: the text.
    :param rows: how many lines show.
    :param label: the text beside it.
    :param options: `placeholder`, `maxlength`, `readonly`, `help`, `error`, `name`, `disabled`, `required`, and those
        of `Widget`.

    Properties: `value`, two-way; `rows`, and the options. Events: `change`, `input`.
    """

    __slots__ = ()

    tagname = "textarea"

    rows = Property(3, bind=attr("rows", as_text), check=lambda area, rows: _at_least(1, rows))
    """How many lines show."""

    def __init__(self, value: str = "", rows: int = 3, *, label: str = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.rows = rows
        self.value = value


class ColorInput(Field):
    """A colour.

        paper = ColorInput("#fff8e7", label="Paper")

    :param value: the colour as `#rrggbb`.
    :param label: the text beside it.
    :param options: `help`, `error`, `name`, `disabled`, and those of `Widget`.

    Properties: `value`, two-way, in lower case; and the options. Events: `change`, `input`.
    """

    __slots__ = ()

    tagname = "input"
    _control = {"type": "color"}

    value = Property("#000000", bind=prop("value"), event="change", check=lambda field, value: _color(value))
    """The colour as `#rrggbb`."""

    def __init__(self, value: str = "#000000", label: str = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.value = value


def _color(value: str) -> str:
    if not _COLOR.fullmatch(value.lower()):
        raise ValueError(f"a colour is #rrggbb, not {value!r:.60}")
    return value.lower()


def _at_least(least: int, number: int) -> int:
    if number < least:
        raise ValueError(f"{number} is less than {least}")
    return number
