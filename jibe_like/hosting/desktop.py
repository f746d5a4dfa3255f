"""A server's pages in a window of their own, without a browser around them."""

import contextlib
from collections.abc import Mapping
from concurrent.futures import Future
from importlib import import_module
from typing import Any

from jibe_like.errors import ServerError


def load_webview() -> Any:
    """pywebview. Raises ServerError where it is not installed."""
    try:
        return import_module("webview")
    except ImportError:
        raise ServerError("a window of its own needs pywebview: pip install pywebview") from None


def show_window(webview: Any, url: str, window: Mapping[str, Any], *, debug: bool, ended: "Future[None]") -> None:
    """Shows the page until its window is closed, or the server has ended.

    To be called on the main thread, as most systems want it.

    :param window: arguments of `webview.create_window`.
    """
    shown = webview.create_window(**{"url": url, **window})

    def close(_: object) -> None:
        with contextlib.suppress(Exception):  # the user has closed it before
            shown.destroy()

    ended.add_done_callback(close)
    webview.start(debug=debug)
