"""What people report: kept for the operator, for as long as the operator wants it.

To report is to get away, too: whatever becomes of the report, the pair is over and the two do not meet again. Nobody
learns that they were reported; for them it ends as if the other had left.
"""

from __future__ import annotations

import contextlib
from typing import NamedTuple

import structlog

from duologue.errors import BackendError
from duologue.ids import PairId, PersonId
from duologue.ledger import Caller, Outcome, Partner
from duologue.ports import Clock, SafetyStore, Store
from duologue.safety.report import OTHER, Complaint, Evidence, ReportTerms
from duologue.services.blocks import Blocks

log = structlog.get_logger()

FORGET_EVERY_MS = 3_600_000
DAY_MS = 86_400_000


class Said(NamedTuple):
    """What somebody says of the partner of a pair."""

    pair: PairId
    reason: str
    text: str


class Reports:
    """The reports of the people of one gateway. Errors of both stores pass through."""

    def __init__(self, store: Store, safety: SafetyStore, blocks: Blocks, terms: ReportTerms, clock: Clock) -> None:
        self._store = store
        self._safety = safety
        self._blocks = blocks
        self._terms = terms
        self._clock = clock

    async def report(self, caller: Caller, tenant: str, said: Said) -> Outcome:
        """Report the partner of this pair, of the present one or the last, and block them.

        REFUSED for any other pair, and for who has made too many reports. The pair is over in any
        case, and the ledger keeps the two apart, also when this raises because nothing could be
        made durable; then, and whenever the answer was lost, it may be repeated. GONE as `Blocks.block`.
        """
        caller = caller._replace(request=None)  # a repeated one runs again: each step of it may
        found = await self._store.partner(caller, said.pair)
        if found is Outcome.GONE:
            return found
        partner = found if isinstance(found, Partner) else None
        kept = False
        try:
            if partner is not None:
                kept = await self._safety.report(self._complaint(caller.person, partner, tenant, said))
        finally:
            outcome = await self._blocks.hold(caller, said.pair, partner)
        if kept:
            log.info("report_kept", pair=said.pair, reason=self._known(said.reason))
        if outcome is Outcome.REFUSED or outcome is Outcome.DONE:  # refused: beyond the bound of blocks
            return Outcome.DONE if kept else Outcome.REFUSED
        return outcome

    def _complaint(self, reporter: PersonId, partner: Partner, tenant: str, said: Said) -> Complaint:
        lines = partner.lines if self._terms.keeps_lines else ()
        return Complaint(
            reporter=reporter,
            reported=partner.person,
            alias=partner.alias,
            pair=said.pair,
            tenant=tenant,
            mode=partner.mode,
            reason=self._known(said.reason),
            text=said.text,
            lines=tuple(Evidence(line.person == reporter, line.text, line.at_ms) for line in lines),
        )

    def _known(self, reason: str) -> str:
        """A page may be older than the list, and nobody is kept here for that."""
        return reason if reason in self._terms.reasons else OTHER

    async def forget_old(self) -> None:
        """Delete what was kept for long enough; while nobody can, the next time. Any number of processes may do so."""
        before_ms = self._clock.now_ms() - self._terms.keep_days * DAY_MS
        with contextlib.suppress(BackendError):
            while await self._safety.forget_reports(before_ms):
                pass
