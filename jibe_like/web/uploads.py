"""Takes the files that pages send, each as it comes."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

import tornado.web

from jibe_like.session.uploads.upload import PATH, Refused, Transfer, TransferOver, find_upload

from .by_hand import mounts_at_root
from .forwarded import believe_proxies
from .limits import UPLOADS
from .mount import Mount, identity_of
from .multipart import MOST_AROUND, BadForm, FileForm
from .origin import check_origin
from .security import Discreet, set_common_headers
from .waiting import has_to_wait

ROUTE: Final = rf"/{PATH}([\w-]+)"
"""Below an application's prefix."""
_SWALLOWED: Final = 1024 * 1024
"""Bytes that are read although the file was refused: a browser hears no answer while it sends."""
_NO_LIMIT: Final = 2**62
"""For Tornado, which would not say why: what is too much is refused here."""


@tornado.web.stream_request_body
class UploadHandler(Discreet):
    """Takes one file from the visitor whose page was told to send it, once.

    Whoever sends faster than the disk, or a receiver, takes it has to wait: no more is read until it was taken.

    :param mount: the application's; None where that is one of several, whose rules were made by hand.
    """

    def initialize(self, mount: Mount | None = None) -> None:
        self._mounts = [mount] if mount is not None else mounts_at_root(self.application)
        self._mount = self._mounts[0]
        self._identity = ""
        self._transfer: Transfer | None = None
        self._form: FileForm | None = None
        self._refused: tuple[int, str] | None = None
        self._received = 0
        self._timer: asyncio.TimerHandle | None = None

    def check_xsrf_cookie(self) -> None:
        """The ticket is what no other page has."""

    def prepare(self) -> None:
        if self.request.method != "POST":
            return
        connection: Any = self.request.connection
        connection.set_max_body_size(_NO_LIMIT)
        believe_proxies(self.request, self._mount.settings)
        check_origin(self.request, self._mount.settings.allowed_origins, self._mount.rejected)
        if has_to_wait(self, self._mount, UPLOADS):
            return
        transfer = self._transfer = self._begin(self.path_args[0])
        if transfer is None:
            self._refuse(HTTPStatus.GONE, "It is not, or no longer, waited for.")
            return
        try:
            self._form = FileForm(self.request.headers.get("Content-Type", ""))
        except BadForm as error:
            self._refuse_form(transfer, error)
        else:
            if self._announced() > transfer.size + MOST_AROUND:
                self._refuse_form(transfer, BadForm("it is larger than announced"), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            self._expect(transfer)

    async def data_received(self, chunk: bytes) -> None:
        self._relax()
        self._received += len(chunk)
        transfer, form = self._transfer, self._form
        if transfer is not None and form is not None and self._refused is None:
            await self._take(transfer, form, chunk)
        if self._refused is not None and self._received > _SWALLOWED and not self._finished:
            self._answer(*self._refused)

    async def post(self, ticket: str) -> None:
        """All of it has come."""
        self._relax()
        transfer, form = self._transfer, self._form
        if transfer is not None and form is not None and self._refused is None:
            try:
                if not form.is_whole:
                    raise BadForm("its end is missing")
                await transfer.finish()
            except BadForm as error:
                self._refuse_form(transfer, error)
            except Refused as error:
                self._refuse(error.status, str(error))
            except TransferOver:
                return
        if not self._finished:
            self._answer(*(self._refused or (HTTPStatus.NO_CONTENT, "")))

    def on_connection_close(self) -> None:
        """Whoever sent it is gone."""
        super().on_connection_close()
        self._relax()
        if self._transfer is not None:
            self._transfer.lose()

    def _begin(self, ticket: str) -> Transfer | None:
        """The transfer that the ticket is for; None where it is for none, or not of this visitor."""
        upload = find_upload(ticket)
        if upload is None:
            return None
        session = upload.uploads.session
        for mount in self._mounts:
            believe_proxies(self.request, mount.settings)
            if mount.registry.sessions.get(session.id) is session:
                check_origin(self.request, mount.settings.allowed_origins, mount.rejected)
                self._mount, self._identity = mount, identity_of(self, mount)
                if self._identity == upload.identity:
                    return upload.begin(self._cut)
        return None

    async def _take(self, transfer: Transfer, form: FileForm, chunk: bytes) -> None:
        if self._mount.guard is not None and identity_of(self, self._mount) != self._identity:
            # They have signed out meanwhile, or are somebody else now.
            transfer.lose()
            return
        try:
            for piece in form.feed(chunk):
                await transfer.write(piece)
            pause = self._mount.limits.pace(self._identity, self.request.remote_ip or "", len(chunk))
            if pause:
                await asyncio.sleep(pause)
        except BadForm as error:
            self._refuse_form(transfer, error)
        except Refused as error:
            self._refuse(error.status, str(error))
        except TransferOver:
            return
        self._expect(transfer)

    def _announced(self) -> int:
        """Bytes that the request says it has; 0 where it does not say."""
        length = self.request.headers.get("Content-Length", "")
        return int(length) if length.isdecimal() else 0

    def _refuse_form(self, transfer: Transfer, error: BadForm, status: int = HTTPStatus.BAD_REQUEST) -> None:
        transfer.refuse(Refused(status, "upload_form", f"It was not sent as it should be: {error}."))
        self._refuse(status, str(error))

    def _refuse(self, status: int, text: str) -> None:
        """It will be answered so: once all of it was read, or where that is much, at once."""
        self._refused = status, text
        if self._announced() > self._received + _SWALLOWED and not self._finished:
            self._answer(status, text)

    def _answer(self, status: int, text: str) -> None:
        self._relax()
        set_common_headers(self, self._mount.settings)
        self.set_header("Cache-Control", "no-store")
        self.set_status(status)
        if text:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps({"error": text}))
        else:
            self.finish()

    def _expect(self, transfer: Transfer) -> None:
        """There is to be more before long."""
        seconds = self._mount.settings.upload_timeout
        self._timer = asyncio.get_running_loop().call_later(seconds, self._too_slow, transfer)

    def _relax(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self, transfer: Transfer) -> None:
        self._mount.rejected("upload_timeout")
        transfer.lose()
        self._cut()

    def _cut(self) -> None:
        """Ends it from this side."""
        self._relax()
        connection: Any = self.request.connection
        if connection is not None and connection.stream is not None:
            connection.stream.close()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": self._reason}))

    def _request_summary(self) -> str:
        """Without what gives the right to it."""
        return f"{self.request.method} {self.request.path.rpartition('/')[0]}/… ({self.request.remote_ip})"
