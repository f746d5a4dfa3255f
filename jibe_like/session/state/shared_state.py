"""States that many applications have in common: those of a server, those of a user."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any

from jibe_like.errors import StateLoopError
from jibe_like.tree.settling import Settling, come_to_rest

from ..current import ACTING
from .audience import AppAudience, Audience
from .state import State

if TYPE_CHECKING:
    from .scopes import Scopes

logger = logging.getLogger("jibe_like.session")


class SharedState(State):
    """A state that outlives sessions. Each session that has to do with it hears of its changes by itself.

    What is registered within a session, or while its application is being constructed, is that session's own and ends
    with it; what is registered elsewhere stays.

    :param key: names it among those of its server.
    """

    __slots__ = ("_house", "_initial", "_key", "_live", "_loaded", "_operation", "_scopes")

    def __init__(self, scopes: "Scopes", key: str, title: str, operation: str = "") -> None:
        self._begin(title, operation)
        self._scopes = scopes
        self._key = key
        self._operation = operation
        self._loaded = False
        self._initial: dict[Any, Any] = {}
        self._live: dict[int, AppAudience] = {}
        """The audiences of live sessions. An audience is known by its identity, as a widget is."""
        self._house = HouseAudience(self, scopes.house)

    def __reduce__(self) -> tuple[Any, ...]:
        return _find_shared, (self._scopes.name, self._key)

    def flush(self) -> set[Any]:
        """As `State.flush`: calls the listeners of this session, and those that belong to none."""
        return self._audience().flush() | self._house.flush()

    def _join(self, audience: AppAudience) -> None:
        """The audience's session is live."""
        self._live[id(audience)] = audience

    def _leave(self, audience: AppAudience) -> None:
        """It has ended."""
        self._live.pop(id(audience), None)

    def _new_audience(self, mirrored: bool = False) -> AppAudience:
        return AppAudience(self, None, self._operation if mirrored else "")

    def _take_stored(self, values: dict[Any, Any]) -> None:
        """What was stored stands above what was set before the server began."""
        if not self._loaded:
            self._loaded = True
            self._initial = dict(self._values)
            self._values.update(values)

    def _begin_again(self) -> None:
        """What was set before the server began is all that there is."""
        self._loaded = False
        self._values.clear()
        self._values.update(self._initial)

    def _check_ties(self, name: Any, value: Any) -> None:
        # Those of other sessions are their own matter.
        self._audience().check(name, value)

    def _mark(self, name: Any, origin: str | None = None) -> None:
        silent = self._quiet is not None and self._is_quiet(name)
        for audience in self._audiences():
            audience.mark(name, origin, silent)
        self._scopes.touch(self)

    def _audience(self) -> Audience:
        now = ACTING.get()
        if now is None:
            return self._house
        session, connection = now
        if session is None:
            return self._house if connection is None else self._scopes.audience_of_newcomer(connection, self)
        shares = getattr(session.document, "_shares", None)
        found: Audience = self._house if shares is None or session.destroyed else shares.audience_of(self)
        return found

    def _audiences(self) -> Iterable[Audience]:
        return (*tuple(self._live.values()), *self._scopes.newcomers_of(self), self._house)


def _find_shared(server: str, key: str) -> SharedState:
    from .scopes import Scopes

    return Scopes.named(server).find(key)


class House:
    """Where listeners are called that belong to no session: on the server's event loop, once it has one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._pending: list[Settling] = []
        self._awake = False
        self._tasks: set[asyncio.Future[None]] = set()

    def open(self) -> None:
        """The running event loop is the server's. What has changed before is told now."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        if self._pending:
            self._wake()

    def close(self) -> None:
        """It will not be any more: listeners are called for the last time."""
        self.settle()
        self._loop = None
        for task in tuple(self._tasks):
            task.cancel()

    @property
    def is_foreign(self) -> bool:
        """Whether this is not the thread of that event loop."""
        return self._loop is not None and threading.get_ident() != self._thread

    def post(self, callback: Callable[[], None]) -> None:
        """Has it call back soon."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, context=Context())

    def settle_soon(self, settling: Settling) -> None:
        """Settles this at the end of the turn; before there is an event loop, as soon as there is one."""
        self._pending.append(settling)
        if self._loop is not None:
            self._wake()

    def settle(self) -> None:
        """Settles all, until it is at rest."""
        self._awake = False
        try:
            come_to_rest(self._pending)
        except StateLoopError as error:
            if self._loop is None:
                raise
            self.failed("change", error)

    def failed(self, what: str, error: Exception) -> None:
        """Logs what a listener has raised; before there is an event loop it is passed on."""
        if self._loop is None:
            raise error
        logger.error("the listener to the %s raised", what, exc_info=error)

    def run(self, what: str, awaitable: Awaitable[object]) -> None:
        """Runs what an `async` listener still has to do."""
        task = asyncio.ensure_future(self._finish(what, awaitable))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, what: str, awaitable: Awaitable[object]) -> None:
        try:
            await awaitable
        except Exception as error:
            self.failed(what, error)

    def _wake(self) -> None:
        if not self._awake and self._loop is not None:
            self._awake = True
            # Not in the surroundings of whoever was the first to change something.
            self._loop.call_soon(self.settle, context=Context())


class HouseAudience(Audience):
    """What hears of a shared state's changes without belonging to a session."""

    __slots__ = ("_house",)

    def __init__(self, state: SharedState, house: House) -> None:
        self._house = house
        super().__init__(state)

    def __reduce__(self) -> tuple[Any, ...]:
        return _house_of, (self.state,)

    def is_foreign(self) -> bool:
        return self._house.is_foreign

    def _post(self, callback: Callable[[], None], replaces: object) -> None:
        self._house.post(callback)

    def _settle_soon(self) -> None:
        self._house.settle_soon(self)

    def _settle(self) -> None:
        self._house.settle()

    def _acting(self) -> AbstractContextManager[None]:
        return _nobody_acts()

    def _failed(self, what: str, error: Exception) -> None:
        self._house.failed(what, error)

    def _run(self, what: str, awaitable: Awaitable[object]) -> None:
        self._house.run(what, awaitable)


@contextmanager
def _nobody_acts() -> Iterator[None]:
    before = ACTING.set(None)
    try:
        yield
    finally:
        ACTING.reset(before)


def _house_of(state: SharedState) -> HouseAudience:
    return state._house
