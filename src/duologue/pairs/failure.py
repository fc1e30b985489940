"""What a client's word for its media failure is counted as: a small closed set, for logs and metrics.

Pure. The words are those of our own clients, and of LiveKit's SDK as they pass them on; anybody may send any other.
"""

from __future__ import annotations

from duologue.protocol.codes import FailureCause

WORDS: tuple[tuple[FailureCause, tuple[str, ...]], ...] = (
    (FailureCause.TIMEOUT, ("timeout", "timed_out", "deadline")),
    (FailureCause.NETWORK, ("livekit_serverunreachable", "livekit_websocket")),
    (FailureCause.REFUSED, ("livekit_", "join_failure")),
    (FailureCause.DEVICE, ("notallowed", "notfound", "notreadable", "overconstrained", "permission", "device")),
    (FailureCause.REMOVED, ("room_deleted", "participant_removed", "duplicate_identity", "room_closed", "shutdown")),
    (FailureCause.MISSING, ("tracks_missing",)),
    (FailureCause.NETWORK, ("disconnected", "signal", "network", "ice", "connection")),
)
"""The first group with a word that occurs counts: `livekit_timeout` is a timeout, `livekit_notallowed` a refusal and
`notallowederror` a browser without leave to use its camera."""


def cause_of(detail: str) -> FailureCause:
    """The cause that a client's `detail` names."""
    word = detail.lower()
    return next((cause for cause, words in WORDS if any(each in word for each in words)), FailureCause.OTHER)
