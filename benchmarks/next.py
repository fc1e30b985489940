"""Next to the first frame of the next partner, in real browsers, the whole product included.

Beside it a page with the SDK alone, and a LiveKit as it comes. Both sides take turns in one run, so that what else
the machine does hits both. README.md says what each of them does; without that the ratios mean nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.media.pages import chromium, served
from benchmarks.media.scene import Scene
from benchmarks.media.servers import defaults, shipped
from benchmarks.media.sides import Bare, Meeting, Side
from benchmarks.media.turns import Blocks, add_options, take_turns
from benchmarks.report import CannotRun, Report, Target, run

PAGES = Path(__file__).parent / "next"
PARTS = ("slimOffers", "mediaOnly", "nominateFirst", "earlyOffer", "startBitrate", "keyframes", "quickLeave")
MARKS = ("matched", "joining", "signalled", "connected", "published", "subscribed", "frame")
IDLE_LOAD = 0.5
"""Below it the machine counts as idle: only then does a time in milliseconds have a target."""


def measure(report: Report) -> None:
    """All turns, then the figures."""
    options: argparse.Namespace = report.options
    near = not (options.rtt_ms or options.loss)
    idle = os.getloadavg()[0] < IDLE_LOAD
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        origin = stack.enter_context(served(PAGES, folder / "pages"))
        browser = stack.enter_context(chromium(folder))
        scene = Scene(stack, browser, origin, options.rtt_ms, options.loss)
        bare, *products = [Blocks(side, []) for side in _sides(scene, options.variants)]
        take_turns(report, [bare, *products])
        report.names_version("chromium", browser.version)
        _report(report, bare, products[0], near=near, idle=near and idle)
        for variant in products[1:]:
            _report_variant(report, variant, products[0])


def _sides(scene: Scene, variants: str) -> Iterator[Side]:
    """The yardstick, the product, and the product in other ways."""
    yield scene.bare(defaults)
    yield scene.product("product", shipped, {})
    for variant in filter(None, variants.split(",")):
        yield scene.product(variant, shipped, parts_of(variant))


def parts_of(variant: str) -> dict[str, bool] | bool:
    """The fast start's parts that a variant has: `none`, `NAME+NAME` (these alone) or `-NAME` (all but this)."""
    if variant == "none":
        return False
    names = set(variant.removeprefix("-").split("+"))
    if unknown := names - set(PARTS):
        raise CannotRun(f"no such part of the fast start: {', '.join(unknown)}. There are: {', '.join(PARTS)}")
    without = variant.startswith("-")
    return {part: (part in names) != without for part in PARTS}


def _report(report: Report, bare: Blocks, product: Blocks, *, near: bool, idle: bool) -> None:
    """The figures with targets first. Times have them on a `near` network alone: far away, round trips rule."""
    sooner = Target("<=", 0.75) if near else None
    ratios = [ours / theirs for ours, theirs in zip(product.p50s(), bare.p50s(), strict=True)]
    cpu_ratios = [ours / theirs for ours, theirs in zip(product.cpu_ms(), bare.cpu_ms(), strict=True)]
    report.add("frame_ratio_to_bare", ratios, "x", sooner)
    report.add("frame_p95_ratio_to_bare", [product.p95() / bare.p95()], "x", sooner)
    report.add("frame_p50_ms", product.p50s(), "ms", Target("<=", 300) if idle else None)
    report.add("frame_p95_ms", [product.p95()], "ms")
    per_next = [block.connections_per_next for block in product.turns]
    report.add("peer_connections_per_next", per_next, "", Target("==", 1))
    report.add("peer_connections_left", [product.side.left_over()], "", Target("==", 0))
    report.add("livekit_cpu_ratio_to_defaults", cpu_ratios, "x", Target("<=", 0.6))
    report.add("livekit_cpu_ms_per_match", product.cpu_ms(), "ms")
    _report_trouble(report, product, "", Target("==", 0))
    report.add("frame_p50_ms_bare", bare.p50s(), "ms")
    report.add("frame_p95_ms_bare", [bare.p95()], "ms")
    report.add("livekit_cpu_ms_per_match_bare", bare.cpu_ms(), "ms")
    _report_trouble(report, bare, "_bare", None)
    assert isinstance(bare.side, Bare)
    report.add("create_room_ms_bare", bare.side.create_room_ms, "ms")
    for blocks, suffix in ((product, ""), (bare, "_bare")):
        _report_time_line(report, blocks.median_meeting(), suffix)


def _report_trouble(report: Report, blocks: Blocks, suffix: str, target: Target | None) -> None:
    warnings = [warning for person in blocks.side.people for warning in person.warnings]
    for warning in sorted(set(warnings)):
        report.console.print(f"{blocks.side.name}: {warning}", markup=False)
    report.add(f"sdk_warnings{suffix}", [len(warnings)], "", target)
    report.add(f"failed_meetings{suffix}", [sum(block.failures for block in blocks.turns)], "", target)
    report.add(f"timed_meetings{suffix}", [len(blocks.pooled())], "")


def _report_time_line(report: Report, meeting: Meeting, suffix: str) -> None:
    """When what happened in the Next in the middle, after the press."""
    for mark in MARKS:
        if mark in meeting:
            report.add(f"time_line_{mark}_ms{suffix}", [meeting[mark]], "ms")


def _report_variant(report: Report, variant: Blocks, product: Blocks) -> None:
    """The same without targets, and beside the product as it is shipped."""
    name = variant.side.name
    ratios = [theirs / ours for theirs, ours in zip(variant.p50s(), product.p50s(), strict=True)]
    report.add(f"frame_p50_ms_{name}", variant.p50s(), "ms")
    report.add(f"frame_p95_ms_{name}", [variant.p95()], "ms")
    report.add(f"frame_ratio_to_product_{name}", ratios, "x")
    report.add(f"livekit_cpu_ms_per_match_{name}", variant.cpu_ms(), "ms")
    _report_trouble(report, variant, f"_{name}", None)


def _options(parser: argparse.ArgumentParser) -> None:
    add_options(parser)
    parser.add_argument(
        "--variants", default="", help=f"the product in other ways too, by commas: none, -PART, PART+PART; {PARTS}"
    )
    parser.add_argument("--rtt-ms", type=float, default=0, help="all through a network with this round trip")
    parser.add_argument("--loss", type=float, default=0, help="and this share of lost packets: 0.02 is 2 %%")


if __name__ == "__main__":
    sys.exit(run("next", measure, options=_options, packages=("playwright",)))
