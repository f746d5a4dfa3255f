"""Sign-in by name and password, and by the word of a proxy."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any
from urllib.parse import urljoin

import pytest
import tornado.web
from argon2 import PasswordHasher
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer

from jibe_like.errors import SettingsError
from jibe_like.settings import Settings
from jibe_like.store.base import open_store
from jibe_like.web.auth.base import AuthProvider
from jibe_like.web.auth.basic import BasicAuth, hash_password
from jibe_like.web.auth.guard import Guard
from jibe_like.web.auth.handlers import auth_rules
from jibe_like.web.auth.proxy import ProxyAuth
from tests.integration.who import Who, opened, who
from tests.oidc.agent import Agent

# As weak as can be: these tests are about something else.
WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
USERS = {"ada": WEAK.hash("correct horse"), "grace": WEAK.hash("battery staple")}


def serve(app: tornado.web.Application, provider: AuthProvider) -> Guard:
    guard = Guard(provider)
    guard.open(["secret of the test"], open_store("memory://"))
    app.add_handlers(".*", [*auth_rules(guard, Settings(), opened), ("/.*", Who, {"guard": guard})])
    return guard


@pytest.fixture
def guard(app: tornado.web.Application, http_server: HTTPServer) -> Guard:
    return serve(app, BasicAuth(USERS))


async def enter(agent: Agent, url: str, username: str, password: str) -> HTTPResponse:
    return await agent.fill_in(await agent.get(url), username=username, password=password)


@pytest.mark.gen_test
async def test_a_user_signs_in(guard: Guard, base_url: str) -> None:
    agent = Agent()
    found = who(await enter(agent, f"{base_url}/reports?a=1", "ada", "correct horse"))
    assert (found["username"], found["subject"], found["asked"]) == ("ada", "ada", "/reports?a=1")
    assert found["has_tokens"] == [False, False]
    assert who(await agent.get(f"{base_url}/"))["username"] == "ada"


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "battery staple"),
        ("nobody", "correct horse"),
        ("Ada", "correct horse"),
        ("ada", "correct horse" + "x" * 5000),
    ],
)
async def test_a_wrong_password_may_be_tried_again(guard: Guard, base_url: str, name: str, password: str) -> None:
    agent = Agent()
    page = await enter(agent, f"{base_url}/reports", name, password)
    assert "Name or password is wrong." in page.body.decode()
    assert password not in page.body.decode()
    assert len(guard.sign_ins) == 0
    assert who(await agent.fill_in(page, username="ada", password="correct horse"))["asked"] == "/reports"


@pytest.mark.gen_test
async def test_the_form_is_taken_from_our_own_page_alone(guard: Guard, base_url: str) -> None:
    """Else another site could sign a visitor in as its own user, and see what they enter."""
    right: dict[str, Any] = {"username": "ada", "password": "correct horse"}
    url = f"{base_url}/_auth/sign-in"
    assert (await Agent().post(url, right)).code == 400
    agent = Agent()
    page = await agent.get(f"{base_url}/")
    assert (await agent.fill_in(page, state="another", **right)).code == 400
    assert (await agent.post(url, right, Origin="https://evil.example")).code == 403
    assert len(guard.sign_ins) == 0


@pytest.mark.gen_test
async def test_behind_a_proxy_that_ends_tls_the_cookies_are_for_https_alone(guard: Guard, base_url: str) -> None:
    guard.provider.public_url = "https://desk.example/tools/"
    agent = Agent()
    assert who(await enter(agent, f"{base_url}/", "ada", "correct horse"))["username"] == "ada"
    assert len(agent.set_cookies) >= 3
    for line in agent.set_cookies:
        assert line.startswith("__Host-jibe_")
        assert "secure" in line.lower().split("; ")
        assert "path=/" in line.lower().split("; ")


@pytest.mark.gen_test
async def test_a_form_is_short(guard: Guard, base_url: str) -> None:
    for path in ("sign-in", "sign-out", "back-channel-logout"):
        url = f"{base_url}/_auth/{path}"
        response = await Agent().post(url, {"password": "x" * 100_000}, Origin=base_url)
        assert response.code in (400, 599), path
        response = await Agent().post(
            url, {f"field{number}": "" for number in range(60)}, follow=False, Origin=base_url
        )
        assert response.code in (303, 400), path
    assert len(guard.sign_ins) == 0


class Clock:
    """Tells those who count guesses what time it is."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("jibe_like.web.auth.guesses.monotonic", clock)
    return clock


