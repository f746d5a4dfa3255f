"""The files that pages of one session send to its widgets: whose turn it is, and what has become of them."""

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from jibe_like.errors import ProtocolError
from jibe_like.tree.files import Incoming, TakesFiles

from ..connection import Connection
from ..current import acting
from ..functions.ending import at_end
from ..log import about
from ..page_events import one_line, page_event
from .depot import Depot, Held
from .kinds import accepts_name
from .names import clean_name
from .upload import Phase, Refused, Upload
from .uploaded_file import UploadedFile

if TYPE_CHECKING:
    from ..session import Session

logger = logging.getLogger("jibe_like.session")

MOST_OFFERED: Final = 100
"""Files in one event."""
LONGEST_KEY: Final = 64


class Uploads:
    """What the pages of one session send.

    A page sends one file at a time: it gets its ticket when the last one has come to its end, and so none lapses while
    it waits. No more than `uploads_at_once` of all pages are on.
    """

    def __init__(self, session: "Session", depot: Depot) -> None:
        self.session = session
        self.depot = depot
        self._uploads: dict[Incoming, Upload] = {}
        """Those that are still to come, in the order in which they were offered."""

    @staticmethod
    def of(session: "Session") -> "Uploads | None":
        """Those of this session; None where it takes none."""
        if session.uploads is None and session.depot is not None:
            session.uploads = uploads = Uploads(session, session.depot)
            at_end(session, uploads)
            if session.restored:
                uploads._take_over()
            else:
                # An earlier one of the same name may have left some.
                session.depot.discard(session.id)
        return session.uploads

    def _take_over(self) -> None:
        """Those that were on their way when the process died: their pages have to offer them again."""
        self.depot.clear_halves(self.session.id)
        for widget in list(self.session.document.tree.index.values()):
            if isinstance(widget, TakesFiles):
                for incoming in tuple(widget.incoming):
                    if incoming.is_active:
                        self._uploads[incoming] = upload = Upload(self, widget, incoming)
                        upload.lose()

    # -- what pages say

    def offer(self, connection: Connection, widget: TakesFiles, files: list[dict[str, Any]]) -> None:
        """A page offers files to a widget: what cannot be taken it is told to forget, the others get their turn."""
        self._forget_unwanted()
        stopped: list[str] = []
        held = self.depot.held(self.session.id)
        all_known = {each.key: each for each in widget.incoming if each.page == connection.id}
        too_many = False
        for file in files:
            key, again = file["key"], file.get("again") is True
            known = all_known.get(key)
            upload = self._uploads.get(known) if known is not None else None
            if upload is not None and upload.is_whole:
                upload.was_asked_for = True
            elif upload is not None:
                upload.queue()
            elif known is not None or again or too_many:
                stopped.append(key)
            else:
                # One alone is said to be too many: to list them takes longer than to send them.
                too_many = not self.depot.admits(connection.visit)
                if not self._take(connection, widget, file, None if too_many else held):
                    stopped.append(key)
        if stopped:
            self._tell_to_stop(connection.id, stopped)
        self.go_on()

    def _take(self, connection: Connection, widget: TakesFiles, file: dict[str, Any], held: Held | None) -> bool:
        """Whether a new file is taken.

        :param held: what the session has already; None where this visitor has offered too many.
        """
        incoming = Incoming(connection.id, file["key"], clean_name(file["name"]), file["size"])
        upload = Upload(self, widget, incoming)
        refused: Refused | None
        if held is None:
            refused = Refused(429, "", "There are too many files at once. Try again later.")
        else:
            refused = self._objection(widget, incoming, held)
        if refused is None:
            reason = self._ask(upload)
            refused = Refused(422, "upload_widget", reason) if reason else None
        if refused is not None:
            self.fail(upload, str(refused), refused.reason, is_new=True)
            return False
        self._uploads[incoming] = upload
        return True

    def _objection(self, widget: TakesFiles, incoming: Incoming, held: Held) -> Refused | None:
        """What speaks against a file, as far as that is known before it comes."""
        settings = self.session.settings
        most = settings.upload_bytes
        if widget.max_bytes is not None:
            most = min(most, widget.max_bytes)
        if not accepts_name(widget.accept, incoming.name):
            return Refused(415, "upload_type", f"Only {', '.join(widget.accept)} can be sent here.")
        if incoming.size > most:
            return Refused(413, "upload_size", f"It is larger than {_in_words(most)}.")
        if held.files + len(self._uploads) >= settings.upload_files:
            return Refused(413, "upload_files", f"There are {settings.upload_files} files already.")
        coming = sum(upload.incoming.size for upload in self._uploads.values() if upload.widget.receiver is None)
        if widget.receiver is None and held.bytes + coming + incoming.size > settings.upload_session_bytes:
            return Refused(
                413,
                "upload_session_bytes",
                f"All files together would be larger than {_in_words(settings.upload_session_bytes)}.",
            )
        return None

    def _ask(self, upload: Upload) -> str:
        """Why the widget does not want the file."""
        try:
            return str(upload.widget.file_offered(upload.incoming))
        except Exception as error:
            self.session.failed(upload.widget, "upload", error)
            return "It could not be processed."

    def given_up(self, page: str, keys: Collection[str]) -> None:
        """The page cannot send these."""
        for upload in self._of_page(page):
            if upload.incoming.key in keys and not upload.is_whole:
                self.fail(upload, "It could not be read, or not be sent.", "")

    def page_left(self, page: str) -> None:
        """The page will not come back."""
        for upload in self._of_page(page):
            if not upload.is_whole:
                self.fail(upload, "The page was closed before all of it had come.", "")

    def _of_page(self, page: str) -> list[Upload]:
        return [upload for upload in self._uploads.values() if upload.incoming.page == page]

    # -- what becomes of them

    def go_on(self) -> None:
        """Those get their tickets whose turn it is."""
        if self.session.ending:
            return
        on_way = [upload for upload in self._uploads.values() if upload.phase in (Phase.OFFERED, Phase.MOVING)]
        busy = {upload.incoming.page for upload in on_way}
        left = self.session.settings.uploads_at_once - len(on_way)
        for upload in list(self._uploads.values()):
            page = upload.incoming.page
            if left <= 0:
                break
            connection = self.session.connections.get(page)
            if upload.phase is Phase.QUEUED and page not in busy and connection is not None:
                url = upload.offer(connection.visit.identity)
                self.session.page_call(["upload_to", [[upload.incoming.key, url]]], connection)
                busy.add(page)
                left -= 1

    async def done(self, upload: Upload, file: UploadedFile | None) -> None:
        """It has come. Returns when that is stored, where the session is."""
        incoming = upload.incoming
        incoming.state, incoming.file, incoming.received = "done", file, incoming.size
        self._over(upload, "done")
        self.tell(upload, "file_done")
        await self.session.until_stored()
        if upload.was_asked_for:
            self._tell_to_stop(incoming.page, [incoming.key])

    def fail(self, upload: Upload, text: str, reason: str, is_new: bool = False) -> None:
        """It was refused, or something went wrong.

        :param reason: for the metrics; empty where nobody has refused anything.
        """
        incoming = upload.incoming
        incoming.state, incoming.error = "failed", text
        if reason:
            self.depot.rejected(reason)
        logger.info(
            "session %s: %s did not come: %s",
            self.session.id,
            one_line(incoming.name),
            text,
            extra=about(self.session.id, widget=upload.widget.identifier, event="upload"),
        )
        self._over(upload, "refused" if reason else "failed")
        if not is_new:
            self._tell_to_stop(incoming.page, [incoming.key])
        self.tell(upload, "file_failed")

    def lost(self, upload: Upload) -> None:
        """The transfer was cut off."""
        self.depot.ended("lost", upload.received)
        upload.lose()
        self.go_on()

    def stop(self, incoming: Incoming) -> None:
        """Its widget does not want it any more."""
        upload = self._uploads.get(incoming)
        if upload is not None:
            incoming.state = "stopped"
            self._over(upload, "stopped")
        self._tell_to_stop(incoming.page, [incoming.key])

    def tell(self, upload: Upload, method: str) -> None:
        """Calls the widget."""
        session = self.session
        if session.ending:
            return
        with acting(session, session.connections.get(upload.incoming.page)):
            try:
                getattr(upload.widget, method)(upload.incoming)
            except Exception as error:
                session.failed(upload.widget, "upload", error)
        session.changed()

    def _over(self, upload: Upload, outcome: str) -> None:
        self._uploads.pop(upload.incoming, None)
        self.depot.ended(outcome, upload.received)
        upload.end(outcome)
        if not self.session.ending:
            # Soon: what called this may not be done with its own.
            self.session.loop.call_soon(self.go_on)

    def _forget_unwanted(self) -> None:
        """Widgets may have gone."""
        for upload in list(self._uploads.values()):
            if not upload.is_wanted:
                self.stop(upload.incoming)

    def _tell_to_stop(self, page: str, keys: list[str]) -> None:
        connection = self.session.connections.get(page)
        if connection is not None and not self.session.ending:
            self.session.page_call(["upload_stop", keys], connection)

    def __call__(self) -> None:
        """The session ends."""
        for upload in self._uploads.values():
            upload.end("the session has ended")
        self._uploads.clear()


