"""The dashboards as they are in `deploy/grafana`, and what they ask Prometheus, as Grafana would."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "deploy/grafana"
VARIABLE = re.compile(r"\$\{?(\w+)\}?")

Page = Mapping[str, Any]
"""A dashboard as Grafana reads it."""


class Asked(NamedTuple):
    """One query of one panel, ready to be asked."""

    dashboard: str
    panel: str
    expr: str


def boards() -> dict[str, Page]:
    """Each dashboard by its uid."""
    pages = [json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))]
    return {page["uid"]: page for page in pages}


def panels(page: Page) -> list[Page]:
    """Those that show something; the headings of rows do not."""
    return [panel for panel in page["panels"] if panel["type"] != "row"]


def filled(expr: str, interval: str = "1m") -> str:
    """With every choice left at "All", and so long for `$__rate_interval`."""
    return VARIABLE.sub(lambda found: interval if found[1] == "__rate_interval" else ".*", expr)


def queries(interval: str = "1m") -> list[Asked]:
    """Every query of every panel; rates are taken over `interval`, which has to hold some scrapes."""
    return [
        Asked(uid, panel["title"], filled(target["expr"], interval))
        for uid, page in boards().items()
        for panel in panels(page)
        for target in panel["targets"]
    ]


def marks(page: Page) -> list[tuple[str, str]]:
    """What is marked in time on all panels: the query, and the colour."""
    return [(filled(mark["expr"]), mark["iconColor"]) for mark in page["annotations"]["list"]]
