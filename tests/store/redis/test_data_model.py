"""The table of ARCHITECTURE.md knows every key that there is, and how long it lives."""

from __future__ import annotations

import re
from pathlib import Path

from duologue.ids import GatewayId, NodeName
from duologue.store.redis.keys import (
    DAY_MS,
    INDEX_TTL_MS,
    PERMANENT,
    RECORD_TTL_MS,
    STATUS_TTL_MS,
    STREAM_TTL_MS,
    Keys,
)

PAGE = Path(__file__).parents[3] / "ARCHITECTURE.md"
KEYS = Keys("r")
MINUTE_MS = 60_000
WORDS = {
    None: "none",
    MINUTE_MS: "1 min",
    5 * MINUTE_MS: "5 min",
    10 * MINUTE_MS: "10 min",
    DAY_MS: "1 day",
    7 * DAY_MS: "7 days",
}


def table() -> dict[str, str]:
    """What is said of the life of each key, by the first word of its name."""
    rows = re.findall(r"^\| `([a-z]+)(?::[A-Z]+)?` \| [^|]+ \| ([^|]+) \|", PAGE.read_text(), re.MULTILINE)
    return dict(rows)


def first_word(key: str) -> str:
    return key.removeprefix(KEYS.prefix).split(":")[0]


def test_every_key_is_in_the_table_and_no_other() -> None:
    """By whatever makes up names."""
    gateway, node = GatewayId("g"), NodeName("n")
    made = [
        KEYS.format,
        KEYS.due,
        KEYS.use,
        KEYS.status,
        KEYS.gateways,
        KEYS.outbox(gateway),
        KEYS.queue("s"),
        KEYS.offered("s"),
    ]
    made += [KEYS.people_on(gateway), KEYS.pairs_on(node), KEYS.rate("k"), KEYS.scratch("k")]

    assert set(table()) == {*map(first_word, made), *RECORD_TTL_MS}


def test_their_lives_are_those_of_the_code() -> None:
    """And the permanent ones are told as such."""
    lives = {
        **RECORD_TTL_MS,
        "people": INDEX_TTL_MS,
        "offered": INDEX_TTL_MS,
        "gateways": INDEX_TTL_MS,
        "carried": INDEX_TTL_MS,
    }
    lives |= {"outbox": STREAM_TTL_MS, "queue": STREAM_TTL_MS, "status": STATUS_TTL_MS} | dict.fromkeys(PERMANENT)

    for name, ttl_ms in lives.items():
        assert table()[name].startswith(WORDS[ttl_ms]), name
    assert {name for name, said in table().items() if said.startswith("none")} == PERMANENT
