"""Which of a session's pages is meant where nobody says."""

from typing import TYPE_CHECKING

from ..connection import Connection

if TYPE_CHECKING:
    from ..session import Session


def newest_page(session: "Session") -> Connection | None:
    """The newest page that is open; None where none is."""
    pages = [connection for connection in session.connections.values() if connection.is_open]
    return max(pages, key=lambda connection: connection.since, default=None)
