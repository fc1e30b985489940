"""What a session holds its client to: times and limits, as values of the pure core."""

from __future__ import annotations

import msgspec

from duologue.safety.ratelimit import Rate


class Timing(msgspec.Struct, frozen=True):
    """The times of a session, in milliseconds; `settings.TimingSettings` explains each and checks their relations."""

    auth_ms: int = 10_000
    heartbeat_ms: int = 25_000
    pong_wait_ms: int = 10_000
    quiet_after_ms: int = 3_000
    resume_window_ms: int = 60_000
    seat_ms: int = 15_000
    seat_after_leaving_page_ms: int = 5_000
    first_news_ms: int = 1_500
    """By then a matcher has published fresh numbers."""
    news_ms: int = 5_000
    room_fallback_ms: int = 1_000


class Limits(msgspec.Struct, frozen=True):
    """How much one connection may send."""

    any: Rate = Rate(interval_ms=50, burst=60)
    find: Rate = Rate(interval_ms=2_000, burst=5)
    chat: Rate = Rate(interval_ms=100, burst=20)
    blocks: Rate = Rate(interval_ms=1_000, burst=10)
    """Each is asked of the database."""
    diagnostics: Rate = Rate(interval_ms=20_000, burst=5)
    """Each is a line of log."""
    buffered_news: int = 256
    """News kept while a session is still entering."""
