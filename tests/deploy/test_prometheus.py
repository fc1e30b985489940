"""The rules of `deploy/prometheus`, given to the real Prometheus and its promtool, and held to our figures."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.prometheus import program, quickened, running_prometheus, scraping
from tests.promql import faults, series

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOK = ROOT / "docs" / "runbook"
RULE_FILES = ("recording.yml", "objectives.yml", "pages.yml", "tickets.yml")
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
DASHBOARDS = {f"duologue-{name}" for name in ("overview", "matching", "media", "store", "gateway")}
LABEL_IN_TEXT = re.compile(r"\$labels\.(\w+)")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def rules() -> list[dict[str, Any]]:
    """All of them, of all files."""
    return [rule for file in RULE_FILES for group in load(FOLDER / file)["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """By name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def known() -> dict[str, frozenset[str]]:
    """What rules may ask for: what processes tell, and what other rules record.

    The level of a recorded figure says which labels it has left: `duologue_cohort:...` has `cohort`.
    """
    recorded = [rule["record"] for rule in rules() if "record" in rule]
    return series() | {name: frozenset(name.partition(":")[0].split("_")[1:]) for name in recorded}


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("promtool"), *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=280, check=False
    )


def test_promtool_takes_the_configuration_and_all_rules() -> None:
    """The example, as it stands; it names every file of rules."""
    checked = promtool("check", "config", "prometheus.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert load(FOLDER / "prometheus.yml")["rule_files"] == list(RULE_FILES)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should(path: Path) -> None:
    """And only then, in the windows that they have in truth."""
    tested = promtool("test", "rules", str(path))

    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_alert_is_shown_firing_and_not_firing() -> None:
    """An alert that was never seen is a hope."""
    shown = {
        (each["alertname"], bool(each["exp_alerts"]))
        for path in TESTS
        for test in load(path)["tests"]
        for each in test["alert_rule_test"]
    }

    assert shown == {(name, fires) for name in alerts() for fires in (True, False)}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule.get("record"))
def test_rules_ask_for_what_there_is(rule: dict[str, Any]) -> None:
    """A figure that was renamed would make an alert silent for ever."""
    assert faults(rule["expr"], known()) == []


@pytest.mark.parametrize("expression", ["duologue_no_such_thing", "sum by (cohort) (duologue_sockets)",
                                        'rate(duologue_match_seconds_bucket{le="1"}[5m])',
                                        'duologue_sockets{cohort="x"}', "up * on (mode) duologue_sockets"])  # fmt: skip
def test_what_there_is_not_is_found(expression: str) -> None:
    """So the test above holds something."""
    assert faults(expression, known())


def test_each_recorded_figure_has_a_name_of_its_own() -> None:
    """Level, metric, operations."""
    names = [rule["record"] for rule in rules() if "record" in rule]

    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"duologue(_[a-z]+)?:[a-z_]+:[a-z0-9_]+", name), name


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_all_that_somebody_needs(name: str) -> None:
    """What it is, how bad, where to look, what to do."""
    rule = alerts()[name]
    texts = rule["annotations"]

    assert re.fullmatch(r"Duologue[A-Z][A-Za-z]+", name)
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(texts) == {"summary", "description", "runbook_url", "dashboard"}
    assert texts["runbook_url"].endswith(f"docs/runbook/{name}.md")
    assert texts["dashboard"] in DASHBOARDS
    named = set(LABEL_IN_TEXT.findall(texts["summary"] + texts["description"]))
    assert all(label in rule["expr"] or label in ("process", "instance") for label in named)


def test_pages_are_in_their_file_and_tickets_in_theirs() -> None:
    """What wakes somebody can be read in one place."""
    for file, severity in (("pages.yml", "page"), ("tickets.yml", "ticket")):
        groups = load(FOLDER / file)["groups"]
        assert {rule["labels"]["severity"] for group in groups for rule in group["rules"]} == {severity}


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    """In the runbook, and in its list."""
    pages = {path.stem for path in RUNBOOK.glob("*.md")} - {"README"}
    listed = re.findall(r"\]\((\w+)\.md\)", (RUNBOOK / "README.md").read_text())

    assert pages == set(alerts())
    assert sorted(listed) == sorted(pages)


@pytest.mark.parametrize("path", sorted(RUNBOOK.glob("Duologue*.md")), ids=lambda path: path.stem)
def test_a_page_of_the_runbook_says_what_to_look_at_and_what_to_do(path: Path) -> None:
    """In the same order everywhere; its queries ask for what there is."""
    text = path.read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    queries = [line for block in re.findall(r"^```promql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
               for line in block.splitlines() if line.strip()]  # fmt: skip

    assert headings == ["What people feel", "What to look at", "What to do", "When it is a false alarm"]
    assert queries
    for query in queries:
        assert faults(query, known()) == []


def test_alertmanager_knows_only_alerts_that_there_are() -> None:
    """Whoever renames one finds out here that nothing is held back by it any more."""
    config = load(FOLDER / "alertmanager.yml")
    text = json.dumps(config)

    assert set(re.findall(r"Duologue[A-Za-z]+", text)) <= set(alerts())
    assert 'severity=\\"page\\"' in text


def test_quicker_rules_are_rules(tmp_path: Path) -> None:
    """For tests that cannot wait for hours: windows, offsets and patience shrink alike."""
    quick = quickened([FOLDER / file for file in RULE_FILES], tmp_path, by=20)
    text = (tmp_path / "pages.yml").read_text()

    assert promtool("check", "rules", *map(str, quick)).returncode == 0
    assert "for: 6000ms" in text
    assert "offset 15000ms" in text
    assert "[180000ms]" in text


def test_a_prometheus_starts_and_answers(tmp_path: Path) -> None:
    """The helper that other tests stand on: ready, asked, told of an alert, gone."""
    targets, fires = tmp_path / "targets.json", tmp_path / "rules.yml"
    targets.write_text(json.dumps([{"targets": ["127.0.0.1:1"], "labels": {"process": "gateway-1"}}]))
    fires.write_text(json.dumps({"groups": [{"name": "a", "rules": [{"alert": "Down", "expr": "up == 0"}]}]}))

    with running_prometheus(scraping(targets, [fires])) as prometheus:
        give_up = time.monotonic() + 20
        while prometheus.firing() != {"Down"}:
            assert time.monotonic() < give_up, prometheus.log.read_text()
            time.sleep(0.05)

        assert prometheus.value("up") == 0
        assert prometheus.query("up")[0].labels["process"] == "gateway-1"
        assert prometheus.value("1 + 1") == 2
        assert prometheus.query_range("up", time.time() - 1, time.time())
