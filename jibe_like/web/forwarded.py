"""What the proxies in front of the server say of a request: who sent it, by which scheme and to which host."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, TypeAlias

from tornado.httputil import HTTPServerRequest

from jibe_like.settings import UNIX, Settings

Network: TypeAlias = IPv4Network | IPv6Network

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def believe_proxies(request: HTTPServerRequest, settings: Settings) -> None:
    """Makes address, protocol and host of the request those that the browser has used, where a trusted proxy says so.

    What a request from elsewhere says of them stays unread. Each proxy adds to what it was told by the one before, so
    lists are read from their end, for as many entries as there are trusted proxies in a row.
    """
    if not settings.trusted_proxies:
        return
    trusted = _networks(tuple(settings.trusted_proxies))
    peer = peer_of(request)
    if not (_is_in(peer, trusted) if peer else UNIX in settings.trusted_proxies):
        return
    hops, address = 1, peer
    for said in reversed(_list(request, "X-Forwarded-For")):
        plain = _plain(said)
        if not plain:
            break  # nobody knows what stands before it
        address = plain
        if not _is_in(address, trusted):
            break
        hops += 1
    if address:
        request.remote_ip = address
    protocol = _said(request, "X-Forwarded-Proto", hops).lower()
    if protocol in ("http", "https"):
        request.protocol = protocol
    host = _said(request, "X-Forwarded-Host", hops)
    if _HOST.fullmatch(host):
        request.host = request.headers["Host"] = host
        request.host_name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host


def peer_of(request: HTTPServerRequest) -> str:
    """Who sent the request to this server, whatever its headers say; empty for a Unix socket."""
    context: Any = getattr(request.connection, "context", None)
    address = getattr(context, "address", None)
    return _plain(str(address[0])) if isinstance(address, tuple) and address else ""


def _list(request: HTTPServerRequest, name: str) -> list[str]:
    return [part.strip() for part in request.headers.get(name, "").split(",")] if name in request.headers else []


def _said(request: HTTPServerRequest, name: str, hops: int) -> str:
    values = _list(request, name)
    return values[max(0, len(values) - hops)] if values else ""


def _plain(text: str) -> str:
    """An address in the one form that stands for it; empty for what is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    found = ip_address(address)
    return any(found in network for network in networks)


@lru_cache(maxsize=64)
def _networks(places: Sequence[str]) -> tuple[Network, ...]:
    return tuple(ip_network(place) for place in places if place != UNIX)
