"""How healthy a node is, and which one takes the next pair."""

from __future__ import annotations

import pytest

from duologue.ids import NodeName
from duologue.nodes import (
    ASK_AGAIN_MS,
    MOST_PROOF,
    REFUSAL_PAUSE_MS,
    REPORT_TTL_MS,
    STEADY_AFTER_MS,
    NodeHealth,
    NodeReport,
    NodeState,
    NoSlot,
    Pulse,
    Watched,
    choose,
    slots_of_cores,
    slots_rate,
)
from duologue.protocol.codes import Pause
from duologue.safety.ratelimit import UNLIMITED, Rate
from tests.builders import NOW

A, B = NodeName("a"), NodeName("b")
UP, SILENT, DOWN = NodeHealth.UP, NodeHealth.SILENT, NodeHealth.DOWN
TEN = Rate(interval_ms=100, burst=10)


def seen(*pulses: Pulse, before: Watched | None = None, every_ms: int = 1_000) -> Watched:
    """A node after these looks."""
    watched = before or Watched()
    for n, pulse in enumerate(pulses):
        watched = watched.after(pulse, NOW + n * every_ms)
    return watched


def state(name: NodeName = A, health: NodeHealth = UP, slots: Rate = TEN) -> NodeState:
    return NodeState(NodeReport(name, health, slots), NOW)


# -- health ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pulses", "health"),
    [
        ([], SILENT),
        ([Pulse.DEAD], DOWN),
        ([Pulse.WELL], UP),
        ([Pulse.WELL, Pulse.DEAD], DOWN),
        ([Pulse.WELL, Pulse.SILENT], SILENT),
        ([Pulse.WELL, Pulse.SILENT, Pulse.SILENT], DOWN),
        ([Pulse.WELL, Pulse.SILENT, Pulse.WELL], UP),
        ([Pulse.WELL, Pulse.SILENT, Pulse.WELL, Pulse.SILENT], SILENT),
        ([Pulse.WELL, Pulse.SILENT, Pulse.DEAD], DOWN),
        ([Pulse.SILENT], SILENT),
        ([Pulse.SILENT, Pulse.SILENT], DOWN),
        ([Pulse.WELL, Pulse.DEAD, Pulse.WELL], UP),
    ],
)
def test_what_looks_say_of_a_node(pulses: list[Pulse], health: NodeHealth) -> None:
    """Nobody listens: down at once. Silence: down the second time. One good look: up."""
    assert seen(*pulses).health is health


def looks_to_come_back(watched: Watched, at_ms: int) -> int:
    looks = 0
    while watched.health is not UP:
        watched = watched.after(Pulse.WELL, at_ms)
        looks += 1
    return looks


def test_a_node_that_flaps_has_to_prove_itself() -> None:
    """Each fall of the last minute doubles what it takes, up to a bound; the first costs nothing."""
    watched, needed = seen(Pulse.WELL), []
    for fall in range(6):
        watched = watched._replace(seen=UP).after(Pulse.DEAD, NOW + fall)
        needed.append(looks_to_come_back(watched, NOW + fall))

    assert needed == [1, 2, 4, MOST_PROOF, MOST_PROOF, MOST_PROOF]
    assert looks_to_come_back(watched, NOW + STEADY_AFTER_MS + 10) == 1


def test_a_bad_look_while_it_proves_itself_starts_anew() -> None:
    """Only looks in a row count."""
    watched = seen(Pulse.WELL, Pulse.DEAD, Pulse.WELL, Pulse.DEAD, Pulse.WELL, Pulse.SILENT)

    assert (watched.health, watched.proof) == (DOWN, 0)


def test_the_falls_that_are_kept_are_bounded() -> None:
    """Whatever a node does."""
    watched = Watched(UP)
    for _ in range(100):
        watched = watched._replace(seen=UP).after(Pulse.DEAD, NOW)

    assert len(watched.falls_ms) <= MOST_PROOF


# -- admission ------------------------------------------------------------------------------------


