"""Headers that every page carries."""

from collections.abc import Sequence
from functools import cache
from secrets import token_urlsafe
from types import TracebackType

import tornado.web
from tornado.log import app_log

from jibe_like.settings import FEATURES, Settings


class Discreet(tornado.web.RequestHandler):
    """A handler whose URLs give a right to whoever knows them: they are in no log, and what it answers in no cache."""

    def set_default_headers(self) -> None:
        """Those of its errors, too."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")

    def check_xsrf_cookie(self) -> None:
        """In an application with `xsrf_cookies`, too, it is what such a URL or body has that gives it the right."""

    def _request_summary(self) -> str:
        """For Tornado's log: the URL without its query."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """As of any handler, less the request as a whole, which Tornado adds."""
        if isinstance(value, tornado.web.HTTPError):
            super().log_exception(typ, value, tb)
        else:
            app_log.error("Uncaught exception %s", self._request_summary(), exc_info=value)


def new_nonce() -> str:
    """For one response: the scripts and styles that carry it may run."""
    return token_urlsafe(16)


def set_security_headers(handler: tornado.web.RequestHandler, nonce: str, settings: Settings) -> None:
    """A strict Content-Security-Policy (no `unsafe-inline`, no `unsafe-eval`), and its companions."""
    set_common_headers(handler, settings)
    images = " ".join(("'self'", "data:", "blob:", *settings.image_sources))
    handler.set_header(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src {images}; "
        f"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {settings.frame_ancestors}",
    )
    handler.set_header("Permissions-Policy", _permissions(settings.permissions))
    handler.set_header("Referrer-Policy", "same-origin")
    handler.set_header("Cache-Control", "no-store")


def set_common_headers(handler: tornado.web.RequestHandler, settings: Settings) -> None:
    """What every answer carries, a page or not."""
    handler.set_header("X-Content-Type-Options", "nosniff")
    # By http anybody on the way may have added it, and browsers do not listen.
    if handler.request.protocol == "https" and settings.hsts_seconds:
        handler.set_header("Strict-Transport-Security", f"max-age={settings.hsts_seconds}")


@cache
def _permissions(granted: Sequence[str]) -> str:
    return ", ".join(f"{name}=({'self' if name in granted else ''})" for name in FEATURES)
