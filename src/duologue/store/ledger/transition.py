"""How a transition is run: for a caller who may be late, or ask again, and in which life of the store.

Knows none of them: each part of `transitions.py` has its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from duologue.errors import Unavailable
from duologue.ids import GatewayId, NodeName, PairId
from duologue.ledger import Caller, Closed, Outcome
from duologue.nodes import NoSlot
from duologue.pairs import life
from duologue.pairs.pair import CONNECT_DEADLINE_MS
from duologue.ports import Clock
from duologue.store.ledger.ledger import Ledger
from duologue.store.ledger.records import Epoch, Person, Records
from duologue.store.ledger.ringing import Ringer


class Terms(NamedTuple):
    """The times of the ledger that tests and operators may set."""

    connect_deadline_ms: int = CONNECT_DEADLINE_MS
    settle_ms: int = 3_000
    """After a store began anew (emptied, restored, failed over) nobody is matched for so long: gateways say first who
    is here, and who talks."""


class Transition:
    """What the transitions over one set of records share."""

    def __init__(self, records: Records, clock: Clock, terms: Terms = Terms()) -> None:  # noqa: B008 - frozen
        self.ledger = Ledger(records, clock, terms.connect_deadline_ms)
        self.ringer = Ringer(self.ledger)
        self._records = records
        self._settle_ms = terms.settle_ms

    def _once(self, caller: Caller, run: Callable[[Person], Closed]) -> Closed:
        """Run a transition for its caller: refused when stale, repeated answer for a repeated request."""
        who = self._speaker(caller)
        return who if isinstance(who, Closed) else self._noted(caller, who, run(who))

    def _speaker(self, caller: Caller) -> Person | Closed:
        """Who asks; or what they are told, where they have no say, or have asked before. In a store that began anew
        nobody has a say before their gateway has spoken of them: what it knows may be older than what they were told.
        """
        who = self._present(caller)
        if isinstance(who, Closed):
            return who
        if not self.ledger.of_this_life(who.seen_ms):
            return Closed(Outcome.GONE)
        if caller.request is not None and who.answered is not None and who.answered[0] == caller.request:
            return who.answered[1]
        return who

    def _present(self, caller: Caller) -> Person | Closed:
        """Whose session this is; or what they are told, where it is not the active one, or unknown."""
        who = self.ledger.people.get(caller.person)
        if who is None or caller.generation > who.generation:
            return Closed(Outcome.GONE)
        if caller.generation < who.generation:
            return Closed(Outcome.STALE)
        return who if who.here else Closed(Outcome.GONE)

    def _noted(self, caller: Caller, who: Person, closed: Closed) -> Closed:
        """The answer, kept for who asks again."""
        if caller.request is not None:
            who.answered = (caller.request, _without_words(closed))
        return closed

    def _in_pair(self, caller: Caller, pair: PairId, event: life.Event) -> Closed:
        """An event of somebody in this pair; nothing if they are in it no more."""

        def run(who: Person) -> Closed:
            return self.ledger.advance(pair, event) if who.pair == pair else Closed(Outcome.DONE)

        return self._once(caller, run)

    def _epoch(self) -> Epoch:
        """The life of the store that we are in; whoever first sees that it is another one begins it."""
        if self._records.epoch.id != self._records.store_id:
            self._records.epoch = Epoch(self._records.store_id, self.ledger.now_ms())
        return self._records.epoch

    def _must_live(self, gateway: GatewayId) -> None:
        """Nobody is on a gateway that nobody would give up: they would stay for ever."""
        if gateway not in self._records.gateways:
            raise Unavailable("the store", "it gave this gateway up and waits to hear of it")

    def _settles_for_ms(self) -> int:
        """How much longer people whom the ledger takes for waiting may be in a talk that it has not heard of yet."""
        return self._epoch().since_ms + self._settle_ms - self.ledger.now_ms()

    def _take_slot(self) -> NodeName | NoSlot:
        """Leave to start one pair on a media node."""
        return self.ledger.nodes.take_slot()


def _without_words(closed: Closed) -> Closed:
    """What is kept of an answer: the room has to go, and nobody needs any more what was written in it."""
    ended = closed.ended
    return closed if ended is None else closed._replace(ended=msgspec.structs.replace(ended, lines=()))
