"""What a parent does with its children: tables of what happens, and what follows."""

from __future__ import annotations

import pytest

from duologue.supervisor import events as ev
from duologue.supervisor.events import ChildId, Exited, Kill, Post, Ready, RenewalAsked, Start, StopAsked, TimePassed
from duologue.supervisor.plan import Plan
from tests.fakes import CountingRng

GATEWAY, OTHER, MATCHER = Post("gateway-1", 0, 1_000), Post("gateway-2", 0, 1_000), Post("matcher-1", 1, 500)
TERMS = ev.Terms(pause_ms=100, pause_at_most_ms=1_600, steady_ms=10_000, tries=3, renewed_within_ms=5_000)


class Parent:
    """A plan, its time, and the commands in words: `start gateway-1 0`, `ask 1`, `kill 1`, `end 0`."""

    def __init__(self, *posts: Post) -> None:
        self.now_ms = 0
        self.plan = Plan(posts, CountingRng(), 0, TERMS)
        self.notes: list[str] = []

    def hears(self, event: ev.Event, after_ms: int = 0) -> list[str]:
        self.now_ms += after_ms
        commands = self.plan.handle(event, self.now_ms)
        self.notes += [command.event for command in commands if isinstance(command, ev.Note)]
        return [_spoken(command) for command in commands if not isinstance(command, ev.Note)]

    def waits(self) -> list[str]:
        """Until the next thing is due by itself."""
        due_ms = self.plan.due_ms()
        assert due_ms is not None
        return self.hears(TimePassed(), max(0, due_ms - self.now_ms))

    def ready(self, child: int, after_ms: int = 0) -> list[str]:
        return self.hears(Ready(ChildId(child)), after_ms)

    def exited(self, child: int, code: int | None = 1, after_ms: int = 0) -> list[str]:
        return self.hears(Exited(ChildId(child), code), after_ms)


def _spoken(command: ev.Command) -> str:
    match command:
        case Start(_, post, seat):
            return f"start {post.name} {seat}"
        case ev.Ask(child):
            return f"ask {child}"
        case Kill(child):
            return f"kill {child}"
        case ev.End(code):
            return f"end {code}"
        case ev.Note():
            raise AssertionError(command)


def serving(*posts: Post) -> Parent:
    """Every post has a child that serves: the first has child 1, and so on."""
    parent = Parent(*posts)
    parent.hears(TimePassed())
    for number in range(1, len(posts) + 1):
        parent.ready(number)
    return parent


# -- start and restart ----------------------------------------------------------------------------


def test_every_post_gets_a_child_at_once() -> None:
    """With a seat of its own."""
    parent = Parent(GATEWAY, MATCHER)

    assert parent.hears(TimePassed()) == ["start gateway-1 0", "start matcher-1 1"]
    assert parent.plan.due_ms() is None


def test_all_are_ready_when_each_is() -> None:
    """Not before."""
    parent = Parent(GATEWAY, MATCHER)
    parent.hears(TimePassed())
    parent.ready(2)
    assert not parent.plan.all_ready

    parent.ready(1)
    assert parent.plan.all_ready


def test_who_dies_is_started_again_after_a_pause() -> None:
    """In the seat that it had, for that is free again."""
    parent = serving(GATEWAY, MATCHER)

    assert parent.exited(1, -9) == []
    assert not parent.plan.all_ready
    assert parent.waits() == ["start gateway-1 0"]
    assert 50 <= parent.now_ms <= 100


