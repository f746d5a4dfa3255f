"""What an application does again and again, or once later."""

import time
from collections.abc import Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from jibe_like.errors import LostFunctionError
from jibe_like.tree.alarm import Alarm, next_due
from jibe_like.tree.events import check_seconds
from jibe_like.tree.lock import STRUCTURE

if TYPE_CHECKING:
    from ..document import Document
    from ..session import Session


class Schedule:
    """Calls a function at its time for as long as the session lives: what `app.every` and `app.after` give.

    It is stored with the application, and goes on when that comes back.
    """

    __slots__ = ("__weakref__", "_alarm", "_app", "_args", "_due", "_func", "_running", "once", "seconds")

    def __init__(
        self, app: "Document", seconds: float, func: Callable[..., object], args: tuple[Any, ...], *, once: bool
    ) -> None:
        name = "after" if once else "every"
        check_seconds(f"{name} takes", seconds)
        if seconds == 0 and not once:
            raise ValueError(f"{name} takes a number of seconds, not {seconds}")
        if not callable(func):
            raise TypeError(f"{name} calls a function, and {func!r:.60} is none")
        self.seconds = seconds
        """From call to call, or until the one."""
        self.once = once
        self._app = app
        self._func = func
        self._args = args
        self._due = time.monotonic() + seconds
        self._running = False
        self._alarm = Alarm()
        with STRUCTURE:
            app.tree.hooked[self] = None
        self.on_attached()

    def __getstate__(self) -> tuple[Any, ...]:
        # The time of day: that of `monotonic` means nothing to another process.
        due = self._due - time.monotonic() + time.time()
        return self._app, self.seconds, self._func, self._args, self.once, due

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._app, self.seconds, self._func, self._args, self.once, due = state
        self._due = due - time.time() + time.monotonic()
        self._running = False
        self._alarm = Alarm()

    def __repr__(self) -> str:
        return f"<{self._name}, {self.seconds} s>"

    @property
    def active(self) -> bool:
        """Whether it will call its function some time."""
        return self in self._app.tree.hooked

    def cancel(self) -> None:
        """Nothing is called any more. An `async` function that is running goes on to its end."""
        with STRUCTURE:
            self._app.tree.hooked.pop(self, None)
        self._alarm.clear()

    def on_attached(self) -> None:
        """The session begins, or goes on."""
        host = self._app.tree.host
        if host is not None:
            self._alarm.set(host, max(0.0, self._due - time.monotonic()), self._ring)

    def on_detached(self) -> None:
        """The session ends here."""
        self._alarm.clear()

    @property
    def _name(self) -> str:
        return f"{'after' if self.once else 'every'} {name_of(self._func)}"

    def _ring(self) -> None:
        session, host = self._app.session, self._app.tree.host
        if session is None or host is None or not self.active:
            return
        if not self.once:
            now = time.monotonic()
            self._due = next_due(self._due, self.seconds, now)
            self._alarm.set(host, self._due - now, self._ring)
        if not self._running:
            self._call(session)

    def _call(self, session: "Session") -> None:
        try:
            result = self._func(*self._args)
        except Exception as error:
            if isinstance(error, LostFunctionError):
                self.cancel()
            session.failed(self._app.tree.root, self._name, error)
        else:
            if isawaitable(result):
                self._running = True
                session.run(self._app.tree.root, self._name, result, background=True).add_done_callback(self._ended)
                return
        self._called(session)

    def _ended(self, _: object) -> None:
        self._running = False
        session = self._app.session
        if session is not None and not session.destroyed:
            self._called(session)

    def _called(self, session: "Session") -> None:
        """It has been done. What is due once is kept until then: a server that dies before does it again."""
        if self.once:
            self.cancel()
        session.changed()


def name_of(func: Any) -> str:
    """What a function is called in a log."""
    while hasattr(func, "func"):  # functools.partial
        func = func.func
    return str(getattr(func, "__qualname__", None) or type(func).__qualname__)
