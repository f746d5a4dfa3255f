"""What the tests of query apps share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from jibe_like.query import Query, QueryApp, app
from jibe_like.server import Server
from jibe_like.session.connection import Connection, Visit
from jibe_like.session.registry import Registry
from tests.mirror import Page
from tests.sessions import Tab, until

_numbers = count()


def make_server() -> Server:
    """A server of the test's own."""
    return Server(f"queries {next(_numbers)}")


def visit(identity: str = "ada", **arguments: str) -> Visit:
    headers = {"User-Agent": "test"}
    return Visit(arguments=arguments, identity=identity, headers=headers, cookies={"sessionid": "secret"})


class Site:
    """A query app and its sessions, without a network: `async with Site(serve) as site`.

    :param handler: the function, to which `@app` is applied.
    :param options: those of `@app`.
    """

    def __init__(self, handler: Callable[..., object], mode: str = "unicast", **options: Any) -> None:
        self.server = make_server()
        app("/", mode, server=self.server, **options)(handler)
        self.app_class = QueryApp.of(handler)
        rules = self.app_class.handlers(server=self.server, mode=mode)
        self._mount = rules[0][2]["mount"]
        self.registry: Registry = self._mount.registry

    async def __aenter__(self) -> Site:
        await self._mount.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._mount.close()

    async def load(self, visit_: Visit | None = None) -> Tab:
        """Loads a page, and opens its socket."""
        return (await self.prerender(visit_)).open()

    async def prerender(self, visit_: Visit | None = None) -> Tab:
        """Loads a page."""
        connection = Connection(visit_ or visit())
        connection.server = self.server
        session = await self.registry.enter(connection)
        tab = Tab(session, connection)
        tab.page = Page(session.render())
        tab.seq = session.seq
        return tab


def page_of(tab: Tab) -> QueryApp:
    """The application that the page shows."""
    document = tab.session.document
    assert isinstance(document, QueryApp)
    return document


async def at_rest(tab: Tab) -> None:
    """Returns once no query of the session is running or waiting."""
    await until(lambda: not tab.session.is_busy)


class Recorder:
    """A function for `@app` that keeps its queries, and calls what it is given."""

    def __init__(self, first: Callable[[Query], object]) -> None:
        self.queries: list[Query] = []
        self._first = first

    @property
    def last(self) -> Query:
        return self.queries[-1]

    def handler(self) -> Callable[[Query], object]:
        """The function. The first query of a page fills it."""

        def serve(q: Query) -> None:
            self.queries.append(q)
            if not q.page.children:
                self._first(q)

        return serve
