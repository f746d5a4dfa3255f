"""Pages of users: a session belongs to whoever has signed in, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import tornado.web
from argon2 import PasswordHasher
from tornado.escape import json_decode, json_encode
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from jibe_like import Auth, BasicAuth, Button, Connection, Input, Label, MainApp, ProxyAuth, Server
from jibe_like import app as query_app
from jibe_like.errors import SettingsError, StoreError
from jibe_like.query import Query
from jibe_like.session.auth.sign_ins import SignIns
from jibe_like.web.auth.oidc import OIDC
from tests.integration.visitor import Visitor, until
from tests.oidc.agent import Agent
from tests.serving import Serve

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
USERS = {"ada": WEAK.hash("ada's"), "grace": WEAK.hash("grace's")}


class Desk(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.made_for = self.auth.username
        self.notes = Label("", identifier="notes")
        self.entry = Input("", identifier="entry")
        self.entry.register("change", self.on_entry)
        leave = Button("Sign out", identifier="leave")
        leave.register("click", self.sign_out)
        self.who = Label("", identifier="who")
        self.ask = Button("Who?", identifier="ask")
        self.ask.register("click", self.say_who)
        self.children = [self.notes, self.entry, leave, self.who, self.ask]

    def on_entry(self) -> None:
        self.notes.value += self.entry.value

    def say_who(self) -> None:
        self.kept = self.auth
        self.who.value = self.auth.username or "nobody"


Serving = Callable[..., Any]


@pytest.fixture
def serving(app: tornado.web.Application, http_server: HTTPServer, io_loop: IOLoop) -> Iterator[Serving]:
    """`serving(App, **options) -> Mount`: serves it on the test's loop."""
    servers: list[Server] = []

    def serve(main_app: type[MainApp] = Desk, prefix: str = "", **options: Any) -> Any:
        server = Server("test")
        servers.append(server)
        rules = main_app.handlers(prefix, server=server, **({"auth": BasicAuth(USERS)} | options))
        app.add_handlers(".*", rules)
        return rules[0][2]["mount"]

    async def stop() -> None:
        for server in servers:
            await server.stop()

    yield serve
    io_loop.run_sync(stop)


class User(Visitor):
    """A visitor who signs in with a password."""

    def __init__(self, url: str, agent: Agent | None = None) -> None:
        super().__init__(url)
        self.agent = agent or Agent()
        self.cookies = self.agent.cookies.setdefault("localhost", {})

    async def __aenter__(self) -> User:
        return self

    async def enter(self, name: str) -> None:
        page = await self.agent.get(urljoin(self.url, "/_auth/sign-in"))
        await self.agent.fill_in(page, username=name, password=f"{name}'s")
        self.cookies = self.agent.cookies["localhost"]

    async def open(self, name: str = "") -> dict[str, Any]:
        """Signs in where there is a name, loads the page and connects."""
        if name:
            await self.enter(name)
        response = await self.load()
        assert response.code == 200, response.code
        # As if the page had nothing of it: the whole tree comes.
        self.seq = None
        hello = await self.connect()
        await self.until(lambda: self.page is not None)
        return hello

    async def refused(self) -> int | None:
        """The code with which a connection is refused."""
        with pytest.raises(EOFError):
            await self.connect()
        return self.code

    async def load(self, method: str = "GET", **headers: str) -> Any:
        response = await super().load(method, **headers)
        self.agent.cookies["localhost"] = self.cookies
        return response

    code: int | None = None

    def _forget_socket(self) -> tuple[int | None, str | None]:
        self.code, reason = super()._forget_socket()
        return self.code, reason


@pytest.mark.gen_test
async def test_nobody_sees_anything_before_signing_in(serving: Serving, base_url: str) -> None:
    mount = serving()
    visitor = User(f"{base_url}/")
    response = await visitor.agent.get(visitor.url)
    assert b"Who?" not in response.body
    assert b"Password" in response.body
    assert await visitor.refused() == 4001
    poll = await visitor.agent.post(f"{base_url}/poll", {})
    assert poll.code == 415
    assert await polled(visitor) == 4001
    assert not mount.registry.sessions


