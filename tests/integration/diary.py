"""A diary, its owner at a page of it, and a thief who has something of theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jibe_like import Button, Connection, Input, Label, MainApp, session
from jibe_like.session.registry import Registry
from jibe_like.session.session import Session
from tests.integration.visitor import Visitor


class Diary(MainApp):
    """What its owner writes down, and gets as a file."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.entry, self.shown = Input("", identifier="entry"), Label("", identifier="shown")
        self.entry.register("change", self.write)
        save = Button("Save", identifier="save")
        save.register("click", lambda: session.download("diary.txt", self.shown.value))
        self.children = [self.entry, self.shown, save]

    def write(self) -> None:
        self.shown.value = self.entry.value
        if self.entry.value == "with an appendix":
            self.children.append(Button("Appendix", identifier="appendix"))


def diary(session: Session) -> Diary:
    assert isinstance(session.document, Diary)
    return session.document


async def write(page: Visitor, text: str) -> None:
    """Opens the page and writes into the diary."""
    await page.load()
    page.seq = None
    await page.connect()
    page.change("entry", text)
    await page.until(lambda: page.page is not None and page.text("shown") == text)


@dataclass(frozen=True)
class Scene:
    """The owner has written into their diary; the thief has not opened a page yet."""

    registry: Registry
    page: Visitor
    victim: Session
    """The owner's."""
    thief: Visitor

    async def thief_gets_nothing(self) -> None:
        """They get an application of their own when they connect now, and the owner's goes on."""
        assert (await self.thief.connect())["resumed"] is False
        await self.thief.until(lambda: self.thief.page is not None)
        assert self.thief.text("shown") == ""
        self.thief.change("entry", "scribbled")
        await self.thief.shows("shown", "scribbled")
        assert diary(self.victim).shown.value == "dear diary"
        assert self.registry.sessions[self.victim.id] is self.victim


@asynccontextmanager
async def written(registry: Registry, url: str, text: str = "dear diary", sessionid: str = "") -> AsyncIterator[Scene]:
    """The diaries of the registry are at this URL.

    :param sessionid: a cookie that both browsers have from elsewhere.
    """
    async with Visitor(url) as page, Visitor(url) as thief:
        if sessionid:
            page.cookies["sessionid"] = thief.cookies["sessionid"] = sessionid
        await write(page, text)
        [victim] = registry.sessions.values()
        yield Scene(registry, page, victim, thief)
