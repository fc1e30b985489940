"""Stories by hand: what a check has to see, in a few lines."""

from __future__ import annotations

from chaos.story import Entry, Rest, Story, Traits, Trouble, What
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import EndReason, ErrorCode, MediaEvent, Mode, Pause

LEFT_MS = 100_000
ANA = Traits("ana", "en", None, Mode.TEXT)
BEN = Traits("ben", "fr", None, Mode.TEXT)
CLEO = Traits("cleo", "en", "en", Mode.TEXT)
SELF = s.Self("person", guest=True, facets={})


def story(*entries: tuple[int, str, What], troubles: tuple[Trouble, ...] = (), rest: Rest | None = None) -> Story:
    """Of ana, ben and cleo, until second 100."""
    people = {each.name: each for each in (ANA, BEN, CLEO)}
    told = [Entry(at_ms, who, what) for at_ms, who, what in entries]
    return Story(people, told, list(troubles), rest or Rest(), left_ms=LEFT_MS)


def waiting(attempt: int = 1, since: int = 0, rev: int = 1, paused: Pause | None = None) -> s.Waiting:
    return s.Waiting(rev, attempt, since, Mode.TEXT, 1, None, [], paused)


def matched(pair: str, rev: int = 2) -> s.Matched:
    return s.Matched(rev, pair, 1, Mode.TEXT, s.Peer("somebody", [], {}), None, 10_000)


def ended(pair: str, rev: int = 3, then: s.Waiting | None = None, reason: EndReason = EndReason.NEXT) -> s.Ended:
    return s.Ended(rev, pair, reason, "server" if reason is EndReason.MEDIA_FAILED else "peer", then)


def ready(state: s.State | None = None, rev: int = 1) -> s.Ready:
    return s.Ready(rev, "session", "token", 60_000, SELF, 1, state or s.IdleState())


def in_pair(pair: str) -> s.Ready:
    return ready(s.PairState(matched(pair), None, None, s.Muted(audio=False, video=False), []))


def ok(id_: str) -> s.Reply:
    return s.Reply(id_, ok=True)


def unavailable(id_: str) -> s.Reply:
    return s.Reply(id_, ok=False, error=s.CommandError(ErrorCode.UNAVAILABLE, "no", temporary=True))


def find(id_: str = "f1", attempt: int = 1) -> c.Find:
    return c.Find(id_, attempt)


def connected(pair: str) -> c.MediaReport:
    return c.MediaReport(pair, MediaEvent.CONNECTED)


def trouble(
    began_ms: int, healed_ms: int, within_ms: int = 5_000, *, forgets: bool = False, failure: str = ""
) -> Trouble:
    return Trouble("a-fault", "", 0, began_ms, healed_ms, within_ms, forgets, failure)
