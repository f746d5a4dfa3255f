"""An application whose users sign in, what a test has to know of its server, and what a user does with a browser."""

from __future__ import annotations

import socket
from base64 import b64encode
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from argon2 import PasswordHasher
from playwright.sync_api import Page

from jibe_like import OIDC, BasicAuth, Button, Connection, Input, Label, MainApp, Server
from jibe_like.session.auth.auth import SignIn
from jibe_like.session.auth.sign_ins import SignIns
from jibe_like.web.auth.base import AuthProvider
from tests.oidc.provider import PASSWORD, Client, OpenIDProvider
from tests.serving import HOST, Serve

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Desk(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.who = Label(self.auth.username or "nobody", identifier="who")
        self.entry = Input("", identifier="entry", placeholder="Note")
        self.count = Button("0", identifier="count")
        self.count.register("click", self.on_count)
        self.fetched = Label("", identifier="fetched")
        fetch = Button("Fetch", identifier="fetch")
        fetch.register("click", self.on_fetch)
        leave = Button("Sign out", identifier="leave")
        leave.register("click", self.sign_out)
        self.children = [self.who, self.entry, self.count, fetch, self.fetched, leave]

    def on_count(self) -> None:
        self.count.label = f"{int(self.count.label) + 1}"

    async def on_fetch(self) -> None:
        self.fetched.value = "fetched" if await self.auth.ensure_fresh_token() else "no token"

    def on_error(self, widget: object, event: str, error: Exception) -> None:
        self.fetched.value = type(error).__name__


class Site:
    """The application at an address of its own.

    :param openid: where users sign in; None: by a password, which is the same.
    """

    def __init__(self, serve: Serve, openid: OpenIDProvider | None) -> None:
        self._serve = serve
        self.server = Server("desk")
        # The port is chosen first, since the provider has to know it.
        with socket.create_server((HOST, 0)) as unused:
            port: int = unused.getsockname()[1]
        self.url = f"http://{HOST}:{port}/"
        self.openid = openid
        self.client = Client("", "")
        auth: AuthProvider = BasicAuth({name: HASHER.hash(PASSWORD) for name in ("ada", "grace")})
        if openid is not None:
            self.client = openid.register(self.url)
            auth = OIDC(issuer=openid.issuer, client_id=self.client.client_id, client_secret=self.client.client_secret)
        serve(Desk.make_tornado_app(server=self.server, auth=auth), port=port)

    @property
    def sign_ins(self) -> SignIns:
        (mount,) = self.server.mounts.values()
        assert mount.guard is not None
        return mount.guard.sign_ins

    def expire(self) -> None:
        """All have to sign in again."""

        def end() -> None:
            for sign_in in self.sign_ins:
                self.sign_ins.end(sign_in, signed_out=False)

        self._serve.call(self.url, end)

    def revoke(self) -> None:
        """The provider takes back what it has granted: the access token is over, and there is no other."""
        assert self.openid is not None
        (sign_in,) = self._serve.call(self.url, lambda: list(self.sign_ins))
        token = sign_in.tokens.refresh_token or ""
        known = b64encode(f"{self.client.client_id}:{self.client.client_secret}".encode()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {known}"}
        body = urlencode({"token": token, "token_type_hint": "refresh_token"}).encode()
        with urlopen(Request(f"{self.openid.issuer}/token/revocation", body, headers)) as response:
            assert response.status == 200

        def over(sign_in: SignIn) -> None:
            sign_in.tokens.expires = 1.0

        self._serve.call(self.url, over, sign_in)


def fill_in(page: Page, login: str = "ada") -> None:
    """The form of the provider, or of the application."""
    page.get_by_label("Login").or_(page.get_by_label("Name")).fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
