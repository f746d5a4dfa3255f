"""The signed token by which a page names its session."""

import base64
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.session.token import Beginning, Claims, Tokens

CLAIMS = Claims("session", "connection", "visitor")


def changed(token: str, **claims: object) -> str:
    """The token with other claims and the old signature."""
    head, body, signature = token.split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "=="))
    text = json.dumps({**payload, **claims}).encode()
    return ".".join((head, base64.urlsafe_b64encode(text).rstrip(b"=").decode(), signature))


@pytest.mark.parametrize("secret", ["", "short", "long enough" * 20, "schlüssel"])
def test_what_was_issued_is_understood(secret: str) -> None:
    tokens = Tokens([secret], "app", 60)
    assert tokens.check(tokens.issue(CLAIMS)) == CLAIMS


def test_how_a_session_began_can_be_told() -> None:
    tokens = Tokens(["secret"], "app", 60)
    claims = Claims("session", "connection", "visitor", Beginning("look", "process", 2**33))
    assert tokens.check(tokens.issue(claims)) == claims


def test_two_servers_of_one_secret_understand_each_other() -> None:
    assert Tokens(["secret"], "app", 60).check(Tokens(["secret"], "app", 60).issue(CLAIMS)) == CLAIMS


def test_what_is_not_ours_is_refused() -> None:
    tokens = Tokens(["secret"], "app", 60)
    token = tokens.issue(CLAIMS)
    unsigned = jwt.encode({"s": "a", "c": "b", "u": "d", "aud": "app", "exp": 2**40}, "", algorithm="none")
    others = {
        "of another secret": Tokens(["other"], "app", 60).issue(CLAIMS),
        "of another application": Tokens(["secret"], "other", 60).issue(CLAIMS),
        "expired": Tokens(["secret"], "app", -1).issue(CLAIMS),
        "changed": changed(token, s="other"),
        "cut off": token[:-1],
        "unsigned": unsigned,
        "empty": "",
        "nonsense": "a.b.c",
        "no text of a header": "ü.ü.ü",
        "half a character": "\ud800.b.c",
    }
    assert {name: tokens.check(other) for name, other in others.items()} == dict.fromkeys(others)


def test_keys_rotate() -> None:
    old = Tokens(["old"], "app", 60).issue(CLAIMS)
    both = Tokens(["new", "old"], "app", 60)
    assert both.check(old) == CLAIMS
    assert Tokens(["new"], "app", 60).check(old) is None
    assert Tokens(["new"], "app", 60).check(both.issue(CLAIMS)) == CLAIMS, "the first signs"
    assert Tokens(["old"], "app", 60).check(both.issue(CLAIMS)) is None


def test_a_token_says_whose_it_is() -> None:
    tokens = Tokens(["secret"], "app", 60)
    claims = tokens.check(tokens.issue(Claims("session", "connection", "")))
    assert claims == Claims("session", "connection", "")
    assert tokens.check(changed(tokens.issue(CLAIMS), u="somebody else")) is None


@pytest.mark.parametrize("left_out", ["s", "c", "u", "aud", "exp"])
def test_a_token_that_lacks_something_is_refused(left_out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(["secret"], "app", 60)
    encode = jwt.encode

    def without(payload: dict[str, object], *more: object, **kwargs: object) -> str:
        del payload[left_out]
        return encode(payload, *more, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(jwt, "encode", without)
    assert tokens.check(tokens.issue(CLAIMS)) is None


@pytest.mark.parametrize("claims", [{"s": 3}, {"c": None}, {"s": ["a"]}, {"u": 0}])
def test_claims_of_another_type_are_refused(claims: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(["secret"], "app", 60)
    encode = jwt.encode
    monkeypatch.setattr(jwt, "encode", lambda payload, *more, **kwargs: encode({**payload, **claims}, *more, **kwargs))
    assert tokens.check(tokens.issue(CLAIMS)) is None


@given(st.text())
def test_nothing_that_a_page_sends_raises(token: str) -> None:
    assert Tokens(["secret"], "app", 60).check(token) is None
