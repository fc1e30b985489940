"""The dashboards ask for figures that exist, in words that Prometheus knows, and lead to each other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from duologue.metrics.exposition import expose
from tests import made_up
from tests.dashboards import FOLDER, Page, boards, filled, panels, queries
from tests.prometheus import Prometheus

ROOT = FOLDER.parents[1]
UIDS = {f"duologue-{name}" for name in ("overview", "matching", "media", "store", "gateway")}
SPAN_S = 1_800
OF_TARGETS = {"job", "instance", "process"}
OF_BUILD = {"version", "roles"}
OF_PROMETHEUS = {"up": set[str](), "ALERTS": {"alertname", "alertstate"}}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",), "gauge": ("",)}
NAME = re.compile(r"(?<![\w:\"$])((?:duologue|process)[_:][\w:]+|up|ALERTS)(?![\w:(\"])")
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
ZERO = re.compile(r" or (?:vector\(0\)|on \(\) label_replace\(vector\(0\)[^)]*\))")
GROUPING = re.compile(r"\b(?:by|on|group_left) \(([^)]*)\)")


@cache
def told() -> list[Metric]:
    """What a process tells, but for when each counter began."""
    families = text_string_to_metric_families(expose().decode())
    return [family for family in families if not family.name.endswith("_created")]


@cache
def known() -> dict[str, set[str]]:
    """The labels of each series that there is, by its name."""
    names = {"duologue_build_info": OF_BUILD | OF_TARGETS} | {
        name: labels | OF_TARGETS for name, labels in OF_PROMETHEUS.items()
    }
    for family in told():
        if family.name in names:
            continue
        labels = set(made_up.label_names(family.name)) if family.name.startswith("duologue") else set()
        for suffix in SUFFIXES[family.type]:
            extra = {"le"} if suffix == "_bucket" else set()
            names.setdefault(family.name + suffix, labels | extra | OF_TARGETS)
    return names | {name: set[str]() for name in recorded()}


@cache
def rules() -> list[dict[str, Any]]:
    """All rules for Prometheus, of all files."""
    files = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "deploy/prometheus").glob("*.yml"))]
    return [rule for file in files for group in file.get("groups", ()) for rule in group["rules"]]


@cache
def recorded() -> dict[str, str]:
    """What the recording rules make, and of what."""
    return {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}


@cache
def metrics_of(expr: str) -> set[str]:
    """The names of series in an expression; of what is recorded, those that it is made of too."""
    named = set(NAME.findall(re.sub(r'"[^"]*"', '""', expr)))
    for name in named & set(recorded()):
        named |= metrics_of(recorded()[name])
    return named


def shown(page: Page) -> set[str]:
    """What is on a dashboard."""
    return {name for panel in panels(page) for target in panel["targets"] for name in metrics_of(target["expr"])}


def all_expressions() -> list[str]:
    """Of panels, and of marks in time."""
    marks = [mark["expr"] for page in boards().values() for mark in page["annotations"]["list"]]
    return [asked.expr for asked in queries()] + [filled(expr) for expr in marks]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, int]]:
    """A Prometheus with half an hour of every figure, and when that ended."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    config.write_text("{}")
    end_s = int(time.time()) // made_up.STEP_S * made_up.STEP_S - 600
    made_up.store(folder / "data", end_s - SPAN_S, end_s)
    server = Prometheus(folder, config)
    server.start()
    yield server, end_s
    server.stop()


