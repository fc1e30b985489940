"""Going back to the last partner, for a moment after a Next, if both want to."""

from __future__ import annotations

import msgspec

from duologue.ids import PairId
from duologue.ledger import BACK_WITHIN_MS, Attention, Caller, Closed, Outcome, Proposal, WayBack
from duologue.nodes import NoSlot
from duologue.protocol.codes import Mode
from duologue.store.ledger.queue import Queue
from duologue.store.ledger.records import Person, Way


class Returning(Queue):
    """The transition of `ports.PairStore` by which two become a pair again without a matcher.

    They are a new pair, in a new room, and nobody is taken out of another one for it: whatever else somebody does
    closes their way back (`Ledger.close_way_back`), so there is nothing to look after here.
    """

    def back(self, caller: Caller, pair: PairId, again: PairId) -> Closed | NoSlot:
        who = self._speaker(caller)
        if isinstance(who, Closed):
            return who
        went = self._back(who, pair, again)
        return went if isinstance(went, NoSlot) else self._noted(caller, who, went)

    def _back(self, who: Person, pair: PairId, again: PairId) -> Closed | NoSlot:
        mine = self._way(who, pair)
        peer = self.ledger.people.get(mine.person) if mine is not None else None
        theirs = self._way(peer, pair) if peer is not None else None
        if mine is None or peer is None or theirs is None:
            return Closed(Outcome.REFUSED)
        proposal = _proposal(again, who, peer, (theirs.alias, mine.alias))
        if proposal is None or self._keep_apart(*proposal.tickets):
            return Closed(Outcome.REFUSED)
        if theirs.mine:
            return self._join(proposal)
        if not mine.mine:
            who.way_back = msgspec.structs.replace(mine, mine=True)
            peer.way_back = msgspec.structs.replace(theirs, theirs=True)
            self.ledger.tell(peer, WayBack(pair, theirs.until_ms))
        return Closed(Outcome.DONE)

    def _way(self, who: Person, pair: PairId) -> Way | None:
        """The one that leads back to this pair, while there is one and they are free to go."""
        way = who.way_back
        if way is None or way.pair != pair or self.ledger.now_ms() >= way.until_ms:
            return None
        return way if who.here and who.pair is None and who.call is None and self._is_known(who, way) else None

    def _is_known(self, who: Person, way: Way) -> bool:
        """A store that began anew since that pair ended does not know where the two are, and perhaps not whom they have
        blocked.
        """
        told = self.ledger.of_this_life(way.until_ms - BACK_WITHIN_MS) and self.ledger.of_this_life(who.seen_ms)
        return told and not who.unsure and self._settles_for_ms() <= 0

    def _join(self, proposal: Proposal) -> Closed | NoSlot:
        """Both want to. They take a join slot like everybody else."""
        node = None if proposal.tickets[0].cohort.mode is Mode.TEXT else self._take_slot()
        if isinstance(node, NoSlot):
            return node
        for ticket in proposal.tickets:
            who = self.ledger.people[ticket.person]
            self.ledger.stop_offering(who)
            who.way_back = None
        self.ledger.form(proposal, 0, node)
        return Closed(Outcome.DONE, formed=proposal.pair)


def _proposal(pair: PairId, who: Person, peer: Person, aliases: tuple[str, str]) -> Proposal | None:
    """What a matcher would propose; None: one of them looks for something else by now, such as another mode."""
    if who.ticket is None or peer.ticket is None or who.ticket.cohort != peer.ticket.cohort:
        return None
    mine, theirs = (
        msgspec.structs.replace(each, hidden=one.attention is Attention.HIDDEN)
        for one, each in ((who, who.ticket), (peer, peer.ticket))
    )
    return Proposal(pair, (mine, theirs), aliases)