def session_of(mount: Any, visitor: Visitor) -> Any:
    """The session that the page shows."""
    claims = mount.registry.tokens.check(visitor.token)
    return mount.registry.sessions[claims.session]


async def polled(visitor: User) -> Any:
    """What a poll is answered that asks to be opened: the code with which it is closed, None where it is not."""
    body = json_encode({"token": visitor.token})
    headers = visitor._headers({"Content-Type": "application/json"})
    response = await AsyncHTTPClient().fetch(HTTPRequest(urljoin(visitor.url, "poll"), "POST", headers, body))
    answer = json_decode(response.body)
    return answer.get("close", {}).get("code")


@pytest.mark.gen_test
async def test_an_application_knows_its_user(serving: Serving, base_url: str) -> None:
    mount = serving()
    async with User(f"{base_url}/") as visitor:
        await visitor.open("ada")
        session = session_of(mount, visitor)
        assert session.document.made_for == "ada"
        visitor.click("ask")
        await visitor.shows("who", "ada")
        auth = session.document.kept
        assert isinstance(auth, Auth)
        assert auth.is_authenticated
        assert auth.subject == "ada"
        (connection,) = session.connections.values()
        assert connection.auth.subject == "ada"
        assert auth.sign_in is not None
        assert connection.view.user == auth.sign_in.identity


@pytest.mark.gen_test
async def test_what_proves_who_it_is_is_not_told_to_the_application(serving: Serving, base_url: str) -> None:
    mount = serving()
    async with User(f"{base_url}/") as visitor:
        await visitor.enter("ada")
        visitor.cookies = {**visitor.cookies, "other": "cookie"}
        await visitor.load(Authorization="Bearer secret")
        await visitor.connect()
        session = session_of(mount, visitor)
        (connection,) = session.connections.values()
        assert connection.get_cookie("other") == "cookie"
        assert not [name for name in connection.visit.cookies if "auth" in name]
        assert "Authorization" not in connection.visit.headers


@pytest.mark.gen_test
async def test_a_page_is_its_users_alone(serving: Serving, base_url: str) -> None:
    serving()
    async with User(f"{base_url}/") as ada, User(f"{base_url}/") as grace:
        await ada.open("ada")
        ada.change("entry", "secret")
        await ada.shows("notes", "secret")
        await grace.enter("grace")
        grace.token, grace.seq = ada.token, ada.seq
        assert await grace.refused() == 4002
        assert await polled(grace) == 4002
        # Nor is it of use to whoever has the token, and has not signed in.
        nobody = User(f"{base_url}/")
        nobody.token, nobody.seq = ada.token, ada.seq
        assert await nobody.refused() == 4002


@pytest.mark.gen_test
async def test_tabs_of_one_user_share_what_is_multicast_in_any_browser(serving: Serving, base_url: str) -> None:
    mount = serving(mode="multicast")
    async with User(f"{base_url}/") as one, User(f"{base_url}/") as two, User(f"{base_url}/") as other:
        await one.open("ada")
        await two.open("ada")
        await other.open("grace")
        assert len(mount.registry.sessions) == 2
        one.change("entry", "x")
        await two.shows("notes", "x")


@pytest.mark.gen_test
async def test_in_a_page_for_everybody_each_is_who_they_are(serving: Serving, base_url: str) -> None:
    mount = serving(mode="broadcast")
    async with User(f"{base_url}/") as ada, User(f"{base_url}/") as grace:
        await ada.open("ada")
        await grace.open("grace")
        assert len(mount.registry.sessions) == 1
        grace.click("ask")
        await grace.shows("who", "grace")
        ada.click("ask")
        await ada.shows("who", "ada")


@pytest.mark.gen_test
async def test_what_is_a_users_is_so_in_any_browser(serving: Serving, base_url: str) -> None:
    mount = serving()
    async with User(f"{base_url}/") as one, User(f"{base_url}/") as two, User(f"{base_url}/") as other:
        for user, name in ((one, "ada"), (two, "ada"), (other, "grace")):
            await user.open(name)
        states = [session_of(mount, user).document.user for user in (one, two, other)]
        states[0].colour = "red"
        assert [state.colour for state in states] == ["red", "red", None]