def test_the_files_are_what_their_source_says() -> None:
    """Otherwise: `make generate`."""
    command = [sys.executable, "-m", "scripts.dashboards", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_each_dashboard_is_there_under_its_own_name() -> None:
    """Alerts and links name them so."""
    assert {json.loads(path.read_text())["uid"] for path in (FOLDER / "dashboards").iterdir()} == UIDS
    assert {path.stem for path in (FOLDER / "dashboards").iterdir()} == UIDS


def test_every_query_has_an_answer(town: tuple[Prometheus, int]) -> None:
    """A real Prometheus that has every figure finds some for each panel, even without the 0 that stands for none."""
    server, end_s = town
    silent = [
        (asked.dashboard, asked.panel, expr)
        for asked in queries()
        for expr in (asked.expr, ZERO.sub("", asked.expr))
        if not server.query_range(expr, end_s - SPAN_S // 2, end_s, made_up.STEP_S)
    ]

    assert silent == []


def test_what_is_counted_reads_0_before_anything_happened(town: tuple[Prometheus, int]) -> None:
    """Nothing to see is not the same as no data."""
    server, end_s = town
    before_s = end_s - 86_400
    counted = [asked for asked in queries() if ZERO.search(asked.expr)]

    assert len(counted) > len(boards())
    for asked in counted:
        assert [one.value for one in server.query_range(asked.expr, before_s, before_s)] == [0], asked


def test_marks_in_time_can_be_asked_for(town: tuple[Prometheus, int]) -> None:
    """Prometheus takes their queries, even where there is nothing to mark."""
    server, end_s = town
    for page in boards().values():
        for mark in page["annotations"]["list"]:
            server.query_range(filled(mark["expr"]), end_s - SPAN_S, end_s, 60)


def test_only_figures_that_exist_are_asked_for() -> None:
    """A name that nobody tells would be a panel that stays empty for ever."""
    named = {name for expr in all_expressions() for name in metrics_of(expr)}

    assert named <= set(known())


def test_only_labels_that_exist_are_asked_for() -> None:
    """A label that a metric does not have selects nothing, and groups everything as one."""
    for expr in all_expressions():
        for name, inside in SELECTOR.findall(expr):
            labels = set(re.findall(r"(\w+)\s*[=!]", inside))
            assert labels <= known()[name], f"{name} of {expr}"
        grouped = {label.strip() for inside in GROUPING.findall(expr) for label in inside.split(",")} - {""}
        has = set().union(*(known()[name] for name in metrics_of(expr)))
        assert grouped <= has, expr


def test_legends_name_labels_that_are_left() -> None:
    """`{{cause}}` reads as nothing, if the query does not keep it."""
    for page in boards().values():
        for panel in panels(page):
            for target in panel["targets"]:
                kept = {label.strip() for inside in GROUPING.findall(target["expr"]) for label in inside.split(",")}
                assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= kept, panel["title"]


def test_every_figure_is_shown_somewhere() -> None:
    """What nobody can see need not be told."""
    on_pages = {name for page in boards().values() for name in shown(page)}
    hidden = {
        family.name
        for family in told()
        if family.name.startswith("duologue")
        and not any(family.name + suffix in on_pages for suffix in SUFFIXES[family.type])
    }

    assert hidden == set()


def test_links_lead_to_dashboards_that_exist() -> None:
    """With the time that is looked at."""
    urls = [link["url"] for page in boards().values() for panel in panels(page) for link in panel.get("links", ())]

    assert urls
    assert set(urls) <= {f"/d/{uid}?${{__url_time_range}}" for uid in UIDS}


def test_every_page_leads_to_the_others() -> None:
    """By the tag that all have."""
    for page in boards().values():
        (link,) = page["links"]
        assert (link["type"], link["tags"]) == ("dashboards", page["tags"])


def test_panels_have_ids_titles_and_words_of_their_own() -> None:
    """Two with the same id would be one in a link; each says what is normal."""
    for page in boards().values():
        ids = [panel["id"] for panel in page["panels"]]
        titles = [panel["title"] for panel in panels(page)]
        assert len(set(ids)) == len(ids)
        assert len(set(titles)) == len(titles)
        assert all(panel["description"] for panel in panels(page))


def test_panels_fill_the_grid() -> None:
    """No row has a hole, and nothing lies over another."""
    for page in boards().values():
        rows: dict[int, int] = {}
        for panel in page["panels"]:
            place = panel["gridPos"]
            assert place["x"] == rows.get(place["y"], 0), panel["title"]
            rows[place["y"]] = place["x"] + place["w"]
        assert set(rows.values()) == {24}


def test_every_alert_has_a_panel_to_look_at() -> None:
    """The dashboard that it names shows what it is about."""
    blind = {
        alert["alert"]: metrics_of(alert["expr"])
        for alert in rules()
        if "alert" in alert and not metrics_of(alert["expr"]) & shown(boards()[alert["annotations"]["dashboard"]])
    }

    assert blind == {}


def provisioned(kind: str) -> dict[str, Any]:
    """The file that Grafana reads at its start."""
    (file,) = (FOLDER / "provisioning" / kind).glob("*.yml")
    content = yaml.safe_load(file.read_text())
    assert content["apiVersion"] == 1
    return dict(content)


def test_the_data_source_is_the_one_that_pages_begin_with() -> None:
    """Nobody has to choose it."""
    (source,) = provisioned("datasources")["datasources"]
    assert source["type"] == "prometheus"
    for page in boards().values():
        chosen = next(each for each in page["templating"]["list"] if each["type"] == "datasource")
        assert (chosen["query"], chosen["current"]["value"]) == ("prometheus", source["uid"])
        for panel in panels(page):
            assert panel["datasource"] == {"type": "prometheus", "uid": f"${{{chosen['name']}}}"}


def test_dashboards_are_taken_from_the_folder_that_is_documented() -> None:
    """The page says where to put the files, and Grafana looks there."""
    (provider,) = provisioned("dashboards")["providers"]

    assert provider["options"]["path"] in (ROOT / "docs/operate/README.md").read_text()


def test_variables_are_used() -> None:
    """A choice that changes nothing misleads."""
    for page in boards().values():
        text = json.dumps(page["panels"])
        for variable in page["templating"]["list"]:
            assert f"${variable['name']}" in text or f"${{{variable['name']}}}" in text
