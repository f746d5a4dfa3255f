"""Views of a widget that few widgets need: its properties as a mapping, its inline style, its attributes."""

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from jibe_like.errors import UnsafeValueError

from . import safe

if TYPE_CHECKING:
    from .widget import Widget


class Properties(MutableMapping[str, Any]):
    """A widget's properties as a mapping, over the attributes of the same name."""

    def __init__(self, widget: "Widget") -> None:
        self._widget = widget

    def _extra(self) -> dict[str, None]:
        return (self._widget._facets or {}).get("extra", {})  # type: ignore[no-any-return]

    def __getitem__(self, name: str) -> Any:
        if name in self._widget._properties or name in self._extra():
            return getattr(self._widget, name)
        raise KeyError(name)

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self._widget._properties:
            self._widget._facet("extra", dict)[name] = None
        setattr(self._widget, name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self._extra():
            raise KeyError(name)
        del self._extra()[name]
        delattr(self._widget, name)

    def __iter__(self) -> Iterator[str]:
        yield from self._widget._properties
        yield from self._extra()

    def __len__(self) -> int:
        return len(self._widget._properties) + len(self._extra())

    def __repr__(self) -> str:
        return repr(dict(self))


def checked_classes(widget: "Widget", classes: object) -> str:
    """The value of an attribute `class`. Raises TypeError for what is no text."""
    if not isinstance(classes, str):
        raise TypeError(f"{widget!r}.classname must be str, not {type(classes).__name__} ({classes!r:.60})")
    return classes


class Styles:
    """What `Widget.style` holds."""

    name = "style"

    @staticmethod
    def check(widget: "Widget", name: str, value: Any) -> str | None:
        try:
            return safe.style(name, value)
        except UnsafeValueError as error:
            raise UnsafeValueError(f"{widget!r}: {error}") from None

    @staticmethod
    def show(widget: "Widget", name: str, text: str | None) -> None:
        if widget._tree is not None:
            widget._tree.update(widget, ("style", name), ["style", widget.identifier, name, text])


class Attributes:
    """What `Widget.attributes` holds."""

    name = "attributes"

    @staticmethod
    def check(widget: "Widget", name: str, value: Any) -> str | None:
        try:
            text = safe.attribute(name, value)
        except UnsafeValueError as error:
            raise UnsafeValueError(f"{widget!r}: {error}") from None
        if name == "class":
            # Kept in one place only, so that a later `add_class` agrees with it.
            widget.classname = text or ""
            return None
        return text

    @staticmethod
    def show(widget: "Widget", name: str, text: str | None) -> None:
        if widget._tree is not None and name != "class":
            widget._tree.update(widget, ("attr", name), ["attr", widget.identifier, name, text])
