"""What the log says of those who sign in, at its most talkative: no secret, and nothing that they have made up."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
import tornado.web
from argon2 import PasswordHasher
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer

from jibe_like import OIDC, BasicAuth, Button, Connection, Label, MainApp, ProxyAuth, Server, Settings
from jibe_like.errors import SignInRefusedError
from jibe_like.session.auth.auth import Auth, SignIn
from tests.integration.visitor import Visitor
from tests.oidc.agent import Agent
from tests.oidc.provider import PASSWORD, OpenIDProvider

SECRET = "the-secret-of-this-server-0123456789"
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Desk(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        leave = Button("Sign out", identifier="leave")
        leave.register("click", self.sign_out)
        self.children = [Label(self.auth.username, identifier="who"), leave]


def listen(caplog: pytest.LogCaptureFixture) -> None:
    """Everything is logged, each step of the event loop included."""
    caplog.set_level(logging.DEBUG)
    for name in logging.root.manager.loggerDict:
        caplog.set_level(logging.DEBUG, name)
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0


def text_of(caplog: pytest.LogCaptureFixture) -> str:
    formatter = logging.Formatter("%(name)s %(message)s %(user)s %(session)s", defaults={"user": "", "session": ""})
    return "\n".join(formatter.format(record) for record in caplog.records)


def tokens_of(sign_in: SignIn) -> set[str]:
    tokens = sign_in.tokens
    return {token for token in (tokens.access_token, tokens.refresh_token, tokens.id_token) if token}


@pytest.mark.gen_test(timeout=60)
async def test_no_secret_is_in_the_log(
    app: tornado.web.Application,
    http_server: HTTPServer,
    base_url: str,
    openid: OpenIDProvider,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    listen(caplog)
    fails: list[bool] = []

    def allow(claims: Any) -> bool:
        if fails:
            raise LookupError("on purpose")
        return True

    client = openid.register(f"{base_url}/")
    auth = OIDC(issuer=openid.issuer, client_id=client.client_id, client_secret=client.client_secret, allow=allow)
    server = Server("log", settings=Settings(secret=SECRET, store=f"sqlite:///{tmp_path}/jibe.db", debug=True))
    app.add_handlers(".*", Desk.handlers(server=server, auth=auth))
    [mount] = server.mounts.values()
    assert mount.guard is not None
    secrets, agents = {SECRET, client.client_secret, PASSWORD}, [Agent() for _ in range(4)]
    openid.command("accessTokens", seconds=10)

    # In by a code that is used twice, after one that was refused and one that a mistake has kept from it.
    openid.fault("wrong-nonce")
    callbacks = [await agents[0].until_callback(base_url)]
    assert (await agents[0].get(callbacks[0])).code == 403
    openid.fault()
    fails.append(True)
    callbacks.append(await agents[1].until_callback(base_url))
    assert (await agents[1].get(callbacks[1])).code == 503
    fails.clear()
    callbacks.append(await agents[3].until_callback(base_url, "grace"))
    thief = Agent({host: dict(jar) for host, jar in agents[3].cookies.items()})
    assert b"grace" in (await agents[3].get(callbacks[2])).body
    assert (await thief.get(callbacks[2])).code == 403
    [sign_in] = mount.guard.sign_ins
    secrets |= tokens_of(sign_in)
    mount.guard.sign_ins.end(sign_in, signed_out=True)
    callbacks.append(await agents[2].until_callback(base_url))
    assert b"ada" in (await agents[2].get(callbacks[3])).body
    # A handler that fails outright.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mount.guard.attempts, "find", lambda *_: 1 / 0)
        assert (await agents[2].get(callbacks[3])).code == 500

    # Another token; a page; no more tokens.
    [sign_in] = mount.guard.sign_ins
    secrets |= tokens_of(sign_in)
    await Auth(sign_in).ensure_fresh_token()
    secrets |= tokens_of(sign_in)
    page = Visitor(base_url)
    page.cookies = agents[2].cookies["localhost"]
    await page.load()
    secrets.add(page.token)
    secrets.add((await page.connect())["token"])
    sign_in.tokens.refresh_token = "a-refresh-token-of-nobody"
    secrets.add("a-refresh-token-of-nobody")
    sign_in.tokens.expires = time.time() + 1e6
    mount.guard.sign_ins._save(sign_in)
    sign_in.tokens.expires = 1.0
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(mount.guard.sign_ins._records), "newer_tokens", lambda *_: asyncio.sleep(0))
        with pytest.raises(SignInRefusedError):
            await Auth(sign_in).ensure_fresh_token()
    await page.closed()

    # In again, and out.
    await agents[2].get(f"{base_url}/")
    page.cookies = agents[2].cookies["localhost"]
    [sign_in] = mount.guard.sign_ins
    secrets |= tokens_of(sign_in)
    way_out = mount.guard.way_out("/", sign_in)
    secrets.add(parse_qs(urlsplit(way_out).query)["ticket"][0])
    bad = openid.command("sign", claims={"iss": "nobody"}, header={})
    secrets |= {bad, bad.rpartition(".")[2]}
    assert (await agents[2].post(f"{base_url}/_auth/back-channel-logout", {"logout_token": bad})).code == 400
    assert (await agents[2].get(urljoin(base_url, way_out.replace("ticket=", "ticket=x")))).code == 403
    await agents[2].get(urljoin(base_url, way_out))
    await server.stop()

    for url in callbacks:
        found = parse_qs(urlsplit(url).query)
        secrets |= {found["code"][0], found["state"][0]}
    for agent in agents:
        for line in agent.set_cookies:
            name, _, value = line.partition(";")[0].partition("=")
            if name.startswith("jibe_") and len(value) > 20:
                secrets |= {value, value.rpartition(".")[2]}
    for url in (url for agent in agents for url in agent.hops if "nonce=" in url):
        found = parse_qs(urlsplit(url).query)
        secrets |= {found["nonce"][0], found["code_challenge"][0]}
    written = text_of(caplog)
    assert "on purpose" in written
    assert "ZeroDivisionError" in written
    assert "Executing" in written
    assert "/_auth/callback" in written
    assert "has to sign in again" in written
    assert len(secrets) > 30
    assert {secret for secret in secrets if secret in written} == set()
    caplog.clear()


@pytest.mark.gen_test
async def test_no_password_is_in_the_log(
    app: tornado.web.Application, http_server: HTTPServer, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    listen(caplog)
    server = Server("log")
    app.add_handlers(".*", Desk.handlers(server=server, auth=BasicAuth({"ada": HASHER.hash("the-right-password")})))
    agent = Agent()
    form = await agent.get(base_url)
    form = await agent.fill_in(form, username="ada", password="a-wrong-password")
    form = await agent.fill_in(form, username="a-password-in-the-wrong-field", password="")
    await agent.post(f"{base_url}/_auth/sign-in", {"state": "x", "password": "for-no-attempt"})
    await agent.fill_in(form, username="ada", password="the-right-password")
    await server.stop()
    written = text_of(caplog)
    assert "has signed in" in written
    for secret in ("the-right-password", "a-wrong-password", "a-password-in-the-wrong-field", "for-no-attempt"):
        assert secret not in written
    caplog.clear()


FORGED = "\r\n2026-01-01 CRITICAL jibe_like forged \x1b[31m\u2028\x00\x85"


def of_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """No record is more than it seems to be. A traceback has lines of its own."""
    for record in caplog.records:
        for text in (
            record.getMessage(),
            *(getattr(record, name, "") for name in ("user", "session", "widget", "event")),
        ):
            assert text.isprintable(), f"{record.name}: {text!r}"


@pytest.mark.gen_test
async def test_nobody_writes_lines_of_their_own(
    app: tornado.web.Application,
    http_server: HTTPServer,
    base_url: str,
    openid: OpenIDProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = openid.register(f"{base_url}/")
    auth = OIDC(issuer=openid.issuer, client_id=client.client_id, client_secret=client.client_secret)
    server = Server("log", settings=Settings(trusted_proxies=["127.0.0.1", "::1"], handshakes_burst=3))
    app.add_handlers(".*", Desk.handlers(server=server, auth=auth))
    forged = quote(FORGED, safe="")
    agent = Agent()
    for argument in ("error", "iss", "code", "error_description"):
        await agent.get(f"{base_url}/", follow=True)
        asked = next(url for url in reversed(agent.hops) if "state=" in url)
        state = parse_qs(urlsplit(asked).query)["state"][0]
        more = "" if argument != "error_description" else "&error=access_denied"
        await agent.get(f"{base_url}/_auth/callback?state={state}&{argument}={forged}{more}")
    for path in ("sign-in?next=", "sign-out?ticket=", "signed-out?next=", "callback?state="):
        await agent.get(f"{base_url}/_auth/{path}{forged}")
    await agent.get(f"{base_url}/_auth/{forged}")
    url = f"{base_url}/_auth/back-channel-logout"
    for claims in ({"iss": FORGED}, {"sub": FORGED, "events": FORGED}, {"jti": FORGED}):
        token = openid.command("sign", claims=claims, header={})
        await agent.post(url, {"logout_token": token})
    await agent.post(url, {"logout_token": FORGED})
    assert b"ada" in (await agent.sign_in(f"{base_url}/?a={forged}")).body
    page = Visitor(f"{base_url}/?a={forged}")
    page.cookies = agent.cookies["localhost"]
    await page.load()
    await page.connect()
    page.send(FORGED, "click")
    page.send("who", FORGED)
    page.post(json.dumps({"id": "who", "event": "change", "properties": {FORGED: FORGED}}))
    page.post(FORGED)
    page.post({"n": 9, "id": ".", "event": "trigger", "data": {"call": 1, "name": FORGED, "args": [], "kwargs": {}}})
    page.post({"n": 10, "id": ".", "event": "answer", "data": {"call": 0, "error": FORGED}})
    page.click("who")
    await page.handled()
    await page.leave()
    for header in ("X-Forwarded-For", "Origin", "User-Agent", "Cookie", "Referer"):
        for _ in range(4):
            await AsyncHTTPClient().fetch(f"{base_url}/", headers={header: "1.2.3.4, \x85\xa0é"}, raise_error=False)
    await server.stop()
    assert len(caplog.records) > 20
    assert re.search("forged", text_of(caplog))
    of_one_line(caplog)
    caplog.clear()


@pytest.mark.gen_test
async def test_nor_does_a_proxys_user(
    app: tornado.web.Application, http_server: HTTPServer, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server("log")
    auth = ProxyAuth(header="X-User", trusted=["10.0.0.0/8"])
    app.add_handlers(".*", Desk.handlers(server=server, auth=auth))
    await AsyncHTTPClient().fetch(f"{base_url}/_auth/sign-in", headers={"X-User": "a\x85b"}, raise_error=False)
    await server.stop()
    assert "no trusted proxy" in caplog.text
    of_one_line(caplog)
    caplog.clear()


def test_a_users_name_is_of_one_line() -> None:
    sign_in = SignIn(issuer=FORGED, subject=FORGED, username=FORGED, email=FORGED, issuer_session=FORGED)
    assert repr(sign_in).isprintable()
    assert repr(Auth(sign_in)).isprintable()
