"""Applications whose rules were made by hand: what all their mounts need beside those is at the root."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import tornado.web

from .mount import Mount

_mounts: WeakKeyDictionary[tornado.web.Application, list[Mount]] = WeakKeyDictionary()


def serve_at_root(application: tornado.web.Application, mount: Mount, rules: Sequence[tuple[str, Any]]) -> None:
    """Adds a mount, and with the first one the rules, whose handlers serve all `mounts_at_root`."""
    if application not in _mounts:
        application.add_handlers(".*", list(rules))
    _mounts.setdefault(application, []).append(mount)


def mounts_at_root(application: tornado.web.Application) -> Sequence[Mount]:
    """Those that were added."""
    return _mounts.get(application, ())
