"""The current session: whose handler, hook or task is running."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jibe_like.errors import NoSessionError

from .connection import Connection

if TYPE_CHECKING:
    from .session import Session

Acting: TypeAlias = "tuple[Session | None, Connection | None] | None"

ACTING: Final[ContextVar[Acting]] = ContextVar("jibe_like_acting", default=None)
"""The session and the page that acts in it. While an application is being constructed there is no session yet. Tasks
inherit it; a thread has it where it was started for the session."""


@contextmanager
def acting(session: "Session | None", connection: Connection | None = None) -> Iterator[None]:
    """Makes the session the current one. `connection`: the page whose doing it is."""
    before = ACTING.set((session, connection))
    try:
        yield
    finally:
        ACTING.reset(before)


@contextmanager
def use(app: Any) -> Iterator[None]:
    """Makes the session of an application the current one inside of `with session.use(app):`, anywhere.

    Raises NoSessionError for an application without one: no server runs it, or its session has ended.
    """
    session = app.session
    if session is None:
        raise NoSessionError(f"{app!r} has no session: no server runs it, or its session has ended")
    with acting(session):
        yield


def find_session() -> "Session | None":
    """The current session; None where there is none."""
    now = ACTING.get()
    return now[0] if now is not None else None


def current_session(what: str) -> "Session":
    """The current session, for `what`, the name of the function that needs it. Raises NoSessionError without one."""
    now = ACTING.get()
    if now is None:
        raise NoSessionError(
            f"{what} acts on the current session, and there is none here. There is one in an application's handlers, "
            "hooks and main(), in tasks started there, in a thread passed to session.register_thread(), and anywhere "
            "inside `with session.use(app):`"
        )
    if now[0] is None:
        raise NoSessionError(
            f"{what} acts on the current session, which is there only once the application has been constructed: call "
            "it in on_session_created() or in main()"
        )
    return now[0]


def current_connection() -> Connection | None:
    """The page whose event is being handled; None where no page acts, or it has gone."""
    now = ACTING.get()
    return now[1] if now is not None else None
