"""Query apps on a real server: the first response, many routes, pages that are shared, and a server that is killed."""

import asyncio
from pathlib import Path
from urllib.parse import urljoin

import pytest
from tornado.httpclient import AsyncHTTPClient

from jibe_like import Button, Label, Query, app
from jibe_like.server import Server
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.session.state.scope_keeper import ScopeKeeper
from jibe_like.settings import Settings
from jibe_like.store.base import open_store
from jibe_like.store.secret import load_secret, secret_path
from tests.integration.visitor import Frame, Visitor
from tests.queries import make_server
from tests.serving import Serve, ServeScript

SOURCE = """
import os

from jibe_like import Button, Input, Label, Query, app


async def on_startup():
    print("begins", flush=True)


@app("/", on_startup=on_startup, on_shutdown=lambda: print("ends", flush=True))
async def serve(q: Query):
    if not q.page.children:
        buttons = [Button(name, name=name, identifier=name) for name in ("add", "slow")]
        q.page.children = [Label(identifier="out"), Input(name="city", identifier="city"), *buttons]
        q.app.pages = (q.app.pages or 0) + 1
    if q.args.slow:
        await q.sleep(0.5)
    if q.args.add or q.args.slow:
        for scope in (q.client, q.user, q.app):
            scope.count = (scope.count or 0) + 1
    counts = [scope.count or 0 for scope in (q.client, q.user, q.app)]
    q.page["out"].value = f"{q.app.pages}: {counts} {q.args.city}"


app.run(int(os.environ["PORT"]), address="127.0.0.1", store=os.environ["STORE"])
"""


@pytest.fixture
def server() -> Server:
    return make_server()


class Keeping(Visitor):
    """Knows which of its events are in the store."""

    kept = 0

    async def frame(self) -> Frame:
        frame = await super().frame()
        self.kept = frame.get("kept", self.kept)
        return frame

    async def all_kept(self) -> None:
        """Takes in frames until all events are in the store, with their effects."""
        await self.until(lambda: self.kept == self.sent)


async def enter(visitor: Visitor) -> str:
    """Loads the page, opens its socket, and takes in the tree; gives the page's HTML."""
    response = await visitor.load()
    visitor.seq = None
    await visitor.connect()
    await visitor.frame()
    return response.body.decode()


async def text_at(url: str) -> str:
    response = await AsyncHTTPClient().fetch(url)
    return response.body.decode()


@pytest.mark.gen_test
async def test_the_first_response_is_what_the_function_makes_of_the_page(server: Server, serve: Serve) -> None:
    @app("/", server=server, title="Hello")
    async def hello(q: Query) -> None:
        await asyncio.sleep(0.01)
        q.page.children = [Label(f"hello {q.args.name or 'nobody'} <{q.headers.get('Accept', '')}>", identifier="out")]

    url = serve(server.make_tornado_app())
    response = await AsyncHTTPClient().fetch(url + "?name=Ada", headers={"Accept": "text/html"})
    page = response.body.decode()
    assert "hello Ada &lt;text/html&gt;" in page
    assert "<title>Hello</title>" in page
    assert "hello nobody" in await text_at(url)


@pytest.mark.gen_test
async def test_many_routes_are_one_server(server: Server, serve: Serve) -> None:
    @app("/", server=server)
    def home(q: Query) -> None:
        q.app.visits = (q.app.visits or 0) + 1
        boards = [len(page.children) for page in q.site["/board"]]
        q.page.children = [Label(f"home {q.app.visits} {q.route} {boards} {sorted(q.site)}")]

    @app("/board", "broadcast", server=server)
    def board(q: Query) -> None:
        q.app.visits = (q.app.visits or 0) + 1
        q.page.children.append(Label(f"board {q.app.visits} {q.route} {q.mode}"))

    url = serve(server.make_tornado_app())
    assert "home 1 / [] [&#x27;" in (await text_at(url)).replace("'", "&#x27;")
    assert "board 2 /board broadcast" in await text_at(urljoin(url, "board"))
    assert "home 3 / [1]" in await text_at(url)


@pytest.mark.gen_test
async def test_a_click_needs_no_handler(server: Server, serve: Serve) -> None:
    @app("/", server=server)
    async def serve_page(q: Query) -> None:
        q.client.count = (q.client.count or 0) + bool(q.args.add)
        q.page.children = [Label(f"count: {q.client.count}", identifier="count"), Button("Add", identifier="add")]

    async with Visitor(serve(server.make_tornado_app())) as visitor:
        assert 'data-on="click"' in await enter(visitor)
        await visitor.shows("count", "count: 0")
        for number in (1, 2):
            visitor.click("add")
            await visitor.shows("count", f"count: {number}")


