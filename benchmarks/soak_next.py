"""One Next after another, and then Stop: nothing may be left of them. In Chromium, over LiveKit, the whole product.

`make soak-next` presses 100 times, `make soak-next NEXTS=1000` is the soak. Both people are looked into at rest,
before and after: connections, timers, event listeners, heap, and what stands in the console.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from playwright.sync_api import Error

from benchmarks.media.pages import chromium, served
from benchmarks.media.scene import Scene
from benchmarks.media.servers import shipped
from benchmarks.media.sides import Product
from benchmarks.media.vitals import LOOK_EVERY_MS, SCRIPT, Probe, Vitals
from benchmarks.next import PAGES
from benchmarks.report import CannotRun, Report, Target, run

WARM_UP = 8
"""What is loaded and compiled once is not charged to any Next."""
NO_MACHINE_CODE = "--js-flags=--no-sparkplug --no-maglev --no-opt"
"""Or the engine compiles what it runs often, for minutes, into the heap; what a page keeps would be lost in that."""
MOST_FAILURES = 3
TOLD_WITHIN_MS = 5_000
SIX_LINES = (
    "ping timeout triggered",
    "could not find local track subscription",
    "could not createOffer with closed peer connection",
    "detected connection state mismatch",
    "websocket closed",
    "rn-webrtc:pc:DEBUG",
)
"""Of the logs that this client is made not to write: docs/explanation/warnings.md has each."""


class Pressed(NamedTuple):
    """What came of pressing Next again and again."""

    frames_ms: list[float]
    """To the first picture, of both people."""
    failures: int


def measure(report: Report) -> None:
    """Warm up, rest, press, rest: what is there after must be what was there before."""
    nexts: int = report.options.nexts
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        origin = stack.enter_context(served(PAGES, folder / "pages"))
        browser = stack.enter_context(chromium(folder, [NO_MACHINE_CODE]))
        side = Scene(stack, browser, origin, script=SCRIPT).product("product", shipped, {})
        report.names_version("chromium", browser.version)
        probes = [Probe(person.page) for person in side.people]
        _press(report, side, WARM_UP)
        before = [probe.look() for probe in probes]
        pressed = _press(report, side, nexts)
        after = [probe.settled(then) for probe, then in zip(probes, before, strict=True)]
        _report_left(report, before, after, nexts + 1)
        _report_told(report, side, sum(now.built for now in after))
        _report_said(report, side)
        _report_rescues(report, side)
        _report_frames(report, pressed)


def _press(report: Report, side: Product, nexts: int) -> Pressed:
    """Find each other, press Next so many times, and stop."""
    frames: list[float] = []
    failures = 0
    with report.progress("Nexts", nexts) as advance:
        for number in range(nexts + 1):
            try:
                frames += [meeting["frame"] for meeting in side.meet()][: 2 if number else 0]
            except Error as error:
                failures += 1
                _explain(report, side, error)
                if failures > MOST_FAILURES:
                    raise CannotRun(f"they do not meet: {error.message}") from error
                side.rest()
            side.people[0].stay(report.options.talk_ms)
            advance(1)
    side.rest()
    return Pressed(frames, failures)


def _explain(report: Report, side: Product, error: Error) -> None:
    """A meeting that fails once in a thousand should be understood from one run."""
    report.console.print(f"no meeting: {error.message}", markup=False, highlight=False)
    for person in side.people:
        known = json.dumps(person.ask("diagnostics") | {"fastStart": person.ask("counts")["fastStart"]})
        report.console.print(known, markup=False, highlight=False, soft_wrap=True)


def _report_left(report: Report, before: Sequence[Vitals], after: Sequence[Vitals], matches: int) -> None:
    """Each figure has a value for either person."""
    pairs = list(zip(before, after, strict=True))
    built = [(now.built - then.built) / matches for then, now in pairs]
    _report_worst(report, "peer_connections_per_next", built, "", Target("==", 1))
    _report_worst(report, "peer_connections_at_once", [now.most for _, now in pairs], "", Target("<=", 1))
    _report_worst(report, "peer_connections_left", [now.live for _, now in pairs], "", Target("==", 0))
    for name in ("timers", "listeners", "nodes"):
        more = [getattr(now, name) - getattr(then, name) for then, now in pairs]
        _report_worst(report, f"{name}_more", more, "", Target("<=", 0))
    ratio = [now.heap_bytes / then.heap_bytes for then, now in pairs]
    _report_worst(report, "heap_ratio", ratio, "x", Target("<=", 1.1))
    report.add("heap_kb", [now.heap_bytes / 1000 for _, now in pairs], "kB")


def _report_told(report: Report, side: Product, built: int) -> None:
    """What the clients told the server of their connections must be so."""
    for _ in range(TOLD_WITHIN_MS // LOOK_EVERY_MS):
        if _counted(side, "built") >= built:
            break
        side.people[0].stay(LOOK_EVERY_MS)
    report.add("peer_connections_untold", [built - _counted(side, "built")], "", Target("==", 0))
    report.add("peer_connections_leaked", [_counted(side, "leaked")], "", Target("==", 0))


def _counted(side: Product, event: str) -> float:
    return side.server.metric("duologue_peer_connections_total", event=event)


def _report_worst(report: Report, name: str, values: Sequence[float], unit: str, target: Target) -> None:
    """The person for whom it is worst counts: a leak of one of two is a leak."""
    report.add(name, [max(values)], unit, target)


def _report_said(report: Report, side: Product) -> None:
    """What stood in the consoles."""
    lines = [line for person in side.people for line in person.console]
    six = [line for line in lines if any(each in line for each in SIX_LINES)]
    warnings = [warning for person in side.people for warning in person.warnings]
    for line in sorted({*six, *warnings}):
        report.console.print(line, markup=False)
    report.add("audited_lines", [len(six)], "", Target("==", 0))
    report.add("sdk_warnings", [len(warnings)], "", Target("==", 0))


def _report_rescues(report: Report, side: Product) -> None:
    """How often a watchdog of the client had to ask once more; on a busy machine a picture may be late."""
    counts = [person.ask("counts")["fastStart"] for person in side.people]
    report.add("missing_tracks", [sum(each["missingTracks"] for each in counts)], "")
    report.add("late_pictures", [sum(each["latePictures"] for each in counts)], "")


def _report_frames(report: Report, pressed: Pressed) -> None:
    p95_ms = quantiles(pressed.frames_ms, n=20, method="inclusive")[-1]
    report.add("failed_meetings", [pressed.failures], "", Target("==", 0))
    p50 = report.add("frame_p50_ms", [median(pressed.frames_ms)], "ms")
    p95 = report.add("frame_p95_ms", [p95_ms], "ms")
    report.summary = f"Next to the first frame: p50 {p50.value:.0f} ms, p95 {p95.value:.0f} ms"


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--nexts", type=int, default=100, help="how many times Next is pressed, by turns")
    parser.add_argument("--talk-ms", type=float, default=300, help="how long they see each other before the next Next")


if __name__ == "__main__":
    sys.exit(run("soak_next", measure, options=_options, packages=("playwright",)))
