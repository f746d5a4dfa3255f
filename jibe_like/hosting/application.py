"""A Tornado application that knows what is mounted in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tornado.web
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from jibe_like.web.assets import AssetHandler
from jibe_like.web.mount import Mount
from jibe_like.web.not_found import NotFoundHandler


@dataclass(frozen=True)
class Hosted:
    """An application class at a route, and how it is to be served."""

    app_class: type
    options: Mapping[str, Any]


class Application(tornado.web.Application):
    """Serves the given rules; those for folders come after all others, since a folder may be served at "/"."""

    def __init__(self, rules: list[Any], **settings: Any) -> None:
        self.mounts: list[Mount] = []
        if "default_handler_class" not in settings:
            settings |= {"default_handler_class": NotFoundHandler, "default_handler_args": {"mounts": self.mounts}}
        super().__init__([], **settings)
        self.add(rules)

    def add(self, rules: list[Any]) -> None:
        """Serves these as well."""
        found = [rule[2]["mount"] for rule in rules if len(rule) > 2 and "mount" in rule[2]]
        self.mounts += [mount for mount in dict.fromkeys(found) if mount not in self.mounts]
        self.wildcard_router.add_rules(rules)
        # Another list, since the server may be looking through this one on its own thread.
        self.wildcard_router.rules = sorted(self.wildcard_router.rules, key=lambda rule: rule.target is AssetHandler)

    @property
    def first_paths(self) -> list[str]:
        """Where to begin: "/" where something is served there, else each of the applications."""
        line = RequestStartLine("GET", "/", "HTTP/1.1")
        root = HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "localhost"}))
        if not self.mounts or self.default_router.find_handler(root) is not None:
            return ["/"]
        return [mount.prefix for mount in self.mounts]

    async def loaded(self) -> None:
        """The server serves."""
        for mount in self.mounts:
            await mount.open()

    async def close_sessions(self) -> None:
        """The server stops: every session is stored, and ends here."""
        for mount in self.mounts:
            await mount.close()
