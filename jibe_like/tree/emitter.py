"""Who wants to hear of a widget's events, and the one place that calls them."""

from collections.abc import Awaitable, Iterable, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar

from jibe_like.errors import NoSuchEvent, OrphanWidgetError

from .events import DOM_EVENTS, Handler, Message, arity, listen_options
from .lock import STRUCTURE
from .property import Property

if TYPE_CHECKING:
    from .widget import Widget


class Emitter:
    """The part of a widget that knows its handlers."""

    __slots__ = ()

    events: ClassVar[frozenset[str]] = frozenset()
    """Events of this class beside the browser's own (`DOM_EVENTS`)."""
    prevents: ClassVar[frozenset[str]] = frozenset()
    """Events of the browser that every widget of this class asks for, and whose own action is always prevented."""
    default_event: ClassVar[str] = ""
    """The event of the browser that such a widget is there for. It is asked for without a handler in a tree whose root
    `hears_all`."""
    hears_all: ClassVar[bool] = False
    """Of a tree's root: whether `on_unhandled` tells it what happens to widgets that have no handler for it."""

    _carried: ClassVar[Mapping[str, Property[Any]]] = {}
    _carries: ClassVar[Mapping[str, str]] = {}
    _local: ClassVar[Mapping[str, tuple[str, int]]] = {}

    if TYPE_CHECKING:
        identifier: str
        _facets: dict[str, Any] | None
        _handlers: dict[str, list[tuple[Handler, int]]] | None
        _tree: Any

        def _facet(self, name: str, make: Any) -> Any: ...

    @property
    def subscribers(self) -> dict[str, list[Handler]]:
        """The registered handlers by event (jibe's name). A copy: use `register` and `unregister` to change them."""
        found: dict[str, list[Handler]] = {event: [] for event in (*self.events, *self._local)}
        for event, handlers in (self._handlers or {}).items():
            found[event] = [handler for handler, _ in handlers]
        return found

    def register(
        self,
        event: str,
        handler: Handler,
        *,
        debounce: float = 0,
        throttle: float = 0,
        keys: Iterable[str] = (),
        prevent: bool = False,
        stop: bool = False,
    ) -> None:
        """Calls `handler(source, message)` at each such event; plain or `async`. It may take fewer arguments.

        :param debounce: seconds of quiet before the browser reports it.
        :param throttle: seconds between two reports at least.
        :param keys: report these keys only (`"Enter"`, `"Escape"`: names of KeyboardEvent.key).
        :param prevent: prevent the browser's own action.
        :param stop: widgets around this one do not get the event.

        Registering the same handler again does nothing. Raises NoSuchEvent for an event that the widget does not have.
        """
        if event not in self.events and event not in self._local and event not in DOM_EVENTS:
            own = ", ".join(sorted(self.events | self._local.keys())) or "none of its own"
            raise NoSuchEvent(
                f"{self!r} has no event {event!r}; its events: {own}, and those of the browser (click, …)"
            )
        takes = arity(handler, 2)
        options = listen_options(debounce, throttle, keys, prevent or event in self.prevents, stop)
        with STRUCTURE:
            if self._handlers is None:
                self._handlers = {}  # type: ignore[misc]  # a slot of Widget
            handlers = self._handlers.setdefault(event, [])
            if all(known != handler for known, _ in handlers):
                handlers.append((handler, takes))
        if options:
            self._facet("listen", dict)[event] = options
        self._show_listening()

    def unregister(self, event: str, handler: Handler) -> None:
        """Takes back a `register`. Raises ValueError where the handler is not registered."""
        with STRUCTURE:
            handlers = (self._handlers or {}).get(event, [])
            for entry in handlers:
                if entry[0] == handler:
                    handlers.remove(entry)
                    break
            else:
                raise ValueError(f"{handler!r} is not registered for {event!r} of {self!r}")
            if not handlers and self._handlers is not None:
                del self._handlers[event]
                (self._facets or {}).get("listen", {}).pop(event, None)
        self._show_listening()

    def _show_listening(self) -> None:
        if self._tree is not None:
            listening = self._listening() or None
            self._tree.update(self, ("attr", "data-on"), ["attr", self.identifier, "data-on", listening])

    def emit(self, event: str, message: Message | None = None) -> None:
        """Calls the handlers registered for the event. One that raises is reported; the others are called."""
        handlers = (self._handlers or {}).get(event)
        if handlers:
            complete = {"id": self.identifier, "event": event} if message is None else message
            for handler, takes in tuple(handlers):
                self._call(event, handler, (self, complete)[:takes])
        elif self._tree is not None and self._tree.root.hears_all:
            self._tree.root.on_unhandled(self, event, message or {})

    def on_unhandled(self, source: "Widget", event: str, message: Message) -> None:
        """Called for the root of a tree, where it `hears_all`: the event has no handler. For subclasses."""

    def dispatch(self, event: str, message: Message) -> None:
        """The event has happened: calls the method that `event_handler` marks for it, else the registered handlers."""
        local = self._local.get(event)
        if local is None:
            self.emit(event, message)
        else:
            name, takes = local
            self._call(event, getattr(self, name), (message,)[:takes])

    def _call(self, event: str, handler: Handler, arguments: tuple[Any, ...]) -> None:
        """The one place that calls a user's handler."""
        tree = self._tree
        host = tree.host if tree is not None else None
        try:
            result = handler(*arguments)
        except Exception as error:
            if host is None:
                raise
            host.failed(self, event, error)
            return
        if result is not None and isawaitable(result):
            if host is None:
                _close(result)
                raise OrphanWidgetError(f"{self!r} is not part of a live page: its async handler cannot run")
            tree.run(host, self, event, result)

    def recount(self) -> None:
        """Looks again how many arguments the handlers take: they may have come back with other code."""
        for handlers in (self._handlers or {}).values():
            handlers[:] = [(handler, arity(handler, 2)) for handler, _ in handlers]

    def _listening(self) -> str:
        """The value of `data-on`."""
        handlers = self._handlers
        more = (self.default_event,) if self._tree is not None and self._tree.root.hears_all else ()
        if not handlers and not self._carries and not self._local and not self.prevents and not more:
            return ""
        options: dict[str, str] = (self._facets or {}).get("listen", {})
        wanted = dict.fromkeys((*(declared.event for declared in self._carried.values()), *self.prevents))
        wanted.update(dict.fromkeys(event for event in (*self._local, *(handlers or ()), *more) if event in DOM_EVENTS))
        return " ".join(
            event
            + (f":{self._carries[event]}" if event in self._carries else "")
            + options.get(event, ",prevent" if event in self.prevents else "")
            for event in wanted
        )


def _close(awaitable: Awaitable[Any]) -> None:
    """A coroutine that will never run says so as a warning, unless it is closed."""
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()
