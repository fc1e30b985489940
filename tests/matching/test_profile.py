"""What a ticket is and accepts."""

from __future__ import annotations

import pytest

from duologue.matching.profile import Profile, accepts, profile_of
from tests.builders import ticket

EN = frozenset(["en"])


def test_a_profile_has_every_facet_in_order() -> None:
    """What is not said is None, and so is a wish for anybody."""
    subject = ticket(facets={"language": "fr"}, wants={"gender": frozenset(["f"])})

    assert profile_of(subject, ("gender", "language")) == ((None, frozenset(["f"])), ("fr", None))


def test_unknown_facets_are_ignored() -> None:
    """The operator's list counts, not the client's."""
    subject = ticket(facets={"shoe": "42"}, wants={"shoe": frozenset(["43"])})

    assert profile_of(subject, ("language",)) == ((None, None),)


def test_equal_tickets_share_a_class() -> None:
    """A profile can be a key, and says nothing about the person."""
    one, other = ticket(facets={"language": "en"}), ticket(facets={"language": "en"}, attempt=9)

    assert hash(profile_of(one, ("language",))) == hash(profile_of(other, ("language",)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (((None, None),), ((None, None),), True),
        (((None, EN),), (("en", None),), True),
        (((None, EN),), (("fr", None),), False),
        (((None, EN),), ((None, None),), False),
        (((None, None), (None, EN)), (("x", None), ("fr", None)), False),
    ],
    ids=["anybody", "wanted", "not wanted", "not said", "one facet of two"],
)
def test_accepts_is_one_direction(one: Profile, other: Profile, expected: bool) -> None:
    """Whether one side's wishes take the other."""
    assert accepts(one, other) is expected
