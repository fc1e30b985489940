"""Whose address a request comes from, and which addresses count as one. Pure.

Behind a proxy every peer is the proxy, and `X-Forwarded-For` is a text that anybody can begin with
what they like: only what trusted proxies appended to its end is worth something.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

HOPS_AT_MOST = 16
"""So many proxies in a row are none of ours; what is further left is not looked at."""
UNKNOWN = "unknown"
"""All who have no readable address share one prefix, and so one limit."""


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The right-most address that no trusted proxy has, where the peer is a trusted proxy; else the peer.

    `forwarded` is the value of `X-Forwarded-For`, or several of them joined by commas. Something in
    it that is no address ends the search: then it is the last hop that could be read.
    """
    nearest = parse(peer)
    if nearest is None or not forwarded:
        return peer
    for hop in reversed(forwarded.rsplit(",", HOPS_AT_MOST)[-HOPS_AT_MOST:]):
        if not any(nearest in network for network in trusted):
            break
        address = parse(hop)
        if address is None:
            break
        nearest = address
    return str(nearest)


def prefix_of(address: str) -> str:
    """The part of an address that one household or server has to itself: IPv4 whole, IPv6 its first 64 bits."""
    return _cut(parse(address), 32, 64)


def shortened(address: str) -> str:
    """An address for logs, which must not name a household: /24 or /48."""
    return _cut(parse(address), 24, 48)


def is_private(address: str) -> bool:
    """Whether it is of this machine or of a private network, such as those that proxies and containers live in."""
    parsed = parse(address)
    return parsed is not None and parsed.is_private


def is_local(host: str) -> bool:
    """Whether a host, a name or an address, means this machine to whoever says it, and is out of others' reach."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def parse(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; IPv4 in IPv6 clothes is IPv4. None: it is none."""
    text = text.strip()
    if len(text) > 60:
        return None
    try:
        address = ip_address(_without_port(text))
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _cut(address: Address | None, v4_bits: int, v6_bits: int) -> str:
    if address is None:
        return UNKNOWN
    bits = v4_bits if address.version == 4 else v6_bits
    if bits == 32:
        return str(address)
    plain = address if isinstance(address, IPv4Address) else IPv6Address(int(address))  # without its zone
    return str(ip_network((plain, bits), strict=False))
