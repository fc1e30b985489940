"""From news to pushes: what the ledger and the partner tell, in the words of the client.

A pair is told (`matched`) when it can be joined: at once in text mode, else with the credentials of its room.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from duologue.gateway import events as ev
from duologue.gateway import views
from duologue.gateway.session import calling, standby
from duologue.gateway.session.client import Client, Commands
from duologue.ids import NodeName, PairId
from duologue.ledger import (
    CallEnded,
    CallRings,
    Delivery,
    Dequeued,
    Dropped,
    PairEnded,
    PairFormed,
    Probe,
    Queued,
    Relayed,
    RoomIsOpen,
    Superseded,
    TalkStarted,
    WayBack,
)
from duologue.matching.ticket import Ticket
from duologue.pairs.pair import Pair, Phase
from duologue.protocol import server as s
from duologue.protocol.codes import EndReason, Mode


def told(client: Client, delivery: Delivery, now_ms: int) -> Commands:
    """The ledger has news for this session."""
    if delivery.rev < client.rev:
        return []  # the snapshot knew that already
    client.rev = delivery.rev
    match delivery.news:
        case Queued(ticket):
            return _queued(client, ticket, now_ms)
        case Dequeued():
            client.stop_waiting()
            return []
        case PairFormed() | RoomIsOpen() | TalkStarted() | PairEnded() | WayBack():
            return _of_pair(client, delivery.news, now_ms)
        case CallRings() | CallEnded():
            return calling.told(client, delivery.news, now_ms)
        case Relayed(message):
            return relayed(client, message, now_ms)
        case Superseded():
            return standby.stand_by(client)
        case Dropped():
            return standby.dropped(client)
    assert_never(delivery.news)


def _of_pair(
    client: Client, news: PairFormed | RoomIsOpen | TalkStarted | PairEnded | WayBack, now_ms: int
) -> Commands:
    match news:
        case PairFormed(pair, attempt):
            return _paired(client, pair, attempt, now_ms)
        case RoomIsOpen(pair_id, node):
            return _room_open(client, pair_id, node)
        case TalkStarted(pair_id, since_ms):
            _talk(client, pair_id, since_ms)
            return [ev.Send(s.Talking(client.rev, pair_id, since_ms))]
        case PairEnded():
            return _ended(client, news, now_ms)
        case WayBack(pair_id, until_ms):
            return [ev.Send(s.BackOffer(pair_id, until_ms))]


def relayed(client: Client, message: s.ChatLine | s.PeerChanged | s.PeerTyping | Probe, now_ms: int) -> Commands:
    """From the partner of this pair, or of one that is over by now."""
    if client.in_pair(message.pair) is None:
        return []
    if isinstance(message, Probe):
        return [ev.Send(s.Ping())] if client.heart.probe(now_ms) else []
    if isinstance(message, s.PeerChanged):
        client.note_partner(message)
    if client.announced:
        return [ev.Send(message)]
    if isinstance(message, s.ChatLine):
        client.unheard = (*client.unheard, message)
    return []


def _queued(client: Client, ticket: Ticket, now_ms: int) -> Commands:
    if client.call is None:
        return [ev.Send(client.wait_with(ticket, now_ms))]
    client.hold_wait(ticket)
    return []


def _paired(client: Client, pair: Pair, attempt: int, now_ms: int) -> Commands:
    client.forget_pair()
    client.pair, client.attempt = pair, attempt
    return [*(calling.taken(client, pair) if pair.call is not None else []), *_awaits_room(client, pair, now_ms)]


def _awaits_room(client: Client, pair: Pair, now_ms: int) -> Commands:
    if pair.mode is Mode.TEXT:
        return _announce(client, pair, None, now_ms)
    if pair.sides[0].person == client.me:
        return [ev.OpenRoom(pair)]
    client.timers["room"] = now_ms + client.timing.room_fallback_ms
    return []


def _room_open(client: Client, pair_id: PairId, node: NodeName) -> Commands:
    pair = client.in_pair(pair_id)
    if pair is None:
        return []
    client.pair = msgspec.structs.replace(pair, node=node, room_open=True)
    return [ev.Place(client.pair)]


def _talk(client: Client, pair_id: PairId, since_ms: int) -> None:
    pair = client.in_pair(pair_id)
    if pair is not None:
        client.pair = msgspec.structs.replace(pair, phase=Phase.TALKING, talking_since_ms=since_ms)


def placed(client: Client, pair_id: str, credentials: s.Credentials | None, now_ms: int) -> Commands:
    """The credentials of a room are there."""
    client.timers.pop("room", None)
    pair = client.in_pair(pair_id)
    return [] if pair is None else _announce(client, pair, credentials, now_ms)


def _announce(client: Client, pair: Pair, credentials: s.Credentials | None, now_ms: int) -> Commands:
    client.announced = True
    client.stop_waiting()  # until now they were told that they wait: as far as they know, they did
    unheard, client.unheard = client.unheard, ()
    matched = views.matched(client.rev, client.person, pair, client.attempt, credentials, now_ms)
    return [ev.Send(matched), *(ev.Send(line) for line in unheard)]


def _ended(client: Client, ended: PairEnded, now_ms: int) -> Commands:
    announced = client.announced
    client.forget_pair()
    client.stop_waiting()
    waiting = client.wait_with(ended.ticket, now_ms) if ended.ticket is not None else None
    gave_up = ended.reason is EndReason.MEDIA_FAILED and ended.by == "me" and waiting is None
    hint = [ev.Send(s.Notice("error", "check_media", {}))] if gave_up else []
    if announced or (waiting is None and (ended.by != "me" or gave_up)):
        return [ev.Send(s.Ended(client.rev, ended.pair, ended.reason, ended.by, waiting, ended.back_until_ms)), *hint]
    notices = [ev.Send(s.Notice("warn", "media_unavailable", {}))] if ended.by == "server" else []
    return [*notices, ev.Send(waiting)] if waiting is not None else []
