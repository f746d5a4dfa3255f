"""Opens the page of a program in script mode: what `session.script` does."""

import atexit
import logging
import os
import sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import SessionEndedError
from .hosting.running import show_log
from .main_app import MainApp
from .server import get_server
from .session.connection import Connection
from .session.current import ACTING
from .session.functions.scripting import set_stage
from .session.work.on_loop import call_on_loop, must_not_block
from .settings import Settings
from .widgets.text import Label

logger = logging.getLogger("jibe_like")

_UNUSED_LIFETIME = 5.0
"""Seconds that a page may take to be reloaded, before the program goes on without it."""
_NAME = "JIBE_LIKE_OPEN_BROWSER"


class ScriptPage(MainApp):
    """The page of a program. One for all who open it, so that a reload shows the same."""

    mode = "broadcast"
    came: Future["ScriptPage"]
    """Done when the first visitor is there."""

    def __init__(self, connection: Connection | None = None, **options: Any) -> None:
        super().__init__(connection, **options)
        if self.came.done():
            self.children = [Label("This page was closed, and its program goes on without it. Start that again.")]

    def wsopen(self) -> None:
        super().wsopen()
        if not self.came.done():
            self.came.set_result(self)


_pages: list[ScriptPage] = []


def open_page(
    *, title: str, port: int, address: str, open_browser: bool | None, settings: Settings | None
) -> ScriptPage:
    """See `session.script`."""
    if _pages:
        raise RuntimeError("session.script: this program has its page already")
    if must_not_block():
        raise RuntimeError("session.script blocks, and an event loop is running in this thread: run a MainApp there")
    if open_browser is None and not os.environ.get(_NAME):
        open_browser = True
    name = title or Path(sys.argv[0]).name or "jibe_like"

    class Page(ScriptPage):
        came = Future()

    Page.title = name
    chosen = settings or replace(Settings(), unused_lifetime=_UNUSED_LIFETIME)
    show_log()
    server = get_server()
    server.mount(Page, "/", settings=chosen, mode="broadcast", store="memory://")
    background = server.in_background(port, address, open_browser=open_browser)
    page = Page.came.result()
    session = page.session
    assert session is not None
    _pages.append(page)
    ACTING.set((session, None))

    def end() -> None:
        # Its visitors are told that it is over, and not that the server is about to come back.
        call_on_loop(session, session.destroy)
        background.stop()

    atexit.register(end)
    _end_quietly_without_page()
    return page


def _end_quietly_without_page() -> None:
    """A program whose visitor has gone ends where it needs one, which is no fault of its own."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, SessionEndedError):
            logger.info("the page was closed: %s", error)
        else:
            before(kind, error, traceback)

    sys.excepthook = hook


set_stage(open_page)
