"""Every way in which the ledger may change: one method for each transition of `ports.Store`, by the same name.

Each runs from beginning to end on records that are as they are at one instant; `port.py` says how a store sees to
that. It may be run again on fresher records, so it changes nothing but what it was given.
"""

from __future__ import annotations

from duologue.store.ledger.blocking import Blocking
from duologue.store.ledger.calling import Calling
from duologue.store.ledger.looking import Looking
from duologue.store.ledger.returning import Returning
from duologue.store.ledger.rooms import Rooms
from duologue.store.ledger.talks import Talks


class Transitions(Calling, Talks, Returning, Blocking, Rooms, Looking):
    """The transitions over one set of records."""
