"""`docs/explanation/warnings.md`: what it says of LiveKit's SDK is so in the pinned one, and each line has its test."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import pytest

from tests.docs.test_docs import HELD, QUOTED, ROOT, section
from tests.log_content import WARNINGS

PAGE = ROOT / "docs/explanation/warnings.md"
SDK = ROOT / "node_modules/livekit-client"
PLACE = re.compile(
    r"^\[(?P<name>[^\]]+)\]: https://github\.com/livekit/client-sdk-js/blob/v(?P<version>[\d.]+)"
    r'/src/(?P<file>\S+)#L(?P<line>\d+)(?: "(?P<code>.+)")?$',
    re.MULTILINE,
)
LINES = [
    "ping timeout triggered",
    "could not find local track subscription for subscribed event",
    "could not createOffer with closed peer connection",
    "detected connection state mismatch",
    "websocket closed 1001",
    "a new PeerConnection again and again",
]
PARTS = ("**Where it comes from.**", "**What Duologue does.**", "**Tests.**")

lines = pytest.mark.parametrize("line", LINES)


class Place(NamedTuple):
    """A line of the SDK that the page links."""

    name: str
    version: str
    file: str
    line: str
    code: str


PLACES = [Place(*found.groups(default="")) for found in PLACE.finditer(PAGE.read_text())]
OURS = [place for place in PLACES if place.code]


def pinned() -> str:
    """The version of the SDK that the client asks for."""
    version: str = json.loads((ROOT / "clients/js/package.json").read_text())["dependencies"]["livekit-client"]
    return version


@lines
def test_each_line_has_its_cause_its_cure_and_its_tests(line: str) -> None:
    """Whoever finds one in a log reads what to make of it."""
    text = section(PAGE, line)

    assert [part for part in PARTS if part not in text] == []
    told = text.partition("**Tests.**")[2]
    assert HELD.search(told) or QUOTED.search(told)
    assert re.search(r"\]\(\.\./\.\./(clients|src)/\S+\)", text), "link the place in our code"
    assert re.search(r"\[[\w.]+:\d+( of [\d.]+)?\]", text), "link the place in theirs"


def test_the_page_is_about_what_logs_are_searched_for() -> None:
    """No line is promised to be gone that no test looks for."""
    page = PAGE.read_text().lower()

    assert [words for words in WARNINGS if words not in page] == []


def test_all_places_are_linked_and_all_links_lead_to_places() -> None:
    """A name in brackets without its address is not a link."""
    text = PAGE.read_text()
    named = set(re.findall(r"\[([\w.]+:\d+(?: of [\d.]+)?)\](?!:)", text))
    known = set(re.findall(r"^\[([^\]]+)\]: ", text, re.MULTILINE))

    assert named == known


def test_places_are_of_the_pinned_version_or_say_of_which() -> None:
    """Whoever pins another version reads these places again."""
    assert len(OURS) >= 12
    for place in PLACES:
        of = place.name.partition(" of ")[2]
        assert place.version == (of or pinned()), place.name
        assert bool(place.code) == (not of), f"{place.name}: quote the code, unless it is of an older version"


@pytest.mark.parametrize("place", OURS, ids=lambda place: place.name)
def test_a_place_holds_what_the_page_quotes(place: Place) -> None:
    """In the sources that come with the installed SDK."""
    if not SDK.exists():
        pytest.skip("no JavaScript packages here: `make check` installs them")
    assert json.loads((SDK / "package.json").read_text())["version"] == pinned()
    source = (SDK / "src" / place.file).read_text().splitlines()

    assert place.code in source[int(place.line) - 1]
    assert place.name == f"{place.file.rpartition('/')[2]}:{place.line}"
