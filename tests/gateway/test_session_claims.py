"""The session machine: what it claims for its client where a store may have forgotten."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duologue.gateway import events as ev
from duologue.ledger import Claim, Outcome, Paired, PairEnded, Queued, Relayed
from duologue.pairs.pair import Side
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import EndReason, PeerEvent
from tests.builders import ANA, BEN
from tests.gateway.sessions import TEXT, TICKET, live, paired, told
from tests.playbook import Playbook


def claim(story: Playbook) -> Claim:
    """What the gateway says of this session."""
    found = story.session.claim(7)
    assert found is not None
    return found


def side(story: Playbook, person: str) -> Side:
    """Somebody in the pair that it claims."""
    state = claim(story).state
    assert isinstance(state, Paired)
    return state.pair.side(person)  # type: ignore[arg-type]


def done(id_: str, *, left: str | None = None, sought: int = 0) -> ev.Answered:
    return ev.Answered(id_, Outcome.DONE, left, sought)


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ({"event": PeerEvent.RECONNECTING, "until": 9}, {"away_until_ms": 9}),
        ({"event": PeerEvent.MUTED, "audio": True, "video": False}, {"audio_off": True}),
        ({"event": PeerEvent.HIDDEN, "value": True}, {"hidden": True}),
    ],
    ids=["reconnecting", "muted", "hidden"],
)
def test_what_was_told_of_the_partner_is_claimed(changed: dict[str, Any], known: dict[str, Any]) -> None:
    """A store that forgot their pair would take them for what they were at its beginning."""
    story = paired(TEXT) >> told(2, Relayed(s.PeerChanged(TEXT.id, **changed)))

    assert side(story, BEN) == msgspec.structs.replace(TEXT.side(BEN), **known)
    assert side(story, ANA) == TEXT.side(ANA)


def test_a_partner_who_is_back_is_not_claimed_to_be_away() -> None:
    """Their seat would be given up for that."""
    story = (
        paired(TEXT)
        >> told(2, Relayed(s.PeerChanged(TEXT.id, PeerEvent.RECONNECTING, until=9)))
        >> told(2, Relayed(s.PeerChanged(TEXT.id, PeerEvent.BACK)))
    )

    assert side(story, BEN) == TEXT.side(BEN)


def test_what_was_switched_off_is_claimed() -> None:
    """It is said once, and not again to a store that forgot it."""
    story = paired(TEXT) >> c.Mute("m1", TEXT.id, audio=False, video=True)

    assert side(story, ANA).video_off


def test_who_searches_by_an_answer_is_ahead_until_it_is_told() -> None:
    """Where the store forgets it in between, nobody would ever speak of that search."""
    asked = live() >> done("f1", sought=1)
    assert asked.session.is_ahead
    heard = asked >> told(2, Queued(TICKET))
    assert not heard.session.is_ahead


def test_who_moved_on_by_an_answer_is_in_no_pair() -> None:
    """Or a store that went back in time would put them back to whom they have left."""
    story = paired(TEXT) >> done("n1", left=TEXT.id, sought=2)

    assert claim(story).rev == 3
    assert story.session.is_ahead


@pytest.mark.parametrize(
    "answer",
    [done("n1", left="p0", sought=2), done("f1", sought=1)],
    ids=["of another pair", "of an older search"],
)
def test_what_was_nothing_to_do_is_no_news(answer: ev.Answered) -> None:
    """The partner was faster, or it was said twice."""
    story = paired(TEXT) >> answer

    assert isinstance(claim(story).state, Paired)
    assert not story.session.is_ahead


def test_who_heard_of_the_end_is_not_ahead() -> None:
    """Whichever came first, the news or the answer."""
    end = told(3, PairEnded(TEXT.id, EndReason.NEXT, "me", msgspec.structs.replace(TICKET, attempt=2)))

    for story in (
        paired(TEXT) >> end >> done("n1", left=TEXT.id, sought=2),
        paired(TEXT) >> done("n1", left=TEXT.id, sought=2) >> end,
    ):
        assert not story.session.is_ahead
