"""Who does not want to meet whom: durable in the safety store first, then at hand in the ledger.

The ledger's knowledge of it can be too small: it was emptied, or did not hear of a block that is durable. Whoever that
may be true of is not matched before the ledger was told anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from duologue.errors import BackendError
from duologue.ids import BlockId, PairId, PersonId
from duologue.ledger import Caller, Outcome, Partner
from duologue.ports import SafetyStore, Store
from duologue.safety.block import Block
from duologue.services.pairs import Pairs

AT_ONCE = 20
"""People whose blocks are read at the same time; the database has others to serve."""


class Doubt:
    """A reason to think that the ledger does not know somebody's blocks. Each is another one."""

    __slots__ = ("generation",)

    def __init__(self, generation: int) -> None:
        self.generation = generation
        """Of their session here."""


class Blocks:
    """The blocks of the people of one gateway. Errors of both stores pass through."""

    def __init__(self, store: Store, safety: SafetyStore, pairs: Pairs) -> None:
        self._store = store
        self._safety = safety
        self._pairs = pairs
        self._unsure: dict[PersonId, Doubt] = {}
        """Of whom the ledger may not know all blocks."""

    async def arrived(self, caller: Caller, *, known: bool) -> None:
        """Somebody came in, and the ledger says whether it knows their blocks. A database that is away keeps nobody
        out: it is asked again before their first search.
        """
        if known and caller.person not in self._unsure:
            return
        self.doubt(caller)
        with contextlib.suppress(BackendError):
            await self.make_sure(caller.person)

    def doubt(self, caller: Caller) -> None:
        """The store began anew: it may have forgotten their blocks. It offers nobody of whom it was not told since."""
        self._unsure[caller.person] = Doubt(caller.generation)

    def departed(self, caller: Caller) -> None:
        """This session is gone; the next one begins with `arrived`."""
        doubt = self._unsure.get(caller.person)
        if doubt is not None and doubt.generation == caller.generation:
            del self._unsure[caller.person]

    async def make_sure(self, person: PersonId) -> None:
        """See to it that the ledger knows their blocks, before they are matched."""
        doubt = self._unsure.get(person)
        if doubt is not None:
            await self._tell_ledger(person)
            if self._unsure.get(person) is doubt:  # else the store began anew once more
                del self._unsure[person]

    async def catch_up(self) -> None:
        """The same for everybody: who waits on by themselves does not search, and is not offered before.

        Raises `BackendError` when nobody could be told of.
        """
        unsure = list(self._unsure)
        for at in range(0, len(unsure), AT_ONCE):
            works = [self.make_sure(person) for person in unsure[at : at + AT_ONCE]]
            answers = await asyncio.gather(*works, return_exceptions=True)
            failures = [answer for answer in answers if isinstance(answer, BaseException)]
            if len(failures) == len(answers):
                raise failures[0]

    async def block(self, caller: Caller, pair: PairId) -> Outcome:
        """Never meet the partner of this pair again, of the present one or the last.

        REFUSED for any other pair, and beyond `MAX_BLOCKS`. The pair is over in any case, also when this raises because
        nothing could be made durable. May be repeated. GONE, and nothing was done: to be asked again once the store was
        told of the caller, for what it hears of a pair in between would not be durable.
        """
        found = await self._store.partner(caller, pair)
        if found is Outcome.GONE:
            return found
        partner = found if isinstance(found, Partner) else None
        if partner is not None and not await self._keep(caller, pair, partner):
            return Outcome.REFUSED
        return await self.hold(caller, pair, partner)

    async def hold(self, caller: Caller, pair: PairId, partner: Partner | None) -> Outcome:
        """The second half of it: the ledger, too, keeps them apart from this partner, and the pair is over."""
        try:
            outcome = self._pairs.settle(await self._store.block(caller, pair))
            if partner is not None and outcome is not Outcome.DONE:  # another session took over in between
                await self._tell_ledger(caller.person)
        except BackendError:
            if partner is not None:
                self.doubt(caller)
            raise
        return outcome

    async def unblock(self, person: PersonId, block: BlockId) -> None:
        """Take a block of one's own back; one that is not there is fine, so this may be repeated."""
        await self._safety.unblock(person, block)
        await self._tell_ledger(person)

    async def list(self, person: PersonId) -> Sequence[Block]:
        """One's own blocks, the newest first."""
        return await self._safety.blocks_of(person)

    async def _keep(self, caller: Caller, pair: PairId, partner: Partner) -> bool:
        """Make it durable; False: there are too many. Where it cannot be, the pair ends all the same."""
        kept = None
        try:
            kept = await self._safety.block(caller.person, partner.person, partner.alias)
        finally:
            if kept is None:
                await self._end(caller, pair)
        return kept is not None

    async def _end(self, caller: Caller, pair: PairId) -> None:
        """Without the request's id: that one is for the block, which may be asked for again.

        Only a pair that is on: to leave one that is over would stop the search that followed from it.
        """
        if await self._store.live_pairs([pair]):
            self._pairs.settle(await self._store.leave(caller._replace(request=None), pair))

    async def _tell_ledger(self, person: PersonId) -> None:
        """All that is durable. Read again afterwards: a block that the ledger heard of in between was overwritten."""
        told = None
        while told != (blocked := await self._safety.blocked_by(person)):
            await self._store.remember_blocks(person, blocked)
            told = blocked
