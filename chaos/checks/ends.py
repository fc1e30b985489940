"""Answers, recovery, and what is left when all is over. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict

from chaos.checks.violation import Found
from chaos.felt import by_group, overdue_ms, unwell
from chaos.story import Entry, Gone, Heard, Lost, Rest, Said, Story
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode
from duologue.simulation.belief import Belief
from duologue.store.ledger.vouching import VOUCH_WITHIN_MS

LOOKED_AT_MS = 3_000
"""The reaper looks now and then, and the news takes its way."""
REPLIES_LATE_MS = 20_000
WITHOUT_REASON_MS = 10_000
AGREE_WITHIN_MS = 2_000
"""So long the two sides of a pair may believe different things."""
STAYS = ("nodes", "epoch", "shards", "due", "use", "status", "gateways", "format")
"""Keys that may be there when nobody is, as ARCHITECTURE.md says."""
STAYS_BY_KIND = ("lease", "gateway", "outbox", "queue", "blocks", "rate")
EXPIRES = "person"
"""Kept for a minute after somebody is gone, for who comes back; then the ledger forgets them."""


def every_command_is_answered(story: Story) -> Found:
    """Once for each time that it was said, also over a reconnect; unless they vanish."""
    for who, entries in story.by_person().items():
        asked: dict[str, int] = {}
        open_: Counter[str] = Counter()
        for entry in entries:
            match entry.what:
                case Said(message) if isinstance(message, c.Command):
                    asked[message.id] = entry.at_ms
                    open_[message.id] += 1
                case Heard(s.Reply(id=id_)):
                    asked.pop(id_, None)
                    open_[id_] -= 1
                    if open_[id_] < 0:
                        yield entry.at_ms, who, f"{id_} was answered twice"
                case Lost(mine=True) | Gone():
                    asked.clear()
        for id_, at_ms in asked.items():
            if story.left_ms - at_ms > REPLIES_LATE_MS:
                yield at_ms, who, f"{id_} never was answered"


def nobody_is_thrown_out(story: Story) -> Found:
    """People here do nothing wrong, so no close code may tell them to stay away."""
    for entry in story.entries:
        match entry.what:
            case Lost(code=code, mine=False) if 4300 <= code < 4400:
                yield entry.at_ms, entry.who, f"was closed with {CloseCode(code).name}"


def all_is_well_at_rest(story: Story) -> Found:
    """When the faults are over, everybody is in, and both sides of a talk say so. News take a moment."""
    for who, entries in story.by_person().items():
        if _believes(entries, story.left_ms)[1] is False:
            yield story.left_ms, who, "is not back"
    lonely = _lonely(story, story.left_ms)
    for who, pair in lonely.items():
        agreed = _lonely(story, story.left_ms - AGREE_WITHIN_MS).get(who) != pair
        if not agreed and not _may_be_asked_for(story):
            yield story.left_ms, who, f"believes to talk in {pair}, alone"


def _lonely(story: Story, at_ms: int) -> dict[str, str]:
    """Who is in and believes to talk at this time, and the other one does not; with the pair. Who is away for a moment
    believes what they heard last.
    """
    talks: defaultdict[str, list[tuple[str, bool | None]]] = defaultdict(list)
    for who, entries in story.by_person().items():
        belief, is_in = _believes(entries, at_ms)
        if belief.pair is not None and belief.talking:
            talks[belief.pair].append((who, is_in))
    return {people[0][0]: pair for pair, people in talks.items() if len(people) == 1 and people[0][1]}


def _may_be_asked_for(story: Story) -> bool:
    """A store that began anew waits so long for the word of the other side's gateway, who may have left meanwhile."""
    grace_ms = VOUCH_WITHIN_MS + LOOKED_AT_MS + story.late_ms
    return any(each.forgets and story.left_ms - each.healed_ms < grace_ms for each in story.troubles)


def _believes(entries: list[Entry], at_ms: int) -> tuple[Belief, bool | None]:
    """What somebody believes at this time, and whether they are in; None: away by their own will."""
    belief, is_in = Belief(), None
    stops: dict[str, c.Command] = {}
    for entry in entries:
        if entry.at_ms > at_ms:
            break
        match entry.what:
            case Lost(mine=mine):
                is_in = None if mine else False
            case Gone():
                belief, is_in = Belief(), None
            case Said(c.Cancel(id=id_) | c.Leave(id=id_) as stop):
                stops[id_] = stop
            case Heard(s.Ready() as ready):
                belief, is_in = belief._replace(rev=0).after(ready), True
            case Heard(s.Reply(id=id_, ok=True)) if id_ in stops and belief.is_ended_by(stops[id_]):
                belief = belief.cancelled()
            case Heard(message):
                belief = belief.after(message)
    return belief, is_in


def faults_end_in_time(story: Story) -> Found:
    """Each fault has a bound: so long after it was undone, nobody feels it."""
    for trouble in story.troubles:
        if trouble.failure:
            yield trouble.began_ms, trouble.name, trouble.failure
    for group, felt in by_group(story, unwell(story)):
        late = [(late_ms, each) for each in felt if (late_ms := overdue_ms(story, each)) > 0]
        late_ms, worst = max(late, default=(0, None))
        if worst is not None:
            text = f"{len(late)} times for too long, at most {worst.who}: {worst.why} for {worst.lasted_ms} ms"
            yield worst.from_ms, group.name, f"{text}, {late_ms} ms longer than promised"


def nobody_is_unwell_for_nothing(story: Story) -> Found:
    """Where no fault was, nothing lasts long; a busy machine is given some seconds."""
    everything = unwell(story)
    of_faults = {each for _, felt in by_group(story, everything) for each in felt}
    for each in everything:
        if each not in of_faults and each.lasted_ms > WITHOUT_REASON_MS + story.stalled_ms(each.from_ms, each.until_ms):
            yield each.from_ms, each.who, f"{each.why} for {each.lasted_ms} ms, and no fault was there"


def stays(key: str, rest: Rest) -> bool:
    """Whether it may: for good, for a while by itself, or because the ledger means to forget it."""
    kind, _, name = key.partition(":")
    return key in STAYS or kind in STAYS_BY_KIND or (kind == EXPIRES and f"forget:{name}" in rest.due)


def nothing_is_left(story: Story) -> Found:
    """Seats released, rooms gone, keys gone."""
    rest = story.rest
    for what in rest.unreadable:
        yield story.left_ms, "the end", what
    for key in rest.keys:
        if not stays(key, rest):
            yield story.left_ms, "Redis", f"{key} is still there: {rest.held.get(key, '')}"
    for node, pairs in rest.carried.items():
        if pairs != 0:
            yield story.left_ms, node, f"is counted to carry {pairs} pairs"
    for room in rest.rooms:
        yield story.left_ms, "LiveKit", f"room {room} is still there"


def logs_are_clean(story: Story) -> Found:
    """No line that must not be there, in the log of any process."""
    for line in story.offences:
        yield story.left_ms, "a log", line
