"""Bugs that a store could have, planted to see whether the checks find them.

They live here and nowhere else: each overrides one decision of the ledger. A check that lets
one of them pass proves nothing about the real one either.
"""

from __future__ import annotations

from duologue.calls.call import Ring
from duologue.ids import CallId, NodeName, PairId, PersonId
from duologue.ledger import Caller, Closed, Outcome
from duologue.matching.ticket import Ticket
from duologue.nodes import NoSlot
from duologue.protocol.codes import Pause
from duologue.store.ledger import Transitions
from duologue.store.ledger.records import Epoch, Gateway, Person, Way


class CommitWithoutAttemptCheck(Transitions):
    """Whoever is connected is taken for still waiting, with whatever ticket the matcher has seen."""

    def _still_waits(self, ticket: Ticket) -> bool:
        who = self.ledger.people.get(ticket.person)
        return who is not None and who.here


class LeaseWithoutFence(Transitions):
    """A matcher that slept through its lease commits what it dreamt of."""

    def _holds(self, shard: str, fence: int) -> bool:  # noqa: ARG002 - that is the bug
        return True


class GenerationIgnoredOnResume(Transitions):
    """A resumed session has the generation of the one before, so the old socket still speaks for the person."""

    def _new_generation(self, who: Person) -> None:
        if who.generation == 0:
            super()._new_generation(who)


class SeatNeverReleased(Transitions):
    """Somebody whose connection never comes back keeps their partner waiting for ever."""

    def _seat_ran_out(self, who: Person) -> Closed:  # noqa: ARG002 - that is the bug
        return Closed(Outcome.DONE)


class BlockCheckedOnlyByMatcher(Transitions):
    """A block that came after the ticket was written is not seen by the commit."""

    def _keep_apart(self, first: Ticket, second: Ticket) -> bool:
        return first.avoids(second)


class DeadNodeKeepsPairs(Transitions):
    """A media server is known to be dead, and people are left in its rooms."""

    def lost_node(self, pair: PairId, node: NodeName) -> Closed:  # noqa: ARG002 - that is the bug
        return Closed(Outcome.DONE)


class SlotsNotCounted(Transitions):
    """Whoever works takes any number of pairs at once."""

    def _take_slot(self) -> NodeName | NoSlot:
        taken = super()._take_slot()
        now_ms, states = self.ledger.now_ms(), self.ledger.nodes.states
        if isinstance(taken, NoSlot) and taken.why is Pause.MEDIA_BUSY:
            return next(name for name, state in states.items() if state.works(now_ms))
        return taken


class CallNeverMissed(Transitions):
    """A call rings for as long as nobody answers it."""

    def _ring_ran_out(self, call: CallId) -> Closed:  # noqa: ARG002 - that is the bug
        return Closed(Outcome.DONE)


class BlockedCallerRings(Transitions):
    """Whom somebody has blocked may still ring them."""

    def _offer(self, who: Person, wanted: Ring) -> Closed:
        return super()._offer(who, wanted._replace(apart=False))

    def _stays_apart(self, one: PersonId, other: PersonId) -> bool:  # noqa: ARG002 - that is the bug
        return False


class BackFromSomebodyElse(Transitions):
    """Who wants to go back takes the other one out of whatever they do by now."""

    def _way(self, who: Person, pair: PairId) -> Way | None:
        if who.last_met is None or who.last_met[0] != pair:
            return None
        partner = who.last_met[1]
        return Way(pair, partner.person, partner.alias, self.ledger.now_ms(), mine=True, theirs=True)


class AnswersOfAnOlderLife(Transitions):
    """A store that went back in time answers before any gateway has spoken: by what people did then."""

    def _speaker(self, caller: Caller) -> Person | Closed:
        return self._present(caller)


class OneWordForEachLife(Transitions):
    """A gateway that has vouched in a life is known in it, also where somebody who had not noticed began it anew."""

    def _has_vouched(self, known: Gateway, epoch: Epoch) -> bool:
        return known.epoch == epoch.id


PLANTED: dict[str, type[Transitions]] = {
    "commit-without-attempt-check": CommitWithoutAttemptCheck,
    "lease-without-fence": LeaseWithoutFence,
    "generation-ignored-on-resume": GenerationIgnoredOnResume,
    "seat-never-released": SeatNeverReleased,
    "block-checked-only-by-matcher": BlockCheckedOnlyByMatcher,
    "dead-node-keeps-pairs": DeadNodeKeepsPairs,
    "slots-not-counted": SlotsNotCounted,
    "call-never-missed": CallNeverMissed,
    "blocked-caller-rings": BlockedCallerRings,
    "back-from-somebody-else": BackFromSomebodyElse,
    "answers-of-an-older-life": AnswersOfAnOlderLife,
    "one-word-for-each-life": OneWordForEachLife,
}
