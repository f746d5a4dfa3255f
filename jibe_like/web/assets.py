"""An application's own files: the folders that `assets_path` names."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tornado.web

from jibe_like.errors import AssetsPathError

from .mount import as_requested


class AssetHandler(tornado.web.StaticFileHandler):
    """Serves the files of one folder, and nothing outside of it: no `..`, no symbolic link out, no folder listing."""

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        path = Path(absolute_path)
        try:
            served = path.resolve().is_relative_to(Path(root).resolve()) and path.is_file()
        except (ValueError, OSError, RuntimeError):  # no path, too long, or links in a circle
            served = False
        if not served:
            raise tornado.web.HTTPError(404)
        return super().validate_absolute_path(root, absolute_path)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")


def asset_rules(owner: str, assets_path: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    """Tornado rules for an `assets_path`: a dict with `from` and `to`, or a list or tuple of such dicts.

    `from` is a folder, relative to where the program was started; `to` is the absolute path that it gets in URLs.
    Raises AssetsPathError, naming the class and the value, for anything else.
    """
    if assets_path is None:
        return []
    entries = [assets_path] if isinstance(assets_path, Mapping) else assets_path
    if not isinstance(entries, (list, tuple)):
        raise AssetsPathError(f"{owner}.assets_path must be a dict or a list of dicts, not {assets_path!r}")
    rules = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise AssetsPathError(f"{owner}.assets_path: {entry!r} is no dict with 'from' and 'to'")
        for key in ("from", "to"):
            if key not in entry:
                raise AssetsPathError(f"{owner}.assets_path: {entry!r} has no {key!r}")
        if not isinstance(entry["from"], (str, Path)) or not isinstance(entry["to"], str):
            raise AssetsPathError(f"{owner}.assets_path: 'from' and 'to' of {entry!r} must be str")
        folder = Path(entry["from"]).absolute()
        if not folder.is_dir():
            raise AssetsPathError(f"{owner}.assets_path: {str(folder)!r} (from {entry!r}) is no folder")
        to = "/" + as_requested(entry["to"].strip("/"))
        rules.append((re.escape(to.rstrip("/")) + "/(.*)", AssetHandler, {"path": str(folder)}))
    return rules
