"""A page without a browser that loses nothing: it numbers, keeps and sends again as docs/protocol.md says."""

import asyncio
import contextlib
import json
from typing import Any

from tornado.httpclient import HTTPError, HTTPResponse
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from tests.integration.visitor import Frame, Visitor
from tests.mirror import Page as Mirror

LOST = (OSError, EOFError, HTTPError, StreamClosedError, WebSocketClosedError)
"""What a server that goes away looks like."""


class Page(Visitor):
    """A page of `Counter`, whose connection may be lost at any time; what it sends meanwhile waits.

    :param url: the page's address.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.got = 0
        """Number of the last event that the server has handled."""
        self.stored = 0
        """Number of the last event that the server has stored."""
        self.durable = False
        self.losses = 0
        """How often the session was gone."""
        self.connects = 0
        self.repeats = 0
        """Frames that came again, and were not applied again."""
        self.sent_again = 0
        self.beginnings = 0
        """How often the session had to begin again, since it was in no store yet."""
        self._kept: dict[int, Frame] = {}
        self._greeted = False

    async def come_back(self, deadline: float) -> None:
        """Connects, and tries again while that fails. Raises TimeoutError at the deadline (by the loop's clock)."""
        async with asyncio.timeout_at(deadline):
            while True:
                with contextlib.suppress(*LOST):
                    await self.connect()
                    return
                await self.hang_up()
                await asyncio.sleep(0.1)

    async def load(self, method: str = "GET", **headers: str) -> HTTPResponse:
        """Gets the page. What it shows is left to the first frame."""
        response = await super().load(method, **headers)
        self.seq = None
        return response

    async def connect(self, **headers: str) -> Frame:
        first, self._greeted = self.connects == 0, False
        hello = await super().connect(**headers)
        self.connects += 1
        self.durable = "kept" in hello
        if hello["resumed"]:
            self.beginnings += self.got > hello["got"] == 0
            self.got = hello["got"]
            self._free(hello.get("kept", self.got))
            for number, message in self._kept.items():
                if number > self.got:
                    self.sent_again += 1
                    self.post(message)
        elif not first:
            self.losses += 1
        self._greeted = True
        while self.page is None:
            await self.frame()
        return hello

    async def frame(self) -> Frame:
        text = await self.socket.read_message()
        if text is None:
            self._greeted = False
            code, reason = self._forget_socket()
            raise EOFError(f"the socket has closed: {code} {reason}")
        frame: Frame = json.loads(text)
        self._free(frame.get("kept", 0))
        if "got" in frame:
            self.got = frame["got"]
            if not self.durable:
                self._free(self.got)
        if "seq" in frame and (self.seq is None or frame["seq"] > self.seq):
            self.seq = frame["seq"]
            if "root" in frame:
                self.page = Mirror(frame["root"])
            elif self.page is not None:
                self.page.apply(frame["ops"])
        elif "seq" in frame:
            self.repeats += 1
        return frame

    def send(self, identifier: str, event: str, **more: Any) -> int:
        self.sent += 1
        message = {"n": self.sent, "id": identifier, "event": event, **more}
        self._kept[self.sent] = message
        if self._greeted:
            with contextlib.suppress(*LOST):
                self.post(message | ({} if self.seq is None else {"ack": self.seq}))
        return self.sent

    def add(self) -> None:
        """Clicks, and says how many clicks that makes."""
        self.send("add", "click", data={"number": self.sent + 1})

    async def catch_up(self) -> None:
        """Takes in all that the server has sent until now."""
        self.post({"ping": 1})
        while "pong" not in await self.frame():
            pass

    def _free(self, number: int) -> None:
        self.stored = max(self.stored, number)
        while self._kept and (first := next(iter(self._kept))) <= number:
            del self._kept[first]

    async def hang_up(self) -> None:
        """Loses the connection, with whatever is on its way."""
        self._greeted = False
        if self._socket is not None:
            with contextlib.suppress(*LOST, AssertionError):
                self.stream.close()
            self._forget_socket()

    def shown(self) -> tuple[int, int, list[str]]:
        """What `Counter` shows: clicks, those out of turn, the newest."""
        newest = ["".join(map(str, element.children)) for element in self.element("newest").walk()][1:]
        return int(self.text("count")), int(self.text("faults")), newest
