"""What an operator reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from duologue.cli.sentences import sentences
from duologue.ledger import Attention
from duologue.matching.explain import Explanation, Step
from duologue.protocol.codes import Pause
from duologue.services.explaining import Doing, Explained, Queueing, Talk, Talkers
from tests.builders import ANA, NOW

GUIDE = Path(__file__).parents[2] / "docs/howto/explain.md"
SEEN_MS = NOW - 400_000
OTHERS = Explanation(
    ANA,
    looked_at=41,
    fits=0,
    rejected={"facet gender: theirs": 30, "facet language: mine": 9, "recently_met": 2},
    widened=("country",),
    others_widened={},
    passes_ms={"facet language: mine": NOW + 18_000, "recently_met": NOW + 4_000},
    first_fit_ms=NOW + 18_000,
    steps=(Step(NOW + 18_000, "language", 7),),
)
QUEUEING = Queueing(
    cohort="default:video:adult:open",
    mode="video",
    age_band="adult",
    attempt=4,
    facets={"gender": "man"},
    wants={"language": ["de", "en"]},
    strict=[],
    offered=True,
    backs_off_until_ms=None,
    matcher_reports=True,
    paused=None,
    estimate_ms=120_000,
    others=OTHERS,
    others_whole=True,
    talkers=Talkers(52, 300, 900, whole=True),
)
WAITING = Explained(
    person=ANA,
    at_ms=NOW,
    doing=Doing.WAITING,
    since_ms=NOW - 192_000,
    gateway="g1",
    vouched=True,
    attention=Attention.VISIBLE,
    standby=0,
    blocks_known=True,
    seen_ms=SEEN_MS,
    seat_until_ms=None,
    failures=0,
    queueing=QUEUEING,
)
IDLE = msgspec.structs.replace(WAITING, doing=Doing.IDLE, since_ms=None, queueing=None)


def said(explained: Explained = WAITING, **queueing: Any) -> str:
    """All of it, with some of how they wait changed."""
    if queueing:
        explained = msgspec.structs.replace(explained, queueing=msgspec.structs.replace(QUEUEING, **queueing))
    return "\n".join(sentences(explained))


def test_somebody_whom_nobody_matches() -> None:
    """The whole of it, and the documentation shows it."""
    assert said() in GUIDE.read_text()
    assert said() == (
        "ana has waited 3 min 12 s in video/adult (attempt 4).\n"
        "They are on gateway g1, since 22:06:40 UTC.\n"
        "They have loosened: country.\n"
        "41 others wait there; none of them fit now:\n"
        '     30  do not want "man" (facet gender: theirs); that never changes\n'
        '      9  without the language that ana wants: "de", "en" (facet language: mine); '
        "that ends in 18 s at the earliest\n"
        "      2  met them lately; that ends in 4 s at the earliest\n"
        'In 18 s the wish "language" loosens: then 7 would fit.\n'
        "If everybody goes on waiting, the next one fits in 18 s.\n"
        "52 of the 300 who talk there would fit at once when they come free.\n"
        "People like them wait about 2 min."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"others_whole": False}, "41 others wait there (picked by chance: there are more);"),
        ({"matcher_reports": False}, "No matcher looks after default:video:adult:open."),
        ({"paused": Pause.MEDIA_BUSY}, "Matching stands still: the media servers start no more pairs at once"),
        ({"paused": Pause.MEDIA_DOWN}, "Matching stands still: no media server works."),
        ({"estimate_ms": None}, "How long people like them wait nobody knows"),
        ({"facets": {}}, "do not want somebody who prefers not to say their gender"),
        ({"talkers": Talkers(0, 30, 2_000, whole=False)}, "talk there (among 2000 people picked by chance) would"),
        ({"others": Explanation(ANA, 0, 0, {}, (), {})}, "Nobody else waits there."),
        ({"others": Explanation(ANA, 1, 1, {}, (), {})}, "1 other waits there; 1 of them fits now."),
        ({"others": Explanation(ANA, 1, 0, {"avoided": 1}, (), {})}, "None of those who wait will ever fit"),
        ({"others": Explanation(ANA, 1, 0, {"backing_off": 1}, (), {})}, "media of one of the two failed"),
    ],
)
def test_what_else_there_is_to_say_of_who_waits(changes: dict[str, Any], sentence: str) -> None:
    """Each where it is so."""
    assert sentence not in said()
    assert sentence in said(**changes)


def test_what_people_say_of_themselves_gives_no_orders_to_a_terminal() -> None:
    """A facet without a list of values is any word that a stranger writes."""
    text = said(facets={"gender": "man\x1b]0;x\x07\nana fits"}, wants={"language": ["\x1b[2J"]})

    assert 'do not want "man?]0;x??ana fits" (facet' in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"gateway": None, "seat_until_ms": NOW + 12_000},
            "gone: their place is held for another 12 s",
        ),
        ({"vouched": False}, "Nobody vouches for them"),
        ({"attention": Attention.QUIET}, "They do not answer pings"),
        ({"attention": Attention.HIDDEN}, "Their page is in the background"),
        ({"blocks_known": False}, "Whom they have blocked is not known since the store began anew"),
        ({"failures": 2}, "Their picture and sound failed 2 times in a row."),
    ],
)
def test_why_somebody_is_not_offered(changes: dict[str, Any], sentence: str) -> None:
    """Each where it is so."""
    assert sentence not in said()
    assert sentence in said(msgspec.structs.replace(WAITING, **changes))


def test_who_backs_off_is_told_until_when() -> None:
    """After a failure of their media."""
    failed = msgspec.structs.replace(WAITING, failures=1)

    assert "failed once: the next try is in 10 s." in said(failed, backs_off_until_ms=NOW + 10_000)


@pytest.mark.parametrize(
    ("explained", "sentence"),
    [
        (IDLE, "ana does not wait: is here, and searches nobody."),
        (msgspec.structs.replace(IDLE, gateway=None), "ana does not wait: is away, and searches nobody."),
        (msgspec.structs.replace(IDLE, failures=4), "failed 4 times in a row: they were told what to check."),
        (
            msgspec.structs.replace(IDLE, doing=Doing.TALKING, since_ms=NOW - 60_000, talk=Talk("p1", "fra-1")),
            "ana does not wait: has talked for 1 min, in pair p1 on fra-1.",
        ),
        (
            msgspec.structs.replace(IDLE, doing=Doing.MATCHED, since_ms=NOW - 2_000, talk=Talk("p1", None)),
            "ana does not wait: was matched and is being connected, for 2 s, in pair p1.",
        ),
    ],
)
def test_who_does_not_wait(explained: Explained, sentence: str) -> None:
    """What they do instead."""
    assert sentence in said(explained)
