"""An application's own files: the folders that `assets_path` names."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tornado.web

from jibe_like.errors import AssetsPathError, ServerError, StoreError
from jibe_like.settings import Settings

from .auth.guard import sign_in_of
from .forwarded import believe_proxies
from .mount import Mount, as_requested, identified
from .security import set_common_headers


class AssetHandler(tornado.web.StaticFileHandler):
    """Serves the files of one folder, and nothing outside of it: no `..`, no symbolic link out, no folder listing.

    :param mount: of the application whose files they are: where users have to sign in, others do not get them.
    """

    def initialize(self, *arguments: Any, mount: Mount | None = None, **options: Any) -> None:
        super().initialize(*arguments, **options)
        self.mount = mount
        if mount is not None:
            believe_proxies(self.request, mount.settings)

    async def prepare(self) -> None:
        if self.mount is not None and self.mount.requires_auth:
            await identified(self, self.mount)
            try:
                nobody = sign_in_of(self) is None
            except (StoreError, ServerError):
                raise tornado.web.HTTPError(503) from None
            if nobody:
                raise tornado.web.HTTPError(403)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        path = Path(absolute_path)
        if self.default_filename is not None and path.is_dir():
            path /= self.default_filename
        try:
            served = path.resolve().is_relative_to(Path(root).resolve()) and path.is_file()
        except (ValueError, OSError, RuntimeError):  # no path, too long, or links in a circle
            served = False
        if not served:
            raise tornado.web.HTTPError(404)
        return super().validate_absolute_path(root, absolute_path)

    def set_extra_headers(self, path: str) -> None:
        set_common_headers(self, self.mount.settings if self.mount is not None else Settings())


def asset_rules(owner: str, assets_path: Any, mount: Mount | None = None) -> list[tuple[str, Any, dict[str, Any]]]:
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
        rules.append(folder_rule(entry["to"], folder, mount))
    return rules


def folder_rule(to: str, folder: Path, mount: Mount | None = None) -> tuple[str, Any, dict[str, Any]]:
    """The Tornado rule that serves a folder at a path."""
    place = "/" + as_requested(to.strip("/"))
    options = {"path": str(folder)} | ({} if mount is None else {"mount": mount})
    return re.escape(place.rstrip("/")) + "/(.*)", AssetHandler, options
