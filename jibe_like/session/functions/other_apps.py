"""From one application of a server to another."""

import posixpath
from typing import TYPE_CHECKING, Any

from ..current import current_connection
from .ending import interactive_session

if TYPE_CHECKING:
    from ..session import Session


def go_app(name: str, new_window: bool = True) -> None:
    """Sends the page that acts, or all of the session where none does, to another application of the same server.

        go_app("Settings")
        go_app("/shop/cart", new_window=False)

    :param name: the application's route, or the name of its class.
    :param new_window: where the browser lets no window open by itself, the page shows a link instead.

    Raises ValueError, with the names that there are, for another.
    """
    session = interactive_session("go_app")
    mounts: list[Any] = list(session.server.mounts.values()) if session.server is not None else []
    found = _find(name, mounts)
    if found is None:
        known = ", ".join(f"{mount.app_class.__name__} at {mount.prefix or '/'}" for mount in mounts) or "none"
        raise ValueError(f"go_app: the server has no application {name!r}; there are: {known}")
    url = posixpath.relpath(found.prefix or "/", _prefix_of(session, mounts) or "/") + "/"
    session.page_call(["open", url, new_window], current_connection())


def _find(name: str, mounts: list[Any]) -> Any:
    route = "/" + name.strip("/")
    by_route = (mount for mount in mounts if (mount.prefix or "/") == route)
    by_name = (mount for mount in mounts if name == mount.app_class.__name__)
    return next(by_route, None) or next(by_name, None)


def _prefix_of(session: "Session", mounts: list[Any]) -> str:
    """Below which path the session's application is."""
    return next((mount.prefix for mount in mounts if mount.registry.sessions.get(session.id) is session), "")
