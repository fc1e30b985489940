"""A report as an operator reads it on a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from duologue.safety.report import Report


def in_words(report: Report) -> Iterator[str]:
    """Line by line. What strangers wrote begins no line of its own, so it can pass for none of ours."""
    said = report.complaint
    yield f"#{report.n}  {when(report.at_ms)}  {said.reason}  {said.mode}, tenant {said.tenant}, pair {said.pair}"
    yield f"    {said.reporter} reported {said.reported} ({said.alias})"
    for line in said.text.splitlines():
        yield f"    | {_visible(line)}"
    for evidence in said.lines:
        who = "reporter" if evidence.mine else "reported"
        for line in evidence.text.splitlines():
            yield f"    {when(evidence.at_ms)[11:]} {who}: {_visible(line)}"


def when(at_ms: int) -> str:
    """A moment, in UTC."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _visible(text: str) -> str:
    """Marks that turn text around, and the like, are shown and not obeyed."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
