"""Matches that wait for a join slot."""

from __future__ import annotations

from duologue.ids import PersonId
from duologue.matching.held import SHORT_AFTER_MS, Held
from duologue.matching.ticket import Match
from duologue.protocol.codes import Pause
from tests.builders import NOW, ticket


def match(n: int) -> Match:
    return Match(ticket(PersonId(f"a{n}")), ticket(PersonId(f"b{n}")), 0)


def holding(count: int) -> Held:
    held = Held()
    for n in range(count):
        held.add(match(n))
    return held


def test_all_are_tried_at_once_while_there_are_slots() -> None:
    """In the order in which they came."""
    assert holding(3).next(NOW) == [match(0), match(1), match(2)]


def test_while_slots_are_short_few_are_tried() -> None:
    """One, and twice as many after each try that went well: a long line must not cost the lot each time."""
    held = holding(100)
    held.short(60, Pause.MEDIA_BUSY, NOW)
    tried = []
    for _ in range(4):
        batch = held.next(NOW + 60)
        tried.append(len(batch))
        for each in batch:
            held.settle(each)
        held.all_went()

    assert tried == [1, 2, 4, 8]
    assert held.next(NOW + 60)[0] == match(15)


def test_nothing_is_tried_before_a_slot_can_come() -> None:
    """And the loop knows when."""
    held = holding(2)
    held.short(60, Pause.MEDIA_BUSY, NOW)

    assert (held.next(NOW + 59), held.due_ms()) == ([], NOW + 60)
    assert Held().due_ms() is None


def test_who_is_parted_sets_the_other_free() -> None:
    """From either side, once."""
    held = holding(2)

    assert held.part(PersonId("a0")) == match(0).waiting
    assert held.part(PersonId("b1")) == match(1).arrival
    assert held.part(PersonId("b0")) is None
    assert len(held) == 0


def test_the_ticket_of_somebody_held() -> None:
    """So that old news of it is told from new."""
    held = holding(1)

    assert held.ticket_of(PersonId("a0")) == match(0).arrival
    assert held.ticket_of(PersonId("b0")) == match(0).waiting
    assert held.ticket_of(PersonId("c")) is None


def test_a_pause_is_told_when_it_is_more_than_a_moment() -> None:
    """No media server at all is told at once; it is over when nobody is held."""
    held = holding(1)
    assert held.pause(NOW) is None
    held.short(60, Pause.MEDIA_BUSY, NOW)
    assert held.pause(NOW + SHORT_AFTER_MS - 1) is None
    assert held.pause(NOW + SHORT_AFTER_MS) is Pause.MEDIA_BUSY
    held.short(60, Pause.MEDIA_DOWN, NOW)
    assert held.pause(NOW) is Pause.MEDIA_DOWN
    held.settle(match(0))
    assert held.pause(NOW + SHORT_AFTER_MS) is None
