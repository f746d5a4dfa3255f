"""Sign-in at a real OpenID provider, and all that may be wrong with one."""

from __future__ import annotations

import asyncio
import logging
import re
from base64 import b64encode
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
import tornado.web
from tornado.httpserver import HTTPServer

from jibe_like.errors import SignInError, SignInRefusedError
from jibe_like.session.auth.auth import Auth
from jibe_like.settings import Settings
from jibe_like.store.base import open_store
from jibe_like.web.auth.guard import Guard
from jibe_like.web.auth.handlers import auth_rules
from jibe_like.web.auth.oidc import OIDC
from tests.fenced import blocks
from tests.integration.visitor import until
from tests.integration.who import Who, opened, who
from tests.oidc.agent import Agent
from tests.oidc.provider import PASSWORD, OpenIDProvider
from tests.serving import Script


class Site:
    """An application's pages, for those who have signed in."""

    def __init__(self, app: tornado.web.Application, base_url: str, provider: OpenIDProvider, **options: Any) -> None:
        self.url = f"{base_url}/"
        self.client = provider.register(self.url, **options.pop("registered", {}))
        self.provider = OIDC(
            issuer=provider.issuer,
            client_id=self.client.client_id,
            client_secret=self.client.client_secret,
            **options,
        )
        self.guard = Guard(self.provider)
        self.guard.open(["secret of the test"], open_store("memory://"))
        app.add_handlers(".*", [*auth_rules(self.guard, Settings(), opened), ("/.*", Who, {"guard": self.guard})])


@pytest.fixture
def site(app: tornado.web.Application, http_server: HTTPServer, base_url: str, openid: OpenIDProvider) -> Site:
    return Site(app, base_url, openid)


@pytest.mark.gen_test
async def test_a_user_signs_in_and_is_where_they_were_going(site: Site) -> None:
    agent = Agent()
    found = who(await agent.sign_in(f"{site.url}reports?year=2026&x=a%2Fb"))
    assert found["username"] == found["subject"] == "ada"
    assert found["email"] == "ada@example.org"
    assert found["claims"]["groups"] == ["staff"]
    assert found["has_tokens"] == [True, True]
    assert found["asked"] == "/reports?year=2026&x=a%2Fb"
    assert who(await agent.get(site.url))["username"] == "ada"


@pytest.mark.gen_test
async def test_the_provider_is_asked_as_the_standards_want(site: Site) -> None:
    agent = Agent()
    response = await agent.get(site.url)
    (asked,) = [parse_qs(urlsplit(url).query) for url in agent.hops if urlsplit(url).path == "/auth"]
    assert asked["response_type"] == ["code"]
    assert asked["scope"] == ["openid profile email"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 22 for name in ("state", "nonce", "code_challenge"))
    assert asked["redirect_uri"] == [f"{site.url}_auth/callback"]
    assert b"<form" in response.body


@pytest.mark.gen_test
async def test_a_proxy_may_show_the_application_elsewhere(
    app: tornado.web.Application, base_url: str, http_server: HTTPServer, openid: OpenIDProvider
) -> None:
    client = openid.register("https://desk.example/tools/")
    site = Site(app, base_url, openid, public_url="https://desk.example/tools/")
    site.provider._client_id, site.provider._client_secret = client.client_id, client.client_secret
    agent = Agent()
    response = await agent.get(site.url)
    (asked,) = [parse_qs(urlsplit(url).query) for url in agent.hops if urlsplit(url).path == "/auth"]
    assert asked["redirect_uri"] == ["https://desk.example/tools/_auth/callback"]
    assert b"<form" in response.body


@pytest.mark.gen_test
async def test_each_attempt_has_values_of_its_own(site: Site) -> None:
    agent = Agent()
    for _ in range(2):
        await agent.get(site.url)
    first, second = (parse_qs(urlsplit(url).query) for url in agent.hops if urlsplit(url).path == "/auth")
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


@pytest.mark.gen_test
async def test_two_tabs_may_sign_in_at_once(site: Site) -> None:
    agent = Agent()
    first = await agent.until_callback(f"{site.url}one")
    second = await agent.get(f"{site.url}two", follow=True)
    assert who(second)["asked"] == "/two"
    assert who(await agent.get(first))["asked"] == "/one"


