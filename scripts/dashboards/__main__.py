"""Write the dashboards to deploy/grafana/dashboards.

`--check` writes nothing and fails when a file is stale; CI runs that.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from scripts.dashboards import gateway, matching, media, overview, store

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/grafana/dashboards"
BOARDS = (overview.BOARD, matching.BOARD, media.BOARD, store.BOARD, gateway.BOARD)


def render() -> dict[Path, str]:
    """What each file has to be."""
    pages = [board.build() for board in BOARDS]
    return {FOLDER / f"{page.uid}.json": JSONEncoder(sort_keys=True, indent=1).encode(page) + "\n" for page in pages}


def main() -> int:
    """Exit code 1: a file is stale."""
    parser = argparse.ArgumentParser(prog="python -m scripts.dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a generated file is stale; write nothing")
    check = parser.parse_args().check
    files = render()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    strange = [path for path in sorted(FOLDER.glob("*.json")) if path not in files]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'stale, run `make generate`' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path])
    for path in strange:
        print(f"{path.relative_to(ROOT)}: made by no board: delete it")
    return 1 if strange or (check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
