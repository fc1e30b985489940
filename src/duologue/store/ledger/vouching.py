"""A gateway vouches for the people on its sockets: sockets are the truth of presence, a store may have forgotten.

After a restart, a restore or a failover the ledger may know less than people have been told, and after a long silence
of a gateway it believes that its people are gone. What a session was told last (its `rev`) says who is ahead.
"""

from __future__ import annotations

import msgspec

from duologue.calls import ring
from duologue.ids import GatewayId
from duologue.ledger import Claim, Idle, Paired, Ringing, Superseded, Waiting
from duologue.pairs import life
from duologue.pairs.pair import Pair, Side
from duologue.protocol.codes import CallEnd
from duologue.store.ledger.ledger import Ledger
from duologue.store.ledger.records import Due, Person
from duologue.store.ledger.ringing import Ringer

VOUCH_WITHIN_MS = 20_000
"""So long the other side of a pair may take, before it counts as gone."""


def vouch(ledger: Ledger, ringer: Ringer, gateway: GatewayId, claim: Claim) -> bool:
    """Take a session for connected, and what it was told last for true where the ledger knows less.

    False: the session needs a snapshot, because the ledger knows more, or something else.
    """
    who = ledger.known(claim.person)
    if not claim.active or who.generation > claim.generation:
        _let_stand_by(ledger, who, gateway, claim)
        return True
    if who.generation < claim.generation or who.rev < claim.rev:
        return _adopt(ledger, ringer, who, gateway, claim)
    if who.rev > claim.rev or not _agrees(who, claim):
        return False
    _be_back(ledger, who, gateway, claim)
    return True


def _agrees(who: Person, claim: Claim) -> bool:
    """Whether ledger and session believe the same."""
    match claim.state:
        case Idle():
            return who.pair is None and who.call is None and not who.waiting
        case Waiting(ticket):
            return who.call is None and who.waiting and who.ticket is not None and who.ticket.rev == ticket.rev
        case Ringing(call):
            return who.call == call.id
        case Paired(pair):
            return who.pair == pair.id


def _let_stand_by(ledger: Ledger, who: Person, gateway: GatewayId, claim: Claim) -> None:
    who.standby[claim.generation] = claim.session, gateway
    if claim.active:
        ledger.tell_session((claim.session, gateway), who.rev, Superseded())
    if not who.here:
        who.forget_at_ms = ledger.now_ms() + VOUCH_WITHIN_MS
        ledger.records.remind(Due(who.forget_at_ms, "forget", who.id))


def _be_back(ledger: Ledger, who: Person, gateway: GatewayId, claim: Claim) -> None:
    """The same session is there as if it had never been away. A store that began anew may have forgotten whom they have
    blocked: they are offered once it was told.
    """
    if not ledger.of_this_life(who.seen_ms):
        ledger.stop_offering(who)
        who.unsure = not ledger.knows_blocks(who.id)
    who.seen_ms = ledger.now_ms()
    who.session, who.gateway, who.seat_until_ms, who.forget_at_ms = claim.session, gateway, None, None
    who.attention = claim.attention
    ledger.offer(who)
    if who.pair is not None:
        ledger.advance(who.pair, life.SideBack(who.id))
        _catch_up(ledger, who, ledger.pairs[who.pair])


def _catch_up(ledger: Ledger, who: Person, pair: Pair) -> None:
    """What the other side wrote while nobody could be told."""
    for line in pair.lines:
        if line.person != who.id:
            ledger.tell_line(who, pair, line)


def _adopt(ledger: Ledger, ringer: Ringer, who: Person, gateway: GatewayId, claim: Claim) -> bool:
    if not _agrees(who, claim):
        _let_go(ledger, ringer, who)
    ledger.give_way(who, claim.session)  # an older one of theirs may have been vouched for first
    who.generation, who.rev = claim.generation, max(who.rev, claim.rev)
    who.attempt, who.ticket = max(who.attempt, claim.attempt), claim.wishes or who.ticket
    _be_back(ledger, who, gateway, claim)
    match claim.state:
        case Waiting(ticket):
            who.ticket = ticket
            ledger.wait_on(who)
        case Paired(pair) if not _restore(ledger, who, pair):
            _send_away(ledger, who)
            return False
        case Ringing(call, ticket) if who.call != call.id:
            who.waiting, who.ticket = ticket is not None, ticket or who.ticket
            ringer.stop(who, call, CallEnd.LOST)
    return True


def _let_go(ledger: Ledger, ringer: Ringer, who: Person) -> None:
    """What the ledger believed of this person is older than what they were told: it is as if it had never been."""
    ledger.stop_offering(who)
    pair = ledger.pairs.get(who.pair) if who.pair is not None else None
    if pair is not None:
        ledger.erase(pair, who)
    who.waiting, who.pair = False, None
    ringer.advance(who.call, ring.Lost())  # the other side may believe in it: nobody restores a call


def _send_away(ledger: Ledger, who: Person) -> None:
    """They come in again, for a snapshot. Until then this session believes in something else, and hears nothing."""
    ledger.stop_offering(who)
    who.session = who.gateway = None
    who.seat_until_ms = ledger.now_ms() + VOUCH_WITHIN_MS
    ledger.records.remind(Due(who.seat_until_ms, "seat", who.id))


def _restore(ledger: Ledger, who: Person, pair: Pair) -> bool:
    """Into this pair again. The other side has some time to say the same."""
    if pair.id not in ledger.pairs:
        peer = ledger.known(pair.peer(who.id).person)
        if _has_moved_on(ledger, peer, pair):
            return False
        _expect(ledger, peer, pair)
        ledger.know(_with_peer_until(pair, peer))
    who.pair = pair.id
    if pair.node is not None and ledger.nodes.is_down(pair.node):
        ledger.advance(pair.id, life.RoomLost())  # it died while nobody knew of this pair
    elif pair.side(who.id).connected:
        ledger.advance(pair.id, life.SideConnected(who.id))
    return True


def _with_peer_until(pair: Pair, peer: Person) -> Pair:
    """A seat that was held before is held for as long as that of whom nobody has spoken yet; whoever claims is here."""

    def as_known(side: Side) -> Side:
        held = side.away and side.person == peer.id
        return msgspec.structs.replace(side, away_until_ms=peer.seat_until_ms if held else None)

    return msgspec.structs.replace(pair, sides=(as_known(pair.sides[0]), as_known(pair.sides[1])))


def _has_moved_on(ledger: Ledger, peer: Person, pair: Pair) -> bool:
    """Also when they came in, or were spoken of, since the store began anew: what they were told is not this pair."""
    if ledger.of_this_life(peer.seen_ms):
        return True
    met = peer.last_met[0] if peer.last_met is not None else None
    return peer.pair is not None or peer.call is not None or pair.id in (peer.last_pair, met)


def _expect(ledger: Ledger, peer: Person, pair: Pair) -> None:
    """The other side of a restored pair: away, until their gateway vouches for them or their seat runs out."""
    ledger.stop_offering(peer)
    peer.session = peer.gateway = None
    peer.waiting, peer.pair, peer.forget_at_ms = False, pair.id, None
    peer.seat_until_ms = ledger.now_ms() + VOUCH_WITHIN_MS
    ledger.records.remind(Due(peer.seat_until_ms, "seat", peer.id))
