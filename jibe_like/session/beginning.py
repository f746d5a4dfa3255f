"""How a page goes on whose server died before the page was stored: its application begins again.

The page has all its events still, and sends them to an application that is made anew. That is right where this one
begins as the other did; what it looks like tells.
"""

import hashlib
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from jibe_like.tree.node import Element
from jibe_like.wire.messages import encode

from .connection import Connection
from .log import about

if TYPE_CHECKING:
    from .session import Session

logger = logging.getLogger("jibe_like.session")


def look_of(node: Element) -> str:
    """A digest of what an application looks like; empty where the wire cannot say it."""
    try:
        return hashlib.blake2b(encode(node), digest_size=9).hexdigest()
    except Exception:
        return ""


def is_as_shown(session: "Session", connection: Connection) -> bool:
    """False for a page that begins again, and was shown something else when its session began.

    To be asked before the page's first event, and before the application hears of the page.
    """
    if not session.look:
        with suppress(Exception):  # the page is told so, when it is sent the tree
            session.render()
    again, connection.again = connection.again, None
    if again is None or again.beginning is None or again.beginning.look == session.look:
        return True
    logger.warning(
        "session %s starts anew: it does not look as it did when its page was loaded",
        session.id,
        extra=about(session.id),
    )
    return False
