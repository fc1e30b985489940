"""LiveKit's configuration by measurement: what a match costs it, with this or that line of ours changed.

The same client for all, the one that we ship; the configurations take turns. `shipped` is what `duologue dev` starts,
`defaults` what comes out of the box.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.media.pages import chromium, served
from benchmarks.media.scene import MakeFlavour, Scene
from benchmarks.media.servers import Flavour, defaults, shipped
from benchmarks.media.turns import Blocks, add_options, take_turns
from benchmarks.report import CannotRun, Report, Target, run
from duologue.media.livekit_config import LiveKitKeys, LiveKitPorts

PAGES = Path(__file__).parent / "next"
Settings = Mapping[str, Any]
Change = Callable[[Flavour], Flavour]


def setting(section: str, **values: Any) -> Change:
    """The same with these settings of a section."""
    return lambda old: Flavour(old.settings | {section: dict(old.settings.get(section, {})) | values}, old.environment)


def without(section: str, name: str) -> Change:
    """The same with LiveKit's own choice for a setting."""
    return lambda old: Flavour(
        old.settings | {section: {key: value for key, value in old.settings[section].items() if key != name}},
        old.environment,
    )


def environment(**values: str) -> Change:
    """The same process with these variables."""
    return lambda old: Flavour(old.settings, {**old.environment, **values})


CHANGES: dict[str, Change] = {
    "gogc_200": environment(GOGC="200"),
    "gogc_400": environment(GOGC="400"),
    "gogc_800": environment(GOGC="800"),
    "all_codecs": without("room", "enabled_codecs"),
    "log_info": setting("logging", level="info"),
    "full_ice": setting("rtc", use_ice_lite=False),
    "no_congestion_control": setting("rtc", congestion_control={"enabled": False}),
    "send_side_bwe": setting("rtc", congestion_control={"use_send_side_bwe": True}),
    "batch_io": setting("rtc", batch_io={"batch_size": 128, "max_flush_interval": "2ms"}),
    "small_buffers": setting("rtc", packet_buffer_size_video=200, packet_buffer_size_audio=50),
    "slow_audio_levels": setting("audio", update_interval=1000),
    "quick_keyframes": setting("rtc", pli_throttle={"low_quality": "100ms", "mid_quality": "200ms"}),
}


def changed(change: Change, keys: LiveKitKeys, ports: LiveKitPorts) -> Flavour:
    """What we ship, with a change."""
    return change(shipped(keys, ports))


def flavour(name: str) -> MakeFlavour:
    """By its name."""
    if name == "defaults":
        return defaults
    if name not in CHANGES:
        raise CannotRun(f"no such configuration: {name}. There are: defaults, {', '.join(CHANGES)}")
    return partial(changed, CHANGES[name])


def measure(report: Report) -> None:
    """All turns, then each beside `shipped`."""
    names = report.options.configurations.split(",")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        origin = stack.enter_context(served(PAGES, folder / "pages"))
        scene = Scene(stack, stack.enter_context(chromium(folder)), origin)
        ours = Blocks(scene.product("shipped", shipped, {}), [])
        others = [Blocks(scene.product(name, flavour(name), {}), []) for name in names]
        take_turns(report, [ours, *others])
        for blocks in (ours, *others):
            _report(report, blocks, ours)


def _report(report: Report, blocks: Blocks, ours: Blocks) -> None:
    name = blocks.side.name
    if blocks is not ours:
        ratios = [mine / theirs for mine, theirs in zip(ours.cpu_ms(), blocks.cpu_ms(), strict=True)]
        target = Target("<=", 1) if name == "defaults" else None
        report.add(f"cpu_ratio_of_shipped_to_{name}", ratios, "x", target)
    report.add(f"cpu_ms_per_match_{name}", blocks.cpu_ms(), "ms")
    report.add(f"frame_p50_ms_{name}", blocks.p50s(), "ms")
    report.add(f"frame_p95_ms_{name}", [blocks.p95()], "ms")
    report.add(f"resident_mb_{name}", [blocks.side.node.process.rss_bytes() / 1e6], "MB")
    report.add(f"failed_meetings_{name}", [sum(block.failures for block in blocks.turns)], "", Target("==", 0))


def _options(parser: argparse.ArgumentParser) -> None:
    add_options(parser)
    parser.add_argument(
        "--configurations", default="defaults", help=f"beside shipped, by commas: defaults, {', '.join(CHANGES)}"
    )


if __name__ == "__main__":
    sys.exit(run("livekit", measure, options=_options, packages=("playwright",)))
