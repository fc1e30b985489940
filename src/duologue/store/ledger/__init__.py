"""The ledger: what is true about people and pairs, and how it may change. Pure, and the same in every store.

A store brings the records that a transition asks for, runs the transition (`transitions.py`) on them, and keeps what
it changed and said, whole or not at all: `store/memory` because nothing awaits in between, `store/redis` because one
script writes only if all that was read is still as it was read. So what a command means is written once.

    records.py      what is kept, and what a transition may ask a store for
    ledger.py       the steps that transitions are made of: queue, news, pairs
    ringing.py      the steps of calls
    nodes.py        the media nodes
    transitions.py  one method for each transition of `ports.Store`, of these parts:
      presence.py   who is here: arrivals, departures, gateways, what runs out
      queue.py      who waits, and how two who wait become a pair
      talks.py      what people do in a pair, and how they go on
      returning.py  going back to the last partner
      calling.py    who calls whom, and what becomes of it
      rooms.py      what media servers do with it
      blocking.py   who does not want to meet whom
      leases.py     what one process at a time looks after
    transition.py   how one is run: late callers, requests that are repeated, lives of the store
    vouching.py     what gateways tell a store that knows less than they

It must not know ports that await, Redis, or readers that wait.
"""

from duologue.store.ledger.ledger import Ledger
from duologue.store.ledger.records import Records
from duologue.store.ledger.transition import Terms
from duologue.store.ledger.transitions import Transitions

__all__ = ["Ledger", "Records", "Terms", "Transitions"]
