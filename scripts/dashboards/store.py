"""Whether the store is what it should be, answers in time, and brings its news."""

from __future__ import annotations

from scripts.dashboards.board import Row, board
from scripts.dashboards.panels import GREEN, ORANGE, RED, Query, number, percentiles, timeline
from scripts.dashboards.promql import mean, per_minute, per_second, quantile, rate, share, total

NUMBERS: Row = (
    "",
    (
        number(
            "Store",
            Query(total("duologue_store_info", by="kind"), "{{kind}}"),
            about="Beyond one process it must be redis, and nothing else beside it.",
            base=GREEN,
            names=True,
            width=6,
        ),
        number(
            "Store answered",
            Query("max (duologue_store_silent_seconds)", "ago"),
            about="As the process says that waits longest. Normal: under 2 s.",
            unit="s",
            base=GREEN,
            steps=[(2, ORANGE), (5, RED)],
            width=6,
        ),
        number(
            "A batch of questions, 99 %",
            Query("histogram_quantile(0.99, sum by (le) (rate(duologue_store_seconds_bucket[5m])))", "99 %"),
            about="From a batch of questions to its answers, over 5 minutes.",
            unit="s",
            base=GREEN,
            steps=[(0.05, ORANGE), (0.25, RED)],
            nothing="no question",
            width=6,
        ),
        number(
            "Errors in 5 minutes",
            Query("sum (increase(duologue_store_errors_total[5m])) or vector(0)", "errors"),
            about="Of the store, of all kinds.",
            base=GREEN,
            steps=[(1, RED)],
            decimals=0,
            width=6,
        ),
    ),
)

ANSWERS: Row = (
    "Does it answer?",
    (
        timeline(
            "Time of a batch of questions",
            *percentiles("duologue_store_seconds"),
            about="Rises for all processes: Redis, or the network to it. For one: that process, see its loop lag.",
            unit="s",
        ),
        timeline(
            "Time of a batch, 99 %, by process",
            Query(quantile(0.99, "duologue_store_seconds", by="process"), "{{process}}"),
            about="Who feels it.",
            unit="s",
        ),
        timeline(
            "Mean time of a batch",
            Query(mean("duologue_store_seconds"), "mean"),
            about="Moves sooner than percentiles do.",
            unit="s",
        ),
        timeline(
            "Batches a second, by process",
            Query(per_second("duologue_store_seconds_count", by="process"), "{{process}}"),
            about="How much is asked.",
            unit="cps",
        ),
        timeline(
            "Silent, by process",
            Query("max by (process) (duologue_store_silent_seconds)", "{{process}}"),
            about="Since it last answered this process, which asks every second.",
            unit="s",
            limit=5,
        ),
        timeline(
            "Errors a second, by kind",
            Query(per_second("duologue_store_errors_total", by="kind"), "{{kind}}"),
            about="Normal: 0.",
            unit="cps",
        ),
    ),
)

TRUTH: Row = (
    "Is it of one mind?",
    (
        timeline(
            "Decided again, a second",
            Query(per_second("duologue_store_retries_total"), "retries"),
            about="Something had changed between reading and writing. Some are normal under load.",
            unit="cps",
        ),
        timeline(
            "Decided again, of all batches",
            Query(share(rate("duologue_store_retries_total"), rate("duologue_store_seconds_count")), "retries"),
            about="Rises far above a tenth: many want the same at once.",
            unit="percentunit",
        ),
        timeline(
            "Matches whose commit went wrong, a minute",
            Query(per_minute("duologue_commits_total", 'result=~"deposed|unknown"', by="result"), "{{result}}"),
            about="`deposed`: another matcher owns the cohort now. `unknown`: no answer came.",
            to="matching",
        ),
        timeline(
            "Leases taken over, a minute",
            Query(per_minute("duologue_lease_moves_total", by="lease"), "{{lease}}"),
            about="Again and again: processes cannot hold their leases, because the store or they are slow.",
            to="matching",
        ),
        timeline(
            "Stores in use, processes on each",
            Query(total("duologue_store_info", by="kind"), "{{kind}}"),
            about="`memory` beside `redis` would be two worlds that do not meet.",
        ),
        timeline(
            "Errors of the database of blocks, a minute",
            Query(per_minute("duologue_database_errors_total"), "errors"),
            about="While it fails, nobody can come in: whom they block is not known.",
        ),
    ),
)

NEWS: Row = (
    "Do its news come in time?",
    (
        timeline(
            "From a pair in the store to its gateway",
            *percentiles("duologue_outbox_delay_seconds"),
            about="The clocks of the machines have to agree, else this is off by as much.",
            unit="s",
            width=12,
        ),
        timeline(
            "News last heard, by gateway",
            Query("max by (process) (duologue_outbox_age_seconds)", "{{process}}"),
            about="It asks again at least every 5 s, so up to 5 s are in order.",
            unit="s",
            limit=10,
            width=12,
        ),
    ),
)

BOARD = board(
    "store",
    "Whether the store is what it should be, answers in time, and brings its news.",
    NUMBERS,
    ANSWERS,
    TRUTH,
    NEWS,
)
