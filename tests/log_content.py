"""What no log may hold: tokens, secrets, what people write, SDP, addresses of people, and the warnings that we promise
to be rid of (`docs/explanation/warnings.md`).

Every server that tests start is checked with it when it ends, and every test in this process: so each run of the
tests is a search, too.

An address is somebody's unless it is cut to a network (`127.0.0.0/24`) or is one of the operator's own: one with a
port that the test gave to a server (`tests.fakes.free_port`), or the one that a hint has as an example. People have
other ports, and elsewhere no port at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import structlog

from tests.fakes import GIVEN_PORTS

SAID: set[str] = set()
"""All that people wrote to each other in browsers, so far."""
TOKEN = re.compile(r"eyJ[\w-]{10,}\.|eyJ[\w-]{20,}")
"""A JWT, or the beginning of one: ours, those of integrators, LiveKit's. An id of 22 letters is none, though one in
some thousands has these three in it."""
SDP = re.compile(
    r"v=0(\\r|\r)?(\\n|\n)|\ba=(candidate|ice-ufrag|ice-pwd|fingerprint|ssrc)\b"
    r"|\bcandidate:\S+ \d+ (udp|tcp)\b|\bm=(audio|video) \d",
    re.IGNORECASE,
)
ADDRESS = re.compile(
    r"(?<![\w.:-])(?:\[?(?P<v6>(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}))\]?|(?P<v4>(?:\d{1,3}\.){3}\d{1,3}))"
    r"(?P<cut>/\d+)?(?:(?::|', )(?P<port>\d+))?(?![\w.:])",
    re.IGNORECASE,
)
WARNINGS = (
    "ping timeout triggered",
    "could not find local track subscription for subscribed event",
    "could not createoffer with closed peer connection",
    "detected connection state mismatch",
    "websocket closed",
    "stream end encountered",
    "could not find local track publication",
)
"""Of LiveKit's SDK, in browsers; a console is read for them, too."""
EXAMPLES = {6379}
MEMORY = re.compile(r'"store": ?"memory"')
IN_SERVE = re.compile(r'"process": ?"[a-z]+-\d+"')


def offences(text: str, *, said: Collection[str] = (), secrets: Collection[str] = ()) -> list[str]:
    """What this log should not hold, each with its line. `said`: what people wrote; `secrets`: keys of this test."""
    words = [(word, f"somebody said {word!r}") for word in said] + [(word, "a secret") for word in secrets]
    words += [(json.dumps(word)[1:-1], what) for word, what in words]
    return [
        f"{what}: {line[:1_000]}"
        for line in text.splitlines()
        for what in (*_found(line), *(what for word, what in dict(words).items() if word and word in line))
    ]


def warnings_in(text: str) -> list[str]:
    """The warnings that must not come, in a log that is not ours."""
    return [line[:1_000] for line in text.splitlines() if any(warning in line.lower() for warning in WARNINGS)]


@contextmanager
def recorded() -> Iterator[list[str]]:
    """The lines that this process logs meanwhile, but for what a test captures or sets up itself."""
    lines: list[str] = []

    def note(_: object, level: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        lines.append(json.dumps({"level": level, **event}, default=str))
        return event

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, note, *structlog.get_config()["processors"]]
    )
    try:
        yield lines
    finally:
        structlog.reset_defaults()


def _found(line: str) -> Iterator[str]:
    if TOKEN.search(line):
        yield "a token"
    if SDP.search(line):
        yield "SDP"
    if warnings_in(line):
        yield "a warning that must not come"
    if MEMORY.search(line) and IN_SERVE.search(line):
        yield "the store in memory, where there has to be Redis"
    for match in ADDRESS.finditer(line):
        if _is_somebodys(match):
            yield f"the address {match[0]}"


def _is_somebodys(found: re.Match[str]) -> bool:
    try:
        address = ip_address(found["v4"] or found["v6"])
    except ValueError:
        return False  # a time, a version
    if address.is_unspecified or _is_cut(found, address.version):
        return False
    return not (found["port"] and int(found["port"]) in GIVEN_PORTS | EXAMPLES)


def _is_cut(found: re.Match[str], version: int) -> bool:
    return found["cut"] is not None and int(found["cut"][1:]) <= {4: 24, 6: 48}[version]
