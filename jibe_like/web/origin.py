"""Whether a request comes from a page that may make it."""

from collections.abc import Collection
from urllib.parse import urlsplit

import tornado.httputil


def is_allowed(request: tornado.httputil.HTTPServerRequest, allowed: Collection[str]) -> bool:
    """Whether the request's origin is this server, or one of those allowed. A client that names none is no browser."""
    origin = request.headers.get("Origin")
    if origin is None or origin.rstrip("/") in allowed:
        return True
    return urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower() != ""
