"""Bugs that a store could have, planted to see whether the checks find them.

They live here and nowhere else: each overrides one decision of the memory store. A check that lets
one of them pass proves nothing about the real one either.
"""

from __future__ import annotations

from duologue.ledger import Closed, Outcome
from duologue.matching.ticket import Ticket
from duologue.store.memory import MemoryStore
from duologue.store.memory.ledger import Person


class CommitWithoutAttemptCheck(MemoryStore):
    """Whoever is connected is taken for still waiting, with whatever ticket the matcher has seen."""

    def _still_waits(self, ticket: Ticket) -> bool:
        who = self.ledger.people.get(ticket.person)
        return who is not None and who.here


class LeaseWithoutFence(MemoryStore):
    """A matcher that slept through its lease commits what it dreamt of."""

    def _holds(self, shard: str, fence: int) -> bool:  # noqa: ARG002 - that is the bug
        return True


class GenerationIgnoredOnResume(MemoryStore):
    """A resumed session has the generation of the one before, so the old socket still speaks for the person."""

    def _new_generation(self, who: Person) -> None:
        if who.generation == 0:
            super()._new_generation(who)


class SeatNeverReleased(MemoryStore):
    """Somebody whose connection never comes back keeps their partner waiting for ever."""

    def _seat_ran_out(self, who: Person) -> Closed:  # noqa: ARG002 - that is the bug
        return Closed(Outcome.DONE)


class BlockCheckedOnlyByMatcher(MemoryStore):
    """A block that came after the ticket was written is not seen by the commit."""

    def _keep_apart(self, first: Ticket, second: Ticket) -> bool:
        return first.avoids(second)


PLANTED: dict[str, type[MemoryStore]] = {
    "commit-without-attempt-check": CommitWithoutAttemptCheck,
    "lease-without-fence": LeaseWithoutFence,
    "generation-ignored-on-resume": GenerationIgnoredOnResume,
    "seat-never-released": SeatNeverReleased,
    "block-checked-only-by-matcher": BlockCheckedOnlyByMatcher,
}
