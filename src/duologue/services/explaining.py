"""Why is nobody matching this person: what the store, the matcher's figures and the rules say together.

Any process can answer, because all is read from the store. It reads a bounded sample and lets others run in between,
so that a question costs the people who are served here nothing that they could notice. It knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from duologue.errors import RateLimited, Unavailable
from duologue.ids import PersonId
from duologue.ledger import Attention, Paired, PersonView, Ringing, Sample, Waiting
from duologue.matching.explain import Explanation, Tally
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket, afresh
from duologue.pairs.pair import Pair
from duologue.ports import Clock, Store
from duologue.protocol.codes import Pause

MOST = 2_000
"""People looked at of those who wait, and as many of those who are here."""
AT_ONCE = 50
"""Compared in one go, which takes a millisecond or two."""
EVERY_MS = 1_000
"""A process explains one person at a time, and begins no more often than this."""


class Doing(StrEnum):
    """What somebody is doing."""

    IDLE = "idle"
    WAITING = "waiting"
    RINGING = "ringing"
    """They call somebody, or are called: nobody is matched with them meanwhile."""
    MATCHED = "matched"
    """In a pair whose media comes up."""
    TALKING = "talking"


class Talk(msgspec.Struct, frozen=True):
    """The pair of somebody, without the other one."""

    pair: str
    node: str | None
    """The media server that carries it; None for text."""


class Talkers(msgspec.Struct, frozen=True):
    """Those of the cohort who talk: who of them would fit as soon as they came free."""

    fits: int
    talking: int
    """How many who talk there were compared."""
    looked_at: int
    """How many people were looked at to find them, whatever they do."""
    whole: bool
    """Whether those were all who are here; else they were picked by chance."""


class Queueing(msgspec.Struct, frozen=True):
    """How somebody waits, and what stands in the way."""

    cohort: str
    mode: str
    age_band: str
    attempt: int
    facets: dict[str, str]
    """What they are; a facet that is missing is "prefer not to say"."""
    wants: dict[str, list[str]]
    strict: list[str]
    """Wishes that they never want loosened."""
    offered: bool
    """Whether matchers may match them. If not: they are away, quiet, or their blocks are unknown."""
    backs_off_until_ms: int | None
    """Not offered before this instant: their media failed `failures` times in a row."""
    matcher_reports: bool
    """Whether a matcher has said within the last seconds that it looks after this cohort."""
    paused: Pause | None
    """Why nobody of the cohort is matched at the moment."""
    estimate_ms: int | None
    """How long people like this one wait; None: nobody knows."""
    others: Explanation
    """Those who wait in the same cohort."""
    others_whole: bool
    """Whether those were all who wait there; else they were picked by chance."""
    talkers: Talkers


class Explained(msgspec.Struct, frozen=True):
    """All there is to say about one person, and of other people only how many there are. Times are Unix ms."""

    person: str
    at_ms: int
    """When this was so, by the clock of the store."""
    doing: Doing
    since_ms: int | None
    """Since when they wait, or have that pair, or talk; None: the ledger does not note since when somebody is idle."""
    gateway: str | None
    """Where their socket is; None: they are away."""
    vouched: bool
    """Whether that gateway lives and says that they are here."""
    attention: Attention
    standby: int
    """Other sessions of theirs, which stand by."""
    blocks_known: bool
    seen_ms: int | None
    """When they came in last, or their gateway told it again to a store that began anew."""
    seat_until_ms: int | None
    """How long their place is held while they are away."""
    failures: int
    """How many pairs in a row failed through their media."""
    queueing: Queueing | None = None
    """Of who waits."""
    talk: Talk | None = None
    """Of who is in a pair."""


class Explainer:
    """Of one process."""

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self._reached: Store | None = None
        self._rules = rules
        self._clock = clock
        self._busy = False
        self._free_ms = 0

    def reached(self, store: Store) -> None:
        """There is a store, and it answers."""
        self._reached = store

    @property
    def _store(self) -> Store:
        if self._reached is None:
            raise Unavailable("the store", "this process starts, and has not reached it yet")
        return self._reached

    async def explain(self, person: PersonId) -> Explained | None:
        """What there is to say; None: nobody of this name is known. Changes nothing.

        Raises `RateLimited` while another question is answered, or was asked a moment ago, and `BackendError`.
        """
        now_ms = self._clock.monotonic_ms()
        if self._busy or now_ms < self._free_ms:
            raise RateLimited(max(1, self._free_ms - now_ms))
        self._busy, self._free_ms = True, now_ms + EVERY_MS
        try:
            view = await self._store.look(person)
            return await self._explained(view) if view is not None else None
        finally:
            self._busy = False

    async def _explained(self, view: PersonView) -> Explained:
        doing, since_ms = _doing(view)
        state = view.state
        return Explained(
            person=view.person,
            at_ms=view.at_ms,
            doing=doing,
            since_ms=since_ms,
            gateway=view.gateway,
            vouched=view.vouched,
            attention=view.attention,
            standby=view.standby,
            blocks_known=view.blocks_known,
            seen_ms=view.seen_ms,
            seat_until_ms=view.seat_until_ms,
            failures=view.wishes.failures if view.wishes is not None else 0,
            queueing=await self._queueing(state.ticket, view) if isinstance(state, Waiting) else None,
            talk=_talk(state.pair) if isinstance(state, Paired) else None,
        )

    async def _queueing(self, ticket: Ticket, view: PersonView) -> Queueing:
        cohort = ticket.cohort
        status = (await self._store.read_status()).get(cohort.key)
        waiting = await self._store.sample_waiting(cohort.key, MOST)
        paired = await self._store.sample_paired(cohort.key, MOST)
        return Queueing(
            cohort=cohort.key,
            mode=cohort.mode,
            age_band=cohort.age_band,
            attempt=ticket.attempt,
            facets=ticket.facets,
            wants={name: sorted(values) for name, values in ticket.wants.items()},
            strict=sorted(ticket.strict),
            offered=view.offered,
            backs_off_until_ms=ticket.not_before_ms if ticket.not_before_ms > view.at_ms else None,
            matcher_reports=status is not None,
            paused=status.paused if status is not None else None,
            estimate_ms=status.estimate_for(ticket, self._rules) if status is not None else None,
            others=await self._compare(ticket, waiting.tickets, view.at_ms),
            others_whole=waiting.whole,
            talkers=await self._talkers(ticket, paired, view.at_ms),
        )

    async def _talkers(self, ticket: Ticket, paired: Sample, now_ms: int) -> Talkers:
        """Whoever comes free begins a new wait, with all wishes."""
        would_wait = (afresh(other, now_ms) for other in paired.tickets)
        compared = await self._compare(ticket, would_wait, now_ms)
        return Talkers(compared.fits, compared.looked_at, paired.looked_at, paired.whole)

    async def _compare(self, ticket: Ticket, others: Iterable[Ticket], now_ms: int) -> Explanation:
        tally = Tally(ticket, self._rules, now_ms)
        for count, other in enumerate(others, start=1):
            if other.person != ticket.person:
                tally.add(other)
            if count % AT_ONCE == 0:
                await self._clock.sleep_ms(0)
        return tally.explanation()


def _doing(view: PersonView) -> tuple[Doing, int | None]:
    """What they do, and since when."""
    match view.state:
        case Waiting(ticket):
            return Doing.WAITING, ticket.since_ms
        case Ringing(call):
            return Doing.RINGING, call.since_ms
        case Paired(pair) if pair.talking_since_ms is not None:
            return Doing.TALKING, pair.talking_since_ms
        case Paired(pair):
            return Doing.MATCHED, pair.matched_ms
    return Doing.IDLE, None


def _talk(pair: Pair) -> Talk:
    return Talk(pair.id, pair.node)