WRONG = "Name or password is wrong."
TOO_MANY = "Too many attempts. Please wait a minute."


@pytest.mark.gen_test
async def test_an_address_that_guesses_has_to_wait(guard: Guard, base_url: str, clock: Clock) -> None:
    agent = Agent()
    for _ in range(10):
        page = await enter(agent, f"{base_url}/", "ada", "wrong")
        assert "Name or password is wrong." in page.body.decode()
    page = await enter(agent, f"{base_url}/", "ada", "correct horse")
    assert "Too many attempts" in page.body.decode()
    assert len(guard.sign_ins) == 0
    clock.now += 60
    assert who(await enter(agent, f"{base_url}/", "ada", "correct horse"))["username"] == "ada"


def attempts(provider: BasicAuth, *guesses: tuple[str, str, str]) -> list[Any]:
    """What comes of attempts (name, password, address) made all at once."""
    attempt: Any = None

    async def main() -> list[Any]:
        answers = (({"username": name, "password": password}, address) for name, password, address in guesses)
        return await asyncio.gather(
            *(provider.finish(attempt, answer, "", address) for answer, address in answers), return_exceptions=True
        )

    return asyncio.run(main())


def test_guesses_at_once_are_no_more_than_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = BasicAuth(USERS)
    checked: list[str] = []

    def is_right(name: str, password: str) -> bool:
        checked.append(password)
        return False

    monkeypatch.setattr(provider, "_is_right", is_right)
    found = attempts(provider, *(("ada", f"guess {number}", "1.2.3.4") for number in range(50)))
    assert len(checked) == 10
    assert {form.problem for form in found[10:]} == {TOO_MANY}
    assert attempts(provider, ("grace", "elsewhere", "1.2.3.5"))[0].problem == WRONG


def test_a_right_password_of_ones_own_allows_no_more_guesses(clock: Clock) -> None:
    provider = BasicAuth(USERS)
    for _ in range(9):
        attempts(provider, ("ada", "guess", "1.2.3.4"))
    assert attempts(provider, ("grace", "battery staple", "1.2.3.4"))[0].subject == "grace"
    assert attempts(provider, ("ada", "guess", "1.2.3.4"))[0].problem == WRONG
    (late,) = attempts(provider, ("ada", "correct horse", "1.2.3.4"))
    assert late.problem == TOO_MANY
    # Who signs in, again and again, from here and there, leaves nothing.
    for number in range(20):
        assert attempts(provider, ("grace", "battery staple", f"1.2.{number}.6"))[0].subject == "grace"
    assert (len(provider._addresses), len(provider._names), len(provider._strangers)) == (1, 1, 0)


def test_a_network_of_ipv6_guesses_as_one_address() -> None:
    provider = BasicAuth(USERS)
    for number in range(10):
        attempts(provider, (f"user {number}", "guess", f"2001:db8::{number}"))
    (found,) = attempts(provider, ("ada", "guess", "2001:db8::ffff"))
    assert found.problem == TOO_MANY


# -- one name, many addresses


def guesses(provider: BasicAuth, name: str, first: int = 0, many: int = 50) -> list[str]:
    """What is said of wrong passwords for one name, each from another address."""
    places = range(first, first + many)
    return [form.problem for form in attempts(provider, *((name, "guess", f"1.{place}.3.4") for place in places))]


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_name_that_is_guessed_from_many_addresses_has_to_wait(name: str, clock: Clock) -> None:
    """Whether there is such a user or not: nobody finds that out."""
    provider = BasicAuth(USERS)
    assert guesses(provider, name) == [WRONG] * 10 + [TOO_MANY] * 40
    (right,) = attempts(provider, (name, "correct horse", "2.2.3.4"))
    assert right.problem == TOO_MANY
    # Others are not concerned.
    assert attempts(provider, ("grace", "battery staple", "1.2.3.4"))[0].subject == "grace"
    # From now on there is one a minute.
    clock.now += 60
    assert guesses(provider, name) == [WRONG] + [TOO_MANY] * 49