@pytest.mark.gen_test
async def test_no_token_comes_to_the_browser(site: Site) -> None:
    agent = Agent()
    page = await agent.sign_in(site.url)
    (sign_in,) = site.guard.sign_ins
    tokens = sign_in.tokens
    for token in (tokens.access_token, tokens.refresh_token, tokens.id_token):
        assert token
        assert token not in page.body.decode()
        assert all(token not in text for text in [*agent.hops, *agent.set_cookies])
        assert token not in repr(sign_in) + repr(tokens)


@pytest.mark.gen_test
async def test_the_cookies_are_for_this_server_alone(site: Site) -> None:
    agent = Agent()
    await agent.sign_in(site.url)
    ours = [line for line in agent.set_cookies if line.startswith("jibe_")]
    assert len(ours) >= 2
    for line in ours:
        assert {"httponly", "path=/", "samesite=lax"} <= {part.strip().lower() for part in line.split(";")}
        assert "domain" not in line.lower()


FAULTS = {
    "wrong-issuer": "not valid.*iss",
    "wrong-nonce": "not valid.*nonce",
    "no-nonce": "not valid.*nonce",
    "wrong-audience": "not valid.*aud",
    "other-party": "not valid.*azp",
    "expired": "not valid.*expired",
    "from-the-future": "not valid.*in the future",
    "no-subject": "not valid.*sub",
    "wrong-hash": "not valid.*at_hash",
    "alg-none": "not signed by",
    "alg-hs256": "not signed by",
    "wrong-signature": "not signed by",
    "no-id-token": "no ID token",
    "other-subject": "of another user",
    "mixed-up": "sent back by",
}


@pytest.mark.gen_test
@pytest.mark.parametrize(("fault", "reason"), FAULTS.items(), ids=FAULTS)
async def test_a_sign_in_is_refused(
    site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture, fault: str, reason: str
) -> None:
    openid.fault(fault)
    agent = Agent()
    response = await agent.sign_in(site.url)
    assert response.code == 403
    assert "You are not signed in" in response.body.decode()
    (record,) = [record for record in caplog.records if record.name == "jibe_like.auth"]
    assert record.levelno == logging.WARNING
    assert re.search(reason, record.getMessage()), record.getMessage()
    assert len(site.guard.sign_ins) == 0
    openid.fault()
    assert who(await agent.sign_in(site.url))["username"] == "ada"


@pytest.mark.gen_test
async def test_a_fault_leaves_nothing_that_signs_in(site: Site, openid: OpenIDProvider) -> None:
    """What the browser has after a refusal is of no use, also at the same callback."""
    openid.fault("wrong-nonce")
    agent = Agent()
    callback = await agent.until_callback(site.url)
    assert (await agent.get(callback)).code == 403
    openid.fault()
    assert (await agent.get(callback)).code == 400
    assert len(site.guard.sign_ins) == 0


@pytest.mark.gen_test
async def test_the_provider_changes_its_keys(site: Site, openid: OpenIDProvider) -> None:
    await Agent().sign_in(site.url)
    openid.command("rotate")
    assert who(await Agent().sign_in(site.url))["username"] == "ada"
    assert openid.requests("/jwks") == 2
    await Agent().sign_in(site.url)
    assert openid.requests("/jwks") == 2


