"""Each check finds what was planted for it, and nothing in a story that is well."""

from __future__ import annotations

import msgspec
import pytest

from chaos.checks import CHECKS, violations
from chaos.story import Entry, Gone, Heard, Lost, Rest, Said, Stall, Story, What
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import EndReason, Pause
from tests.chaos.stories import (
    connected,
    ended,
    find,
    in_pair,
    matched,
    ok,
    ready,
    story,
    trouble,
    waiting,
)

Line = tuple[int, str, What]


def meets(pair: str, *people: str, at_ms: int = 1_000) -> list[Line]:
    """They are in, meet and talk."""
    found: list[Line] = [(at_ms, who, Heard(matched(pair))) for who in people]
    found += [(at_ms + 1, who, Said(connected(pair))) for who in people]
    found += [(at_ms + 10, who, Heard(s.Talking(2, pair, at_ms))) for who in people]
    return found


def by(name: str, told: Story) -> list[str]:
    """What one check finds."""
    assert name in CHECKS
    return [each.text for each in violations(told) if each.check == name]


def test_a_story_that_is_well_violates_nothing() -> None:
    """Two search, meet, write, one moves on, both wait on, and leave."""
    told = story(
        (0, "ana", Heard(ready())),
        (0, "ben", Heard(ready())),
        (10, "ana", Said(find())),
        (20, "ana", Heard(ok("f1"))),
        (20, "ana", Heard(waiting())),
        *meets("one", "ana", "ben"),
        (2_000, "ana", Said(c.Chat("c1", "one", "ana says hello", 1))),
        (2_010, "ana", Heard(ok("c1"))),
        (2_020, "ben", Heard(s.ChatLine("one", 1, "ana says hello", 2_000))),
        (3_000, "ana", Said(c.Next("n1", "one", 2))),
        (3_010, "ana", Heard(ok("n1"))),
        (3_010, "ana", Heard(ended("one", then=waiting(attempt=2, since=3_000)))),
        (3_020, "ben", Heard(ended("one", then=waiting(since=3_000)))),
        (99_000, "ana", Heard(waiting(attempt=2, since=3_000, rev=4))),
        (99_000, "ben", Heard(waiting(since=3_000, rev=4))),
        (100_500, "ben", Gone()),
        rest=Rest(("nodes", "lease:nodes", "person:x"), ("forget:x",), {"node-1": 0}),
    )

    assert violations(told) == []


def test_three_in_a_pair() -> None:
    """However the third came in."""
    told = story(*meets("one", "ana", "ben"), (9_000, "cleo", Heard(in_pair("one"))))

    assert by("pairs agree", told) == ["are three in one"]


def test_somebody_talks_alone() -> None:
    """The other side never heard of it."""
    assert by("pairs agree", story(*meets("one", "ana"))) == ["talks in one, of which nobody else heard"]


def test_a_line_that_goes_astray() -> None:
    """It reaches somebody of another pair."""
    told = story(
        *meets("one", "ana", "ben"), *meets("two", "cleo"), (5_000, "cleo", Heard(s.ChatLine("two", 1, "ana says", 0)))
    )

    assert "got a line of ana in two" in by("pairs agree", told)


def test_a_pair_on_top_of_a_pair() -> None:
    """Without a word of the end of the first."""
    told = story(*meets("one", "ana", "ben"), (5_000, "ana", Heard(matched("two", rev=7))))

    assert by("nobody is doubled", told) == ["is in one, and was given two"]


def test_a_talk_with_somebody_who_was_never_there() -> None:
    """The server says that both are connected, and one never said so."""
    told = story(
        (1_000, "ana", Heard(matched("one"))),
        (1_000, "ben", Heard(matched("one"))),
        (1_001, "ana", Said(connected("one"))),
        (1_010, "ana", Heard(s.Talking(2, "one", 1_000))),
    )

    assert by("a talk is of two who are there", told) == ["talks in one, and one was never there"]


def test_a_block_that_does_not_hold() -> None:
    """They meet again after the server had said that they would not."""
    told = story(
        *meets("one", "ana", "ben"),
        (2_000, "ana", Said(c.Block("b1", "one"))),
        (2_010, "ana", Heard(ok("b1"))),
        *meets("two", "ana", "ben", at_ms=5_000),
    )

    assert by("nobody meets whom they must not", told) == ["met ben in spite of a block"]


def test_a_match_that_was_made_before_the_block() -> None:
    """And of which they heard after it: their store was out of reach meanwhile."""
    late = msgspec.structs.replace(matched("two"), deadline_ms=6_000)
    told = story(
        *meets("one", "ana", "ben"),
        (2_000, "ana", Said(c.Block("b1", "one"))),
        (2_010, "ana", Heard(ok("b1"))),
        *((5_000, who, Heard(late)) for who in ("ana", "ben")),
    )

    assert by("nobody meets whom they must not", told) == []


