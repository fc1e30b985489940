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
    LIVEKIT_CUT = "The connections to LiveKit's signalling break, and new ones can be had at once"
    RESUME_SPENT = "Her connection breaks, and what she could resume by is not taken any more"
    TOKEN_ENDS = "Her session token ends in the middle of the talk"
    TOKEN_ENDED = "Her session token has ended since they met, and then her connection breaks"
    TOKEN_LATE = "Her session token ends, and no newer one can be had"
    MEDIA_TOKEN_CUT = "The media tokens have ended since they met, and the connections to LiveKit's signalling break"
    MEDIA_TOKEN_UDP = "Her media token has ended since they met, and picture and sound do not get through for 20 s"
    FROZEN = "Nothing of her page runs for 10 s, as in the background of a phone"
    HIDDEN = "Her page is hidden for 70 s, and its timers run once a minute"
    CACHED = "She goes to another page, and back"
    NEXT = "She presses Next while they connect"
    STOP = "She presses Stop while they connect"
    VANISH = "She leaves the page while they connect"
    BOTH_NEXT = "Both press Next at once"
    NEXT_20 = "She presses Next twenty times in a second"
    BACK = "She presses Next, and both go back"
    SECOND_TAB = "She opens the page in a second tab, and then goes on in the first"
    SKEW = "Her clock is ten minutes fast, and Ben's connection breaks"


SIGNAL = "tests/e2e/faults/test_signal.py::test_whose_signal_breaks_is_back_where_they_were"
NETWORK = "tests/e2e/faults/test_network.py::test_whose_network_dies_is_told_and_talks_again"
PEOPLE = "tests/e2e/faults/test_people.py::test_whatever_befell_them_they_talk_in_the_end"
SECOND_TAB = "tests/e2e/faults/test_people.py::test_a_second_tab_takes_the_talk_over_and_gives_it_back"
TOKENS = "tests/e2e/faults/test_tokens.py::test_a_token_that_ends_costs_nobody_the_talk"
CACHED = "tests/e2e/faults/test_people.py::test_a_page_from_the_cache_of_the_browser_goes_on"
SKEW = "tests/e2e/faults/test_people.py::test_a_wrong_clock_changes_no_countdown"
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
    Fault.LIVEKIT_CUT: PEOPLE,
    Fault.RESUME_SPENT: PEOPLE,
    Fault.TOKEN_ENDS: TOKENS,
    Fault.TOKEN_ENDED: TOKENS,
    Fault.TOKEN_LATE: TOKENS,
    Fault.MEDIA_TOKEN_CUT: PEOPLE,
    Fault.MEDIA_TOKEN_UDP: NETWORK,
    Fault.FROZEN: PEOPLE,
    Fault.HIDDEN: PEOPLE,
    Fault.CACHED: CACHED,
    Fault.NEXT: PEOPLE,
    Fault.STOP: PEOPLE,
    Fault.VANISH: PEOPLE,
    Fault.BOTH_NEXT: PEOPLE,
    Fault.NEXT_20: PEOPLE,
    Fault.BACK: PEOPLE,
    Fault.SECOND_TAB: SECOND_TAB,
    Fault.SKEW: SKEW,
}
REMARKS = {
    Fault.SIGNAL_CUT: "As where a proxy or a gateway is started anew.",
    Fault.SIGNAL_DOWN: "She tries again and again, each time after a longer while: of 20 s at most, "
    "and no longer than her seat is held.",
    Fault.SIGNAL_SILENT: "As where a router forgot her.\n"
    "Both sides find out by the heartbeat: within 35 s as shipped, within 5 s in this test.",
    Fault.SIGNAL_GONE: "A seat is held for 15 s; the test waits for 17 s.\n"
    "Picture and sound end 2 s after the seat: if she is back only after that, she is told so, and searches on.",
    Fault.UDP_3S: "The picture stands still, and goes on.",
    Fault.UDP_20S: "The browser sees it after 5 to 8 s, and then she is told.\n"
    "From there on the connection has 20 s to come back.\n"
    "Ben's client asks his browser every 3 s what came; when twice in a row it was nothing of her, he is told.",
    Fault.UDP_GONE: "As where a firewall begins to drop UDP; in the test for 35 s.",
    Fault.NETWORK_3S: "Nobody tells the browser, all it sees is silence.",
    Fault.NETWORK_20S: "Once the browser sees that picture and sound are gone, the connection to the gateway is "
    "asked for a sign of life, too.",
    Fault.NETWORK_GONE: "In the test for 40 s.",
    Fault.LIVEKIT_CUT: "As where its proxy is started anew.",
    Fault.RESUME_SPENT: "As after a long sleep: she comes in with a new token, as the same person.",
    Fault.TOKEN_ENDS: "One lasts an hour as shipped, and 6 s in this test.\n"
    "Her client hands a newer one in before, in the last third of that time.",
    Fault.TOKEN_ENDED: "By what she got with the newer token, she comes back.",
    Fault.TOKEN_LATE: "The server closes her connection when the token ends; with the next token she has her seat.",
    Fault.MEDIA_TOKEN_CUT: "They are good for 90 s, which the test waits for.\n"
    "LiveKit gives newer ones to those who are in a room, and by those they come back.",
    Fault.MEDIA_TOKEN_UDP: "The same, where the media connection has to be made anew.",
    Fault.FROZEN: "The server lets go of her connection; back in time, she has her seat.\n"
    "In the test a loop keeps the page from running: a Chromium without a window freezes none.",
    Fault.HIDDEN: "Browsers do that after some minutes.\n"
    "What comes by the network is heard at once, so nobody is away.\n"
    "In the test the page is told so, and its timers are late by a script.",
    Fault.CACHED: "The browser kept the page as it was, but for its connection.",
    Fault.NEXT: "Nobody else is there, so they meet again.",
    Fault.STOP: "Then she searches again.",
    Fault.VANISH: "A page that goes says no goodbye, because a reload looks the same: her seat is held for 5 s.\n"
    "Where connecting took more than 5 s by then, the deadline of the pair comes first, and they stay apart for 30 s.",
    Fault.BOTH_NEXT: "Nobody else is there, so they meet again, once.",
    Fault.NEXT_20: "Only the first finds a talk to end. Nobody else is there, so they meet again.",
    Fault.BACK: "Both pictures come back, too.",
    Fault.SECOND_TAB: "A copied tab is the same person.\n"
    "The first one says so, and takes the talk back when she presses its button.",
    Fault.SKEW: "Instants come with the server's clock, and the client knows the difference.",
}

