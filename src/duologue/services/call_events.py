"""What happens to direct calls, told to whoever wants to know: the log, the figures, and listeners.

Every call that a transition began or brought to an end passes through here once, as the value that it is afterwards:
it rings, has become a `pair`, or has `ended`. So what is to follow from it outside, such as a push to a phone that
sleeps, is one listener more. Where the process ends between the transition and this, nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from duologue.calls.call import Call
from duologue.metrics import definitions as figures
from duologue.ports import Clock

log = structlog.get_logger()

Listener = Callable[[Call], None]
"""Takes a call as it is now, and returns at once. An `unheard` one is nobody's business but the caller's."""


class CallEvents:
    """The one place that they pass through."""

    def __init__(self, clock: Clock, listeners: Sequence[Listener] = ()) -> None:
        self._clock = clock
        self._listeners = listeners

    def happened(self, call: Call) -> None:
        """A transition began this call, or brought its ringing to an end."""
        self._note(call)
        for listener in self._listeners:
            listener(call)

    def _note(self, call: Call) -> None:
        people = [call.caller.person, call.callee.person]
        if call.rings:
            log.info("call_rings", call=call.id, people=people, mode=str(call.mode))
            return
        outcome = "accepted" if call.pair is not None else str(call.ended)
        rang_ms = max(0, self._clock.now_ms() - call.since_ms)
        figures.CALLS.inc(outcome)
        figures.RING_SECONDS.observe(rang_ms / 1000)
        log.info("call_answered", call=call.id, people=people, outcome=outcome, rang_ms=rang_ms, pair=call.pair)
