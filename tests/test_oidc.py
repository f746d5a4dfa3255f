"""What an OpenID provider must be, before anybody signs in there."""

import asyncio
import builtins
import sys
from collections.abc import Callable
from typing import Any

import pytest

from jibe_like import OIDC, BasicAuth
from jibe_like.errors import SettingsError, SignInError, SignInRefusedError
from jibe_like.session.auth.sealed import Seal
from jibe_like.web.auth.openid import OpenID, is_safe


@pytest.mark.parametrize(
    "url", ["https://id.example", "http://localhost:8080/realms/x", "http://127.0.0.1", "http://[::1]:1"]
)
def test_an_issuer(url: str) -> None:
    assert is_safe(url)
    assert url in repr(OIDC(issuer=url, client_id="x"))


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example",
        "id.example",
        "https://",
        "ftp://localhost",
        "http://localhost.evil.example",
        "https://[",
        "http://10.0.0.1",
    ],
)
def test_no_issuer(url: str) -> None:
    assert not is_safe(url)
    with pytest.raises(SettingsError, match="https URL"):
        OIDC(issuer=url, client_id="x")


def test_no_way_to_tell_the_secret() -> None:
    with pytest.raises(SettingsError, match="secret_by must be 'client_secret_basic', 'client_secret_post'"):
        OIDC(issuer="https://id.example", client_id="x", secret_by="by heart")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="issuer.*JIBE_LIKE_OIDC_ISSUER"):
        OIDC(client_id="x")
    monkeypatch.setenv("JIBE_LIKE_OIDC_ISSUER", "https://id.example")
    with pytest.raises(SettingsError, match="client_id.*JIBE_LIKE_OIDC_CLIENT_ID"):
        OIDC()


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not OIDC.is_in_environment()
    monkeypatch.setenv("JIBE_LIKE_OIDC_ISSUER", "https://id.example")
    monkeypatch.setenv("JIBE_LIKE_OIDC_CLIENT_ID", "shop")
    monkeypatch.setenv("JIBE_LIKE_OIDC_CLIENT_SECRET", "the secret")
    monkeypatch.setenv("JIBE_LIKE_OIDC_SCOPES", "email offline_access")
    assert OIDC.is_in_environment()
    provider = OIDC()
    assert provider._scopes == "openid email offline_access"
    assert provider._client_secret == "the secret"
    assert repr(provider) == "OIDC(issuer='https://id.example', client_id='shop')"
    assert OIDC(client_secret="", client_id="other", scopes=["openid"])._client_secret == ""


@pytest.mark.parametrize("package", ["authlib", "joserfc", "argon2", "cryptography"])
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(f"No module named {package!r}")
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "jibe_like.web.auth.openid", raising=False)
    monkeypatch.delattr("jibe_like.web.auth.openid", raising=False)
    makes: dict[str, Callable[[], object]] = {"argon2": lambda: BasicAuth({}), "cryptography": lambda: Seal(["x"], "y")}
    make = makes.get(package, lambda: OIDC(issuer="https://id.example", client_id="x"))
    with pytest.raises(SettingsError, match=r"pip install 'jibe_like\[auth\]'"):
        make()


def test_too_many_who_ask_at_once_are_told_so() -> None:
    openid = OpenID("http://localhost:1", "x")
    openid._asking = 100
    with pytest.raises(SignInError, match="100 requests"):
        asyncio.run(openid.fetch("http://localhost:1/"))
    assert openid._asking == 100


@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "a.b.c", "e30.e30.e30", ".....", "é.é.é", "e30.e30." + "A" * 100_000]
)
def test_nonsense_is_signed_by_nobody(token: str) -> None:
    openid = OpenID("http://localhost:1", "x")
    openid._keys = (float("inf"), [])
    with pytest.raises(SignInRefusedError, match="not signed by"):
        asyncio.run(openid.verify(token, from_provider=False))
