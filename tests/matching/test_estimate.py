"""What people are told about their wait."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec
import pytest

from duologue.ids import PersonId
from duologue.matching.estimate import WINDOW_MS, Estimate, QueueStatus, group_key, group_of
from duologue.matching.pool import Pool
from duologue.matching.rules import Facet, Rules
from duologue.matching.ticket import Ticket
from tests.builders import ANA, NOW, ticket

RULES = Rules((Facet("gender"), Facet("language", 8_000)))


def person(own: str, wanted: str, **changes: Any) -> Ticket:
    return ticket(facets={"gender": own, "language": "en"}, wants={"gender": frozenset([wanted])}, **changes)


MAN, WOMAN = person("m", "f"), person("f", "m")
MEN, WOMEN = group_of(MAN, RULES), group_of(WOMAN, RULES)


def observed() -> Estimate:
    estimate = Estimate(RULES)
    estimate.observe(NOW)
    return estimate


def test_nobody_knows_before_somebody_was_matched() -> None:
    """No figure is better than an invented one."""
    status = observed().status(5, {MEN: 5}, NOW + 60_000)

    assert status == QueueStatus(5)
    assert status.estimate_for(MAN, RULES) is None


def test_the_wait_is_how_many_wait_by_how_many_are_matched() -> None:
    """Little's law: ten wait and two a minute are matched, so five minutes."""
    estimate = observed()
    for n in range(4):
        estimate.record(MAN, NOW + n)
    status = estimate.status(10, {MEN: 10}, NOW + 120_000)

    assert status.estimate_for(MAN, RULES) == 300_000


def test_each_group_has_its_own_figure() -> None:
    """The wait of those who are rare says nothing about the many."""
    estimate = observed()
    for n in range(4):
        estimate.record(MAN, NOW + n)
        estimate.record(WOMAN, NOW + n)
    status = estimate.status(91, {MEN: 90, WOMEN: 1}, NOW + 120_000)

    assert status.estimate_for(MAN, RULES) == 90 * 30_000
    assert status.estimate_for(WOMAN, RULES) == 30_000


def test_where_a_group_is_never_matched_nobody_knows() -> None:
    """Though others are."""
    estimate = observed()
    estimate.record(WOMAN, NOW)

    assert estimate.status(9, {MEN: 9}, NOW + 1_000).estimate_for(MAN, RULES) is None


def test_preferences_do_not_make_groups() -> None:
    """They loosen, so people who differ in them wait for the same partners before long."""
    assert group_of(ticket(facets={"gender": "m", "language": "fr"}, wants=MAN.wants), RULES) == MEN


def test_old_matches_do_not_count() -> None:
    """What happened before the window says nothing about now."""
    estimate = observed()
    estimate.record(MAN, NOW)

    assert estimate.status(1, {MEN: 1}, NOW + WINDOW_MS // 2).estimate_for(MAN, RULES) is not None
    assert estimate.status(1, {MEN: 1}, NOW + 2 * WINDOW_MS).estimate_for(MAN, RULES) is None
    assert len(estimate) == 0


def test_a_rate_is_taken_over_the_window_at_most() -> None:
    """After hours the start does not matter any more."""
    estimate = observed()
    hour_later = NOW + 3_600_000
    estimate.record(MAN, hour_later)

    assert estimate.status(1, {MEN: 1}, hour_later).estimate_for(MAN, RULES) == WINDOW_MS


def test_groups_are_bounded() -> None:
    """Who has no group of their own shares one figure with the others."""
    estimate = Estimate(RULES, groups=2)
    estimate.observe(NOW)
    crowd = [person(f"g{n}", "f") for n in range(50)]
    for each in crowd:
        estimate.record(each, NOW)
    sizes = {group_of(each, RULES): 2 for each in crowd}
    status = estimate.status(100, sizes, NOW + 48_000)

    assert len(status.estimates) == 2
    assert len(estimate) == 3
    assert status.estimate_for(crowd[0], RULES) == 2 * 48_000
    assert status.estimate_for(crowd[49], RULES) == 2 * 48_000  # 96 wait, 48 were matched


@pytest.mark.parametrize(
    ("one", "other"),
    [(person("a", "b,c"), person("a,b", "c")), (person("m", "null"), ticket(facets={"gender": "m"}))],
)
def test_different_groups_have_different_keys(one: Ticket, other: Ticket) -> None:
    """Whatever strangers call themselves."""
    assert group_key(group_of(one, RULES)) != group_key(group_of(other, RULES))


def test_a_status_survives_the_way_through_a_store() -> None:
    """As JSON."""
    status = QueueStatus(3, None, {group_key(MEN): 5})

    assert msgspec.json.decode(msgspec.json.encode(status), type=QueueStatus) == status


def test_the_estimate_is_what_people_then_wait() -> None:
    """Nine of ten are men who want women: what a man is told comes true, which the waits of the matched would not."""
    pool, estimate = Pool(RULES), observed()
    line: deque[int] = deque()
    now = NOW
    told: dict[PersonId, int | None] = {}
    waited: dict[PersonId, int] = {}
    for n in range(3_000):
        now += 1_000
        woman = n % 10 == 0
        arrival = msgspec.structs.replace(
            WOMAN if woman else MAN, person=f"{'w' if woman else 'm'}{n}", rev=n, since_ms=now
        )
        found = pool.offer(arrival, now)
        if found is not None:
            for each in (found.arrival, found.waiting):
                estimate.record(each, now)
            waited[found.waiting.person] = now - found.waiting.since_ms
        elif not woman:
            line.append(n)
            told[arrival.person] = estimate.status(len(pool), pool.group_sizes, now).estimate_for(arrival, RULES)
            if len(line) > 100 and n % 5:  # men leave too, so that the line does not grow for ever
                leaver = PersonId(f"m{line.pop()}")
                pool.withdraw(leaver)
                told.pop(leaver)
    late = [person for person in waited if person in told and int(person[1:]) > 1_000 and waited[person] > 0]
    ratios = sorted((told[person] or 0) / waited[person] for person in late)

    assert len(late) > 100
    assert 0.7 < ratios[len(ratios) // 2] < 1.4
    assert told  # the rest still waits, and was told a figure
    assert ANA not in told
