"""Where a property may get its value from, and give it to: something that lives elsewhere."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from jibe_like.errors import PropertyValueError

if TYPE_CHECKING:
    from .property import Property
    from .widget import Widget


class Source(ABC):
    """Given to a property in place of a value, ties the two together, both ways (`State.bind`)."""

    __slots__ = ()

    @abstractmethod
    def connect(self, widget: "Widget", declared: "Property[Any]") -> Any:
        """Ties the widget's property to this, in place of what it was tied to; gives the value to begin with."""


class SourceRefusedError(PropertyValueError):
    """What a property is tied to does not take its new value; the property has the old one again."""
