"""Which addresses we connect to."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from duologue.hooks_out.reach import Reach

NOT_OF_THE_INTERNET = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "fec0::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:a00:1::1",
    "2002:7f00:1::1",
    "nonsense",
    "10.0.0",
    "0x7f000001",
]


@pytest.mark.parametrize("address", NOT_OF_THE_INTERNET)
def test_what_is_not_of_the_internet_is_refused(address: str) -> None:
    """In whatever clothes it comes."""
    assert not Reach("https://push.example.org").allows(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::808:808"])
def test_the_internet_is_within_reach(address: str) -> None:
    """By https."""
    assert Reach("https://push.example.org").allows(address)


@pytest.mark.parametrize("address", ["10.0.5.7", "::ffff:10.0.5.7"])
def test_a_network_that_was_named_is_within_reach(address: str) -> None:
    """That one, and no other."""
    reach = Reach("https://push.internal", [ip_network("10.0.5.0/24")])

    assert reach.allows(address)
    assert not reach.allows("10.0.6.7")
    assert not reach.allows("127.0.0.1")


def test_http_goes_to_named_networks_only() -> None:
    """Where its name leads to the internet by now, the caller's name would cross it in plain."""
    reach = Reach("http://push.internal", [ip_network("10.0.5.0/24")])

    assert reach.allows("10.0.5.7")
    assert not reach.allows("93.184.216.34")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/", "http://localhost:9000/", "http://[::1]:9000/"])
def test_loopback_is_within_reach_of_who_says_so(url: str) -> None:
    """And then nothing else is."""
    reach = Reach(url)

    assert reach.allows("127.0.0.1")
    assert reach.allows("::1")
    assert not reach.allows("93.184.216.34")
    assert not reach.allows("10.0.0.1")
