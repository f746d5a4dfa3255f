"""From any thread to the event loop that a session lives on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

from jibe_like.errors import SessionEndedError

if TYPE_CHECKING:
    from ..session import Session

T = TypeVar("T")

_LOOK_SECONDS: Final = 1.0


def is_on_loop_of(session: "Session") -> bool:
    """Whether this thread runs the session's event loop."""
    return asyncio._get_running_loop() is session.loop


def must_not_block() -> bool:
    """Whether this thread runs an event loop."""
    return asyncio._get_running_loop() is not None


def call_on_loop(session: "Session", callback: Callable[[], object]) -> bool:
    """Calls it soon on the session's event loop, from any thread. False where that loop is closed."""
    try:
        session.loop.call_soon_threadsafe(callback)
    except RuntimeError:
        return False
    return True


def do_on_loop(session: "Session", func: Callable[[], T]) -> T:
    """What `func` gives, or raises, when the session's event loop calls it. Here and now where this is its thread.

    Raises SessionEndedError where that loop is closed.
    """
    if is_on_loop_of(session):
        return func()
    done: Future[T] = Future()

    def do() -> None:
        try:
            done.set_result(func())
        except BaseException as error:
            done.set_exception(error)

    call_on_loop(session, do)
    return wait_for(session, done)


def wait_for(session: "Session", future: "Future[T]", seconds: float | None = None) -> T:
    """Blocks this thread until the future has its result, which the session's event loop sees to.

    Raises TimeoutError after so many seconds, SessionEndedError where that loop is closed.
    """
    while seconds is None or seconds > 0:
        step = _LOOK_SECONDS if seconds is None else min(seconds, _LOOK_SECONDS)
        try:
            return future.result(step)
        except TimeoutError:
            if future.done():
                raise
            # A loop that was closed will never tell.
            if session.loop.is_closed():
                raise SessionEndedError(f"{session!r} has ended, and its server too") from None
            seconds = None if seconds is None else seconds - step
    raise TimeoutError
