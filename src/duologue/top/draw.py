"""Puts it on a terminal of any width from 80 columns on: what is wrong first, and in colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from duologue.safety.text import printable
from duologue.top.problems import listed
from duologue.top.view import Cohort, Level, Media, Node, People, Process, Spread, Store, View

STYLES = {Level.OK: "", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}
WIDE = 120
"""From here on two tables stand side by side."""
NONE = "-"
MOST_ROWS = 8
"""Of people's doings in order."""
DOINGS = ("talking", "matched", "ringing", "waiting", "idle", "standby", "entering", "opened", "over")


def terminal(file: IO[str] | None = None, width: int | None = None) -> Console:
    """For what is drawn here. It takes names as they are: `[fd00::1]` is an address, and no style of `rich`'s."""
    return Console(file=file, width=width, markup=False, emoji=False)


def drawn(view: View, width: int) -> RenderableType:
    """All of it."""
    left = [_queue(view.queue), _waits(view.people)]
    right = [_times(view.media, view.store), _ends(view)]
    middle = [_beside(Group(*left), Group(*right))] if width >= WIDE else [*left, *right]
    return Group(
        _head(view), *_problems(view), Text(), _people(view.people), *middle, Text(), _processes(view.processes)
    )


def _beside(left: RenderableType, right: RenderableType) -> Table:
    grid = Table.grid(expand=True, padding=(0, 4))
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(left, right)
    return grid


# -- the parts --------------------------------------------------------------------------------


def _head(view: View) -> Text:
    answering = sum(each.failure is None for each in view.processes)
    state = {Level.OK: "nothing is wrong", Level.WARNING: "look at this", Level.PROBLEM: "something is wrong"}
    return Text.assemble(
        ("Duologue ", "bold"),
        f"{answering} of {len(view.processes)} processes, store {_words(view.store.kinds)}, ",
        f"the last {view.over_s:.0f} s: ",
        (state[view.worst], STYLES[view.worst] or "green"),
    )


def _problems(view: View) -> Iterable[Text]:
    for each in view.problems[:MOST_ROWS]:
        word = "PROBLEM" if each.level is Level.PROBLEM else str(each.level)
        yield Text.assemble((f"{word:<8} ", STYLES[each.level]), printable(each.text))
    if len(view.problems) > MOST_ROWS:
        yield Text(f"         and {len(view.problems) - MOST_ROWS} more")


def _people(people: People) -> Group:
    doing = [f"{people.doing.get(each, 0):,.0f} {each}" for each in DOINGS if people.doing.get(each)]
    if doing:
        doing.insert(0, f"{people.pairs_talking or 0:,.0f} pairs talk")
    nobody = "nobody is here" if people.doing else NONE
    lines = [
        Text.assemble(("People   ", "bold"), ", ".join(doing) or nobody),
        Text(
            f"         {_rate(people.matches_per_s)} matches, {_rate(people.nexts_per_s)} Next, "
            f"{_rate(people.arrivals_per_s)} arrivals"
        ),
    ]
    if people.paused:
        lines.append(Text(f"         not matched: {printable(listed(people.paused))}", style=STYLES[Level.PROBLEM]))
    return Group(*lines)


def _queue(queue: Sequence[Cohort]) -> Table:
    table = _table("Queue", "waiting", "held", "read")
    for each in queue[:MOST_ROWS]:
        read = NONE if each.lag_s is None else f"{_time(each.lag_s)} ago"
        table.add_row(
            printable(each.cohort), f"{each.waiting:,.0f}", f"{each.held:,.0f}", read, style=STYLES[each.level]
        )
    if len(queue) > MOST_ROWS:
        rest = queue[MOST_ROWS:]
        waiting, held = f"{sum(each.waiting for each in rest):,.0f}", f"{sum(each.held for each in rest):,.0f}"
        table.add_row(f"{len(rest)} more", waiting, held, "")
    return _or_none(table)


