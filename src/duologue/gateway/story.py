"""The lines of the log that tell what happens to people on a gateway, each once, whatever clients send again and again.

`docs/reference/logs.md` has what they mean. Must not decide anything, nor know what was said.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from duologue.ids import PersonId
from duologue.ledger import News, Paired, PersonState, TalkStarted
from duologue.protocol import client as c
from duologue.protocol.codes import MediaEvent

log = structlog.get_logger()

Names = Mapping[str, str]
"""Whom it is about: `session`, and `person` once they came in."""


def heard(message: c.ClientMessage, doing: PersonState, names: Names, now_ms: int) -> None:
    """A client said something, who was doing this: the first time that it says that its media is up is told."""
    match message, doing:
        case c.MediaReport(pair=pair_id, event=MediaEvent.CONNECTED), Paired(pair) if pair.id == pair_id:
            if not pair.side(PersonId(names["person"])).connected:
                log.info("media_connected", **names, pair=pair.id, took_ms=max(0, now_ms - pair.matched_ms))


def told(news: News, names: Names) -> None:
    """The ledger has news for somebody who is in."""
    if isinstance(news, TalkStarted):
        log.info("talk_started", **names, pair=news.pair)
