"""Figures that are 0 from the start: a rate does not see the first event of a series that was not there before.

Where the values of a label are a closed set, and somebody is woken by what is counted, all of them are told at once.
Must not know who counts.
"""

from __future__ import annotations

from itertools import product

from duologue.metrics import definitions as metrics
from duologue.protocol.codes import EndReason, FailureCause, MediaEvent, Mode

PHASES = ("matched", "talking")
OUTCOMES = ("matched", "cancelled", "gone")
SENT = ("delivered", "failed", "given_up", "outdated", "dropped")
RESULTS = ("committed", "rejected", "no_slot", "deposed", "unknown")


def start_at_zero() -> None:
    """To be called once, before anything is told."""
    for mode in Mode:
        for by_mode in (metrics.TALK_SECONDS, metrics.ESTABLISH_SECONDS, metrics.MEDIA_CONNECT_SECONDS):
            by_mode.begin(mode)
        metrics.PAIRS_FORMED.begin(mode)
    for mode, phase, reason in product(Mode, PHASES, EndReason):
        metrics.PAIRS_ENDED.begin(mode, phase, reason)
    for outcome in OUTCOMES:
        metrics.WAIT_SECONDS.begin(outcome)
    for result in RESULTS:
        metrics.COMMITS.begin(result)
    for verdict in SENT:
        metrics.WEBHOOKS_SENT.begin(verdict)
    for cause in FailureCause:
        metrics.MEDIA_FAILURES.begin(cause)
    for kind in ("new", "resumed", "standby"):
        metrics.SESSIONS_STARTED.begin(kind)
    for said in MediaEvent:
        metrics.MEDIA_EVENTS.begin(said)
    for event in ("built", "leaked"):
        metrics.PEER_CONNECTIONS.begin(event)
