"""Modules: bundles of scripts, style sheets, files, state and procedures that a server is extended by."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from jibe_like.errors import ServerError
from jibe_like.web.assets import AssetHandler, Mounts, folder_rule
from jibe_like.web.page_files import PageFiles

logger = logging.getLogger("jibe_like")

_LISTS = ("scripts", "module_scripts", "styles", "vue_use", "react_use")


class Modules:
    """What the modules of a server bring to its pages.

    :param mounts: gives those of all applications of the server: their users may have the files.
    """

    def __init__(self, mounts: Mounts) -> None:
        self._mounts = mounts
        self.files = PageFiles()
        self.folders: dict[str, Path] = {}
        """Folders to serve, by the path of their files' URLs."""
        self.www: Path | None = None
        """The folder whose files are served at the root."""
        self._seen: list[object] = []

    def is_new(self, module: "ModuleType | Mapping[str, Any]") -> bool:
        """Whether this one is seen for the first time."""
        known = any(seen == module if isinstance(module, Mapping) else seen is module for seen in self._seen)
        if not known:
            self._seen.append(module)
        return not known

    def take(self, name: str, definitions: Mapping[str, Any]) -> list[Any]:
        """Notes what a module defines; gives the rules for its own folders.

        Raises ServerError, naming module and entry, for what cannot be used.
        """
        lists = {key: _urls(name, key, definitions.get(key, ())) for key in _LISTS}
        folders = definitions.get("serve", {})
        if not isinstance(folders, Mapping):
            raise ServerError(f"{name}: serve must be a dict of folders by URL, not {folders!r:.80}")
        served = {str(url).strip("/"): _folder(name, "serve", folder) for url, folder in folders.items()}
        www = definitions.get("www")
        # Nothing is taken of a module that is wrong in part.
        self.www = self.www if www is None else _folder(name, "www", www)
        self.folders |= served
        self.files.scripts += lists["scripts"]
        self.files.module_scripts += lists["module_scripts"]
        self.files.styles += lists["styles"]
        for key in ("vue_use", "react_use"):
            if lists[key]:
                logger.warning("%s: %s is left out: the pages have neither Vue nor React", name, key)
        return [*self._rules(served), *(self.www_rules() if www is not None else ())]

    @property
    def has_files(self) -> bool:
        """Whether there are folders to serve."""
        return self.www is not None or bool(self.folders)

    def rules(self) -> list[Any]:
        """Tornado rules for the folders that have a path of their own."""
        return self._rules(self.folders)

    def www_rules(self) -> list[Any]:
        """The Tornado rule for the folder at the root: to come after all others."""
        if self.www is None:
            return []
        options = {"path": str(self.www), "default_filename": "index.html", "mounts": self._mounts}
        return [(r"/(.*)", AssetHandler, options)]

    def _rules(self, folders: Mapping[str, Path]) -> list[Any]:
        return [folder_rule(url, folder, self._mounts) for url, folder in folders.items()]


def definitions_of(module: "ModuleType | Mapping[str, Any]") -> tuple[str, Mapping[str, Any]]:
    """A name for messages, and what the module defines. Raises ServerError for what is no module."""
    if isinstance(module, Mapping):
        return "the module", module
    if not hasattr(module, "__dict__"):
        raise ServerError(f"a module is a Python module or a dict, not {module!r:.80}")
    return f"module {getattr(module, '__name__', type(module).__name__)}", vars(module)


def _urls(name: str, key: str, given: Any) -> list[Any]:
    if not isinstance(given, (list, tuple)):
        raise ServerError(f"{name}: {key} must be a list, not {given!r:.80}")
    if not key.endswith("_use") and not all(isinstance(url, str) and url for url in given):
        raise ServerError(f"{name}: {key} must be a list of URLs, not {given!r:.80}")
    return list(given)


def _folder(name: str, key: str, given: Any) -> Path:
    # trame lets one say by a second entry how a folder's files are loaded.
    chosen = given[0] if isinstance(given, (list, tuple)) and given else given
    if not isinstance(chosen, (str, Path)) or not Path(chosen).is_dir():
        raise ServerError(f"{name}: {key}: {chosen!r} is no folder")
    return Path(chosen).absolute()
