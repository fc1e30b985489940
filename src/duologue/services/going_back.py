"""Going back to the last partner after a Next, if both want to: a new pair, in a new room."""

from __future__ import annotations

import structlog

from duologue.errors import Unavailable
from duologue.ids import PairId
from duologue.ledger import Caller, Outcome
from duologue.nodes import NoSlot
from duologue.ports import Rng, Store
from duologue.services.blocks import Blocks

log = structlog.get_logger()


class GoingBack:
    """What a person can do about the partner whom they, or who, just left. Errors of the stores pass through."""

    def __init__(self, store: Store, blocks: Blocks, rng: Rng) -> None:
        self._store = store
        self._blocks = blocks
        self._rng = rng

    async def back(self, caller: Caller, pair: PairId) -> Outcome:
        """Want to go back; where the other one does too, they are a pair again. REFUSED where it is too late.

        Raises `Unavailable` where no media server takes the pair now, or nobody knows whom this person has blocked.
        """
        await self._blocks.make_sure(caller.person)
        closed = await self._store.back(caller, pair, PairId(self._rng.token()))
        if isinstance(closed, NoSlot):
            raise Unavailable("the media servers", closed.why, closed.retry_after_ms)
        if closed.formed is not None:
            log.info("pair_formed_again", pair=closed.formed, before=pair)
        return closed.outcome
