"""The lines of the log that tell what happens to people on a gateway, each once, whatever clients send again and again.

`docs/reference/logs.md` has what they mean. Must not decide anything, nor know what was said.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from duologue.ids import PersonId
from duologue.pairs.pair import Pair
from duologue.protocol import client as c
from duologue.protocol.codes import MediaEvent

log = structlog.get_logger()

Names = Mapping[str, str]
"""Whom it is about: `session`, and `person` once they came in."""


def media_said(report: c.MediaReport, pair: Pair, names: Names, now_ms: int) -> None:
    """A side of a pair says that its media is up: told the first time."""
    if report.event is MediaEvent.CONNECTED and not pair.side(PersonId(names["person"])).connected:
        log.debug("media_connected", **names, pair=pair.id, took_ms=max(0, now_ms - pair.matched_ms))


def talk_started(pair: Pair, names: Names) -> None:
    """Both sides are connected; to be said once a pair."""
    log.info("talk_started", **names, pair=pair.id, people=[side.person for side in pair.sides])