def test_an_application_without_a_server_has_no_user() -> None:
    auth = Desk(None).auth  # type: ignore[arg-type]
    assert not auth.is_authenticated
    assert auth.username == ""


# -- the end


@pytest.mark.gen_test
async def test_signing_out_ends_the_pages_of_that_browser(serving: Serving, base_url: str) -> None:
    mount = serving()
    async with User(f"{base_url}/") as here, User(f"{base_url}/") as elsewhere:
        await here.open("ada")
        await elsewhere.open("ada")
        tab = User(f"{base_url}/", here.agent)
        await tab.open()
        here.click("leave")
        while True:
            frame = await here.frame()
            going = [operation[1] for operation in frame.get("ops", ()) if operation[0] == "go"]
            if going:
                break
        page = await here.agent.get(urljoin(here.url, going[0]))
        assert b"You are signed out" in page.body
        # The one goes by itself; the other is told.
        for gone, code in ((here, 1000), (tab, 4002)):
            assert (await gone.closed())[0] == code
            assert await gone.refused() == 4002
        elsewhere.click("ask")
        await elsewhere.shows("who", "ada")
        assert len(mount.guard.sign_ins) == 1
        # Another user of the same browser gets a page of their own.
        late = User(f"{base_url}/", here.agent)
        await late.open("grace")
        assert late.token != here.token
        here.cookies = here.agent.cookies["localhost"]
        assert await here.refused() == 4002
        await late.leave()


@pytest.mark.gen_test
async def test_another_page_is_not_sent_away_when_somebody_signs_out_of_one_for_everybody(
    serving: Serving, base_url: str
) -> None:
    serving(mode="broadcast")
    async with User(f"{base_url}/") as ada, User(f"{base_url}/") as grace:
        await ada.open("ada")
        await grace.open("grace")
        ada.click("leave")
        await ada.closed()
        grace.click("ask")
        seen: list[Any] = []
        while "who" not in str(seen):
            seen.append(await grace.frame())
        assert "sign-out" not in str(seen)


@pytest.mark.gen_test
async def test_a_user_whose_pages_have_gone_can_be_signed_out(serving: Serving, base_url: str) -> None:
    mount = serving()
    visitor = User(f"{base_url}/")
    await visitor.open("ada")
    desk = session_of(mount, visitor).document
    await visitor.leave()
    await until(lambda: not desk.session.connection_count)
    desk.sign_out()
    assert len(mount.guard.sign_ins) == 0
    # And nobody twice.
    desk.sign_out()
    assert b"You are signed out" in (await visitor.agent.get(visitor.url)).body


@pytest.mark.gen_test
async def test_nobody_is_signed_out_who_has_not_signed_in(serving: Serving, base_url: str) -> None:
    serving(Shop)
    async with User(f"{base_url}/") as visitor:
        await visitor.open()
        visitor.click("leave")
        visitor.click("ask")
        await visitor.shows("who", "nobody")


@pytest.mark.gen_test
async def test_a_page_goes_on_after_its_user_has_signed_in_again(serving: Serving, base_url: str) -> None:
    mount = serving()
    async with User(f"{base_url}/") as visitor:
        await visitor.open("ada")
        visitor.change("entry", "a")
        await visitor.shows("notes", "a")
        (sign_in,) = mount.guard.sign_ins
        mount.guard.sign_ins.end(sign_in, signed_out=False)
        assert (await visitor.closed())[0] == 4001
        assert await visitor.refused() == 4001
        session = session_of(mount, visitor)
        (connection,) = session.connections.values()
        assert connection.lifetime == mount.settings.lost_lifetime
        await visitor.enter("ada")
        hello = await visitor.connect()
        assert hello["resumed"]
        visitor.change("entry", "b")
        await visitor.shows("notes", "ab")
        assert session.document.auth.is_authenticated


