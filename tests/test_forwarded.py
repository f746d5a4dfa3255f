"""What proxies say of a request, and who is believed."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPServerRequest, RequestStartLine

from jibe_like.errors import SettingsError
from jibe_like.session.auth.identity import Identities
from jibe_like.settings import Settings
from jibe_like.web.forwarded import believe_proxies
from jibe_like.web.origin import is_allowed

PROXIES = ["10.0.0.0/8", "fd00::/8"]


def request_from(peer: str, headers: dict[str, str], protocol: str = "http") -> HTTPServerRequest:
    """As Tornado makes it; an empty peer has come by a Unix socket."""
    context = SimpleNamespace(address=(peer, 1) if peer else "", remote_ip=peer or "0.0.0.0", protocol=protocol)
    connection = cast(HTTPConnection, cast(Any, SimpleNamespace(context=context)))
    return HTTPServerRequest(
        connection=connection,
        start_line=RequestStartLine("GET", "/", "HTTP/1.1"),
        headers=HTTPHeaders({"Host": "inside:8881", **headers}),
    )


def seen(peer: str, trusted: list[str], **headers: str) -> tuple[str, str, str]:
    request = request_from(peer, {f"X-Forwarded-{name}": value for name, value in headers.items()})
    for _ in range(2):  # it may be asked again
        believe_proxies(request, Settings(trusted_proxies=trusted))
    assert request.headers["Host"] == request.host
    return request.remote_ip or "", request.protocol, request.host


@pytest.mark.parametrize("peer", ["9.9.9.9", "::1", "fc00::1", ""])
@pytest.mark.parametrize("trusted", [[], PROXIES])
def test_a_stranger_is_not_believed(peer: str, trusted: list[str]) -> None:
    expected = (peer or "0.0.0.0", "http", "inside:8881")
    assert seen(peer, trusted, For="1.2.3.4", Proto="https", Host="example.org") == expected


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "fd00::1%eth0"])
def test_a_trusted_proxy_is(peer: str) -> None:
    assert seen(peer, PROXIES, For="1.2.3.4", Proto="https", Host="example.org") == ("1.2.3.4", "https", "example.org")


def test_one_on_a_unix_socket() -> None:
    assert seen("", ["unix"], For="2001:DB8::1", Proto="HTTPS") == ("2001:db8::1", "https", "inside:8881")
    assert seen("9.9.9.9", ["unix"], For="1.2.3.4")[0] == "9.9.9.9"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),  # the first is what the browser has sent itself
        ("6.6.6.6, 1.2.3.4, 10.0.0.9", "1.2.3.4"),
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("1.2.3.4, unknown", "10.1.2.3"),
        ("1.2.3.4, unknown, 10.0.0.9", "10.0.0.9"),
        ("1.2.3.4:80", "10.1.2.3"),
        ("", "10.1.2.3"),
        (", ,", "10.1.2.3"),
        ("1.2.3.4\t", "1.2.3.4"),
    ],
)
def test_the_address_is_the_last_that_is_no_proxys(said: str, address: str) -> None:
    assert seen("10.1.2.3", PROXIES, For=said)[0] == address


@pytest.mark.parametrize(
    ("addresses", "protocols", "protocol"),
    [
        ("1.2.3.4", "https, http", "http"),  # one proxy: what stands before its own word is the browser's
        ("1.2.3.4, 10.0.0.9", "https, http", "https"),
        ("1.2.3.4, 10.0.0.9", "http, https, http", "https"),
        ("1.2.3.4, 10.0.0.9", "https", "https"),
        ("1.2.3.4", "gopher", "http"),
    ],
)
def test_each_proxy_has_one_word_on_the_protocol(addresses: str, protocols: str, protocol: str) -> None:
    assert seen("10.1.2.3", PROXIES, For=addresses, Proto=protocols)[1] == protocol


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", 'a"b', "[::1", "example.org:http", "x" * 300])
def test_what_is_no_host_is_not_taken_for_one(host: str) -> None:
    assert seen("10.1.2.3", PROXIES, Host=host)[2] == "inside:8881"


@pytest.mark.parametrize("host", ["example.org", "example.org:8443", "[2001:db8::1]:443", "1.2.3.4"])
def test_the_origin_is_compared_with_the_host_of_the_browser(host: str) -> None:
    request = request_from(
        "10.1.2.3", {"X-Forwarded-Host": host, "X-Forwarded-Proto": "https", "Origin": f"https://{host}"}
    )
    assert not is_allowed(request, ())
    believe_proxies(request, Settings(trusted_proxies=PROXIES))
    assert request.host_name == host.removesuffix(":443").removesuffix(":8443")
    assert is_allowed(request, ()) is True
    request.headers["Origin"] = "https://inside:8881"
    assert not is_allowed(request, ())


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://example.org", True), ("http://example.org", False), ("https://example.org:444", False)],
)
def test_on_https_a_page_from_http_is_another(origin: str, allowed: bool) -> None:
    request = request_from("9.9.9.9", {"Host": "example.org:443", "Origin": origin}, "https")
    assert is_allowed(request, ()) is allowed


@pytest.mark.parametrize("place", ["10.0.0.1/8", "proxy", "", "300.1.1.1"])
def test_what_is_no_network(place: str) -> None:
    with pytest.raises(SettingsError, match="trusted_proxies: "):
        Settings(trusted_proxies=[place])


def test_on_https_a_cookie_by_its_plain_name_proves_nothing() -> None:
    identities = Identities(["n" * 40])
    identity, cookie = identities.make()
    name = identities.cookie_name(True)
    assert name == "__Host-" + identities.cookie_name(False)
    assert identities.find({name: cookie}, True) == identity
    assert identities.find({identities.cookie_name(False): cookie}, True) == ""
    assert identities.find({name: cookie}, False) == ""
