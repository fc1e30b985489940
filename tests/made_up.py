"""A small town's figures, made up: every metric there is, for half an hour, as a Prometheus would have stored them."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from prometheus_client.metrics_core import Metric

from duologue.metrics import definitions
from duologue.metrics.counted import Histogram
from duologue.metrics.figure import REGISTRY, Figure
from duologue.protocol.codes import MediaEvent
from tests.prometheus import program

STEP_S = 15
LABELS: Mapping[str, Sequence[str]] = {
    **{name: re.findall(r"`(\w+)`", words) for name, words in definitions.LABELS.items()},
    "code": ("1001", "1006", "4002"),
    "cohort": ("default:video:adult:open", "default:text:adult:open"),
    "command": ("find", "next", "chat"),
    "event": (*MediaEvent, "built", "leaked"),
    "generation": ("0", "1", "2"),
    "node": ("media-1", "media-2"),
    "route": ("/config.json", "/v1/guest"),
    "status": ("200", "503"),
}
"""What each may be: what its documentation names, or an example."""

BUILD = {"version": "0.1.0", "roles": "gateway"}
PROCESSES = ("gateway-1", "gateway-2")
OF_RULES = {
    f"{promise}_errors:{figure}": value
    for promise in ("duologue:match", "duologue_mode:establish")
    for figure, value in {
        "ratio5m": 0.012, "burn5m": 1.2, "burn1h": 0.7, "burn6h": 0.5, "burn3d": 0.4,
    }.items()
}  # fmt: skip
"""What the recording rules would have made of it."""

Sample = tuple[str, Mapping[str, str], Sequence[float]]
"""Its name, its labels, and its figure at each step."""


def store(folder: Path, start_s: int, end_s: int) -> None:
    """Write the figures of this span into an empty data folder of Prometheus."""
    times = range(start_s, end_s + 1, STEP_S)
    lines = [
        f"{name}{_braced(labels)} {value} {at}\n"
        for name, labels, values in samples(len(times))
        for at, value in zip(times, values, strict=False)
    ]
    text = folder.parent / "figures.om"
    text.write_text("".join([*lines, "# EOF\n"]))
    command = [str(program("promtool")), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=50)


def samples(steps: int) -> Iterator[Sample]:
    """All of them, of all processes."""
    for name, value in OF_RULES.items():
        yield name, {}, [value * (1 + 0.3 * math.sin(step / 9)) for step in range(steps)]
    yield "ALERTS", {"alertname": "DuologueExample", "alertstate": "firing"}, [1] * steps
    yield "up", {"job": "duologue", "instance": "127.0.0.1:9200", "process": "matcher-1"}, [0] * steps
    for index, process in enumerate(PROCESSES):
        target = {"job": "duologue", "instance": f"127.0.0.1:{9100 + index}", "process": process}
        yield "up", target, [1] * steps
        yield "duologue_build_info", target | BUILD, [1] * steps
        yield from _of_the_process(target, steps)
        for family in REGISTRY.collect():
            if family.name.startswith("duologue") and family.type != "info":
                yield from _family(family, target, steps)


def label_names(family: str) -> tuple[str, ...]:
    """The labels of a metric, by the name of its family."""
    return next(
        metric.label_names
        for metric in vars(definitions).values()
        if isinstance(metric, Figure) and metric.family().name == family
    )


def _family(family: Metric, target: Mapping[str, str], steps: int) -> Iterator[Sample]:
    names = label_names(family.name)
    for number, values in enumerate(product(*(LABELS[name] for name in names))):
        labels = dict(target) | dict(zip(names, values, strict=True))
        pace = 3 / (1 + number)
        if family.name == "duologue_media_node_up":
            yield family.name, labels, [number] * steps
        elif family.name == "duologue_store_info":
            yield family.name, labels, [1] * steps if values == ("redis",) else []
        elif family.type == "gauge":
            yield family.name, labels, [pace * (1 + 0.3 * math.sin(step / 9)) for step in range(steps)]
        elif family.type == "counter":
            yield f"{family.name}_total", labels, _counted(pace, steps)
        else:
            yield from _histogram(family.name, labels, pace, steps)


def _histogram(name: str, labels: Mapping[str, str], pace: float, steps: int) -> Iterator[Sample]:
    metric = next(each for each in vars(definitions).values() if isinstance(each, Histogram) and each.name == name)
    bounds = (*metric.buckets, math.inf)
    for number, bound in enumerate(bounds):
        share = 1 - 0.5 ** (number + 1) if bound != math.inf else 1
        le = "+Inf" if bound == math.inf else repr(float(bound))
        yield f"{name}_bucket", {**labels, "le": le}, [value * share for value in _counted(pace, steps)]
    yield f"{name}_count", labels, _counted(pace, steps)
    yield f"{name}_sum", labels, [value * bounds[1] for value in _counted(pace, steps)]


def _counted(pace: float, steps: int) -> list[float]:
    """What grows, now faster, now slower."""
    return [STEP_S * pace * (step + 3 * math.sin(step / 9)) + 100 for step in range(steps)]


def _of_the_process(target: Mapping[str, str], steps: int) -> Iterator[Sample]:
    yield "process_start_time_seconds", target, [1_700_000_000] * steps
    yield "process_cpu_seconds_total", target, _counted(0.2, steps)
    yield "process_resident_memory_bytes", target, [9e7 + 1e5 * step for step in range(steps)]
    yield "process_open_fds", target, [250 + step for step in range(steps)]
    yield "process_max_fds", target, [1_048_576] * steps


def _braced(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""