RECONNECTING = Notice("reconnecting", ("connection.offline", "connection.now"))
PEER_AWAY = Notice("peer-away", ("lost.title",), most_s=SEAT_S + 1)  # the clocks differ by the way of a message
PEER_LOST = Notice("ended-line", ("ended.peer.lost",))
PEER_WITHOUT_MEDIA = Notice("ended-line", ("ended.peer.media_failed",))
PEER_SILENT = Notice("peer-silent", ("lost.silent",))
MEDIA_AWAY = Notice("media-away", ("lost.media",))
MY_MEDIA_FAILED = Notice("ended-line", ("ended.me.media_failed",))
PAUSED = Notice("paused", ("searching.paused.your_media",))
PEER_NEXT = Notice("ended-line", ("ended.peer.next",))
PEER_LEFT = Notice("ended-line", ("ended.peer.left",))
REPLACED = Notice("refused", ("refused.replaced.title",))
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
    *signal(Fault.SIGNAL_CUT, 5, PEER_AWAY, State.SEARCHING, State.CONNECTING, State.TALKING),
    *signal(Fault.SIGNAL_DOWN, 20, PEER_AWAY),
    *signal(Fault.SIGNAL_SILENT, 8, PEER_AWAY._replace(perhaps=True), State.TALKING),
    Case(Fault.SIGNAL_GONE, State.IDLE, 20),
    Case(Fault.SIGNAL_GONE, State.SEARCHING, 20),
    Case(Fault.SIGNAL_GONE, State.ENDED, 20),
    Case(
        Fault.SIGNAL_GONE,
        State.TALKING,
        20,
        (RECONNECTING, MEDIA_AWAY._replace(perhaps=True), TALK_OVER._replace(perhaps=True)),
        (PEER_AWAY, PEER_LOST),
        new_talk=True,
    ),
    Case(Fault.UDP_3S, State.TALKING, 5, (), daily=True),
    Case(Fault.UDP_20S, State.TALKING, 20, (MEDIA_AWAY,), (PEER_SILENT,)),
    Case(
        Fault.UDP_GONE,
        State.TALKING,
        20,
        (MEDIA_AWAY, MY_MEDIA_FAILED, PAUSED),
        (PEER_SILENT, PEER_WITHOUT_MEDIA),
        new_talk=True,
    ),
    Case(Fault.NETWORK_3S, State.TALKING, 5, ()),
    Case(
        Fault.NETWORK_20S,
        State.TALKING,
        10,
        (MEDIA_AWAY, RECONNECTING),
        (PEER_SILENT._replace(perhaps=True), PEER_AWAY),
    ),
    Case(
        Fault.NETWORK_GONE,
        State.TALKING,
        20,
        (MEDIA_AWAY, RECONNECTING),
        (PEER_SILENT._replace(perhaps=True), PEER_AWAY, PEER_LOST),
        new_talk=True,
    ),
    Case(Fault.LIVEKIT_CUT, State.TALKING, 10, (MEDIA_AWAY,), (MEDIA_AWAY,), daily=True),
    Case(Fault.RESUME_SPENT, State.TALKING, 10, (RECONNECTING,), (PEER_AWAY,), daily=True),
    Case(Fault.TOKEN_ENDS, State.TALKING, 5, ()),
    Case(Fault.TOKEN_ENDED, State.TALKING, 10, (RECONNECTING,), (PEER_AWAY,), daily=True),
    Case(Fault.TOKEN_LATE, State.TALKING, 10, (RECONNECTING,), (PEER_AWAY,)),
    Case(Fault.MEDIA_TOKEN_CUT, State.TALKING, 10, (MEDIA_AWAY,), (MEDIA_AWAY,)),
    Case(Fault.MEDIA_TOKEN_UDP, State.TALKING, 20, (MEDIA_AWAY,), (PEER_SILENT,)),
    Case(Fault.FROZEN, State.TALKING, 10, (RECONNECTING,), (PEER_AWAY,)),
    Case(Fault.HIDDEN, State.TALKING, 10, ()),
    Case(Fault.CACHED, State.SEARCHING, 10, daily=True),
    Case(Fault.NEXT, State.CONNECTING, 15, (), (PEER_NEXT,), new_talk=True, daily=True),
    Case(Fault.STOP, State.CONNECTING, 15, (), (PEER_LEFT,), new_talk=True),
    Case(Fault.VANISH, State.CONNECTING, 20, (), (PEER_LOST,), new_talk=True),  # races the pair's deadline of 10 s
    Case(Fault.BOTH_NEXT, State.TALKING, 15, (), (), new_talk=True, daily=True),
    Case(Fault.NEXT_20, State.TALKING, 15, (), (PEER_NEXT,), new_talk=True, daily=True),
    Case(Fault.BACK, State.TALKING, 10, (), (PEER_NEXT,), new_talk=True),
    Case(Fault.SECOND_TAB, State.TALKING, 20, (REPLACED,), daily=True),
    Case(Fault.SKEW, State.TALKING, 10, (PEER_AWAY,), (RECONNECTING,), daily=True),
)