def test_who_tries_in_vain_makes_nobody_wait_longer(clock: Clock) -> None:
    provider = BasicAuth(USERS)
    for _ in range(20):
        guesses(provider, "ada")
    clock.now += 60
    assert attempts(provider, ("ada", "correct horse", "2.2.3.4"))[0].subject == "ada"
    # What was not looked at counts for no address either.
    assert len(provider._addresses) == 10


def test_a_user_comes_in_from_where_they_have_been_whoever_guesses(clock: Clock) -> None:
    provider = BasicAuth(USERS)
    assert attempts(provider, ("ada", "correct horse", "2.2.3.4"))[0].subject == "ada"
    guesses(provider, "ada")
    assert attempts(provider, ("ada", "guess", "2.2.3.4"))[0].problem == WRONG
    assert attempts(provider, ("ada", "correct horse", "2.2.3.4"))[0].subject == "ada"
    # It is hers alone: at that address nobody else has been.
    guesses(provider, "grace")
    assert attempts(provider, ("grace", "battery staple", "2.2.3.4"))[0].problem == TOO_MANY
    # It is bounded as any address is.
    assert [attempts(provider, ("ada", "guess", "2.2.3.4"))[0].problem for _ in range(10)] == [WRONG] * 9 + [TOO_MANY]


def test_what_is_remembered_of_guesses_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jibe_like.web.auth.basic._MOST", 20)
    monkeypatch.setattr(BasicAuth, "_is_right", lambda self, name, password: password == "correct horse")
    provider = BasicAuth(USERS)
    guesses(provider, "ada")
    # Who makes up names has none forgotten that there is.
    for number in range(100):
        guesses(provider, f"nobody {number}" * 1000, first=number, many=1)
    assert (len(provider._addresses), len(provider._names), len(provider._strangers)) == (20, 1, 20)
    assert guesses(provider, "ada", first=200, many=1) == [TOO_MANY]
    for number in range(100):
        attempts(provider, ("grace", "correct horse", f"3.{number}.3.4"))
    assert len(provider._places["grace"]) == 10


@pytest.mark.gen_test
async def test_a_user_signs_out(guard: Guard, base_url: str) -> None:
    agent = Agent()
    found = who(await enter(agent, f"{base_url}/", "ada", "correct horse"))
    page = await agent.get(urljoin(f"{base_url}/", found["way_out"]))
    assert agent.at == f"{base_url}/_auth/signed-out"
    assert b"You are signed out" in page.body
    assert b"You are signed out" in (await agent.get(f"{base_url}/")).body


@pytest.mark.gen_test
async def test_there_is_nothing_to_call_back(guard: Guard, base_url: str) -> None:
    agent = Agent()
    assert (await agent.get(f"{base_url}/_auth/callback?code=x&state=y")).code == 400
    assert (await agent.post(f"{base_url}/_auth/callback", {})).code == 405
    assert (await agent.post(f"{base_url}/_auth/back-channel-logout", {"logout_token": "x"})).code == 400


def test_whoever_is_unknown_is_checked_for_as_long() -> None:
    """Else names could be found out: one verification each, of the same kind."""
    provider = BasicAuth({"ada": PasswordHasher(time_cost=2, memory_cost=16 * 1024).hash("correct horse")})

    def shortest(name: str) -> float:
        times = []
        for _ in range(5):
            started = time.perf_counter()
            assert not provider._is_right(name, "wrong")
            times.append(time.perf_counter() - started)
        return min(times)

    assert 0.5 < shortest("ada") / shortest("nobody") < 2


