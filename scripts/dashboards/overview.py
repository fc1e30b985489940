"""The page to look at first: are people matched, do they talk, and is the store what it should be?"""

from __future__ import annotations

from scripts.dashboards.board import Row, board
from scripts.dashboards.panels import GREEN, ORANGE, RED, Query, number, percentiles, timeline
from scripts.dashboards.promql import FIRING, OURS, per_minute, per_second, quantile, some, total

PRESENT = 'doing=~"idle|waiting|matched|talking"'


def pairs(doing: str) -> str:
    """How many there are: each has two who do the same."""
    return total("duologue_people", f'doing="{doing}"') + " / 2"


PEOPLE: Row = (
    "",
    (
        number(
            "Online",
            Query(total("duologue_people", PRESENT), "people"),
            about="People on the page with a live session. Far below the usual for this hour: can they come in at all?",
            decimals=0,
            to="gateway",
        ),
        number(
            "Waiting",
            Query(total("duologue_people", 'doing="waiting"'), "people"),
            about="People who look for a partner. Normal: few beside those who talk.",
            decimals=0,
            to="matching",
        ),
        number(
            "Talking",
            Query(pairs("talking"), "pairs"),
            about="Pairs that talk. Falls while people wait: look at the time to match, then at the media.",
            decimals=0,
            to="media",
        ),
        number(
            "Matched within 1 s",
            Query("1 - duologue:match_errors:ratio5m", "of matches"),
            about="Of the matches of 5 minutes: how many came within a second of both waiting. Promised: 99 %.",
            unit="percentunit",
            base=RED,
            steps=[(0.95, ORANGE), (0.99, GREEN)],
            nothing="no match",
            decimals=1,
            to="matching",
        ),
        number(
            "Talk within 5 s",
            Query("1 - max(duologue_mode:establish_errors:ratio5m)", "of pairs"),
            about="Of the pairs of 5 minutes that nobody left: who talked within 5 s, by the worst mode. Of 100: 98.",
            unit="percentunit",
            base=RED,
            steps=[(0.9, ORANGE), (0.98, GREEN)],
            nothing="no pair",
            decimals=1,
            to="media",
        ),
        number(
            "Store",
            Query(total("duologue_store_info", by="kind"), "{{kind}}"),
            about="Which store is in use. Beyond one process it must be redis, and nothing else beside it.",
            base=GREEN,
            names=True,
            to="store",
        ),
        number(
            "Store answered",
            Query("max (duologue_store_silent_seconds)", "ago"),
            about="How long ago the store last answered, as the process says that waits longest. Normal: under 2 s.",
            unit="s",
            base=GREEN,
            steps=[(2, ORANGE), (5, RED)],
            to="store",
        ),
        number(
            "Alerts",
            Query(f"count (ALERTS{{{FIRING}}}) or vector(0)", "firing"),
            about="Alerts that fire. Each names its page of the runbook and a dashboard.",
            base=GREEN,
            steps=[(1, RED)],
        ),
    ),
)

