"""`docs/reference/logs.md` has every event that our sources log, and says of each what the sources say."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = ROOT / "src/duologue"
PAGE = ROOT / "docs/reference/logs.md"
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
ROW = re.compile(r"^\| `(\w+)` \| ((?:debug|info|warning|error)(?:, \w+)*) \| (.*)\|$", re.MULTILINE)
"""Then perhaps who logs it; the fields; what it means; what to do."""
STYLE = re.compile(r"[a-z]+(_[a-z]+)+")
ANYWHERE = {"session", "person", "hint"}
"""Explained once, at the top."""
OTHER_NAMES = {"matching_down", "media_down", "keys_away"}
"""Values of `why`, which stand in the same sentences. Metrics have `duologue_` before their names."""
FREE = {"client_diagnostics"}
"""Events whose fields are not written out where they are logged, nor those of the supervisor's notes."""


class Line(NamedTuple):
    """A place in the sources that logs, or a row of the page."""

    event: str
    levels: frozenset[str]
    fields: frozenset[str]
    text: str = ""
    note: bool = False


def logged(source: str) -> Iterator[Line]:
    """What a file logs: `log.LEVEL(EVENT, ...)`, and the supervisor's `Note(LEVEL, EVENT, {...})`."""
    tree = ast.parse(source)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name("log"), attr=level), args=[event]) if level in LEVELS:
                names = frozenset(each.arg for each in call.keywords if each.arg not in (None, "exc_info"))
                yield Line(_text(event), frozenset([LEVELS[level]]), names)
            case ast.Call(func=ast.Name("Note"), args=[level_, event, ast.expr()]):
                yield Line(_text(event), frozenset([_text(level_)]), frozenset(), note=True)


def _text(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant), f"an event has to be written out: {ast.unparse(node)}"
    return str(node.value)


def in_the_sources() -> dict[str, Line]:
    """All events, with all their levels and fields."""
    found: dict[str, Line] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for line in logged(path.read_text()):
            other = found.get(line.event, line)
            levels, fields = line.levels | other.levels, line.fields | other.fields
            found[line.event] = line._replace(levels=levels, fields=fields, note=line.note or other.note)
    return found


def on_the_page() -> dict[str, Line]:
    """The rows of all its tables."""
    rows = ROW.findall(PAGE.read_text())
    twice = [event for event, count in Counter(row[0] for row in rows).items() if count > 1]
    assert not twice, f"two rows for {twice}"
    return {event: _row(event, levels, rest.split("|")) for event, levels, rest in rows}


def _row(event: str, levels: str, cells: list[str]) -> Line:
    fields, meaning, action = cells[-3:]
    return Line(
        event, frozenset(levels.split(", ")), frozenset(re.findall(r"`([^`]+)`", fields)), f"{meaning} {action}"
    )


SOURCE = in_the_sources()
TOLD = on_the_page()


def test_the_page_has_what_is_logged_and_nothing_else() -> None:
    """An operator finds every event, and no event that there is not."""
    assert TOLD.keys() == SOURCE.keys()


@pytest.mark.parametrize("event", sorted(SOURCE))
def test_a_row_says_what_the_sources_say(event: str) -> None:
    """Levels and fields; whoever renames one changes the page, too."""
    source, told = SOURCE[event], TOLD[event]

    assert told.levels == source.levels
    assert source.fields - ANYWHERE <= told.fields
    assert source.note or event in FREE or told.fields <= source.fields
    assert told.text.strip(), "say what it means"
    assert len(told.levels) == 1 or all(f"*{level}*" in told.text for level in told.levels), "say when it is which"


def test_events_are_named_alike() -> None:
    """A thing, and what happened to it."""
    assert [event for event in SOURCE if not STYLE.fullmatch(event)] == []


def test_an_event_that_is_put_together_is_refused() -> None:
    """Nobody could find it in the sources."""
    with pytest.raises(AssertionError, match="written out"):
        list(logged("log.info(f'{part}_down', server=1)"))


def test_nothing_logs_past_the_vocabulary() -> None:
    """The only loggers of ours are called `log`, and are asked for a level by name."""
    strays = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in SOURCES.rglob("*.py")
        if path.name != "logs.py"
        for line in path.read_text().splitlines()
        if re.search(r"(?<!^log = )structlog\.get_logger\(|= log\.\w+|getattr\(log", line)
    ]

    assert strays == ["src/duologue/supervisor/shell.py: getattr(log, level)(event, **fields)"]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_what_a_page_finds_in_the_log_is_there(page: Path) -> None:
    """Who is woken by an alert looks for these lines: in a sentence about the log, each name is an event or a field."""
    about_the_log = [line for line in page.read_text().splitlines() if re.search(r"\b[Tt]he log\b", line)]
    named = {word for line in about_the_log for word in re.findall(r"`(?!duologue_)([a-z]+(?:_[a-z]+)+)`", line)}
    fields = {field for row in TOLD.values() for field in row.fields}

    assert named - TOLD.keys() - fields - OTHER_NAMES == set()
