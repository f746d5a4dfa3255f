"""A page's connection to its session. It outlives the socket: a page that reconnects has the same one."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import ref

from .auth.auth import Auth
from .token import Claims

if TYPE_CHECKING:
    from .session import Session
    from .state.audience import AppAudience
    from .state.shared_state import SharedState

CLOSED_BY_APP = 1000
GONE = 1001
TOO_MANY_EVENTS = 1008
TOO_BIG = 1009
FAILED = 1011
RESTARTING = 1012
TRY_AGAIN = 1013
REPLACED = 4000
SIGN_IN_AGAIN = 4001
SIGNED_OUT = 4002
"""Reasons for closing a transport; docs/protocol.md says what the browser does."""


FOREIGN: Final = -1
"""In place of a frame's number: the page may have frames that another process sent after its last snapshot or without
any, and lack what waited to be sent when that was taken. It needs the whole tree."""


class Transport(Protocol):
    """What carries frames to a page while it is reachable."""

    @property
    def protocol(self) -> str:
        """`websocket` or `http`."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the page has not taken yet."""

    def send(self, frame: bytes) -> None:
        """Sends a text frame. Never raises and never blocks."""

    def close(self, code: int, reason: str) -> None:
        """Ends the transport."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What the request said that a page came with.

    `identity` names the browser, or the user where there is a sign-in; it was verified.
    """

    cookies: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    path: str = "/"
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """What an application may know of a page that shows it."""

    id: str
    user: str
    """Whose browser it is: equal for all pages of one browser."""
    info: Mapping[str, str]
    """`address`, `user_agent`, `language`, `protocol`."""
    since: float
    """Seconds since the epoch."""


class Connection:
    """What an application is constructed with, and its link to one page."""

    __slots__ = (
        "__weakref__",
        "_page_request",
        "acked",
        "again",
        "application",
        "auth",
        "handled",
        "id",
        "kept",
        "left_at",
        "lifetime",
        "registered",
        "server",
        "session",
        "since",
        "stored",
        "transport",
        "user_state",
        "visit",
    )

    def __init__(self, visit: Visit | None = None, application: Any = None, connection_id: str = "") -> None:
        self.id = connection_id or token_urlsafe(9)
        """Names the page among those of its session."""
        self.visit = visit or Visit()
        self.auth = Auth(subject=self.visit.identity)
        """Who the visitor is."""
        self.application = application
        """The server's application: a `tornado.web.Application`."""
        self.server: Any = None
        """The `Server` that serves the page."""
        self.user_state: SharedState | None = None
        """The state of the visitor, once somebody has to do with it."""
        self.registered: tuple[AppAudience, ...] = ()
        """What an application that is being constructed for it has registered with states that outlive sessions."""
        self._page_request: ref[Any] | None = None
        self.since = time.time()
        """When the page was first served, in seconds since the epoch."""
        self.session: Session | None = None
        self.transport: Transport | None = None
        self.handled = 0
        """Number of the page's last event that was handled."""
        self.kept = 0
        """Number of the page's last event whose effect is in the store."""
        self.stored = False
        """Whether the page itself is there."""
        self.again: Claims | None = None
        """What its token says where the process has died that it was served by, and had not stored it."""
        self.acked = 0
        """Number of the last frame that the page has applied, or FOREIGN."""
        self.left_at = time.monotonic()
        """When the page was last seen without a transport."""
        self.lifetime = 0.0
        """Seconds that it may stay away."""

    def __reduce__(self) -> tuple[Any, ...]:
        visit = self.visit
        plain = (
            dict(visit.cookies),
            dict(visit.arguments),
            dict(visit.headers),
            visit.address,
            visit.path,
            visit.identity,
        )
        return _restore, (plain, self.id, self.since, self.handled, self.auth)

    def __repr__(self) -> str:
        return f"Connection({self.id})"

    @property
    def request(self) -> Any:
        """The server's request object: of what carries the page's frames, else of the page itself. None when that is
        over: it takes as much memory as all the rest of a connection."""
        carried_by = getattr(self.transport, "request", None)
        return carried_by if carried_by is not None else self._page_request and self._page_request()

    @request.setter
    def request(self, request: object) -> None:
        self._page_request = ref(request) if request is not None else None

    @property
    def is_open(self) -> bool:
        """Whether the page can be reached now."""
        return self.transport is not None

    @property
    def view(self) -> ConnectionView:
        """What the application may know of it."""
        headers = self.visit.headers
        info = {
            "address": self.visit.address,
            "user_agent": headers.get("User-Agent", ""),
            "language": headers.get("Accept-Language", "").partition(",")[0].partition(";")[0],
            "protocol": self.transport.protocol if self.transport is not None else "",
        }
        return ConnectionView(self.id, self.visit.identity, info, self.since)

    def get_cookie(self, name: str, default: str | None = None) -> str | None:
        """The value of a cookie that the page's request came with."""
        return self.visit.cookies.get(name, default)

    def get_argument(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query argument of the page's URL."""
        return self.visit.arguments.get(name, default)

    def close(self, code: int = CLOSED_BY_APP, reason: str = "closed by the application") -> None:
        """Ends the connection. With code 1000 the page says that the session has ended, and stays away."""
        if self.transport is not None:
            self.transport.close(code, reason)
        elif self.session is not None and code == CLOSED_BY_APP:
            self.session.forget(self)


def _restore(visit: tuple[Any, ...], connection_id: str, since: float, handled: int, auth: Auth) -> Connection:
    connection = Connection(Visit(*visit), None, connection_id)
    connection.auth = auth
    connection.since = since
    connection.handled = connection.kept = handled
    connection.stored = True
    return connection
