"""What belongs to one page, session or user is of no use to anybody else, whatever of it they have stolen."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
import tornado.web
from argon2 import PasswordHasher
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.ioloop import IOLoop

from jibe_like import BasicAuth, Connection, FileUpload, MainApp, Server
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session
from jibe_like.web.mount import Mount
from tests.integration.conftest import Mounted
from tests.integration.diary import Diary, diary, write, written
from tests.integration.uploader import Uploader
from tests.integration.visitor import Visitor, until
from tests.oidc.agent import Agent

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
USERS = {name: HASHER.hash(f"{name}'s") for name in ("ada", "grace")}


async def post(page: Visitor, body: Any, poll: str = "", **headers: str) -> HTTPResponse:
    """A request to the poll of the page's application, with the page's cookies."""
    url = urljoin(page.url, "poll") + (f"?poll={poll}" if poll else "")
    request = HTTPRequest(
        url, "POST", body=json.dumps(body), headers=page._headers({"Content-Type": "application/json", **headers})
    )
    return await AsyncHTTPClient().fetch(request, raise_error=False)


# -- another origin

FOREIGN = [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://evil.example/localhost",
    "http://localhost@evil.example",
    "null",
    "file://",
    "http://[",
    "",
]


@pytest.mark.gen_test
@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_websocket_from_another_origin(mounted: Mounted, base_url: str, origin: str) -> None:
    async with written(mounted(Diary), base_url) as scene:
        with pytest.raises(HTTPClientError, match="403"):
            await scene.page.connect(Origin=origin)
        assert diary(scene.victim).shown.value == "dear diary"


@pytest.mark.gen_test
@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_poll_from_another_origin(mounted: Mounted, base_url: str, origin: str) -> None:
    async with written(mounted(Diary), base_url) as scene:
        response = await post(scene.page, {"token": scene.page.token}, Origin=origin)
        assert response.code == 403
        assert b"frames" not in response.body
        assert len(scene.registry.sessions) == 1


# -- tokens and cookies


@pytest.mark.gen_test
async def test_a_token_without_its_cookies(mounted: Mounted, base_url: str) -> None:
    async with written(mounted(Diary), base_url) as scene:
        await scene.thief.load()
        scene.thief.token, scene.thief.seq = scene.page.token, 0
        await scene.thief_gets_nothing()


@pytest.mark.gen_test
async def test_a_token_at_the_poll_of_somebody_else(mounted: Mounted, base_url: str) -> None:
    async with written(mounted(Diary), base_url) as scene:
        await scene.thief.load()
        answer = json.loads((await post(scene.thief, {"token": scene.page.token, "seq": 0})).body)
        assert [frame["hello"]["resumed"] for frame in answer["frames"] if "hello" in frame] == [False]
        assert "dear diary" not in json.dumps(answer)
        assert len(scene.victim.connections) == 1


@pytest.mark.gen_test
async def test_cookies_without_the_token(mounted: Mounted, base_url: str) -> None:
    async with written(mounted(Diary), base_url) as scene:
        scene.thief.cookies = dict(scene.page.cookies)
        await scene.thief_gets_nothing()


@pytest.mark.gen_test
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\ud800.b.c", "é", "[" * 50_000, "." * 5_000])
async def test_nonsense_for_a_token(mounted: Mounted, base_url: str, token: str) -> None:
    async with written(mounted(Diary), base_url) as scene:
        response = await post(scene.page, {"token": token, "seq": 0})
        assert response.code == 200
        assert b"dear diary" not in response.body
        assert len(scene.registry.sessions) == 2


@pytest.mark.gen_test
async def test_a_session_id_of_the_attackers_choice(mounted: Mounted, base_url: str) -> None:
    """Fixation: who has planted a `sessionid` in another's browser does not come in by it, in no mode."""
    for mode in ("unicast", "multicast"):
        planted = "planted-by-the-attacker"
        registry = mounted(Diary, f"/{mode}", mode=mode)
        async with written(registry, f"{base_url}/{mode}/", sessionid=planted) as scene:
            assert planted not in (scene.victim.id, *scene.victim.connections)
            await scene.thief.load()
            scene.thief.token, scene.thief.seq = "", None
            await scene.thief_gets_nothing()


