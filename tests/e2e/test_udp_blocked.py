"""Somebody whose network lets no media through: they are told, and others do not wait for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsers import Browsers, chromium
from tests.e2e.camera import BLUE, GREEN, RED
from tests.e2e.conftest import Invite, inviting
from tests.e2e.namespace import BLOCKED_GROUP, Namespace, namespace
from tests.e2e.person import WITHIN_MS
from tests.e2e.servers import Dev

pytestmark = [
    pytest.mark.timeout(120),  # three browsers, and each of two pairs has to fail or connect
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network of its own; CI is root"),
]


@pytest.fixture
def network() -> Iterator[Namespace]:
    """A network of this test's own."""
    with namespace() as network:
        yield network


@pytest.fixture
def invite(network: Namespace, browsers: Browsers, tmp_path: Path) -> Iterator[Invite]:
    """People in that network, with a server of their own."""
    server = Dev(tmp_path, network.enter)
    with inviting(server, browsers) as invite:
        yield invite
    assert server.stop() == 0, server.log()


def test_who_gets_no_media_is_told_and_nobody_waits_for_them_twice(
    invite: Invite, network: Namespace, tmp_path: Path
) -> None:
    """One failure each: then the two others meet, while the one with the bad network backs off."""
    open_, shut = (network.program(tmp_path / f"{group}", chromium(), group=group) for group in (None, BLOCKED_GROUP))
    cleo, ana = invite("cleo", GREEN, browser=shut), invite("ana", RED, browser=open_)
    ben = invite("ben", BLUE, browser=open_)
    for person in (cleo, ana):
        person.open()
        person.press_go()
    for person in (cleo, ana):
        expect(person.page.get_by_test_id("ended-line")).to_contain_text("did not get through", timeout=WITHIN_MS)
    expect(cleo.page.get_by_test_id("paused")).to_contain_text("another network")
    expect(ana.page.get_by_test_id("paused")).to_have_count(0)
    cleo.shot("udp-blocked")
    with_cleo = ana.last_matched()["pair"]
    assert cleo.last_matched()["pair"] == with_cleo

    ben.open()
    ben.press_go()
    ben.sees(ana)
    ana.sees(ben)
    assert ana.matches() == 2, "once with each, and not again with whom it did not work"
    assert ben.matches() == 1