def _in_words(size: int) -> str:
    """A size for the user."""
    value, unit = float(size), "bytes"
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.3g} {unit}"


@page_event("upload")
def _offer(session: "Session", connection: Connection, data: dict[str, Any]) -> None:
    """A page offers files (docs/protocol.md)."""
    files, name = data.get("files"), data.get("id")
    if not isinstance(files, list) or len(files) > MOST_OFFERED or not all(map(_is_file, files)):
        raise ProtocolError("files must be a list of files")
    uploads = Uploads.of(session)
    widget = session.document.tree.index.get(name) if isinstance(name, str) else None
    if uploads is None or not isinstance(widget, TakesFiles) or getattr(widget, "disabled", False):
        session.page_call(["upload_stop", [file["key"] for file in files]], connection)
        raise ProtocolError("no widget that takes files")
    uploads.offer(connection, widget, files)


@page_event("upload_lost")
def _give_up(session: "Session", connection: Connection, data: dict[str, Any]) -> None:
    """A page cannot send files that it has offered (docs/protocol.md)."""
    keys = data.get("files")
    if not isinstance(keys, list) or len(keys) > MOST_OFFERED or not all(isinstance(key, str) for key in keys):
        raise ProtocolError("files must be a list of keys")
    uploads = Uploads.of(session)
    if uploads is not None:
        uploads.given_up(connection.id, keys)


def _is_file(file: Any) -> bool:
    """Whether this describes a file."""
    if not isinstance(file, dict):
        return False
    key, name, size = file.get("key"), file.get("name"), file.get("size")
    return (
        isinstance(key, str)
        and 0 < len(key) <= LONGEST_KEY
        and isinstance(name, str)
        and type(size) is int
        and 0 <= size < 2**53
    )


def page_left(session: "Session", connection: Connection) -> None:
    """A page of the session will not come back."""
    if (session.uploads is not None or session.restored) and not session.ending:
        uploads = Uploads.of(session)
        if uploads is not None:
            uploads.page_left(connection.id)
