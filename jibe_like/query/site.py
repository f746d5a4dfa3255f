"""The live pages of a server."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from jibe_like.main_app import MainApp

if TYPE_CHECKING:
    from jibe_like.server import Server


class Site(Mapping[str, tuple[MainApp, ...]]):
    """The pages that this server shows now, by route: `for page in q.site["/board"]: ...`.

    One page for each session: of a `broadcast` app there is one, or none while nobody has come. KeyError for a route
    that the server does not have.
    """

    def __init__(self, server: "Server") -> None:
        self._server = server

    def __getitem__(self, route: str) -> tuple[MainApp, ...]:
        mount = self._server.mounts["/" + route.strip("/")]
        sessions = mount.registry.sessions.values()
        return tuple(session.document for session in sessions if isinstance(session.document, MainApp))

    def __iter__(self) -> Iterator[str]:
        return iter(self._server.mounts)

    def __len__(self) -> int:
        return len(self._server.mounts)
