"""Serves what `session.download` offers."""

import asyncio
import logging
import mimetypes
import unicodedata
from typing import Final
from urllib.parse import quote

import tornado.web
from tornado.iostream import StreamClosedError

from jibe_like.session.functions.downloads import PATH, Offer, find_offer

from .by_hand import mounts_at_root
from .forwarded import believe_proxies
from .limits import DOWNLOADS
from .mount import Mount, identity_of
from .security import Discreet, set_common_headers
from .waiting import has_to_wait

logger = logging.getLogger("jibe_like.web")

ROUTE: Final = rf"/{PATH}([\w-]+)"
"""Below an application's prefix."""

_UNRESERVED: Final = "!#$&+-.^_`|~"
"""What RFC 8187 lets stand as it is, beside letters and digits."""
_LONGEST_NAME: Final = 200


class DownloadHandler(Discreet):
    """Streams a download to the visitor that it was offered to, once.

    :param mount: the application's; None where that is one of several, whose rules were made by hand.
    """

    def initialize(self, mount: Mount | None = None) -> None:
        self.mount = mount
        self._sending: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        mount = self.mount or next(iter(mounts_at_root(self.application)), None)
        if mount is not None:
            believe_proxies(self.request, mount.settings)
            has_to_wait(self, mount, DOWNLOADS)

    async def get(self, token: str) -> None:
        offer = self._find(token)
        offer.take()
        self._describe(offer)
        sending = asyncio.get_running_loop().create_task(self._send(offer), context=offer.context)
        self._sending = sending
        await asyncio.wait([sending])
        error = None if sending.cancelled() else sending.exception()
        if isinstance(error, Exception) and not isinstance(error, StreamClosedError):
            self._fail(offer, error)

    async def head(self, token: str) -> None:
        """The headers alone. It can still be fetched."""
        self._describe(self._find(token))

    def on_connection_close(self) -> None:
        """The visitor has given up."""
        if self._sending is not None:
            self._sending.cancel()

    def _find(self, token: str) -> Offer:
        """The download, for whom it is meant; status 404 for everybody else."""
        offer = find_offer(token)
        if offer is not None:
            for mount in [self.mount] if self.mount is not None else mounts_at_root(self.application):
                believe_proxies(self.request, mount.settings)
                is_here = mount.registry.sessions.get(offer.session.id) is offer.session
                if is_here and offer.may_be_fetched_by(identity_of(self, mount)):
                    return offer
        raise tornado.web.HTTPError(404)

    def _describe(self, offer: Offer) -> None:
        self.set_header("Content-Type", mimetypes.guess_type(offer.name)[0] or "application/octet-stream")
        self.set_header("Content-Disposition", content_disposition(offer.name))
        if offer.content.size is not None:
            self.set_header("Content-Length", str(offer.content.size))
        self.set_header("Accept-Ranges", "none")
        self.set_header("Cache-Control", "no-store")
        # It may be HTML, and whose: no browser is to show it in the name of this server.
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        set_common_headers(self, offer.session.settings)

    async def _send(self, offer: Offer) -> None:
        sent = 0
        try:
            async for piece in offer.content:
                if not isinstance(piece, (bytes, bytearray, memoryview)):
                    raise TypeError(f"a piece of a download must be bytes, not {type(piece).__name__}")
                if piece:
                    self.write(bytes(piece))
                    sent += len(piece)
                    # Waits until the visitor's computer has room for more.
                    await self.flush()
            if offer.content.size not in (None, sent):
                raise EOFError(f"there were {sent} of {offer.content.size} bytes")
        finally:
            await offer.content.close()

    def _fail(self, offer: Offer, error: Exception) -> None:
        session = offer.session
        error.add_note(f"while {offer.name!r} was downloaded")
        session.failed(session.document.tree.root, "download", error)
        if self._headers_written:
            # Cut short, so that the browser does not take what it has for the whole.
            self.detach().close()
        else:
            self.clear()
            self.set_status(500)

    def _request_summary(self) -> str:
        """Without what gives the right to it."""
        return f"{self.request.method} {self.request.path.rpartition('/')[0]}/… ({self.request.remote_ip})"

    def compute_etag(self) -> None:
        """None: it is not fetched twice."""
        return None


def content_disposition(name: str) -> str:
    """The header that has the browser save a file by this name (RFC 6266), whatever characters it has.

    Of paths the last part counts. Control characters, which a header could not hold either, become `_`.
    """
    name = name.replace("\\", "/").rpartition("/")[2].encode("utf-8", "replace").decode()
    name = "".join("_" if unicodedata.category(char) == "Cc" else char for char in name)[:_LONGEST_NAME].strip()
    name = name or "download"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # Browsers that know no filename* differ in what they make of quotes, backslashes and percent signs.
    plain = "".join("_" if char in '"\\%' else char for char in plain).strip() or "download"
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe=_UNRESERVED)}"
