"""Downloads: content that the page's user gets as a file, by a URL that works once."""

import asyncio
import logging
from contextvars import Context, copy_context
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final

from jibe_like.errors import SessionEndedError

from ..current import current_connection
from ..log import about
from ..work.on_loop import do_on_loop
from .content import Content, Downloadable
from .ending import at_end, interactive_session
from .pages import newest_page

if TYPE_CHECKING:
    from ..session import Session

logger = logging.getLogger("jibe_like.session")

PATH: Final = "_jibe/download/"
"""Below an application's prefix, and before the token."""

_offers: dict[str, "Offer"] = {}
_closing: set[asyncio.Task[None]] = set()


class Offer:
    """Content that one visitor may fetch once, for some time, as long as the session is there."""

    def __init__(self, session: "Session", name: str, content: Content) -> None:
        self.token = token_urlsafe(24)
        self.session = session
        self.name = name
        self.content = content
        self.context: Context = copy_context()
        """That of the call of `download`, for iterators that do their work when they are asked."""
        self.identity: str | None = None
        """Whose browser may fetch it; None: that of any page of the session."""
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """From now on it can be fetched, and the page is told to. On the session's event loop's thread."""
        session = self.session
        if session.ending:
            self.withdraw()
            raise SessionEndedError(f"download needs a page, and {session!r} has ended")
        page = current_connection() or newest_page(session)
        self.identity = page.visit.identity if page is not None else None
        # With an empty context: a timer keeps its own until it is due, even one that was cancelled.
        self._timer = session.loop.call_later(session.settings.download_lifetime, self._expire, context=Context())
        _offers[self.token] = self
        Offers.of(session).add(self)
        session.page_call(["download", PATH + self.token, self.name], page)

    def may_be_fetched_by(self, identity: str) -> bool:
        """Whether this visitor may fetch it."""
        if self.identity is not None:
            return identity == self.identity
        return any(identity == connection.visit.identity for connection in self.session.connections.values())

    def take(self) -> None:
        """It is being fetched, and cannot be a second time. It goes on when the session ends."""
        self._forget()

    def withdraw(self) -> None:
        """It cannot be fetched any more."""
        self._forget()
        task = self.session.loop.create_task(self._close())
        _closing.add(task)
        task.add_done_callback(_closing.discard)

    async def _close(self) -> None:
        try:
            await self.content.close()
        except Exception:
            logger.exception(
                "session %s: the content of %r could not be closed",
                self.session.id,
                self.name,
                extra=about(self.session.id),
            )

    def _forget(self) -> None:
        _offers.pop(self.token, None)
        Offers.of(self.session).remove(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        logger.info("session %s: nobody has fetched %r", self.session.id, self.name, extra=about(self.session.id))
        self.withdraw()


class Offers:
    """The downloads of a session that were not fetched yet. They end with it."""

    def __init__(self) -> None:
        self._open: dict[str, Offer] = {}

    @staticmethod
    def of(session: "Session") -> "Offers":
        """Those of this session."""
        offers = next((ending for ending in session.endings or () if isinstance(ending, Offers)), None)
        if offers is None:
            offers = Offers()
            at_end(session, offers)
        return offers

    def add(self, offer: Offer) -> None:
        """One more; beyond the bound of the settings the oldest is withdrawn."""
        self._open[offer.token] = offer
        if len(self._open) > offer.session.settings.downloads_per_session:
            oldest = next(iter(self._open.values()))
            logger.warning(
                "session %s: %r was not fetched, and is withdrawn",
                offer.session.id,
                oldest.name,
                extra=about(offer.session.id),
            )
            oldest.withdraw()

    def remove(self, offer: Offer) -> None:
        """It was fetched, or withdrawn."""
        self._open.pop(offer.token, None)

    def __call__(self) -> None:
        """The session ends."""
        for offer in tuple(self._open.values()):
            offer.withdraw()


def download(name: str, content: Downloadable) -> None:
    """Sends a file to the user of the page that acts; where none does, of the newest one.

        download("hello.txt", "Hello, world!")
        download("report.pdf", Path("reports/2026.pdf"))

    It travels by HTTP, of any size, and is never held in memory as a whole. A path is opened at once. Files and
    iterators are read in a thread, `async` iterators on the event loop, and all of them are closed afterwards, and also
    where nobody fetches them: within `download_lifetime` seconds, as long as the session is there. A download that has
    begun goes on when the session ends.

    :param name: the file's name for the user; any Unicode.
    :param content: bytes, str (sent as UTF-8), a path, a file open for reading bytes, or an iterator of bytes, plain or
        `async`.

    Raises TypeError for other content, and OSError for a path that cannot be opened.
    """
    if not isinstance(name, str):
        raise TypeError(f"download: name must be str, not {type(name).__name__}")
    session = interactive_session("download")
    offer = Offer(session, name, Content(content))
    do_on_loop(session, offer.open)


def find_offer(token: str) -> Offer | None:
    """The download of this token, if it is still to be fetched."""
    return _offers.get(token)
