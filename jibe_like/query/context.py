"""What a query handler is given."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from jibe_like.session.auth.auth import Auth
from jibe_like.session.connection import Connection
from jibe_like.session.session import Session
from jibe_like.session.state.state import State

from .expando import Expando
from .occurrence import Occurrence
from .site import Site

if TYPE_CHECKING:
    from .application import QueryApp


class Query:
    """A query: a page was loaded, or something happened in it. The one argument of a function with `@app`.

    `args`: what the inputs hold, by name, the arguments of the page's address, and True for the button that was
    clicked; of a name that there is not, None. `events`: what happened, by the widget's name and the event, with its
    data. Both are as of the moment when it happened.
    """

    __slots__ = ("args", "connection", "events", "occurrence", "page", "session")

    def __init__(self, page: "QueryApp", session: Session, connection: Connection, occurrence: Occurrence) -> None:
        self.page = page
        """The page that is shown: the `MainApp`. `q.page["name"]` is the widget of that name."""
        self.session = session
        self.connection = connection
        """The page whose user acts."""
        self.occurrence = occurrence
        self.args = Expando(occurrence.args)
        self.events = Expando({name: Expando(events) for name, events in occurrence.events.items()})

    def __repr__(self) -> str:
        return f"Query({self.route}, {', '.join(self.occurrence.used) or 'load'})"

    @property
    def client(self) -> State:
        """State of the page whose user acts: `app.local` where each page has a session of its own."""
        return self.page.client_state(self.connection)

    @property
    def user(self) -> State:
        """State of the user who acts, the same in all pages. Kept by a durable store."""
        state = self.connection.user_state
        return self.page.user if state is None else state

    @property
    def app(self) -> State:
        """State of the server, the same for all: `server.context`. Kept by a durable store."""
        state: State = self.session.server.context
        return state

    @property
    def site(self) -> Site:
        """The server's live pages, by route."""
        return Site(self.session.server)

    @property
    def auth(self) -> Auth:
        """Who acts."""
        return self.connection.auth

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the request by which the page came."""
        return self.connection.visit.headers

    @property
    def mode(self) -> str:
        """Who shares the page: `unicast`, `multicast` or `broadcast`."""
        return self.page.sharing

    @property
    def route(self) -> str:
        """Where the page is."""
        return self.page.route

    async def run(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls a function in a thread and gives its result; a coroutine function is awaited: `app.run`."""
        return await self.page.run_in_thread(func, *args, **kwargs)

    async def exec(self, executor: Executor | None, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As `run`, in an executor of your own: `app.exec`."""
        return await self.page.exec(executor, func, *args, **kwargs)

    async def sleep(self, delay: float, result: Any = None) -> Any:
        """Gives the result after so many seconds. The page is brought up to date meanwhile."""
        return await asyncio.sleep(delay, result)


Q = Query
"""Wave's other name."""
