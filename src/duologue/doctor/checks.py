"""The checks of `duologue doctor`. A new one is a function like these, and a line here."""

from __future__ import annotations

from typing import Final

from duologue.doctor.call_webhooks import examine_call_webhooks
from duologue.doctor.configuration import examine_configuration
from duologue.doctor.database import examine_database
from duologue.doctor.livekit import examine_livekit
from duologue.doctor.redis import examine_redis
from duologue.doctor.run import Check
from duologue.doctor.system import examine_files, examine_key, examine_ports, examine_state
from duologue.doctor.webhook import examine_webhook

CHECKS: Final = (
    Check("configuration", examine_configuration),
    Check("machine", examine_files),
    Check("machine", examine_ports),
    Check("machine", examine_state),
    Check("machine", examine_key),
    Check("Redis", examine_redis, within_s=15),
    Check("database", examine_database),
    Check("LiveKit", examine_livekit, within_s=20),
    Check("LiveKit", examine_webhook, within_s=20),
    Check("calls", examine_call_webhooks),
)
