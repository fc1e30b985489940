"""The outside world as the roles see it. Each docstring is a contract; `tests/contract/` holds stores to it.

    clock.py      time, and chance
    store.py      the ledger: what must be one truth, its nodes, its news, and what there is to see
    presence.py   its part about who is here
    tickets.py    who waits
    pairs.py      who talks with whom
    calls.py      who calls whom
    safety.py     what must outlive the ledger
    limiter.py    rates across connections and processes
    media.py      media servers
    keys.py       where integrators publish their keys

Only `app/` and the simulation know which adapter is behind a port.
"""

from duologue.ports.calls import CallStore
from duologue.ports.clock import Clock, Rng
from duologue.ports.keys import KeySource
from duologue.ports.limiter import Limiter
from duologue.ports.media import Media, Room, Webhook, WebhookKind, WebhookRefused
from duologue.ports.pairs import PairStore
from duologue.ports.presence import PresenceStore
from duologue.ports.safety import SafetyStore
from duologue.ports.store import LookingStore, NodeStore, Outbox, ResyncNeeded, Store
from duologue.ports.tickets import TicketStore

__all__ = [
    "CallStore", "Clock", "KeySource", "Limiter", "LookingStore", "Media", "NodeStore", "Outbox", "PairStore",
    "PresenceStore", "ResyncNeeded", "Rng", "Room", "SafetyStore", "Store", "TicketStore", "Webhook", "WebhookKind",
    "WebhookRefused",
]  # fmt: skip
