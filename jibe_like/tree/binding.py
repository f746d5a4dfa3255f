"""How a property shows in the DOM: one tiny operation when it changes, one entry in the node at first."""

from collections.abc import Callable
from typing import Any, Protocol

from .node import Element

Operation = list[Any]
ToWire = Callable[[Any], Any]


class Binding(Protocol):
    """A way to show a property's value. `key` names what it overwrites: a later operation of equal key wins."""

    key: tuple[str, str]

    def operation(self, target: str, value: Any) -> Operation: ...

    def describe(self, node: Element, value: Any) -> None: ...


def _same(value: Any) -> Any:
    return value


class _Named:
    """What the bindings by name share. `to` makes the wire's value of the property's."""

    kind = ""

    def __init__(self, name: str, to: ToWire = _same) -> None:
        self.name = name
        self.to = to
        self.key = (self.kind, name)

    def operation(self, target: str, value: Any) -> Operation:
        return [self.kind, target, self.name, self.to(value)]


class Text:
    """The element's text. For a widget that has no children."""

    key = ("text", "")

    def __init__(self, to: ToWire = _same) -> None:
        self.to = to

    def operation(self, target: str, value: Any) -> Operation:
        return ["text", target, self.to(value)]

    def describe(self, node: Element, value: Any) -> None:
        text = self.to(value)
        if text:
            node.append(text)


class DomProperty(_Named):
    """A DOM property: `value`, `checked`, `open`; `selected` is the list of a select's chosen values."""

    kind = "prop"

    def describe(self, node: Element, value: Any) -> None:
        node[1]["." + self.name] = self.to(value)


class Attribute(_Named):
    """An attribute. After `to`: a str sets it, True sets it without value, False and None remove it."""

    kind = "attr"

    def operation(self, target: str, value: Any) -> Operation:
        shown = self.to(value)
        return ["attr", target, self.name, "" if shown is True else None if shown is False else shown]

    def describe(self, node: Element, value: Any) -> None:
        shown = self.to(value)
        if shown is not None and shown is not False:
            node[1][self.name] = shown


class Style(_Named):
    """A style property, or a custom property (`--jl-value`) that the style sheet reads."""

    kind = "style"

    def describe(self, node: Element, value: Any) -> None:
        shown = self.to(value)
        if shown is not None:
            node[1].setdefault("style", {})[self.name] = shown


class ToggleClass(_Named):
    """A class that the element has while the value is true."""

    kind = "class"

    def operation(self, target: str, value: Any) -> Operation:
        return ["class", target, self.name, bool(value)]

    def describe(self, node: Element, value: Any) -> None:
        if value:
            node[1]["class"] += " " + self.name


class Html:
    """The element's content as HTML. The value must have been sanitised."""

    key = ("html", "")

    def __init__(self, to: ToWire = _same) -> None:
        self.to = to

    def operation(self, target: str, value: Any) -> Operation:
        return ["html", target, self.to(value)]

    def describe(self, node: Element, value: Any) -> None:
        node[1]["html"] = self.to(value)


class Redraw:
    """The value shapes the widget's inner elements: `Widget.content` and `Widget.frame` use it. The widget is morphed.

    With `part`, only the element of `content` with the `id` `<identifier>.<part>` is; it must always be there.
    """

    def __init__(self, part: str = "") -> None:
        self.part = part
        self.key = ("render", part)

    def operation(self, target: str, value: Any) -> Operation:
        raise AssertionError("a redraw is rendered by its widget")

    def describe(self, node: Element, value: Any) -> None:
        return


text = Text
prop = DomProperty
attr = Attribute
style = Style
toggle = ToggleClass
html = Html
redraw = Redraw()
redraw_part = Redraw


def or_none(value: Any) -> Any:
    """For `to=`: an empty value removes the attribute."""
    return value or None


def as_text(value: Any) -> str | None:
    """For `to=`: None stays None (removes an attribute), everything else becomes its text."""
    return None if value is None else str(value)
