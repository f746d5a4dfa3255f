"""Whoever asks for too much has to wait."""

import tornado.web

from jibe_like.errors import ServerError, StoreError

from .limits import HANDSHAKES
from .mount import Mount, identity_of


def knock(handler: tornado.web.RequestHandler, mount: Mount, what: str = HANDSHAKES) -> str:
    """Counts the request as one for what is rated; gives why it has to wait, empty where it has not."""
    try:
        # Nobody is signed in before the mount was opened: what is asked for here does not take that.
        identity = identity_of(handler, mount) if mount.guard is None or mount.guard.is_open else ""
    except (StoreError, ServerError):
        identity = ""  # nobody can say whose it is
    return mount.limits.take(what, identity, handler.request.remote_ip or "")


def has_to_wait(handler: tornado.web.RequestHandler, mount: Mount, what: str) -> bool:
    """As `knock`; where the request has to wait, it is told so, with status 429."""
    crossed = knock(handler, mount, what)
    if crossed:
        tell_to_wait(handler)
    return bool(crossed)


def tell_to_wait(handler: tornado.web.RequestHandler) -> None:
    """Answers a request of which there were too many."""
    # Not an HTTPError: that would take the headers back.
    handler.set_status(429)
    handler.set_header("Retry-After", "10")
    handler.set_header("Cache-Control", "no-store")
    handler.finish()
