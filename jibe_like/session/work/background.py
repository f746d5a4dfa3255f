"""What an application does beside its handlers: in threads and processes, again and again, later."""

import asyncio
import logging
import pickle
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ProcessPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from inspect import iscoroutine, iscoroutinefunction
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from jibe_like.errors import NoSessionError, NotSendableError
from jibe_like.tree.widget import Widget

from ..current import acting, current_connection, find_session
from ..log import about
from .on_loop import is_on_loop_of
from .pool import failing_plainly, shared_pool
from .schedule import Schedule, name_of

if TYPE_CHECKING:
    from ..document import Document
    from ..session import Session

logger = logging.getLogger("jibe_like.session")

T = TypeVar("T")


class Work(asyncio.Task[T], Generic[T]):
    """A task whose failure is reported where nobody waits for it."""

    def __init__(self, work: Coroutine[Any, Any, T], session: "Session", name: str) -> None:
        super().__init__(work, loop=session.loop, name=name)
        self._session = session
        self.awaited = False
        """Whether somebody waits for it, or has asked to be told of its end."""
        super().add_done_callback(_look_after)

    def add_done_callback(self, fn: Callable[..., object], *, context: Context | None = None) -> None:
        """As that of `asyncio.Task`."""
        self.awaited = True
        super().add_done_callback(fn, context=context)

    def report(self) -> None:
        """Says what has gone wrong, if anything did."""
        if self.cancelled():
            return
        error = self.exception()
        if isinstance(error, Exception) and not self.awaited:
            if self._session.destroyed:
                logger.error(
                    "session %s: %r raised",
                    self._session.id,
                    self.get_name(),
                    exc_info=error,
                    extra=about(self._session.id),
                )
            else:
                self._session.failed(self._session.document.tree.root, self.get_name(), error)


def _look_after(work: "Work[Any]") -> None:
    work.report()


class Background:
    """The part of an application that knows work beside its handlers."""

    if TYPE_CHECKING:
        session: Session | None

    def run_in_thread(self, func: Callable[..., Any], /, *args: Any, detach: bool = False, **kwargs: Any) -> Any:
        """What `app.run` is: calls `func` in a thread, and gives what it gives: `result = await app.run(func, …)`.

        It begins at once, awaited or not: what is given is an `asyncio.Task`. A coroutine function is run on the event
        loop. Context variables, the current session among them, are those of the caller.

        :param detach: whether it outlives the session; else it is cancelled with that. A thread cannot be stopped: what
            it gives after it was cancelled is dropped.

        All other arguments are passed on. What `func` raises is raised where it is awaited; where nobody awaits it, it
        is logged and `on_error` is called. Raises NoSessionError where the application has no session.
        """
        return self._begin("run", None, func, args, kwargs, detach)

    @overload
    def exec(
        self,
        executor: Executor | None,
        func: Callable[..., Coroutine[Any, Any, T]],
        /,
        *args: Any,
        detach: bool = False,
        **kwargs: Any,
    ) -> asyncio.Task[T]: ...
    @overload
    def exec(
        self, executor: Executor | None, func: Callable[..., T], /, *args: Any, detach: bool = False, **kwargs: Any
    ) -> asyncio.Task[T]: ...
    def exec(
        self, executor: Executor | None, func: Callable[..., Any], /, *args: Any, detach: bool = False, **kwargs: Any
    ) -> Any:
        """As `run`, in an executor of your own: `await app.exec(pool, func, …)`; None: where `run` would.

        Context variables go with it, except into the processes of a `ProcessPoolExecutor`. These get function and
        arguments pickled: a function of a module, and no widget. NotSendableError says which of them cannot be.
        """
        return self._begin("exec", executor, func, args, kwargs, detach)

    def every(self, seconds: float, func: Callable[..., object], /, *args: Any) -> Schedule:
        """Calls `func`, plain or `async`, again and again for as long as the session lives; `cancel()` ends that.

            self.every(1, self.show_time)

        :param seconds: from call to call. Calls do not drift. One that could not be made in time, or whose time comes
            while an `async` one is still running, is left out.

        It survives a restart where there is a store. An exception is logged, `on_error` is called, and it goes on.
        Raises ValueError for a length of time that is none.
        """
        return Schedule(cast("Document", self), seconds, func, args, once=False)

    def after(self, seconds: float, func: Callable[..., object], /, *args: Any) -> Schedule:
        """Calls `func`, plain or `async`, once after so many seconds; `cancel()` prevents it.

        It survives a restart where there is a store: what became due meanwhile is done when the session comes back.
        Raises ValueError for a length of time that is none.
        """
        return Schedule(cast("Document", self), seconds, func, args, once=True)

    def _begin(
        self,
        what: str,
        executor: Executor | None,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        detach: bool,
    ) -> "Work[Any]":
        if not callable(func):
            hint = ": MyApp.run(port) is what serves" if what == "run" else ""
            raise TypeError(f"app.{what} calls a function, and {func!r:.60} is none{hint}")
        session = self.session
        if session is None:
            raise NoSessionError(
                f"{what} begins work of a session, and {self!r} has none: begin it in on_session_created(), in main() "
                "or in a handler"
            )
        if not is_on_loop_of(session):
            raise RuntimeError(f"{what} begins work on the event loop; in a thread, call the function itself")
        if session.ending and not detach:
            raise NoSessionError(f"{what}: {session!r} has ended")
        with acting(session, current_connection() if find_session() is session else None):
            work = Work(_work(session, executor, func, args, kwargs), session, f"{what} {name_of(func)}")
        session.adopt(work, detach=detach)
        work.awaited = False
        return work


async def _work(
    session: "Session",
    executor: Executor | None,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    if iscoroutinefunction(func) or iscoroutinefunction(getattr(func, "__call__", None)):  # noqa: B004
        return await func(*args, **kwargs)
    call = partial(func, *args, **kwargs)
    if isinstance(executor, ProcessPoolExecutor):
        return await _in_process(session.loop, executor, call)
    pool: Executor = shared_pool(session.settings.threads) if executor is None else executor
    result = await session.loop.run_in_executor(pool, copy_context().run, failing_plainly(call))
    # A lambda may stand around a coroutine function.
    return await result if iscoroutine(result) else result


async def _in_process(loop: asyncio.AbstractEventLoop, executor: Executor, call: "partial[Any]") -> Any:
    if isinstance(getattr(call.func, "__self__", None), Widget):
        raise NotSendableError(
            f"{name_of(call.func)} belongs to a widget, which cannot go to another process: use a function of a module"
        )
    try:
        return await loop.run_in_executor(executor, call)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        culprit = _unpicklable_part(call)
        if culprit:
            raise NotSendableError(f"{culprit} cannot go to another process: {error}") from error
        # Where the other process failed, its traceback is the cause.
        if "_sendback_result" in str(error.__cause__):
            raise NotSendableError(f"what {name_of(call.func)} gives cannot come back: {error}") from error
        raise


def _unpicklable_part(call: "partial[Any]") -> str:
    """Names the first part of a call that cannot be pickled; empty where all can."""
    parts = {f"the function {name_of(call.func)}": call.func}
    parts |= {f"argument {number} ({part!r:.60})": part for number, part in enumerate(call.args, 1)}
    parts |= {f"argument {name} ({part!r:.60})": part for name, part in call.keywords.items()}
    for name, part in parts.items():
        try:
            pickle.dumps(part)
        except Exception:
            return name
    return ""
