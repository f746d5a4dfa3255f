"""A widget's property and a name in a state, tied together."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jibe_like.tree.property import Property
from jibe_like.tree.source import Source, SourceRefusedError
from jibe_like.tree.widget import Widget

if TYPE_CHECKING:
    from .audience import Audience
    from .state import State

Convert = Callable[[Any], Any]


class Bound(Source):
    """What `State.bind` gives. It may be given to several properties.

    :param to: makes the property's value of the state's; None: it is the same.
    :param from_: makes the state's value of the property's; None: it is the same or, where there is a `to`, the state
        is not told of the property.
    """

    __slots__ = ("from_", "name", "state", "to")

    def __init__(self, state: "State", name: Any, to: Convert | None, from_: Convert | None) -> None:
        self.state = state
        self.name = name
        self.to = to
        self.from_ = from_

    def __repr__(self) -> str:
        return f"{self.state._title}.bind({self.name!r})"

    def connect(self, widget: Widget, declared: Property[Any]) -> Any:
        if declared.event and not self.goes_back:
            raise TypeError(
                f"{widget!r}.{declared.name} follows the user: bind({self.name!r}) with `to` needs `from_` too"
            )
        tie = Tie(self, widget, declared.name, self.state._audience())
        fitting = tie.fitting() if self.name in self.state else declared.__get__(widget, type(widget))
        ties: dict[str, Tie] = widget._facet("ties", dict)
        if declared.name in ties:
            ties.pop(declared.name).release()
        declared.assign(widget, fitting)
        value: Any = declared.__get__(widget, type(widget))
        if self.name not in self.state and self.goes_back:
            with suppress(TypeError, ValueError):  # a widget that has nothing yet gives nothing
                self.write(value)
        ties[declared.name] = tie
        tie.hold()
        return value

    @property
    def goes_back(self) -> bool:
        """Whether the state is told of the property."""
        return self.to is None or self.from_ is not None

    def read(self, declared: Property[Any]) -> Any:
        """The state's value, for the property. Where there is none it is the property's default."""
        value = self.state[self.name]
        if self.to is not None and self.name in self.state:
            return self.to(value)
        if value is None and type(None) not in declared.accept:
            return declared.default
        return value

    def write(self, value: Any) -> None:
        """Gives the property's value to the state."""
        if self.from_ is not None:
            value = self.from_(value)
        self.state[self.name] = list(value) if isinstance(value, list) else value


class Tie:
    """One property of one widget at a name of a state. The widget has it, and the state looks at it while it is there.

    :param audience: the side of the state on which the widget is.
    """

    __slots__ = ("__weakref__", "_busy", "audience", "bound", "property_name", "widget")

    def __init__(self, bound: Bound, widget: Widget, property_name: str, audience: "Audience") -> None:
        self.bound = bound
        self.widget = widget
        self.property_name = property_name
        self.audience = audience
        self._busy = False

    def __getstate__(self) -> tuple[Any, ...]:
        return self.bound, self.widget, self.property_name, self.audience, self.bound.name

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.bound, self.widget, self.property_name, self.audience, name = state
        self._busy = False
        # Not by way of `bound`: it may not be restored yet.
        self.audience.tie(name, self)

    def _declared(self) -> Property[Any]:
        return self.widget._properties[self.property_name]

    def hold(self) -> None:
        """From now on the two follow each other."""
        if self.bound.goes_back:
            self.widget.watch(self.property_name, self.push)
        self.audience.tie(self.bound.name, self)

    def release(self) -> None:
        """They do not any more."""
        watchers: list[Any] = self.widget._facet("watchers", dict).get(self.property_name, [])
        watchers[:] = [watcher for watcher in watchers if getattr(watcher, "__self__", None) is not self]
        self.audience.untie(self.bound.name, self)

    def fitting(self) -> Any:
        """The state's value as the property takes it. Raises PropertyTypeError or PropertyValueError."""
        return self._declared().validated(self.widget, self.bound.read(self._declared()))

    def check(self, value: Any) -> None:
        """Raises PropertyTypeError or PropertyValueError where the property does not take this value of the state."""
        if self._busy:
            return
        declared = self._declared()
        if self.bound.to is not None:
            value = self.bound.to(value)
        elif value is None and type(None) not in declared.accept:
            return
        declared.validated(self.widget, value)

    def pull(self) -> None:
        """The state has another value."""
        if not self._busy:
            self._busy = True
            try:
                self._declared().assign(self.widget, self.fitting())
            finally:
                self._busy = False

    def push(self, new: Any, old: Any) -> None:
        """The property has another value."""
        if self._busy:
            return
        self._busy = True
        try:
            self.bound.write(new)
        except (TypeError, ValueError) as error:
            # So that the two agree, and the browser that it may have come from as well.
            self._declared().assign(self.widget, old)
            raise SourceRefusedError(f"{self.widget!r}.{self.property_name}: {error}") from error
        finally:
            self._busy = False
