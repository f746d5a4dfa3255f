"""Work beside the handlers of the current session, and in its name: tasks and threads."""

import asyncio
import threading
from collections.abc import Coroutine
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..current import current_session
from ..work.main_task import kind_of, run_beside
from ..work.on_loop import call_on_loop, do_on_loop, is_on_loop_of
from .ending import interactive_session

if TYPE_CHECKING:
    from ..session import Session

T = TypeVar("T")

_OTHER_KIND: Final = {
    "coroutine": "a coroutine session, whose application has an `async def main`: there use run_async",
    "thread": "a thread session, whose application's main is a plain function: there use register_thread",
}


class TaskHandler:
    """A coroutine that `run_async` has started. One that comes back from a store has ended with its process."""

    def __init__(self, session: "Session | None" = None, task: "asyncio.Task[None] | None" = None) -> None:
        self._session = session
        self._task = task

    def __reduce__(self) -> tuple[Any, ...]:
        return TaskHandler, ()

    def close(self) -> None:
        """Ends the coroutine, with CancelledError where it waits. From any thread."""
        if self._session is None or self._task is None:
            return
        if is_on_loop_of(self._session):
            self._task.cancel()
        else:
            call_on_loop(self._session, self._task.cancel)

    def closed(self) -> bool:
        """Whether the coroutine has come to its end."""
        return self._task is None or self._task.done()


def run_async(coro_obj: Coroutine[Any, Any, Any]) -> TaskHandler:
    """Runs a coroutine as a task of the session, beside its handlers, until the session ends. From any thread.

    What it raises is treated like what a handler raises. Raises RuntimeError in a thread session: there the
    application's `main` is a plain function.
    """
    if not asyncio.iscoroutine(coro_obj):
        raise TypeError(f"run_async takes a coroutine, as work() of an `async def work`, not {coro_obj!r:.80}")
    try:
        session = interactive_session("run_async")
        _refuse("thread", session, "run_async")
        task = do_on_loop(session, lambda: run_beside(session, "run_async", coro_obj))
    except BaseException:
        coro_obj.close()
        raise
    return TaskHandler(session, task)


async def run_asyncio_coroutine(coro_obj: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that is run on the session's event loop, whichever loop this is called on.

    Raises RuntimeError in a thread session: there the application's `main` is a plain function.
    """
    try:
        session = current_session("run_asyncio_coroutine")
        _refuse("thread", session, "run_asyncio_coroutine")
    except BaseException:
        coro_obj.close()
        raise
    if is_on_loop_of(session):
        return await coro_obj
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coro_obj, session.loop))


def register_thread(thread: threading.Thread) -> None:
    """Lets a thread act in the current session, once it is started: all functions of this module work in it.

        thread = threading.Thread(target=count)
        register_thread(thread)
        thread.start()

    Raises RuntimeError for a thread that was started before, and in a coroutine session: there the application has an
    `async def main`.
    """
    session = current_session("register_thread")
    _refuse("coroutine", session, "register_thread")
    if thread.ident is not None:
        raise RuntimeError(f"register_thread: {thread.name} was started already; register it before")
    context, run = copy_context(), thread.run

    def run_in_session() -> None:
        # Else the thread, which lives on as an object, and what it refers to would hold each other.
        del thread.run
        context.run(run)

    thread.run = run_in_session  # type: ignore[method-assign]


def _refuse(kind: str, session: "Session", what: str) -> None:
    if kind_of(session) == kind:
        raise RuntimeError(f"{what} does not work here: this is {_OTHER_KIND[kind]}")
