"""What a page's JavaScript says to its session itself, and not to a widget of it (docs/protocol.md)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from jibe_like.errors import ProtocolError

from .connection import Connection

if TYPE_CHECKING:
    from .session import Session

SESSION: Final = "."
"""Stands for the session where a message names a widget; no identifier has a dot."""

PageHandler: TypeAlias = "Callable[[Session, Connection, dict[str, Any]], object]"
H = TypeVar("H", bound=PageHandler)

_handlers: dict[str, PageHandler] = {}


def one_line(text: object, most: int = 300) -> str:
    """What a page has said, as it may stand in a log: one line, and not all of it."""
    return "".join(char if char.isprintable() else "?" for char in str(text)[:most])


def page_event(name: str) -> Callable[[H], H]:
    """Marks the handler of such events: `handler(session, connection, data)`, plain or `async`.

    It raises ProtocolError for data that makes no sense.
    """

    def mark(handler: H) -> H:
        assert name not in _handlers, f"{name} has a handler"
        _handlers[name] = handler
        return handler

    return mark


def handle_page_event(session: "Session", connection: Connection, name: str, data: dict[str, Any]) -> object:
    """Calls the event's handler and gives its result. Raises ProtocolError where there is none."""
    handler = _handlers.get(name)
    if handler is None:
        raise ProtocolError(f"no such event: {name!r:.60}")
    return handler(session, connection, data)
