"""A page's connection where websockets are blocked: the same frames, over HTTP.

The page opens a poll, asks it for frames (the answer waits until there are some), and posts its events. What was
in an answer that got lost is sent again when the page reconnects, as after a lost socket. docs/protocol.md says more.
"""

import asyncio
import contextlib
import json
import re
import time
from secrets import token_urlsafe
from typing import Any, Final

import tornado.web
from tornado.httputil import HTTPServerRequest

from jibe_like.session.connection import SIGN_IN_AGAIN, SIGNED_OUT, TRY_AGAIN
from jibe_like.session.functions.environment import environment_of

from .forwarded import believe_proxies
from .gate import Refused
from .metrics import gate_for
from .mount import Mount, identified, identity_of
from .origin import check_origin
from .security import Discreet, set_common_headers

HOLD_SECONDS: Final = 20.0
"""How long an answer waits for frames."""
GONE_SECONDS: Final = 10.0
"""How long a page may take to ask again."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Poll:
    """A connection's transport over HTTP."""

    protocol: Final = "http"

    def __init__(self, mount: Mount) -> None:
        self.id = token_urlsafe(12)
        self.gate = gate_for(mount, self)
        self.request: HTTPServerRequest | None = None
        """The request that opened it."""
        self.identity = ""
        """Who opened it."""
        self._mount = mount
        self._frames: list[bytes] = []
        self._waiting_bytes = 0
        self._closed: tuple[int, str] | None = None
        self._wake: asyncio.Event = asyncio.Event()
        self._asking = 0
        self._answered_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        mount.polls[self.id] = self
        self._expect()

    @property
    def waiting_bytes(self) -> int:
        return self._waiting_bytes

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, and its page is still to be told."""
        return self._closed is not None

    def send(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._waiting_bytes += len(frame)
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """The page is told with its next answer; it has as long for that as for any other."""
        if self._closed is None:
            self._closed = (code, reason)
            self._wake.set()
            self.gate.leave(said_goodbye=True)

    async def answer(self) -> bytes:
        """What the page gets when it asks: the frames since it last did, as soon as there are any."""
        self._asking += 1
        self._relax()
        try:
            if not self._frames and self._closed is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), HOLD_SECONDS)
            await asyncio.sleep(self._pause() - (time.monotonic() - self._answered_at))
            self._answered_at = time.monotonic()
            return self._body()
        finally:
            self._asking -= 1
            if self._closed is not None and not self._frames:
                self.end()
            elif not self._asking:
                self._expect()

    def _pause(self) -> float:
        """Seconds that are to be between two answers."""
        app = self.gate.app
        return float(environment_of(app.tree.root).get("http_pull_interval", 0)) / 1000 if app is not None else 0.0

    def first_answer(self) -> bytes:
        """What the page gets when it opens the poll."""
        return b'{"poll":%s,' % json.dumps(self.id).encode() + self._body()[1:]

    def _body(self) -> bytes:
        frames, self._frames = self._frames, []
        self._waiting_bytes = 0
        self._wake.clear()
        body = b'{"frames":[' + b",".join(frames) + b"]"
        if self._closed is not None:
            code, reason = self._closed
            body += b',"close":' + json.dumps({"code": code, "reason": reason}).encode()
        return body + b"}"

    def end(self) -> None:
        """Forgets the poll. Its page, if it comes, is told that it is gone."""
        self._relax()
        self._mount.polls.pop(self.id, None)
        self.gate.leave(said_goodbye=False)
        self._wake.set()

    def _expect(self) -> None:
        self._relax()
        self._timer = asyncio.get_running_loop().call_later(GONE_SECONDS, self.end)

    def _relax(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@tornado.web.stream_request_body
class PollHandler(Discreet):
    """Serves the polls of an application's pages."""

    def initialize(self, mount: Mount) -> None:
        self.mount = mount
        self._body = bytearray()
        believe_proxies(self.request, mount.settings)

    def prepare(self) -> None:
        check_origin(self.request, self.mount.settings.allowed_origins, self.mount.rejected)
        # A batch of events may come at once; each of them is bounded by itself.
        self.request.connection.set_max_body_size(4 * self.mount.settings.max_message_bytes)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk

    async def post(self) -> None:
        """Opens a poll, answers one, or takes events: see docs/protocol.md."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "application/json")
        set_common_headers(self, self.mount.settings)
        name = self.get_query_argument("poll", "")
        body = self._json()
        if not name:
            await self._open(body)
            return
        poll = self.mount.polls.get(name)
        if poll is None or not self._is_of(poll):
            raise tornado.web.HTTPError(410)
        if "events" in body:
            self._take(poll, body["events"])
        else:
            self.finish(await poll.answer())

    async def _open(self, body: dict[str, Any]) -> None:
        token, seq = body.get("token"), body.get("seq")
        await identified(self, self.mount)
        poll = Poll(self.mount)
        poll.request = self.request
        try:
            poll.identity = identity_of(self, self.mount)
            waiting = poll.gate.admit(
                self,
                token if isinstance(token, str) else "",
                seq if type(seq) is int and 0 <= seq < 2**53 else None,
            )
            if waiting is not None:
                await waiting
        except Refused as refusal:
            poll.end()
            if refusal.code in (SIGN_IN_AGAIN, SIGNED_OUT):
                self.finish({"close": {"code": refusal.code, "reason": refusal.reason}})
                return
            # Not an HTTPError: that would take the header back.
            self.set_status(503 if refusal.code == TRY_AGAIN else 500)
            if refusal.code == TRY_AGAIN:
                self.set_header("Retry-After", "10")
            self.finish({"error": refusal.reason})
            return
        self.finish(poll.first_answer())

    def _is_of(self, poll: Poll) -> bool:
        """Whether the poll is that of a page of whoever has sent the request: its name alone is not enough."""
        if identity_of(self, self.mount) == poll.identity:
            return True
        guard = self.mount.guard
        ticket = guard.ticket(self.request) if guard is not None else None
        # Whose sign-in has expired is told so.
        return poll.is_closed and ticket is not None and ticket.identity == poll.identity

    def _take(self, poll: Poll, events: Any) -> None:
        if not isinstance(events, list):
            raise tornado.web.HTTPError(400, "events must be a list")
        for event in events:
            poll.gate.take(_as_sent(event))
        self.set_status(204)
        self.finish()

    def _json(self) -> dict[str, Any]:
        if not self.request.headers.get("Content-Type", "").startswith("application/json"):
            raise tornado.web.HTTPError(415, "the body must be JSON")
        try:
            body = json.loads(bytes(self._body) or b"{}")
        except (ValueError, RecursionError):
            raise tornado.web.HTTPError(400, "the body is no JSON") from None
        if not isinstance(body, dict):
            raise tornado.web.HTTPError(400, "the body must be an object")
        return body

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(json.dumps({"error": self._reason}))


def _as_sent(event: Any) -> str:
    """The event as JSON, with as many bytes as a page sends for it."""
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    # Half a character can be said by an escape alone.
    return json.dumps(event, separators=(",", ":")) if _SURROGATE.search(text) else text
