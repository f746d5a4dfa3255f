"""What a widget class is, worked out once for each."""

from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

from .events import arity
from .property import Property

if TYPE_CHECKING:
    from .widget import Widget

_own_names: set[str] = set()


class WidgetMeta(type):
    """Gives the properties of a class that declares `__slots__` slots of their own, and looks each class over once.

    The widgets of this package declare `__slots__ = ()`: a page has hundreds of them and a server thousands of pages.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> "WidgetMeta":
        if "__slots__" in namespace:
            properties = [key for key, value in namespace.items() if isinstance(value, Property)]
            namespace["__slots__"] = (*namespace["__slots__"], *("_p_" + key for key in properties))
        return super().__new__(mcs, name, bases, namespace, **kwargs)


def look_over(cls: "type[Widget]", root: "type[Widget]") -> None:
    """What a widget class is, worked out once: its classes, its properties, its handlers, its hooks."""
    lineage = [base for base in reversed(cls.__mro__) if isinstance(base, WidgetMeta)]
    cls._classname = " ".join(dict.fromkeys(filter(None, map(_css_class, lineage))))
    properties: dict[str, Property[Any]] = {}
    local: dict[str, tuple[str, int]] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Property):
                properties[name] = value
            elif name in properties:
                del properties[name]
            for event in getattr(value, "event_register", ()) if callable(value) else ():
                other = local.get(event)
                if other is not None and other[0] != name and base is cls and other[0] in vars(cls):
                    raise TypeError(f"{cls.__name__} has two handlers for the event {event!r}: {other[0]} and {name}")
                local[event] = (name, arity(value, 2) - 1)
    cls._properties = properties
    cls._bound = tuple(declared for declared in properties.values() if declared.bind is not None)
    # An empty slot takes as much memory as a full one, and four times as long to read.
    cls._defaults = tuple(
        (declared.slot, declared.default)
        for declared in properties.values()
        if list not in declared.accept and isinstance(getattr(cls, declared.slot, None), MemberDescriptorType)
    )
    carried = [declared for declared in properties.values() if declared.event]
    cls._carried = {declared.name: declared for declared in carried}
    cls._carries = {
        event: declared.reads
        for declared in carried
        for event in {declared.event, *(("input",) if declared.event == "change" else ())}
    }
    # A method that overrides a handler may take other arguments.
    cls._local = {event: (name, arity(getattr(cls, name), 2) - 1) for event, (name, _) in local.items()}
    cls._wants_hooks = cls.on_attached is not root.on_attached or cls.on_detached is not root.on_detached
    cls._overrides_on_change = cls.on_change is not root.on_change


def _css_class(base: type) -> str:
    """The class by which style sheets know a widget class. A user's `Card` is not styled as ours is."""
    name = base.__name__.lower()
    if base.__module__.startswith("jibe_like."):
        _own_names.add(name)
    elif name in _own_names:
        return ""
    return "" if name.startswith("_") else name