@pytest.mark.gen_test
async def test_a_page_whose_user_has_expired_is_not_for_the_next_one(serving: Serving, base_url: str) -> None:
    mount = serving()
    async with User(f"{base_url}/") as visitor:
        await visitor.open("ada")
        (sign_in,) = mount.guard.sign_ins
        mount.guard.sign_ins.end(sign_in, signed_out=False)
        await visitor.closed()
        await visitor.enter("grace")
        assert await visitor.refused() == 4002


@pytest.mark.gen_test
async def test_a_sign_in_lasts_as_long_as_was_said(serving: Serving, base_url: str) -> None:
    serving(auth=BasicAuth(USERS, lifetime=0.3))
    async with User(f"{base_url}/") as visitor:
        await visitor.open("ada")
        assert (await visitor.closed())[0] == 4001
        assert b"Password" in (await visitor.agent.get(visitor.url)).body


# -- where not everybody has to


class Shop(Desk):
    requires_auth = False


@pytest.mark.gen_test
async def test_who_need_not_sign_in_may(serving: Serving, base_url: str) -> None:
    mount = serving(Shop)
    async with User(f"{base_url}/") as visitor:
        await visitor.open()
        session = session_of(mount, visitor)
        assert not session.document.auth.is_authenticated
        assert session.document.auth.subject
        visitor.click("ask")
        await visitor.shows("who", "nobody")
        anonymous = visitor.token, visitor.seq
        await visitor.leave()
        await visitor.open("ada")
        visitor.click("ask")
        await visitor.shows("who", "ada")
        await visitor.leave()
        # The page from before is not taken over by the user.
        visitor.token, visitor.seq = anonymous
        assert await visitor.refused() == 4002


@pytest.mark.gen_test
async def test_a_route_may_differ_from_its_class(serving: Serving, base_url: str) -> None:
    serving(Shop, "/shop", requires_auth=True)
    response = await Agent().get(f"{base_url}/shop")
    assert b"Password" in response.body


@pytest.mark.gen_test
async def test_below_a_prefix_the_user_returns_to_the_page(serving: Serving, base_url: str) -> None:
    serving(Desk, "/office/desk")
    agent = Agent()
    page = await agent.get(f"{base_url}/office/desk/?a=1")
    page = await agent.fill_in(page, username="ada", password="ada's")
    assert agent.at == f"{base_url}/office/desk/?a=1"
    assert b"Who?" in page.body


def test_who_has_to_sign_in_must_be_able_to() -> None:
    class Locked(MainApp):
        requires_auth = True

    with pytest.raises(SettingsError, match="Locked: requires_auth"):
        Locked.handlers(server=Server("test"))


def test_the_environment_names_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIBE_LIKE_OIDC_ISSUER", "https://id.example")
    monkeypatch.setenv("JIBE_LIKE_OIDC_CLIENT_ID", "shop")
    server = Server("test")
    mounts = [each.handlers(server=server)[0][2]["mount"] for each in (Desk, Shop)]
    assert [mount.requires_auth for mount in mounts] == [True, False]
    assert isinstance(mounts[0].guard.provider, OIDC)
    assert mounts[0].guard is mounts[1].guard
    monkeypatch.delenv("JIBE_LIKE_OIDC_CLIENT_ID")
    with pytest.raises(SettingsError, match="client_id"):
        Desk.handlers(server=Server("test"))


@pytest.mark.gen_test
async def test_applications_of_one_server_share_a_sign_in(serving: Serving, base_url: str, app: Any) -> None:
    server = Server("test", auth=BasicAuth(USERS))
    app.add_handlers(".*", [*Desk.handlers("/one", server=server), *Shop.handlers("/two", server=server)])
    agent = Agent()
    page = await agent.get(f"{base_url}/one/")
    await agent.fill_in(page, username="ada", password="ada's")
    async with User(f"{base_url}/two/", agent) as visitor:
        await visitor.open()
        visitor.click("ask")
        await visitor.shows("who", "ada")
    await server.stop()


