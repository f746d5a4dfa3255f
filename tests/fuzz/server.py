"""A server in this process and thread that takes one request after the other."""

import asyncio
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application

from jibe_like import BasicAuth, Button, Connection, Input, Label, MainApp, Settings
from jibe_like import Server as AppServer
from jibe_like.web.mount import Mount

POLL: Final = b"{poll}"
"""Stands in a request for the name of a poll that is open."""

_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")
_OPEN: Final = b"POST /poll HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Form(MainApp):
    """Something to press, something to fill in."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.shown = Label("", identifier="shown")
        self.entry = Input(connection.visit.arguments.get("entry", ""), identifier="entry")
        self.entry.register("change", self.on_entry)
        self.children = [Button("Go", identifier="go"), self.entry, self.shown]

    def on_entry(self) -> None:
        self.shown.value = self.entry.value


class Locked(Form):
    """The same, for those who sign in."""

    requires_auth = True


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Server:
    """Serves a `Form` to one request after the other."""

    def __init__(self) -> None:
        self._errors = _Errors()
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start())

    async def _start(self) -> None:
        settings = Settings(
            prerendered_lifetime=0, unused_lifetime=0, lost_lifetime=0, check_interval=0.001, events_per_second=1e9
        )
        server = AppServer("fuzz")
        rules = Form.handlers("", settings=settings, server=server)
        self._mount: Mount = rules[0][2]["mount"]
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        locked = Locked.handlers(
            "/locked", settings=settings, auth=BasicAuth({"ada": hasher.hash("secret")}), server=server
        )
        self._server = HTTPServer(Application([*locked, *rules]))
        self._poll = b""

    def request(self, data: bytes) -> None:
        """Lines of the head, a blank line, the body. Length and host are added where the head does not say them.

        Raises AssertionError for an answer with a status of 500 and above, and for an error in the log.
        """
        with self._listening():
            self._loop.run_until_complete(self._request(data))

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Errors are kept, and nothing below is logged, which takes time."""
        loggers = [logging.getLogger(name) for name in ("jibe_like", "tornado")]
        levels = [logger.level for logger in loggers]
        logging.getLogger().addHandler(self._errors)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(self._errors)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)

    async def _request(self, data: bytes) -> None:
        if POLL in data:
            data = data.replace(POLL, await self._open_poll())
        head, _, body = data.partition(b"\n\n")
        lines = head.split(b"\n")
        names = {line.partition(b":")[0].strip().lower() for line in lines}
        if b"host" not in names:
            lines.append(b"Host: x")
        if not names & {b"content-length", b"transfer-encoding"}:
            lines.append(b"Content-Length: %d" % len(body))
        answer = await self._answer(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self._forget()
        status = _STATUS.match(answer)
        assert status is None or status[1] < b"500", answer[:2000]
        records, self._errors.records = self._errors.records, []
        assert not records, records[0].getMessage()

    async def _open_poll(self) -> bytes:
        if self._poll.decode() not in self._mount.polls:
            before = set(self._mount.polls)
            await self._answer(_OPEN)
            [opened] = set(self._mount.polls) - before
            self._poll = opened.encode()
        return self._poll

    def _forget(self) -> None:
        """Whoever has come is gone: the next request finds the server as this one has."""
        for name, poll in tuple(self._mount.polls.items()):
            if name != self._poll.decode():
                poll.end()

    async def _answer(self, request: bytes) -> bytes:
        """The bytes that come back until the server has nothing more to say."""
        ours, theirs = socket.socketpair()
        stream = IOStream(ours)
        self._server.handle_stream(IOStream(theirs), ("127.0.0.1", 0))
        try:
            await stream.write(request)
            ours.shutdown(socket.SHUT_WR)
            return await stream.read_until_close()
        finally:
            stream.close()
