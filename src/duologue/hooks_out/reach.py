"""Which addresses we connect to. Pure.

An URL is the operator's, but what its name leads to is for whoever runs its DNS to say, now and at the next question:
so an address is looked at in the moment in which we connect to it, whatever it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from duologue.safety.addresses import Address, Network, is_local

LOOPBACK: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""IPv6 addresses that end in an IPv4 address, which is where a packet goes in the end (RFC 6052, RFC 4291)."""
SPECIAL: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("64:ff9b:1::/48"))
"""Not of the internet either (RFC 6890), and unknown as such to some versions of Python."""


class Reach:
    """Where the one endpoint may be."""

    def __init__(self, url: str, private: Sequence[Network] = ()) -> None:
        """`private`: networks beside the internet that the operator named."""
        parts = urlsplit(url)
        is_here = is_local(parts.hostname or "")
        self._named = (*private, *(LOOPBACK if is_here else ()))
        self._must_be_named = is_here or parts.scheme == "http"

    def allows(self, text: str) -> bool:
        """Whether we may connect to this address. What is no address is none that we may connect to."""
        try:
            address = _plain(ip_address(text.partition("%")[0]))
        except ValueError:
            return False
        if any(address in network for network in self._named):
            return True
        return not self._must_be_named and _is_of_the_internet(address)


def _plain(address: Address) -> Address:
    """IPv4 in any of its clothes is IPv4."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and any(address in network for network in TRANSLATED):
        inner = IPv4Address(int(address) & 0xFFFF_FFFF)
    return inner or address


def _is_of_the_internet(address: Address) -> bool:
    odd = address.is_multicast or address.is_reserved or any(address in network for network in SPECIAL)
    odd = odd or (isinstance(address, IPv6Address) and address.is_site_local)
    return address.is_global and not odd
