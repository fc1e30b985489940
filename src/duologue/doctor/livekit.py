"""Do the media servers take us, and do browsers reach them? Facts in, findings out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from duologue.app.media import given_nodes
from duologue.doctor.finding import Finding, ok, problem, warning
from duologue.doctor.run import Subject
from duologue.errors import StartupError
from duologue.media.examine import Joined, NodeFacts, Way, examine
from duologue.media.livekit_files import find_binary
from duologue.media.livekit_node import NodeAccess
from duologue.safety.addresses import is_local
from duologue.settings import LiveKitSettings

GUIDE = "docs/howto/media.md"
SKEW_S, SKEW_TOO_MUCH_S = 2, 30
NONE_NAMED = "set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or [[livekit.nodes]]; or use --text-only"


async def examine_livekit(subject: Subject) -> Sequence[Finding]:
    """The check."""
    if subject.text_only:
        return [ok("media servers", "none are needed for text")]
    nodes = given_nodes(subject.settings.livekit)  # raises what there is to say of a key that is missing
    if not nodes:
        return [_own(subject) if subject.dev else problem("media servers", "none is named", NONE_NAMED)]
    found = await asyncio.gather(*(examine(node, subject.clock, subject.rng) for node in nodes))
    return [finding for facts in found for finding in judge(facts)]


def named(livekit: LiveKitSettings) -> list[NodeAccess]:
    """The servers of the operator; none where what they said of them is not complete."""
    try:
        return given_nodes(livekit)
    except StartupError:
        return []


def _own(subject: Subject) -> Finding:
    try:
        return ok("media servers", f"`duologue dev` starts {find_binary(subject.settings.livekit.binary)}")
    except StartupError as error:
        seen, _, fix = str(error).partition("\nFix: ")
        return problem("media servers", " ".join(seen.split()), fix)


def judge(facts: NodeFacts) -> list[Finding]:
    """All that there is to say about one server."""
    return [finding.of(facts.name) for finding in _judgements(facts)]


def _judgements(facts: NodeFacts) -> Iterator[Finding]:
    if facts.no_answer:
        fix = "start it, and let its url name it as this machine reaches it: curl URL answers OK"
        yield problem("reachable", f"{facts.url}: {facts.no_answer}", fix)
        return
    yield ok("reachable", facts.url)
    yield from _clock(facts.ahead_s)
    if facts.keys_refused:
        yield problem("key", "it refuses our key and secret", "give us a pair from keys of its configuration")
    elif facts.no_room:
        yield problem("key", f"it makes no room: {facts.no_room}", f"look at its log, and see {GUIDE}")
    else:
        yield ok("key", "it takes our key, makes a room and deletes it")
        yield from _clients(facts)


def _clock(ahead_s: int | None) -> Iterator[Finding]:
    if ahead_s is None or abs(ahead_s) <= SKEW_S:
        return
    judged = problem if abs(ahead_s) > SKEW_TOO_MUCH_S else warning
    seen = f"{abs(ahead_s)} s {'ahead of' if ahead_s > 0 else 'behind'} ours: tokens and webhooks end too early"
    yield judged("clock", seen, "let both machines keep their clocks by NTP: timedatectl set-ntp true")


def _clients(facts: NodeFacts) -> Iterator[Finding]:
    """What a browser would meet."""
    if facts.joined is None:
        fix = "let public_url name what clients reach, and let its proxy pass on WebSockets: see " + GUIDE
        yield problem("for clients", f"{facts.public_url}: no way in: {facts.not_joined}", fix)
        return
    yield ok("for clients", f"{facts.public_url} lets us in; LiveKit {facts.joined.version or 'of no version'}")
    yield media(facts.joined, facts.public_url)
    yield turn(facts.joined, facts.public_url)


def media(joined: Joined, public_url: str) -> Finding:
    """The way of picture and sound."""
    listed = ", ".join(f"{way.protocol} {way.host}:{way.port}" for way in joined.ways)
    if not joined.ways:
        return problem("media", "it names no address for media", f"set rtc.udp_port and rtc.node_ip: see {GUIDE}")
    if not is_local(urlsplit(public_url).hostname or "") and all(_is_inner(way) for way in joined.ways):
        fix = "rtc.use_external_ip: true, or rtc.node_ip with its public address, in its configuration"
        return problem("media", f"it tells clients addresses that only your network knows: {listed}", fix)
    closed = [way for way in joined.ways if not way.is_open]
    if not any(way.is_open for way in joined.ways if way.protocol == "udp"):
        fix = f"open its UDP ports in the firewall, to everybody: see {GUIDE}"
        if any(way.is_open for way in joined.ways):
            return warning("media", f"from here only TCP gets through ({listed}); talks would start late", fix)
        return problem("media", f"from here nothing gets through: {listed}", fix)
    if closed:
        some = ", ".join(f"{way.protocol} {way.host}:{way.port}" for way in closed)
        return warning("media", f"packets come back, but not from {some}", "open it, or take it out of rtc.ips")
    return ok("media", f"packets come back from {listed}")


def turn(joined: Joined, public_url: str) -> Finding:
    """Some networks let nothing out but TLS."""
    if joined.turn:
        return ok("TURN", ", ".join(joined.turn))
    if is_local(urlsplit(public_url).hostname or ""):
        return ok("TURN", "none, and on one machine none is needed")
    fix = f"turn.enabled, turn.domain and turn.tls_port in its configuration: see {GUIDE}"
    return warning("TURN", "none: people whose network lets nothing out but TLS have no picture", fix)


def _is_inner(way: Way) -> bool:
    try:
        return not ip_address(way.host).is_global
    except ValueError:
        return False
