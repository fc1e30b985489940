"""How a call moves on, event by event."""

from __future__ import annotations

import msgspec
import pytest

from duologue.calls import ring
from duologue.calls.call import Call, Party
from duologue.ids import CallId, NodeName, PairId
from duologue.protocol.codes import CallEnd, Mode
from tests.builders import ANA, BEN, CLEO, NOW

CALL = Call(CallId("c1"), Mode.VIDEO, Party(ANA, "Heron"), Party(BEN, "Otter"), NOW, NOW + 60_000)
PAIR, NODE = PairId("p1"), NodeName("n1")
EVENTS = (ring.Taken(BEN, PAIR, NODE), ring.Refused(BEN), ring.Withdrawn(ANA), ring.Ticked(), ring.Lost())


def both(reason: CallEnd) -> tuple[ring.Release, ...]:
    """Both are out of it."""
    return ring.Release(ANA, reason), ring.Release(BEN, reason)


def test_an_offer_rings_for_both() -> None:
    """Both hear of it."""
    assert ring.offer(CALL, apart=False, busy=False) == ring.Step(CALL, (ring.Start(ANA), ring.Start(BEN)))


def test_a_busy_callee_is_not_rung() -> None:
    """The caller hears so, and it is over."""
    call, effects = ring.offer(CALL, apart=False, busy=True)

    assert call.ended is CallEnd.BUSY
    assert effects == (ring.Release(ANA, CallEnd.BUSY),)


@pytest.mark.parametrize("busy", [False, True])
def test_who_is_blocked_rings_unheard(busy: bool) -> None:
    """Whatever the other does: the caller learns nothing of it."""
    call, effects = ring.offer(CALL, apart=True, busy=busy)

    assert (call.unheard, call.rings) == (True, True)
    assert effects == (ring.Start(ANA),)


@pytest.mark.parametrize("event", [ring.Taken(BEN, PAIR, NODE), ring.Refused(BEN), ring.Withdrawn(BEN)])
def test_nobody_answers_a_call_that_is_unheard(event: ring.Event) -> None:
    """Whoever guesses its name changes nothing."""
    unheard = msgspec.structs.replace(CALL, unheard=True)

    assert ring.advance(unheard, event, NOW) == ring.Step(unheard)


def test_who_takes_it_makes_it_a_pair() -> None:
    """Of the name that they bring."""
    call, effects = ring.advance(CALL, ring.Taken(BEN, PAIR, NODE), NOW)

    assert (call.pair, call.rings) == (PAIR, False)
    assert effects == (ring.Connect(PAIR, NODE),)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (ring.Refused(BEN), CallEnd.DECLINED),
        (ring.Withdrawn(ANA), CallEnd.CANCELLED),
        (ring.Lost(), CallEnd.LOST),
    ],
)
def test_an_end_is_told_to_both(event: ring.Event, reason: CallEnd) -> None:
    """By its reason."""
    call, effects = ring.advance(CALL, event, NOW)

    assert call.ended is reason
    assert effects == both(reason)


@pytest.mark.parametrize("event", [event for event in EVENTS if not isinstance(event, ring.Lost)])
def test_whatever_comes_too_late_finds_it_missed(event: ring.Event) -> None:
    """An answer at the last moment counts, one after it does not."""
    assert ring.advance(CALL, event, CALL.expires_ms).call.ended is CallEnd.MISSED
    assert ring.advance(CALL, event, CALL.expires_ms - 1).call.ended is not CallEnd.MISSED


@pytest.mark.parametrize(
    "event",
    [ring.Taken(ANA, PAIR, NODE), ring.Refused(ANA), ring.Withdrawn(BEN), ring.Taken(CLEO, PAIR, NODE), ring.Ticked()],
)
def test_what_is_not_theirs_to_say_changes_nothing(event: ring.Event) -> None:
    """Callers do not answer, callees do not withdraw, and strangers do neither."""
    assert ring.advance(CALL, event, NOW) == ring.Step(CALL)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("over", [{"pair": PAIR}, {"ended": CallEnd.MISSED}])
def test_what_is_over_stays_over(event: ring.Event, over: dict[str, str]) -> None:
    """Crossing messages are normal."""
    call = msgspec.structs.replace(CALL, **over)

    assert ring.advance(call, event, NOW + 90_000) == ring.Step(call)
