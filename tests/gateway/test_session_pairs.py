"""The session machine: in a pair: what is told of it, and what may be said in it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duologue.gateway import events as ev
from duologue.ids import NodeName, PairId
from duologue.ledger import (
    PairEnded,
    PairFormed,
    Queued,
    Relayed,
    RoomIsOpen,
    TalkStarted,
)
from duologue.matching.estimate import QueueStatus
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import EndReason, Mode, Pause, PeerEvent
from tests.builders import BEN, NODE, NOW
from tests.gateway.sessions import CREDENTIALS, FOR_BEN, TEXT, TICKET, VIDEO, entering, live, paired, told, with_room
from tests.playbook import Sends, Wait

# -- pairs ---------------------------------------------------------------------------------


def test_a_text_pair_is_announced_at_once() -> None:
    """It needs no room."""
    assert (
        live()
        >> told(2, PairFormed(TEXT, 3))
        << ev.Send(s.Matched(2, "p1", 3, Mode.TEXT, s.Peer("Otter", [], {}), None, 10_000))
    )


def test_side_a_makes_the_room() -> None:
    """And tells nobody before it is there."""
    assert paired()


def test_side_b_waits_for_the_room() -> None:
    """The usual case: A's gateway makes it."""
    assert (
        live()
        >> told(2, PairFormed(FOR_BEN, 1))
        >> Wait(900)
        >> told(3, RoomIsOpen(VIDEO.id, NODE)) << ev.Place(with_room(FOR_BEN))
        >> ev.Placed(VIDEO.id, CREDENTIALS) << Sends(s.Matched)
        >> Wait(1_000)
    )  # fmt: skip


def test_lines_of_a_pair_that_was_not_told_come_after_it() -> None:
    """The news of its room was lost with the store, and the other one writes already."""
    line = s.ChatLine(VIDEO.id, 1, "hello?", 0)
    away = s.PeerChanged(VIDEO.id, PeerEvent.RECONNECTING, until=9)
    ben, ana = with_room(FOR_BEN).sides
    known = msgspec.structs.replace(with_room(FOR_BEN), sides=(msgspec.structs.replace(ben, away_until_ms=9), ana))
    assert (
        live()
        >> told(2, PairFormed(FOR_BEN, 1))
        >> told(2, Relayed(line))
        >> told(2, Relayed(away))
        >> told(3, RoomIsOpen(VIDEO.id, NODE)) << ev.Place(known)
        >> ev.Placed(VIDEO.id, CREDENTIALS) << Sends(s.Matched) << ev.Send(line)
        >> told(3, Relayed(line)) << ev.Send(line)
    )  # fmt: skip


def test_side_b_makes_the_room_when_nobody_else_does() -> None:
    """A's gateway may be dead."""
    assert live() >> told(2, PairFormed(FOR_BEN, 1)) >> Wait(999) >> Wait(1) << ev.OpenRoom(FOR_BEN)


def test_a_match_stops_the_news_of_waiting() -> None:
    """Nobody is told that they wait while they are matched."""
    assert (
        live()
        >> told(2, Queued(TICKET)) << Sends(s.Waiting)
        >> told(3, PairFormed(TEXT, 1)) << Sends(s.Matched)
        >> Wait(20_000)
    )  # fmt: skip


def test_a_room_of_another_pair_means_nothing() -> None:
    """News may cross."""
    assert paired() >> told(4, RoomIsOpen(PairId("p0"), NODE))


def test_credentials_of_another_pair_mean_nothing() -> None:
    """The pair may be over by then."""
    assert live() >> ev.Placed(PairId("p0"), CREDENTIALS)


def test_a_talk_is_announced() -> None:
    """Both are connected."""
    assert paired() >> told(4, TalkStarted(VIDEO.id, NOW)) << ev.Send(s.Talking(4, "p1", NOW))


def test_what_the_partner_says_is_passed_on() -> None:
    """In the words of the wire."""
    line = s.ChatLine("p1", 1, "hello", NOW)

    assert paired() >> told(3, Relayed(line)) << ev.Send(line)


def test_what_a_former_partner_said_is_dropped() -> None:
    """Nobody reads what was meant for an older talk."""
    assert paired() >> told(3, Relayed(s.ChatLine("p0", 1, "hello", NOW)))


def test_an_announced_pair_that_ends_is_said() -> None:
    """With the wait that follows, in one message."""
    assert (
        paired()
        >> told(4, PairEnded(VIDEO.id, EndReason.NEXT, "peer", TICKET))
        << ev.Send(
            s.Ended(4, "p1", EndReason.NEXT, "peer", s.Waiting(4, 1, NOW, Mode.TEXT, 1, None, []))
        )
        >> Wait(1_500) << Sends(s.Waiting)
    )  # fmt: skip


def test_a_pair_that_ends_into_idleness() -> None:
    """No waiting, no news of it."""
    assert (
        paired()
        >> told(4, PairEnded(VIDEO.id, EndReason.LEFT, "peer", None)) << Sends(s.Ended, waiting=None)
        >> Wait(20_000)
    )  # fmt: skip