def test_two_who_do_not_fit() -> None:
    """A strict wish was dropped."""
    assert by("nobody meets whom they must not", story(*meets("one", "cleo", "ben"))) == [
        "met cleo, and they do not fit"
    ]


def search(*more: Line) -> tuple[Line, ...]:
    """Somebody who searches, and is told so once."""
    return ((0, "ana", Heard(ready())), (10, "ana", Said(find())), (20, "ana", Heard(ok("f1"))), *more)


def test_a_search_that_nobody_speaks_of_any_more() -> None:
    """No match, no refusal, no news."""
    told = story(*search((30, "ana", Heard(waiting()))))

    assert by("every find ends", told) == ["searches with attempt 1, and heard nothing for 99970 ms"]


def test_a_search_that_is_forgotten_over_a_reconnect() -> None:
    """Unless the store lost something at that time, or they were away for longer than a seat is held."""
    lost: Line = (5_000, "ana", Lost(1006, mine=False))
    back: Line = (8_000, "ana", Heard(ready()))

    assert by("every find ends", story(*search(lost, back))) == ["searched, was away for 3000 ms, and is idle"]
    assert by("every find ends", story(*search(lost, back), troubles=(trouble(4_000, 6_000, forgets=True),))) == []
    assert by("every find ends", story(*search(lost, (21_000, "ana", Heard(ready()))))) == []


def test_a_search_of_before_they_left_that_is_said_again() -> None:
    """A server has it already, or knows that it is older: its answer is no promise of a partner."""
    begin = search((30, "ana", Said(c.Next("n2", "one", 2))), (40, "ana", Said(c.Next("n3", "one", 3))))
    left: Line = (50, "ana", Said(c.Leave("l1", "one")))
    again: tuple[Line, ...] = ((60, "ana", Said(c.Next("n2", "one", 2))), (70, "ana", Said(c.Next("n3", "one", 3))))
    answered: tuple[Line, ...] = tuple((80, "ana", Heard(ok(id_))) for id_ in ("n3", "l1", "n2"))

    assert by("every find ends", story(*begin, left, *again, *answered)) == []
    anew: Line = (90, "ana", Said(find("f4", attempt=4)))
    assert by("every find ends", story(*begin, left, *again, *answered, anew)) == [
        "searches with attempt 4, and heard nothing for 99910 ms"
    ]


@pytest.mark.parametrize(
    "end",
    [
        Heard(matched("one")),
        Said(c.Cancel("x1", 1)),
        Heard(s.Reply("f1", ok=False)),
        Gone(),
    ],
    ids=["matched", "left", "refused", "gone"],
)
def test_the_ends_that_a_search_may_have(end: What) -> None:
    """After each of them nobody has to be told any more."""
    assert by("every find ends", story((0, "ana", Heard(ready())), (10, "ana", Said(find())), (20, "ana", end))) == []


def test_a_wait_that_begins_anew() -> None:
    """Though nothing happened to the one who waits; after a match it may."""
    told = search((30, "ana", Heard(waiting(since=0))), (95_000, "ana", Heard(waiting(since=50_000))))

    assert by("waits are kept", story(*told)) == ["the wait of attempt 1 lost 50000 ms"]
    assert by("waits are kept", story(*told[:-1], (40, "ana", Heard(ended("one"))), told[-1])) == []


def test_a_wait_that_may_have_ended_while_they_were_away() -> None:
    """From what they heard last: who is cut off finds out late. What comes after they are back is no excuse."""
    begin = search((30, "ana", Heard(waiting(since=0))), (70_000, "ana", Lost(1006, mine=False)))
    met: Line = (71_000, "ana", Heard(ready(s.WaitingState(waiting(since=50_000)))))
    kept: Line = (71_000, "ana", Heard(ready(s.WaitingState(waiting(since=0)))))
    later: Line = (99_000, "ana", Heard(waiting(since=90_000)))

    assert by("waits are kept", story(*begin, met)) == []
    assert by("waits are kept", story(*begin, kept, later)) == ["the wait of attempt 1 lost 90000 ms"]


def test_a_wait_that_their_own_command_may_have_ended() -> None:
    """It was said before the wait began, and has no answer yet: whoever asks again and again may be heard late."""
    begin = search((30, "ana", Said(c.Leave("l1", "one"))), (40, "ana", Heard(waiting(since=0))))
    anew: Line = (95_000, "ana", Heard(waiting(since=50_000, attempt=2)))

    assert by("waits are kept", story(*begin, anew)) == []
    answered: Line = (50, "ana", Heard(ok("l1")))
    later: Line = (60, "ana", Heard(waiting(since=0, attempt=2)))
    assert by("waits are kept", story(*begin, answered, later, anew)) == ["the wait of attempt 2 lost 50000 ms"]


