"""What unit tests of sessions share: a page's transport that keeps what it is sent, and a tiny application."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from jibe_like.session.connection import Connection, Visit
from jibe_like.session.session import Session
from jibe_like.settings import Settings
from jibe_like.tree.binding import prop, text
from jibe_like.tree.events import Message
from jibe_like.tree.property import Property
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from jibe_like.wire.messages import Event
from jibe_like.wire.outbox import Outbox
from tests.mirror import Page


def on_a_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test that is a coroutine."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        async def main() -> None:
            await asyncio.wait_for(test(*args, **kwargs), 20)

        asyncio.run(main())

    return run


async def until(condition: Callable[[], object]) -> None:
    """Returns once the condition holds."""
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.0005)
    raise AssertionError("it never came to that")


class Words(Widget):
    value = Property("", bind=text())


class Entry(Widget):
    tagname = "input"
    value = Property("", bind=prop("value"), event="change")


class App(Widget):
    """A document: some words, an input, and a box for more."""

    main_returned = False

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(identifier="topwidget")
        self.connection = connection
        self.session: Session | None = None
        self.words = Words(value="0", identifier="words")
        self.entry = Entry(identifier="entry")
        self.box = Widget(identifier="box")
        self.children = [self.words, self.entry, self.box]
        self.opened = 0
        self.changes_of_connections = 0
        self.errors: list[tuple[Widget, str, Exception]] = []
        self._tree = Tree(self)

    @property
    def tree(self) -> Tree:
        assert self._tree is not None
        return self._tree

    def on_message(self, message: Message) -> None:
        self.tree.index[message["id"]].on_message(message) if message["id"] != "topwidget" else super().on_message(
            message
        )

    def on_error(self, widget: Widget, event: str, error: Exception) -> object:
        self.errors.append((widget, event, error))
        return None

    uses_page_api = False

    def page_state(self) -> dict[str, Any] | None:
        return None

    def wsopen(self) -> None:
        self.opened += 1

    def connections_changed(self) -> None:
        self.changes_of_connections += 1

    def on_session_created(self) -> object:
        return None

    def on_session_destroyed(self) -> object:
        return None

    def on_connection_lost(self) -> object:
        return None

    def on_snapshot(self) -> object:
        return None

    def on_restore(self) -> object:
        return None


EXTRAS = frozenset({"hash", "state", "shared", "states", "js", "download", "env", "open", "result"})
"""Operations that change nothing of the page's elements."""


class Tab:
    """A page of a session and its transport: keeps the frames, and applies them to what it shows."""

    protocol = "websocket"

    def __init__(self, session: Session, connection: Connection | None = None) -> None:
        self.session = session
        self.connection = connection or Connection(Visit())
        if connection is None:
            session.join(self.connection)
            self.page = Page(session.render())
            self.seq: int | None = session.seq
        self.frames: list[dict[str, Any]] = []
        self.ended: tuple[int, str] | None = None
        self.waiting_bytes = 0
        self._n = 0

    def send(self, frame: bytes) -> None:
        assert self.ended is None
        told = json.loads(frame)
        self.frames.append(told)
        seq = told.get("seq")
        if seq is not None and (self.seq is None or seq > self.seq or "root" in told):
            self.seq = seq
            if "root" in told:
                self.page = Page(told["root"])
            else:
                self.page.apply([op for op in told["ops"] if op[0] not in EXTRAS])

    def close(self, code: int, reason: str) -> None:
        self.ended = (code, reason)

    def open(self) -> "Tab":
        self.frames.clear()
        self.ended = None
        self.session.replace_transport(self.connection)
        self.connection.transport = self
        self.session.subscribe(self.connection, self.seq)
        return self

    def lose(self, *, said_goodbye: bool = False) -> None:
        if self.connection.transport is self:
            self.session.unsubscribe(self.connection, said_goodbye=said_goodbye)

    def leave(self) -> None:
        self.lose(said_goodbye=True)

    def say(self, identifier: str, event: str, n: int | None = None, **properties: Any) -> None:
        if n is None:
            self._n += 1
        number = self._n if n is None else n
        told = Event(number, self.seq or 0, id=identifier, event=event, properties=properties or None)
        self.session.receive(self.connection, told)

    def tell(self, event: str, **data: Any) -> None:
        """Says something to the session itself."""
        self._n += 1
        self.session.receive(self.connection, Event(self._n, self.seq or 0, id=".", event=event, data=data))

    def extras(self, name: str) -> list[list[Any]]:
        """The operations of that name since the page was last opened."""
        return [op for frame in self.frames for op in frame.get("ops", ()) if op[0] == name]

    def acknowledge(self) -> None:
        self.session.receive(self.connection, Event(ack=self.seq or 0))

    def told(self) -> list[dict[str, Any]]:
        """The frames since the last call."""
        frames, self.frames = self.frames, []
        return frames

    @property
    def is_right(self) -> bool:
        """Whether it shows what the tree is."""
        return self.page.shape() == Page(self.session.document.node()).shape()


def make_session(app: App | None = None, **settings: Any) -> Session:
    return Session("s", app or App(), token="token", settings=Settings(**settings))


def outbox_of(session: Session) -> Outbox:
    return session._delivery.outbox
