"""Typed widget properties.

    class Meter(Widget):
        value = Property(0, bind=prop("value"), check=at_most_100)

Order on set: type → check → compare → store → mark for the browser → settle → watchers.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError, UnsafeValueError

from .binding import Binding, Redraw
from .lock import STRUCTURE
from .observed import ObservedList
from .source import Source

if TYPE_CHECKING:
    from .widget import Widget

T = TypeVar("T")
R = TypeVar("R")


class Property(Generic[T]):
    """A typed, observed attribute of a widget class.

    :param default: the value until one is set; also gives the type where `accept` does not. Mutable defaults are only
        read: a list property stores a copy that notices changes made in place.
    :param bind: how the value shows in the browser (see `binding`); None keeps it on the server.
    :param accept: the type, or types, of a value. `int` is accepted where `float` is asked for; a bool is not a number.
    :param check: `check(widget, value)` gives the value to store, or raises ValueError.
    :param event: the DOM event that carries the value back from the browser, for a two-way property.
    :param reads: the DOM property that the event reports: `value`, `checked`, `open` or `selected`.
    :param parse: `parse(widget, raw)` makes a value of what the browser sent (JSON); ValueError and TypeError refuse.
    """

    def __init__(
        self,
        default: T,
        *,
        bind: Binding | None = None,
        accept: type | tuple[type, ...] | None = None,
        check: Callable[[Any, Any], T] | None = None,
        event: str = "",
        reads: str = "value",
        parse: Callable[[Any, Any], T] | None = None,
        settle: Callable[[Any], object] | None = None,
    ) -> None:
        self.default = default
        self.bind = bind
        self.check = check
        self.event = event
        self.reads = reads
        self.parse = parse
        self.settle = settle
        accepted = accept if accept is not None else type(default)
        self.accept = accepted if isinstance(accepted, tuple) else (accepted,)
        self._numeric = not {int, float}.isdisjoint(self.accept) and bool not in self.accept
        if float in self.accept:
            self.accept = (*self.accept, int)
        self._list = list in self.accept
        self.name = ""
        self.slot = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.slot = "_p_" + name

    @overload
    def __get__(self, widget: None, owner: type) -> "Property[T]": ...
    @overload
    def __get__(self, widget: "Widget", owner: type) -> T: ...
    def __get__(self, widget: "Widget | None", owner: type) -> "Property[T] | T":
        if widget is None:
            return self
        try:
            value: T = object.__getattribute__(widget, self.slot)
        except AttributeError:
            if not self._list or self.default is None:
                return self.default
            with STRUCTURE:
                # Another thread may have been first.
                kept = getattr(widget, self.slot, None)
                value = self._store(widget, self.default) if kept is None else kept
        return value

    def __set__(self, widget: "Widget", value: T) -> None:
        self.assign(widget, self.validated(widget, value))

    def assign(self, widget: "Widget", value: T, origin: str | None = None) -> bool:
        """Stores a valid value; tells the browsers, but the one of connection `origin`, and the watchers.

        Returns whether it differed.
        """
        old = self.__get__(widget, type(widget))
        if old is value or (old == value and type(old) is type(value)):
            return False
        if self._list:
            old = list(old) if isinstance(old, list) else old  # type: ignore[assignment]
            if old == value:
                return False
            self._store(widget, value)
        else:
            object.__setattr__(widget, self.slot, value)
        self._tell(widget, value, old, origin)
        return True

    def change_list(self, widget: "Widget", change: Callable[[list[Any]], R]) -> R:
        """Changes a list as `change` does to a copy of it, and gives what that gives. No thread comes between."""
        with STRUCTURE:
            old: Any = list(self.__get__(widget, type(widget)))  # type: ignore[call-overload]
            changed = list(old)
            result = change(changed)
            value = self.validated(widget, changed)
            differs = old != value
            if differs:
                self._store(widget, value)
        if differs:
            self._tell(widget, value, old, None)
        return result

    def _tell(self, widget: "Widget", value: T, old: T, origin: str | None) -> None:
        bind = self.bind
        tree = widget._tree
        if tree is not None and bind is not None:
            if isinstance(bind, Redraw):
                tree.redraw(widget, bind.part)
            else:
                # It has one, as all that is in a tree.
                tree.update(widget, bind.key, bind.operation(widget._identifier, value), origin)
        if self.settle is not None:
            self.settle(widget)
        facets = widget._facets
        if widget._overrides_on_change or (facets is not None and "watchers" in facets):
            widget._property_changed(self.name, value, old)

    def validated(self, widget: "Widget", value: Any) -> T:
        """The value to store. Raises PropertyTypeError or PropertyValueError, naming widget and property."""
        if value.__class__ not in self.accept:
            if isinstance(value, Source):
                return value.connect(widget, self)  # type: ignore[no-any-return]
            if not isinstance(value, self.accept) or (self._numeric and isinstance(value, bool)):
                if not (self._list and isinstance(value, tuple)):
                    expected = " or ".join(
                        dict.fromkeys("None" if a is type(None) else a.__name__ for a in self.accept)
                    )
                    raise PropertyTypeError(
                        f"{widget!r}.{self.name} must be {expected}, not {type(value).__name__} ({value!r:.60})"
                    )
                value = list(value)
        if self.check is not None:
            try:
                value = self.check(widget, value)
            except (UnsafeValueError, PropertyTypeError, PropertyValueError) as error:
                raise type(error)(f"{widget!r}.{self.name}: {error}") from None
            except TypeError as error:
                raise PropertyTypeError(f"{widget!r}.{self.name}: {error}") from None
            except ValueError as error:
                raise PropertyValueError(f"{widget!r}.{self.name}: {error}") from None
        result: T = value
        return result

    def carry_back(self, widget: "Widget", raw: Any, origin: str | None) -> None:
        """Takes a value from a browser. That browser is told only where the stored value differs from what it sent.

        Raises ProtocolError for a value that the property refuses; the browser then gets the true one back.
        """
        try:
            value = self.validated(widget, raw if self.parse is None else self.parse(widget, raw))
        except (TypeError, ValueError) as error:
            self.show(widget)
            raise ProtocolError(str(error)) from None
        self.assign(widget, value, origin)
        if self.wire_value(widget) != raw:
            self.show(widget)

    def wire_value(self, widget: "Widget") -> Any:
        """The value as the browser has it."""
        value: Any = self.__get__(widget, type(widget))
        to = getattr(self.bind, "to", None)
        return value if to is None else to(value)

    def show(self, widget: "Widget") -> None:
        """Sends the value to every browser again."""
        if widget._tree is None or self.bind is None:
            return
        if isinstance(self.bind, Redraw):
            widget._tree.redraw(widget, self.bind.part)
        else:
            value = self.__get__(widget, type(widget))
            widget._tree.update(widget, self.bind.key, self.bind.operation(widget.identifier, value), None)

    def _store(self, widget: "Widget", value: Any) -> Any:
        """Stores a list in the observed list that the widget keeps, so that old references to it stay live."""
        if not isinstance(value, list):
            object.__setattr__(widget, self.slot, value)
            return value
        with STRUCTURE:
            try:
                kept = object.__getattribute__(widget, self.slot)
            except AttributeError:
                kept = None
            if isinstance(kept, ObservedList):
                list.__setitem__(kept, slice(None), list(value))
            else:
                kept = ObservedList(widget, self.name, value)
                object.__setattr__(widget, self.slot, kept)
            return kept
