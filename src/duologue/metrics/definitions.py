"""Every figure that a process of ours tells: its name, its unit, its labels. `docs/reference/metrics.md` is made of it.

Names end in their unit (seconds, bytes, total). A label has few values, and none is a stranger's: those of an
enumeration of ours, or the first so many that an operator or a client brings (`bounded.py`). Nothing here tells who
somebody is or what they say.

Whoever knows that something happened counts it here, in a line; what *is* the case is asked for when somebody looks
(`Sampled`). Must not know who reads it (`exposition.py`), and no part of the pure core may import it.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Info

from duologue.metrics.counted import Counter, Histogram
from duologue.metrics.figure import REGISTRY
from duologue.metrics.sampled import Sampled

LABELS: Mapping[str, str] = {
    "answer": "`ok`, `gone`, or an error code of the protocol",
    "bound": "`http_connections`, `news`, `pending_commands`, `queue`, `refused_sockets`, `sockets`, "
    "`store_questions`, `webhooks_out` or `write_buffer`",
    "by": "`client` or `server`",
    "call": "`open_room`, `close_room` or `rooms`",
    "cause": "of media failures: `device`, `timeout`, `refused`, `network`, `removed` or `missing`; of client reports: "
    "`connect_timeout`, `connect_failed`, `reconnect_timeout`, `lost`, `mismatch` or `leaked`; of both: `other`",
    "code": "a close code of the protocol, a standard one, or `other`",
    "cohort": "tenant:mode:age_band:trust_pool; the first 100, then `other`",
    "command": "a command of the protocol",
    "doing": "`opened`, `entering`, `idle`, `waiting`, `ringing`, `matched`, `talking`, `standby` or `over`",
    "event": "an event of `media`, or `built` and `leaked`",
    "generation": "0, 1 or 2",
    "kind": "of sessions: `new`, `resumed` or `standby`; of stores: `memory` or `redis`; of errors: a word such as "
    "`timeout`, `connection`, `oom`, `readonly`",
    "lease": "`shard`, `nodes` or `reaper`",
    "limit": "`accept`, `blocks`, `chat`, `diagnostics`, `find`, `guest` or `message`; with `shared_` before it, over "
    "all connections",
    "mode": "`video`, `voice` or `text`",
    "node": "a media server by its name; the first 100, then `other`",
    "outcome": "`cancelled`; of waits also `matched` or `gone`; of calls also `accepted`, `declined`, `missed`, `busy` "
    "or `lost`",
    "phase": "`matched` or `talking`",
    "reason": "`next`, `left`, `lost` or `media_failed`",
    "result": "`committed`, `rejected`, `no_slot`, `deposed` or `unknown`",
    "route": "a route of ours, or `none`",
    "status": "an HTTP status",
    "verdict": "of webhooks that come: `taken`, `repeated`, `flood`, `unavailable`, or why it was refused; that go "
    "out: `delivered`, `failed`, `given_up`, `outdated` or `dropped`",
    "where": "`task`, `loop`, `session` or `http`",
    "why": "`media_down`, `media_busy` or `matching_down`",
}
"""What values each label has. All are few."""

# Upper bounds of buckets, in seconds.
WAIT_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
MATCH_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ESTABLISH_S = (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 10, 15)
TALK_S = (1, 3, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
CALL_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)
CALL_DELAY_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600)
RING_S = (1, 2, 5, 10, 15, 20, 30, 45, 60, 120)
PAUSE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

# -- matching: told by the matcher that owns the cohort -------------------------------------------------------------

QUEUE_PEOPLE = Sampled("duologue_queue_people", "People who wait, as the owner of the cohort sees it.", ["cohort"])
HELD_MATCHES = Sampled(
    "duologue_held_matches", "Matches that wait for a join slot: pairs that could talk already.", ["cohort"]
)
SHARDS_OWNED = Sampled("duologue_shards_owned", "Cohorts that this matcher owns.")
SHARD_LAG_SECONDS = Sampled(
    "duologue_shard_lag_seconds",
    "Since the owner of a cohort last read its queue; it does so twice a second.",
    ["cohort"],
)
MATCH_SECONDS = Histogram(
    "duologue_match_seconds", "From when two who fit both waited to the pair in the store.", buckets=MATCH_S
)
WAIT_SECONDS = Histogram(
    "duologue_wait_seconds",
    "How long a person had waited when it ended: matched, cancelled, or gone (their socket went).",
    ["outcome"],
    buckets=WAIT_S,
)
COMMITS = Counter(
    "duologue_commits_total",
    "Matches brought to the store: committed, rejected (somebody was gone or had changed), no_slot, deposed, unknown.",
    ["result"],
)
LEASE_MOVES = Counter("duologue_lease_moves_total", "Leases that this process took over, by what for.", ["lease"])

# -- pairs ----------------------------------------------------------------------------------------------------------

PAIRS_FORMED = Counter("duologue_pairs_formed_total", "Pairs made of matches.", ["mode"])
PAIRS_ENDED = Counter(
    "duologue_pairs_ended_total",
    "Pairs that ended, by why, and whether they had talked by then (phase: matched or talking).",
    ["mode", "phase", "reason"],
)
TALK_SECONDS = Histogram("duologue_talk_seconds", "How long a talk lasted.", ["mode"], buckets=TALK_S)
ESTABLISH_SECONDS = Histogram(
    "duologue_establish_seconds",
    "From the pair in the store to both sides connected, once a pair.",
    ["mode"],
    buckets=ESTABLISH_S,
)

# -- media ----------------------------------------------------------------------------------------------------------

MEDIA_CONNECT_SECONDS = Histogram(
    "duologue_media_connect_seconds",
    "From the pair in the store to one side's word that its media is up.",
    ["mode"],
    buckets=ESTABLISH_S,
)
MEDIA_FAILURES = Counter("duologue_media_failures_total", "Sides that gave up on their media, by cause.", ["cause"])
FIRST_FRAME_SECONDS = Histogram(
    "duologue_first_frame_seconds",
    "From `matched` to the first picture of the partner, as clients say.",
    buckets=ESTABLISH_S,
)
MEDIA_EVENTS = Counter(
    "duologue_media_events_total",
    "What clients say of their media, each once in a pair: connected, failed, reconnecting, mismatch, first_frame.",
    ["event"],
)
PEER_CONNECTIONS = Counter(
    "duologue_peer_connections_total",
    "RTCPeerConnections as clients say: built, and leaked (found alive when all should be closed, and closed).",
    ["event"],
)
CLIENT_REPORTS = Counter(
    "duologue_client_reports_total",
    "Reports of clients in which something was wrong, by cause; the log has each (`client_diagnostics`).",
    ["cause"],
)
MEDIA_NODE_UP = Sampled(
    "duologue_media_node_up", "Whether a media server works, as the process that watches them sees it.", ["node"]
)
MEDIA_NODE_SLOTS = Sampled(
    "duologue_media_node_slots_per_second", "Pairs that a media server may start in a second.", ["node"]
)
MEDIA_CALL_SECONDS = Histogram("duologue_media_call_seconds", "Requests to media servers.", ["call"], buckets=CALL_S)
MEDIA_CALL_ERRORS = Counter("duologue_media_call_errors_total", "Requests to media servers that failed.", ["call"])
ZOMBIE_ROOMS = Counter("duologue_zombie_rooms_total", "Rooms that no pair owned, deleted by the sweep.")
ROOMS_LOST = Counter("duologue_rooms_lost_total", "Pairs that ended because their room was gone.")
WEBHOOKS = Counter("duologue_webhooks_total", "Webhooks of media servers, by what became of them.", ["verdict"])

# -- people and their sockets: told by gateways ---------------------------------------------------------------------

PEOPLE = Sampled("duologue_people", "Sessions on this gateway by what they do.", ["doing"])
PAUSED_PEOPLE = Sampled(
    "duologue_paused_people", "Of those who wait: who cannot be matched at the moment, by why.", ["why"]
)
SOCKETS = Sampled("duologue_sockets", "Open WebSockets.")
SOCKETS_MOST = Sampled("duologue_sockets_most", "WebSockets that this gateway takes at most.")
SESSIONS_STARTED = Counter(
    "duologue_sessions_started_total", "Sessions that came in: new, resumed, or to stand by.", ["kind"]
)
SOCKETS_CLOSED = Counter(
    "duologue_sockets_closed_total",
    "WebSockets that ended, by close code, and who closed (by: client or server).",
    ["code", "by"],
)
COMMANDS = Counter(
    "duologue_commands_total",
    "What clients asked for, by kind and answer: ok, or the code of the error.",
    ["command", "answer"],
)
COMMAND_SECONDS = Histogram("duologue_command_seconds", "From a command to its answer.", ["command"], buckets=CALL_S)
OUTBOX_DELAY_SECONDS = Histogram(
    "duologue_outbox_delay_seconds",
    "From the pair in the store to the gateway that tells it (their clocks have to agree).",
    buckets=CALL_S,
)
OUTBOX_AGE_SECONDS = Sampled(
    "duologue_outbox_age_seconds", "Since this gateway last got an answer about its news; at most 5 s are in order."
)

# -- the store ------------------------------------------------------------------------------------------------------

STORE = Sampled("duologue_store_info", "The store in use; it is 1 for `redis` or `memory`.", ["kind"])
STORE_SILENT_SECONDS = Sampled(
    "duologue_store_silent_seconds", "Since the store last answered; it is asked every second."
)
STORE_SECONDS = Histogram(
    "duologue_store_seconds", "From a batch of questions to the store to its answers.", buckets=CALL_S
)
STORE_ERRORS = Counter("duologue_store_errors_total", "Errors of the store, by kind.", ["kind"])
STORE_RETRIES = Counter(
    "duologue_store_retries_total", "Transitions decided again because something had changed meanwhile."
)
DATABASE_ERRORS = Counter("duologue_database_errors_total", "Questions to the database of blocks that failed.")

# -- direct calls ---------------------------------------------------------------------------------------------------

CALLS = Counter("duologue_calls_total", "Direct calls that ring no more, by how that came.", ["outcome"])
RING_SECONDS = Histogram("duologue_ring_seconds", "How long direct calls rang.", buckets=RING_S)
WEBHOOKS_SENT = Counter(
    "duologue_webhooks_sent_total",
    "What servers of the operator were to hear of calls: delivered, given_up, outdated (it rang no more), dropped (too "
    "many, or a stop). `failed` are attempts, after which there may be another.",
    ["verdict"],
)
WEBHOOK_DELAY_SECONDS = Histogram(
    "duologue_webhook_delay_seconds",
    "From what happened to a call until a server of the operator had heard of it.",
    buckets=CALL_DELAY_S,
)

# -- limits and bounds ----------------------------------------------------------------------------------------------

LIMITED = Counter("duologue_limited_total", "What a rate limit refused, by limit.", ["limit"])
BOUNDS_HIT = Counter("duologue_bounds_hit_total", "How often a queue, a buffer or a map was full, by which.", ["bound"])

# -- HTTP -----------------------------------------------------------------------------------------------------------

HTTP_REQUESTS = Counter("duologue_http_requests_total", "Requests by route and status.", ["route", "status"])

# -- the process ----------------------------------------------------------------------------------------------------

BUILD = Info("duologue_build", "What runs here: version, role and name of the process.", registry=REGISTRY)
READY = Sampled("duologue_ready", "Whether this process can serve.")
LOOP_LAG_SECONDS = Histogram(
    "duologue_loop_lag_seconds", "How late the event loop was, four times a second.", buckets=PAUSE_S
)
GC_PAUSE_SECONDS = Histogram(
    "duologue_gc_pause_seconds", "Pauses of the garbage collector.", ["generation"], buckets=PAUSE_S
)
DEFECTS = Counter(
    "duologue_defects_total",
    "Things that nobody foresaw: a task, a loop, a session or a request that failed. The log has each.",
    ["where"],
)
