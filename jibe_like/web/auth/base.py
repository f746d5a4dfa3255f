"""What a way to sign in has to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from tornado.httputil import HTTPServerRequest

from jibe_like.errors import SignInRefusedError
from jibe_like.session.auth.auth import SignIn, TokenSet

PLACE: Final = "_auth"
"""Where the pages of signing in and out are, below an application's prefix."""

CALLBACK: Final = "callback"
SIGN_IN: Final = "sign-in"
SIGNED_IN: Final = "signed-in"
SIGN_OUT: Final = "sign-out"
SIGNED_OUT: Final = "signed-out"
BACK_CHANNEL: Final = "back-channel-logout"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody is signing in. What is here has been kept by their browser, signed, since they began."""

    state: str
    """Names the attempt: what comes back has to have it."""
    nonce: str
    """Has to be in what the provider says of the user."""
    verifier: str
    """Proves that who comes back is who began (PKCE)."""
    going: str
    """Path and query of the page that they want to see."""
    again: bool
    """Whether they are to say who they are although the provider knows."""
    at: int
    """When they began, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The browser goes on elsewhere."""

    url: str


@dataclass(frozen=True, slots=True)
class Form:
    """The visitor fills in a form, which is sent back to `AuthProvider.finish`.

    Fields are `(name, label, type)`, as of an HTML `input`.
    """

    title: str
    fields: tuple[tuple[str, str, str], ...]
    problem: str = ""
    """What was wrong with what they have sent."""
    button: str = "Sign in"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a provider says has ended: one sign-in (`issuer_session`) or, where that is empty, all of a subject's."""

    issuer: str
    subject: str
    issuer_session: str


class AuthProvider(ABC):
    """A way to sign in. Subclass it for one of your own, and pass it as `MyApp.run(auth=...)`.

    A provider belongs to one server at a time.
    """

    lifetime: float = 12 * 3600.0
    """Seconds after which a user has to sign in again."""
    public_url: str = ""
    """The application's URL as browsers see it, where their requests do not say so: behind a proxy that shows it under
    a path of its own."""
    by_request: ClassVar[bool] = False
    """Whether each request says who sent it (see `identify`); nobody signs in or out here then."""

    recheck_interval: float = 0.0
    """Seconds after which an open page connects anew, for a provider that is asked `by_request`; 0: never."""

    @property
    def secret_headers(self) -> tuple[str, ...]:
        """Headers of a request that nobody is to know."""
        return ()

    @abstractmethod
    async def begin(self, attempt: Attempt, base_url: str) -> Redirect | Form:
        """How to sign in.

        :param base_url: where the pages of signing in are, as the browser sees it; ends with "/".

        Raises SignInError where it cannot be done now.
        """

    @abstractmethod
    async def finish(self, attempt: Attempt, answer: Mapping[str, str], base_url: str, address: str) -> SignIn | Form:
        """Who has signed in, by what has come back; a form where they are to try again.

        :param answer: arguments of the request, or fields of the form, `state` checked.
        :param address: of the browser.

        Raises SignInRefusedError where they may not, SignInError where it cannot be done now.
        """

    def identify(self, request: HTTPServerRequest) -> SignIn | None:
        """Who has sent a request, for a provider that is asked `by_request`; None for nobody."""
        return None

    async def accepts(self, sign_in: SignIn) -> bool:
        """Whether a sign-in still holds that has come back from the store, after a change of the settings perhaps."""
        return True

    async def refresh(self, sign_in: SignIn) -> TokenSet:
        """New tokens for the old ones. Called in an event loop of its own, on another thread.

        Raises SignInRefusedError where the user has to sign in again, SignInError where it cannot be done now.
        """
        return sign_in.tokens

    async def sign_out_url(self, sign_in: SignIn, back: str) -> str:
        """Where the browser has to go so that the user signs out there too; empty: nowhere.

        :param back: the URL to come back to.
        """
        return ""

    async def ended(self, logout_token: str) -> Ended:
        """What a message of the provider (OpenID Connect Back-Channel Logout) says has ended.

        Raises SignInRefusedError for one that is not the provider's, SignInError where that cannot be found out now.
        """
        raise SignInRefusedError("nobody says here that somebody has signed out elsewhere")
