"""What a panel of ours looks like: big numbers, and lines over time. Must not know what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.models import common, dashboard

from scripts.dashboards import promql

PREFIX = "duologue-"
SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, ORANGE, RED, BLUE, GRAY = "green", "orange", "red", "blue", "#8c8c8c"
UNNAMED = dashboard.DynamicConfigValue(id_val="custom.hideFrom", value={"legend": True, "tooltip": True, "viz": False})
"""A line that is drawn, and that no legend names."""

Panel = stat.Panel | timeseries.Panel
Step = tuple[float, str]
"""From this value on, this colour."""


@dataclass(frozen=True)
class Query:
    """A line of a panel, or several if the legend names a label; a colour only where the palette would mislead."""

    expr: str
    legend: str
    color: str = ""


def percentiles(histogram: str, where: str = "", of: str = "") -> tuple[Query, ...]:
    """Three lines that tell how long something takes: for most, and for the unlucky."""
    shares = {0.5: "median", 0.95: "95 %", 0.99: "99 %"}
    return tuple(Query(promql.quantile(q, histogram, where), f"{of} {name}".strip()) for q, name in shares.items())


def number(
    title: str,
    *queries: Query,
    about: str,
    unit: str = "short",
    base: str = BLUE,
    steps: Sequence[Step] = (),
    nothing: str = "nobody tells",
    names: bool = False,
    decimals: int | None = None,
    to: str = "",
    width: int = 3,
) -> stat.Panel:
    """A big number, or with `names` the legend in its place. `to` is the dashboard that tells more."""
    panel = (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .no_value(nothing)
        .thresholds(_thresholds(base, steps))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .text_mode(common.BigValueTextMode.NAME if names else common.BigValueTextMode.AUTO)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .span(width)
        .height(4)
    )
    if decimals is not None:
        panel.decimals(decimals)
    _ask(panel, queries, to, instant=True)
    return panel


def timeline(
    title: str,
    *queries: Query,
    about: str,
    unit: str = "short",
    limit: float | None = None,
    most: float | None = None,
    stacked: bool = False,
    to: str = "",
    width: int = 8,
) -> timeseries.Panel:
    """Lines over time, from 0. Above `limit`, which is drawn, something is not as it should be."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .line_width(1.5)
        .fill_opacity(25 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
        .legend(_legend())
        .tooltip(_tooltip())
        .span(width)
        .height(7)
    )
    if most is not None:
        panel.max(most)
    if limit is not None:
        panel.thresholds(_thresholds("transparent", [(limit, RED)]))
        panel.thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    if stacked:
        panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    _ask(panel, queries, to, instant=False)
    return panel


def promise(name: str, title: str) -> timeseries.Panel:
    """How fast a promise is being used up, in the windows that the alerts look at."""
    windows = {"5m": "5 minutes", "1h": "1 hour", "6h": "6 hours", "3d": "3 days"}
    return timeline(
        title,
        *(Query(f"max({name}_errors:burn{window})", f"last {words}") for window, words in windows.items()),
        about="At 1 the promise is just kept (by mode: the worst). At 14 a month's share is gone in two days: a page.",
        limit=1,
        width=12,
    )


def link(uid: str) -> builders.DashboardLink:
    """To another dashboard, with the time that is looked at."""
    at = f"/d/{PREFIX}{uid}?${{__url_time_range}}"
    return builders.DashboardLink(uid.capitalize()).type(dashboard.DashboardLinkType.LINK).url(at)


def _ask(panel: Panel, queries: Sequence[Query], to: str, *, instant: bool) -> None:
    if to:
        panel.links([link(to)])
    for ref, query in zip(ascii_uppercase, queries, strict=False):
        asked = prometheus.Dataquery().ref_id(ref).expr(query.expr).legend_format(query.legend)
        panel.with_target(asked.instant() if instant else asked.range())
        if query.color:
            panel.override_by_name(query.legend, [_fixed(query.color)])
    if any(promql.NOTHING_YET in query.expr for query in queries):
        panel.override_by_regexp(f"/{promql.NOTHING_YET}/", [_fixed(GRAY), UNNAMED])


def _fixed(color: str) -> dashboard.DynamicConfigValue:
    return dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})


def _thresholds(base: str, steps: Sequence[Step]) -> builders.ThresholdsConfig:
    first = dashboard.Threshold(value=None, color=base)
    rest = [dashboard.Threshold(value=value, color=color) for value, color in steps]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps([first, *rest])


def _legend() -> common_builders.VizLegendOptions:
    legend = common_builders.VizLegendOptions().show_legend(True)
    return legend.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)


def _tooltip() -> common_builders.VizTooltipOptions:
    return common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
