"""Run benchmarks one after another, each in a process of its own: `python -m benchmarks [NAME...]`, all by default."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NO_BENCHMARKS = {"__init__", "__main__"}


def known() -> list[str]:
    """Every module here that can be run."""
    files = sorted(path for path in FOLDER.glob("*.py") if path.stem not in NO_BENCHMARKS)
    return [path.stem for path in files if '\nif __name__ == "__main__"' in path.read_text()]


def main(names: list[str]) -> int:
    """The worst of their exit codes: 0 all targets hold, 1 one does not, 2 one could not run."""
    unknown = sorted(set(names) - set(known()))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}. There are: {', '.join(known())}", file=sys.stderr)
        return 2
    codes = [subprocess.call([sys.executable, "-m", f"benchmarks.{name}"]) for name in names or known()]
    return max((min(code, 2) if code >= 0 else 2 for code in codes), default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
