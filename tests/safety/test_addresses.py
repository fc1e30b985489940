"""Whose address it is, and which count as one."""

from __future__ import annotations

from ipaddress import ip_network

import hypothesis.strategies as st
import pytest
from hypothesis import given

from duologue.safety.addresses import HOPS_AT_MOST, UNKNOWN, client_address, parse, prefix_of, shortened

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("fd00::1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, , 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "x" * 5_000, "10.0.0.1"),
        ("10.0.0.1", ",".join(["6.6.6.6"] + ["10.0.0.2"] * HOPS_AT_MOST), "10.0.0.2"),
        ("", "198.51.100.1", ""),
        ("/run/socket", "198.51.100.1", "/run/socket"),
    ],
    ids=[
        "nobody in between", "a stranger's claim", "a proxy alone", "behind a proxy", "a forged beginning",
        "two proxies", "all of them ours", "IPv4 in IPv6 clothes", "IPv6 with a port", "IPv4 with a port", "garbage",
        "a hole", "too long", "too many hops", "no peer", "a socket file",
    ],
)  # fmt: skip
def test_the_client_is_who_the_last_trusted_proxy_saw(peer: str, forwarded: str, expected: str) -> None:
    """What a client wrote itself counts for nothing."""
    assert client_address(peer, forwarded, TRUSTED) == expected


@given(st.text(max_size=200), st.text(alphabet="0123456789abcdef:.,[] x", max_size=300))
def test_no_text_breaks_it(peer: str, forwarded: str) -> None:
    """And a peer that is not trusted stays who they are."""
    found = client_address(peer, forwarded, TRUSTED)
    prefix_of(found)
    shortened(found)
    address = parse(peer)
    if address is not None and not any(address in network for network in TRUSTED):
        assert parse(found) == address


@pytest.mark.parametrize(
    ("address", "prefix", "short"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", UNKNOWN, UNKNOWN),
        ("garbage", UNKNOWN, UNKNOWN),
    ],
)
def test_addresses_are_counted_by_household_and_logged_by_neighbourhood(address: str, prefix: str, short: str) -> None:
    """Who has one IPv6 address has 2^64 of them."""
    assert (prefix_of(address), shortened(address)) == (prefix, short)
