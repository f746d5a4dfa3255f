"""Whether a request comes from a page that may make it."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

import tornado.httputil

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def is_allowed(request: tornado.httputil.HTTPServerRequest, allowed: Collection[str]) -> bool:
    """Whether the request's origin is this server, or one of those allowed. A client that names none is no browser."""
    origin = request.headers.get("Origin")
    if origin is None or origin.rstrip("/") in allowed:
        return True
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True  # the browser knows, and no page can have it say so
    try:
        page, host = urlsplit(origin), request.headers.get("Host", "").lower()
    except ValueError:
        return False  # "http://[": no browser says that
    if request.protocol == "https" and page.scheme != "https":
        return False  # anybody on the way may have made that page
    port = _DEFAULT_PORTS.get(page.scheme, "")
    return page.netloc.lower().removesuffix(port) == host.removesuffix(port) != ""
