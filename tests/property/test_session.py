"""A session bears any order of events: clients, stores and timers need not behave."""

from __future__ import annotations

import typing
from collections import deque
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import msgspec
from hypothesis import given, settings

from duologue.calls.call import Call, Party
from duologue.gateway import events as ev
from duologue.gateway.board import Board
from duologue.gateway.session import Session
from duologue.gateway.terms import Limits
from duologue.ids import CallId, PairId, SessionId
from duologue.ledger import (
    Arrival,
    CallEnded,
    CallRings,
    Delivery,
    Dequeued,
    Dropped,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    Probe,
    Queued,
    Relayed,
    Ringing,
    RoomIsOpen,
    StandbyArrival,
    Superseded,
    TalkStarted,
    Waiting,
    WayBack,
)
from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.protocol.codes import CallEnd, CloseCode, EndReason, ErrorCode, Mode
from duologue.safety.ratelimit import UNLIMITED, Rate
from tests.builders import ANA, BEN, NOW, pair, ticket
from tests.property.messages import messages

PAIRS = [
    pair(mode, id=PairId(name), room_open=open_, talking_since_ms=None)
    for mode in (Mode.TEXT, Mode.VIDEO)
    for name in ("p1", "p2")
    for open_ in (False, True)
]
TURNED = [msgspec.structs.replace(each, sides=(each.sides[1], each.sides[0])) for each in PAIRS]
CREDENTIALS = s.Credentials("livekit", "ws://media", "token", ["p1-b"])
ERROR = s.CommandError(ErrorCode.UNAVAILABLE, "away", temporary=True, retry_after_ms=1_000)