@pytest.mark.gen_test
async def test_a_shared_page_is_everybodys_and_its_users_are_not(server: Server, serve: Serve) -> None:
    @app("/", "broadcast", server=server)
    async def serve_page(q: Query) -> None:
        q.user.count = (q.user.count or 0) + 1
        q.page.children = [Label(f"{q.args.name} {q.user.count}", identifier="out"), Button("Go", identifier="go")]

    url = serve(server.make_tornado_app())
    async with Visitor(url + "?name=ada") as ada, Visitor(url + "?name=bob") as bob:
        for visitor in (ada, bob):
            await enter(visitor)
        await ada.shows("out", "bob 1")
        ada.click("go")
        for visitor in (ada, bob):
            await visitor.shows("out", "ada 2")


class Restarted:
    """The script above, and one page of it, which never reloads."""

    def __init__(self, serve_script: ServeScript, folder: Path) -> None:
        path = folder / "queries_app.py"
        path.write_text(SOURCE)
        self._database = folder / "queries.db"
        self.script = serve_script(path, STORE=f"sqlite:///{self._database}")
        self.visitor = Keeping(self.script.url)

    async def __aenter__(self) -> "Restarted":
        await enter(self.visitor)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.script.stop()

    async def stored(self, scope: str, values: dict[str, int]) -> None:
        """Returns once the store has these values of user or server."""
        store = open_store(f"sqlite:///{self._database}")
        snapshots = Snapshots([load_secret(secret_path(self._database))], live=())
        keeper = ScopeKeeper("scopes:jibe_like", store, snapshots, Settings())
        while await keeper.load(scope) != values:
            pass
        await store.close()

    async def kill_and_restart(self) -> int:
        """Gives the number of the last event that the next server knows."""
        self.script.kill()
        await self.visitor.closed()
        self.script.start()
        hello = await self.visitor.connect()
        assert hello["resumed"]
        got: int = hello["got"]
        return got


@pytest.mark.gen_test
async def test_client_user_and_app_state_survive_a_killed_server(serve_script: ServeScript, tmp_path: Path) -> None:
    async with Restarted(serve_script, tmp_path) as restarted:
        visitor = restarted.visitor
        await visitor.shows("out", "1: [0, 0, 0] None")
        visitor.click("add")
        visitor.change("city", "Oslo")
        await visitor.shows("out", "1: [1, 1, 1] Oslo")
        await visitor.all_kept()
        other = Keeping(visitor.url)
        async with other:
            other.cookies = dict(visitor.cookies)
            await enter(other)
            other.click("add")
            await other.shows("out", "2: [1, 2, 2] ")
            await other.all_kept()
            # Those of user and server are stored by themselves.
            identity = next(value for name, value in other.cookies.items() if name.startswith("jibe_")).split(".")[0]
            await restarted.stored("context", {"pages": 2, "count": 2})
            await restarted.stored(f"user:{identity}", {"count": 2})
        await restarted.kill_and_restart()
        visitor.click("add")
        await visitor.shows("out", "2: [2, 3, 3] Oslo")
        stranger = Visitor(visitor.url)
        page = (await stranger.load()).body.decode()
        assert "3: [0, 0, 3] None" in page, "another browser has another user"
        assert restarted.script.output().count("begins") == 2


@pytest.mark.gen_test
async def test_a_query_that_was_running_when_the_server_was_killed_runs_again(
    serve_script: ServeScript, tmp_path: Path
) -> None:
    async with Restarted(serve_script, tmp_path) as restarted:
        visitor = restarted.visitor
        visitor.click("add")
        await visitor.shows("out", "1: [1, 1, 1] ")
        await visitor.all_kept()
        number = visitor.click("slow")
        await visitor.handled()
        got = await restarted.kill_and_restart()
        assert got == number - 1
        visitor.sent = got
        visitor.click("slow")
        await visitor.until(lambda: visitor.text("out").startswith("1: [2, "))


@pytest.mark.gen_test
async def test_a_server_that_is_stopped_says_so(serve_script: ServeScript, tmp_path: Path) -> None:
    async with Restarted(serve_script, tmp_path) as restarted:
        restarted.script.stop()
        output = restarted.script.output()
        assert output.index("begins") < output.index("ends")
        assert "Traceback" not in output
