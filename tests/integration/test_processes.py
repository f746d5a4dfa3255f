"""Several processes on one file: whoever has signed in at one of them has at all, and whoever has signed out, too."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from tests.integration.visitor import Visitor, until
from tests.oidc.agent import Agent
from tests.oidc.provider import OpenIDProvider
from tests.serving import Script, ServeScript

PROGRAM = """
import os

from argon2 import PasswordHasher

from jibe_like import BasicAuth, Button, Label, MainApp

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Desk(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        leave = Button("Sign out", identifier="leave")
        leave.register("click", self.sign_out)
        self.children = [Label(self.auth.username, identifier="who"), leave]


# A sign-in holds for the hash that it was made with, salt and all.
auth = BasicAuth({name: HASHER.hash(name + "'s", salt=b"salt" * 4) for name in ("ada", "grace")})
Desk.run(int(os.environ["PORT"]), address="127.0.0.1", store="sqlite:///" + os.environ["FILE"], auth=auth)
"""
SECONDS = 10.0
"""Within which a sign-out is known everywhere; documented as some seconds."""


@pytest.fixture
def both(serve_script: ServeScript, tmp_path: Path) -> tuple[Script, Script]:
    """Two processes with the same file."""
    program = tmp_path / "desk.py"
    program.write_text(PROGRAM)
    file = str(tmp_path / "jibe.db")
    return serve_script(program, FILE=file), serve_script(program, FILE=file)


async def page_at(script: Script, agent: Agent) -> Visitor:
    """A page at this process, in the agent's browser, its socket open."""
    page = Visitor(script.url)
    page.cookies = agent.cookies["127.0.0.1"]
    assert (await page.load()).code == 200
    # As if the page had nothing of it: the whole tree comes.
    page.seq = None
    await page.connect()
    return page


async def signed_in(script: Script, name: str) -> Agent:
    agent = Agent()
    form = await agent.get(script.url)
    await agent.fill_in(form, username=name, password=f"{name}'s")
    return agent


@pytest.mark.gen_test(timeout=60)
async def test_signing_out_at_one_ends_the_pages_at_the_other(both: tuple[Script, Script]) -> None:
    here, there = both
    ada, grace = await signed_in(here, "ada"), await signed_in(here, "grace")
    thief = Agent({"127.0.0.1": dict(ada.cookies["127.0.0.1"])})
    page, other = await page_at(there, ada), await page_at(there, grace)
    leaving = await page_at(here, ada)
    leaving.click("leave")
    going = ""
    while not going:
        operations = (await leaving.frame()).get("ops", ())
        going = next((operation[1] for operation in operations if operation[0] == "go"), "")
    await ada.get(urljoin(here.url, going))
    began = time.monotonic()
    code, _ = await asyncio.wait_for(page.closed(), SECONDS)
    assert code == 4002
    assert time.monotonic() - began < SECONDS
    # A copy of the cookie is worthless there, too.
    response = await thief.get(there.url)
    assert b"You are signed out" in response.body
    page.cookies = thief.cookies["127.0.0.1"]
    with pytest.raises(EOFError, match="4002"):
        await page.connect()
    # Others notice nothing.
    other.click("who")
    await other.leave()
    assert b"grace" in (await grace.get(there.url)).body
    await leaving.closed()


@pytest.mark.gen_test(timeout=60)
async def test_whoever_is_told_to_go_on_has_signed_in_everywhere(both: tuple[Script, Script], tmp_path: Path) -> None:
    here, there = both
    await signed_in(here, "grace")
    busy = sqlite3.connect(tmp_path / "jibe.db", isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    signing_in = asyncio.create_task(signed_in(here, "ada"))
    await until(lambda: "'ada'" in here.output())
    asyncio.get_running_loop().call_later(0.3, busy.rollback)
    ada = await signing_in
    assert b"ada" in (await ada.get(there.url)).body
    busy.close()


# -- tokens

SERVICE = """
import logging
import os

from jibe_like import OIDC, Button, Label, MainApp

logging.basicConfig(level=logging.INFO)


class Desk(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        self.token = Label("", identifier="token")
        fetch = Button("Fetch", identifier="fetch")
        fetch.register("click", self.on_fetch)
        self.children = [self.token, fetch]

    async def on_fetch(self):
        self.token.value = await self.auth.ensure_fresh_token() or "none"

    def on_error(self, widget, event, error):
        self.token.value = type(error).__name__


auth = OIDC(issuer=os.environ["ISSUER"], client_id=os.environ["CLIENT"], client_secret=os.environ["SECRET"])
Desk.run(int(os.environ["PORT"]), address="127.0.0.1", store="sqlite:///" + os.environ["FILE"], auth=auth)
"""
WAITS = "another process asks for new tokens"


@pytest.fixture
def services(serve_script: ServeScript, openid: OpenIDProvider, tmp_path: Path) -> tuple[Script, Script]:
    """Two processes with the same file, whose users sign in at the provider: for an access token that is soon over."""
    program = tmp_path / "service.py"
    program.write_text(SERVICE)
    # Of a native application the provider takes each port of loopback.
    client = openid.register("http://127.0.0.1/", application_type="native", backchannel_logout_uri=None)
    openid.command("accessTokens", seconds=10)
    env = {"ISSUER": openid.issuer, "CLIENT": client.client_id, "SECRET": client.client_secret}
    env["FILE"] = str(tmp_path / "jibe.db")
    return serve_script(program, **env), serve_script(program, **env)


async def fetching(services: tuple[Script, Script], openid: OpenIDProvider) -> tuple[Visitor, Visitor]:
    """A page of the same user at each, both of which want a new token now; the provider takes its time."""
    here, there = services
    ada = Agent()
    await ada.sign_in(here.url)
    pages = await page_at(here, ada), await page_at(there, ada)
    openid.command("accessTokens", seconds=3600)
    openid.command("hold")
    asked = openid.requests("/token")
    for page in pages:
        page.click("fetch")
    await until(lambda: openid.requests("/token") + sum(WAITS in each.output() for each in services) == asked + 2)
    return pages


async def token_of(page: Visitor) -> str:
    """What the page has got."""
    await page.until(lambda: page.page is not None and page.text("token"))
    return page.text("token")


async def is_good(openid: OpenIDProvider, token: str) -> bool:
    """Whether the provider takes the token still."""
    request = HTTPRequest(f"{openid.issuer}/me", headers={"Authorization": f"Bearer {token}"})
    return (await AsyncHTTPClient().fetch(request, raise_error=False)).code == 200


@pytest.mark.gen_test(timeout=60)
async def test_two_that_want_a_new_token_at_once_ask_for_it_once(
    services: tuple[Script, Script], openid: OpenIDProvider
) -> None:
    """Else the provider sees a refresh token twice, takes it for stolen, and takes back all that it has granted."""
    asked = openid.requests("/token")
    pages = await fetching(services, openid)
    openid.command("release")
    tokens = [await token_of(page) for page in pages]
    assert tokens[0] == tokens[1]
    # One for signing in, one for the new token.
    assert openid.requests("/token") == asked + 2
    assert await is_good(openid, tokens[0])
    for page in pages:
        await page.leave()


@pytest.mark.gen_test(timeout=60)
async def test_one_that_is_killed_while_it_asks_holds_up_the_other_for_seconds(
    services: tuple[Script, Script], openid: OpenIDProvider
) -> None:
    here, there = services
    asked = openid.requests("/token")
    pages = await fetching(services, openid)
    (waits,) = [each for each in services if WAITS in each.output()]
    killed, left = (here, pages[1]) if waits is there else (there, pages[0])
    killed.kill()
    began = time.monotonic()
    await until(lambda: openid.requests("/token") == asked + 3)
    assert time.monotonic() - began < 2 * SECONDS
    openid.command("release")
    assert await is_good(openid, await token_of(left))
    await left.leave()
