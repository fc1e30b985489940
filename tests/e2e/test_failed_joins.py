"""Joins that are refused or time out, in a real browser and with a real LiveKit: nothing is left of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from benchmarks.media.pages import Tab, launched, served
from benchmarks.media.servers import Node, free_ports, fresh_keys, livekit, shipped
from benchmarks.media.vitals import SCRIPT, Probe, Vitals

PAGE = Path(__file__).parent / "joins"
TIMES = 5
DEADLINE_MS = 1_000
"""A session gives a join 8 s; for what is left behind it makes no difference."""
AMPLE_MS = 15_000


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """A LiveKit as we ship it: it makes no rooms of its own accord."""
    keys, ports = fresh_keys(), free_ports()
    with livekit(shipped(keys, ports), keys, ports) as node:
        yield node


@pytest.fixture(scope="module")
def person(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """Somebody with a camera, and the media of the client."""
    folder = tmp_path_factory.mktemp("joins")
    with ExitStack() as stack:
        origin = stack.enter_context(served(PAGE, folder / "page"))
        browser = launched(playwright, folder)
        stack.callback(browser.close)
        person = Tab(browser, origin, SCRIPT)
        person.ask("open")
        yield person


@contextmanager
def silent_server() -> Iterator[str]:
    """It takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ws://127.0.0.1:{server.getsockname()[1]}"


def left_of(person: Tab, url: str, token: str, deadline_ms: float, answer: str) -> tuple[Vitals, Vitals]:
    """What is there before and after so many of these joins; the first two are not counted."""
    probe = Probe(person.page)
    attempts = [person.ask("attempt", url, token, deadline_ms) for _ in range(2)]
    before = probe.look()
    attempts += [person.ask("attempt", url, token, deadline_ms) for _ in range(TIMES)]
    after = probe.settled(before)
    assert all(answer in attempt for attempt in attempts), attempts
    return before, after


def expect_nothing_left(before: Vitals, after: Vitals) -> None:
    """Of connections, timers, listeners and nodes."""
    assert after.at_most(before), (before, after)
    assert after.live == 0


def test_a_refused_token_leaves_nothing(person: Tab, node: Node) -> None:
    """Of a key that this LiveKit does not know."""
    stranger = replace(node, keys=fresh_keys())

    before, after = left_of(person, node.url, stranger.token("room", "ana"), AMPLE_MS, "livekit")

    expect_nothing_left(before, after)
    assert after.built - before.built >= TIMES, "it did try"


def test_a_room_that_is_gone_leaves_nothing(person: Tab, node: Node) -> None:
    """As for who comes a moment after the pair ended."""
    before, after = left_of(person, node.url, node.token("gone", "ana"), AMPLE_MS, "livekit")

    expect_nothing_left(before, after)


def test_a_connect_that_takes_too_long_leaves_nothing(person: Tab) -> None:
    """It is given up while it is under way."""
    with silent_server() as url:
        before, after = left_of(person, url, "token", DEADLINE_MS, "timeout")

    expect_nothing_left(before, after)
    assert after.built - before.built >= TIMES


def test_after_all_that_a_good_join_works(person: Tab, node: Node) -> None:
    """With the camera that was on all the time; once released, it is off."""
    node.create_room("good")

    assert person.ask("cameraIsOn") is True
    before, after = left_of(person, node.url, node.token("good", "ana"), AMPLE_MS, "joined")
    expect_nothing_left(before, after)

    person.ask("release")
    released = Probe(person.page).settled(before)
    assert person.ask("cameraIsOn") is False
    assert released.listeners < after.listeners, "of devices, tracks and the room"
    assert (released.live, released.timers) == (0, 0)
