"""An application's `main()`: a coroutine function runs as a task of the session, a plain one in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from jibe_like.errors import SessionEndedError

from ..current import acting
from .on_loop import call_on_loop

if TYPE_CHECKING:
    from ..session import Session


def kind_of(session: "Session") -> str:
    """`coroutine` or `thread`, as the application's `main` is; empty where it has none."""
    main = _main_of(session)
    if main is None:
        return ""
    return "coroutine" if iscoroutinefunction(main) else "thread"


def _main_of(session: "Session") -> Callable[[], Any] | None:
    main = getattr(session.document, "main", None)
    # Applications that know nothing of it may have a widget of that name.
    return main if callable(main) else None


def begin_main(session: "Session") -> None:
    """Starts the application's `main`, unless there is none or, before a restart of the server, it had returned."""
    document = session.document
    main = _main_of(session)
    if main is None or document.main_returned:
        return
    # It acts for the session and not for one page, however many there will be.
    with acting(session):
        if iscoroutinefunction(main):
            run_beside(session, "main", _follow(session, main))
        else:
            run = copy_context().run
            threading.Thread(
                target=run, args=(_run_in_thread, session, main), name=f"main of {session!r}", daemon=True
            ).start()


def run_beside(session: "Session", name: str, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[None]":
    """Runs a coroutine as a task of the session that nobody waits for. What it raises is the application's."""
    return session.run(session.document.tree.root, name, work, background=True)


async def _follow(session: "Session", main: Callable[[], Any]) -> None:
    await main()
    _returned(session)


def _run_in_thread(session: "Session", main: Callable[[], object]) -> None:
    try:
        main()
    except SessionEndedError:
        return
    except Exception as error:
        failure = error
        call_on_loop(session, lambda: session.failed(session.document.tree.root, "main", failure))
    else:
        call_on_loop(session, lambda: _returned(session))


def _returned(session: "Session") -> None:
    session.document.main_returned = True
    session.changed()
