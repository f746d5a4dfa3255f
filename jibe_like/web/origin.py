"""Whether a request comes from a page that may make it."""

from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import urlsplit

import tornado.httputil
import tornado.web

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def is_allowed(request: tornado.httputil.HTTPServerRequest, allowed: Collection[str]) -> bool:
    """Whether the request's origin is this server, or one of those allowed. A client that names none is no browser."""
    origin = request.headers.get("Origin")
    # The browser knows, and no page can have it say something else.
    site = request.headers.get("Sec-Fetch-Site", "same-origin" if origin is None else "")
    if origin is None:
        return site in ("same-origin", "none")
    if site == "same-origin" or origin.rstrip("/") in allowed:
        return True
    try:
        page, host = urlsplit(origin), request.headers.get("Host", "").lower()
    except ValueError:
        return False  # "http://[": no browser says that
    if request.protocol == "https" and page.scheme != "https":
        return False  # anybody on the way may have made that page
    port = _DEFAULT_PORTS.get(page.scheme, "")
    return page.netloc.lower().removesuffix(port) == host.removesuffix(port) != ""


def check_origin(
    request: tornado.httputil.HTTPServerRequest, allowed: Collection[str], rejected: Callable[[str], object]
) -> None:
    """Raises HTTPError (403) for a request from a page that may not make it; `rejected` is told so."""
    if not is_allowed(request, allowed):
        rejected("origin")
        raise tornado.web.HTTPError(403, "cross-origin request refused")
