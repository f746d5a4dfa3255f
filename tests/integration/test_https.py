"""Cookies and headers by https, as a trusted proxy says, and what a stranger may not say."""

import re
from contextlib import nullcontext

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from jibe_like import BasicAuth, Button, Connection, Label, MainApp, Server, Settings, hash_password
from jibe_like.session import info
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor

TRUSTING = Settings(trusted_proxies=["127.0.0.0/8"])
BY_HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org", "X-Forwarded-For": "1.2.3.4"}


class Told(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Label(f"{info.user_ip} {info.server_host}"), Button("Add", identifier="add")]


@pytest.mark.gen_test
async def test_by_https(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Told, settings=TRUSTING)
    page = Visitor(base_url)
    response = await page.load(**BY_HTTPS)
    assert "1.2.3.4 example.org<" in response.body.decode()
    session, identity = response.headers.get_list("Set-Cookie")
    assert session.endswith("; HttpOnly; Path=/; SameSite=Lax; Secure")
    assert re.fullmatch(r"__Host-jibe_\w{8}=\S+; HttpOnly; Max-Age=\d+; Path=/; SameSite=Lax; Secure", identity)
    assert "Domain" not in session + identity
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    # The page's socket comes by https too, and is known again.
    assert (await page.connect(Origin="https://example.org", **BY_HTTPS))["resumed"] is True
    assert len(registry.sessions) == 1
    await page.leave()


@pytest.mark.gen_test
async def test_a_planted_cookie_is_nobodys(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Told, settings=TRUSTING, mode="multicast")
    async with Visitor(base_url) as attacker, Visitor(base_url) as victim:
        await attacker.load()
        victim.cookies |= attacker.cookies
        response = await victim.load(**BY_HTTPS)
        assert "__Host-jibe_" in response.headers["Set-Cookie"]
        assert len(registry.sessions) == 2


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["websocket", "poll"])
async def test_the_origin_is_the_browsers(
    mounted: Mounted, http_client: AsyncHTTPClient, base_url: str, path: str
) -> None:
    mounted(Told, settings=TRUSTING)
    page = Visitor(base_url)
    for origin, allowed in (("https://example.org", True), ("http://example.org", False), (base_url, False)):
        headers = {"Origin": origin, "Content-Type": "application/json", **BY_HTTPS}
        with nullcontext() if allowed else pytest.raises(HTTPClientError, match="403"):
            if path == "poll":
                await http_client.fetch(f"{base_url}/poll", method="POST", body="{}", headers=headers)
            else:
                await page.connect(**headers)
                await page.leave()


@pytest.mark.gen_test
async def test_nobody_is_believed_by_default(mounted: Mounted, base_url: str) -> None:
    mounted(Told)
    response = await Visitor(base_url).load(**BY_HTTPS)
    assert f"127.0.0.1 {base_url.removeprefix('http://')}<" in response.body.decode()
    assert "Secure" not in str(response.headers)
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.gen_test
async def test_headers(mounted: Mounted, base_url: str) -> None:
    mounted(Told, settings=Settings(permissions=["camera"], hsts_seconds=0, trusted_proxies=["127.0.0.1"]))
    headers = (await Visitor(base_url).load(**BY_HTTPS)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Permissions-Policy"].startswith("camera=(self), display-capture=(), geolocation=(), ")
    assert "Strict-Transport-Security" not in headers


@pytest.mark.gen_test
async def test_signing_in(mounted: Mounted, http_client: AsyncHTTPClient, base_url: str) -> None:
    auth = BasicAuth({"ada": hash_password("correct horse")})
    mounted(Told, settings=TRUSTING, auth=auth, server=Server("sign-in by https"))
    url = f"{base_url}/_auth/sign-in"
    response = await http_client.fetch(url, headers=BY_HTTPS)
    assert response.headers["Set-Cookie"].startswith("__Host-jibe_")
    assert response.headers["Strict-Transport-Security"]
    for origin, code in (("https://example.org", 400), ("http://example.org", 403), (base_url, 403)):
        headers = {**BY_HTTPS, "Origin": origin}
        response = await http_client.fetch(url, method="POST", body="", headers=headers, raise_error=False)
        assert response.code == code, origin
