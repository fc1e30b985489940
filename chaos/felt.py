"""How long people felt a fault: from what they saw, never from what the fault meant to do. Pure.

Somebody is unwell from the moment at which their connection is gone by no doing of theirs, a command is refused or has
no answer for two seconds, they are told that matching pauses, or the partner's picture stops (`picture.py`); until they
are in again, a command is answered, they are told that it goes on or is over, or see something. When nobody meets
anybody although many wait, everybody is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chaos.picture import Picture
from chaos.story import Came, Entry, Gone, Heard, Lost, Said, Story, Trouble
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import ErrorCode

ANSWER_WITHIN_MS = 2_000
"""A busy machine, too, answers within this."""
MATCH_WITHIN_MS = 4_000
MANY = 6
"""So many who search are sure to hold two who fit."""
EVERYBODY = "everybody"
COMES_IN = "to come in"
"""Asked for as a command is."""


class Unwell(NamedTuple):
    """Somebody could not do what they came for."""

    who: str
    why: str
    from_ms: int
    until_ms: int

    @property
    def lasted_ms(self) -> int:
        return self.until_ms - self.from_ms


class Spell:
    """What one person goes through, entry by entry."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._since: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._stopped = 0
        self._picture = Picture()
        self.over: list[Unwell] = []

    @property
    def is_unwell(self) -> bool:
        """Just now, as far as they know."""
        return bool(self._since) or self._picture.is_gone

    def note(self, entry: Entry) -> None:
        """The next thing that they saw."""
        self._picture.note(entry)
        match entry.what:
            case Lost(mine=mine):
                self._lost(entry.at_ms, mine=mine)
            case Gone():
                self._asked.clear()
                self._since.clear()
            case Came():
                self._asked[COMES_IN] = entry.at_ms
            case Heard(s.Ready()):
                self._end("away", entry.at_ms)
                self._late(self._asked.pop(COMES_IN, entry.at_ms), entry.at_ms)
            case Said(c.Cancel(id=id_, attempt=attempt)):
                self._asked[id_], self._stopped = entry.at_ms, attempt
                self._paused(entry.at_ms, None)
            case Said(message) if isinstance(message, c.Command):
                self._asked[message.id] = entry.at_ms
            case Heard(s.Reply() as reply):
                self._answered(entry.at_ms, reply)
            case Heard(s.Waiting(attempt=attempt)) if attempt <= self._stopped:
                pass  # it crossed the wish to stop
            case Heard(s.Waiting(paused=paused)):
                self._paused(entry.at_ms, str(paused) if paused else None)
            case Heard(s.Matched() | s.Ended(waiting=None)):
                self._paused(entry.at_ms, None)

    def finish(self, at_ms: int) -> list[Unwell]:
        """All of it; what never ended has lasted until now."""
        for why in list(self._since):
            self._end(why, at_ms)
        for asked_ms in self._asked.values():
            self._late(asked_ms, at_ms)
        self._picture.finish(at_ms)
        return [*self.over, *(Unwell(self._who, "no picture", *each) for each in self._picture.over)]

    def _lost(self, at_ms: int, *, mine: bool) -> None:
        for asked_ms in self._asked.values():
            self._late(asked_ms, at_ms)
        self._asked.clear()
        self._paused(at_ms, None)
        self._end("refused", at_ms)
        if mine:
            self._end("away", at_ms)  # from now on they do not want to be in
        else:
            self._since.setdefault("away", at_ms)

    def _answered(self, at_ms: int, reply: s.Reply) -> None:
        asked_ms = self._asked.pop(reply.id, at_ms)
        self._late(asked_ms, at_ms)
        if reply.ok:
            self._end("refused", at_ms)
        elif reply.error is not None and reply.error.code is ErrorCode.UNAVAILABLE:
            self._since.setdefault("refused", asked_ms)

    def _late(self, asked_ms: int, at_ms: int) -> None:
        if at_ms - asked_ms > ANSWER_WITHIN_MS:
            self.over.append(Unwell(self._who, "unanswered", asked_ms, at_ms))

    def _paused(self, at_ms: int, why: str | None) -> None:
        if why in (None, "your_media"):
            self._end("paused", at_ms)
        else:
            self._since.setdefault("paused", at_ms)

    def _end(self, why: str, at_ms: int) -> None:
        since_ms = self._since.pop(why, None)
        if since_ms is not None:
            self.over.append(Unwell(self._who, why, since_ms, at_ms))


