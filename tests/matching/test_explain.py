"""Why somebody is not matched, and until when."""

from __future__ import annotations

from duologue.ids import PersonId
from duologue.matching.explain import Explanation, Step, explain
from duologue.matching.rules import Facet, Rules
from duologue.matching.ticket import Ticket
from tests.builders import ANA, BEN, CLEO, DAN, NOW, ticket

RULES = Rules((Facet("gender"), Facet("language", 8_000)), recently_met_after_ms=5_000)
ENGLISH, FRENCH = {"language": "en"}, {"language": "fr"}


def only(*values: str) -> dict[str, frozenset[str]]:
    """A wish about the language."""
    return {"language": frozenset(values)}


def explained(subject: Ticket, *others: Ticket, now_ms: int = NOW, rules: Rules = RULES) -> Explanation:
    return explain(subject, others, rules, now_ms)


def test_a_wish_of_ones_own_lets_others_pass_when_it_loosens() -> None:
    """It is said when, and how many fit then."""
    subject = ticket(ANA, facets=ENGLISH, wants=only("en"))
    found = explained(subject, ticket(BEN, facets=FRENCH), ticket(CLEO, facets=FRENCH, wants=only("fr")))

    assert found.rejected == {"facet language: mine": 2}
    assert found.passes_ms == {"facet language: mine": NOW + 8_000}
    assert found.first_fit_ms == NOW + 8_000
    assert found.steps == (Step(NOW + 8_000, "language", 2),)


def test_what_others_want_counts_too() -> None:
    """Somebody who came later loosens later; until then a wish of one's own that is gone does not help."""
    late = ticket(BEN, facets=FRENCH, wants=only("fr"), since_ms=NOW + 3_000)
    found = explained(ticket(ANA, facets=ENGLISH, wants=only("en")), late, now_ms=NOW + 3_000)

    assert found.first_fit_ms == NOW + 11_000
    assert found.steps == (Step(NOW + 8_000, "language", 0),)


def test_what_never_loosens_has_no_time() -> None:
    """Hard wishes, strict ones, and blocks."""
    others = [
        ticket(BEN, facets={"gender": "m"}),
        ticket(CLEO, facets={"gender": "f"}, wants={"gender": frozenset(["m"])}),
        ticket(DAN, facets={"gender": "f"}, avoid=frozenset([ANA])),
        ticket(PersonId("eve"), facets={"gender": "f"}, wants=only("fr"), strict=frozenset(["language"])),
    ]
    subject = ticket(ANA, facets={"gender": "f"}, wants={"gender": frozenset(["f"])})
    found = explained(subject, *others)

    assert set(found.rejected) == {
        "facet gender: mine",
        "facet gender: theirs",
        "avoided",
        "facet language: theirs",
    }
    assert (found.passes_ms, found.first_fit_ms, found.steps) == ({}, None, ())


def test_the_first_of_those_whom_a_rule_rejects_is_told() -> None:
    """Each has their own time."""
    others = [ticket(PersonId(f"p{n}"), wants=only("fr"), since_ms=NOW - n) for n in range(3)]
    found = explained(ticket(ANA), *others)

    assert found.passes_ms == {"facet language: theirs": NOW + 7_998}


def test_people_met_lately_pass_when_both_have_waited() -> None:
    """And two whose media failed when that is forgotten."""
    subject = ticket(ANA, met=frozenset([BEN, CLEO]), failed_with={CLEO: NOW + 30_000})
    found = explained(subject, ticket(BEN, met=frozenset([ANA]), since_ms=NOW + 1_000), ticket(CLEO))

    assert found.rejected == {"recently_met": 2}
    assert found.first_fit_ms == NOW + 6_000
    assert found.steps == (Step(NOW + 5_000, "recently_met", 0),)


def test_the_end_of_a_back_off_is_a_step() -> None:
    """Everybody is rejected until then."""
    found = explained(ticket(ANA, not_before_ms=NOW + 10_000, failures=1), ticket(BEN))

    assert found.rejected == {"backing_off": 1}
    assert found.steps == (Step(NOW + 10_000, "backing_off", 1),)


def test_who_fits_now_is_no_news_of_later() -> None:
    """But the next one is."""
    found = explained(ticket(ANA), ticket(BEN), ticket(CLEO, wants=only("fr")))

    assert (found.fits, found.first_fit_ms) == (1, NOW + 8_000)


def test_somebody_is_not_compared_with_themselves() -> None:
    """They are among those who wait."""
    assert explained(ticket(ANA), ticket(ANA)).looked_at == 0
