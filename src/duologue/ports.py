"""The outside world as the roles see it. Each docstring is a contract; `tests/contract/` holds stores to it.

Every store method is one transition: it happens wholly or not at all, also when the process that
asked dies. Any of them may raise `Unavailable` (nothing happened) or `OutcomeUnknown` (repeat with
the same request id). Stores have their own clock, so no method takes the time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from duologue.calls.call import Ring
from duologue.errors import DuologueError
from duologue.ids import BlockId, CallId, GatewayId, MatcherId, NodeName, PairId, PersonId, SessionId
from duologue.ledger import (
    Arrival,
    Attention,
    Caller,
    Claim,
    Closed,
    CommitResult,
    Delivery,
    Outcome,
    Partner,
    PersonView,
    Probe,
    Proposal,
    QueueEvent,
    Sample,
    StandbyArrival,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket
from duologue.nodes import NodeReport, NoSlot
from duologue.pairs.pair import Pair
from duologue.protocol.server import Credentials, PeerTyping
from duologue.safety.block import Block
from duologue.safety.ratelimit import Rate
from duologue.safety.report import Complaint, Report


class Clock(Protocol):
    """Time, so that tests and the simulation own it."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment; never goes back."""

    async def sleep_ms(self, duration_ms: int) -> None:
        """Let others run for at least this long."""


class Rng(Protocol):
    """Chance, so that a run can be replayed."""

    def token(self) -> str:
        """An unguessable id of 22 URL-safe characters."""

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""


class KeySource(Protocol):
    """Where an integrator publishes the keys that it signs with."""

    async def fetch(self) -> bytes:
        """The key set (RFC 7517) as it is now, of bounded size and within bounded time. Raises `Unavailable`.

        The text of the error says what went wrong and holds no secret.
        """


class PresenceStore(Protocol):
    """Who is here, and through which gateway."""

    async def arrive(
        self, person: PersonId, session: SessionId, gateway: GatewayId, resumes: int | None = None
    ) -> Arrival | None:
        """Make this the active session of the person and raise their generation.

        `resumes` is the generation that a resume token speaks of: None is returned, and nothing
        changes, when the person has another one by now (the token was used before). A person whom
        the store does not know is welcome with any token: tokens outlive the store.

        The session that was active gets `Superseded` and stands by; beyond `MAX_SESSIONS` in all,
        the one that stood by longest gets `Dropped`. A held seat is taken again: the partner hears
        that they are back, a ticket is offered again. News for `session` may arrive before this
        returns; none of it is older than the returned `rev`. Repeating it for the active session
        repeats the answer.
        """

    async def stand_by(self, person: PersonId, session: SessionId, gateway: GatewayId) -> StandbyArrival:
        """This session of the person stands by, whether another one is active or nobody is here.

        Nobody gives way to it, a held seat is not taken, and what the person does goes on. Beyond `MAX_SESSIONS` in
        all, the one that stood by longest gets `Dropped`. Repeating it repeats the answer.
        """

    async def depart(self, caller: Caller, hold_ms: int) -> Closed:
        """The socket of this session is gone.

        The seat is held for `hold_ms`: a ticket is not offered meanwhile, a partner hears until
        when. With 0 it is given up at once. A session that stood by is forgotten, and nothing
        else changes.
        """

    async def abandon(self, person: PersonId, session: SessionId, hold_ms: int) -> Closed:
        """The same for a session that may have arrived or not: its socket is gone, and its answer was lost."""

    async def attend(self, caller: Caller, attention: Attention) -> Outcome:
        """Note how likely this person would notice a partner; starts as VISIBLE with each session.

        A ticket keeps its wait through all of this. A partner hears HIDDEN and VISIBLE.
        """

    async def remember_blocks(self, person: PersonId, blocked: Collection[PersonId]) -> None:
        """All whom this person has blocked, as the `SafetyStore` knows: they hold from now on, and are at hand later.

        Who was vouched for in a store that began anew is offered from then on. Nothing happens when the person is not
        known.
        """

    async def keep_alive(self, gateway: GatewayId) -> bool:
        """This gateway lives: its people are believed to be here for another `GATEWAY_LEASE_MS`.

        False: it was given up meanwhile (or is new), or the store began anew. Then it has to vouch for its sessions.
        That is said once, so an answer that was lost counts as False.
        """

    async def vouch(self, gateway: GatewayId, claims: Sequence[Claim]) -> list[SessionId]:
        """These sessions are connected, and were told this. Where the store knows less, it takes their word for it.

        Returns those who need a snapshot, because the store knows more. Who waited waits on with the
        same wait; after the store began anew they are not offered before `remember_blocks`. A pair
        that one side alone speaks of ends after `VOUCH_WITHIN_MS`. One transition for each session;
        `Unavailable` when the gateway was given up.
        """

    async def sessions_on(self, gateway: GatewayId) -> list[tuple[PersonId, SessionId]]:
        """Who is on this gateway, as the ledger believes: by their active session or one that stands by.

        Each is true of some instant of this call. A store that went back in time knows sessions that are gone; only
        their gateway can tell.
        """

    async def expire(self) -> list[Closed]:
        """Give up every seat, pair, call and gateway whose time is over; returns what ended by that.

        The people of a gateway that is given up departed, and their seats are held for
        `ABANDONED_SEAT_MS`. The caller owns what follows, as after any other end. Safe to run anywhere, any
        number of times at once.
        """


