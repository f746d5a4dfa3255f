"""Where a visitor may be sent after signing in."""

import pytest

from jibe_like.web.auth.guard import here, safe_path


@pytest.mark.parametrize("path", ["/", "/a/b", "/a?b=c&d=/e", "/%C3%A4?x=%2F%2Fevil.example", "/a:b/c"])
def test_a_page_of_this_server(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "target",
    [
        "",
        "a",
        "?a",
        "//evil.example",
        "///evil.example",
        "/a//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/.//evil.example",
        "/..",
        "/./a",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "/a\tb",
        "/a b",
        "/ä",
        "/" + "a" * 2_000,
        "//[",
    ],
)
def test_anything_else_is_refused(target: str) -> None:
    assert safe_path(target) == ""


def test_what_is_left_of_a_fragment() -> None:
    assert safe_path("/a#b") == "/a"


@pytest.mark.parametrize(
    ("page", "target", "url"),
    [
        ("/_auth/callback", "/", "../"),
        ("/_auth/callback", "/a/b?c=/d", "../a/b?c=/d"),
        ("/x/_auth/callback", "/x/", "../"),
        ("/", "/_auth/sign-in", "./_auth/sign-in"),
        ("/_auth/callback", "/_auth/https:evil.example", "./https:evil.example"),
        ("/_auth/callback", "/https:evil.example", "../https:evil.example"),
    ],
)
def test_it_is_sent_there_by_a_path(page: str, target: str, url: str) -> None:
    assert here(page, target) == url