def admitted(states: dict[NodeName, NodeState], now_ms: int = NOW) -> list[NodeName]:
    """The nodes that take pairs, one after another, until there is no slot."""
    taken: list[NodeName] = []
    while isinstance(chosen := choose(states.values(), {}, now_ms), NodeState):
        taken.append(chosen.report.name)
        states[chosen.report.name] = chosen
    return taken


def test_slots_come_at_their_rate() -> None:
    """A burst, then one an interval."""
    states = {A: state()}

    assert len(admitted(states)) == TEN.burst
    assert choose(states.values(), {}, NOW) == NoSlot(100, Pause.MEDIA_BUSY)
    assert len(admitted(states, NOW + 99)) == 0
    assert len(admitted(states, NOW + 100)) == 1
    assert len(admitted(states, NOW + 350)) == 2


def test_the_least_loaded_takes_the_next() -> None:
    """By the share of its slots: a bigger node takes more."""
    states = {A: state(A, slots=Rate(100, 30)), B: state(B, slots=Rate(300, 10))}
    taken = admitted(states)

    assert (taken.count(A), taken.count(B)) == (30, 10)
    assert taken[:20].count(B) in (4, 5, 6)


def test_among_equals_the_one_that_carries_less_takes_the_next() -> None:
    """For its size: talks that go on cost as well."""
    states = [state(A, slots=Rate(100, 10)), state(B, slots=Rate(50, 10))]

    def chosen(on_a: int, on_b: int) -> NodeName:
        found = choose(states, {A: on_a, B: on_b}, NOW)
        assert isinstance(found, NodeState)
        return found.report.name

    assert (chosen(5, 11), chosen(5, 9), chosen(0, 0)) == (A, B, A)


@pytest.mark.parametrize("health", [SILENT, DOWN])
def test_who_is_not_well_takes_none(health: NodeHealth) -> None:
    """And where nobody is, it is said why."""
    assert choose([state(health=health)], {}, NOW) == NoSlot(ASK_AGAIN_MS, Pause.MEDIA_DOWN)
    assert choose([], {}, NOW) == NoSlot(ASK_AGAIN_MS, Pause.MEDIA_DOWN)


def test_old_news_counts_for_nothing() -> None:
    """Its watcher may be gone."""
    assert state().works(NOW + REPORT_TTL_MS - 1)
    assert not state().works(NOW + REPORT_TTL_MS)


def test_who_refused_is_tried_with_one_pair_at_a_time() -> None:
    """After a pause, until it takes a room."""
    later = NOW + REFUSAL_PAUSE_MS
    states = {A: state().refused(NOW).told(state().report, later)}

    assert not states[A].works(later - 1)
    assert admitted(states, later) == [A]
    assert len(admitted({A: states[A].took()}, later)) == TEN.burst - 1


def test_who_comes_back_is_not_held_to_what_it_refused() -> None:
    """A restart mends a server that took no rooms."""
    refused = state().refused(NOW)
    fell = refused.told(state(health=DOWN).report, NOW)

    assert fell.told(state().report, NOW).works(NOW)
    assert not refused.told(state().report, NOW).works(NOW)


def test_a_node_without_a_limit_is_never_busy() -> None:
    """For tests and text-only installations."""
    states = {A: state(slots=UNLIMITED)}
    for _ in range(1_000):
        chosen = choose(states.values(), {}, NOW)
        assert isinstance(chosen, NodeState)
        states[A] = chosen


@pytest.mark.parametrize(
    ("slots_per_s", "rate"), [(10, Rate(100, 10)), (15.8, Rate(64, 16)), (0.5, Rate(2_000, 1)), (1_000, Rate(1, 1_000))]
)
def test_slots_as_a_rate(slots_per_s: float, rate: Rate) -> None:
    """Never more than was meant."""
    assert slots_rate(slots_per_s) == rate


def test_two_cores_start_some_sixteen_pairs_a_second() -> None:
    """60 % of them, at 76 ms a pair."""
    assert round(slots_of_cores(2), 1) == 15.8
