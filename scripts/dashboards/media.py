"""From a match to a picture: how long it takes, what fails, and how the media servers are."""

from __future__ import annotations

from scripts.dashboards.board import Row, board
from scripts.dashboards.panels import GREEN, RED, Query, number, percentiles, promise, timeline
from scripts.dashboards.promql import per_minute, per_second, quantile, rate, share, some

NUMBERS: Row = (
    "",
    (
        number(
            "Media servers that work",
            Query("sum (max by (node) (duologue_media_node_up)) or vector(0)", "work"),
            about="As the process that watches them sees it.",
            base=RED,
            steps=[(1, GREEN)],
            width=6,
        ),
        number(
            "That do not",
            Query("count (max by (node) (duologue_media_node_up) == 0) or vector(0)", "do not"),
            about="Nobody is matched onto them.",
            base=GREEN,
            steps=[(1, RED)],
            width=6,
        ),
        number(
            "Pairs they may start in a second",
            Query("sum (max by (node) (duologue_media_node_slots_per_second)) or vector(0)", "slots"),
            about="Of all that are configured. More matches than that wait for a slot.",
            width=6,
        ),
        number(
            "Rooms lost in an hour",
            Query("sum (increase(duologue_rooms_lost_total[1h])) or vector(0)", "rooms"),
            about="Talks that ended because their room was gone: a media server was started again or killed.",
            base=GREEN,
            steps=[(1, RED)],
            decimals=0,
            width=6,
        ),
    ),
)

PROMISE: Row = (
    "Is the promise kept?",
    (
        timeline(
            "Both sides connected",
            *percentiles("duologue_establish_seconds"),
            about="From the pair in the store; once a pair. The promise is five seconds.",
            unit="s",
            limit=5,
            width=12,
        ),
        promise("duologue_mode:establish", "Talks later than 5 s, against what is promised"),
    ),
)

TALKS: Row = (
    "From the match to the picture",
    (
        timeline(
            "One side's media up",
            *percentiles("duologue_media_connect_seconds"),
            about="From the pair in the store to one side's word; twice a pair.",
            unit="s",
            limit=5,
        ),
        timeline(
            "First picture of the partner",
            *percentiles("duologue_first_frame_seconds"),
            about="From the word `matched`, as browsers say.",
            unit="s",
            limit=5,
        ),
        timeline(
            "Both sides connected, 95 %, by mode",
            Query(quantile(0.95, "duologue_establish_seconds", by="mode"), "{{mode}}"),
            about="Text needs no media; video needs most.",
            unit="s",
            limit=5,
        ),
        timeline(
            "Failures a minute, by cause",
            Query(per_minute("duologue_media_failures_total", by="cause"), "{{cause}}"),
            about="`device` is at home with people; `timeout`, `network` and `refused` may be ours.",
        ),
        timeline(
            "Failures, of all who tried",
            Query(
                share(
                    rate("duologue_media_events_total", 'event="failed"'),
                    rate("duologue_media_events_total", 'event=~"connected|failed"'),
                ),
                "failed",
            ),
            about="Sides, not pairs. A few of a hundred sit behind networks that let nothing through.",
            unit="percentunit",
            most=1,
        ),
        timeline(
            "What browsers say, a minute",
            Query(per_minute("duologue_media_events_total", by="event"), "{{event}}"),
            about="`reconnecting` beside few `connected`: the network to the media servers is bad.",
        ),
        timeline(
            "Peer connections a minute",
            Query(per_minute("duologue_peer_connections_total", by="event"), "{{event}}"),
            about="`leaked`: left open by a join that was refused or given up, and closed then. Should be few.",
            width=12,
        ),
        timeline(
            "Reports of browsers a minute, by cause",
            Query(per_minute("duologue_client_reports_total", by="cause"), "{{cause}}"),
            about="Something was wrong there; the log has each (`client_diagnostics`). `mismatch` should be 0.",
            width=12,
        ),
        timeline(
            "Pairs that ended by their media, a minute",
            Query(per_minute("duologue_pairs_ended_total", 'reason="media_failed"', by="phase"), "while {{phase}}"),
            about="Before the talk (`matched`), or in it (`talking`).",
            width=12,
        ),
        timeline(
            "Matches that wait for a join slot",
            Query(some("duologue_held_matches"), "matches"),
            Query(some("duologue_paused_people", by="why"), "people: {{why}}"),
            about="And people who cannot be matched meanwhile. Stays above 0: add media servers, or allow them more.",
            to="matching",
            width=12,
        ),
    ),
)

SERVERS: Row = (
    "Media servers",
    (
        timeline(
            "Works, by server",
            Query("max by (node) (duologue_media_node_up)", "{{node}}"),
            about="1 works, 0 does not.",
            most=1,
        ),
        timeline(
            "Join slots a second, by server",
            Query("max by (node) (duologue_media_node_slots_per_second)", "{{node}}"),
            about="How many pairs each may start.",
        ),
        timeline(
            "Requests to media servers, a second",
            Query(per_second("duologue_media_call_seconds_count", by="call"), "{{call}}"),
            about="A room is made and deleted for each pair.",
            unit="cps",
        ),
        timeline(
            "Requests to media servers, 99 %",
            Query(quantile(0.99, "duologue_media_call_seconds", by="call"), "{{call}}"),
            about="How long they take.",
            unit="s",
        ),
        timeline(
            "Requests that failed, a second",
            Query(per_second("duologue_media_call_errors_total", by="call"), "{{call}}"),
            about="Normal: 0.",
            unit="cps",
        ),
        timeline(
            "Rooms, a minute",
            Query(per_minute("duologue_zombie_rooms_total"), "without a pair, deleted"),
            Query(per_minute("duologue_rooms_lost_total"), "gone under their pair"),
            about="Normal: 0, but after something was killed.",
        ),
        timeline(
            "Webhooks a second",
            Query(per_second("duologue_webhooks_total", by="verdict"), "{{verdict}}"),
            about="By what became of them. None at all: the media servers do not know where to send them.",
            unit="cps",
            width=12,
        ),
        timeline(
            "Requests that failed, of all",
            Query(
                share(rate("duologue_media_call_errors_total"), rate("duologue_media_call_seconds_count")),
                "failed",
            ),
            about="Normal: 0.",
            unit="percentunit",
            most=1,
            width=12,
        ),
    ),
)

BOARD = board(
    "media",
    "From a match to a picture: how long it takes, what fails, and how the media servers are.",
    NUMBERS,
    PROMISE,
    TALKS,
    SERVERS,
)
