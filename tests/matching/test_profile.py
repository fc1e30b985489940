"""What a ticket is and accepts."""

from __future__ import annotations

import pytest

from duologue.matching.profile import Profile, accepts, profile_of
from duologue.matching.rules import Facet, Rules
from tests.builders import NOW, ticket

EN = frozenset(["en"])
RULES = Rules((Facet("gender"), Facet("language", 8_000)))
ONE = Rules((Facet("language"),))


def test_a_profile_has_every_facet_in_order() -> None:
    """What is not said is None, and so is a wish for anybody."""
    subject = ticket(facets={"language": "fr"}, wants={"gender": frozenset(["f"])})

    assert profile_of(subject, RULES, NOW) == ((None, "fr"), (frozenset(["f"]), None))


def test_unknown_facets_are_ignored() -> None:
    """The operator's list counts, not the client's."""
    subject = ticket(facets={"shoe": "42"}, wants={"shoe": frozenset(["43"])})

    assert profile_of(subject, ONE, NOW) == ((None,), (None,))


def test_equal_tickets_share_a_class() -> None:
    """A profile can be a key, and says nothing about the person."""
    one, other = ticket(facets={"language": "en"}), ticket(facets={"language": "en"}, attempt=9)

    assert hash(profile_of(one, RULES, NOW)) == hash(profile_of(other, RULES, NOW))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (((None,), (None,)), ((None,), (None,)), True),
        (((None,), (EN,)), (("en",), (None,)), True),
        (((None,), (EN,)), (("fr",), (None,)), False),
        (((None,), (EN,)), ((None,), (None,)), False),
        (((None, None), (None, EN)), (("x", "fr"), (None, None)), False),
    ],
    ids=["anybody", "wanted", "not wanted", "not said", "one facet of two"],
)
def test_accepts_is_one_direction(one: Profile, other: Profile, expected: bool) -> None:
    """Whether one side's wishes take the other."""
    assert accepts(one, other) is expected


@pytest.mark.parametrize(
    ("waited_ms", "strict", "expected"),
    [
        (7_999, [], EN),
        (8_000, [], None),
        (8_000, ["language"], EN),
        (8_000, ["gender"], None),
    ],
    ids=["too early", "in time", "strict", "another is strict"],
)
def test_a_preference_disappears_when_it_loosens(
    waited_ms: int, strict: list[str], expected: frozenset[str] | None
) -> None:
    """The hard wish stays, and so do the own values."""
    subject = ticket(
        facets={"language": "fr"}, wants={"gender": EN, "language": EN}, strict=frozenset(strict), since_ms=NOW
    )

    assert profile_of(subject, RULES, NOW + waited_ms) == ((None, "fr"), (EN, expected))
