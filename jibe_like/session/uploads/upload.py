"""One file on its way from a page to a widget."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextvars import Context
from enum import Enum, auto
from http import HTTPStatus
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Final

from jibe_like.tree.files import Incoming, TakesFiles

from ..current import acting
from ..log import about
from ..page_events import one_line
from .kinds import HEAD, accepts, type_of
from .sinks import Disk, Received, ReceiverError, Sink, Stream

if TYPE_CHECKING:
    from .queue import Uploads

logger = logging.getLogger("jibe_like.session")

PATH: Final = "_jibe/upload/"
"""Below an application's prefix, and before the ticket."""
_SHOWN_EVERY: Final = 0.1
"""Seconds between two reports of progress."""


class Phase(Enum):
    """How far a file is."""

    QUEUED = auto()
    """It waits for its turn."""
    OFFERED = auto()
    """Its page has a ticket for it."""
    MOVING = auto()
    """A transfer is on."""
    LOST = auto()
    """Its page has to offer it again."""
    OVER = auto()


class Refused(Exception):
    """A file is not taken. The text is for its user."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        """For the metrics."""


class TransferOver(Exception):
    """The transfer was given up meanwhile; whoever did so has seen to everything."""


_tickets: dict[str, "Upload"] = {}


def find_upload(ticket: str) -> "Upload | None":
    """The file that may be sent with this ticket."""
    return _tickets.get(ticket)


class Upload:
    """A file that was taken in, from then on until it has come, or will not.

    A ticket is for one transfer, by one visitor. Since nobody but the page knows it, no other page can have a browser
    send anything here.
    """

    def __init__(self, uploads: "Uploads", widget: TakesFiles, incoming: Incoming) -> None:
        self.uploads = uploads
        self.widget: Any = widget
        self.incoming = incoming
        self.phase = Phase.QUEUED
        self.identity = ""
        """Whose browser may send it."""
        self.receiving: asyncio.Task[None] | None = None
        """What its receiver does."""
        self.was_asked_for = False
        """Whether its page has offered it again when all of it had come."""
        self._ticket = ""
        self._timer: asyncio.TimerHandle | None = None
        self._transfer: Transfer | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether its widget is still there, and wants it."""
        tree = self.uploads.session.document.tree
        return self.incoming.is_active and tree.index.get(self.widget.identifier) is self.widget

    @property
    def is_whole(self) -> bool:
        """Whether all of it has come, and is being dealt with."""
        return self._transfer is not None and self._transfer.is_whole

    @property
    def received(self) -> int:
        """Bytes that have come."""
        return self._transfer.received if self._transfer is not None else 0

    def offer(self, identity: str) -> str:
        """Makes a ticket. Gives the URL to send it to."""
        session = self.uploads.session
        self.phase, self.identity, self._ticket = Phase.OFFERED, identity, token_urlsafe(24)
        _tickets[self._ticket] = self
        # In no context: a timer keeps its own until it is due.
        self._timer = session.loop.call_later(session.settings.upload_lifetime, self._lapse, context=Context())
        return PATH + self._ticket

    def begin(self, cut: Callable[[], object]) -> "Transfer":
        """Its page begins to send it.

        :param cut: ends the transfer from this side.
        """
        assert self.phase is Phase.OFFERED, f"expected OFFERED, not {self.phase.name}"
        self._withdraw_ticket()
        self.phase = Phase.MOVING
        self._transfer = Transfer(self, cut)
        self.show("sending")
        return self._transfer

    def lose(self) -> None:
        """What has come is void: its page has to offer it again."""
        self._let_go("the connection was lost", Phase.LOST)
        if self.incoming.is_active:
            self.show("waiting")

    def queue(self) -> None:
        """Its page has offered it again: it starts anew when its turn comes."""
        self.lose()
        self.phase = Phase.QUEUED

    def end(self, why: str) -> None:
        """There is nothing more to do."""
        self._let_go(why, Phase.OVER)

    def show(self, state: str) -> None:
        """Tells the widget how far it is."""
        before = self.incoming.state, self.incoming.received
        self.incoming.state = "sending" if state == "sending" else "waiting"
        self.incoming.received = self.received
        if before != (self.incoming.state, self.incoming.received):
            self.uploads.tell(self, "file_progress")

    def _let_go(self, why: str, phase: Phase) -> None:
        self.phase = phase
        self._withdraw_ticket()
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            transfer.give_up(why)

    def _withdraw_ticket(self) -> None:
        _tickets.pop(self._ticket, None)
        self._ticket = ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lapse(self) -> None:
        session = self.uploads.session
        logger.info(
            "session %s: %s was not sent in time", session.id, one_line(self.incoming.name), extra=about(session.id)
        )
        self.lose()
        self.uploads.go_on()