@pytest.mark.gen_test
async def test_the_provider_shows_old_keys(
    site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    openid.command("rotate")
    openid.fault("stale-jwks")
    assert (await Agent().sign_in(site.url)).code == 403
    assert "not signed by" in caplog.text
    openid.fault()
    assert who(await Agent().sign_in(site.url))["username"] == "ada"


@pytest.mark.gen_test
async def test_a_code_is_used_once(site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture) -> None:
    agent = Agent()
    callback = await agent.until_callback(site.url)
    thief = Agent({host: dict(jar) for host, jar in agent.cookies.items()})
    assert who(await agent.get(callback))["username"] == "ada"
    assert (await agent.get(callback)).code == 400
    # The same code, by somebody who also has the cookie of the attempt as it was.
    response = await thief.get(callback)
    assert response.code == 403
    assert "invalid_grant" in caplog.text


@pytest.mark.gen_test
async def test_a_callback_is_of_no_use_in_another_browser(site: Site) -> None:
    """Else somebody could have others sign in as himself, or use a code that he has got hold of."""
    callback = await Agent().until_callback(site.url)
    victim = Agent()
    response = await victim.get(callback)
    assert response.code == 400
    assert len(site.guard.sign_ins) == 0
    # Nor with an attempt of that browser's own.
    await victim.get(site.url)
    assert (await victim.get(callback)).code == 400


@pytest.mark.gen_test
async def test_the_user_says_no(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    agent = Agent()
    page = await agent.get(site.url)
    response = await agent.fill_in(page, cancel="1")
    assert response.code == 403
    assert "access_denied" in caplog.text


@pytest.mark.gen_test
async def test_the_provider_is_down(site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture) -> None:
    openid.stop()
    response = await Agent().get(site.url)
    assert response.code == 503
    assert response.headers["Retry-After"] == "10"
    assert "Signing in is not possible right now" in response.body.decode()
    assert "nobody can sign in" in caplog.text
    caplog.clear()
    openid.start()
    response = await Agent().get(site.url)
    assert response.code == 400  # it does not know the application any more, and says so itself
    assert b"invalid_client" in response.body


@pytest.mark.gen_test
async def test_the_provider_goes_down_while_somebody_signs_in(
    site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    agent = Agent()
    callback = await agent.until_callback(f"{site.url}reports")
    openid.fault("unavailable")
    response = await agent.get(callback)
    assert response.code == 503
    assert "_auth/sign-in?next=/reports" in response.body.decode() or "sign-in?next=/reports" in response.body.decode()
    caplog.clear()


@pytest.mark.gen_test
@pytest.mark.parametrize("fault", ["unavailable", "nonsense", "other-configuration"])
async def test_the_providers_configuration_makes_no_sense(
    site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    openid.fault(fault)
    assert (await Agent().get(site.url)).code == 503
    assert "nobody can sign in" in caplog.text
    caplog.clear()
    openid.fault()
    assert b"<form" in (await Agent().get(site.url)).body


@pytest.mark.gen_test
async def test_allow_decides_on_the_claims(
    app: tornado.web.Application, base_url: str, http_server: HTTPServer, openid: OpenIDProvider
) -> None:
    async def allow(claims: Any) -> bool:
        return "staff" in claims["groups"]

    site = Site(app, base_url, openid, allow=allow)
    assert (await Agent().sign_in(site.url, "grace")).code == 403
    assert len(site.guard.sign_ins) == 0
    assert who(await Agent().sign_in(site.url, "ada"))["username"] == "ada"


@pytest.mark.gen_test
async def test_a_public_client(
    app: tornado.web.Application, base_url: str, http_server: HTTPServer, openid: OpenIDProvider
) -> None:
    site = Site(app, base_url, openid, registered={"token_endpoint_auth_method": "none"})
    assert site.client.client_secret == ""
    assert who(await Agent().sign_in(site.url))["username"] == "ada"


@pytest.mark.gen_test
@pytest.mark.parametrize("who_says_so", ["the provider", "the application"])
async def test_a_secret_that_has_to_be_posted(
    app: tornado.web.Application,
    base_url: str,
    http_server: HTTPServer,
    openid: OpenIDProvider,
    caplog: pytest.LogCaptureFixture,
    who_says_so: str,
) -> None:
    by_provider = who_says_so == "the provider"
    openid.fault("posted-secrets" if by_provider else "posted-secrets-unsaid")
    registered = {"token_endpoint_auth_method": "client_secret_post"}
    options = {} if by_provider else {"secret_by": "client_secret_post"}
    site = Site(app, base_url, openid, registered=registered, **options)
    openid.command("accessTokens", seconds=10)
    assert who(await Agent().sign_in(site.url))["username"] == "ada"
    (sign_in,) = site.guard.sign_ins
    before = sign_in.tokens.access_token
    assert await Auth(sign_in).ensure_fresh_token() not in (None, before)
    # The provider looks at it.
    site.provider._client_secret = "another"
    assert (await Agent().sign_in(site.url)).code == 503
    assert "invalid_client" in caplog.text
    caplog.clear()


@pytest.mark.gen_test
async def test_a_secret_that_is_told_in_another_way(
    site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    openid.fault("posted-secrets-unsaid")
    assert (await Agent().sign_in(site.url)).code == 503
    assert "invalid_client" in caplog.text
    assert site.client.client_secret not in caplog.text
    caplog.clear()


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/%09/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/.//evil.example",
    "/_auth/..//evil.example",
    "/_auth/https:evil.example",
    "/%0d%0aLocation:%20https://evil.example/",
    "/" + "a" * 5000,
]


@pytest.mark.gen_test
@pytest.mark.parametrize("target", ELSEWHERE)
async def test_nobody_is_sent_elsewhere(site: Site, target: str) -> None:
    agent = Agent()
    await agent.sign_in(f"{site.url}_auth/sign-in?next={quote(target)}")
    assert agent.at.startswith(site.url)
    last = agent.hops[agent.hops.index(next(url for url in agent.hops if "/_auth/callback" in url)) + 1 :]
    assert all(url.startswith(site.url) for url in last)


# -- signing out


@pytest.mark.gen_test
async def test_a_user_signs_out_at_the_provider_too(site: Site) -> None:
    agent = Agent()
    found = who(await agent.sign_in(site.url))
    page = await agent.get(urljoin(site.url, found["way_out"]))
    assert urlsplit(agent.at).path == "/session/end"
    assert len(site.guard.sign_ins) == 0
    page = await agent.fill_in(page, logout="yes")
    assert agent.at == f"{site.url}_auth/signed-out"
    assert b"You are signed out" in page.body
    # Nobody signs in by accident: it takes a click, and then the provider asks who it is.
    page = await agent.get(f"{site.url}reports")
    assert b"You are signed out" in page.body
    (link,) = re.findall(r'href="([^"]*sign-in[^"]*)"', page.body.decode())
    page = await agent.get(urljoin(agent.at, unescape(link)))
    assert who(await agent.fill_in(page, login="grace", password=PASSWORD))["asked"] == "/reports"


@pytest.mark.gen_test
async def test_a_cookie_is_worthless_after_signing_out(site: Site) -> None:
    agent = Agent()
    found = who(await agent.sign_in(site.url))
    thief = Agent({"localhost": dict(agent.cookies["localhost"])})
    assert who(await thief.get(site.url))["username"] == "ada"
    await agent.get(urljoin(site.url, found["way_out"]))
    assert b"You are signed out" in (await thief.get(site.url)).body


@pytest.mark.gen_test
async def test_another_site_cannot_sign_a_user_out(site: Site) -> None:
    agent = Agent()
    await agent.sign_in(site.url)
    url = f"{site.url}_auth/sign-out"
    assert (await agent.get(url)).code == 403
    assert (await agent.get(f"{url}?ticket=forged")).code == 403
    assert (await agent.post(url, {}, Origin="https://evil.example")).code == 403
    other = Agent()
    ticket = who(await other.sign_in(site.url, "grace"))["way_out"]
    assert (await agent.get(urljoin(site.url, ticket))).code == 403
    assert len(site.guard.sign_ins) == 2
    for origin in ({"Origin": site.url.rstrip("/")}, {}):
        for fields in ({}, {"ticket": ""}, {"ticket": "forged"}, {"ticket": ticket_in(ticket)}):
            assert (await agent.post(url, fields, follow=True, **origin)).code == 403
    assert len(site.guard.sign_ins) == 2
    own = ticket_in(who(await agent.get(site.url))["way_out"])
    assert (await agent.post(url, {"ticket": own}, Origin="https://evil.example")).code == 403
    assert (await agent.post(url, {"ticket": own}, follow=True, **{"Sec-Fetch-Site": "cross-site"})).code == 403
    assert len(site.guard.sign_ins) == 2
    await agent.post(url, {"ticket": own}, Origin=site.url.rstrip("/"))
    assert len(site.guard.sign_ins) == 1


def ticket_in(url: str) -> str:
    """What gives the right to sign out, of a page's own URL for it."""
    (ticket,) = parse_qs(urlsplit(url).query)["ticket"]
    return ticket


@pytest.mark.gen_test
async def test_what_the_applications_author_has_written_fails(
    app: tornado.web.Application,
    base_url: str,
    http_server: HTTPServer,
    openid: OpenIDProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def allow(claims: Any) -> bool:
        return "staff" in claims["there is no such claim"]

    site = Site(app, base_url, openid, allow=allow)
    agent = Agent()
    response = await agent.sign_in(site.url)
    assert response.code == 503
    assert "Signing in is not possible right now" in response.body.decode()
    assert len(site.guard.sign_ins) == 0
    assert "KeyError" in caplog.text
    assert "code=" not in caplog.text
    caplog.clear()


@pytest.mark.gen_test
async def test_signing_out_works_while_the_provider_is_down(
    site: Site, openid: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    agent = Agent()
    found = who(await agent.sign_in(site.url))
    openid.stop()
    site.provider._openid._configuration = None
    page = await agent.get(urljoin(site.url, found["way_out"]))
    assert b"You are signed out" in page.body
    assert len(site.guard.sign_ins) == 0


# -- signing out elsewhere


@pytest.mark.gen_test
@pytest.mark.parametrize("names_the_session", [True, False])
async def test_the_provider_says_that_somebody_has_signed_out(
    app: tornado.web.Application,
    base_url: str,
    http_server: HTTPServer,
    openid: OpenIDProvider,
    names_the_session: bool,
) -> None:
    registered = {"backchannel_logout_session_required": names_the_session}
    site = Site(app, base_url, openid, registered=registered)
    agent, elsewhere, other = Agent(), Agent(), Agent()
    await agent.sign_in(site.url)
    await elsewhere.sign_in(site.url)
    await other.sign_in(site.url, "grace")
    # At the provider itself, as when another application of its has the user sign out.
    page = await agent.get(f"{openid.issuer}/session/end")
    await agent.fill_in(page, logout="yes")
    left = ["ada", "grace"] if names_the_session else ["grace"]
    assert [sign_in.subject for sign_in in site.guard.sign_ins] == left
    assert b"You are signed out" in (await agent.get(site.url)).body


EVENT: dict[str, dict[str, str]] = {"http://schemas.openid.net/event/backchannel-logout": {}}
BAD_LOGOUT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "issuer": ({"iss": "http://localhost:1"}, {}),
    "audience": ({"aud": "another"}, {}),
    "expired": ({"exp": 1}, {}),
    "future": ({"iat": 4102444800, "exp": 4102444900}, {}),
    "nobody": ({"sub": None}, {}),
    "event": ({"events": None}, {}),
    "other event": ({"events": {"other": {}}}, {}),
    "nonce": ({"nonce": "x"}, {}),
    "key": ({}, {"kid": "unknown"}),
    "id": ({"jti": None}, {}),
}


@pytest.mark.gen_test
@pytest.mark.parametrize(("claims", "header"), BAD_LOGOUT.values(), ids=BAD_LOGOUT)
async def test_a_logout_token_is_refused(
    site: Site, openid: OpenIDProvider, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    await Agent().sign_in(site.url)
    good = {"iss": openid.issuer, "aud": site.client.client_id, "sub": "ada", "events": EVENT}
    url = f"{site.url}_auth/back-channel-logout"
    bad = {name: value for name, value in (good | claims).items() if value is not None}
    if claims.get("jti", "") is None:
        bad["jti"] = ""
    token = openid.command("sign", claims=bad, header=header)
    assert (await Agent().post(url, {"logout_token": token})).code == 400
    assert len(site.guard.sign_ins) == 1
    token = openid.command("sign", claims=good, header={"typ": "logout+jwt"})
    assert (await Agent().post(url, {"logout_token": token})).code == 200
    assert len(site.guard.sign_ins) == 0
    # Once.
    await Agent().sign_in(site.url)
    assert (await Agent().post(url, {"logout_token": token})).code == 400
    assert len(site.guard.sign_ins) == 1


@pytest.mark.gen_test
async def test_nonsense_is_no_logout_token_and_costs_the_provider_nothing(site: Site, openid: OpenIDProvider) -> None:
    await Agent().sign_in(site.url)
    url = f"{site.url}_auth/back-channel-logout"
    asked = openid.requests("/jwks")
    token = openid.command("sign", claims={}, header={"kid": "unknown"})
    for nonsense in ["", "x", "a.b.c", "e30.e30.", token, token, token]:
        assert (await Agent().post(url, {"logout_token": nonsense})).code == 400
    assert openid.requests("/jwks") == asked


# -- tokens


@pytest.mark.gen_test
async def test_a_token_is_refreshed_when_it_has_expired_and_once_for_all_who_ask(
    site: Site, openid: OpenIDProvider
) -> None:
    openid.command("accessTokens", seconds=10)
    await Agent().sign_in(site.url)
    (sign_in,) = site.guard.sign_ins
    auth, before = Auth(sign_in), sign_in.tokens.access_token
    openid.command("accessTokens", seconds=3600)
    asked = openid.requests("/token")
    tokens = await asyncio.gather(
        *(auth.ensure_fresh_token() for _ in range(20)), asyncio.to_thread(auth.ensure_fresh_token_sync)
    )
    # The event loop's own thread may wait as well, since it is another one that asks.
    tokens.append(auth.ensure_fresh_token_sync())
    assert len(set(tokens)) == 1
    assert tokens[0] not in (None, before)
    assert openid.requests("/token") == asked + 1
    assert await auth.ensure_fresh_token() == auth.access_token == tokens[0]
    assert openid.requests("/token") == asked + 1


@pytest.mark.gen_test
async def test_a_thread_that_may_not_await_gets_a_fresh_token(site: Site, openid: OpenIDProvider) -> None:
    openid.command("accessTokens", seconds=10)
    await Agent().sign_in(site.url)
    (sign_in,) = site.guard.sign_ins
    before = sign_in.tokens.access_token
    openid.command("accessTokens", seconds=3600)
    assert Auth(sign_in).ensure_fresh_token_sync() not in (None, before)


@pytest.mark.gen_test
async def test_without_a_refresh_token_there_is_no_fresh_one(
    app: tornado.web.Application, base_url: str, http_server: HTTPServer, openid: OpenIDProvider
) -> None:
    site = Site(app, base_url, openid, registered={"grant_types": ["authorization_code"]})
    openid.command("accessTokens", seconds=10)
    await Agent().sign_in(site.url)
    (sign_in,) = site.guard.sign_ins
    assert Auth(sign_in).access_token
    assert await Auth(sign_in).ensure_fresh_token() is None


@pytest.mark.gen_test
async def test_who_is_refused_a_token_has_to_sign_in_again(site: Site, openid: OpenIDProvider) -> None:
    openid.command("accessTokens", seconds=10)
    agent = Agent()
    await agent.sign_in(site.url)
    (sign_in,) = site.guard.sign_ins
    fields = {
        "token": sign_in.tokens.refresh_token or "",
        "client_id": site.client.client_id,
        "client_secret": site.client.client_secret,
    }
    basic = b64encode(f"{site.client.client_id}:{site.client.client_secret}".encode()).decode()
    revoked = await Agent().post(
        f"{openid.issuer}/token/revocation", {"token": fields["token"]}, Authorization=f"Basic {basic}"
    )
    assert revoked.code == 200
    with pytest.raises(SignInRefusedError, match="invalid_grant"):
        await Auth(sign_in).ensure_fresh_token()
    await until(lambda: not len(site.guard.sign_ins))
    assert not Auth(sign_in).is_authenticated
    # The provider still knows them, so they are in again without being asked.
    assert who(await agent.get(site.url))["username"] == "ada"


@pytest.mark.gen_test
async def test_a_provider_that_is_down_gives_no_token(site: Site, openid: OpenIDProvider) -> None:
    openid.command("accessTokens", seconds=10)
    await Agent().sign_in(site.url)
    (sign_in,) = site.guard.sign_ins
    openid.fault("unavailable")
    # It has not quite expired.
    assert await Auth(sign_in).ensure_fresh_token() == sign_in.tokens.access_token
    sign_in.tokens.expires = 1.0
    with pytest.raises(SignInError, match="503"):
        await Auth(sign_in).ensure_fresh_token()
    assert Auth(sign_in).is_authenticated
    openid.fault()
    assert await Auth(sign_in).ensure_fresh_token()


# -- the documentation


@pytest.mark.gen_test
async def test_the_program_of_the_documentation(openid: OpenIDProvider, tmp_path: Path) -> None:
    path = tmp_path / "desk.py"
    script = Script(path, tmp_path / "desk.log", {})
    client = openid.register(script.url)
    text = blocks("docs/sign-in.md", "python")[0].text
    for said, meant in (
        ("https://id.example.org", openid.issuer),
        ('"desk"', repr(client.client_id)),
        ('"change me"', repr(client.client_secret)),
        ("8881", str(script.port)),
    ):
        assert said in text
        text = text.replace(said, meant)
    path.write_text(text)
    script.start()
    try:
        page = await Agent().sign_in(script.url)
        assert "Good morning, ada" in page.body.decode()
    finally:
        script.stop()
