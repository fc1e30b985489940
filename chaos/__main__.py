"""`python -m chaos`: a run with its faults, its checks and its report.

Exit code 0: nothing was violated, 1: something was, 2: it was stopped or could not run.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from chaos import seeds
from chaos.checks import violations
from chaos.faults import FAULTS
from chaos.options import Options
from chaos.page import to_html
from chaos.report import Result, judged, lines, result, summary, to_json
from chaos.run import run
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
    add("--seeds", type=_seeds, metavar="1-10", help="a run for each, one after the other, and one report of all")
    add("--minutes", type=float, default=10, help="for how long faults follow each other")
    add("--people", type=int, default=120)
    add("--voice", type=int, default=8, help="so many of them want voice, and join rooms for real")
    add("--video", type=int, default=4, help="so many more see each other, with made-up pictures and sound")
    add("--friends", type=int, default=6, help="so many more call each other; half of them have a second device")
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
    results: list[Result] = []
    try:
        for seed in given.seeds or [given.seed]:
            results.append(_one(given, seed))
            if given.seeds:
                _sum_up(given, results)
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("stopped; nothing is left running", file=sys.stderr)
        return 2
    return 1 if any(each.violations for each in results) else 0


def _seeds(text: str) -> range:
    """`1-10`. Raises `ValueError`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _one(given: argparse.Namespace, seed: int) -> Result:
    """One run, and what is written of it."""

    def of_seed(path: Path) -> Path:
        return path.with_stem(f"{path.stem}-{seed}") if given.seeds else path

    options = Options(
        seed, given.minutes * 60, given.people, given.voice, tuple(given.only), given.rounds, given.forget_within,
        size=Size(sockets_most=max(Size().sockets_most, ROOM * given.people)),
        folder=of_seed(given.logs) if given.logs is not None else None, before=given.before,
        friends=given.friends, viewers=given.video,
    )  # fmt: skip
    story = asyncio.run(_until_stopped(options))
    told = judged(seed, story, violations(story))
    _write(of_seed(given.json), to_json(told))
    _write(of_seed(given.html), to_html(told).encode())
    if given.entries is not None:
        _write(of_seed(given.entries), b"".join(lines(story)))
    print(summary(told), flush=True)
    return result(told)


def _sum_up(given: argparse.Namespace, results: list[Result]) -> None:
    """All runs so far: who stops the rest has these."""
    told = seeds.summed_up(results, given.only or FAULTS)
    _write(given.json, seeds.to_json(told))
    _write(given.html, seeds.to_html(told).encode())
    print(seeds.text(told), flush=True)


async def _until_stopped(options: Options) -> Story:
    """SIGTERM stops it as Ctrl-C does; so does SIGINT where a shell started it in the background and has it ignored."""
    this = asyncio.current_task()
    assert this is not None, "asyncio.run makes one"
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    return await run(options, lambda line: print(line, file=sys.stderr, flush=True))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