pairs = st.sampled_from(PAIRS + TURNED)
names = st.sampled_from([PairId("p1"), PairId("p2")])
parties = st.sampled_from([(Party(ANA, "Heron"), Party(BEN, "Otter")), (Party(BEN, "Otter"), Party(ANA, "Heron"))])
calls = st.builds(
    lambda name, mode, two, for_ms: Call(CallId(name), mode, two[0], two[1], NOW, NOW + for_ms),
    st.sampled_from(["c1", "c2"]),
    st.sampled_from(Mode),
    parties,
    st.sampled_from([0, 60_000]),
)
waits = st.none() | st.just(ticket(ANA, rev=2))
states = (
    st.builds(Paired, pairs)
    | st.builds(Idle)
    | st.builds(Ringing, calls, waits)
    | st.builds(Waiting, st.just(ticket(ANA, rev=2)))
)
revs = st.integers(0, 12)
arrivals = st.builds(Arrival, st.integers(1, 9), revs, states, st.integers(0, 5))
tickets = st.none() | st.just(ticket(ANA, rev=3))
news: st.SearchStrategy[Any] = st.one_of(
    st.builds(Queued, st.just(ticket(ANA, rev=2))),
    st.builds(Dequeued),
    st.builds(PairFormed, pairs, st.integers(1, 5)),
    st.builds(RoomIsOpen, names),
    st.builds(TalkStarted, names, st.just(NOW)),
    st.builds(
        PairEnded,
        names,
        st.sampled_from(EndReason),
        st.sampled_from(["me", "peer", "server"]),
        tickets,
        st.none() | st.just(NOW + 5_000),
    ),
    st.builds(WayBack, names, st.none() | st.just(NOW + 5_000)),
    st.builds(CallRings, calls),
    st.builds(CallEnded, st.sampled_from([CallId("c1"), CallId("c2")]), st.sampled_from(CallEnd), tickets),
    st.builds(Relayed, st.builds(s.PeerTyping, names) | st.builds(Probe, names)),
    st.builds(Superseded),
    st.builds(Dropped),
)
replies = st.sampled_from([*Outcome, ERROR])
aimed = st.one_of(
    st.builds(c.Typing, names),
    st.builds(c.Auth, st.just("t")),
    st.builds(c.Resume, st.just("r")),
    st.builds(c.StandBy, st.just("t")),
)
me = st.just(s.Self(ANA, guest=True, facets={}))
entries = st.builds(ev.Entered, me, arrivals, st.just("r"), st.none() | st.just(NOW + 30_000))
stood_by = st.builds(
    ev.StoodBy, me, st.builds(StandbyArrival, st.integers(-9, -1), revs, st.none() | calls), st.just(NOW + 30_000)
)
events: st.SearchStrategy[Any] = st.one_of(
    st.builds(ev.Opened),
    st.builds(ev.Received, aimed | messages(typing.get_args(c.ClientMessage))),
    st.builds(ev.Violated, st.sampled_from(CloseCode), st.just("detail")),
    st.builds(ev.NotKnown, st.none() | st.just("1")),
    entries,
    stood_by,
    st.builds(ev.EntryRefused, st.sampled_from(CloseCode), st.just("no"), st.none() | st.integers(0, 9_000)),
    st.builds(ev.ResumeRefused),
    st.builds(ev.Answered, st.just("1"), replies),
    st.builds(ev.Refreshed, st.just("1"), st.just("r"), st.none() | st.just(NOW + 60_000)),
    st.builds(ev.NotTaken, st.just("1"), replies),
    st.builds(ev.LinkTold, st.just("1"), st.just("l")),
    st.builds(ev.Listed, st.just("1"), st.just([])),
    st.builds(ev.Delivered, st.builds(Delivery, st.just(SessionId("s1")), revs, news)),
    st.builds(ev.PeerSaid, st.builds(s.PeerTyping, names) | st.builds(Probe, names)),
    st.builds(ev.Placed, names, st.none() | st.just(CREDENTIALS)),
    st.builds(ev.Ticked),
    st.builds(ev.CutOff, st.sampled_from(CloseCode), st.none() | st.just(1_000)),
    st.builds(ev.Closed, st.sampled_from([1000, 1001, 1006])),
)
steps = st.lists(st.tuples(events, st.integers(0, 12_000)), max_size=40)
inside = st.builds(lambda entry: [(ev.Opened(), 0), (ev.Received(c.Auth("t")), 0), (entry, 0)], entries)
standing = st.builds(lambda entry: [(ev.Opened(), 0), (ev.Received(c.StandBy("t")), 0), (entry, 0)], stood_by)
taking_over = [
    (ev.Delivered(Delivery(SessionId("s1"), 99, Superseded())), 0),
    (ev.Received(c.Auth("t")), 0),
]
scripts = st.one_of(
    steps,
    st.builds(lambda start, rest: [*start, *rest], inside, steps),
    st.builds(lambda start, rest: [*start, *rest], standing, steps),
    st.builds(lambda start, rest: [*start, *taking_over, *rest], inside, steps),
)
"""From the very beginning, with somebody who came in, who stands by from the start, or who stood by and takes over."""
BUFFERED = 8


def awaited(session: Session, event: ev.Event) -> bool:
    """What the pump never does: an answer to a question that was not asked."""
    return (
        isinstance(event, ev.Entered | ev.StoodBy | ev.EntryRefused | ev.ResumeRefused | ev.NotTaken)
        and not session._client.in_flight
    )


@settings(max_examples=600, deadline=None)
@given(scripts)
def test_a_session_bears_any_order_of_events(script: list[tuple[ev.Event, int]]) -> None:
    """It never raises, says nothing after its end, departs at most once, and holds a bounded number of things."""
    limits = Limits(any=UNLIMITED, find=UNLIMITED, chat=UNLIMITED, buffered_news=BUFFERED)
    session = Session(SessionId("s1"), Board(), limits=limits)
    now_ms, over, departed, arrived = NOW, False, 0, False
    for event, pause_ms in script:
        now_ms += pause_ms
        if awaited(session, event):
            continue
        arrived = arrived or isinstance(event, ev.Entered | ev.StoodBy)
        commands = session.handle(event, now_ms)

        if over:
            assert all(isinstance(command, ev.Depart) for command in commands)
        over = over or isinstance(event, ev.Closed) or any(isinstance(command, ev.Close) for command in commands)
        departed += sum(isinstance(command, ev.Depart) for command in commands)
        assert departed <= arrived
        assert not (departed and session._client.in_flight), "who may still come in would come in after having left"
        assert len(commands) <= 3 + BUFFERED * 2
        assert len(session._client.timers) <= 4
        assert len(session._client.early or ()) <= BUFFERED
        assert session.deadline_ms is None or not over
        for command in commands:
            if isinstance(command, ev.Send):
                codec.decode_server(codec.encode(command.message))


