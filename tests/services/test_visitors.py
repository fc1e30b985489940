"""An operator who forgot to name a proxy is told, once, and only where there is a sign of one."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import pytest
from structlog.testing import capture_logs

from duologue.protocol.codes import CloseCode
from duologue.services.visitors import Visitors
from tests.wires import open_yard

PROXY, STRANGER = "10.0.0.7", "198.51.100.9"


def told(visitors: Visitors, *, seen: Iterable[tuple[str, str]] = (), refused: Iterable[str] = ()) -> list[Any]:
    """What is logged of these."""
    with capture_logs() as logs:
        for peer, forwarded in seen:
            visitors.address_of(peer, forwarded)
        for address in refused:
            visitors.refused(address)
    return logs


def test_a_forwarded_header_is_a_sign() -> None:
    """One warning, however often; it names the setting and no full address."""
    (entry,) = told(Visitors("gateway", []), seen=[(STRANGER, ""), (PROXY, STRANGER), (PROXY, STRANGER)])

    assert (entry["log_level"], entry["listener"]) == ("warning", "gateway")
    assert "limits.trusted_proxies" in entry["hint"]
    assert PROXY not in str(entry)
    assert STRANGER not in str(entry)


@pytest.mark.parametrize("address", [PROXY, "127.0.0.1", "::1", "::ffff:10.0.0.7", "fd00::1"])
def test_too_many_from_a_private_address_is_a_sign(address: str) -> None:
    """A proxy that forwards nothing looks like this."""
    assert len(told(Visitors("http", []), seen=[(address, "")], refused=[address, address])) == 1


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00::1", "unknown", ""])
def test_too_many_from_elsewhere_is_none(address: str) -> None:
    """A school, or somebody who tries."""
    assert told(Visitors("http", []), seen=[(address, "")], refused=[address]) == []


def test_who_named_a_proxy_is_told_nothing() -> None:
    """They know of the setting; whoever else forwards is a stranger who tries."""
    named = Visitors("http", [ip_network("10.0.0.0/8")])

    assert told(named, seen=[(PROXY, STRANGER), (STRANGER, "1.1.1.1")], refused=[PROXY]) == []


async def test_the_gateway_tells() -> None:
    """At the socket that is one too many for a forgotten proxy."""
    async with open_yard(limits={"accept": "1/h burst 3"}) as yard:
        with capture_logs() as logs:
            codes = [yard.wire(PROXY).close_code for _ in range(5)]

    assert codes == [None] * 3 + [CloseCode.RATE_LIMITED] * 2
    assert [entry["listener"] for entry in logs if entry["event"] == "proxy_not_trusted"] == ["gateway"]
