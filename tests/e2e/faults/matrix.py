"""Each fault, where it finds people, what they are told of it, and how it ends. Data only.

The tests of this folder make each of them happen and hold them to it; `docs/explanation/faults.md` is written from it
(`make generate`). Ana is the one whom it befalls, Ben her partner or whoever else is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tests.e2e.faults.notices import Notice

SEAT_S = 15
"""How long a seat is held, as shipped."""


class State(Enum):
    """Where a fault finds somebody, by what the page calls it."""

    IDLE = "start"
    SEARCHING = "searching"
    CONNECTING = "connecting"
    TALKING = "talking"
    ENDED = "ended"


class Fault(Enum):
    """What happens, in the words of the documentation."""

    SIGNAL_CUT = "Her connection to the gateway breaks, and a new one can be had at once"
    SIGNAL_DOWN = "The gateway cannot be reached for 3 s"
    SIGNAL_SILENT = "Her connection to the gateway is dead, and nobody is told"
    SIGNAL_GONE = "The gateway cannot be reached for longer than her seat is held"
    UDP_3S = "Picture and sound do not get through for 3 s"
    UDP_20S = "Picture and sound do not get through for 20 s"
    UDP_GONE = "Picture and sound do not get through any more"
    NETWORK_3S = "Her network is dead for 3 s"
    NETWORK_20S = "Her network is dead for 20 s"
    NETWORK_GONE = "Her network is dead for longer than her seat is held"


SIGNAL = "tests/e2e/faults/test_signal.py::test_whose_signal_breaks_is_back_where_they_were"
NETWORK = "tests/e2e/faults/test_network.py::test_whose_network_dies_is_told_and_talks_again"
SHOWN_BY = {
    Fault.SIGNAL_CUT: SIGNAL,
    Fault.SIGNAL_DOWN: SIGNAL,
    Fault.SIGNAL_SILENT: SIGNAL,
    Fault.SIGNAL_GONE: SIGNAL,
    Fault.UDP_3S: NETWORK,
    Fault.UDP_20S: NETWORK,
    Fault.UDP_GONE: NETWORK,
    Fault.NETWORK_3S: NETWORK,
    Fault.NETWORK_20S: NETWORK,
    Fault.NETWORK_GONE: NETWORK,
}
REMARKS = {
    Fault.SIGNAL_CUT: "As where a proxy or a gateway is started anew.",
    Fault.SIGNAL_DOWN: "She tries again and again, each time after a longer while, of 20 s at most.",
    Fault.SIGNAL_SILENT: "As where a router forgot her.\n"
    "Both sides find out by the heartbeat: within 35 s as shipped, within 5 s in this test.",
    Fault.SIGNAL_GONE: "A seat is held for 15 s; the test waits for 17 s.",
    Fault.UDP_3S: "The picture stands still, and goes on.",
    Fault.UDP_20S: "The browser sees it after 5 to 8 s, and then she is told.\n"
    "From there on the connection has 20 s to come back; Ben sees a picture that stands still.",
    Fault.UDP_GONE: "As where a firewall begins to drop UDP; in the test for 35 s.",
    Fault.NETWORK_3S: "Nobody tells the browser, all it sees is silence.",
    Fault.NETWORK_20S: "Once the browser sees that picture and sound are gone, the connection to the gateway is "
    "asked for a sign of life, too.",
    Fault.NETWORK_GONE: "In the test for 40 s.",
}

RECONNECTING = Notice("reconnecting", ("connection.offline", "connection.now"))
PEER_AWAY = Notice("peer-away", ("lost.title",), most_s=SEAT_S + 1)  # the clocks differ by the way of a message
PEER_LOST = Notice("ended-line", ("ended.peer.lost",))
PEER_WITHOUT_MEDIA = Notice("ended-line", ("ended.peer.media_failed",))
MEDIA_AWAY = Notice("media-away", ("lost.media",))
MY_MEDIA_FAILED = Notice("ended-line", ("ended.me.media_failed",))
PAUSED = Notice("paused", ("searching.paused.your_media",))
TALK_OVER = Notice("ended-line", ("ended.by_server",))


@dataclass(frozen=True)
class Case:
    """One fault in one state."""

    fault: Fault
    state: State
    within_s: float
    """From the fault, or from its end where it has one, until all is well again."""
    ana: tuple[Notice, ...] = (RECONNECTING,)
    ben: tuple[Notice, ...] = ()
    new_talk: bool = False
    """They meet anew; otherwise each is where they were, a pair in the same talk."""
    daily: bool = False
    """Run by `make test`; the others by `make faults`."""

    def __str__(self) -> str:
        return f"{self.fault.name.lower()}-{self.state.name.lower()}"


def signal(fault: Fault, within_s: float, away: Notice, *daily: State) -> list[Case]:
    """The same in each state: she is back where she was, and a partner in a talk sees her away meanwhile."""
    return [
        Case(fault, state, within_s, ben=(away,) if state is State.TALKING else (), daily=state in daily)
        for state in State
    ]


CASES = (
    *signal(Fault.SIGNAL_CUT, 2, PEER_AWAY, *State),
    *signal(Fault.SIGNAL_DOWN, 20, PEER_AWAY),
    *signal(Fault.SIGNAL_SILENT, 8, PEER_AWAY._replace(perhaps=True), State.TALKING),
    Case(Fault.SIGNAL_GONE, State.IDLE, 20),
    Case(Fault.SIGNAL_GONE, State.SEARCHING, 20),
    Case(Fault.SIGNAL_GONE, State.ENDED, 20),
    Case(Fault.SIGNAL_GONE, State.TALKING, 20, (RECONNECTING, TALK_OVER), (PEER_AWAY, PEER_LOST), new_talk=True),
    Case(Fault.UDP_3S, State.TALKING, 5, (), daily=True),
    Case(Fault.UDP_20S, State.TALKING, 20, (MEDIA_AWAY,)),
    Case(
        Fault.UDP_GONE, State.TALKING, 20, (MEDIA_AWAY, MY_MEDIA_FAILED, PAUSED), (PEER_WITHOUT_MEDIA,), new_talk=True
    ),
    Case(Fault.NETWORK_3S, State.TALKING, 5, ()),
    Case(Fault.NETWORK_20S, State.TALKING, 10, (MEDIA_AWAY, RECONNECTING), (PEER_AWAY,)),
    Case(Fault.NETWORK_GONE, State.TALKING, 20, (MEDIA_AWAY, RECONNECTING), (PEER_AWAY, PEER_LOST), new_talk=True),
)
