"""Settings that load and cannot be meant, by what an operator wrote."""

from __future__ import annotations

from typing import Any

import pytest

from duologue.doctor.configuration import judge
from duologue.doctor.finding import Finding, Level
from duologue.settings import Settings

PUBLIC: dict[str, Any] = {
    "gateway": {"public_url": "wss://chat.example.org/ws", "origins": ["https://chat.example.org"]},
    "limits": {"trusted_proxies": ["10.0.0.0/8"]},
    "livekit": {"url": "wss://media.example.org", "api_key": "key", "api_secret": "s" * 32},
}


def judged(**sections: dict[str, Any]) -> list[Finding]:
    """What is said about a public service, but for this."""
    given: dict[str, Any] = {name: {**PUBLIC.get(name, {}), **sections.get(name, {})} for name in {*PUBLIC, *sections}}
    return judge(Settings(**given))


def about(setting: str, findings: list[Finding]) -> Finding:
    """The one finding that names this setting."""
    (found,) = [finding for finding in findings if setting in finding.what]
    return found


@pytest.mark.parametrize("settings", [Settings(), Settings(**PUBLIC)])
def test_what_is_as_it_should_be_takes_one_line(settings: Settings) -> None:
    """On one machine, and in public."""
    assert [finding.level for finding in judge(settings)] == [Level.OK]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ws://chat.example.org/ws", "without TLS"),
        ("chat.example.org", "no address"),
        ("wss://0.0.0.0:8001", "nobody can connect"),
    ],
)
def test_a_public_url_has_to_be_one_that_browsers_open(url: str, words: str) -> None:
    """A page of HTTPS opens wss:// only."""
    finding = about("gateway.public_url", judged(gateway={"public_url": url}))

    assert (finding.level, words in finding.seen) == (Level.PROBLEM, True)


def test_a_gateway_that_listens_widely_needs_a_public_url() -> None:
    """Its default would be an address that nobody can connect to."""
    finding = about("gateway.public_url", judge(Settings(gateway={"host": "0.0.0.0"})))

    assert (finding.level, "wss://" in finding.fix) == (Level.PROBLEM, True)


@pytest.mark.parametrize(
    "origin",
    ["https://chat.example.org/", "chat.example.org", "*", "https://chat.example.org:443", "https://Chat.example.org"],
)
def test_an_origin_is_written_as_browsers_write_it(origin: str) -> None:
    """A slash at the end is enough for nobody to come in."""
    finding = about("gateway.origins", judged(gateway={"origins": [origin]}))

    assert finding.level is Level.PROBLEM
    assert '"https://chat.example.org"' in finding.fix


def test_a_public_page_has_to_be_named() -> None:
    """Our own names are those of this machine."""
    finding = about("gateway.origins", judged(gateway={"origins": []}))

    assert (finding.level, "https://chat.example.org" in finding.fix) == (Level.PROBLEM, True)


def test_a_proxy_has_to_be_trusted() -> None:
    """Else everybody shares one limit: that of its address."""
    assert about("trusted_proxies", judged(limits={"trusted_proxies": []})).level is Level.PROBLEM


def test_not_everybody_is_a_proxy() -> None:
    """Else anybody says where they come from."""
    assert about("trusted_proxies", judged(limits={"trusted_proxies": ["0.0.0.0/0"]})).level is Level.PROBLEM


def test_the_profile_of_load_tests_is_a_warning() -> None:
    """It is what it is for; nobody should forget it."""
    assert about("limits.profile", judged(limits={"profile": "load"})).level is Level.WARNING


def test_two_listeners_need_two_ports() -> None:
    """The second one would not start."""
    assert about("http.port", judged(http={"port": 9000}, gateway={"port": 9000})).level is Level.PROBLEM


@pytest.mark.parametrize(("secret", "level"), [("secret", Level.PROBLEM), ("short", Level.WARNING)])
def test_a_secret_has_to_be_one(secret: str, level: Level) -> None:
    """It is judged, and not shown."""
    finding = about("api_secret", judged(livekit={"api_secret": secret}))

    assert finding.level is level
    assert repr(secret) not in finding.seen + finding.fix


def test_each_media_server_is_judged_by_its_name() -> None:
    """Of several, one may be wrong."""
    node = {"url": "ws://10.0.0.1:7880", "api_key": "key", "api_secret": "s" * 32}
    nodes = [{"name": "a", "public_url": "wss://a.example.org", **node}, {"name": "b", **node}]
    findings = judge(Settings(**(PUBLIC | {"livekit": {"nodes": nodes}})))

    assert [finding.what for finding in findings] == ["livekit.nodes b: url"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5"])
def test_a_listener_for_operators_that_others_reach_is_a_warning(host: str) -> None:
    """Probes of a container platform may need it; nobody should forget it. Without a token nothing would start."""
    assert about("admin.host", judged(admin={"host": host, "token": "x" * 16})).level is Level.WARNING
    assert about("admin.token", judged(admin={"host": host})).level is Level.PROBLEM