def test_a_password_is_checked_off_the_loop() -> None:
    """The event loop goes on meanwhile."""
    provider = BasicAuth({"ada": hash_password("correct horse")})

    async def main() -> int:
        answer = {"username": "ada", "password": "correct horse"}
        attempt: Any = None
        checking = asyncio.ensure_future(provider.finish(attempt, answer, "", "address"))
        turns = 0
        while not checking.done():
            turns += 1
            await asyncio.sleep(0)
        assert getattr(await checking, "subject", "") == "ada"
        return turns

    assert asyncio.run(main()) > 10


def test_a_hash_is_another_one_each_time() -> None:
    assert hash_password("x") != hash_password("x")
    assert hash_password("x").startswith("$argon2id$")


def test_a_plain_password_is_refused() -> None:
    with pytest.raises(SettingsError, match="'ada' is no argon2 hash") as caught:
        BasicAuth({"ada": "correct horse"})
    assert "correct horse" not in str(caught.value)


def test_a_sign_in_ends_with_the_password_that_it_was_made_with() -> None:
    provider = BasicAuth(USERS)
    attempt: Any = None

    async def main() -> list[bool]:
        sign_in: Any = await provider.finish(attempt, {"username": "ada", "password": "correct horse"}, "", "")
        others = (provider, BasicAuth({**USERS, "ada": WEAK.hash("correct horse")}), BasicAuth({}), BasicAuth(USERS))
        return [await each.accepts(sign_in) for each in others]

    assert asyncio.run(main()) == [True, False, False, True]


# -- the proxy


async def ask(base_url: str, **headers: str) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(f"{base_url}/", headers=headers, raise_error=False, follow_redirects=False)


@pytest.mark.gen_test
async def test_a_trusted_proxy_says_who_it_is(app: tornado.web.Application, base_url: str, http_server: Any) -> None:
    serve(
        app, ProxyAuth(header="X-User", trusted=["127.0.0.0/8", "::1"], email_header="X-Email", token_header="X-Token")
    )
    found = who(await ask(base_url, **{"X-User": "ada", "X-Email": "ada@example.org", "X-Token": "token"}))
    assert (found["username"], found["email"], found["has_tokens"]) == ("ada", "ada@example.org", [True, False])
    assert who(await ask(base_url, **{"X-User": "grace"}))["username"] == "grace"
    assert (await ask(base_url)).code == 302
    agent = Agent()
    page = await agent.get(f"{base_url}/")
    assert page.code == 403
    assert "You are not signed in" in page.body.decode()


@pytest.mark.gen_test
@pytest.mark.parametrize("xheaders", [False, True])
async def test_nobody_else_is_believed(
    app: tornado.web.Application, base_url: str, http_server: Any, caplog: pytest.LogCaptureFixture, xheaders: bool
) -> None:
    http_server.xheaders = xheaders
    serve(app, ProxyAuth(header="X-User", trusted=["10.0.0.0/8", "unix"]))
    # What an address says of itself makes no difference.
    headers = {"X-User": "ada", "X-Forwarded-For": "10.0.0.1", "X-Real-Ip": "10.0.0.1"}
    assert (await ask(base_url, **headers)).code == 302
    (record,) = [record for record in caplog.records if record.name == "jibe_like.auth"]
    assert record.levelno == logging.WARNING
    assert "no trusted proxy" in record.getMessage()


@pytest.mark.gen_test
async def test_a_header_that_comes_twice_is_not_believed(
    app: tornado.web.Application, base_url: str, http_server: Any, http_port: int
) -> None:
    serve(app, ProxyAuth(header="X-User", trusted=["127.0.0.0/8", "::1"]))
    reader, writer = await asyncio.open_connection("localhost", http_port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-User: ada\r\nX-User: grace\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b" 302 " in answer.splitlines()[0]


@pytest.mark.parametrize("trusted", [[], "10.0.0.0/8", ["10.0.0.1/8"], ["everybody"]])
def test_who_is_trusted_must_be_said(trusted: Any) -> None:
    with pytest.raises(SettingsError, match="trusted"):
        ProxyAuth(header="X-User", trusted=trusted)


def test_a_proxy_is_not_asked_again_before_it_was_asked() -> None:
    with pytest.raises(SettingsError, match="recheck_interval"):
        ProxyAuth(header="X-User", trusted=["unix"], recheck_interval=-1)