@settings(max_examples=300, deadline=None)
@given(scripts, st.sampled_from([1000, 1001, 1006]))
def test_whoever_arrived_departs_in_the_end(script: list[tuple[ev.Event, int]], code: int) -> None:
    """Once the socket is gone and nothing is on the way, no seat is left without a term."""
    session = Session(SessionId("s1"), Board(), limits=Limits(any=UNLIMITED, buffered_news=BUFFERED))
    now_ms, arrived, departed = NOW, False, 0
    me = s.Self(ANA, guest=True, facets={})
    for event, pause_ms in [*script, (ev.Closed(code), 0), (ev.Entered(me, Arrival(9, 9, Idle(), 0), "r"), 0)]:
        now_ms += pause_ms
        if awaited(session, event):
            continue
        arrived = arrived or isinstance(event, ev.Entered | ev.StoodBy)
        departed += sum(isinstance(command, ev.Depart) for command in session.handle(event, now_ms))

    assert departed == arrived


@settings(max_examples=300, deadline=None)
@given(scripts)
def test_a_session_that_ticks_when_it_asked_to_comes_to_rest(script: list[tuple[ev.Event, int]]) -> None:
    """Whatever happened: its timers never ask for the past again and again."""
    session = Session(SessionId("s1"), Board(), limits=Limits(any=UNLIMITED, buffered_news=BUFFERED))
    now_ms = NOW
    for event, pause_ms in script:
        now_ms += pause_ms
        if not awaited(session, event):
            session.handle(event, now_ms)
        due_ms = session.deadline_ms
        if due_ms is not None and due_ms <= now_ms:
            session.handle(ev.Ticked(), now_ms)
            after_ms = session.deadline_ms
            assert after_ms is None or after_ms > now_ms


