"""One call that is due later on the event loop, set and cancelled from any thread."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Later:
    """Calls back on the loop's thread after so many seconds."""

    __slots__ = ("_callback", "_cancelled", "_handle", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, callback: Callable[[], object]) -> None:
        self._loop = loop
        self._callback: Callable[[], object] | None = callback
        self._handle: asyncio.TimerHandle | None = None
        self._cancelled = False
        self._on_loop(lambda: self._begin(seconds))

    def cancel(self) -> None:
        """It is not called any more."""
        self._cancelled = True
        self._on_loop(self._end)

    def _begin(self, seconds: float) -> None:
        if not self._cancelled:
            self._handle = self._loop.call_later(seconds, self._call)

    def _call(self) -> None:
        # Another thread may have cancelled it just now.
        if not self._cancelled and self._callback is not None:
            self._callback()

    def _end(self) -> None:
        self._callback = None
        if self._handle is not None:
            self._handle.cancel()

    def _on_loop(self, callback: Callable[[], object]) -> None:
        if asyncio._get_running_loop() is self._loop:
            callback()
        else:
            with suppress(RuntimeError):  # the loop is closed: nothing is due any more
                self._loop.call_soon_threadsafe(callback)
