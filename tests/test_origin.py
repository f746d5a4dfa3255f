"""Which pages may open a socket, or post."""

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from jibe_like.web.origin import is_allowed


def request(host: str | None, origin: str | None) -> HTTPServerRequest:
    headers = HTTPHeaders({name: value for name, value in (("Host", host), ("Origin", origin)) if value is not None})
    return HTTPServerRequest(
        start_line=RequestStartLine("GET", "/", "HTTP/1.0" if host is None else "HTTP/1.1"), headers=headers
    )


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("example.org", None, True),
        ("example.org", "https://example.org", True),
        ("example.org", "http://EXAMPLE.org", True),
        ("Example.ORG:8881", "http://example.org:8881", True),
        ("example.org", "https://friend.example", True),
        ("example.org", "https://friend.example/", True),
        ("example.org", "https://friend.example:444", False),
        ("example.org", "http://friend.example", False),
        ("example.org", "https://other.example", False),
        ("example.org", "https://example.org.other.example", False),
        ("example.org:8881", "http://example.org", False),
        ("example.org", "http://user@example.org", False),
        ("example.org", "null", False),
        ("example.org", "", False),
        ("example.org", "example.org", False),
        ("example.org", "http://[", False),
        ("example.org", "http://[example.org", False),
        (None, "null", False),
        (None, "", False),
        (None, "https://example.org", False),
    ],
)
def test_a_page_of_this_host_or_of_one_that_was_named(host: str | None, origin: str | None, allowed: bool) -> None:
    assert is_allowed(request(host, origin), ["https://friend.example"]) is allowed


@pytest.mark.parametrize(("site", "allowed"), [("same-origin", True), ("same-site", False), ("none", False)])
def test_a_browser_knows_it_better(site: str, allowed: bool) -> None:
    asked = request("inside:8881", "https://example.org")
    asked.headers["Sec-Fetch-Site"] = site
    assert is_allowed(asked, ()) is allowed


@pytest.mark.parametrize(
    ("site", "allowed"),
    [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False), ("", False)],
)
def test_without_an_origin_it_says_where_it_comes_from(site: str, allowed: bool) -> None:
    asked = request("example.org", None)
    asked.headers["Sec-Fetch-Site"] = site
    assert is_allowed(asked, ()) is allowed


def test_nobody_else_is_named_by_default() -> None:
    assert not is_allowed(request("example.org", "https://friend.example"), ())
