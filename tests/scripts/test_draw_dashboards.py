"""A dashboard is drawn from what a Prometheus answered, and says what Grafana would say."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from scripts.dashboards import units
from scripts.dashboards.chart import legend, runs
from scripts.dashboards.pages import boards, filled, marks, panels
from scripts.dashboards.picture import draw
from scripts.dashboards.recording import Recording, Series, load, record, save
from tests import made_up
from tests.prometheus import Prometheus

ROOT = Path(__file__).parents[2]
SPAN_S = 1_200
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, int]]:
    """A Prometheus with every figure, and when they end."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text("{}")
    end_s = int(time.time()) // 60 * 60 - 600
    made_up.store(folder / "data", end_s - SPAN_S - 300, end_s)
    prometheus = Prometheus(folder, folder / "prometheus.yml")
    prometheus.start()
    yield prometheus, end_s
    prometheus.stop()


@pytest.fixture(scope="module")
def recording(server: tuple[Prometheus, int]) -> Recording:
    """Of all that the dashboards ask."""
    prometheus, end_s = server
    return record(prometheus.url, end_s - SPAN_S, end_s, 15, interval="1m", about="made up")


def spoken(drawing: str) -> list[str]:
    """The words of a picture."""
    return ["".join(text.itertext()) for text in ET.fromstring(drawing).iter(f"{SVG}text")]


def panel_saying(page: str, title: str, series: list[Series], expr: str) -> list[str]:
    """The words of a picture in which one panel's query has this answer, and no other has any."""
    silence: dict[str, list[Series]] = {each: [] for each in expressions(page)}
    recording = Recording("", 0, 60, 15, "1m", {**silence, expr: series})
    board = boards()[page]
    kept = [panel for panel in panels(board) if panel["title"] == title]
    return spoken(draw({**board, "panels": kept}, recording))


def expressions(page: str) -> list[str]:
    """All that is asked for a page."""
    board = boards()[page]
    asked = [filled(target["expr"]) for panel in panels(board) for target in panel["targets"]]
    return asked + [expr for expr, _ in marks(board)]


def test_a_recording_is_read_as_it_was_written(recording: Recording, tmp_path: Path) -> None:
    """Gzipped or not."""
    for name in ("run.json", "run.json.gz"):
        save(recording, tmp_path / name)

        again = load(tmp_path / name)
        assert msgspec.json.encode(again) == msgspec.json.encode(recording)


@pytest.mark.parametrize("uid", sorted(boards()))
def test_every_panel_is_in_the_picture(recording: Recording, uid: str) -> None:
    """With something to see in it."""
    words = spoken(draw(boards()[uid], recording))

    assert {panel["title"] for panel in panels(boards()[uid])} <= set(words)
    assert "No data" not in words


def test_a_query_that_was_not_recorded_is_told(recording: Recording) -> None:
    """The picture would be of another dashboard."""
    with pytest.raises(LookupError, match="record again"):
        recording.answer("sum (something_new)")


def test_a_number_stands_in_its_unit() -> None:
    """The newest one."""
    series = [Series({}, [(45, 0.5), (60, 0.9871)])]
    words = panel_saying("duologue-overview", "Matched within 1 s", series, "1 - duologue:match_errors:ratio5m")

    assert "98.7%" in words


def test_a_number_of_nothing_says_so() -> None:
    """Here: nobody was matched lately, whatever was before."""
    series = [Series({}, [(0, 1.0)])]
    words = panel_saying("duologue-overview", "Matched within 1 s", series, "1 - duologue:match_errors:ratio5m")

    assert "no match" in words


def test_the_store_is_named() -> None:
    """Its kind is the number."""
    series = [Series({"kind": "redis"}, [(60, 4.0)])]

    assert "redis" in panel_saying("duologue-overview", "Store", series, "sum by (kind) (duologue_store_info)")


def test_lines_are_named_as_the_panel_words_them() -> None:
    """Labels that are not there are left out."""
    assert legend("{{code}} by {{by}}", {"code": "1006", "by": "client"}) == "1006 by client"
    assert legend("store: {{kind}}", {}) == "store:"


def test_where_nothing_was_told_the_line_has_a_gap() -> None:
    """A process that was away is not a straight line."""
    points = [(0.0, 1.0), (15.0, 1.0), (60.0, 2.0), (75.0, 2.0)]

    assert list(runs(points, 15)) == [points[:2], points[2:]]


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0, "s", "0 s"),
        (0.0042, "s", "4.20 ms"),
        (90, "s", "1.50 min"),
        (0.5, "percentunit", "50%"),
        (1_536, "bytes", "1.50 KiB"),
        (12, "short", "12"),
        (12_345, "short", "12.3 K"),
        (0.25, "cps", "0.25 c/s"),
    ],
)
def test_figures_are_told_in_units_that_suit_them(value: float, unit: str, said: str) -> None:
    """With three digits that mean something."""
    assert "".join(units.told(value, unit)) == said


def test_an_axis_has_round_steps_in_one_unit() -> None:
    """Up to what there is to show."""
    assert [name for _, name in units.ticks(0.9, "s")] == ["0 ms", "500 ms", "1000 ms"]
    assert [name for _, name in units.ticks(7, "short")] == ["0", "2", "4", "6", "8"]
    assert [value for value, _ in units.ticks(150, "s")][-1] == 180


def test_the_command_records_and_draws(server: tuple[Prometheus, int], tmp_path: Path) -> None:
    """As the documentation has it."""
    prometheus, end_s = server
    file = str(tmp_path / "run.json.gz")
    command = [sys.executable, "-m", "scripts.draw_dashboards"]
    asked = ["record", "--prometheus", prometheus.url, "--minutes", "5", "--end", str(end_s), file]

    for arguments in (asked, ["draw", file, str(tmp_path / "pictures")]):
        result = subprocess.run(
            [*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False
        )
        assert result.returncode == 0, result.stderr

    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {
        f"{uid.removeprefix('duologue-')}.svg" for uid in boards()
    }


def test_a_prometheus_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """And no traceback."""
    command = [sys.executable, "-m", "scripts.draw_dashboards", "record", "--prometheus", "http://127.0.0.1:9"]
    result = subprocess.run(
        [*command, str(tmp_path / "x.json")], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False
    )

    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
