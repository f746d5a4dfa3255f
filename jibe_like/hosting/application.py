"""A Tornado application that knows what is mounted in it."""

from typing import Any

import tornado.web

from jibe_like.web.assets import AssetHandler
from jibe_like.web.mount import Mount


class Application(tornado.web.Application):
    """Serves the given rules; those for folders come after all others, since a folder may be served at "/"."""

    def __init__(self, rules: list[Any], **settings: Any) -> None:
        self.mounts: list[Mount] = []
        super().__init__([], **settings)
        self.add(rules)

    def add(self, rules: list[Any]) -> None:
        """Serves these as well."""
        found = [rule[2]["mount"] for rule in rules if len(rule) > 2 and "mount" in rule[2]]
        self.mounts = list(dict.fromkeys([*self.mounts, *found]))
        self.wildcard_router.add_rules(rules)
        # Another list, since the server may be looking through this one on its own thread.
        self.wildcard_router.rules = sorted(self.wildcard_router.rules, key=lambda rule: rule.target is AssetHandler)

    async def loaded(self) -> None:
        """The server serves."""
        for mount in self.mounts:
            await mount.open()

    async def close_sessions(self) -> None:
        """The server stops: every session is stored, and ends here."""
        for mount in self.mounts:
            await mount.close()
