"""Who waits, for how long, and what becomes of matches."""

from __future__ import annotations

from scripts.dashboards.board import Row, board, choice
from scripts.dashboards.panels import Query, percentiles, promise, timeline
from scripts.dashboards.promql import per_minute, per_second, quantile, rate, share, some, total

CHOSEN = 'cohort=~"$cohort"'

PROMISE: Row = (
    "Is the promise kept?",
    (
        timeline(
            "Time to match, where a partner waits",
            *percentiles("duologue_match_seconds"),
            about="From when two who fit both waited to their pair in the store. The promise is one second.",
            unit="s",
            limit=1,
            width=12,
        ),
        promise("duologue:match", "Matches later than 1 s, against what is promised"),
    ),
)

QUEUE: Row = (
    "The queue",
    (
        timeline(
            "Waiting, as both sides see it",
            Query(total("duologue_people", 'doing="waiting"'), "say the gateways"),
            Query(some("duologue_queue_people"), "say the matchers"),
            about="They should agree. Only the gateways' figure grows: no matcher reads the queue.",
        ),
        timeline(
            "Waiting, by cohort",
            Query(some("duologue_queue_people", CHOSEN, by="cohort"), "{{cohort}}"),
            about="As the owner of each cohort sees it.",
        ),
        timeline(
            "Waiting, but cannot be matched now",
            Query(some("duologue_paused_people", by="why"), "{{why}}"),
            about="By what keeps them: media servers that are down or busy, or no matcher.",
        ),
        timeline(
            "Waits that ended, a minute",
            Query(per_minute("duologue_wait_seconds_count", by="outcome"), "{{outcome}}"),
            about="Many that were cancelled or are gone: people lose patience.",
        ),
        timeline(
            "Wait of those who were matched",
            *percentiles("duologue_wait_seconds", 'outcome="matched"'),
            about="What people feel.",
            unit="s",
        ),
        timeline(
            "Wait of those who gave up",
            Query(quantile(0.5, "duologue_wait_seconds", 'outcome="cancelled"'), "cancelled, median"),
            Query(quantile(0.95, "duologue_wait_seconds", 'outcome="cancelled"'), "cancelled, 95 %"),
            Query(quantile(0.5, "duologue_wait_seconds", 'outcome="gone"'), "gone, median"),
            Query(quantile(0.95, "duologue_wait_seconds", 'outcome="gone"'), "gone, 95 %"),
            about="How long people hold out.",
            unit="s",
        ),
    ),
)

MATCHES: Row = (
    "Matches and matchers",
    (
        timeline(
            "Matches brought to the store, a minute",
            Query(per_minute("duologue_commits_total", by="result"), "{{result}}"),
            about="`rejected`: somebody had gone meanwhile. `no_slot`: the media servers start no more at once. "
            "`deposed` and `unknown` are rare.",
            to="store",
        ),
        timeline(
            "Matches that wait for a join slot",
            Query(some("duologue_held_matches", CHOSEN, by="cohort"), "{{cohort}}"),
            about="Pairs that could talk already. Stays above 0: add media servers, or allow them more.",
            to="media",
        ),
        timeline(
            "Rejected, of all matches",
            Query(
                share(rate("duologue_commits_total", 'result="rejected"'), rate("duologue_commits_total")), "rejected"
            ),
            about="Normal: a few of a hundred, more while people come and go quickly.",
            unit="percentunit",
            most=1,
        ),
        timeline(
            "Queue last read, by cohort",
            Query(some("duologue_shard_lag_seconds", CHOSEN, by="cohort"), "{{cohort}}"),
            about="Time since its owner read it. Normal: under 1 s; grows: the matcher is stuck or gone.",
            unit="s",
            limit=3,
        ),
        timeline(
            "Cohorts, by matcher",
            Query(total("duologue_shards_owned", by="process"), "{{process}}"),
            about="Who owns how many.",
        ),
        timeline(
            "Leases taken over, a minute",
            Query(per_minute("duologue_lease_moves_total", by="lease"), "{{lease}}"),
            about="One for each when a process starts or ends. Again and again: processes cannot hold their leases.",
            to="store",
        ),
    ),
)

PAIRS: Row = (
    "Pairs",
    (
        timeline(
            "Pairs made, a minute",
            Query(per_minute("duologue_pairs_formed_total", by="mode"), "{{mode}}"),
            about="By what they asked for.",
        ),
        timeline(
            "Pairs that ended, a minute",
            Query(per_minute("duologue_pairs_ended_total", by="reason"), "{{reason}}"),
            about="`next` and `left` are people's own wish. `lost` and `media_failed` are not.",
        ),
        timeline(
            "Ended before they talked, of all pairs",
            Query(
                share(
                    rate("duologue_pairs_ended_total", 'phase="matched"', by="mode"),
                    rate("duologue_pairs_ended_total", by="mode"),
                ),
                "{{mode}}",
            ),
            about="Rises: talks do not come up, or people do not wait for them.",
            unit="percentunit",
            most=1,
            to="media",
        ),
        timeline(
            "How long talks last, median",
            Query(quantile(0.5, "duologue_talk_seconds", by="mode"), "{{mode}}"),
            about="Of the talks that ended.",
            unit="s",
        ),
        timeline(
            "How long talks last, 90 %",
            Query(quantile(0.9, "duologue_talk_seconds", by="mode"), "{{mode}}"),
            about="Of the talks that ended.",
            unit="s",
        ),
        timeline(
            "Next, a second",
            Query(per_second("duologue_commands_total", 'command="next"', by="answer"), "{{answer}}"),
            about="By what the server answered.",
            unit="cps",
            to="gateway",
        ),
    ),
)

CALLS: Row = (
    "Direct calls",
    (
        timeline(
            "Calls, a minute",
            Query(per_minute("duologue_calls_total", by="outcome"), "{{outcome}}"),
            about="By how they came out. Many `lost`: the store began anew.",
            width=12,
        ),
        timeline(
            "How long it rings",
            *percentiles("duologue_ring_seconds"),
            about="Until the answer, or until it is missed.",
            unit="s",
            width=12,
        ),
        timeline(
            "Servers told of calls, a minute",
            Query(per_minute("duologue_webhooks_sent_total", by="verdict"), "{{verdict}}"),
            about="Webhooks for push. `failed` attempts are repeated; `given_up` and `dropped` are lost.",
            width=12,
        ),
        timeline(
            "How long until they have heard",
            *percentiles("duologue_webhook_delay_seconds"),
            about="From what happened. Above a second: their server, or the network to it.",
            unit="s",
            width=12,
        ),
    ),
)

BOARD = board(
    "matching",
    "Who waits, for how long, and what becomes of matches.",
    PROMISE,
    QUEUE,
    MATCHES,
    PAIRS,
    CALLS,
    choices=[choice("cohort", "Cohort", "duologue_queue_people")],
)
