"""What an expression of Prometheus asks for: which figures, and which of their labels.

Shared by all tests that hold rules and dashboards to the figures that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import promql_parser as promql

from duologue.metrics import definitions
from duologue.metrics.counted import Histogram
from duologue.metrics.figure import Figure

TARGET = frozenset({"job", "instance", "process", "role"})
"""Labels that Prometheus adds to whatever it scrapes; the last two come from the file of targets."""
BY_THEMSELVES = (
    "up", "process_start_time_seconds", "process_resident_memory_bytes", "process_virtual_memory_bytes",
    "process_cpu_seconds_total", "process_open_fds", "process_max_fds",
)  # fmt: skip
"""What prometheus_client and Prometheus tell by themselves."""


@dataclass(frozen=True)
class Question:
    """A figure in an expression, and what is asked of its labels."""

    figure: str
    matchers: tuple[tuple[str, str, str], ...]
    """Label, how it is compared (`MatchOp.Equal`, ...), with what."""


def series() -> dict[str, frozenset[str]]:
    """All that a process of ours tells, with its labels."""
    told = dict.fromkeys(BY_THEMSELVES, TARGET)
    for metric in vars(definitions).values():
        if isinstance(metric, Figure):
            told |= _named(metric)
    return told | {"duologue_build_info": TARGET | {"version", "roles", "name"}}


def questions(expression: str) -> set[Question]:
    """Every figure that it asks for. Raises `ValueError` for what is no expression."""
    return {
        Question(part.name or "", tuple((each.name, str(each.op), each.value) for each in part.matchers.matchers))
        for part in _parts(expression)
        if isinstance(part, promql.VectorSelector)
    }


def faults(expression: str, known: Mapping[str, frozenset[str]]) -> list[str]:
    """What it asks for that is not there: figures, labels of figures, bounds of buckets, labels to group or join by."""
    found: list[str] = []
    for question in questions(expression):
        if question.figure not in known:
            found.append(f"no figure {question.figure}")
            continue
        found += [
            f"{question.figure} has no label {label}"
            for label, _, _ in question.matchers
            if label not in known[question.figure]
        ]
        found += [f"{question.figure} has no bucket {le}" for le in _bounds_asked(question) - _bounds(question.figure)]
    for inner, labels in _groupings(expression):
        there = {label for question in questions(inner) for label in known.get(question.figure, ())}
        found += [f"{inner} has no label {label}" for label in labels - there]
    return found


def _groupings(expression: str) -> Iterator[tuple[str, set[str]]]:
    """What is grouped or joined, and by which labels."""
    for part in _parts(expression):
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            yield part.expr.prettify(), set(part.modifier.labels)
        if isinstance(part, promql.BinaryExpr) and part.modifier is not None:
            matching = part.modifier.matching
            labels = set(part.modifier.group_labels or []) | set(matching.labels if matching is not None else [])
            yield part.prettify(), labels


def _parts(expression: str) -> Iterator[promql.Expr]:
    """The tree, flat."""
    parts: list[promql.Expr] = []
    keep: Callable[[promql.Expr], None] = parts.append
    promql.walk(promql.parse(expression), keep)
    for part in parts:
        yield part.vector_selector if isinstance(part, promql.MatrixSelector) else part


def _named(metric: Figure) -> dict[str, frozenset[str]]:
    """One definition can be several series."""
    labels = TARGET | set(metric.label_names)
    if isinstance(metric, Histogram):
        return {
            f"{metric.name}_bucket": labels | {"le"},
            **{f"{metric.name}_{part}": labels for part in ("count", "sum")},
        }
    return {metric.name: labels}


def _bounds_asked(question: Question) -> set[str]:
    return {value for label, how, value in question.matchers if label == "le" and how == "MatchOp.Equal"}


def _bounds(figure: str) -> set[str]:
    """Of a histogram, as they are written in its answers."""
    for metric in vars(definitions).values():
        if isinstance(metric, Histogram) and f"{metric.name}_bucket" == figure:
            return {"+Inf", *map(str, map(float, metric.buckets))}
    return set()
