"""The rules, given to the real Prometheus and its promtool."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.prometheus import running_prometheus, scraping


def test_a_prometheus_starts_and_answers(tmp_path: Path) -> None:
    """The helper that other tests stand on: ready, asked, told of an alert, gone."""
    targets, rules = tmp_path / "targets.json", tmp_path / "rules.yml"
    targets.write_text(json.dumps([{"targets": ["127.0.0.1:1"], "labels": {"process": "gateway-1"}}]))
    rules.write_text(json.dumps({"groups": [{"name": "a", "rules": [{"alert": "Down", "expr": "up == 0"}]}]}))

    with running_prometheus(scraping(targets, [rules])) as prometheus:
        give_up = time.monotonic() + 20
        while prometheus.firing() != {"Down"}:
            assert time.monotonic() < give_up, prometheus.log.read_text()
            time.sleep(0.05)

        assert prometheus.value("up") == 0
        assert prometheus.query("up")[0].labels["process"] == "gateway-1"
        assert prometheus.value("1 + 1") == 2
        assert prometheus.query_range("up", time.time() - 1, time.time())