class Pump:
    """What stands around a session: a client that keeps to the protocol, and work that is done in order, some time."""

    def __init__(self) -> None:
        self.session = Session(SessionId("s1"), Board(), limits=LIMITS)
        self.now_ms = NOW
        self.asked: list[str] = []
        self.replied: list[str] = []
        self.over = False
        self.told: type[s.Ready | s.Standby] | None = None
        """How the client stands, by what it heard; None while its token is being checked."""
        self._work: deque[ev.SessionCommand] = deque()

    def handle(self, event: ev.Event, pause_ms: int = 0) -> None:
        """Something happens; what has to be done about it is done, or queued."""
        self.now_ms += pause_ms
        for command in self.session.handle(event, self.now_ms):
            match command:
                case ev.Send(s.Reply(id=id_)):
                    self.replied.append(id_)
                case ev.Send(s.Ready() | s.Standby() as told):
                    self.told = type(told)
                case ev.Close():
                    self.over = True
                case ev.TakeCall():
                    self.told = None
                    self._work.append(command)
                case ev.Enter() | ev.StandBy() | ev.Perform() | ev.Renew() | ev.ListBlocks() | ev.TellLink():
                    self._work.append(command)
                case ev.Place(of):
                    self.handle(ev.Placed(of.id, CREDENTIALS))

    def take_over(self) -> None:
        """The client wants to be the active session, if it is not."""
        if self.told is s.Standby:
            self.told = None
            self.handle(ev.Received(c.Auth("t")))

    def ask(self, message: c.ClientMessage) -> None:
        """The client speaks, once it is in; a command gets an id of its own."""
        if self.told is None:
            return
        if hasattr(message, "id"):
            message = msgspec.structs.replace(message, id=str(len(self.asked)))
            self.asked.append(message.id)
        self.handle(ev.Received(message))

    def work(self, outcome: Outcome | s.CommandError, entry: ev.Event) -> None:
        """The oldest of what was queued gets done."""
        match self._work.popleft() if self._work else None:
            case ev.Enter():
                self.handle(entry)
            case ev.StandBy():
                self.handle(ev.StoodBy(s.Self(ANA, guest=True, facets={}), StandbyArrival(-1, 5), NOW + 10**9))
            case ev.Perform(message) if hasattr(message, "id"):
                self.handle(ev.Answered(message.id, outcome))
            case ev.Renew(id_):
                refused = isinstance(outcome, s.CommandError)
                self.handle(ev.Answered(id_, outcome) if refused else ev.Refreshed(id_, "r", None))
            case ev.TakeCall(id_) if outcome is Outcome.DONE:
                self.handle(entry)
                self.handle(ev.Answered(id_, Outcome.DONE))
            case ev.TakeCall(id_):
                self.told = s.Standby
                self.handle(ev.NotTaken(id_, outcome))
            case ev.TellLink(id_):
                refused = isinstance(outcome, s.CommandError)
                self.handle(ev.Answered(id_, outcome) if refused else ev.LinkTold(id_, "l"))
            case ev.ListBlocks(id_):
                refused = isinstance(outcome, s.CommandError)
                self.handle(ev.Answered(id_, outcome) if refused else ev.Listed(id_, []))

    def finish(self) -> None:
        """Everything that is queued gets done, and the socket is still there."""
        while self._work:
            self.work(Outcome.DONE, ev.Entered(s.Self(ANA, guest=True, facets={}), Arrival(9, 9, Idle(), 0), "r"))


def received(message: c.ClientMessage) -> Callable[[Pump], None]:
    return lambda pump: pump.ask(message)


def happened(event: ev.Event, pause_ms: int) -> Callable[[Pump], None]:
    return lambda pump: pump.handle(event, pause_ms)


def worked(outcome: Outcome | s.CommandError, entry: ev.Event) -> Callable[[Pump], None]:
    return lambda pump: pump.work(outcome, entry)


LIMITS = Limits(any=UNLIMITED, diagnostics=Rate(20_000, 1))
SUPERSEDED = ev.Delivered(Delivery(SessionId("s1"), 99, Superseded()))
said = [kind for kind in typing.get_args(c.ClientMessage) if kind not in (c.Auth, c.Resume, c.StandBy, c.Bye)]
turns = st.one_of(
    st.builds(received, messages(said)),
    st.just(Pump.take_over),
    st.builds(happened, st.just(SUPERSEDED), st.just(0)),
    st.builds(worked, st.sampled_from([Outcome.DONE, Outcome.REFUSED, Outcome.STALE, ERROR]), entries),
    st.builds(
        happened,
        st.builds(ev.Delivered, st.builds(Delivery, st.just(SessionId("s1")), revs, news))
        | st.builds(ev.Ticked)
        | st.builds(ev.PeerSaid, st.builds(s.PeerTyping, names)),
        st.integers(0, 2_000),
    ),
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from([c.Auth("t"), c.StandBy("t")]), st.lists(turns, max_size=40))
def test_every_command_gets_exactly_one_reply_or_the_connection_ends(
    first: c.Auth | c.StandBy, script: list[Callable[[Pump], None]]
) -> None:
    """Also one that is on its way while another session takes over, or while this one takes over again."""
    pump = Pump()
    pump.handle(ev.Opened())
    pump.handle(ev.Received(first))
    pump.finish()
    for turn in script:
        if not pump.over:
            turn(pump)
    pump.finish()

    assert len(set(pump.replied)) == len(pump.replied)
    assert pump.over or sorted(pump.replied) == sorted(pump.asked)