def _waits(people: People) -> Table:
    table = _table("Waited, until", *SPREAD)
    for outcome, spread in people.waits.items():
        table.add_row(printable(outcome), *_spread(spread))
    return _or_none(table)


def _times(media: Media, store: Store) -> Table:
    table = _table("Took", *SPREAD)
    table.add_row("match of two who fit", *_spread(media.match))
    for mode, spread in media.establish.items():
        table.add_row(printable(f"{mode} until both are in"), *_spread(spread))
    table.add_row("first picture", *_spread(media.first_frame))
    table.add_row("answer of the store", *_spread(store.latency), style=STYLES[store.level])
    return table


def _ends(view: View) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="bold", width=14)
    table.add_column()
    table.add_row("Pairs ended", _counts(view.people.ends, f"{view.people.unmet or 0:.0f} before they talked"))
    table.add_row("Media failed", _counts(view.media.failures))
    table.add_row("Media servers", Text(", ").join(map(_node, view.media.nodes)) if view.media.nodes else NONE)
    silent = "" if view.store.silent_s is None else f", answered {_time(view.store.silent_s)} ago"
    errors = f", errors: {listed(view.store.errors)}" if view.store.errors else ""
    style = STYLES[Level.WARNING if errors and view.store.level is Level.OK else view.store.level]
    table.add_row("Store", Text(printable(f"{_words(view.store.kinds)}{silent}{errors}"), style=style))
    return table


def _node(node: Node) -> Text:
    slots = "" if node.slots_per_s is None else f" {node.slots_per_s:.3g}/s"
    return Text(printable(f"{node.node} {'up' if node.up else 'DOWN'}{slots}"), style=STYLES[node.level])


def _processes(processes: Sequence[Process]) -> Table:
    table = _table("Processes", "ready", "people", "sockets", "lag p99", "memory", "cpu", "up")
    for each in processes:
        name = printable(
            each.name if each.role in ("", each.name.rpartition("-")[0]) else f"{each.name} ({_role(each)})"
        )
        if each.failure is not None:
            table.add_row(name, "no answer", style=STYLES[each.level])
            continue
        table.add_row(
            name,
            {None: NONE, True: "yes", False: "NO"}[each.ready],
            _number(each.people),
            _number(each.sockets),
            _time(each.loop_lag_p99_s),
            NONE if each.memory_bytes is None else f"{each.memory_bytes / 2**20:,.0f} MiB",
            NONE if each.cpu is None else f"{each.cpu:.0%}",
            _age(each.up_s),
            style=STYLES[each.level],
        )
    return table


def _called(process: Process) -> str:
    """By its name, which as a rule says its role."""
    usual = process.role in ("", process.name.rpartition("-")[0])
    return process.name if usual else f"{process.name} ({_role(process)})"


def _role(process: Process) -> str:
    return "all" if len(process.role.split()) > 2 else process.role


# -- words ------------------------------------------------------------------------------------

SPREAD = ("times", "p50", "p95", "p99")


def _table(title: str, *columns: str) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    table.add_column(title, ratio=1, no_wrap=True, overflow="ellipsis")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True, min_width=6)
    return table


def _or_none(table: Table) -> Table:
    if not table.row_count:
        table.add_row(NONE)
    return table


def _spread(spread: Spread) -> list[str]:
    return [f"{spread.count:,.0f}", *map(_time, (spread.p50_s, spread.p95_s, spread.p99_s))]


def _counts(figures: Mapping[str, float], more: str = "") -> str:
    return printable(", ".join(filter(None, [listed(figures), more]))) if figures else NONE


def _time(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    if seconds < 1:
        return f"{seconds * 1000:.2g} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:,.0f} s"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _rate(per_s: float | None) -> str:
    return NONE if per_s is None else f"{per_s:.2g}/s" if per_s < 10 else f"{per_s:,.0f}/s"


def _number(figure: float | None) -> str:
    return NONE if figure is None else f"{figure:,.0f}"


def _words(words: Sequence[str]) -> str:
    return " and ".join(words) or NONE
