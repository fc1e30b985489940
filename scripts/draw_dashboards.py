"""Record what a Prometheus knows, and draw the dashboards from it.

    python -m scripts.draw_dashboards record --prometheus http://127.0.0.1:9090 --minutes 15 run.json.gz
    python -m scripts.draw_dashboards draw run.json.gz docs/operate/images

A recording is made with the dashboards as they are then: when a query changes, it has to be made again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.error import URLError

from scripts.dashboards.pages import boards
from scripts.dashboards.picture import draw
from scripts.dashboards.recording import load, now, record, save

POINTS = 120
"""A picture needs no more."""


def main() -> int:
    """Exit code 2: there is no such Prometheus, or the recording does not fit the dashboards."""
    options = _parser().parse_args()
    try:
        options.run(options)
    except (URLError, LookupError) as error:
        print(f"draw_dashboards: {error}", file=sys.stderr)
        return 2
    return 0


def _record(options: argparse.Namespace) -> None:
    end = int(options.end or now(options.prometheus))
    span = int(options.minutes * 60)
    step = max(1, span // POINTS)
    recording = record(options.prometheus, end - span, end, step, interval=options.interval, about=options.about)
    save(recording, options.file)
    print(f"{options.file}: {len(recording.answers)} queries, {options.file.stat().st_size} bytes")


def _draw(options: argparse.Namespace) -> None:
    recording = load(options.file)
    options.folder.mkdir(parents=True, exist_ok=True)
    for uid, page in boards().items():
        path = options.folder / f"{uid.removeprefix('duologue-')}.svg"
        path.write_text(draw(page, recording))
        print(f"{path}: {path.stat().st_size} bytes")


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m scripts.draw_dashboards", description=__doc__, formatter_class=form
    )
    what = parser.add_subparsers(required=True)
    recording = what.add_parser("record", help="ask a Prometheus everything that the dashboards ask")
    recording.add_argument("--prometheus", required=True, help="its URL")
    recording.add_argument("--minutes", type=float, default=15, help="how long before the end (%(default)s)")
    recording.add_argument("--end", type=float, help="seconds since 1970 (now)")
    recording.add_argument("--interval", default="1m", help="over what rates are taken: four scrapes (%(default)s)")
    recording.add_argument("--about", default="", help="a few words of what it was, for the head of each picture")
    recording.add_argument("file", type=Path, help="where to; gzipped if it ends in .gz")
    recording.set_defaults(run=_record)
    drawing = what.add_parser("draw", help="draw each dashboard as SVG")
    drawing.add_argument("file", type=Path, help="a recording")
    drawing.add_argument("folder", type=Path, help="where the pictures go")
    drawing.set_defaults(run=_draw)
    return parser


if __name__ == "__main__":
    sys.exit(main())
