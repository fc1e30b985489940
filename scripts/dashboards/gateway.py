"""People, their sockets and what they ask for, and how well each process is. A process can be picked."""

from __future__ import annotations

from scripts.dashboards.board import Row, board, choice
from scripts.dashboards.panels import Query, timeline
from scripts.dashboards.promql import OURS, per_minute, per_second, quantile, share, some, total

CHOSEN = 'process=~"$process"'

PEOPLE: Row = (
    "People and their sockets",
    (
        timeline(
            "People, by what they do",
            Query(some("duologue_people", CHOSEN, by="doing"), "{{doing}}"),
            about="`entering` that stays: they cannot come in. `standby`: a second tab.",
            stacked=True,
        ),
        timeline(
            "Sockets, by process",
            Query(total("duologue_sockets", CHOSEN, by="process"), "{{process}}"),
            about="Evenly spread, if the balancer is right.",
        ),
        timeline(
            "Sockets, of the most that are taken",
            Query(
                share(
                    total("duologue_sockets", CHOSEN, by="process"),
                    total("duologue_sockets_most", CHOSEN, by="process"),
                ),
                "{{process}}",
            ),
            about="At 100 % people are turned away.",
            unit="percentunit",
            limit=0.9,
            most=1,
        ),
        timeline(
            "People who came in, a minute",
            Query(per_minute("duologue_sessions_started_total", CHOSEN, by="kind"), "{{kind}}"),
            about="Many `resumed`: connections break, or a gateway was started again.",
        ),
        timeline(
            "Sockets closed a minute",
            Query(per_minute("duologue_sockets_closed_total", CHOSEN, by="code, by"), "{{code}} by {{by}}"),
            about="1000 and 1001 are goodbyes, 1006 is a lost connection; 4000 and above are ours: see the protocol.",
        ),
        timeline(
            "News last heard, by process",
            Query(total("duologue_outbox_age_seconds", CHOSEN, by="process"), "{{process}}"),
            about="Up to 5 s are in order.",
            unit="s",
            limit=10,
            to="store",
        ),
    ),
)

ASKED: Row = (
    "What people ask for",
    (
        timeline(
            "Commands a second",
            Query(per_second("duologue_commands_total", CHOSEN, by="command"), "{{command}}"),
            about="By kind.",
            unit="cps",
        ),
        timeline(
            "Refused, a second",
            Query(
                per_second("duologue_commands_total", f'{CHOSEN}, answer!="ok"', by="command, answer"),
                "{{command}}: {{answer}}",
            ),
            about="By kind and answer. `unavailable`: the store does not answer.",
            unit="cps",
            to="store",
        ),
        timeline(
            "Answered within, 99 %",
            Query(quantile(0.99, "duologue_command_seconds", CHOSEN, by="command"), "{{command}}"),
            about="From a command to its answer.",
            unit="s",
        ),
        timeline(
            "Refused by a rate limit, a second",
            Query(per_second("duologue_limited_total", CHOSEN, by="limit"), "{{limit}}"),
            about="Some is normal. Much of one: a hostile client, or a limit that is too low.",
            unit="cps",
        ),
        timeline(
            "Bounds hit a second",
            Query(per_second("duologue_bounds_hit_total", CHOSEN, by="bound"), "{{bound}}"),
            about="A queue, a buffer or a map was full. Normal: 0.",
            unit="cps",
        ),
        timeline(
            "HTTP requests a second",
            Query(per_second("duologue_http_requests_total", CHOSEN, by="route, status"), "{{route}} {{status}}"),
            about="By route and status. 5xx is never normal.",
            unit="cps",
        ),
    ),
)

PROCESSES: Row = (
    "How well the processes are",
    (
        timeline(
            "Can serve",
            Query(total("duologue_ready", CHOSEN, by="process"), "{{process}}"),
            about="1 can, 0 cannot: its log says why.",
            most=1,
        ),
        timeline(
            "Loop lag, 99 %",
            Query(quantile(0.99, "duologue_loop_lag_seconds", CHOSEN, by="process"), "{{process}}"),
            about="How late each process is with everything it does. Above 0.1 s, people feel it.",
            unit="s",
            limit=0.1,
        ),
        timeline(
            "Pauses of the garbage collector, 99 %",
            Query(quantile(0.99, "duologue_gc_pause_seconds", CHOSEN, by="generation"), "generation {{generation}}"),
            about="The oldest generation pauses longest.",
            unit="s",
        ),
        timeline(
            "Processor, cores",
            Query(
                f"sum by (process) (rate(process_cpu_seconds_total{{{CHOSEN}}}[$__rate_interval]) {OURS})",
                "{{process}}",
            ),
            about="A process has one core; near 1, start more of them.",
            limit=0.9,
        ),
        timeline(
            "Memory",
            Query(f"sum by (process) (process_resident_memory_bytes{{{CHOSEN}}} {OURS})", "{{process}}"),
            about="Grows with the people on it, and goes no further.",
            unit="bytes",
        ),
        timeline(
            "Open files, of the most there may be",
            Query(
                f"sum by (process) (process_open_fds{{{CHOSEN}}} / process_max_fds {OURS})",
                "{{process}}",
            ),
            about="Each socket is one. At 100 % nobody comes in.",
            unit="percentunit",
            limit=0.9,
            most=1,
        ),
        timeline(
            "Up for",
            Query(f"max by (process) (time() - process_start_time_seconds{{{CHOSEN}}} {OURS})", "{{process}}"),
            about="Falls to 0 at each start.",
            unit="s",
        ),
        timeline(
            "Versions",
            Query(f"count by (version, roles) (duologue_build_info{{{CHOSEN}}})", "{{version}}: {{roles}}"),
            about="How many processes run which version, in which roles.",
        ),
        timeline(
            "Defects a minute",
            Query(per_minute("duologue_defects_total", CHOSEN, by="where"), "{{where}}"),
            about="Things that nobody foresaw. Normal: 0; the log has each.",
        ),
    ),
)

BOARD = board(
    "gateway",
    "People, their sockets and what they ask for, and how well each process is.",
    PEOPLE,
    ASKED,
    PROCESSES,
    choices=[choice("process", "Process", "duologue_build_info")],
)
