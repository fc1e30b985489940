"""When the Python client comes back: by the rules that the TypeScript client keeps, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duologue.client.coming_back import close_policy, come_back_ms, is_old, renew_in_ms
from duologue.protocol.codes import CloseCode, Mode
from duologue.protocol.server import Matched as MatchedMessage
from duologue.protocol.server import Peer, PeerTyping, ServerMessage, Talking, Waiting

RULES = json.loads((Path(__file__).parents[2] / "protocol-fixtures/rules/coming-back.json").read_text())
WAITING = Waiting(5, 1, 0, Mode.TEXT, 1, None, [])
MATCHED = MatchedMessage(5, "pair", 1, Mode.TEXT, Peer("ben", [], {}), None, 0)


@pytest.mark.parametrize("rule", RULES["close"])
def test_a_close_code_is_policy(rule: dict[str, Any]) -> None:
    """By its number, and the delay that was told."""
    assert close_policy(rule["code"], rule["told_ms"]) == (rule["kind"], rule["delay_ms"])


def test_the_rules_name_every_close_code_of_ours() -> None:
    """A new one needs a line in them."""
    assert set(CloseCode) <= {rule["code"] for rule in RULES["close"]}


@pytest.mark.parametrize("rule", RULES["come_back"])
def test_one_stays_away_with_full_jitter(rule: dict[str, Any]) -> None:
    """Never shorter than was told, and no longer than the seat is held, as long as there is one."""
    assert come_back_ms(rule["told_ms"], rule["failures"], rule["random"], rule["seat_left_ms"]) == rule["ms"]


@pytest.mark.parametrize("rule", RULES["renew"])
def test_a_token_is_renewed_in_the_last_third_of_its_life(rule: dict[str, Any]) -> None:
    """Unless it is too late."""
    assert renew_in_ms(rule["left_ms"], rule["random"]) == rule["ms"]


@pytest.mark.parametrize(
    ("message", "rev", "old"),
    [
        (Talking(4, "pair", 0), 5, True),
        (Talking(5, "pair", 0), 5, True),
        (Talking(6, "pair", 0), 5, False),
        (WAITING, 5, False),
        (MATCHED, 5, False),
        (WAITING, 6, True),
        (PeerTyping("pair"), 5, False),
    ],
)
def test_news_of_less_than_is_known_is_old(message: ServerMessage, rev: int, old: bool) -> None:
    """The same state with fresh numbers, or with its room, is not."""
    assert is_old(message, rev) is old
