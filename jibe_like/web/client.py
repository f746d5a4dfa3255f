"""The built client: content-hashed files that a browser may keep for ever."""

import json
from functools import cache
from pathlib import Path
from typing import Final
from weakref import WeakSet

import tornado.web

from .forwarded import believe_proxies
from .limits import FILES
from .mount import Mount
from .waiting import has_to_wait

FOLDER: Final = Path(__file__).parent.parent / "static"
PATH: Final = "_jibe"
"""Where the client stands below an application's prefix."""

_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@cache
def client_file(name: str) -> str:
    """The content-hashed file name of `client.js`, `extras.js` or `style.css`."""
    manifest: dict[str, str] = json.loads((FOLDER / "manifest.json").read_text())
    return manifest[name]


@cache
def _files() -> frozenset[str]:
    return frozenset(json.loads((FOLDER / "manifest.json").read_text()).values())


@cache
def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def serve_client(application: tornado.web.Application) -> None:
    """Puts the client at the root of an application whose rules were made by hand, and so have none for it."""
    if application not in _serving:
        _serving.add(application)
        application.add_handlers(".*", [(f"/{PATH}/([^/]*)", ClientHandler)])


_serving: WeakSet[tornado.web.Application] = WeakSet()


class ClientHandler(tornado.web.RequestHandler):
    """Serves the client, as brotli or gzip where the browser takes it.

    :param mount: whose bounds count; None where the rules were made by hand.
    """

    def initialize(self, mount: Mount | None = None) -> None:
        self.mount = mount
        if mount is not None:
            believe_proxies(self.request, mount.settings)

    def get(self, name: str) -> None:
        if self.mount is not None and has_to_wait(self, self.mount, FILES):
            return
        if name not in _files():
            raise tornado.web.HTTPError(404)
        accepted = {
            part.partition(";")[0].strip() for part in self.request.headers.get("Accept-Encoding", "").split(",")
        }
        self.set_header("Content-Type", _TYPES[Path(name).suffix])
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("Vary", "Accept-Encoding")
        self.set_header("X-Content-Type-Options", "nosniff")
        for encoding, suffix in (("br", ".br"), ("gzip", ".gz")):
            if encoding in accepted:
                self.set_header("Content-Encoding", encoding)
                self.finish(_read(name + suffix))
                return
        self.finish(_read(name))

    def compute_etag(self) -> None:
        """None: the name says it all."""
        return None
