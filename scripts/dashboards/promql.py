"""The shapes of our queries, so that every panel asks in the same way.

`$__rate_interval` is Grafana's: at least four scrapes, and more where a pixel is more. What is counted by label reads 0
before anything happened, whose line no legend names: nothing to see is not the same as no data.
"""

from __future__ import annotations

NOTHING_YET = "nothing yet"
"""The label of what has not happened."""
OURS = "and on (job, instance) duologue_build_info"
"""Of the figures that every Prometheus client tells (`process_*`), those of our processes."""
FIRING = 'alertname=~"Duologue.*", alertstate="firing"'
"""Of the alerts of this Prometheus, ours."""


def rate(metric: str, where: str = "", by: str = "") -> str:
    """How often in a second, by these labels."""
    return f"sum{_by(by)} (rate({metric}{_braced(where)}[$__rate_interval]))"


def per_second(metric: str, where: str = "", by: str = "") -> str:
    """The same, and 0 where nothing has happened yet."""
    return rate(metric, where, by) + _or_zero(by)


def per_minute(metric: str, where: str = "", by: str = "") -> str:
    """For what happens to people: they are few, and minutes suit them."""
    return f"60 * {rate(metric, where, by)}{_or_zero(by)}"


def quantile(q: float, histogram: str, where: str = "", by: str = "") -> str:
    """The time within which this share of all cases lies; nothing where there was no case."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket', where, labels)})"


def mean(histogram: str, where: str = "", by: str = "") -> str:
    """The average."""
    return f"{rate(f'{histogram}_sum', where, by)} / ({rate(f'{histogram}_count', where, by)} > 0)"


def total(gauge: str, where: str = "", by: str = "") -> str:
    """What is the case now, over all processes."""
    return f"sum{_by(by)} ({gauge}{_braced(where)})"


def some(gauge: str, where: str = "", by: str = "") -> str:
    """The same, and 0 where nobody tells it, because there is nothing to tell."""
    return total(gauge, where, by) + _or_zero(by)


def share(part: str, whole: str) -> str:
    """How much of all this is, by the same labels; nothing where there was nothing."""
    return f"({part} or 0 * {whole}) / ({whole} > 0)"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""


def _braced(where: str) -> str:
    return f"{{{where}}}" if where else ""


def _or_zero(by: str) -> str:
    if not by:
        return " or vector(0)"
    return f' or on () label_replace(vector(0), "{by.partition(",")[0]}", "{NOTHING_YET}", "", "")'