def test_the_pause_doubles_up_to_a_bound_and_is_partly_chance() -> None:
    """A child that is ready and dies again and again costs little, and is never given up."""
    parent, pauses = serving(GATEWAY), []
    for child in range(1, 10):
        parent.exited(child)
        began_ms = parent.now_ms
        assert parent.waits() == ["start gateway-1 0"]
        pauses.append(parent.now_ms - began_ms)
        parent.ready(child + 1)

    wholes = [100, 200, 400, 800, 1_600, 1_600, 1_600, 1_600, 1_600]
    assert all(whole // 2 <= pause <= whole for pause, whole in zip(pauses, wholes, strict=True))


def test_who_was_steady_starts_as_if_it_had_never_failed() -> None:
    """One death a day is no reason to make people wait."""
    parent = serving(GATEWAY)
    for child in (1, 2, 3):
        parent.exited(child)
        parent.waits()
        parent.ready(child + 1)
    died_ms = parent.now_ms + 10_000
    parent.exited(4, after_ms=10_000)
    parent.waits()

    assert parent.now_ms - died_ms <= 100


@pytest.mark.parametrize("code", [2, -9, None], ids=["refused to start", "killed", "could not be started"])
def test_who_keeps_dying_at_the_start_is_told_and_ends_everything(code: int | None) -> None:
    """After as many tries as the terms allow; the others are stopped in order."""
    parent = Parent(GATEWAY, MATCHER)
    parent.hears(TimePassed())
    parent.ready(1)
    for child in (2, 3):
        assert parent.exited(child, code) == []
        assert parent.waits() == ["start matcher-1 1"]

    assert parent.exited(4, code) == ["ask 1"]
    assert parent.notes[-1] == "child_keeps_dying"
    assert parent.exited(1, 0) == ["end 1"]


def test_who_served_once_is_not_given_up_while_others_serve() -> None:
    """To end everything would take from people what works."""
    parent = serving(GATEWAY, OTHER)
    for child in (1, 3, 4, 5, 6):
        parent.exited(child)
        assert parent.waits() == ["start gateway-1 0"]
    assert parent.notes[-1] == "child_keeps_dying"

    parent.exited(2)
    assert parent.exited(7) == ["end 1"]


# -- stop -----------------------------------------------------------------------------------------


def test_a_stop_goes_stage_by_stage() -> None:
    """Gateways first; the matcher goes on for those who are still there."""
    parent = serving(MATCHER, GATEWAY, OTHER)

    assert parent.hears(StopAsked()) == ["ask 2", "ask 3"]
    assert parent.exited(2, 0) == []
    assert parent.exited(3, 0) == ["ask 1"]
    assert parent.exited(1, 0) == ["end 0"]


def test_who_does_not_go_in_time_is_killed() -> None:
    """And the exit code says so."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(StopAsked())

    assert parent.waits() == ["kill 1"]
    assert parent.now_ms == 1_000
    assert parent.exited(1, -9) == ["ask 2"]
    assert parent.waits() == ["kill 2"]
    assert parent.exited(2, -9) == ["end 1"]


def test_a_second_stop_kills_everybody_at_once() -> None:
    """Somebody is in a hurry."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(StopAsked())

    assert parent.hears(StopAsked()) == ["kill 1", "kill 2"]
    assert parent.exited(2, -9) == []
    assert parent.exited(1, -9) == ["end 1"]


def test_nobody_is_started_while_everything_stops() -> None:
    """Neither who dies nor who was about to come."""
    parent = serving(GATEWAY, MATCHER)
    parent.exited(1)
    assert parent.hears(StopAsked()) == ["ask 2"]

    assert parent.exited(2, 1) == ["end 0"]
    assert parent.plan.due_ms() is None


def test_a_stop_before_anybody_is_ready() -> None:
    """A signal ends who has not begun yet: that is a clean stop."""
    parent = Parent(GATEWAY)
    parent.hears(TimePassed())

    assert parent.hears(StopAsked()) == ["ask 1"]
    assert parent.ready(1) == []
    assert parent.exited(1, -15) == ["end 0"]
    assert parent.notes == ["service_stopping", "child_stopped"]


# -- renewal --------------------------------------------------------------------------------------


def test_a_renewal_replaces_one_after_the_other() -> None:
    """The old one goes when the new one is ready, the next one's turn is when the old one is gone."""
    parent = serving(GATEWAY, MATCHER)

    assert parent.hears(RenewalAsked()) == ["start gateway-1 2"]
    assert parent.ready(3) == ["ask 1"]
    assert parent.exited(1, 0) == ["start matcher-1 0"]
    assert parent.ready(4) == ["ask 2"]
    assert parent.exited(2, 0) == []
    assert parent.plan.all_ready


def test_a_successor_that_fails_leaves_the_old_ones_in_place() -> None:
    """A mistake in the new configuration costs nothing."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(RenewalAsked())

    assert parent.exited(3, 2) == []
    assert parent.notes[-1] == "renewal_failed"
    assert parent.plan.all_ready
    assert parent.plan.due_ms() is None


def test_a_successor_that_is_not_ready_in_time_is_given_up() -> None:
    """The same."""
    parent = serving(GATEWAY)
    parent.hears(RenewalAsked())

    assert parent.waits() == ["kill 2"]
    assert parent.now_ms == 5_000
    assert parent.exited(2, -9) == []
    assert parent.notes[-1] == "renewal_failed"


def test_an_old_one_that_does_not_go_is_killed_and_the_renewal_goes_on() -> None:
    """Its people were told long ago."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(RenewalAsked())
    parent.ready(3)

    assert parent.waits() == ["kill 1"]
    assert parent.exited(1, -9) == ["start matcher-1 0"]


def test_who_dies_while_its_successor_starts_is_followed_by_it() -> None:
    """There is no need for a third, and no deadline for who is alone."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(RenewalAsked())

    assert parent.exited(1) == ["start matcher-1 0"]
    assert parent.ready(3) == []
    assert parent.plan.due_ms() == 5_000, "that of the second successor"


def test_who_waits_for_its_restart_needs_no_successor() -> None:
    """It comes anew in any case."""
    parent = serving(GATEWAY, MATCHER)
    parent.exited(1)

    assert parent.hears(RenewalAsked()) == ["start matcher-1 2"]
    assert parent.waits() == ["start gateway-1 0"]


def test_a_second_renewal_begins_anew_after_the_present_one() -> None:
    """Whoever was replaced before the second signal may have read the old files."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(RenewalAsked())
    assert parent.ready(3) == ["ask 1"]

    assert parent.hears(RenewalAsked()) == []
    assert parent.exited(1, 0) == ["start gateway-1 0"]


def test_a_stop_in_mid_renewal_ends_old_and_new() -> None:
    """Whatever their state."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(RenewalAsked())

    assert parent.hears(StopAsked()) == ["ask 1", "ask 3"]
    assert parent.exited(3, -15) == []
    assert parent.exited(1, 0) == ["ask 2"]
    assert parent.exited(2, 0) == ["end 0"]


def test_a_successor_that_is_ready_during_a_stop_changes_nothing() -> None:
    """The old one is asked when its stage's turn comes."""
    parent = serving(MATCHER, GATEWAY)
    parent.hears(RenewalAsked())
    parent.hears(StopAsked())

    assert parent.ready(3) == []
    assert parent.exited(2, 0) == ["ask 1", "ask 3"]


# -- where they are -------------------------------------------------------------------------------


def seats(parent: Parent) -> list[tuple[str, int]]:
    """In words."""
    return [(each.post.name, each.seat) for each in parent.plan.seated]


def test_a_child_is_to_be_found_from_its_start() -> None:
    """It tells how it is before it is ready."""
    parent = Parent(GATEWAY, MATCHER)
    assert seats(parent) == []
    parent.hears(TimePassed())

    assert seats(parent) == [("gateway-1", 0), ("matcher-1", 1)]


def test_who_died_is_missed_where_it_was() -> None:
    """Nobody else takes its seat, and the next one does."""
    parent = serving(GATEWAY, MATCHER)
    before = seats(parent)
    parent.exited(1, -9)
    assert seats(parent) == before
    parent.waits()

    assert seats(parent) == before


def test_while_one_follows_the_other_both_are_to_be_found() -> None:
    """The old one still has people; then the new one is where it started."""
    parent = serving(GATEWAY, MATCHER)
    parent.hears(RenewalAsked())
    assert seats(parent) == [("gateway-1", 0), ("matcher-1", 1), ("gateway-1", 2)]
    parent.ready(3)
    assert seats(parent) == [("gateway-1", 2), ("matcher-1", 1), ("gateway-1", 0)]
    parent.exited(1, 0)

    assert seats(parent) == [("gateway-1", 2), ("matcher-1", 1), ("matcher-1", 0)]


def test_an_heir_is_where_it_started() -> None:
    """The seat of the dead one is free for others."""
    parent = serving(GATEWAY)
    parent.hears(RenewalAsked())
    parent.exited(1, -9)

    assert seats(parent) == [("gateway-1", 1)]


def test_a_stop_takes_nobody_away() -> None:
    """Who looks meanwhile misses them where they were."""
    parent = serving(GATEWAY, MATCHER)
    before = seats(parent)
    parent.hears(StopAsked())
    parent.exited(1, 0)

    assert seats(parent) == before
