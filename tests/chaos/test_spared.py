"""Who is in is spared by what must not touch them; who is sent away is told when to come again: planted violations."""

from __future__ import annotations

import pytest

from chaos.checks import violations
from chaos.story import Heard, Lost, Said, Story, What
from tests.chaos.stories import find, ok, ready, story, trouble

TOO_MANY = trouble(10_000, 20_000)._replace(spares=True)
IN = (0, "ana", Heard(ready()))


def spared(told: Story) -> list[str]:
    """What the check finds."""
    return [each.text for each in violations(told) if each.check == "those inside are spared"]


def test_who_is_in_loses_their_connection() -> None:
    """To make room for others, say."""
    told = story(IN, (12_000, "ana", Lost(4101, False, 1_000)), (14_000, "ana", Heard(ready())), troubles=(TOO_MANY,))

    assert spared(told) == ["away for 2000 ms, of a-fault"]


def test_who_is_in_gets_no_answer() -> None:
    """Longer than a busy machine takes."""
    told = story(IN, (12_000, "ana", Said(find())), (16_500, "ana", Heard(ok("f1"))), troubles=(TOO_MANY,))

    assert spared(told) == ["unanswered for 4500 ms, of a-fault"]


@pytest.mark.parametrize(
    "entries",
    [
        ((12_000, "ana", Heard(ready())),),
        (IN, (9_000, "ana", Lost(1006, mine=True)), (13_000, "ana", Heard(ready()))),
        (IN, (11_000, "ana", Lost(1006, mine=True)), (11_500, "ana", Heard(ready()))),
    ],
    ids=["came later", "was away", "went away"],
)
def test_who_was_not_in_may_be_refused(entries: tuple[tuple[int, str, What], ...]) -> None:
    """Whoever comes while there is no room."""
    refused = ((14_000, "ana", Lost(4101, False, 1_000)), (16_000, "ana", Heard(ready())))

    assert spared(story(*entries, *refused, troubles=(TOO_MANY,))) == []


def test_other_faults_may_hurt() -> None:
    """Alone or beside one that spares."""
    lost = (IN, (12_000, "ana", Lost(1006, mine=False)), (13_000, "ana", Heard(ready())))

    assert spared(story(*lost, troubles=(trouble(10_000, 20_000),))) == []
    assert spared(story(*lost, troubles=(TOO_MANY, trouble(11_000, 12_000)))) == []


def test_the_round_after_may_hurt() -> None:
    """What goes on in it may be of it: a command that crosses its begin, say."""
    slow = (IN, (22_000, "ana", Said(find())), (29_000, "ana", Heard(ok("f1"))))
    after = trouble(22_500, 25_000)._replace(round=1)

    assert spared(story(*slow, troubles=(TOO_MANY, after))) == []
    assert spared(story(*slow, troubles=(TOO_MANY, after._replace(spares=True)))) == [
        "unanswered for 7000 ms, of a-fault"
    ]


@pytest.mark.parametrize(("told_ms", "found"), [(None, 1), (90_000, 1), (5_000, 0)])
def test_who_is_sent_away_is_told_when_to_come_again(told_ms: int | None, found: int) -> None:
    """In a time that one can wait for."""
    told = story(IN, (12_000, "ana", Lost(4101, False, told_ms)), (13_000, "ana", Heard(ready())))

    assert sum(each.check == "who is refused is told" for each in violations(told)) == found
