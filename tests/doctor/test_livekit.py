"""Do the media servers take us, and do browsers reach them? One test for each judgement."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from duologue.doctor.finding import Finding, Level
from duologue.doctor.livekit import examine_livekit, judge, media, named, turn
from duologue.doctor.run import Subject
from duologue.errors import StartupError
from duologue.media.examine import Joined, NodeFacts, Way
from duologue.settings import LiveKitSettings, NodeSettings, Settings
from tests.fakes import CountingRng, ManualClock

PUBLIC_URL = "wss://fra-1.example.org"
UDP, TCP = Way("udp", "9.9.9.9", 7882, True), Way("tcp", "9.9.9.9", 7881, True)
JOINED = Joined("1.13.5", ["turns:turn.example.org:443?transport=tcp"], [UDP, TCP])
GOOD = NodeFacts("fra-1", "ws://10.0.0.1:7880", PUBLIC_URL, "", ahead_s=0, joined=JOINED)


def worst_of(facts: NodeFacts) -> Finding:
    (found,) = [finding for finding in judge(facts) if finding.level is not Level.OK]
    return found


def test_a_good_one_is_good_in_every_respect() -> None:
    """And is called by its name."""
    findings = judge(GOOD)

    assert {finding.level for finding in findings} == {Level.OK}
    assert all(finding.what.startswith("fra-1: ") for finding in findings)


@pytest.mark.parametrize(
    ("changes", "level", "word"),
    [
        ({"no_answer": "refused"}, Level.PROBLEM, "curl"),
        ({"keys_refused": True, "no_room": "401", "joined": None}, Level.PROBLEM, "keys"),
        ({"no_room": "500", "joined": None}, Level.PROBLEM, "log"),
        ({"not_joined": "HTTP status 404", "joined": None}, Level.PROBLEM, "public_url"),
        ({"ahead_s": -10}, Level.WARNING, "NTP"),
        ({"ahead_s": 120}, Level.PROBLEM, "NTP"),
    ],
)
def test_each_thing_that_is_wrong_has_its_fix(changes: dict[str, Any], level: Level, word: str) -> None:
    """And is the only one that is told."""
    finding = worst_of(GOOD._replace(**changes))

    assert (finding.level, word in finding.fix) == (level, True)


def closed(way: Way, **changes: Any) -> Way:
    return way._replace(is_open=False, **changes)


@pytest.mark.parametrize(
    ("ways", "level", "words"),
    [
        ([UDP, TCP], Level.OK, "packets come back"),
        ([UDP, closed(TCP)], Level.WARNING, "not from tcp 9.9.9.9:7881"),
        ([closed(UDP), TCP], Level.WARNING, "only TCP"),
        ([closed(UDP), closed(TCP)], Level.PROBLEM, "nothing gets through"),
        ([], Level.PROBLEM, "no address"),
        ([UDP._replace(host="10.0.0.1")], Level.PROBLEM, "only your network"),
        ([UDP._replace(host="127.0.0.1")], Level.PROBLEM, "only your network"),
    ],
)
def test_media_has_a_way_for_everybody(ways: list[Way], level: Level, words: str) -> None:
    """UDP from anywhere."""
    finding = media(JOINED._replace(ways=ways), PUBLIC_URL)

    assert (finding.level, words in finding.seen) == (level, True)


def test_on_one_machine_loopback_will_do() -> None:
    """As `duologue dev` has it."""
    assert media(JOINED._replace(ways=[UDP._replace(host="127.0.0.1")]), "ws://127.0.0.1:7880").level is Level.OK


def test_without_turn_some_see_nothing() -> None:
    """Not on one machine."""
    none = JOINED._replace(turn=[])

    assert [turn(none, url).level for url in (PUBLIC_URL, "ws://localhost:7880")] == [Level.WARNING, Level.OK]


async def test_without_media_servers_there_is_text_only() -> None:
    """Which has to be said."""
    asked = Subject(Settings(), ManualClock(), CountingRng())
    (served,) = await examine_livekit(asked)
    (text,) = await examine_livekit(asked._replace(text_only=True))

    assert (served.level, text.level) == (Level.PROBLEM, Level.OK)


async def test_dev_names_the_binary_that_it_would_start() -> None:
    """Or says where it looked."""
    asked = Subject(Settings(), ManualClock(), CountingRng(), dev=True)
    missing = asked._replace(settings=Settings(livekit={"binary": "/nowhere/livekit"}))
    (found,) = await examine_livekit(missing)

    assert (found.level, "/nowhere/livekit" in found.seen, bool(found.fix)) == (Level.PROBLEM, True, True)


async def test_a_key_that_is_missing_is_told_as_the_start_tells_it() -> None:
    """`serve` and `dev` refuse to start with it."""
    settings = Settings(livekit={"url": "ws://a", "api_key": "key"})
    with pytest.raises(StartupError, match="LIVEKIT_API_SECRET"):
        await examine_livekit(Subject(settings, ManualClock(), CountingRng()))


def test_servers_are_taken_as_they_are_named() -> None:
    """One by the variables of LiveKit, or several; without a secret none."""
    secret = SecretStr("s" * 32)
    one = LiveKitSettings(url="ws://a", api_key="key", api_secret=secret)
    several = LiveKitSettings(nodes=(NodeSettings(name="a", url="ws://a", api_key="key", api_secret=secret),))

    assert [(node.name, node.public_url) for node in named(one)] == [("livekit", "ws://a")]
    assert [node.name for node in named(several)] == ["a"]
    assert named(LiveKitSettings(url="ws://a", api_key="key")) == []
