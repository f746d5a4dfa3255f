"""Inputs that choose: on or off, one of several, some of several."""

from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, TypeAlias
from urllib.parse import quote

from ..tree.binding import Operation, as_text, attr, prop, redraw
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget
from .field import Field

Option: TypeAlias = str | tuple[str, str]
Options: TypeAlias = Sequence[Option] | Mapping[str, str]


class CheckBox(Field):
    """A box to tick.

        terms = CheckBox(label="I have read the terms")
        terms.register("change", lambda source, message: allow(source.checked))

    :param checked: whether it is ticked.
    :param label: the text beside it.
    :param options: `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    Properties: `checked`, two-way; and the options. Events: `change`.
    """

    __slots__ = ()

    tagname = "input"
    _control = {"type": "checkbox"}
    _box = "field-line"

    checked = Property(False, bind=prop("checked"), event="change", reads="checked")
    """Whether the box is ticked."""

    def __init__(self, checked: bool = False, label: str = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.checked = checked


class Switch(CheckBox):
    """A switch: takes effect at once, where a `CheckBox` waits for its form to be sent.

        dark = Switch(label="Dark theme")

    :param checked: whether it is on.
    :param label: the text beside it.
    :param options: `help`, `error`, `name`, `disabled`, and those of `Widget`.

    Properties: `checked`, two-way; and the options. Events: `change`.
    """

    __slots__ = ()

    _control = {"type": "checkbox", "role": "switch"}


def _pairs(options: Iterable[Option]) -> list[tuple[str, str]]:
    return [(option, option) if isinstance(option, str) else option for option in options]


def _checked_options(widget: Widget, options: Any) -> list[Option]:
    found: list[Option] = []
    for option in options.items() if isinstance(options, dict) else options:
        if not isinstance(option, str):
            if not isinstance(option, (tuple, list)) or [type(part) for part in option] != [str, str]:
                raise TypeError(f"an option is a str or a pair (value, label) of str, not {option!r:.60}")
            option = (option[0], option[1])
        found.append(option)
    values = [value for value, _ in _pairs(found)]
    if len(set(values)) < len(values):
        raise ValueError(f"{next(value for value in values if values.count(value) > 1)!r} is an option twice")
    return found


class ChoiceField(Field):
    """The base of inputs that choose among options.

    Properties: `options`, and those of `Field`.
    """

    __slots__ = ()

    options: Property[list[Any]] = Property(
        [], bind=redraw, accept=(list, dict), check=_checked_options, settle=lambda field: field._options_changed()
    )
    """What can be chosen: texts, or pairs of a value and the text that is shown for it. Changes in place are shown.
    Set it to a dict to give pairs. A value that is no longer among them is given up."""

    @property
    def _values(self) -> list[str]:
        return [value for value, _ in _pairs(self.options)]

    def _options_changed(self) -> None:
        """The value follows."""

    def _is_option(self, value: Any) -> Any:
        values = self._values
        if value not in values:
            known = ", ".join(map(repr, values[:10])) + (", …" if len(values) > 10 else "")
            raise ValueError(f"{value!r:.60} is not one of the options: {known or 'there are none'}")
        return value

    def _set_options(self, options: Options | None, values: Sequence[str]) -> None:
        given: Any = dict(options) if isinstance(options, Mapping) else options
        self.options = list(values) if options is None else given

    def _sent(self, raw: Any) -> str | None:
        """What the browser has sent; that it is one of the options is looked at later."""
        if not isinstance(raw, str):
            raise TypeError(f"an option is a str, not {type(raw).__name__}")
        return raw


class Dropdown(ChoiceField):
    """One of several, from a list that opens.

        size = Dropdown("M", ["S", "M", "L"], label="Size")
        country = Dropdown(options={"fr": "France", "in": "India"}, placeholder="Choose one", label="Country")

    :param value: the option that is chosen. None: the first one; with a placeholder, none.
    :param options: texts, or pairs (value, text shown), or a mapping of value to text shown. None: the value alone.
    :param label: the text beside it.
    :param further: `placeholder`, `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    Properties: `value`, two-way, None where nothing is chosen; `options`; `placeholder`, and those of `Field`. Events:
    `change`. A value that is no option is refused: PropertyValueError.
    """

    __slots__ = ()

    tagname = "select"

    placeholder = Property("", bind=redraw)
    """What is shown while nothing is chosen."""
    value: Property[str | None] = Property(
        None,
        accept=(str, NoneType),
        bind=prop("value", lambda value: value or ""),
        event="change",
        check=lambda field, value: value if value is None else field._is_option(value),
        parse=lambda field, raw: field._sent(raw),
    )
    """The option that is chosen; None if none is."""

    def __init__(
        self, value: str | None = None, options: Options | None = None, label: str = "", **further: Any
    ) -> None:
        super().__init__(label, **further)
        self._set_options(options, [] if value is None else [value])
        if value is not None:
            self.value = value

    def _options_changed(self) -> None:
        values = self._values
        if self.value not in values:
            self.value = values[0] if values and not self.placeholder else None

    @property
    def _has_blank(self) -> bool:
        """Whether it shows an option that stands for none."""
        return (self.placeholder != "" or self.value is None) and "" not in self._values

    def _sent(self, raw: Any) -> str | None:
        return None if raw == "" and self._has_blank else super()._sent(raw)

    def content(self) -> Iterable[Node]:
        blank: Element = ["option", {"value": "", "disabled": True, "hidden": True}, self.placeholder]
        shown = [["option", {"value": value}, text] for value, text in _pairs(self.options)]
        return [blank, *shown] if self._has_blank else shown


class SelectMultiple(ChoiceField):
    """Some of several, from a list.

        toppings = SelectMultiple(["olives"], ["olives", "capers", "onions"], label="Toppings")

    :param value: the options that are chosen; none if None.
    :param options: texts, or pairs (value, text shown), or a mapping of value to text shown. None: those of the value.
    :param label: the text beside it.
    :param rows: how many options show.
    :param further: `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    Properties: `value`, two-way, a list that notices what is done to it; `options`; `rows`, and those of `Field`.
    Events: `change`. A value that is no option is refused: PropertyValueError.
    """

    __slots__ = ()

    tagname = "select"
    _control = {"multiple": "multiple"}

    rows = Property(4, bind=attr("size", as_text))
    """How many options show."""
    value: Property[list[str]] = Property(
        [],
        bind=prop("selected", list),
        event="change",
        reads="selected",
        check=lambda field, value: field._are_options(value),
    )
    """The options that are chosen."""

    def __init__(
        self,
        value: Sequence[str] | None = None,
        options: Options | None = None,
        label: str = "",
        *,
        rows: int = 4,
        **further: Any,
    ) -> None:
        super().__init__(label, **further)
        self.rows = rows
        self._set_options(options, value or ())
        self.value = value if value is not None else []  # type: ignore[assignment]

    def _options_changed(self) -> None:
        values = self._values
        self.value = [value for value in self.value if value in values]

    def _are_options(self, chosen: list[str]) -> list[str]:
        for value in chosen:
            if not isinstance(value, str):
                raise TypeError(f"an option is a str, not {value!r:.60}")
            self._is_option(value)
        return list(dict.fromkeys(chosen))

    def content(self) -> Iterable[Node]:
        return [["option", {"value": value}, text] for value, text in _pairs(self.options)]


class _CheckedRadio:
    """Checks the radio button of the value; the browser unchecks the others."""

    key = ("prop", "checked")

    def operation(self, target: str, value: str | None) -> Operation:
        return ["prop", _radio_identifier(target, value or ""), "checked", True]

    def describe(self, node: Element, value: str | None) -> None:
        return


class _Radio(Property[str | None]):
    """The value of a group: no operation on one radio button says that none is checked."""

    def assign(self, widget: Widget, value: str | None, origin: str | None = None) -> bool:
        changed = super().assign(widget, value, origin)
        if changed and value is None:
            self.show(widget)
        return changed

    def show(self, widget: Widget) -> None:
        if widget._tree is not None:
            widget._tree.redraw(widget)


def _radio_identifier(group: str, value: str) -> str:
    return f"{group}.option-{quote(value, safe='', errors='surrogatepass')}"


class RadioGroup(ChoiceField):
    """One of several, all in sight.

        plan = RadioGroup("free", {"free": "Free", "team": "Team, 5 a month"}, label="Plan")

    :param value: the option that is chosen; none if None.
    :param options: texts, or pairs (value, text shown), or a mapping of value to text shown. None: the value alone.
    :param label: the text above them.
    :param further: `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    Properties: `value`, two-way, None where nothing is chosen; `options`, and those of `Field`. Events: `change`. A
    value that is no option is refused: PropertyValueError.
    """

    __slots__ = ()

    tagname = "fieldset"
    _control = {"role": "radiogroup"}

    required = Property(False, bind=redraw)
    """Whether a form can be sent only when one is chosen."""
    value = _Radio(
        None,
        accept=(str, NoneType),
        bind=_CheckedRadio(),
        event="change",
        check=lambda group, value: value if value is None else group._is_option(value),
        parse=lambda group, raw: group._sent(raw),
    )
    """The option that is chosen; None if none is."""

    def __init__(
        self, value: str | None = None, options: Options | None = None, label: str = "", **further: Any
    ) -> None:
        super().__init__(label, **further)
        self._set_options(options, [] if value is None else [value])
        self.value = value

    @property
    def outer_identifier(self) -> str:
        """The `id` of the group."""
        return self.identifier

    def focus(self) -> None:
        """Gives the keyboard to the chosen option, or else the first."""
        values = self._values
        if values and self._tree is not None:
            chosen = values[0] if self.value is None else self.value
            self._tree.call(["call", _radio_identifier(self.identifier, chosen), "focus", []])

    def _options_changed(self) -> None:
        if self.value is not None and self.value not in self._values:
            self.value = None

    def content(self) -> Iterable[Node]:
        if self.label:
            yield ["legend", {"id": f"{self.identifier}.label"}, self.label]
        for value, text in _pairs(self.options):
            radio = {
                "id": _radio_identifier(self.identifier, value),
                "type": "radio",
                "name": self.identifier,
                "value": value,
                ".checked": value == self.value,
            }
            if self.required:
                radio["required"] = True
            yield ["label", {}, ["input", radio], text]

    def frame(self, node: Element) -> Element:
        attributes = node[1]
        attributes.update(self._control)
        node.extend(self._notes(attributes))
        return node
