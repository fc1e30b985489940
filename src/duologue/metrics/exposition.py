"""The figures of this process in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from duologue.metrics import definitions
from duologue.metrics.figure import REGISTRY
from duologue.metrics.zeros import start_at_zero

CONTENT_TYPE = CONTENT_TYPE_LATEST.partition("; charset=")[0]
"""Who answers adds the charset: it is UTF-8."""

ProcessCollector(registry=REGISTRY)  # memory, processor time, open files, since when
start_at_zero()


def expose() -> bytes:
    """Everything there is to tell, as it is now."""
    return generate_latest(REGISTRY)


def describe_build(version: str, name: str, roles: str) -> None:
    """Say once what runs here."""
    definitions.BUILD.info({"version": version, "name": name, "roles": roles})
