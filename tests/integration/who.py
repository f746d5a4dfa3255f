"""A page that says who asks for it."""

from __future__ import annotations

import json
from typing import Any

import tornado.web
from tornado.httpclient import HTTPResponse

from jibe_like.web.auth.guard import Guard, auth_of, sign_in_of


class Who(tornado.web.RequestHandler):
    """Says who asks; has them sign in first."""

    def initialize(self, guard: Guard) -> None:
        self.guard = guard

    async def get(self) -> None:
        if await self.guard.identify(self) is None:
            self.redirect(self.guard.way_in(self.request))
            return
        auth = auth_of(self, "")
        sign_in = sign_in_of(self)
        assert sign_in is not None
        self.write(
            {
                "username": auth.username,
                "subject": auth.subject,
                "email": auth.email,
                "claims": dict(auth.claims),
                "has_tokens": [bool(auth.access_token), bool(auth.refresh_token)],
                "way_out": self.guard.way_out(self.request.path, sign_in),
                "asked": self.request.uri,
            }
        )


async def opened() -> None:
    """The guard is open."""


def who(response: HTTPResponse) -> dict[str, Any]:
    """What the page said."""
    found: dict[str, Any] = json.loads(response.body)
    return found