@pytest.mark.gen_test
@pytest.mark.parametrize("forged", ["{}", "{}.", "{}.{}", ".{}", "{}.AAAA"])
async def test_an_identity_of_the_attackers_choice(mounted: Mounted, base_url: str, forged: str) -> None:
    async with written(mounted(Diary), base_url) as scene:
        [connection] = scene.victim.connections.values()
        identity = connection.visit.identity
        name = next(name for name in scene.page.cookies if name.startswith("jibe_"))
        scene.thief.cookies = {name: forged.format(identity, identity)}
        scene.thief.token, scene.thief.seq = scene.page.token, 0
        await scene.thief_gets_nothing()


# -- another session's things


@pytest.mark.gen_test
async def test_a_widget_of_another_session(mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with written(mounted(Diary), base_url, "with an appendix") as scene:
        victim, thief = scene.victim, scene.thief
        pressed: list[str] = []
        appendix = diary(victim).tree.index["appendix"]
        appendix.register("click", lambda source: pressed.append(source.identifier))
        await write(thief, "mine")
        caplog.clear()
        thief.click("appendix")
        thief.change("shown", "scribbled")
        thief.change("entry", "mine still")
        await thief.shows("shown", "mine still")
        assert pressed == []
        assert diary(victim).shown.value == "with an appendix"
        complaints = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert [complaint.partition("): ")[2] for complaint in complaints] == [
            "no such widget",
            "'value' is no property that 'change' carries",
        ]
        scene.page.click("appendix")
        await scene.page.handled()
        assert pressed == ["appendix"]


@pytest.mark.gen_test
async def test_the_poll_of_another_session(mounted: Mounted, base_url: str) -> None:
    mounted(Diary)
    async with Visitor(base_url) as page:
        await page.load()
        for name in ("x", page.token, "0" * 16):
            response = await post(page, {"events": [{"id": "entry", "event": "change"}]}, poll=name)
            assert response.code == 410


@pytest.mark.gen_test
@pytest.mark.parametrize("has", ["nothing", "a session of its own", "the token"])
async def test_a_download_of_another_session(mounted: Mounted, base_url: str, has: str) -> None:
    mounted(Diary)
    async with Visitor(base_url) as page, Visitor(base_url) as thief:
        await write(page, "dear diary")
        page.click("save")
        url = ""
        while not url:
            for operation, *args in (await page.frame()).get("ops", ()):
                url = urljoin(page.socket_url, args[0]) if operation == "download" else url
        if has != "nothing":
            await thief.load()
        if has == "the token":
            thief.token, thief.seq = page.token, 0
            assert (await thief.connect())["resumed"] is False
        for method in ("HEAD", "GET"):
            request = HTTPRequest(url, method, headers=thief._headers({}))
            assert (await AsyncHTTPClient().fetch(request, raise_error=False)).code == 404
        own = await AsyncHTTPClient().fetch(HTTPRequest(url, headers=page._headers({})))
        assert own.body == b"dear diary"


class Mail(MainApp):
    """Takes letters."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.letters = FileUpload("Letters", identifier="files", multiple=True)
        self.children = [self.letters]


@pytest.mark.gen_test
@pytest.mark.parametrize("origin", FOREIGN)
async def test_an_upload_from_another_origin(mounted: Mounted, base_url: str, origin: str) -> None:
    mounted(Mail)
    async with Uploader(base_url) as page:
        await page.begin()
        page.offer("1")
        url = await page.url_of("1")
        assert (await page.put(url, b"hello", Origin=origin or " ")).status == 403
        assert (await page.put(url, b"hello", Origin=base_url)).status == 204


@pytest.mark.gen_test
@pytest.mark.parametrize("has", ["nothing", "a session of its own", "the token"])
async def test_an_upload_of_another_session(mounted: Mounted, base_url: str, has: str) -> None:
    registry = mounted(Mail)
    async with Uploader(base_url) as page, Uploader(base_url) as thief:
        await page.begin()
        [victim] = registry.sessions.values()
        page.offer("1")
        url = await page.url_of("1")
        if has != "nothing":
            await thief.load()
        if has == "the token":
            thief.token, thief.seq = page.token, 0
            assert (await thief.connect())["resumed"] is False
            # Of what somebody else has offered, nothing can be taken over.
            thief.offer("1", again=True)
            await thief.until_stopped("1")
        assert (await thief.put(url, b"stolen")).status == 410
        assert (await page.put(url, b"hello")).status == 204
        assert isinstance(victim.document, Mail)
        assert [file.read_bytes() for file in victim.document.letters.value] == [b"hello"]


# -- another user's


class Locked(Diary):
    requires_auth = True


Serving = Callable[[], Mount]


@pytest.fixture
def serving(app: tornado.web.Application, http_server: object, io_loop: IOLoop) -> Iterator[Serving]:
    """Serves a diary that only users see."""
    server = Server("test")

    def serve() -> Mount:
        rules = Locked.handlers("", server=server, auth=BasicAuth(USERS))
        app.add_handlers(".*", rules)
        mount: Mount = rules[0][2]["mount"]
        return mount

    yield serve
    io_loop.run_sync(server.stop)


async def signed_in(page: Visitor, name: str) -> None:
    """The page is one of this user's browser."""
    agent = Agent()
    agent.cookies["localhost"] = page.cookies
    form = await agent.get(urljoin(page.url, "/_auth/sign-in"))
    await agent.fill_in(form, username=name, password=f"{name}'s")
    page.cookies = agent.cookies["localhost"]


def victim_of(registry: Registry) -> Session:
    """The session that somebody has written into; others are of pages that were not opened."""
    [found] = [session for session in registry.sessions.values() if diary(session).shown.value == "dear diary"]
    return found


class LockedMail(Mail):
    requires_auth = True


@pytest.mark.gen_test
async def test_an_upload_goes_no_further_than_the_sign_in(
    app: tornado.web.Application, http_server: object, base_url: str
) -> None:
    server = Server("mail")
    rules = LockedMail.handlers("", server=server, auth=BasicAuth(USERS))
    app.add_handlers(".*", rules)
    mount: Mount = rules[0][2]["mount"]
    async with Uploader(f"{base_url}/") as page, Uploader(f"{base_url}/") as other:
        await signed_in(page, "ada")
        await page.begin()
        page.offer("1", "2", size=1_000_000)
        url = await page.url_of("1")
        await signed_in(other, "grace")
        assert (await other.put(url, b"x" * 1_000_000)).status == 410
        async with page.sending(url, 1_000_000) as sending:
            await sending.write(b"x" * 300_000)
            [session] = [session for session in mount.registry.sessions.values() if session.uploads is not None]
            assert isinstance(session.document, Mail)
            first, second = session.document.letters.incoming
            await until(lambda: first.state == "sending")
            await signed_in(page, "grace")
            await sending.write_while_taken(b"x" * 700_000)
            await sending.closed()
        # Nor is there any more for whoever has signed in now.
        assert (first.state, second.state) == ("waiting", "waiting")
        assert mount.depot.held(session.id) == (0, 0)
    await server.stop()


@pytest.mark.gen_test
async def test_a_token_of_another_user(serving: Serving, base_url: str) -> None:
    mount = serving()
    async with Visitor(f"{base_url}/") as page, Visitor(f"{base_url}/") as thief:
        await signed_in(page, "ada")
        await write(page, "dear diary")
        victim = victim_of(mount.registry)
        await signed_in(thief, "grace")
        thief.token, thief.seq = page.token, 0
        with pytest.raises(EOFError, match="400[12]"):
            await thief.connect()
        response = await post(thief, {"token": page.token, "seq": 0})
        assert b"frames" not in response.body
        assert json.loads(response.body)["close"]["code"] in (4001, 4002)
        assert len(victim.connections) == 1


@pytest.mark.gen_test
@pytest.mark.parametrize("stolen", ["the token alone", "the anonymous cookies"])
async def test_without_the_sign_in_nothing_else_helps(serving: Serving, base_url: str, stolen: str) -> None:
    mount = serving()
    async with Visitor(f"{base_url}/") as page, Visitor(f"{base_url}/") as thief:
        await signed_in(page, "ada")
        await write(page, "dear diary")
        victim = victim_of(mount.registry)
        if stolen == "the anonymous cookies":
            assert mount.guard is not None
            proofs = mount.guard.sign_ins.cookie_names(secure=False)
            thief.cookies = {name: value for name, value in page.cookies.items() if name not in proofs}
            assert len(thief.cookies) < len(page.cookies)
        thief.token, thief.seq = page.token, 0
        with pytest.raises(EOFError, match="400[12]"):
            await thief.connect()
        assert len(victim.connections) == 1


# -- nonsense


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "page", ["/?%E1", "/?a=%E6%97%A5", "/?%F0%9F%98%80=%00", "?", "%FF", "//evil.example/?a=%EF%BF%BD"]
)
async def test_a_page_that_there_is_not(mounted: Mounted, base_url: str, page: str) -> None:
    """A socket says which page it belongs to; its visitor gets an application, whatever it says."""
    registry = mounted(Diary)
    async with Visitor(base_url) as visitor:
        visitor.socket_url = urljoin(base_url, f"/websocket?page={page}")
        await visitor.connect()
        [session] = registry.sessions.values()
        assert diary(session).shown.value == ""