@pytest.mark.gen_test
async def test_functions_know_their_user(serve: Serve) -> None:
    server = Server("queries", auth=BasicAuth(USERS))

    @query_app("/", server=server)
    async def desk(q: Query) -> None:
        q.page.children = [Label(f"Hello, {q.auth.username}")]

    @query_app("/shop", server=server, requires_auth=False)
    async def shop(q: Query) -> None:
        q.page.children = [Label(f"Hello, {q.auth.username or 'stranger'}")]

    url = serve(server.make_tornado_app())
    agent = Agent()
    assert b"Hello, stranger" in (await agent.get(f"{url}shop")).body
    page = await agent.fill_in(await agent.get(url), username="ada", password="ada's")
    assert b"Hello, ada" in page.body
    assert b"Hello, ada" in (await agent.get(f"{url}shop")).body


# -- files


@pytest.mark.gen_test
async def test_files_of_an_application_are_for_its_users(serving: Serving, base_url: str, tmp_path: Path) -> None:
    (tmp_path / "plan.txt").write_text("secret")

    class Office(Desk):
        assets_path = {"from": str(tmp_path), "to": "/files"}

    serving(Office)
    agent = Agent()
    assert (await agent.get(f"{base_url}/files/plan.txt")).code == 403
    visitor = User(f"{base_url}/", agent)
    await visitor.enter("ada")
    assert (await agent.get(f"{base_url}/files/plan.txt")).body == b"secret"


# -- behind a proxy


@pytest.mark.gen_test
async def test_a_proxys_users(serving: Serving, base_url: str) -> None:
    mount = serving(auth=ProxyAuth(header="X-User", trusted=["127.0.0.0/8", "::1"], sign_out="/oauth2/sign_out"))
    async with Visitor(f"{base_url}/") as visitor:
        assert (await visitor.load(**{"X-User": "ada"})).code == 200
        visitor.seq = None
        await visitor.connect(**{"X-User": "ada"})
        await visitor.until(lambda: visitor.page is not None)
        visitor.click("ask")
        await visitor.shows("who", "ada")
        (session,) = mount.registry.sessions.values()
        url = session.document.auth.sign_in.keeper.way_out("/", session.document.auth.sign_in)
        response = await AsyncHTTPClient().fetch(
            urljoin(visitor.url, url), headers={"X-User": "ada"}, follow_redirects=False, raise_error=False
        )
        assert (response.code, response.headers["Location"]) == (303, "/oauth2/sign_out")
        await visitor.leave()
        with pytest.raises(EOFError, match="4002"):
            await visitor.connect(**{"X-User": "grace"})
        with pytest.raises(EOFError, match="4002"):
            await visitor.connect()


@pytest.mark.gen_test
@pytest.mark.parametrize("now", [{}, {"X-User": "grace"}], ids=["nobody", "another"])
async def test_a_page_that_is_open_asks_the_proxy_again(serving: Serving, base_url: str, now: dict[str, str]) -> None:
    """A socket says once whose it is, and may be open for days."""
    mount = serving(auth=ProxyAuth(header="X-User", trusted=["127.0.0.0/8", "::1"], recheck_interval=0.3))
    ada = {"X-User": "ada"}
    async with Visitor(f"{base_url}/") as visitor:
        await visitor.load(**ada)
        visitor.seq = None
        await visitor.connect(**ada)
        await visitor.until(lambda: visitor.page is not None)
        visitor.change("entry", "kept")
        await visitor.shows("notes", "kept")
        assert (await visitor.closed())[0] == 1012
        # It is waited for as one that was lost, and goes on.
        assert (await visitor.connect(**ada))["resumed"] is True
        visitor.change("entry", "!")
        await visitor.shows("notes", "kept!")
        assert (await visitor.closed())[0] == 1012
        with pytest.raises(EOFError, match="4002"):
            await visitor.connect(**now)
        (session,) = mount.registry.sessions.values()
        assert session.connection_count == 0


