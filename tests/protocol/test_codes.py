"""A close code is policy: its hundred says what the client does."""

from __future__ import annotations

import pytest

from duologue.protocol.codes import CloseCode

POLICY = {
    40: {"GOING_AWAY", "SERVER_ERROR", "BACKEND_UNAVAILABLE", "SLOW_CONSUMER", "NO_PONG", "RESYNC"},
    41: {"RATE_LIMITED", "OVERLOADED"},
    42: {"TOKEN_EXPIRED"},
    43: {
        "INVALID_TOKEN", "PROTOCOL_ERROR", "MESSAGE_TOO_BIG", "REPLACED", "BANNED", "UNSUPPORTED_VERSION",
        "AUTH_TIMEOUT",
    },
}  # fmt: skip


@pytest.mark.parametrize("hundred", POLICY)
def test_the_hundred_says_the_policy(hundred: int) -> None:
    """Come back now, later, with a new token, or not at all."""
    assert {code.name for code in CloseCode if code // 100 == hundred} == POLICY[hundred]


def test_every_code_is_for_private_use() -> None:
    """RFC 6455, section 7.4.2."""
    assert all(4000 <= code <= 4999 for code in CloseCode)
    assert {code // 100 for code in CloseCode} == set(POLICY)


def test_every_name_fits_a_close_frame() -> None:
    """A reason has at most 123 bytes."""
    assert all(len(code.name) <= 123 for code in CloseCode)