def test_a_pair_that_was_never_announced_ends_quietly() -> None:
    """The person only ever knew that they wait, and still do; they hear what is wrong."""
    assert (
        live()
        >> told(2, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> told(3, PairEnded(VIDEO.id, EndReason.MEDIA_FAILED, "server", TICKET))
        << Sends(s.Notice, code="media_unavailable") << Sends(s.Waiting, rev=3)
    )  # fmt: skip


def test_who_failed_too_often_is_told_what_to_check() -> None:
    """They do not wait any more, so they have to do something."""
    assert (
        live()
        >> told(2, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> told(3, PairEnded(VIDEO.id, EndReason.MEDIA_FAILED, "me", None))
        << Sends(s.Ended, pair=VIDEO.id, waiting=None) << Sends(s.Notice, code="check_media")
    )  # fmt: skip


def test_a_pair_that_moved_is_joined_where_it_is_now() -> None:
    """Another media server took the room than the one that was asked first."""
    other = NodeName("other")
    assert (
        live()
        >> told(2, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> told(3, RoomIsOpen(VIDEO.id, other)) << ev.Place(with_room(msgspec.structs.replace(VIDEO, node=other)))
    )  # fmt: skip


def test_who_waits_for_a_room_is_told_that_they_wait() -> None:
    """It may take some media servers to find one; it is no silence for that, and over with the announcement."""
    assert (
        live()
        >> told(2, Queued(TICKET)) << Sends(s.Waiting, rev=2)
        >> told(3, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> Wait(1_500) << Sends(s.Waiting, rev=3)
        >> Wait(5_000) << Sends(s.Waiting, rev=3)
        >> told(4, RoomIsOpen(VIDEO.id, NODE)) << ev.Place(with_room(VIDEO))
        >> ev.Placed(VIDEO.id, CREDENTIALS) << Sends(s.Matched, rev=4, media=CREDENTIALS)
        >> Wait(9_000)
    )  # fmt: skip


def test_who_waits_is_told_that_matching_pauses() -> None:
    """And why, with the next numbers."""
    key = TICKET.cohort.key
    assert (
        live(board={key: QueueStatus(paused=Pause.MEDIA_DOWN)})
        >> told(2, Queued(TICKET)) << Sends(s.Waiting, paused=Pause.MEDIA_DOWN)
    )  # fmt: skip


def test_who_backs_off_is_told_why_until_the_next_try() -> None:
    """And at that moment, not with the next numbers, that they are looked for again."""
    backing_off = msgspec.structs.replace(TICKET, not_before_ms=NOW + 5_000)
    assert (
        live()
        >> told(2, Queued(backing_off)) << Sends(s.Waiting, paused=Pause.YOUR_MEDIA)
        >> Wait(1_500) << Sends(s.Waiting, paused=Pause.YOUR_MEDIA)
        >> Wait(3_500) << Sends(s.Waiting, paused=None)
        >> Wait(5_000) << Sends(s.Waiting, paused=None)
    )  # fmt: skip


def test_a_room_fallback_dies_with_its_pair() -> None:
    """No room is made for a pair that is over."""
    assert (
        live()
        >> told(2, PairFormed(FOR_BEN, 1))
        >> told(3, PairEnded(VIDEO.id, EndReason.LEFT, "peer", None)) << Sends(s.Ended, pair=VIDEO.id)
        >> Wait(5_000)
    )  # fmt: skip


# -- typing --------------------------------------------------------------------------------


def test_typing_goes_to_the_partner() -> None:
    """Without the ledger: it leaves no trace."""
    assert paired(TEXT) >> c.Typing("p1") << ev.Relay(BEN, s.PeerTyping("p1"))


@pytest.mark.parametrize("start", [live, paired])
def test_typing_in_another_pair_goes_nowhere(start: Any) -> None:
    """One that is over, or was never theirs."""
    assert start() >> c.Typing("p0")


def test_a_partner_on_this_gateway_is_heard() -> None:
    """While they are the partner."""
    said, old = ev.PeerSaid(s.PeerTyping("p1")), ev.PeerSaid(s.PeerTyping("p0"))

    assert paired(TEXT) >> said << ev.Send(s.PeerTyping("p1")) >> old
    assert live() >> said
    assert entering() >> said


# -- what is written -----------------------------------------------------------------------


def test_control_characters_are_taken_out_of_a_chat() -> None:
    """Line feeds and tabs stay; text of any language does."""
    assert (
        paired(TEXT)
        >> c.Chat("1", "p1", "a\x1b[2J\x00b\n\tc \x9b日本", 1)
        << ev.Perform(c.Chat("1", "p1", "a[2Jb\n\tc 日本", 1))
    )  # fmt: skip


def test_nothing_but_control_characters_is_nothing_to_say() -> None:
    """The number of the line is free then."""
    assert paired(TEXT) >> c.Chat("1", "p1", "\x07\x1b", 1) << Sends(s.Reply, id="1", ok=False)