@pytest.mark.gen_test
async def test_a_proxy_may_be_asked_once(serving: Serving, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ProxyAuth(header="X-User", trusted=["127.0.0.0/8", "::1"])
    assert asked.recheck_interval == 300
    serving(auth=ProxyAuth(header="X-User", trusted=["127.0.0.0/8", "::1"], recheck_interval=0))
    async with Visitor(f"{base_url}/") as visitor:
        await visitor.load(**{"X-User": "ada"})
        visitor.seq = None
        await visitor.connect(**{"X-User": "ada"})
        await visitor.until(lambda: visitor.page is not None)
        visitor.click("ask")
        await visitor.shows("who", "ada")


@pytest.mark.gen_test
async def test_a_page_that_polls_says_whose_it_is_each_time(serving: Serving, base_url: str) -> None:
    serving(auth=ProxyAuth(header="X-User", trusted=["127.0.0.0/8", "::1"]))
    visitor = Visitor(f"{base_url}/")
    await visitor.load(**{"X-User": "ada"})

    async def post(body: Any, user: str, poll: str = "") -> Any:
        headers = {"Content-Type": "application/json", **({"X-User": user} if user else {})}
        request = HTTPRequest(
            f"{base_url}/poll" + (f"?poll={poll}" if poll else ""),
            "POST",
            headers=visitor._headers(headers),
            body=json_encode(body),
        )
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    opened = json_decode((await post({"token": visitor.token, "seq": 0}, "ada")).body)
    event = {"events": [{"n": 1, "id": "ask", "event": "click"}]}
    for user in ("grace", ""):
        assert (await post(event, user, opened["poll"])).code == 410
        assert (await post({}, user, opened["poll"])).code == 410
        refused = json_decode((await post({"token": visitor.token, "seq": 0}, user)).body)
        assert refused["close"]["code"] == 4002
    assert (await post(event, "ada", opened["poll"])).code == 204


# -- the store


def content_of(folder: Path) -> bytes:
    """All that was stored."""
    return b"".join(path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".secret"))


@pytest.mark.gen_test
async def test_a_restart_ends_neither_sign_in_nor_session(
    app: tornado.web.Application, http_server: HTTPServer, base_url: str, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/jibe.db"
    server = Server("test")
    app.add_handlers(".*", Desk.handlers(server=server, store=store, auth=BasicAuth(USERS)))
    visitor = User(f"{base_url}/")
    await visitor.open("ada")
    visitor.change("entry", "kept")
    await visitor.shows("notes", "kept")
    visitor.click("ask")
    await visitor.shows("who", "ada")
    await server.stop()
    await visitor.closed()
    secrets = [value for name, value in visitor.cookies.items() if "auth" in name]
    content = content_of(tmp_path)
    assert secrets
    assert all(secret.encode() not in content for secret in secrets)

    after = Server("test")
    app.wildcard_router.rules.clear()
    app.default_router.rules.clear()
    app.add_handlers(".*", Desk.handlers(server=after, store=store, auth=BasicAuth(USERS)))
    hello = await visitor.connect()
    assert hello["resumed"]
    session = session_of(next(iter(after.mounts.values())), visitor)
    assert session.restored
    assert session.document.notes.value == "kept"
    # What the application kept of the user is of today's sign-in.
    assert session.document.kept.is_authenticated
    assert session.document.kept.username == "ada"
    await visitor.leave()
    await after.stop()


@pytest.mark.gen_test
async def test_a_store_that_cannot_be_read_is_no_reason_to_sign_in_again(
    serving: Serving, base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mount = serving(store=f"sqlite:///{tmp_path}/jibe.db")
    visitor = User(f"{base_url}/")
    await visitor.open("ada")
    await visitor.leave()

    async def find(self: SignIns, ticket: Any) -> None:
        raise StoreError("the file is locked")

    with monkeypatch.context() as patched:
        patched.setattr(SignIns, "find", find)
        patched.setattr(SignIns, "find_now", lambda self, ticket: None)
        assert await visitor.refused() == 1013
        assert (await visitor.load()).code == 503
    caplog.clear()
    assert (await visitor.connect())["resumed"]
    await visitor.leave()
    assert mount.guard is not None
