"""The states of an application."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jibe_like.errors import ProtocolError
from jibe_like.tree.tree import Tree

from ..connection import Connection
from ..current import current_connection
from ..functions.environment import environment_of
from ..page_events import page_event
from .audience import AppAudience
from .shared_state import SharedState
from .state import State

if TYPE_CHECKING:
    from ..session import Session


T = TypeVar("T")


class Lent(Generic[T]):
    """What an application has by nature. One that sets an attribute of the same name has that in its place.

    A property would not let it: applications that know nothing of states have had such names before.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, app: Any, owner: type) -> T:
        return self if app is None else self._make(app)  # type: ignore[return-value]


class Own(Lent[T]):
    """The same, made when first asked for: most applications need little of it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, app: Any, owner: type) -> T:
        if app is None:
            return self  # type: ignore[return-value]
        # Another thread may have been first.
        made: T = vars(app).setdefault(self._name, self._make(app))
        return made


class Scoped:
    """The part of an application that has its states, and those that it shares with others."""

    _unknown_user: State | None = None

    if TYPE_CHECKING:
        connection: Connection | None
        session: Session | None

        @property
        def tree(self) -> Tree: ...

    @Own
    def state(self) -> State:
        """The state of this session that its pages see, and may change (docs/state.md)."""
        return State._of("app.state", self.tree, "state")

    @Own
    def local(self) -> State:
        """The state of this session that its pages do not see (docs/state.md)."""
        return State._of("app.local", self.tree)

    @Lent
    def user(self) -> State:
        """The state of the user, common to all sessions of one browser or, where there is a sign-in, of one person.

        Of several users who share this session it is that of the one whose event is being handled, and otherwise of
        the one for whom the application was made (docs/state.md).
        """
        connection = current_connection()
        if connection is None or connection.session is not self.session:
            connection = self.connection
        if connection is not None:
            server = connection.server if self.session is None else self.session.server
            found: State | None = server.scopes.user_of(connection) if server is not None else None
            if found is not None:
                return found
        if self._unknown_user is None:
            self._unknown_user = State._of("app.user", self.tree)
        return self._unknown_user

    @property
    def uses_page_api(self) -> bool:
        """Whether the page's own JavaScript finds `window.jibe` from the beginning: where a state is mirrored, the
        environment was set, or the server offers it functions."""
        if self._own_state() is not None or environment_of(self.tree.root):
            return True
        server = self.session.server if self.session is not None else None
        return server is not None and (bool(server.scopes.state) or server.uses_page_api)

    def page_state(self) -> dict[str, Any] | None:
        """The mirrored state by scope (`app`, `server`), name and value, for a page that is about to show this."""
        own = self._own_state()
        scopes = {"app": own, "server": self._server_state()}
        there = {scope: state for scope, state in scopes.items() if state is not None}
        told: dict[str, Any] = {scope: state._for_page() for scope, state in there.items()}
        if not any(told.values()) and own is None:
            return None
        kept = {scope: sorted(state._client_only) for scope, state in there.items() if state._client_only}
        return {**told, "only": kept} if kept else told

    def _own_state(self) -> State | None:
        """The application's `state`, where it has one so far, and no attribute of its own in its place."""
        found = vars(self).get("state")
        return found if isinstance(found, State) else None

    def _server_state(self) -> SharedState | None:
        server = self.session.server if self.session is not None else None
        return server.scopes.state if server is not None else None


class Shares:
    """What an application has to do with the states that it shares with others: an audience for each. Told by the
    tree when the application gets a session, and when that ends."""

    __slots__ = ("_app", "_audiences")

    def __init__(self, app: Scoped) -> None:
        self._app = app
        self._audiences: list[AppAudience] = []
        app.tree.hooked[self] = None

    def audience_of(self, state: SharedState) -> AppAudience:
        """The application's side of a shared state."""
        for audience in self._audiences:
            if audience.state is state:
                return audience
        server = self._app.session.server if self._app.session is not None else None
        # The state of another server is no business of the page.
        audience = state._new_audience(server is not None and state is server.scopes.state)
        self._audiences.append(audience)
        self._join(audience)
        return audience

    def on_attached(self) -> None:
        """There is a session."""
        for audience in self._audiences:
            self._join(audience)
        server = self._app.session.server if self._app.session is not None else None
        if server is None:
            return
        for newcomer in server.scopes.claim(self._app.connection):
            self.audience_of(newcomer.state).merge(newcomer)
        self.audience_of(server.scopes.state)

    def on_detached(self) -> None:
        """It has ended."""
        for audience in self._audiences:
            audience.state._leave(audience)

    def _join(self, audience: AppAudience) -> None:
        audience.live_in(self._app.tree)
        audience.state._join(audience)


@page_event("state")
def take_state(session: "Session", connection: Connection, data: dict[str, Any]) -> None:
    """A page has set values: `{"app": {name: value}, "server": {…}}`. Raises ProtocolError where one is refused."""
    document: Any = session.document
    refused: list[str] = []
    for scope, values in data.items():
        state = document._own_state() if scope == "app" else document._server_state() if scope == "server" else None
        if state is None or not isinstance(values, dict):
            refused.append(f"no such state: {scope!r:.60}")
        else:
            refused += state._receive(values, connection.id)
    if refused:
        raise ProtocolError("; ".join(refused))
