"""The threads in which blocking work is done."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_IDLE_SECONDS: Final = 30.0
"""For so long a thread waits for more work before it ends."""


class Pool(Executor):
    """Threads that are made when needed and end when idle, or with the process.

    In contrast to those of `ThreadPoolExecutor` nobody waits for them when the process ends: a server that is told to
    stop does stop, although some work has an hour to go.

    :param most: threads at the most. What comes while all are at work waits for one of them.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._waiting: deque[Callable[[], None]] = deque()
        self._came = threading.Condition()
        self._threads = 0
        self._idle = 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Has a thread call `fn`. Raises RuntimeError where the system gives no thread at all."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._came:
            self._waiting.append(work)
            if self._idle >= len(self._waiting):
                self._came.notify()
            elif self._threads < self.most:
                self._start()
        return future

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name="jibe_like work", daemon=True)
        self._threads += 1
        try:
            thread.start()
        except RuntimeError:
            self._threads -= 1
            if not self._threads:
                self._waiting.pop()
                raise

    def _work(self) -> None:
        while (work := self._next()) is not None:
            work()
            # Else what the work holds lives until there is more.
            del work

    def _next(self) -> Callable[[], None] | None:
        """The next piece of work; None where none has come for long, and the thread ends."""
        with self._came:
            self._idle += 1
            came = self._came.wait_for(lambda: self._waiting, _IDLE_SECONDS)
            self._idle -= 1
            if came:
                return self._waiting.popleft()
            self._threads -= 1
            return None


_pools: dict[int, Pool] = {}


def shared_pool(most: int) -> Pool:
    """The pool of this process with so many threads at the most."""
    return _pools.setdefault(most, Pool(most))


def failing_plainly(func: Callable[[], Any]) -> Callable[[], Any]:
    """Has `func` raise RuntimeError in place of what a future cannot pass on, or what would end the event loop."""

    def call() -> Any:
        try:
            return func()
        except (StopIteration, SystemExit, KeyboardInterrupt) as error:
            raise RuntimeError(f"{type(error).__name__} was raised in a thread") from error

    return call
