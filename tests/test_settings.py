"""Settings refuse what cannot be meant."""

import secrets
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from jibe_like.errors import SettingsError
from jibe_like.settings import Settings

NEW = secrets.token_urlsafe(32)
OLD = secrets.token_hex(16)


def test_the_defaults_are_valid_and_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(FrozenInstanceError):
        settings.debug = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("debug", 1),
        ("secret", None),
        ("secret", b"bytes"),
        ("max_message_bytes", 1.5),
        ("max_message_bytes", "1"),
        ("outbox_frames", True),
        ("check_interval", "1"),
        ("check_interval", True),
        ("allowed_origins", "https://example.org"),
        ("allowed_origins", [1]),
        ("allowed_origins", None),
        ("allowed_origins", 5),
        ("image_sources", "https://example.org"),
    ],
)
def test_a_wrong_type_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sessions", -1),
        ("token_lifetime", -0.5),
        ("token_lifetime", float("nan")),
        ("theme", "blue"),
        ("direction", "up"),
        ("frame_ancestors", "'self'; script-src *"),
        ("image_sources", ["https://a.example, https://b.example"]),
        ("image_sources", ["https://a.example\r\nX: 1"]),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: value})


def test_whole_numbers_are_taken_for_times() -> None:
    lifetime = Settings(unused_lifetime=3).unused_lifetime
    assert lifetime == 3.0
    assert isinstance(lifetime, float)


def test_every_numeric_bound_may_be_zero_or_more() -> None:
    for field in fields(Settings):
        if field.type in ("int", "float", int, float):
            none: dict[str, Any] = {field.name: 0}
            assert getattr(Settings(**none), field.name) == 0
            less: dict[str, Any] = {field.name: -1}
            with pytest.raises(SettingsError, match=field.name):
                Settings(**less)


def test_the_secret_comes_from_the_environment_where_none_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JIBE_LIKE_SECRET", raising=False)
    assert Settings().find_secrets() == []
    monkeypatch.setenv("JIBE_LIKE_SECRET", f"{NEW} {OLD}")
    assert Settings().find_secrets() == [NEW, OLD]
    assert Settings(secret="of its own, and as long as it has to be").find_secrets() == [
        "of its own, and as long as it has to be"
    ]
    assert Settings(secret=[OLD, "", NEW]).find_secrets() == [OLD, NEW]


@pytest.mark.parametrize(
    ("secret", "variable", "named"),
    [
        ("", "", ""),
        (OLD, "x", ""),
        ([NEW, "", OLD], "", ""),
        ("x", "", "secret"),
        ("x" * 31, NEW, "secret"),
        ([NEW, "x"], "", "secret"),
        ("", f"{NEW} {OLD}", ""),
        ("", f"{NEW} x", "JIBE_LIKE_SECRET"),
    ],
    ids=range(8),
)
def test_what_can_be_guessed(monkeypatch: pytest.MonkeyPatch, secret: Any, variable: str, named: str) -> None:
    monkeypatch.setenv("JIBE_LIKE_SECRET", variable)
    assert Settings(secret=secret).guessable_secret == named


def test_the_secret_is_in_no_text() -> None:
    assert NEW not in repr(Settings(secret=NEW))
    with pytest.raises(SettingsError, match="secret must be a str or a list of str, not bytes") as caught:
        Settings(secret=NEW.encode())  # type: ignore[arg-type]
    assert NEW not in str(caught.value)