def unwell(story: Story) -> list[Unwell]:
    """All that anybody went through, until everybody was asked to leave."""
    found = list(standstills(story))
    for who, entries in story.by_person().items():
        spell = Spell(who)
        for entry in entries:
            if entry.at_ms <= story.left_ms:
                spell.note(entry)
        found += spell.finish(story.left_ms)
    return sorted(found, key=lambda each: each.from_ms)


def standstills(story: Story) -> Iterator[Unwell]:
    """When nobody met anybody for long, and many searched all the while."""
    searching: dict[str, int] = {}
    meetings = [(entry.at_ms, entry) for entry in story.entries if entry.at_ms <= story.left_ms]
    last_ms = story.entries[0].at_ms if story.entries else 0
    for at_ms, entry in meetings:
        match entry.what:
            case Heard(s.Waiting()):
                searching.setdefault(entry.who, at_ms)
            case Heard(s.Matched()):
                yield from _standstill(searching, last_ms, at_ms)
                searching.pop(entry.who, None)
                last_ms = at_ms
            case Lost() | Heard(s.Ended(waiting=None)) | Said(c.Cancel()):
                searching.pop(entry.who, None)
    yield from _standstill(searching, last_ms, story.left_ms)


def _standstill(searching: dict[str, int], from_ms: int, until_ms: int) -> Iterator[Unwell]:
    since = sorted(searching.values())
    if len(since) >= MANY:
        began_ms = max(from_ms, since[MANY - 1])
        if until_ms - began_ms > MATCH_WITHIN_MS:
            yield Unwell(EVERYBODY, "nobody meets", began_ms, until_ms)


class Spread(NamedTuple):
    """Durations, in milliseconds: how many, and how long."""

    number: int
    p50: int
    p95: int
    longest: int


def spread(durations_ms: Iterable[int]) -> Spread:
    """The distribution of these."""
    found = sorted(durations_ms)
    ordered = found or [0]
    p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95))
    return Spread(len(found), p50, p95, ordered[-1])


class Group(NamedTuple):
    """The faults of one round. `ends_ms`: when the next round begins, or everybody leaves."""

    troubles: tuple[Trouble, ...]
    ends_ms: int

    @property
    def from_ms(self) -> int:
        return min(each.began_ms for each in self.troubles)

    @property
    def healed_ms(self) -> int:
        return max(each.healed_ms for each in self.troubles)

    @property
    def until_ms(self) -> int:
        """By then nobody may feel them any more."""
        return self.healed_ms + sum(each.within_ms for each in self.troubles)

    @property
    def name(self) -> str:
        return " + ".join(each.name for each in self.troubles)

    @property
    def spares(self) -> bool:
        """Whether nobody who was in may feel anything of them."""
        return all(each.spares for each in self.troubles)

    def touches(self, each: Unwell) -> bool:
        """Whether that may be of these faults."""
        return self.from_ms <= each.until_ms and each.from_ms <= min(self.until_ms, self.ends_ms)


def by_group(story: Story, everything: Sequence[Unwell]) -> list[tuple[Group, list[Unwell]]]:
    """What was felt of each round. What began in one and went on in the next is of the first."""
    found: list[tuple[Group, list[Unwell]]] = [(group, []) for group in groups(story)]
    for each in everything:
        first = next((felt for group, felt in found if group.touches(each)), None)
        if first is not None:
            first.append(each)
    return found


def bound_by(all_groups: Iterable[Group], each: Unwell) -> Group | None:
    """The round by whose bound it has to be over: the first that it touches, or one that began within the bound of that
    one, and so on: then it cannot be told apart. None: it is of none.
    """
    last: Group | None = None
    for group in all_groups:
        if group.touches(each) and (last is None or group.from_ms <= last.until_ms):
            last = group if last is None or group.until_ms >= last.until_ms else last
    return last


def overdue_ms(story: Story, each: Unwell) -> int:
    """How much longer it lasted than it may, without what the machine took meanwhile; at most 0: not at all."""
    bound = bound_by(groups(story), each)
    if bound is None:
        return 0
    return each.until_ms - bound.until_ms - story.stalled_ms(bound.healed_ms, each.until_ms)


def groups(story: Story) -> list[Group]:
    """The faults, round by round."""
    by_round: defaultdict[int, list[Trouble]] = defaultdict(list)
    for trouble in story.troubles:
        by_round[trouble.round].append(trouble)
    begins = [min(each.began_ms for each in troubles) for troubles in by_round.values()]
    ends = [*begins[1:], story.left_ms] if begins else []
    return [Group(tuple(troubles), end_ms) for troubles, end_ms in zip(by_round.values(), ends, strict=True)]
