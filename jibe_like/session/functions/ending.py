"""The end of the current session: who waits for it, and what is done then."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar

from jibe_like.errors import SessionEndedError

from ..current import current_session
from ..log import about
from ..work.on_loop import call_on_loop, do_on_loop, must_not_block, wait_for

if TYPE_CHECKING:
    from ..session import Session

logger = logging.getLogger("jibe_like.session")

F = TypeVar("F", bound=Callable[[], object])


def interactive_session(what: str) -> "Session":
    """The current session, for a function that needs its pages.

    Raises NoSessionError where there is none, SessionEndedError where it has ended.
    """
    session = current_session(what)
    if session.ending:
        raise SessionEndedError(f"{what} needs a page, and {session!r} has ended")
    return session


def at_end(session: "Session", ending: Callable[[], object]) -> None:
    """Has something done when the session ends. On its event loop's thread."""
    if session.endings is None:
        session.endings = []
    session.endings.append(ending)


def not_at_end(session: "Session", ending: Callable[[], object]) -> None:
    """Takes back one `at_end`, if it is not being done already. On the session's event loop's thread."""
    if session.endings is not None and not session.ending and ending in session.endings:
        session.endings.remove(ending)


def hold() -> Any:
    """Waits for the end of the session: `await hold()` where an event loop runs, `hold()` in a thread.

    Pages stay as they are and their handlers are called without it. It keeps a script from ending (`session.script`),
    and a `main()` from going on. A task of the session is cancelled when that ends, and so is its `await hold()`.
    """
    session = current_session("hold")
    ended: Future[None] = Future()

    def end() -> None:
        if ended.set_running_or_notify_cancel():
            ended.set_result(None)

    def watch() -> None:
        if session.ending:
            end()
        else:
            at_end(session, end)

    if session.destroyed:
        end()
    else:
        do_on_loop(session, watch)
    if not must_not_block():
        return wait_for(session, ended)
    # Who gives up waiting leaves nothing behind.
    ended.add_done_callback(lambda _: call_on_loop(session, lambda: not_at_end(session, end)))
    return asyncio.wrap_future(ended)


class Deferred:
    """What a session has been asked to do at its end, first come, first done."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._waiting: deque[Callable[[], object]] = deque()
        self._done = False

    def add(self, func: Callable[[], object]) -> None:
        """One more. Raises SessionEndedError where all have been called."""
        if self._done:
            raise SessionEndedError(f"defer_call: {self._session!r} has ended")
        self._waiting.append(func)

    def __call__(self) -> None:
        """Calls them. From the first `async` one on that takes a task, which outlives the session."""
        begun = self._call_next()
        if begun is not None:
            self._session.start_last(self._go_on(begun))

    def _call_next(self) -> Awaitable[object] | None:
        """Calls them up to the first that is to be awaited."""
        while self._waiting:
            func = self._waiting.popleft()
            try:
                result = func()
            except Exception as error:
                self._complain(func, error)
            else:
                if isawaitable(result):
                    return self._finish(func, result)
        self._done = True
        return None

    async def _finish(self, func: Callable[[], object], result: Awaitable[object]) -> None:
        try:
            await result
        except Exception as error:
            self._complain(func, error)

    async def _go_on(self, begun: Awaitable[object] | None) -> None:
        while begun is not None:
            await begun
            begun = self._call_next()

    def _complain(self, func: Callable[[], object], error: Exception) -> None:
        logger.error(
            "session %s: %r raised at its end", self._session.id, func, exc_info=error, extra=about(self._session.id)
        )


def defer_call(func: F) -> F:
    """Has `func`, plain or `async`, called when the session ends, whoever ends it, or when the server stops.

    All of a session are called in the order given, each although another has raised, which is logged. `local` is still
    there; a page is not: `run_js` and its like raise SessionEndedError. Gives `func`, so that it is a decorator too:

        @defer_call
        def clean_up():
            local.file.close()
    """
    session = current_session("defer_call")

    def add() -> None:
        deferred = next((ending for ending in session.endings or () if isinstance(ending, Deferred)), None)
        if deferred is None:
            deferred = Deferred(session)
            if session.ending:
                raise SessionEndedError(f"defer_call: {session!r} has ended")
            at_end(session, deferred)
        deferred.add(func)

    do_on_loop(session, add)
    return func