class TicketStore(Protocol):
    """Who waits."""

    async def find(self, caller: Caller, ticket: Ticket) -> Outcome:
        """Wait with this ticket; `rev`, `since_ms`, `met` and `avoid` are filled in by the store.

        An attempt that is not newer than the last one is DONE and does nothing. Somebody who
        already waits waits on with the new wishes. Somebody in a pair is REFUSED.
        """

    async def cancel(self, caller: Caller, attempt: int) -> Closed:
        """Stop waiting. If this attempt has become a pair, end that pair (LEFT): it is not wanted any more."""

    async def read_shards(self, after: int, wait_ms: int) -> tuple[list[str], int]:
        """The keys of the cohorts that somebody ever waited in, after a position; waits for a new one."""

    async def lease(self, shard: str, matcher: MatcherId) -> int | None:
        """Own this shard for `SHARD_LEASE_MS`, or for that much longer; None: another matcher does.

        Also other things that one process at a time looks after, such as `NODES_LEASE`. Returns the
        *fence*: it stays the same while the owner renews in time or before anybody else came, and
        is greater for every later owner.
        """

    async def release(self, shard: str, matcher: MatcherId) -> None:
        """Give the shard up, so that another matcher need not wait for the lease to end."""

    async def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        """Turn each proposal into a pair, atomically per pair.

        Committed only if both still wait with the very ticket (`rev`) that was proposed, neither
        is away, and neither has blocked the other, by the ticket or since; otherwise `Rejected`
        with those who may be offered again as they are. All but text pairs take a join slot of a
        media node that works, and carry its name; `NoSlot` when there is none, and for any pair while
        a store that began anew hears who is here, but only then: both wait on, and the same proposal
        may be made again. Raises `Deposed`, having done nothing, when `fence` is not the newest.
        """

    async def read_queue(self, shard: str, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]:
        """A shard's changes after a position, and the new position; waits for one if there is none.

        Position 0 starts with everybody who waits now. `ResyncNeeded` when `after` is too old.
        """

    async def publish_status(self, status: Mapping[str, QueueStatus]) -> None:
        """Tell all gateways what the cohorts look like (by cohort key)."""

    async def read_status(self) -> Mapping[str, QueueStatus]:
        """What matchers published last; cohorts that nobody reports on any more are absent."""


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

    async def partner(self, caller: Caller, pair: PairId) -> Partner | None:
        """Who the other one of this pair is: of the present one, or the last. None: nobody that this caller knows.

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


class CallStore(Protocol):
    """Who calls whom. Whatever names a call that rings no more is DONE and changes nothing."""

    async def call(self, caller: Caller, wanted: Ring) -> Closed | NoSlot:
        """Ring somebody, at all their sessions, also where they have none just now. Both hear `CallRings`.

        Who waits waits no longer while it rings, and waits on with the same wait if it comes to
        nothing. A callee in a pair, or in another call, is busy: the caller hears `CallEnded`. If
        one has blocked the other, the caller alone hears that it rings. Who calls somebody who is
        calling them accepts that call. REFUSED for oneself, and for who is in a pair or another
        call. `Unavailable` while a store that began anew hears who is here.
        """

    async def accept(self, caller: Caller, call: CallId, pair: PairId) -> Closed | NoSlot:
        """Take a call: it becomes this pair, of which both hear, and the callee's other sessions hear
        `ANSWERED_ELSEWHERE`. All but text takes a join slot; `NoSlot` when there is none, and it rings on.
        """

    async def answer(
        self, person: PersonId, session: SessionId, gateway: GatewayId, call: CallId, pair: PairId
    ) -> Arrival | NoSlot | None:
        """The same from a session that stands by, which becomes the active one in the same step, as by `arrive`.

        None, and nothing changed, where that call rings no more, or nobody knows of that session.
        """

    async def decline(self, caller: Caller, call: CallId) -> Closed:
        """Do not take a call; it ends for both. A session that stands by may do so too."""

    async def cancel_call(self, caller: Caller, call: CallId) -> Closed:
        """Stop ringing. Where the answer crossed it, and always later, the pair that it became ends (LEFT)."""


class NodeStore(Protocol):
    """The media nodes: who works, and who carries what."""

    async def report_nodes(self, fence: int, reports: Sequence[NodeReport]) -> list[Pair]:
        """What the owner of `NODES_LEASE` sees, all nodes at once; it counts for `REPORT_TTL_MS`.

        Pairs on nodes that are down, or not named, end as by `room_lost`, open or not; they are
        returned. Raises `Deposed`, having done nothing, when `fence` is not the newest.
        """

    async def pairs_on(self, node: NodeName) -> list[Pair]:
        """The pairs that this node carries and whose room is open there."""


class Outbox(Protocol):
    """News from transitions to the gateways that hold the sockets."""

    async def read_news(self, gateway: GatewayId, after: int, wait_ms: int) -> tuple[list[Delivery], int]:
        """What was appended for this gateway after a position, in order, and the new position.

        Waits up to `wait_ms` for the first. `ResyncNeeded` when something after `after` was
        trimmed: every session of this gateway then needs a snapshot.
        """


class LookingStore(Protocol):
    """What there is to see. Nothing here changes anything, and each answer costs a bounded amount of work."""

    async def look(self, person: PersonId) -> PersonView | None:
        """This person as they are now; None: nothing is known of them."""

    async def sample_waiting(self, shard: str, most: int) -> Sample:
        """Those who are offered in this shard now. At most `most` people are looked at."""

    async def sample_paired(self, shard: str, most: int) -> Sample:
        """The last tickets of those who are in a pair of this shard now, and not away.

        At most `most` people are looked at, whatever they do: few may be of this shard.
        """


class Store(PresenceStore, TicketStore, PairStore, CallStore, NodeStore, LookingStore, Outbox, Protocol):
    """Everything that must be one truth, in one place."""

    @property
    def kind(self) -> str:
        """`memory` or `redis`: for the start-up log, readiness and metrics."""


class SafetyStore(Protocol):
    """What must outlive the ledger: who does not want to meet whom, what people reported, and by what link somebody may
    be called. The ledger caches the first and may forget it.

    Whatever returned is durable. Every method may be repeated after `OutcomeUnknown`. Nobody waits long: a store
    that is away or hangs is `Unavailable` within seconds, and while it is, most calls are at once.
    """

    async def block(self, blocker: PersonId, blocked: PersonId, alias: str) -> Block | None:
        """Have this one never meet that one again; `alias` is what they were called.

        Who is blocked already stays so, under the first id and alias. None, and nothing happened,
        beyond `MAX_BLOCKS` of the blocker, however many ask at once.
        """

    async def unblock(self, person: PersonId, block: BlockId) -> PersonId | None:
        """Take a block of one's own back: who may be met again. None for one that is not there, or somebody else's."""

    async def blocks_of(self, person: PersonId) -> list[Block]:
        """One's own blocks, the newest first."""

    async def blocked_by(self, person: PersonId) -> frozenset[PersonId]:
        """Whom this person has blocked."""

    async def report(self, complaint: Complaint) -> bool:
        """Keep what somebody says of a partner, and block that partner as `block` does, both or neither.

        What the same person said of the same pair before stands. False beyond `MAX_REPORTS` of theirs: then the block
        alone is kept. Beyond `MAX_BLOCKS` the report alone is.
        """

    async def reports(self, since_ms: int, most: int) -> list[Report]:
        """The newest of those that were made since, the newest first."""

    async def forget_reports(self, before_ms: int) -> int:
        """Delete some that are older, a bounded number at once: how many. 0: there are none left."""

    async def link_of(self, person: PersonId, *, renew: bool = False) -> str:
        """The personal link of somebody: the one that they have, or with `renew` another one, which replaces it.

        Unguessable, and says nothing of the person. Who renews again because the answer was lost gets yet another one.
        """

    async def person_of(self, link: str) -> PersonId | None:
        """Who is behind a link now."""

    async def ping(self) -> None:
        """Raises `Unavailable` unless it is there and fit for this version."""


