"""The pages of signing in and out."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final, TypeAlias
from urllib.parse import parse_qsl, quote

import tornado.web

from jibe_like.errors import ServerError, SignInError, SignInRefusedError, StoreError
from jibe_like.session.auth.auth import SignIn
from jibe_like.session.auth.sign_ins import LEFT
from jibe_like.session.page_events import one_line
from jibe_like.settings import Settings
from jibe_like.tree.node import escape
from jibe_like.web.client import PATH, ClientHandler, client_file
from jibe_like.web.forwarded import believe_proxies
from jibe_like.web.limits import HANDSHAKES, SIGN_INS
from jibe_like.web.mount import Mount
from jibe_like.web.origin import check_origin
from jibe_like.web.page import htmlt
from jibe_like.web.security import Discreet, new_nonce, set_security_headers
from jibe_like.web.waiting import tell_to_wait

from .attempts import LIFETIME
from .base import BACK_CHANNEL, CALLBACK, PLACE, SIGN_IN, SIGN_OUT, SIGNED_IN, SIGNED_OUT, Attempt, Form, Redirect
from .guard import Guard, cookies_of, here, safe_path

logger = logging.getLogger("jibe_like.auth")

Opening: TypeAlias = Callable[[], Awaitable[None]]
Rule: TypeAlias = tuple[str, Any, dict[str, Any]]

_WEEK: Final = 7 * 24 * 3600
"""Seconds that a browser keeps the cookie of an expired sign-in: by it, a page that is open knows its user again."""
_MOST_BYTES: Final = 64 * 1024
"""Of what is posted here."""
_MOST_FIELDS: Final = 50


@tornado.web.stream_request_body
class AuthHandler(Discreet):
    """What the pages of signing in and out have in common. What is posted is taken piece by piece, and not for long."""

    rated: ClassVar[str] = SIGN_INS

    def initialize(self, guard: Guard, settings: Settings, opening: Opening, mount: Mount | None = None) -> None:
        self.guard = guard
        self.settings_of_app = settings
        self.mount = mount
        believe_proxies(self.request, settings)
        self._opening = opening
        self._posted = bytearray()

    async def prepare(self) -> None:
        self.request.connection.set_max_body_size(_MOST_BYTES)  # type: ignore[union-attr]
        set_security_headers(self, "", self.settings_of_app)
        try:
            await self._opening()
        except (StoreError, ServerError) as error:
            logger.warning("%s", error)
            self.rejected("store" if isinstance(error, StoreError) else "stopping")
            raise tornado.web.HTTPError(503) from None
        if self.mount is not None:
            found = self.guard.identify_now(self)
            user = found.identity if found is not None else ""
            if self.mount.limits.take(self.rated, user, self.request.remote_ip or ""):
                tell_to_wait(self)

    def rejected(self, reason: str) -> None:
        """Something was refused."""
        if self.mount is not None:
            self.mount.rejected(reason)

    def check_origin(self) -> None:
        """Raises HTTPError (403) for what another site's page has sent."""
        check_origin(self.request, self.settings_of_app.allowed_origins, self.rejected)

    def data_received(self, chunk: bytes) -> None:
        self._posted += chunk

    def fields(self) -> dict[str, str]:
        """Those of the form that was posted."""
        try:
            return dict(parse_qsl(self._posted.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            raise tornado.web.HTTPError(400, "the body is no form") from None

    # -- pages

    def show(self, title: str, text: str = "", status: int = 200, more: str = "") -> None:
        """A page with a title and a text. `more`: HTML."""
        nonce = new_nonce()
        set_security_headers(self, nonce, self.settings_of_app)
        self.set_status(status)
        paragraph = f"<p>{escape(text)}</p>" if text else ""
        page = htmlt.render(
            body=f'<main class="widget vbox apology"><h1>{escape(title)}</h1>{paragraph}{more}</main>',
            appname=title,
            nonce=nonce,
            stylesheet=self.guard.url(self.request, f"{PATH}/{client_file('style.css')}"),
            settings=self.settings_of_app,
        )
        self.finish(page.encode("utf-8", "replace"))

    def show_form(self, form: Form, attempt: Attempt) -> None:
        """A form that is sent back here."""
        problem = f'<p role="alert" class="field-error">{escape(form.problem)}</p>' if form.problem else ""
        fields = "".join(
            f'<div class="field-box"><label for="{escape(name)}">{escape(label)}</label>'
            f'<input class="field" id="{escape(name)}" name="{escape(name)}" type="{escape(kind)}" required '
            f'autocomplete="{"current-password" if kind == "password" else "username"}"></div>'
            for name, label, kind in form.fields
        )
        self.show(
            form.title,
            more=f'{problem}<form class="form" method="post" action="{escape(self.guard.url(self.request, SIGN_IN))}">'
            f'<input type="hidden" name="state" value="{escape(attempt.state)}">{fields}'
            f'<button class="button" data-variant="primary">{escape(form.button)}</button></form>',
        )

    def show_failure(self, error: SignInError, going: str) -> None:
        """Why somebody is not signed in."""
        again = f'<p><a href="{escape(self.way_in(going, again=True))}">Try again</a></p>'
        if isinstance(error, SignInRefusedError):
            self.rejected("sign_in")
            logger.warning("a sign-in was refused: %s", one_line(error))
            self.show("You are not signed in", "This sign-in was not accepted.", 403, again)
        else:
            logger.error("nobody can sign in: %s", one_line(error))
            self.set_header("Retry-After", "10")
            self.show(
                "Just a moment", "Signing in is not possible right now. Please try again in a moment.", 503, again
            )

    def way_in(self, going: str, again: bool = False) -> str:
        """The URL to sign in at."""
        more = "&again=1" if again else ""
        return f"{self.guard.url(self.request, SIGN_IN)}?next={quote(going, safe='/')}{more}"

    async def identify(self) -> SignIn | None:
        """Who sent the request."""
        try:
            return await self.guard.identify(self)
        except StoreError as error:
            logger.error("%s", error)
            self.rejected("store")
            raise tornado.web.HTTPError(503) from None

    # -- cookies

    def keep(self, name: str, value: str, seconds: int | None) -> None:
        """Sets a cookie for this server alone; an empty value takes it away."""
        options: dict[str, Any] = {
            "path": "/",
            "httponly": True,
            "samesite": "Lax",
            "secure": self.guard.is_secure(self.request),
        }
        if value:
            self.set_cookie(name, value, max_age=seconds, **options)
        else:
            self.clear_cookie(name, **options)

    def find_attempt(self, state: str) -> Attempt | None:
        """The attempt of that name which this browser has begun."""
        return self.guard.attempts.find(cookies_of(self.request), self.guard.is_secure(self.request), state)

    def forget(self, attempt: Attempt) -> None:
        """The attempt is over."""
        secure = self.guard.is_secure(self.request)
        value = self.guard.attempts.without(cookies_of(self.request), secure, attempt)
        self.keep(self.guard.attempts.cookie_name(secure), value, LIFETIME)

    async def complete(self, sign_in: SignIn, attempt: Attempt) -> None:
        """They have signed in, and go to the page that they wanted."""
        before = await self.identify()
        secure = self.guard.is_secure(self.request)
        self.guard.sign_ins.add(sign_in, instead_of=before)
        logger.info("%r has signed in", sign_in)
        # The next request may come to another process.
        await self.guard.sign_ins.until_kept()
        seconds = int(sign_in.expires - time.time()) + _WEEK
        self.keep(self.guard.sign_ins.cookie_names(secure)[0], self.guard.sign_ins.cookie_of(sign_in), seconds)
        self.forget(attempt)
        self.redirect(here(self.request.path, attempt.going), status=303)


class SignInHandler(AuthHandler):
    """Begins to sign somebody in; takes the form of a provider that has one."""

    async def get(self) -> None:
        going = safe_path(self.get_query_argument("next", "")) or f"{self.guard.prefix}/"
        if self.guard.provider.by_request:
            await self._by_request(going)
            return
        again = bool(self.get_query_argument("again", ""))
        secure = self.guard.is_secure(self.request)
        attempt, cookie = self.guard.attempts.begin(cookies_of(self.request), secure, going, again)
        try:
            step = await self.guard.provider.begin(attempt, self.guard.base_url(self.request))
        except SignInError as error:
            self.show_failure(error, going)
            return
        self.keep(self.guard.attempts.cookie_name(secure), cookie, LIFETIME)
        if isinstance(step, Redirect):
            self.redirect(step.url)
        else:
            self.show_form(step, attempt)

    async def _by_request(self, going: str) -> None:
        if await self.identify() is None:
            self.show_failure(SignInRefusedError("the request does not say who it is from"), going)
        else:
            self.redirect(here(self.request.path, going), status=303)

    async def post(self) -> None:
        self.check_origin()
        await self.take(self.fields())

    async def take(self, answer: dict[str, str]) -> None:
        """What has come back from the provider or the form."""
        attempt = self.find_attempt(answer.get("state", ""))
        if attempt is None:
            self.rejected("sign_in")
            self.show(
                "Please sign in again",
                "It took too long, or was begun in another browser.",
                400,
                f'<p><a href="{escape(self.way_in(f"{self.guard.prefix}/"))}">Sign in</a></p>',
            )
            return
        base_url, address = self.guard.base_url(self.request), self.request.remote_ip or ""
        try:
            found = await self.guard.provider.finish(attempt, answer, base_url, address)
        except SignInError as error:
            self.forget(attempt)
            self.show_failure(error, attempt.going)
            return
        except Exception as error:
            # What the application's author has written: `allow`, a provider of their own.
            logger.exception("signing in failed")
            self.forget(attempt)
            self.show_failure(SignInError(type(error).__name__), attempt.going)
            return
        if isinstance(found, Form):
            self.rejected("sign_in")
            self.show_form(found, attempt)
        else:
            await self.complete(found, attempt)


class CallbackHandler(SignInHandler):
    """Where a provider sends the browser back to."""

    async def get(self) -> None:
        await self.take({name: self.get_query_argument(name, strip=False) for name in self.request.query_arguments})

    async def post(self) -> None:
        raise tornado.web.HTTPError(405)


class SignedInHandler(AuthHandler):
    """Where somebody comes who had to sign in again for a page that is open elsewhere."""

    async def get(self) -> None:
        if await self.identify() is None:
            self.redirect(self.guard.way_in(self.request))
        else:
            self.show("You are signed in", "Close this page, and go on where you were.")


class SignOutHandler(AuthHandler):
    """Signs out. Only a page of the user's own may ask for it: it alone knows the ticket."""

    async def get(self) -> None:
        await self._sign_out(self.get_query_argument("ticket", ""))

    async def post(self) -> None:
        self.check_origin()
        await self._sign_out(self.fields().get("ticket", ""))

    async def _sign_out(self, ticket: str) -> None:
        guard = self.guard
        secure = guard.is_secure(self.request)
        sign_in = await self.identify()
        if sign_in is None:
            self.redirect(guard.url(self.request, SIGNED_OUT), status=303)
            return
        if not guard.sign_ins.may_sign_out(sign_in, ticket):
            self.rejected("ticket")
            raise tornado.web.HTTPError(403, "the ticket is not of this sign-in")
        # First of all: the provider may take its time.
        guard.sign_ins.end(sign_in, signed_out=True)
        await guard.sign_ins.until_kept()
        logger.info("%r has signed out", sign_in)
        try:
            url = await guard.provider.sign_out_url(sign_in, guard.base_url(self.request) + SIGNED_OUT)
        except SignInError as error:
            logger.warning("signed out here, and not at the provider: %s", one_line(error))
            url = ""
        self.keep(guard.sign_ins.cookie_names(secure)[0], LEFT, None)
        self.redirect(url or guard.url(self.request, SIGNED_OUT), status=303)


class SignedOutHandler(AuthHandler):
    """Where somebody comes who has signed out. Only a click signs them in again."""

    def get(self) -> None:
        going = safe_path(self.get_query_argument("next", "")) or f"{self.guard.prefix}/"
        link = f'<p><a href="{escape(self.way_in(going))}">Sign in</a></p>'
        self.show("You are signed out", more=link)


class BackChannelHandler(AuthHandler):
    """Where a provider says that somebody has signed out there (OpenID Connect Back-Channel Logout).

    It comes with no cookie: what gives it authority is the signature of the token, whoever brings that.
    """

    # A provider may tell of many at once.
    rated: ClassVar[str] = HANDSHAKES

    async def post(self) -> None:
        try:
            ended = await self.guard.provider.ended(self.fields().get("logout_token", ""))
        except SignInRefusedError as error:
            logger.warning("a logout token was refused: %s", one_line(error))
            self.rejected("logout_token")
            self._answer(400)
            return
        except SignInError as error:
            logger.error("a logout token could not be checked: %s", one_line(error))
            self._answer(503)
            return
        until = time.time() + self.guard.provider.lifetime
        self.guard.sign_ins.end_all(ended.issuer, ended.subject, ended.issuer_session, until)
        self._answer(200)

    def _answer(self, status: int) -> None:
        self.set_status(status)
        self.finish()


def auth_rules(guard: Guard, settings: Settings, opening: Opening, mount: Mount | None = None) -> list[Rule]:
    """Tornado rules for the pages of signing in and out.

    :param opening: called before each request is answered; the guard is open then.
    :param mount: whose bounds count, and who is told what was refused.
    """
    pages = {
        SIGN_IN: SignInHandler,
        CALLBACK: CallbackHandler,
        SIGNED_IN: SignedInHandler,
        SIGN_OUT: SignOutHandler,
        SIGNED_OUT: SignedOutHandler,
        BACK_CHANNEL: BackChannelHandler,
    }
    options = {"guard": guard, "settings": settings, "opening": opening} | ({"mount": mount} if mount else {})
    place = f"{re.escape(guard.prefix)}/{PLACE}"
    rules: list[tuple[str, Any, dict[str, Any]]] = [
        (f"{place}/{name}", handler, options) for name, handler in pages.items()
    ]
    return [*rules, (f"{place}/{PATH}/(.*)", ClientHandler, {"mount": mount} if mount else {})]
