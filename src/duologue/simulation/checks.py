"""What must hold, looked at from outside after each step of the store, and once a second.

Must not know how the store decides: it compares what the ledger says before and after a transition
with what people hold in their hands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from duologue.calls.call import Call
from duologue.ids import NodeName, PairId, PersonId
from duologue.ledger import Arrival, Closed, Committed, Outcome, Paired, Proposal
from duologue.matching.estimate import QueueStatus
from duologue.matching.profile import accepts, profile_of
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket
from duologue.matching.widen import apart
from duologue.media.fake import FakeMedia
from duologue.nodes import NodeHealth
from duologue.pairs.pair import Pair
from duologue.simulation.device import Device
from duologue.simulation.person import Person
from duologue.simulation.virtual import VirtualClock
from duologue.store.ledger.records import Person as PersonRecord
from duologue.store.memory.store import MemoryRecords

REAPED_WITHIN_MS = 25_000
"""Seats and deadlines end by a loop that may be stopped for a while, through a store that may be away."""
OFFERED_WITHIN_MS = 2_000
"""From the moment at which two fit to their pair, without trouble."""
TOLD_WITHIN_MS = 8_000
"""5 s, and what the network may take."""
SPOKEN_WITHIN_MS = 8_000
"""A gateway asks every 5 s whether it has to, and the store may be out of reach meanwhile."""
ENDED_WITHIN_MS = 500
"""The pairs of a media server that is reported dead end one by one, in the same call."""
SEEN_DEAD_WITHIN_MS = 25_000
"""A media server that does not work; whoever watches may be stopped, killed, and cut off from the store."""
SWEPT_WITHIN_MS = 60_000
"""A room without a pair: it has to be old, and to be seen twice."""


class Checks:
    """The invariants, and the memory they need. Numbers are those of ARCHITECTURE.md."""

    def __init__(
        self,
        records: MemoryRecords,
        people: Mapping[PersonId, Person],
        devices: Sequence[Device],
        rules: Rules,
        media: FakeMedia,
        violation: Callable[[str], None],
    ) -> None:
        self._records = records
        self._media = media
        self._broken_ms: dict[NodeName, int] = {}
        self._started_ms: defaultdict[NodeName, list[int]] = defaultdict(list)
        self._people = people
        self._devices = devices
        self._rules = rules
        self._violation = violation
        self._clock = VirtualClock()
        self._fences: dict[str, int] = {}
        self._blocked: set[frozenset[PersonId]] = set()
        self._left: set[tuple[PersonId, PairId]] = set()
        """Who was told that they are out of which pair."""
        self._seen: Any = None
        self._revs = 0
        self._anew_ms = 0
        self._unspoken_ms: dict[PersonId, int] = {}
        """Since when the ledger does not take somebody who waits for one who may be matched."""
        self._on_dead_ms: dict[PairId, int] = {}
        """Since when a pair that lives is on a media server that is known to be dead."""
        self.changed_ms = 0
        """When somebody's state changed last."""
        self.steps = self.pairs = 0

    def store_began_anew(self) -> None:
        """It may have forgotten how many slots are in use."""
        self._started_ms.clear()
        self._anew_ms = self._clock.now_ms()

    # -- around each transition -----------------------------------------------------------------

    def before(self, name: str, args: tuple[Any, ...]) -> None:
        """Remember what this transition will be judged by."""
        match name:
            case "commit":
                waiting = [who for who in self._records.people.values() if who.offered and who.pair is None]
                self._seen = {who.id: who.ticket for who in waiting}
            case "back":
                free = {who.id for who in self._records.people.values() if who.pair is None and who.call is None}
                self._seen = free, set(self._records.pairs)
            case "depart":
                self._seen = self._holds_live_session(args[0].person)
            case "block":
                self._seen = self._partner(args[0].person, args[1])

    def after(self, name: str, args: tuple[Any, ...], answer: Any) -> None:
        """Judge it."""
        self.steps += 1
        match name:
            case "commit":
                for proposal, result in zip(args[2], answer, strict=True):
                    if isinstance(result, Committed):
                        self._formed(args[0], proposal)
            case "back" if isinstance(answer, Closed) and answer.formed is not None:
                free, pairs = self._seen
                if answer.formed not in pairs:  # or it is the answer once more
                    self._went_back(self._records.pairs[answer.formed], free)
            case "depart" if answer.outcome is Outcome.DONE and self._seen:
                self._violation(f"invariant 8: the ledger let go of {args[0].person}, whose socket lives")
            case "block" if answer.outcome is Outcome.DONE and self._seen is not None:
                self._blocked.add(frozenset([args[0].person, self._seen]))
                self._left.add((args[0].person, args[1]))
            case "leave" | "next" if answer.outcome is Outcome.DONE:
                self._left.add((args[0].person, args[1]))
            case "arrive" if isinstance(answer, Arrival) and isinstance(answer.state, Paired):
                self._left.discard((args[0], answer.state.pair.id))  # a store that went back in time told them so
            case "vouch":
                self._vouched_for([claim.person for claim in args[1] if claim.active and claim.session not in answer])
        if not name.startswith("read"):
            self._whole_ledger()

    def _formed(self, shard: str, proposal: Proposal) -> None:
        self.pairs += 1
        pair = self._records.pairs[proposal.pair]
        one, other = proposal.tickets
        for ticket in proposal.tickets:
            if self._seen.get(ticket.person) != ticket:
                self._violation(f"invariant 1: {ticket.person} was matched, and did not wait with that ticket")
        if frozenset([one.person, other.person]) in self._blocked or one.person == other.person:
            self._violation(f"invariant 2: {one.person} and {other.person} have blocked each other, and were matched")
        if one.cohort != other.cohort or not self._accept(one, other, self._clock.now_ms()):
            self._violation(f"invariant 3: {one.person} and {other.person} do not want each other")
        if pair.node is not None:
            self._slot_taken(pair.node, pair.matched_ms)
        if pair.fence < self._fences.get(shard, 0):
            self._violation(f"invariant 6: a matcher that was deposed made {pair.id} in {shard}")
        self._fences[shard] = max(pair.fence, self._fences.get(shard, 0))

    def _went_back(self, pair: Pair, free: set[PersonId]) -> None:
        self.pairs += 1
        people = frozenset(side.person for side in pair.sides)
        if not people <= free:
            self._violation(f"invariant 1: one of {', '.join(sorted(people))} had somebody else, and went back")
        if people in self._blocked:
            self._violation(f"invariant 2: {' and '.join(sorted(people))} have blocked each other, and went back")
        if pair.node is not None:
            self._slot_taken(pair.node, pair.matched_ms)

    def _vouched_for(self, people: Iterable[PersonId]) -> None:
        """Their gateway's word counts, also to a store that forgot: it must not undo what they were told."""
        for person in people:
            who = self._records.people.get(person)
            believed = self._people[person].belief.pair if person in self._people else None
            if who is not None and who.pair is not None and who.pair != believed and (person, who.pair) in self._left:
                self._violation(f"invariant 13: {person} has left {who.pair}, was told so, and is in it again")

    def _slot_taken(self, node: NodeName, now_ms: int) -> None:
        slots, times = self._media.nodes[node], self._started_ms[node]
        times.append(now_ms)
        if len(times) > slots.burst and now_ms - times[-1 - slots.burst] < slots.interval_ms:
            self._violation(f"invariant 11: {node} starts more than {slots.burst} pairs in {slots.interval_ms} ms")

    def _accept(self, one: Ticket, other: Ticket, now_ms: int) -> bool:
        first, second = (profile_of(ticket, self._rules, now_ms) for ticket in (one, other))
        return accepts(first, second) and accepts(second, first)

    def _partner(self, person: PersonId, pair: str) -> PersonId | None:
        who = self._records.people.get(person)
        if who is None:
            return None
        if who.pair == pair:
            return self._records.pairs[who.pair].peer(person).person
        if who.call == pair:
            return self._records.calls[who.call].peer(person).person
        if who.last_call is not None and who.last_call[0] == pair:
            return who.last_call[1].person
        met = [each for each in (who.last_met, who.met_before) if each is not None]
        return next((partner.person for id_, partner in met if id_ == pair), None)

    def _holds_live_session(self, id_: PersonId) -> bool:
        """Whether the session that the ledger knows is the one in this person's hands, and works."""
        person, who = self._people.get(id_), self._records.people.get(id_)
        if person is None or who is None or not person.is_in or person.ready is None:
            return False
        return person.link is not None and person.link.works and who.session == person.ready.session

    # -- the ledger by itself ---------------------------------------------------------------------

    def _whole_ledger(self) -> None:
        revs = sum(who.rev for who in self._records.people.values())
        if revs != self._revs:
            self._revs, self.changed_ms = revs, self._clock.monotonic_ms()
        for who in self._records.people.values():
            if who.waiting and who.pair is not None:
                self._violation(f"invariant 1: {who.id} waits and is in a pair")
            if who.pair is not None and who.pair not in self._records.pairs:
                self._violation(f"invariant 1: {who.id} is in a pair that is not there")
            if who.call is not None:
                self._one_who_rings(who)
        for call in self._records.calls.values():
            self._one_call(call)
        self._note_broken()
        for pair in self._records.pairs.values():
            self._one_pair(pair)
            if pair.node is not None:
                self._on_node(pair, pair.node)

    def _one_who_rings(self, who: PersonRecord) -> None:
        if who.pair is not None or who.offered:
            self._violation(f"invariant 1: {who.id} rings, and is in a pair or offered")
        if who.call not in self._records.calls:
            self._violation(f"invariant 1: {who.id} is in a call that is not there")

    def _one_call(self, call: Call) -> None:
        for party in call.known_to:
            if self._records.people[party.person].call != call.id:
                self._violation(f"invariant 1: {call.id} rings with {party.person}, who is in another call or none")
        of_this_life = call.since_ms >= self._anew_ms  # a store that went back in time has calls of before the block
        if of_this_life and not call.unheard and frozenset([call.caller.person, call.callee.person]) in self._blocked:
            self._violation(
                f"invariant 2: {call.caller.person} rings {call.callee.person}, and one has blocked the other"
            )
        if call.expires_ms < self._clock.now_ms() - REAPED_WITHIN_MS:
            self._violation(f"invariant 5: {call.id} rings for ever")

    def _note_broken(self) -> None:
        for name, node in self._media.on.items():
            if node.works:
                self._broken_ms.pop(name, None)
            else:
                self._broken_ms.setdefault(name, self._clock.now_ms())

    def _on_node(self, pair: Pair, node: NodeName) -> None:
        known = self._records.nodes.states.get(node)
        told = self._clock.now_ms() > self._anew_ms + SEEN_DEAD_WITHIN_MS
        dead = told if known is None else known.report.health is NodeHealth.DOWN
        since_ms = self._on_dead_ms.setdefault(pair.id, self._clock.now_ms()) if dead else None
        if not dead:
            self._on_dead_ms.pop(pair.id, None)
        if since_ms is not None and since_ms < self._clock.now_ms() - ENDED_WITHIN_MS:
            self._violation(f"invariant 11: {pair.id} is on {node}, which is known to be dead")
        broken_ms = self._broken_ms.get(node)
        if broken_ms is not None and broken_ms < self._clock.now_ms() - SEEN_DEAD_WITHIN_MS:
            self._violation(f"invariant 11: {pair.id} is on {node}, which has been broken for long")

    def _one_pair(self, pair: Pair) -> None:
        late_ms = self._clock.now_ms() - REAPED_WITHIN_MS
        for side in pair.sides:
            if self._records.people[side.person].pair != pair.id:
                self._violation(f"invariant 2: {pair.id} has {side.person}, who is in another pair or none")
            if side.away_until_ms is not None and side.away_until_ms < late_ms:
                self._violation(f"invariant 7: the seat of {side.person} in {pair.id} is never given up")
        if pair.talking_since_ms is None and pair.deadline_ms < late_ms:
            self._violation(f"invariant 5: {pair.id} never became a talk, and does not end")

    # -- once a second, and at the end --------------------------------------------------------------

    def told(self) -> None:
        """Invariant 4: everybody who waits hears of it, and may be matched."""
        now_ms = self._clock.monotonic_ms()
        unspoken_ms: dict[PersonId, int] = {}
        for person in self._people.values():
            if not person.is_in or person.link is None:
                continue
            process = person.link.host.process
            if not (process.running and person.link.works):
                continue
            since_ms = person.promised_ms
            if since_ms is not None and now_ms - max(since_ms, process.woken_ms) > TOLD_WITHIN_MS:
                self._violation(f"invariant 4: {person.name} searches by an answer, and nobody speaks of it")
            if person.belief.state != "waiting" or person.wants_rest:
                continue
            quiet_ms = now_ms - max(person.told_ms, process.woken_ms)
            if quiet_ms > TOLD_WITHIN_MS:
                self._violation(f"invariant 4: {person.name} waits, and heard nothing of it for {quiet_ms} ms")
            if not self._spoken_of(person.id):
                unspoken_ms[person.id] = max(process.woken_ms, self._unspoken_ms.get(person.id, now_ms))
            if now_ms - unspoken_ms.get(person.id, now_ms) > SPOKEN_WITHIN_MS:
                self._violation(f"invariant 4: {person.name} waits, and no gateway has spoken of them for long")
        self._unspoken_ms = unspoken_ms

    def _spoken_of(self, person: PersonId) -> bool:
        """Whether they may be matched, if they wait: somebody has told of them since the store began anew."""
        who, epoch = self._records.people.get(person), self._records.epoch
        return who is None or not who.waiting or (who.seen_ms is not None and who.seen_ms >= epoch.since_ms)

    def at_rest(self, published: Mapping[str, QueueStatus]) -> None:
        """After the trouble, once everybody keeps still: people and ledger agree, and nobody waits in vain."""
        for person in self._people.values():
            if not person.away:
                self._agrees(person)
        offered = [who.ticket for who in self._records.people.values() if who.offered and who.ticket]
        for shard, status in published.items():
            waiting = sum(ticket.cohort.key == shard for ticket in offered)
            if status.waiting_count != waiting:
                self._violation(f"at rest: matchers see {status.waiting_count} people in {shard}, there are {waiting}")
        for device in self._devices:
            self._stands_by(device)
        self._no_phantoms()
        self._no_zombies()
        for one, other in combinations(offered, 2):
            if self._should_be_matched(one, other):
                self._violation(f"invariant 4: {one.person} and {other.person} fit, and wait beside each other")

    def _agrees(self, person: Person) -> None:
        """What somebody believes is what the ledger says."""
        who = self._records.people.get(person.id)
        if not person.is_in or person.ready is None:
            self._violation(f"at rest: {person.name} is not back")
        elif who is None or who.session != person.ready.session:
            self._violation(f"invariant 8: {person.name} is connected, and the ledger does not know")
        else:
            if who.unsure:
                self._violation(f"invariant 9: nobody told the ledger whom {person.name} has blocked")
            truth = "paired" if who.pair else "ringing" if who.call else "waiting" if who.waiting else "idle"
            if (person.belief.state, person.belief.pair) != (truth, who.pair):
                self._violation(f"invariant 5: {person.name} believes {person.belief}, the ledger says {truth}")

    def _stands_by(self, device: Device) -> None:
        """Another session speaks for its person; and it rings while they are called."""
        who, session = self._records.people.get(device.person.id), device.session
        if session is None:
            self._violation(f"at rest: {device.name} is not back")
        elif who is None or session not in {each for each, _ in who.standby.values()}:
            self._violation(f"invariant 8: {device.name} stands by, and the ledger does not know")
        else:
            call = self._records.calls.get(who.call) if who.call is not None else None
            if call is not None and call.callee.person == who.id and device.rings != call.id:
                self._violation(f"invariant 5: {who.id} is called, and {device.name} does not ring")

    def _no_phantoms(self) -> None:
        """Who went while the store forgot, or went back in time, is not here because it says so."""
        there = {person.ready.session for person in self._people.values() if person.is_in and person.ready is not None}
        there |= {device.session for device in self._devices if device.session is not None}
        for who in self._records.people.values():
            for session, _ in who.addresses:
                if session not in there:
                    self._violation(f"invariant 8: the ledger believes in a session of {who.id} that is gone")

    def _no_zombies(self) -> None:
        old_ms = self._clock.now_ms() - SWEPT_WITHIN_MS
        for name, node in self._media.on.items():
            carried = self._records.nodes.pairs_on(name)
            for pair, made_ms in node.rooms.items():
                if made_ms < old_ms and pair not in carried:
                    self._violation(f"invariant 12: {name} has a room for {pair}, and no such pair lives there")

    def _should_be_matched(self, one: Ticket, other: Ticket) -> bool:
        now_ms = self._clock.now_ms() - OFFERED_WITHIN_MS
        if one.cohort != other.cohort or one.avoids(other) or not self._accept(one, other, now_ms):
            return False
        if frozenset([one.person, other.person]) in self._blocked:
            return False
        if any(ticket.not_before_ms > now_ms for ticket in (one, other)):
            return False
        return not apart(one, other, self._rules, now_ms)
