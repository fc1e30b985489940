"""How a person's state looks on the wire: values of the ledger turned into messages. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from duologue.calls.call import Call
from duologue.ids import PersonId
from duologue.matching.estimate import QueueStatus
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket
from duologue.matching.widen import widened
from duologue.pairs.pair import Pair
from duologue.protocol import server as s
from duologue.protocol.codes import Pause
from duologue.safety.block import Block


def waiting(rev: int, ticket: Ticket, status: QueueStatus, rules: Rules, now_ms: int) -> s.Waiting:
    """What somebody who waits is told. They count themselves, also before a matcher did."""
    return s.Waiting(
        rev=rev,
        attempt=ticket.attempt,
        since=ticket.since_ms,
        mode=ticket.cohort.mode,
        waiting_count=max(1, status.waiting_count),
        estimate_ms=status.estimate_for(ticket, rules),
        widened=list(widened(ticket, rules, now_ms)),
        paused=Pause.YOUR_MEDIA if now_ms < ticket.not_before_ms else status.paused,
    )


def matched(
    rev: int, me: PersonId, pair: Pair, attempt: int, credentials: s.Credentials | None, now_ms: int
) -> s.Matched:
    """A pair as one side sees it: an alias, never an account."""
    return s.Matched(
        rev=rev,
        pair=pair.id,
        attempt=attempt,
        mode=pair.mode,
        peer=s.Peer(pair.peer(me).alias, pair.shared_interests(), pair.shared_facets()),
        media=credentials,
        deadline_ms=max(0, pair.deadline_ms - now_ms),
        call=pair.call,
    )


def incoming(rev: int, call: Call) -> s.Incoming:
    """A call as the callee sees it."""
    return s.Incoming(rev, call.id, call.caller.alias, call.mode, call.expires_ms)


def ringing_state(me: PersonId, call: Call) -> s.RingingState:
    """The same as a snapshot, for either of the two."""
    outgoing = call.caller.person == me
    return s.RingingState(call.id, outgoing, call.peer(me).alias, call.mode, call.expires_ms)


def blocked(blocks: Sequence[Block]) -> s.Blocked:
    """Whom somebody has blocked: never who that is."""
    return s.Blocked([s.BlockedPerson(block.id, block.alias, block.at_ms) for block in blocks])


def pair_state(
    rev: int, me: PersonId, pair: Pair, attempt: int, credentials: s.Credentials | None, now_ms: int
) -> s.PairState:
    """The same as a snapshot, for somebody who comes back."""
    peer = pair.peer(me)
    return s.PairState(
        matched=matched(rev, me, pair, attempt, credentials, now_ms),
        talking_since=pair.talking_since_ms,
        peer_away_until=peer.away_until_ms,
        peer_muted=s.Muted(peer.audio_off, peer.video_off),
        lines=[s.Line(line.person == me, line.n, line.text, line.at_ms) for line in pair.lines],
        peer_hidden=peer.hidden,
        last_n=pair.side(me).last_n,
    )
