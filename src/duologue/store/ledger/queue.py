"""Who waits, and how two who wait become a pair."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from duologue.errors import Deposed
from duologue.ledger import Caller, Closed, CommitResult, Committed, Outcome, Proposal, Queued, Rejected
from duologue.matching.ticket import Ticket, succeeding
from duologue.nodes import NoSlot
from duologue.pairs import life
from duologue.protocol.codes import EndReason, Mode, Pause
from duologue.store.ledger.leases import Leases
from duologue.store.ledger.records import Person


class Queue(Leases):
    """The transitions of `ports.TicketStore`."""

    def find(self, caller: Caller, ticket: Ticket) -> Outcome:
        return self._once(caller, lambda who: self._find(who, ticket)).outcome

    def _find(self, who: Person, ticket: Ticket) -> Closed:
        if ticket.attempt <= who.attempt:
            return Closed(Outcome.DONE)
        if who.pair is not None:
            return Closed(Outcome.REFUSED)
        waits_already = who.ticket if who.waiting else None
        since_ms = waits_already.since_ms if waits_already else self.ledger.now_ms()
        who.last_pair = None  # this wait is the person's own, so leaving that pair late does not stop it
        self.ledger.enqueue(who, succeeding(msgspec.structs.replace(ticket, since_ms=since_ms), who.ticket))
        assert who.ticket is not None, "just enqueued"
        self.ledger.tell(who, Queued(who.ticket))
        return Closed(Outcome.DONE)

    def cancel(self, caller: Caller, attempt: int) -> Closed:
        return self._once(caller, lambda who: self._cancel(who, attempt))

    def _cancel(self, who: Person, attempt: int) -> Closed:
        if who.attempt > attempt:
            return Closed(Outcome.DONE)
        self.ledger.dequeue(who)
        self.ledger.close_way_back(who)
        if who.pair is not None and self.ledger.pairs[who.pair].call is not None:
            return Closed(Outcome.DONE)  # that pair did not come of the wait
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))

    def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        if not self._holds(shard, fence):
            raise Deposed(f"another matcher owns {shard}")
        if (left_ms := self._settles_for_ms()) > 0:
            return [NoSlot(left_ms, Pause.MATCHING_DOWN)] * len(proposals)
        return [self._commit(proposal, fence) for proposal in proposals]

    def _commit(self, proposal: Proposal, fence: int) -> CommitResult:
        fit = tuple(ticket for ticket in proposal.tickets if self._still_waits(ticket))
        first, second = proposal.tickets
        if len(fit) < len(proposal.tickets) or first.person == second.person or first.cohort != second.cohort:
            return Rejected(fit)
        if self._keep_apart(first, second):
            return self._apart(first, second)
        node = None if first.cohort.mode is Mode.TEXT else self._take_slot()
        if isinstance(node, NoSlot):
            return node
        return Committed(self.ledger.form(proposal, fence, node).id)

    def _still_waits(self, ticket: Ticket) -> bool:
        """Whether this very ticket is offered now: any change of it makes a match that was found before stale. Whom no
        gateway has spoken of since the store began anew may be in a talk that it does not know.
        """
        who = self.ledger.people.get(ticket.person)
        return who is not None and who.offered and who.ticket == ticket and self.ledger.of_this_life(who.seen_ms)

    def _keep_apart(self, first: Ticket, second: Ticket) -> bool:
        """Whether either has blocked the other: as the tickets say, or since they were written."""
        blocked = self.ledger.has_blocked
        return first.avoids(second) or blocked(first.person, second.person) or blocked(second.person, first.person)

    def _apart(self, first: Ticket, second: Ticket) -> Rejected:
        """A block that the tickets did not know yet: one of them is written anew, so that it is found just once."""
        if first.avoids(second):
            return Rejected((first, second))
        if not self.ledger.has_blocked(first.person, second.person):
            first, second = second, first
        self.ledger.wait_on(self.ledger.people[first.person])
        return Rejected((second,))
