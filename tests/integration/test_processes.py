"""Several processes on one file: whoever has signed in at one of them has at all, and whoever has signed out, too."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.integration.visitor import Visitor, until
from tests.oidc.agent import Agent
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
