"""The part of the store about who talks with whom. `store.py` says what holds for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from duologue.ids import NodeName, PairId
from duologue.ledger import Caller, Closed, Outcome, Partner, Probe
from duologue.matching.ticket import Ticket
from duologue.nodes import NoSlot
from duologue.pairs.pair import Pair
from duologue.protocol.server import PeerTyping


class PairStore(Protocol):
    """Who talks with whom."""

    async def next(self, caller: Caller, pair: PairId, attempt: int, ticket: Ticket | None) -> Closed:
        """End this pair (NEXT) and wait with this ticket (None: the wishes of the last), in one transition.

        Both hear until when they may go `back`, if they are both here.
        If that pair is over already, only the waiting remains to be done; somebody who is in a
        newer pair keeps it.
        """

    async def leave(self, caller: Caller, pair: PairId) -> Closed:
        """End this pair (LEFT) and be idle. Waiting that followed from this pair's end stops too."""

    async def back(self, caller: Caller, pair: PairId, again: PairId) -> Closed | NoSlot:
        """Want to go back to this pair, which ended by a Next less than `BACK_WITHIN_MS` ago.

        The other one of it hears `WayBack`. Once both want to, they are a new pair, `again`, whether they wait or not.
        REFUSED as soon as either is in another pair or rings, has left or stopped waiting, was away, blocked the other,
        or looks for another cohort; who had wanted to, or had heard of it, hears that it is over when it is. All but
        text takes a join slot; `NoSlot` when there is none, and nothing changed.
        """

    async def partner(self, caller: Caller, pair: PairId) -> Partner | Outcome:
        """Who the other one of this pair is: of the present one, or the last. REFUSED: nobody that this caller knows;
        GONE, STALE: this caller is not known (yet, to a store that began anew), or has no say.

        With what was written last, also when the pair is over: for who reports it.
        """

    async def block(self, caller: Caller, pair: PairId) -> Closed:
        """Never meet the partner of this pair again, in both directions; ends the pair (LEFT) if it is on.

        Works for the present pair and the last one, and by its name for the present call and the last
        one that came to nothing; for any other it is REFUSED. Beyond `MAX_BLOCKS` of the caller's
        own it is REFUSED, too, and the pair ends all the same.
        """

    async def opened(self, pair: PairId, node: NodeName) -> bool:
        """The room exists on this node: both sides hear it.

        False: the pair is over, or another node carries it by now, so this room must go. `Unavailable` while a store
        that began anew hears who is here, and has not heard of this pair.
        """

    async def refused(self, pair: PairId, node: NodeName) -> Pair | Closed:
        """This node takes no room for this pair. Another one with a free slot is to: the pair as it is now.

        Without one the pair ends, nobody is at fault and both keep their place. The node that
        refused gets no pairs for `REFUSAL_PAUSE_MS`, and then one at a time until it takes a room.
        Nothing changes for a pair that is over, whose room is open, or that another node carries by now.
        """

    async def room_lost(self, pair: PairId, node: NodeName) -> Closed:
        """The room of this pair was open on this node and is gone: the pair ends, and nobody is at fault."""

    async def live_pairs(self, pairs: Sequence[PairId]) -> list[Pair]:
        """Those of them that are not over, as they are now, in no particular order."""

    async def doubt(self, pair: PairId) -> None:
        """The media server sees too few people in this pair's room: both sides are asked for a sign of life."""

    async def connected(self, caller: Caller, pair: PairId) -> Outcome:
        """This side's media is up; with both up, both hear that they talk."""

    async def media_failed(self, caller: Caller, pair: PairId) -> Closed:
        """This side gave up on its media: the pair ends and this side backs off.

        The other keeps its place, or after a talk goes on as it wished. If they never talked, the
        two stay apart for `FAILED_APART_MS`.
        """

    async def mute(self, caller: Caller, pair: PairId, *, audio_off: bool, video_off: bool) -> Outcome:
        """Note what this side switched off; the partner hears it, and a snapshot has it."""

    async def write(self, caller: Caller, pair: PairId, n: int, text: str) -> Outcome:
        """Append a line of chat for the partner. A number that was there already is the same line."""

    async def relay(self, caller: Caller, pair: PairId, message: PeerTyping | Probe) -> Outcome:
        """Pass something on to the partner that leaves no trace. Lost if they are away."""
