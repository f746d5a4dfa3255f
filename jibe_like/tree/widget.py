"""The widget: a plain object that describes one element and whatever is inside it."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from jibe_like.errors import (
    NotInitializedError,
    NotWidgetError,
    OrphanWidgetError,
    ProtocolError,
    TreeError,
    UnsafeValueError,
)

from . import safe
from .binding import Operation, attr, or_none
from .children import Children
from .emitter import Emitter
from .events import DOM_EVENTS, Handler, Message
from .facets import Attributes, Properties, Styles, checked_classes
from .lock import STRUCTURE
from .node import Element, Node, check_tag, walk
from .observed import ObservedDict
from .property import Property
from .source import SourceRefusedError
from .tree import Tree, descend
from .widget_class import WidgetMeta, look_over

_detached_identifiers = itertools.count(1)
_known_tags: set[str] = set()


class Widget(Emitter, metaclass=WidgetMeta):
    """An element of the page, with its properties, style, attributes, children and event handlers.

    :param style: inline style, as a dict of CSS properties.
    :param identifier: a name of your own, unique in the application; else a short one is made.
    :param attributes: attributes of the element.
    :param classname: further classes of the element.
    :param properties: first values of properties (`hidden=True`, `tooltip="…"`).

    Raises NotInitializedError where a subclass's constructor forgot `super().__init__()`.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_children",
        "_facets",
        "_handlers",
        "_identifier",
        "_parent",
        "_tree",
    )

    tagname: str = "div"
    """The element's tag."""
    disabled: Any = False
    """Whether it hears nothing from the browser. Widgets that a browser shows so have a property of this name."""
    children_part: ClassVar[str] = ""
    """The part of `content` that shows something of the children; it is rendered again when they come, go or move."""
    tail_part: ClassVar[str] = ""
    """The part that `frame` has put behind the children: others are put before it."""

    hidden = Property(False, bind=attr("hidden"))
    """Whether the widget is left out of the page's layout."""
    tooltip = Property("", bind=attr("title", or_none))
    """Text shown when the pointer rests on the widget."""

    _classname: ClassVar[str] = "widget"
    _bound: ClassVar[tuple[Property[Any], ...]] = ()
    _defaults: ClassVar[tuple[tuple[str, Any], ...]] = ()
    _properties: ClassVar[Mapping[str, Property[Any]]] = {}
    _wants_hooks: ClassVar[bool] = False
    _overrides_on_change: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        look_over(cls, Widget)

    def __init__(
        self,
        *,
        style: Mapping[str, object] | None = None,
        identifier: str | None = None,
        attributes: Mapping[str, object] | None = None,
        classname: str = "",
        **properties: Any,
    ) -> None:
        self._parent: Widget | None = None
        self._tree: Tree | None = None
        self._children: Children | None = None
        self._handlers: dict[str, list[tuple[Handler, int]]] | None = None
        self._facets: dict[str, Any] | None = None
        self._identifier = ""
        for slot, default in self._defaults:
            setattr(self, slot, default)
        if identifier is not None:
            self.identifier = identifier
        if style:
            self.style.update(style)
        if attributes:
            self.attributes.update(attributes)
        if classname:
            self.add_class(*checked_classes(self, classname).split())
        for name, value in properties.items():
            if name not in self._properties:
                event = f"; say register({name[2:].strip('_')!r}, handler)" if name.startswith("on") else ""
                known = ", ".join(self._properties)
                raise TypeError(f"{type(self).__name__}() has no argument {name!r}{event}; its properties: {known}")
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in Widget.__slots__ and not name.startswith("_p_"):
            raise NotInitializedError(f"{type(self).__name__}.__init__() must call super().__init__() first")
        raise AttributeError(f"{type(self).__name__!r} widget has no attribute {name!r}")

    def __repr__(self) -> str:
        try:
            name = self._identifier
        except NotInitializedError:
            name = None
        return f"{type(self).__name__}({name})" if name else f"{type(self).__name__}()"

    # -- place in the tree

    @property
    def identifier(self) -> str:
        """The name by which messages find the widget; its element's `id`. Set it before the widget is attached.

        Raises UnsafeValueError for a name that is not letters, digits, `_` and `-`.
        """
        if not self._identifier:
            with STRUCTURE:
                self._identifier = self._identifier or f"x{next(_detached_identifiers)}"
        return self._identifier

    @identifier.setter
    def identifier(self, name: str) -> None:
        if self._tree is not None:
            raise TreeError(f"{self!r} is attached: its identifier cannot change any more")
        try:
            self._identifier = safe.identifier(name)
        except UnsafeValueError as error:
            raise UnsafeValueError(f"{type(self).__name__}: {error}") from None
        self._facet("identifier", lambda: True)

    @property
    def outer_identifier(self) -> str:
        """The `id` of the outermost element; another than `identifier` where `frame` puts something around it."""
        return self.identifier

    @property
    def parent(self) -> "Widget | None":
        """The widget that this one is a child of."""
        return self._parent

    @property
    def children(self) -> Children:
        """The widgets inside this one. An observed list; assigning a list keeps the elements of those that stay."""
        if self._children is None:
            with STRUCTURE:
                self._children = Children(self) if self._children is None else self._children
        return self._children

    @children.setter
    def children(self, children: "Iterable[Widget]") -> None:
        if isinstance(children, str) or not isinstance(children, Iterable):
            raise NotWidgetError(
                f"{self!r}.children must be a list of widgets, not {type(children).__name__} ({children!r:.60})"
            )
        self.children.replace(children)

    @property
    def descendants(self) -> "Iterator[Widget]":
        """All widgets below this one, in document order."""
        below = descend(self)
        next(below)
        return below

    @property
    def descendent_index(self) -> "Mapping[str, Widget]":
        """The widgets below this one by identifier (jibe's name)."""
        return {widget.identifier: widget for widget in self.descendants}

    def on_attached(self) -> None:
        """Called when the widget has become part of a live page. For subclasses."""

    def on_detached(self) -> None:
        """Called when the widget has left the page, or the page has ended. For subclasses."""

    # -- properties

    @property
    def properties(self) -> "Properties":
        """The properties by name. A name that the class does not have becomes an attribute of this widget."""
        return Properties(self)

    @properties.setter
    def properties(self, values: Mapping[str, Any]) -> None:
        Properties(self).update(values)

    def on_change(self, propname: str, newval: Any, oldval: Any) -> None:
        """Called after a property has changed. For subclasses."""

    def watch(self, name: str, callback: Callable[[Any, Any], object]) -> None:
        """Calls `callback(new, old)` whenever the property changes. Raises AttributeError for an unknown one."""
        if name not in self._properties:
            raise AttributeError(f"{self!r} has no property {name!r}")
        self._facet("watchers", dict).setdefault(name, []).append(callback)

    def _property_changed(self, name: str, new: Any, old: Any) -> None:
        if self._overrides_on_change:
            self.on_change(name, new, old)
        for callback in (self._facets or {}).get("watchers", {}).get(name, ()):
            callback(new, old)

    # -- looks

    @property
    def style(self) -> ObservedDict:
        """Inline style: CSS properties by name. UnsafeValueError for a value that could leave its declaration."""
        return self._facet("style", lambda: ObservedDict(self, Styles))  # type: ignore[no-any-return]

    @style.setter
    def style(self, values: Mapping[str, object] | None) -> None:
        self.style.replace(values or {})

    @property
    def attributes(self) -> ObservedDict:
        """Attributes of the element. Raises UnsafeValueError for one that could run code."""
        return self._facet("attributes", lambda: ObservedDict(self, Attributes))  # type: ignore[no-any-return]

    @attributes.setter
    def attributes(self, values: Mapping[str, object] | None) -> None:
        self.attributes.replace(values or {})

    @property
    def classname(self) -> str:
        """The element's `class`. By default `widget` and the names of the widget's classes, in lower case."""
        return self._classname if self._facets is None else self._facets.get("classname", self._classname)

    @classname.setter
    def classname(self, classes: str) -> None:
        if checked_classes(self, classes) != self.classname:
            self._facet("classname", str)
            self._facets["classname"] = classes  # type: ignore[index]
            if self._tree is not None:
                self._tree.update(self, ("attr", "class"), ["attr", self.identifier, "class", self._class_text()])

    def css(self, style: Mapping[str, object]) -> None:
        """Sets style properties; None or "" removes one."""
        self.style.update(style)

    def attr(self, attributes: Mapping[str, object]) -> None:
        """Sets attributes; None or False removes one."""
        self.attributes.update(attributes)

    def add_class(self, *names: str) -> None:
        """Adds classes to the element."""
        with STRUCTURE:
            self.classname = " ".join(dict.fromkeys((*self.classname.split(), *names)))

    def remove_class(self, *names: str) -> None:
        """Takes classes from the element."""
        with STRUCTURE:
            self.classname = " ".join(name for name in self.classname.split() if name not in names)

    def _class_text(self) -> str:
        """The classes with those that properties switch."""
        probe: Element = ["", {"class": self.classname}]
        for declared in self._bound:
            if declared.bind is not None and declared.bind.key[0] == "class":
                declared.bind.describe(probe, declared.__get__(self, type(self)))
        return str(probe[1]["class"])

    def _operation(self, key: tuple[str, str]) -> Operation:
        """What shows the property, style, attribute, classes or events of this key (see `binding`) as they are now."""
        kind, name = key
        facet = (self._facets or {}).get({"style": "style", "attr": "attributes"}.get(kind, ""), {})
        if name in facet:
            return [kind, self.identifier, name, facet[name]]
        for declared in self._bound:
            if declared.bind is not None and declared.bind.key == key:
                return declared.bind.operation(self.identifier, declared.__get__(self, type(self)))
        own = {"class": self._class_text, "data-on": self._listening}.get(name, str)
        return [kind, self.identifier, name, own() or None]

    def _facet(self, name: str, make: Callable[[], Any]) -> Any:
        """What few widgets have is kept in one dict, made when first needed."""
        if self._facets is None or name not in self._facets:
            with STRUCTURE:
                self._facets = {} if self._facets is None else self._facets
                self._facets.setdefault(name, make())
        return self._facets[name]

    # -- what the browser shows

    def node(self) -> Element:
        """The description of the widget and all inside it. See `node.py` for its form."""
        tag = self.tagname
        if tag not in _known_tags:
            _known_tags.add(check_tag(tag))
        attributes: dict[str, Any] = {"id": self.identifier, "class": self.classname}
        node: Element = [tag, attributes]
        facets = self._facets
        if facets is not None and facets.get("style"):
            attributes["style"] = dict(facets["style"])
        for declared in self._bound:
            value = declared.__get__(self, type(self))
            if value != declared.default or declared.event or value:
                declared.bind.describe(node, value)  # type: ignore[union-attr]
        if facets is not None and "attributes" in facets:
            attributes.update((name, value or True) for name, value in facets["attributes"].items())
        listening = self._listening()
        if listening:
            attributes["data-on"] = listening
        node.extend(self.content())
        if self._children:
            node.extend([child.node() for child in self._children])
        return self.frame(node)

    def content(self) -> Iterable[Node]:
        """Inner elements that are no widgets, before the children. For subclasses; a property bound with `redraw` may
        shape them. Give those that should keep their element across a redraw an `id` of `f"{self.identifier}.name"`."""
        return ()

    def part(self, name: str) -> Element:
        """The element of `content` with the `id` of `f"{self.identifier}.{name}"`."""
        wanted = f"{self.identifier}.{name}"
        return next(found for node in self.content() for found in walk(node) if found[1].get("id") == wanted)

    def frame(self, node: Element) -> Element:
        """The widget's own node with what surrounds it. For subclasses, together with `outer_identifier`."""
        return node

    # -- events

    def on_message(self, message: Message) -> None:
        """Handles a message from the browser: takes over the properties it carries, then calls the event's handlers.

        Raises ProtocolError where the widget has no such event, is disabled, or refuses a value.
        """
        event = message["event"]
        if self.disabled:
            raise ProtocolError("the widget is disabled")
        properties = message.get("properties")
        if properties:
            for name in properties:
                if name not in self._carried or event not in self._carries:
                    raise ProtocolError(f"{name!r:.60} is no property that {event!r:.60} carries")
            for name, raw in properties.items():
                try:
                    self._carried[name].carry_back(self, raw, message.get("connection"))
                except SourceRefusedError as error:
                    raise ProtocolError(str(error)) from None
        if event in self._local:
            self.dispatch(event, message)
        elif (
            event in DOM_EVENTS
            or event in self._carries
            or event in self.events
            or (self._handlers is not None and event in self._handlers)
        ):
            self.emit(event, message)
        else:
            raise ProtocolError(f"no such event: {event!r:.60}")

    # -- messages to the browser

    def message(self, message: Message) -> None:
        """Sends a message of your own to the widget's element, where it arrives as a `jibe-message` event."""
        self.deliver({**message, "id": self.identifier, "path": []})

    def deliver(self, message: Message) -> None:
        """Passes a message up to the application, which sends it. Raises OrphanWidgetError without one."""
        message["path"] = [self.identifier, *message.get("path", ())]
        if self._parent is None:
            raise OrphanWidgetError(f"{self!r} is not attached to an application")
        self._parent.deliver(message)

    def focus(self) -> None:
        """Gives the keyboard to the widget."""
        self.call("focus")

    def scroll_into_view(self) -> None:
        """Scrolls so that the widget is seen."""
        self.call("scrollIntoView", {"block": "nearest"})

    def call(self, method: str, *arguments: Any) -> None:
        """Calls a method of the widget's element in the browser. Does nothing while the widget is not attached."""
        if self._tree is not None:
            self._tree.call(["call", self.identifier, method, list(arguments)])


look_over(Widget, Widget)
