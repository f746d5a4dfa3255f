"""What a session asks of the application that it hosts, and what it stores of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from jibe_like.tree.events import Message
from jibe_like.tree.node import Element
from jibe_like.tree.tree import Tree

from .connection import Connection

if TYPE_CHECKING:
    from jibe_like.tree.widget import Widget

    from .session import Session


class Document(Protocol):
    """The application, as its session sees it."""

    connection: Connection | None
    session: "Session | None"
    main_returned: bool

    @property
    def tree(self) -> Tree: ...

    @property
    def uses_page_api(self) -> bool:
        """Whether the page's own JavaScript may want `window.jibe` from the beginning."""

    def page_state(self) -> dict[str, Any] | None:
        """The mirrored state by scope (`app`, `server`), name and value; None where nothing is mirrored."""

    def node(self) -> Element: ...

    def on_message(self, message: Message) -> None: ...

    def on_error(self, widget: "Widget", event: str, error: Exception) -> object: ...

    def wsopen(self) -> None: ...

    def connections_changed(self) -> None: ...

    def on_session_created(self) -> object: ...

    def on_session_destroyed(self) -> object: ...

    def on_connection_lost(self) -> object: ...

    def on_snapshot(self) -> object: ...

    def on_restore(self) -> object: ...


@dataclass
class SessionState:
    """What of a session is stored."""

    document: Any
    seq: int
    connections: list[Connection] = field(default_factory=list)
    look: str = ""
    """A digest of what the application looked like when the session began."""
