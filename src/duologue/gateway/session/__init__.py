"""One client's session as a state machine: `Session.handle(event, now_ms)` gives the commands to carry out.

    opened -> entering -> live -> over
      ^________|  ^________v
               standby (another session of the same person is the active one)

`machine.py` hands each event to the handler of the state; all handlers are functions over what the session
remembers of its client (`client.py`).

    entry.py      opened and entering: from hello over the token to ready
    live.py       live: what happens to the session that speaks for its person
    requests.py   what a client may ask for, how often, and what becomes of it
    news.py       from what the ledger tells to pushes
    calling.py    direct calls, in the words of the client
    standby.py    giving way to another session, and taking over again
    due.py        what the passing of time brings
    always.py     what every state does alike, such as passing on the outcome of a command
    ending.py     closing, and departing once the socket is gone
    replies.py    how a command is refused
    meters.py     how fast one client may speak

Pure, so every order of events can be tested and simulated; `gateway/connection.py` does what it says.
"""

from duologue.gateway.session.client import State
from duologue.gateway.session.machine import Session

__all__ = ["Session", "State"]