class Transfer:
    """One attempt to send a file. Its methods raise TransferOver where it was given up."""

    def __init__(self, upload: Upload, cut: Callable[[], object]) -> None:
        self.received = 0
        """Bytes."""
        self._upload = upload
        self._cut = cut
        self._sink: Sink | None = None
        self._head = b""
        self.is_whole = False
        """Whether all of it has come, and is being dealt with."""
        self._is_over = False
        self._shown_at = time.monotonic()

    @property
    def size(self) -> int:
        """Bytes that the page has announced."""
        return self._upload.incoming.size

    async def write(self, piece: bytes) -> None:
        """Takes the next bytes, and returns when there is room for more. Raises Refused, after which all is over."""
        try:
            self._look()
            self.received += len(piece)
            if self.received > self._upload.incoming.size:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "upload_size", "It is larger than announced.")
            if self._sink is not None:
                await self._sink.write(piece)
            else:
                self._head += piece
                if len(self._head) >= HEAD:
                    await self._begin()
            self._look()
        except (OSError, ReceiverError, Refused) as error:
            self._fail(error)
        now = time.monotonic()
        if now - self._shown_at >= _SHOWN_EVERY:
            self._shown_at = now
            self._upload.show("sending")

    async def finish(self) -> None:
        """That was the whole file. Returns when what has come of it is stored with the session. Raises as `write`."""
        try:
            self._look()
            self.is_whole = True
            if self.received != self._upload.incoming.size:
                raise Refused(HTTPStatus.BAD_REQUEST, "upload_size", "It did not come as a whole.")
            if self._sink is None:
                await self._begin()
            assert self._sink is not None
            file = await self._sink.finish()
            self._look()
        except (OSError, ReceiverError, Refused) as error:
            self._fail(error)
        self._is_over = True
        await self._upload.uploads.done(self._upload, file)

    def lose(self) -> None:
        """The page, or the way to it, is gone: it may try again. What has come as a whole needs no page any more."""
        if not self._is_over and not self.is_whole:
            self._upload.uploads.lost(self._upload)

    def refuse(self, error: Refused) -> None:
        """What the page sends is not to be taken."""
        if not self._is_over:
            self._end(str(error))
            self._upload.uploads.fail(self._upload, str(error), error.reason)

    def give_up(self, why: str) -> None:
        """Somebody does not want it any more."""
        if not self._is_over:
            self._end(why)
            self._cut()

    def _end(self, why: str) -> None:
        self._is_over = True
        if self._sink is not None:
            self._sink.abort(why)

    def _look(self) -> None:
        if self._is_over:
            raise TransferOver
        if not self._upload.is_wanted:
            self._upload.uploads.stop(self._upload.incoming)
            raise TransferOver

    async def _begin(self) -> None:
        """It is known what it is: it is let in, or not."""
        upload, head = self._upload, self._head
        incoming, widget, session = upload.incoming, upload.widget, upload.uploads.session
        incoming.type = type_of(head[:HEAD], incoming.name)
        if not accepts(widget.accept, incoming.name, incoming.type):
            raise Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "upload_type",
                f"Its content ({incoming.type}) is not of a kind that is accepted.",
            )
        if widget.receiver is None:
            self._sink = Disk(upload.uploads.depot, session.id, incoming.name, incoming.type)
        else:
            stream = Stream(incoming.name, incoming.size, incoming.type)
            with acting(session, session.connections.get(incoming.page)):
                self._sink = received = Received(session, widget.receiver, stream, self._report, upload.receiving)
            upload.receiving = received.task
        self._head = b""
        if head:
            await self._sink.write(head)

    def _report(self, error: Exception) -> None:
        session = self._upload.uploads.session
        error.add_note(f"while {one_line(self._upload.incoming.name)!r} was received")
        session.failed(self._upload.widget, "upload", error)

    def _fail(self, error: Exception) -> None:
        """Raises what the page is to be told."""
        uploads, incoming = self._upload.uploads, self._upload.incoming
        if self._is_over:
            raise TransferOver
        if isinstance(error, ReceiverError):
            refused = Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "upload_receiver", "It could not be processed.")
        elif isinstance(error, OSError):
            session = uploads.session
            logger.error(
                "session %s: %r cannot be kept: %s",
                session.id,
                one_line(incoming.name),
                error.strerror or error,
                extra=about(session.id, widget=self._upload.widget.identifier, event="upload"),
            )
            refused = Refused(HTTPStatus.INSUFFICIENT_STORAGE, "upload_disk", "The server has no room for it.")
        else:
            assert isinstance(error, Refused)
            refused = error
        self._end(str(refused))
        uploads.fail(self._upload, str(refused), refused.reason)
        raise refused from error
