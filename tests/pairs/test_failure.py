"""What a client's word for its failure is counted as."""

from __future__ import annotations

import pytest

from duologue.pairs.failure import cause_of
from duologue.protocol.codes import FailureCause


@pytest.mark.parametrize(
    ("detail", "cause"),
    [
        ("timeout", FailureCause.TIMEOUT),
        ("reconnect_timeout", FailureCause.TIMEOUT),
        ("livekit_timeout", FailureCause.TIMEOUT),
        ("livekit_notallowed", FailureCause.REFUSED),
        ("livekit_serverunreachable", FailureCause.NETWORK),
        ("disconnected_signal_close", FailureCause.NETWORK),
        ("disconnected_room_deleted", FailureCause.REMOVED),
        ("disconnected_server_shutdown", FailureCause.REMOVED),
        ("disconnected_join_failure", FailureCause.REFUSED),
        ("tracks_missing_1", FailureCause.MISSING),
        ("notallowederror", FailureCause.DEVICE),
        ("permission_denied", FailureCause.DEVICE),
        ("unknown", FailureCause.OTHER),
        ("", FailureCause.OTHER),
        ("x" * 40, FailureCause.OTHER),
    ],
)
def test_a_word_has_one_cause(detail: str, cause: FailureCause) -> None:
    """Whatever it is."""
    assert cause_of(detail) is cause
