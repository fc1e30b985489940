"""What `duologue explain` says, in sentences: an explanation in, lines out. Knows no clock and no network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from duologue.ledger import Attention
from duologue.matching.explain import AVOIDED, BACKING_OFF, MINE, Explanation
from duologue.matching.ticket import BACK_OFFS_MS
from duologue.matching.widen import RECENTLY_MET
from duologue.protocol.codes import Pause
from duologue.safety.text import printable
from duologue.services.explaining import Doing, Explained, Queueing, Talkers

SHOWN = 5
"""Values of a wish; it may have eight, each as long as a word."""

PAUSED = {
    Pause.MEDIA_DOWN: "no media server works. Look for media_node in the log, and run duologue doctor",
    Pause.MEDIA_BUSY: "the media servers start no more pairs at once (join slots); it goes on in a moment",
    Pause.MATCHING_DOWN: "the store is out of reach, or began anew a moment ago",
}

CHANGES = {RECENTLY_MET: "people met lately will do", BACKING_OFF: "they may be tried again"}


def sentences(explained: Explained) -> list[str]:
    """All there is to say, the most important first. Each is one line, whatever people say that they are or want."""
    return list(map(printable, [_head(explained), *_presence(explained), *_queue(explained)]))


def _head(explained: Explained) -> str:
    who, queueing, talk = explained.person, explained.queueing, explained.talk
    lasting = _lasting(explained.at_ms - (explained.since_ms or 0))
    if queueing is not None:
        return f"{who} has waited {lasting} in {queueing.mode}/{queueing.age_band} (attempt {queueing.attempt})."
    if talk is not None:
        what = "has talked" if explained.doing is Doing.TALKING else "was matched and is being connected,"
        where = f" on {talk.node}" if talk.node is not None else ""
        return f"{who} does not wait: {what} for {lasting}, in pair {talk.pair}{where}."
    if explained.doing is Doing.RINGING:
        return f"{who} is not matched: calls somebody, or is called, for {lasting}."
    return f"{who} does not wait: {'is here' if explained.gateway else 'is away'}, and searches nobody."


def _presence(explained: Explained) -> Iterator[str]:
    """Whether they are there at all."""
    now_ms = explained.at_ms
    if explained.gateway is None:
        until = f": their place is held {_until(explained.seat_until_ms, now_ms)}" if explained.seat_until_ms else ""
        yield f"Their socket is gone{until}. Nobody is matched with them meanwhile."
    else:
        came = f", since {_clock(explained.seen_ms)}" if explained.seen_ms is not None else ""
        yield f"They are on gateway {explained.gateway}{came}."
        if not explained.vouched:
            yield "Nobody vouches for them: that gateway is silent, or the store began anew and it has not said so yet."
    if explained.attention is Attention.QUIET:
        yield "They do not answer pings: not offered until something is heard of them."
    if explained.attention is Attention.HIDDEN and explained.queueing is not None:
        yield "Their page is in the background: they are matched only where nobody visible fits."
    if not explained.blocks_known:
        yield "Whom they have blocked is not known since the store began anew, and before they are not offered."
        yield "That comes from the database: does it answer (duologue db status)?"
    if explained.failures and explained.talk is None:
        yield f"Their picture and sound failed {_times(explained.failures)}{_what_follows(explained)}."


def _what_follows(explained: Explained) -> str:
    if explained.queueing is None:
        return ": they were told what to check" if explained.failures > len(BACK_OFFS_MS) else ""
    until_ms = explained.queueing.backs_off_until_ms
    return f": the next try is {_in(until_ms, explained.at_ms)}" if until_ms is not None else ""


def _queue(explained: Explained) -> Iterator[str]:
    queueing, now_ms = explained.queueing, explained.at_ms
    if queueing is None:
        return
    if not queueing.matcher_reports:
        yield f"No matcher looks after {queueing.cohort}. Is one running (duologue serve matcher), and ready?"
    if queueing.paused is not None:
        yield f"Matching stands still: {PAUSED.get(queueing.paused, queueing.paused)}."
    if queueing.others.widened:
        yield f"They have loosened: {', '.join(queueing.others.widened)}."
    yield from _others(explained.person, queueing, now_ms)
    yield from _coming(queueing.others, now_ms)
    yield _talkers(queueing.talkers)
    yield _estimate(queueing)


def _others(who: str, queueing: Queueing, now_ms: int) -> Iterator[str]:
    others = queueing.others
    if not others.looked_at:
        yield "Nobody else waits there."
        return
    wait = "1 other waits" if others.looked_at == 1 else f"{others.looked_at} others wait"
    some = "" if queueing.others_whole else " (picked by chance: there are more)"
    fit = "1 of them fits" if others.fits == 1 else f"{others.fits or 'none'} of them fit"
    yield f"{wait} there{some}; {fit} now{':' if others.rejected else '.'}"
    for rule, count in sorted(others.rejected.items(), key=lambda each: -each[1]):
        yield f"  {count:>5}  {_rule(rule, who, queueing)}; {_ends(others.passes_ms.get(rule), count, now_ms)}"
    if others.fits and queueing.offered and queueing.paused is None and queueing.matcher_reports:
        yield "Who fits is matched within a moment: ask again, and look at the log of the matcher if it stays so."


def _rule(rule: str, who: str, queueing: Queueing) -> str:
    """What the rule says of those whom it rejects."""
    if rule == AVOIDED:
        return "blocked them, or was blocked"
    if rule == RECENTLY_MET:
        return "met them lately"
    if rule == BACKING_OFF:
        return "cannot be tried yet: media of one of the two failed"
    facet, side = rule.removeprefix("facet ").split(": ")
    if side == MINE:
        return f"without the {facet} that {who} wants: {_words(queueing.wants.get(facet, []))} (facet {facet}: mine)"
    own = queueing.facets.get(facet)
    has = f'"{own}"' if own is not None else f"somebody who prefers not to say their {facet}"
    return f"do not want {has} (facet {facet}: theirs)"


def _ends(at_ms: int | None, count: int, now_ms: int) -> str:
    """When the rule lets the first of them pass."""
    if at_ms is None:
        return "that never changes"
    return f"that ends {_in(at_ms, now_ms)}{' at the earliest' if count > 1 else ''}"


def _coming(others: Explanation, now_ms: int) -> Iterator[str]:
    """What will change by itself, if everybody goes on waiting."""
    if others.holds_until_ms is not None:
        yield f"They let themselves be found, and search by themselves {_in(others.holds_until_ms, now_ms)} (hold_ms)."
    for step in others.steps:
        what = CHANGES.get(step.what, f'the wish "{step.what}" loosens')
        yield f"{_in(step.at_ms, now_ms).capitalize()} {what}: then {step.fits or 'still nobody'} would fit."
    if others.first_fit_ms is not None:
        yield f"If everybody goes on waiting, the next one fits {_in(others.first_fit_ms, now_ms)}."
    elif others.looked_at and not others.fits:
        yield "None of those who wait will ever fit: only somebody new, or other wishes."


def _talkers(talkers: Talkers) -> str:
    seen = "" if talkers.whole else f" (among {talkers.looked_at} people picked by chance)"
    return (
        f"{talkers.fits or 'None'} of the {talkers.talking} who talk there{seen} would fit at once when they come free."
    )


def _estimate(queueing: Queueing) -> str:
    if queueing.estimate_ms is None:
        return "How long people like them wait nobody knows: none was matched lately."
    return f"People like them wait about {_lasting(queueing.estimate_ms)}."


def _words(values: list[str]) -> str:
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(f'"{value}"' for value in values[:SHOWN]) + more


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times in a row"


def _in(at_ms: int, now_ms: int) -> str:
    return f"in {_lasting(max(0, at_ms - now_ms))}"


def _until(at_ms: int, now_ms: int) -> str:
    return f"for another {_lasting(max(0, at_ms - now_ms))}"


def _clock(at_ms: int) -> str:
    """By the clock of the world: the log has it, too."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S} UTC"


def _lasting(duration_ms: int) -> str:
    """The two greatest units."""
    seconds = -(-duration_ms // 1000)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