ELSEWHERE = (
    (
        "A gateway is killed in a talk",
        "its own people are told that they reconnect, and are back in the talk; the partner notices nothing",
        "tests/e2e/test_serve.py::test_a_killed_gateway_costs_its_own_people_a_moment",
    ),
    (
        "Gateways are replaced one after the other in a talk (drain)",
        "both move to the new ones, and the talk goes on",
        "tests/e2e/test_serve.py::test_a_gateway_that_is_replaced_sends_its_people_elsewhere",
    ),
    (
        "LiveKit is killed in a talk",
        "within 3 s both are told that it was the server, and meet again by themselves",
        "tests/e2e/test_livekit_killed.py::test_a_killed_livekit_costs_the_talk_and_no_more",
    ),
    (
        "Redis falls silent in a talk",
        "picture and sound go on; a line that is not delivered is marked so",
        "tests/e2e/test_serve.py::test_a_silent_redis_costs_the_chat_and_not_the_talk",
    ),
    (
        "A camera is unplugged in a talk",
        "both are told, sound and text go on, and the picture comes back with the camera",
        "tests/e2e/test_devices.py::test_an_unplugged_camera_costs_the_picture_and_no_more",
    ),
    (
        "A network never lets UDP through",
        "who has it is told, and others do not wait for them twice",
        "tests/e2e/test_udp_blocked.py::test_who_gets_no_media_is_told_and_nobody_waits_for_them_twice",
    ),
    (
        "LiveKit refuses the token of a join, or the room is gone",
        "nothing is left of the join; the session ends that pair as for any join that failed",
        "tests/e2e/test_failed_joins.py::test_a_refused_token_leaves_nothing",
    ),
)
"""What other tests show: the fault, what is seen of it, the test."""