def test_news_of_an_older_wait_that_come_late() -> None:
    """They have left it and search anew: nobody resets anything."""
    begin = search((30, "ana", Said(c.Leave("l1", "one"))), (40, "ana", Heard(ok("l1"))))
    anew: Line = (90_000, "ana", Said(find("f2", attempt=2)))
    late: Line = (95_000, "ana", Heard(waiting(since=0)))
    now: Line = (95_010, "ana", Heard(waiting(since=90_000, attempt=2)))

    assert by("waits are kept", story(*begin, anew, late, now)) == []


def test_a_wait_that_begins_anew_for_a_reason() -> None:
    """It was their own media that failed."""
    anew = waiting(since=50_000, paused=Pause.YOUR_MEDIA)

    assert by("waits are kept", story(*search((30, "ana", Heard(waiting())), (95_000, "ana", Heard(anew))))) == []


def test_a_server_that_ends_a_pair_and_says_no_more() -> None:
    """Nobody is at fault, so both wait on; and with the place that they had."""
    silent = ended("one", reason=EndReason.MEDIA_FAILED)
    unfair = ended("one", reason=EndReason.MEDIA_FAILED, then=waiting(since=40_000))
    waited: Line = (30_000, "ana", Heard(waiting(since=0)))

    assert by("people are told", story((40_000, "ana", Heard(silent)))) == [
        "a server ended their pair, and they do not wait on"
    ]
    assert by("people are told", story(waited, (40_000, "ana", Heard(unfair)))) == [
        "had waited 30000 ms, and waits on from 0 ms"
    ]


def test_a_server_that_ends_a_pair_of_which_they_heard_late() -> None:
    """Their wait was over when the match was made, not when they heard so; and a Next begins another one."""
    told: Line = (30_000, "ana", Heard(waiting(since=0)))
    late: Line = (31_000, "ana", Heard(msgspec.structs.replace(matched("one"), deadline_ms=1_000)))
    another: Line = (31_000, "ana", Heard(ended("zero", then=waiting(since=31_000))))
    over: Line = (40_000, "ana", Heard(ended("one", reason=EndReason.MEDIA_FAILED, then=waiting(since=18_000))))
    fresh: Line = (40_000, "ana", Heard(ended("one", reason=EndReason.MEDIA_FAILED, then=waiting(since=40_000))))

    assert by("people are told", story(told, late, over)) == []
    assert by("people are told", story(told, another, fresh)) == []


def test_commands_are_answered_once() -> None:
    """Not never, and not twice."""
    twice = story(*search((30, "ana", Heard(ok("f1")))))
    never = story((10, "ana", Said(find())))

    assert by("every command is answered", twice) == ["f1 was answered twice"]
    assert by("every command is answered", never) == ["f1 never was answered"]


def test_somebody_who_is_thrown_out() -> None:
    """With a code that tells them to stay away."""
    assert by("nobody is thrown out", story((10, "ana", Lost(4301, mine=False)))) == ["was closed with PROTOCOL_ERROR"]


def test_somebody_who_does_not_come_back() -> None:
    """Though nothing goes wrong any more."""
    told = story((0, "ana", Heard(ready())), (50_000, "ana", Lost(1006, mine=False)))

    assert by("all is well at rest", told) == ["is not back"]


def test_a_talk_that_one_side_believes_in() -> None:
    """The other one heard that it is over."""
    come_in: list[Line] = [(0, who, Heard(ready())) for who in ("ana", "ben")]
    told = story(*come_in, *meets("one", "ana", "ben"), (5_000, "ben", Heard(ended("one", rev=9))))

    assert by("all is well at rest", told) == ["believes to talk in one, alone"]


def test_news_take_a_moment_at_the_end_too() -> None:
    """One side heard that it is over just before everybody was asked to leave."""
    come_in: list[Line] = [(0, who, Heard(ready())) for who in ("ana", "ben")]
    told = story(*come_in, *meets("one", "ana", "ben"), (99_500, "ben", Heard(ended("one", rev=9))))

    assert by("all is well at rest", told) == []


def test_who_is_in_a_tunnel_still_belongs_to_the_talk() -> None:
    """The other one reads that they reconnect."""
    come_in: list[Line] = [(0, who, Heard(ready())) for who in ("ana", "ben")]
    told = story(*come_in, *meets("one", "ana", "ben"), (90_000, "ben", Lost(1006, mine=True)))

    assert by("all is well at rest", told) == []


def test_what_ended_another_pair_says_nothing_of_this_one() -> None:
    """A leave that is answered late."""
    come_in: list[Line] = [(0, who, Heard(ready())) for who in ("ana", "ben")]
    late: list[Line] = [(900, "ana", Said(c.Leave("l1", "before"))), (2_000, "ana", Heard(ok("l1")))]
    told = story(*come_in, late[0], *meets("one", "ana", "ben"), late[1])

    assert by("all is well at rest", told) == []


