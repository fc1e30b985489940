"""What a page tells its person: where it stands, since when, for how long, and in which words of the catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.e2e.person import Person

CATALOGUE = json.loads((Path(__file__).parents[3] / "web/src/i18n/en.json").read_text())
PLACES = (
    "reconnecting", "peer-away", "media-away", "peer-silent", "ended-line", "refused", "notice", "paused",
    "device-lost",
)  # fmt: skip
"""The elements of the page that tell of trouble, by their test id."""
GAP = re.compile(r"{{\w+}}")
SECONDS = re.compile(r"(\d+) s\b")


class Notice(NamedTuple):
    """What is to be told."""

    place: str
    """Where: a test id."""
    keys: tuple[str, ...]
    """Words of the catalogue: always one of these is to be read there."""
    most_s: float | None = None
    """No countdown in it tells more than this; None: it may tell anything."""
    perhaps: bool = False
    """It depends on who is quicker: it may be told or not."""

    def words(self) -> list[str]:
        """As the catalogue has them."""
        return [phrase(key) for key in self.keys]

    def fits(self, text: str) -> bool:
        """Whether what was told is this."""
        in_time = self.most_s is None or all(int(count) <= self.most_s for count in SECONDS.findall(text))
        return in_time and any(re.search(_pattern(words), text) for words in self.words())


@dataclass
class Span:
    """What one element said, from when until when, in seconds since the fault; None: it still stands there."""

    place: str
    words: list[str]
    from_s: float
    until_s: float | None = None


def phrase(key: str) -> str:
    """The English words of a key."""
    found: object = CATALOGUE
    for part in key.split("."):
        assert isinstance(found, dict), key
        found = found[part]
    assert isinstance(found, str), key
    return found


def _pattern(words: str) -> str:
    return ".+".join(map(re.escape, GAP.split(words)))


def told(person: Person, *, since: float) -> list[Span]:
    """All that somebody was told since then, in order: `person.watch(*PLACES)` has to come before.

    What comes again in the same place, with nothing else between, is one thing told.
    """
    spans: list[Span] = []
    for at_s, place, words in person.seen(since=since):
        last = next((span for span in reversed(spans) if span.place == place), None)
        if words is None:
            if last is not None:
                last.until_s = at_s
        elif last is not None and (last.until_s is None or last is spans[-1]):
            last.words.append(words)
            last.until_s = None
        else:
            spans.append(Span(place, [words], at_s))
    return spans


def expect_told(person: Person, expected: Sequence[Notice], *, since: float) -> None:
    """They were told this and nothing else, in this order."""
    spans = told(person, since=since)
    places = [span.place for span in spans]
    due = [notice for notice in expected if not notice.perhaps or notice.place in places]
    assert places == [notice.place for notice in due], (person.name, spans)
    for span, notice in zip(spans, due, strict=True):
        assert [words for words in span.words if not notice.fits(words)] == [], (person.name, notice)
