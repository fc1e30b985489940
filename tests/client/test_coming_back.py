"""When the Python client comes back: by the rules that the TypeScript client keeps, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from duologue.client.coming_back import Retries, close_policy, come_back_ms, is_old, renew_in_ms
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import PeerTyping, ServerMessage

RULES = json.loads((Path(__file__).parents[2] / "protocol-fixtures/rules/coming-back.json").read_text())


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


@pytest.mark.parametrize("rule", RULES["old"])
def test_news_of_less_than_is_known_is_old(rule: dict[str, Any]) -> None:
    """The same state with fresh numbers, or with its room, is not."""
    assert is_old(msgspec.convert(rule["message"], ServerMessage), rule["rev"]) is rule["old"]


def test_what_tells_of_no_state_is_never_old() -> None:
    """As that the partner types."""
    assert not is_old(PeerTyping("pair"), 5)


def next_ms(retries: Retries, now: float = 1.0) -> int:
    return retries.next_ms(None, now, 0.5)


def test_one_waits_longer_after_each_failure() -> None:
    """And counts them."""
    retries = Retries()

    assert [next_ms(retries), next_ms(retries), next_ms(retries)] == [250, 500, 1_000]
    assert retries.failures == 3


@pytest.mark.parametrize(("lasted_s", "wait_ms"), [(4.999, 500), (5, 250)])
def test_only_a_connection_that_lasted_was_a_success(lasted_s: float, wait_ms: int) -> None:
    """After a shorter one the back-off goes on growing."""
    retries = Retries()
    next_ms(retries)
    retries.lost(lasted_s, None, 1.0)

    assert next_ms(retries) == wait_ms


def test_one_comes_before_the_seat_is_given_up() -> None:
    """For as long as the last connection has one."""
    retries = Retries()
    retries.failures = 6
    retries.lost(0, 2_000, 1.0)
    assert next_ms(retries) == 1_000
    assert next_ms(retries, now=2.001) == 10_000

    retries.lost(0, None, 1.0)
    assert next_ms(retries) == 10_000


def test_one_waits_for_as_long_as_was_told() -> None:
    """Before any failure, too."""
    assert Retries().next_ms(9_000, 1.0, 0.5) == 9_000
