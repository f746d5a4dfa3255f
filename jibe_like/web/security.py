"""Headers that every page carries."""

from secrets import token_urlsafe

import tornado.web

from jibe_like.settings import Settings


def new_nonce() -> str:
    """For one response: the scripts and styles that carry it may run."""
    return token_urlsafe(16)


def set_security_headers(handler: tornado.web.RequestHandler, nonce: str, settings: Settings) -> None:
    """A strict Content-Security-Policy (no `unsafe-inline`, no `unsafe-eval`), and its companions."""
    images = " ".join(("'self'", "data:", "blob:", *settings.image_sources))
    handler.set_header(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src {images}; "
        f"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {settings.frame_ancestors}",
    )
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "same-origin")
    handler.set_header("Cache-Control", "no-store")
