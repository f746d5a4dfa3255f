"""An application's own files: the folders that `assets_path` names."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import tornado.web

from jibe_like.errors import AssetsPathError, ServerError, StoreError
from jibe_like.settings import Settings

from .auth.guard import sign_in_of
from .forwarded import believe_proxies
from .limits import FILES
from .mount import Mount, as_requested, identified
from .security import set_common_headers
from .waiting import has_to_wait

Mounts: TypeAlias = Callable[[], Sequence[Mount]]


def of_nobody() -> Sequence[Mount]:
    """The files belong to no application."""
    return ()


class AssetHandler(tornado.web.StaticFileHandler):
    """Serves the files of one folder, and nothing outside of it: no `..`, no symbolic link out, no folder listing.

    :param mounts: gives those of the applications whose files they are. Who may see none of them does not get the files
        either. The bounds are those of the first.
    """

    def initialize(self, *arguments: Any, mounts: Mounts = of_nobody, **options: Any) -> None:
        super().initialize(*arguments, **options)
        self._mounts = mounts()
        self._is_private = bool(self._mounts) and all(mount.requires_auth for mount in self._mounts)
        if self._mounts:
            believe_proxies(self.request, self._mounts[0].settings)

    async def prepare(self) -> None:
        if self._mounts and has_to_wait(self, self._mounts[0], FILES):
            return
        if self._is_private and not await self._has_signed_in():
            guard = self._mounts[0].guard
            if guard is None or not self._is_page():
                raise tornado.web.HTTPError(403)
            self.redirect(guard.way_in(self.request))

    async def _has_signed_in(self) -> bool:
        for mount in self._mounts:
            await identified(self, mount)
            try:
                if sign_in_of(self) is not None:
                    return True
            except (StoreError, ServerError) as error:
                mount.rejected("store" if isinstance(error, StoreError) else "stopping")
                raise tornado.web.HTTPError(503) from None
        return False

    def _is_page(self) -> bool:
        """Whether somebody wants to see the file by itself, and not a page that it is a part of."""
        mode = self.request.headers.get("Sec-Fetch-Mode")
        return mode == "navigate" if mode is not None else "text/html" in self.request.headers.get("Accept", "")

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
        set_common_headers(self, self._mounts[0].settings if self._mounts else Settings())
        if self._is_private:
            # Asked for again each time: who has signed out, or a proxy, is not to find it in a cache.
            self.set_header("Cache-Control", "private, no-cache")
            self.clear_header("Expires")


def asset_rules(owner: str, assets_path: Any, mounts: Mounts = of_nobody) -> list[tuple[str, Any, dict[str, Any]]]:
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
        rules.append(folder_rule(entry["to"], folder, mounts))
    return rules


def folder_rule(to: str, folder: Path, mounts: Mounts = of_nobody) -> tuple[str, Any, dict[str, Any]]:
    """The Tornado rule that serves a folder at a path."""
    place = "/" + as_requested(to.strip("/"))
    return re.escape(place.rstrip("/")) + "/(.*)", AssetHandler, {"path": str(folder), "mounts": mounts}