SYMPTOMS: Row = (
    "Are people matched, and do they talk?",
    (
        timeline(
            "Who waits",
            Query(total("duologue_people", 'doing="waiting"'), "say the gateways"),
            Query(some("duologue_queue_people"), "say the matchers"),
            Query(some("duologue_paused_people"), "of them, cannot be matched now"),
            about="Both sides should agree. Only the gateways' figure grows: the matcher does not follow its queue.",
            to="matching",
        ),
        timeline(
            "Pairs",
            Query(pairs("talking"), "talk"),
            Query(pairs("matched"), "connect"),
            Query(some("duologue_held_matches"), "wait for a join slot"),
            about="Many that connect beside few that talk: the media do not come up.",
            to="media",
        ),
        timeline(
            "Pairs a minute",
            Query(per_minute("duologue_pairs_formed_total"), "made"),
            Query(per_minute("duologue_pairs_ended_total"), "ended"),
            about="In balance, unless the number of talks changes.",
            to="matching",
        ),
        timeline(
            "Time to match, where a partner waits",
            *percentiles("duologue_match_seconds"),
            about="From when two who fit both waited to their pair in the store. The promise is one second.",
            unit="s",
            limit=1,
            to="matching",
        ),
        timeline(
            "Wait of those who were matched",
            *percentiles("duologue_wait_seconds", 'outcome="matched"'),
            about="What people feel. Long with a short time to match: there is nobody who fits.",
            unit="s",
            to="matching",
        ),
        timeline(
            "From the match to the talk",
            Query(quantile(0.5, "duologue_establish_seconds"), "both connected, median"),
            Query(quantile(0.95, "duologue_establish_seconds"), "both connected, 95 %"),
            Query(quantile(0.5, "duologue_first_frame_seconds"), "first picture, median"),
            Query(quantile(0.95, "duologue_first_frame_seconds"), "first picture, 95 %"),
            about="The promise is five seconds to both sides connected.",
            unit="s",
            limit=5,
            to="media",
        ),
        timeline(
            "Next a minute",
            Query(per_minute("duologue_commands_total", 'command="next"'), "pressed"),
            Query(per_minute("duologue_pairs_ended_total", 'reason="next", phase="talking"'), "ended a talk"),
            Query(per_minute("duologue_pairs_ended_total", 'reason="next", phase="matched"'), "before the talk began"),
            about="Rises against the number of pairs: people do not like whom they meet, or see nothing of them.",
            to="matching",
        ),
        timeline(
            "Pairs that ended, a minute",
            Query(per_minute("duologue_pairs_ended_total", by="reason"), "{{reason}}"),
            about="`next` and `left` are people's own wish. `lost` and `media_failed` are not.",
            to="matching",
        ),
        timeline(
            "Media that failed, a minute",
            Query(per_minute("duologue_media_failures_total", by="cause"), "{{cause}}"),
            about="`device` is at home with people; `timeout`, `network` and `refused` may be ours.",
            to="media",
        ),
    ),
)

CAUSES: Row = (
    "What may be the cause?",
    (
        timeline(
            "Errors a second",
            Query(per_second("duologue_store_errors_total", by="kind"), "store: {{kind}}"),
            Query(per_second("duologue_database_errors_total"), "database"),
            Query(per_second("duologue_media_call_errors_total", by="call"), "media server: {{call}}"),
            Query(per_second("duologue_defects_total", by="where"), "defect: {{where}}"),
            about="Normal: all 0. The log of the process has each defect.",
            unit="cps",
            to="store",
        ),
        timeline(
            "Bounds hit a second",
            Query(per_second("duologue_bounds_hit_total", by="bound"), "{{bound}}"),
            about="A queue, a buffer or a map was full. Normal: 0.",
            unit="cps",
            to="gateway",
        ),
        timeline(
            "Loop lag, 99 %",
            Query(quantile(0.99, "duologue_loop_lag_seconds", by="process"), "{{process}}"),
            about="How late each process is with everything it does. Above 0.1 s, people feel it.",
            unit="s",
            limit=0.1,
            to="gateway",
        ),
        timeline(
            "Sockets closed a minute",
            Query(per_minute("duologue_sockets_closed_total", by="code, by"), "{{code}} by {{by}}"),
            about="1000 and 1001 are goodbyes, 1006 is a lost connection; 4000 and above are ours: see the protocol.",
            to="gateway",
        ),
        timeline(
            "Processes",
            Query("count (duologue_build_info)", "run"),
            Query(total("duologue_ready"), "can serve"),
            Query('count (up{job="duologue"} == 0) or vector(0)', "do not answer Prometheus", RED),
            Query(f"sum (changes(process_start_time_seconds[1h]) {OURS}) or vector(0)", "started anew within an hour"),
            about="All that run should be able to serve.",
            to="gateway",
        ),
        timeline(
            "Alerts that fire",
            Query(some("ALERTS", FIRING, by="alertname"), "{{alertname}}"),
            about="Each names its page of the runbook and a dashboard.",
        ),
    ),
)

BOARD = board(
    "overview",
    "Are people matched, do they talk, and is the store what it should be? Read the big numbers from left to right.",
    PEOPLE,
    SYMPTOMS,
    CAUSES,
)
