"""What goes out of a session: changes as numbered frames, to every page that is open."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from jibe_like.settings import Settings
from jibe_like.tree.changes import Patch
from jibe_like.tree.lock import STRUCTURE
from jibe_like.tree.node import Element
from jibe_like.tree.tree import Tree
from jibe_like.wire.messages import encode_got, encode_kept, encode_ops, encode_root
from jibe_like.wire.outbox import Frame, Outbox

from .connection import FAILED, FOREIGN, Connection
from .log import about

if TYPE_CHECKING:
    from jibe_like.tree.widget import Widget

logger = logging.getLogger("jibe_like.session")

_DRAIN_SECONDS: Final = 0.05


class Shown(Protocol):
    """What is shown: the root of a tree."""

    @property
    def tree(self) -> Tree: ...

    def node(self) -> Element: ...

    def page_state(self) -> dict[str, Any] | None: ...


class Delivery:
    """Brings the changes of a document to its pages.

    :param pages: all connections of the session by id, those whose transport is down included.
    :param failed: told where the application cannot be shown.
    """

    def __init__(
        self,
        document: Shown,
        pages: Mapping[str, Connection],
        settings: Settings,
        loop: asyncio.AbstractEventLoop,
        failed: "Callable[[Widget, str, Exception], None]",
    ) -> None:
        self.outbox = Outbox(settings.outbox_frames, settings.outbox_bytes)
        self.open: list[Connection] = []
        """The connections that can be reached."""
        self._pages = pages
        self._most_waiting = settings.transport_bytes
        self._loop = loop
        self._failed = failed
        self._stale: dict[Connection, None] = {}
        self._shown = False
        self.show(document)

    def show(self, document: Shown) -> None:
        """From now on this is the document."""
        self._document = document
        self.tree = document.tree
        """Its widgets."""

    def settle(self) -> None:
        """Afterwards nothing waits to be shown: the tree as it is now is what the newest frame leads to."""
        self.tree.settle()
        if not self._shown and len(self._pages) < 2:
            self.tree.changes.keep_calls()
            return
        frame = self._next_frame(None)
        if frame is not None:
            self._publish(frame)

    def begin(self, connection: Connection, seq: int | None) -> None:
        """The page is open, and gets what it lacks. `seq`: the last frame that it has; None: it has none."""
        missed = None
        if seq is not None and connection.acked != FOREIGN:
            missed = self.outbox.after(seq, connection.id)
        if missed is None:
            # A page takes no number twice, and this one may have a high one from another process.
            self.outbox.skip_to(0 if seq is None else seq + 1)
            self.settle()
        self._shown = True
        self.open.append(connection)
        if missed is None:
            self.send_root(connection, fresh=seq is None)
        else:
            for text in missed:
                _send(connection, text)
            if connection.handled:
                # Not by the hello: what is replayed may be older than events that were handled since.
                _send(connection, encode_got(connection.handled))

    def end(self, connection: Connection) -> None:
        """The page is not open any more."""
        self.open.remove(connection)
        self._stale.pop(connection, None)

    def acknowledge(self, connection: Connection, seq: int) -> None:
        """The page has applied the frames up to `seq`."""
        if seq > connection.acked:
            newest = self.outbox.seq
            connection.acked = seq if seq < newest else newest
            # With many pages that waits for the next frame: each of them acknowledges each frame.
            if len(self._pages) == 1:
                self.outbox.acknowledged(connection.acked)

    def flush(self, origin: Connection | None = None) -> bool:
        """Sends what has changed to the open pages, as one frame; gives whether anything had.

        While no page is open, or none reads, changes wait and coalesce. `origin`: the page that sent the event.
        """
        tree = self.tree
        if tree.pending:
            tree.settle()
        if len(self.open) == len(self._stale):
            tree.awake = False  # else the next change wakes nobody, and is not stored
            return False
        frame = self._next_frame(origin)
        if frame is not None:
            self._publish(frame)
        elif origin is not None:
            _send(origin, encode_got(origin.handled))
        return frame is not None

    def send_root(self, connection: Connection, *, fresh: bool = False) -> None:
        """Sends the whole tree to a page, and the mirrored states. `fresh`: the session is another one than before."""
        if connection.transport is None:
            return
        try:
            states = self._document.page_state()
            ops = [["states", states, True] if fresh else ["states", states]] if states else None
            with STRUCTURE:
                node = self._document.node()
            text = encode_root(self.outbox.seq, node, connection.handled, ops)
        except Exception as error:
            self._failed(self.tree.root, "render", error)
            connection.transport.close(FAILED, "the application could not be rendered")
            return
        connection.transport.send(text)
        connection.acked = self.outbox.seq

    def send_roots(self) -> None:
        """Sends the whole tree to every page: it is another one."""
        self.outbox.skip_to(self.outbox.seq + 1)
        self.tree.settle()
        self.tree.changes.keep_calls()
        for connection in tuple(self.open):
            if connection not in self._stale:
                self.send_root(connection)

    def send_kept(self, connection: Connection, number: int) -> None:
        """The page's events up to this number are in the store."""
        if number > connection.kept:
            connection.kept = number
            _send(connection, encode_kept(number))

    def _next_frame(self, origin: Connection | None) -> Frame | None:
        """All that has changed, as a frame; None where nothing has, or where it cannot be told."""
        tree = self.tree
        try:
            patch = tree.take()
            return None if patch is None else self._frame(patch, origin)
        except Exception as error:
            # A widget's `content` raised, or a value is nothing that JSON can say. It would be so again and again.
            tree.changes.clear()
            self._failed(tree.root, "render", error)
            return None

    def _publish(self, frame: Frame) -> None:
        if len(self._pages) > 1:
            self.outbox.acknowledged(min(connection.acked for connection in self._pages.values()))
        self.outbox.add(frame)
        for connection in tuple(self.open):
            text = frame.for_connection(connection.id)
            transport = connection.transport
            if text is None or transport is None or connection in self._stale:
                continue
            if transport.waiting_bytes > self._most_waiting:
                self._hold_back(connection)
            else:
                transport.send(text)

    def _frame(self, patch: Patch, origin: Connection | None) -> Frame:
        seq = self.outbox.seq + 1
        if not patch.aimed:
            if origin is None:
                return Frame(seq, encode_ops(seq, patch.ops))
            if not patch.echoes and len(self._pages) == 1 and origin.id in self._pages:
                return Frame(seq, encode_ops(seq, patch.ops, origin.handled))
        if len(self._pages) == 1:
            return Frame(seq, self._text(seq, patch, next(iter(self._pages)), origin))
        special = {name for name in patch.aimed.values() if name in self._pages}
        if origin is not None:
            special.add(origin.id)
        own = {name: self._text(seq, patch, name, origin) for name in special}
        return Frame(seq, self._text(seq, patch, "", None), own)

    @staticmethod
    def _text(seq: int, patch: Patch, connection_id: str, origin: Connection | None) -> bytes | None:
        """What one connection gets; with the id "", all that get nothing special."""
        is_origin = origin is not None and origin.id == connection_id
        ops = patch.for_connection(connection_id, without_echo=is_origin)
        got = origin.handled if origin is not None and is_origin else 0
        if ops:
            return encode_ops(seq, ops, got)
        return encode_got(got) if got else None

    def _hold_back(self, connection: Connection) -> None:
        """A page that does not read gets no more frames; when it reads again, it gets the tree as it is then."""
        user, session = connection.visit.identity, connection.session.id if connection.session is not None else ""
        logger.info("%s does not read; its changes wait", connection, extra=about(session, user=user))
        self._stale[connection] = None
        self._loop.call_later(_DRAIN_SECONDS, self._catch_up, connection)

    def _catch_up(self, connection: Connection) -> None:
        transport = connection.transport
        if connection not in self._stale or transport is None:
            return
        if transport.waiting_bytes:
            self._loop.call_later(_DRAIN_SECONDS, self._catch_up, connection)
        else:
            self.settle()
            self._stale.pop(connection, None)
            self.send_root(connection)


def _send(connection: Connection, text: bytes) -> None:
    if connection.transport is not None:
        connection.transport.send(text)
