"""`python -m chaos`: a run with its faults, its checks and its report.

Exit code 0: nothing was violated, 1: something was, 2: it was stopped or could not run.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from chaos.checks import violations
from chaos.faults import FAULTS
from chaos.report import Run, judged, lines, summary, to_html, to_json
from chaos.run import Options, run
from chaos.story import Story
from chaos.topology import Size

ROOM = 2
"""A gateway has room for so many times all of the people: two of three may be gone at once."""
RESULTS = Path(__file__).parent / "results"


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    add = parser.add_argument
    add("--seed", type=int, default=1, help="the same faults in the same order, and the same people")
    add("--minutes", type=float, default=10, help="for how long faults follow each other")
    add("--people", type=int, default=120)
    add("--voice", type=int, default=8, help="so many of them want voice, and join rooms for real")
    add("--only", action="append", default=[], choices=list(FAULTS), metavar="FAULT", help="just this; again for more")
    add("--rounds", type=int, default=1_000, help="so many at most; a round is a fault, or two that overlap")
    add("--forget-within", type=float, default=80, metavar="S", help="0: do not wait until the ledger is empty")
    add("--json", type=Path, default=RESULTS / "chaos.json", help="where the result goes")
    add("--html", type=Path, default=RESULTS / "chaos.html", help="where the report goes")
    add("--entries", type=Path, help="where all that anybody saw goes, one entry a line")
    add("--logs", type=Path, help="a new folder in which the logs of all processes stay")
    add("--before", metavar="COMMIT", help="the version before this one, for faults that need one")
    add("--list", action="store_true", help="all faults, as the rows of the table in ARCHITECTURE.md, and nothing else")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run it; gives the exit code."""
    given = parse(argv)
    if given.list:
        print("\n".join(fault.row for fault in FAULTS.values()))
        return 0
    options = Options(
        given.seed, given.minutes * 60, given.people, given.voice, tuple(given.only), given.rounds,
        given.forget_within, size=Size(sockets_most=max(Size().sockets_most, ROOM * given.people)), folder=given.logs,
        before=given.before,
    )  # fmt: skip
    try:
        story = asyncio.run(_until_stopped(options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("stopped; nothing is left running", file=sys.stderr)
        return 2
    told = judged(given.seed, story, violations(story))
    _write(told, given)
    print(summary(told))
    return 1 if told.violations else 0


async def _until_stopped(options: Options) -> Story:
    """SIGTERM stops it as Ctrl-C does; so does SIGINT where a shell started it in the background and has it ignored."""
    this = asyncio.current_task()
    assert this is not None, "asyncio.run makes one"
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    return await run(options, lambda line: print(line, file=sys.stderr, flush=True))


def _write(told: Run, given: argparse.Namespace) -> None:
    for path, content in ((given.json, to_json(told)), (given.html, to_html(told).encode())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if given.entries is not None:
        given.entries.write_bytes(b"".join(lines(told.story)))


if __name__ == "__main__":
    sys.exit(main())
