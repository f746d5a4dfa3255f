"""What all inputs share: a native control and, around it, what explains it."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from ..errors import PropertyValueError, ProtocolError
from ..tree.binding import attr, or_none, redraw
from ..tree.node import Element
from ..tree.property import Property
from ..tree.widget import Widget

T = TypeVar("T")


class Field(Widget):
    """The base of inputs: a control with, where they are given, a label, a help text and an error around it.

    The widget's own element is the control: it gets `style`, `attributes` and events. Around it is a box, which does
    not show while there is nothing else in it. A control without a label needs a name of another kind for those who do
    not see it: `attributes={"aria-label": "Search"}`.

    :param label: the text beside the control.
    :param options: `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    Properties: `label`, `help`, `error`, `name`, `disabled`, `required`. Events: `change`, after the user has changed
    the value; `input` at every step of a change, where the control has steps.
    """

    __slots__ = ()

    label = Property("", bind=redraw)
    """The text beside the control; a click on it goes to the control."""
    help = Property("", bind=redraw)
    """A sentence below the control that says what is expected."""
    error = Property("", bind=redraw)
    """What is wrong with the value; empty if nothing is."""
    name = Property("", bind=attr("name", or_none))
    """The key of the value in `Form.values`."""
    disabled = Property(False, bind=attr("disabled"))
    """Whether the control is out of use. What a browser sends of it is refused then."""
    required = Property(False, bind=attr("required"))
    """Whether a form can be sent only with a value here."""

    _control: ClassVar[Mapping[str, str]] = {}
    """Attributes that make the element this control."""
    _box: ClassVar[str] = "field-box"
    """The class of the box: `field-box` stands the label above the control, `field-line` behind it."""

    def __init__(self, label: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.label = label

    @property
    def outer_identifier(self) -> str:
        """The `id` of the box around the control."""
        return self.identifier + ".box"

    def frame(self, node: Element) -> Element:
        attributes = node[1]
        for name, value in self._control.items():
            attributes.setdefault(name, value)
        parts = [node, *self._notes(attributes)]
        if self.label:
            label = ["label", {"id": f"{self.identifier}.label", "for": self.identifier}, self.label]
            # A box to tick stands before its label, in the order of reading too.
            parts.insert(1 if self._box == "field-line" else 0, label)
        box = {"id": self.outer_identifier, "class": self._box if len(parts) > 1 else "field-bare"}
        return ["div", box, *parts]

    def _notes(self, attributes: dict[str, Any]) -> list[Element]:
        """Help and error; ties them to the control."""
        notes: list[Element] = []
        if self.help:
            notes.append(["p", {"id": f"{self.identifier}.help", "class": "field-help"}, self.help])
        if self.error:
            attributes["aria-invalid"] = "true"
            error = {"id": f"{self.identifier}.error", "class": "field-error", "role": "alert"}
            notes.append(["p", error, self.error])
        if notes:
            described = [attributes.get("aria-describedby", ""), *(note[1]["id"] for note in notes)]
            attributes["aria-describedby"] = " ".join(described).strip()
        return notes


class Typed(Property[T]):
    """The value of a control that is typed.

    What the program has emptied is not marked as if the user had left it empty, though it has to be filled in.
    """

    def assign(self, widget: Widget, value: T, origin: str | None = None) -> bool:
        differs = super().assign(widget, value, origin)
        tree = widget._tree
        if tree is not None and origin is None and value in ("", None) and getattr(widget, "required", False):
            tree.call(["pristine", widget.identifier])
        return differs


class Entry(Typed[T | None]):
    """The value of a control that is typed piece by piece: a number, a date.

    What the control holds may for a while be nothing that the property allows: a year with two of its digits. The
    value is None then. The control is left alone in any case: to write into it would spoil what is being typed, and
    the browser marks by itself what is out of its bounds.
    """

    def carry_back(self, widget: Widget, raw: Any, origin: str | None) -> None:
        try:
            value = raw if self.parse is None else self.parse(widget, raw)
        except PropertyValueError:
            value = None
        except (TypeError, ValueError) as error:
            self.show(widget)
            raise ProtocolError(f"{widget!r}.{self.name}: {error}") from None
        try:
            value = self.validated(widget, value)
        except PropertyValueError:
            value = None
        self.assign(widget, value, origin)


def editable(field: Any, raw: Any) -> Any:
    """For `parse=` of a field that has `readonly`: what the browser sent. Raises ValueError where the field is that."""
    if field.readonly:
        raise ValueError("the field is read-only")
    return raw


class RangeField(Field):
    """The base of inputs whose value lies between a `min` and a `max`. Where one of them moves, the value follows.

    Properties: `min`, `max`: None is no bound; and those of `Field`.
    """

    __slots__ = ()

    min: Any
    max: Any
    value: Any

    def _in_range(self, value: Any) -> Any:
        """The check of `value`."""
        if value is not None and (
            (self.min is not None and value < self.min) or (self.max is not None and value > self.max)
        ):
            raise ValueError(f"{value} is not from {_bound_text(self.min)} to {_bound_text(self.max)}")
        return value

    def _below_max(self, bound: Any) -> Any:
        """The check of `min`."""
        if bound is not None and self.max is not None and bound > self.max:
            raise ValueError(f"{bound} is above max, {self.max}")
        return bound

    def _above_min(self, bound: Any) -> Any:
        """The check of `max`."""
        if bound is not None and self.min is not None and bound < self.min:
            raise ValueError(f"{bound} is below min, {self.min}")
        return bound

    def _refit(self) -> None:
        """A bound has moved: the value follows."""
        if self.value is not None:
            self.value = self._nearest(self.value)

    def _nearest(self, value: Any) -> Any:
        """The value that is allowed and nearest to this one."""
        if self.min is not None and value < self.min:
            return self.min
        if self.max is not None and value > self.max:
            return self.max
        return value


def _bound_text(bound: Any) -> str:
    return "any" if bound is None else str(bound)


def one_of(*allowed: str) -> Callable[[Widget, str], str]:
    """For `check=`: the value is one of these. Raises ValueError."""

    def check(widget: Widget, value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r:.60} is not one of {', '.join(map(repr, allowed))}")
        return value

    return check
