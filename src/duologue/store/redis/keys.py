"""The names of all keys, what is kept under them and for how long. Nothing else makes up a name.

Every key of a realm has the same hash tag, so a Cluster keeps them on one node: a transition touches several, and is
atomic. Growth is more realms, not more slots.
"""

from __future__ import annotations

import re
from typing import Final

from duologue.errors import StartupError
from duologue.ids import GatewayId, NodeName

DAY_MS: Final = 24 * 3_600_000

RECORD_TTL_MS: Final = {
    "person": DAY_MS,
    "pair": DAY_MS,
    "call": DAY_MS,
    "blocks": 7 * DAY_MS,
    "lease": DAY_MS,
    "gateway": 5 * 60_000,
    "nodes": None,
    "epoch": None,
    "shards": None,
}
"""By kind; each write starts it anew. None: for ever. A person who is connected for a day without doing anything, and a
talk of a day in which nobody writes, are forgotten: their session hears so, and comes in again."""
LONGEST_RECORD: Final = 1 << 20
"""Bytes; ours have a few thousand, and a thousand blocks some ten thousand. What is longer is not ours."""
INDEX_TTL_MS: Final = DAY_MS
"""Of what points to records; each addition starts it anew."""
STREAM_TTL_MS: Final = 10 * 60_000
"""Of queues and outboxes nobody appends to and nobody reads; readers keep theirs alive."""
STATUS_TTL_MS: Final = 60_000

PERMANENT: Final = frozenset({"nodes", "epoch", "shards", "due", "use", "format"})
"""What may be there when nobody is; bounded by what the operator configured, but for `due`, which empties itself."""

_REALM = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Keys:
    """The keys of one realm."""

    def __init__(self, realm: str) -> None:
        if not _REALM.fullmatch(realm):
            raise StartupError(f"redis.realm is {realm!r}: letters, digits, _ and -, at most 40 of them")
        self.prefix = f"{{{realm}}}:"
        self.format = f"{self.prefix}format"
        """In which form all of this is kept."""
        self.due = f"{self.prefix}due"
        """Sorted set: what expires when, by time. Members are `what:name`."""
        self.use = f"{self.prefix}use"
        """Hash: of each media node, `slots NAME` (when all are free again) and `pairs NAME` (how many it carries)."""
        self.gateways = f"{self.prefix}gateways"
        """Set: the gateways that live."""
        self.status = f"{self.prefix}status"
        """Hash: what matchers tell of each cohort."""

    def record(self, kind: str, name: str = "") -> str:
        """A record of the ledger: `VERSION LINK...`, a new line, JSON."""
        return f"{self.prefix}{kind}:{name}" if name else f"{self.prefix}{kind}"

    def of_person(self, name: str) -> tuple[str, ...]:
        """The records of one person."""
        return self.record("person", name), self.record("blocks", name)

    def outbox(self, gateway: GatewayId) -> str:
        """Stream: news for this gateway."""
        return f"{self.prefix}outbox:{gateway}"

    def queue(self, shard: str) -> str:
        """Stream: what happens in this shard."""
        return f"{self.prefix}queue:{shard}"

    def offered(self, shard: str) -> str:
        """Set: who is offered in this shard."""
        return f"{self.prefix}offered:{shard}"

    def people_on(self, gateway: GatewayId) -> str:
        """Set: who has a session on this gateway."""
        return f"{self.prefix}people:{gateway}"

    def pairs_on(self, node: NodeName) -> str:
        """Set: the pairs that this media node carries."""
        return f"{self.prefix}carried:{node}"

    def scratch(self, name: str) -> str:
        """What `duologue doctor` tries its hand on; gone when it has ended, and after a minute at the latest."""
        return f"{self.prefix}doctor:{name}"

    def rate(self, key: str) -> str:
        """A bucket of a rate limit."""
        return f"{self.prefix}rate:{key}"