def test_a_talk_of_which_a_store_that_began_anew_has_not_heard_enough() -> None:
    """It ends by itself once nobody has spoken for the other side."""
    gone = ((0, "ana", Heard(ready())), *meets("one", "ana", "ben"), (90_000, "ben", Gone()))

    for healed_ms, found in ((89_000, 0), (60_000, 1)):
        told = story(*gone, troubles=(trouble(59_000, healed_ms, forgets=True),))
        assert len(by("all is well at rest", told)) == found


def test_a_fault_that_is_felt_for_too_long() -> None:
    """From 10 s on, healed at 12 s, promised within 5 s: away until 30 s is 13 s too long."""
    entries = (
        (0, "ana", Heard(ready())),
        (10_000, "ana", Lost(1006, mine=False)),
        (30_000, "ana", Heard(ready())),
    )

    late = by("faults end in time", story(*entries, troubles=(trouble(10_000, 12_000),)))
    assert late == ["1 times for too long, at most ana: away for 20000 ms, 13000 ms longer than promised"]
    assert by("faults end in time", story(*entries, troubles=(trouble(10_000, 12_000, 20_000),))) == []


def test_somebody_who_is_unwell_where_no_fault_was() -> None:
    """A fault that was there at another time is no excuse."""
    entries = (
        (0, "ana", Heard(ready())),
        (50_000, "ana", Lost(1006, mine=False)),
        (70_000, "ana", Heard(ready())),
    )

    assert by("nobody is unwell for nothing", story(*entries, troubles=(trouble(10_000, 12_000),))) == [
        "away for 20000 ms, and no fault was there"
    ]


def test_who_has_gone_feels_nothing() -> None:
    """Whatever they had asked for."""
    told = story((0, "ana", Heard(ready())), (10, "ana", Said(find())), (20, "ana", Gone()))

    assert violations(told) == []


def test_what_goes_on_into_the_next_round_is_judged_by_its_bound() -> None:
    """It cannot be told apart."""
    entries = ((0, "ana", Heard(ready())), (10_000, "ana", Lost(1006, mine=False)), (30_000, "ana", Heard(ready())))
    first, second = trouble(10_000, 12_000), trouble(14_000, 28_000)._replace(round=1)

    assert by("faults end in time", story(*entries, troubles=(first, second))) == []


def test_a_round_after_the_bound_is_no_excuse() -> None:
    """The next fault comes when nobody may feel the first one any more."""
    entries = ((0, "ana", Heard(ready())), (10_000, "ana", Lost(1006, mine=False)), (30_000, "ana", Heard(ready())))
    first, second = trouble(10_000, 12_000), trouble(19_000, 28_000)._replace(round=1)

    late = by("faults end in time", story(*entries, troubles=(first, second)))
    assert late == ["1 times for too long, at most ana: away for 20000 ms, 13000 ms longer than promised"]


def test_what_the_machine_took_is_forgiven_where_it_was() -> None:
    """13 s too long: two stalls of 7 s after the fault was undone explain it, before or later they do not."""
    entries = ((0, "ana", Heard(ready())), (10_000, "ana", Lost(1006, mine=False)), (30_000, "ana", Heard(ready())))
    told = story(*entries, troubles=(trouble(10_000, 12_000),))

    told.stalls = [Stall(20_000, 7_000), Stall(29_000, 7_000)]
    assert by("faults end in time", told) == []
    told.stalls = [Stall(11_000, 7_000), Stall(60_000, 7_000)]
    assert len(by("faults end in time", told)) == 1


def test_a_fault_that_could_not_be_done() -> None:
    """Then the run shows nothing, and says so."""
    assert by("faults end in time", story(troubles=(trouble(1, 2, failure="no such process"),))) == ["no such process"]


@pytest.mark.parametrize(
    "rest",
    [
        Rest(("pair:x",)),
        Rest(("person:x",)),
        Rest(("offered:cohort",)),
        Rest(("people:gateway",)),
        Rest(carried={"node-1": 2}),
        Rest(rooms=("x",)),
        Rest(unreadable=("node-1: gone",)),
    ],
    ids=lambda rest: str([value for value in rest if value]),
)
def test_something_is_left(rest: Rest) -> None:
    """A key, a room, a count; or nobody could look."""
    assert len(by("nothing is left", story(rest=rest))) == 1


def test_a_line_that_no_log_may_hold() -> None:
    """Whoever said it."""
    told = Story(entries=[Entry(0, "ana", Heard(ready()))], offences=["gateway: a token"])

    assert by("logs are clean", told) == ["gateway: a token"]