class Limiter(Protocol):
    """Rates that hold across connections and processes."""

    async def admit(self, key: str, rate: Rate) -> int:
        """Count one event under this key; returns 0, or after how many milliseconds it may be tried again.

        A refused event costs nothing. Bounded: the keys seen longest ago may be forgotten.
        """


class ResyncNeeded(Exception):
    """A reader fell behind what the store keeps. `position` is the newest: go on from there after a snapshot."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class Room(NamedTuple):
    """A room as a media server tells of it."""

    pair: PairId
    made_ms: int
    """By the clock of the media server."""


class WebhookKind(StrEnum):
    """What a media server tells of by itself."""

    ROOM_FINISHED = "room_finished"
    PARTICIPANT_LEFT = "participant_left"


class Webhook(NamedTuple):
    """News from a media server: a hint, for it may be late, lost, repeated or out of order."""

    id: str
    kind: WebhookKind
    pair: PairId


class WebhookRefused(DuologueError):
    """Not news that we take; `why` is one word, for counting."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Media(Protocol):
    """The media servers. Every method may be repeated; those that await may raise `BackendError`.

    `Unavailable` where nobody listens; silence may last as long as the caller waits.
    """

    @property
    def nodes(self) -> Mapping[NodeName, Rate]:
        """All that are configured, and how many pairs each can start in a time (join slots)."""

    async def probe(self, node: NodeName) -> bool:
        """Whether it says that it is well. It may take for ever: the caller brings the time-out."""

    async def open_room(self, pair: PairId, node: NodeName) -> None:
        """Make the room for two."""

    async def close_room(self, pair: PairId, node: NodeName) -> None:
        """Delete the room and throw out whoever is in it: no token opens it afterwards."""

    async def rooms(self, node: NodeName, only: Sequence[PairId] | None = None) -> list[Room]:
        """The rooms that exist there now, of all pairs or of some."""

    def place(self, pair: Pair, person: PersonId) -> Credentials | None:
        """Mint what this side needs: the way into the room, and whom to subscribe to there.

        None when the pair's node is not configured here. The answer does not promise one room per
        pair, so that another strategy can follow.
        """

    def read_webhook(self, body: bytes, authorization: str) -> Webhook:
        """News that one of our servers signed. Raises `WebhookRefused`."""
