"""A whole dashboard: rows of panels, choices on top, marks in time. Must not know what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from scripts.dashboards import promql
from scripts.dashboards.panels import PREFIX, SOURCE, Panel

TAG = "duologue"
PROMETHEUS = "duologue-prometheus"
"""The data source that is provisioned; another one can be chosen on the page."""

Row = tuple[str, Sequence[Panel]]
"""Its title, and what is in it; the first row of a page needs none."""


class _Query(dashboard.AnnotationQuery):
    """What the library leaves out of a query of Prometheus: how often to look, and the words beside the mark."""

    def __init__(self, name: str, color: str, expr: str, words: str) -> None:
        super().__init__(name=name, datasource=SOURCE, enable=True, icon_color=color, expr=expr)
        self._words = words

    def to_json(self) -> dict[str, object]:
        return super().to_json() | {"titleFormat": self._words, "step": "60s"}


class _Mark(Builder[dashboard.AnnotationQuery]):
    """What is marked on all panels: when it was, and with which words."""

    def __init__(self, name: str, color: str, expr: str, words: str) -> None:
        self._query = _Query(name, color, expr, words)

    def build(self) -> dashboard.AnnotationQuery:
        return self._query


ALERTS = _Mark("Alerts", "red", f"ALERTS{{{promql.FIRING}}}", "{{alertname}}")
RESTARTS = _Mark("Restarts", "blue", f"time() - process_start_time_seconds < 120 {promql.OURS}", "{{process}} started")


def board(name: str, about: str, *rows: Row, choices: Sequence[builders.QueryVariable] = ()) -> builders.Dashboard:
    """A page, as all of ours are: one hour, the same tags, links to the others, alerts and restarts as marks."""
    page = (
        builders.Dashboard(f"Duologue: {name}")
        .uid(f"{PREFIX}{name}")
        .description(about)
        .tags([TAG])
        .readonly()
        .time("now-1h", "now")
        .refresh("10s")
        .timezone("browser")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .annotation(ALERTS)
        .annotation(RESTARTS)
        .with_variable(_source())
    )
    for choice in choices:
        page.with_variable(choice)
    _place(page, rows)
    return page


def choice(name: str, label: str, metric: str) -> builders.QueryVariable:
    """Which values of a label to look at: all, until somebody picks some."""
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(f"label_values({metric}, {name})")
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(dashboard.VariableOption(text="All", value="$__all"))
    )


def _place(page: builders.Dashboard, rows: Sequence[Row]) -> None:
    ids = count(1)
    for title, panels in rows:
        if title:
            page.with_row(builders.Row(title).id(next(ids)))
        for panel in panels:
            page.with_panel(panel.id(next(ids)))


def _source() -> builders.DatasourceVariable:
    current = dashboard.VariableOption(text="Prometheus", value=PROMETHEUS)
    return builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus").current(current)


def _others() -> builders.DashboardLink:
    link = builders.DashboardLink("Duologue").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(False).keep_time(True)
