"""A parent with children that do whatever they like: what always holds."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from duologue.supervisor import events as ev
from duologue.supervisor.events import (
    Ask,
    ChildId,
    End,
    Exited,
    Kill,
    Note,
    Post,
    Ready,
    RenewalAsked,
    Start,
    StopAsked,
)
from duologue.supervisor.plan import Plan
from tests.fakes import CountingRng

POSTS = (Post("matcher-1", 1, 300), Post("gateway-1", 0, 500), Post("gateway-2", 0, 500))
TERMS = ev.Terms(pause_ms=50, pause_at_most_ms=400, steady_ms=1_000, tries=3, renewed_within_ms=800)

actions = st.lists(
    st.one_of(
        st.tuples(st.just("ready"), st.integers(0, 3)),
        st.tuples(st.just("dies"), st.integers(0, 3)),
        st.tuples(st.just("time"), st.integers(1, 1_200)),
        st.tuples(st.just("renew"), st.just(0)),
        st.tuples(st.just("stop"), st.just(0)),
    ),
    max_size=60,
)


@dataclass
class Process:
    """A child, as the system sees it."""

    post: Post
    seat: int
    ready: bool = False
    asked: bool = False
    killed: bool = False


class System:
    """Does what the plan says, and looks at each command."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.alive: dict[ChildId, Process] = {}
        self.stops = 0
        self.ending = False
        self.ended: int | None = None
        self.plan = Plan(POSTS, CountingRng(), 0, TERMS)
        self.tell(ev.TimePassed())

    def tell(self, event: ev.Event) -> None:
        assert self.ended is None
        for command in self.plan.handle(event, self.now_ms):
            self._do(command)
        seats = [each.seat for each in self.plan.seated]
        assert len(seats) == len(set(seats)) <= len(POSTS) + 1, "everybody has a seat of their own"
        assert {(each.post, each.seat) for each in self.alive.values()} <= set(self.plan.seated)
        due_ms = self.plan.due_ms()
        assert due_ms is None or due_ms > self.now_ms, "what is due is done"

    def _do(self, command: ev.Command) -> None:
        match command:
            case Start(child, post, seat):
                assert not self.ending, "nobody is started while everything stops"
                assert seat not in {each.seat for each in self.alive.values()}
                assert 0 <= seat <= len(POSTS)
                self.alive[child] = Process(post, seat)
                assert len(self.alive) <= len(POSTS) + 1, "one more than there are posts, at most"
                for of in POSTS:
                    assert sum(each.post == of and not each.asked for each in self.alive.values()) <= 2
            case Ask(child):
                process = self.alive[child]
                assert not process.asked, "nobody is asked twice"
                process.asked = True
                if self.ending:
                    assert process.post.stage == min(each.post.stage for each in self.alive.values())
                else:
                    heirs = [each for each in self.alive.values() if each.post == process.post and not each.asked]
                    assert [heir.ready for heir in heirs] == [True], "only who is followed is asked to go"
            case Kill(child):
                process = self.alive[child]
                assert not process.killed
                assert process.asked or not process.ready or self.stops > 1
                process.killed = True
            case Note(_, "child_keeps_dying", fields) if "restart_in_ms" not in fields:
                self.ending = True  # one of the posts is hopeless
            case End(code):
                assert not self.alive
                self.ended = code

    # -- what can happen ----------------------------------------------------------------------

    def act(self, name: str, number: int) -> None:
        child = next(iter(list(self.alive)[number:]), None)
        match name:
            case "time":
                self.pass_time(number)
            case "renew":
                self.tell(RenewalAsked())
            case "stop":
                self.stop()
            case "ready" if child is not None and not self.alive[child].ready:
                self.alive[child].ready = True
                self.tell(Ready(child))
            case "dies" if child is not None:
                self.die(child, 1)

    def die(self, child: ChildId, code: int) -> None:
        del self.alive[child]
        self.tell(Exited(child, code))
        if self.ended is None and not self.alive:
            assert self.plan.due_ms() is not None, "somebody lives, or somebody is about to come"

    def stop(self) -> None:
        self.stops += 1
        self.ending = True
        self.tell(StopAsked())

    def pass_time(self, duration_ms: int) -> None:
        until_ms = self.now_ms + duration_ms
        self.bury_killed()
        while self.ended is None and (due_ms := self.plan.due_ms()) is not None and due_ms <= until_ms:
            self.now_ms = due_ms
            self.tell(ev.TimePassed())
            self.bury_killed()
        self.now_ms = until_ms

    def bury_killed(self) -> None:
        while self.ended is None and (killed := [child for child, each in self.alive.items() if each.killed]):
            self.die(killed[0], -9)


def played(script: list[tuple[str, int]]) -> System:
    system = System()
    for name, number in script:
        if system.ended is None:
            system.act(name, number)
    return system


@given(actions)
def test_commands_make_sense_whatever_children_do(script: list[tuple[str, int]]) -> None:
    """Seats differ, nobody is asked twice or started during a stop, stages are kept, what is due is done."""
    played(script)


@given(actions)
def test_every_post_is_served_once_children_behave(script: list[tuple[str, int]]) -> None:
    """After whatever happened, unless everything was to end."""
    system = played(script)
    for _ in range(50):
        if system.ended is not None or system.ending:
            return
        for child, each in list(system.alive.items()):
            if not each.ready and not each.killed:
                each.ready = True
                system.tell(Ready(child))
        for child, each in list(system.alive.items()):
            if each.asked:
                system.die(child, 0)
        system.pass_time(100)
    assert system.plan.all_ready
    assert sorted(each.post for each in system.alive.values()) == sorted(POSTS)


@given(actions)
def test_a_stop_ends_whatever_children_do(script: list[tuple[str, int]]) -> None:
    """Also when nobody goes by themselves: within the deadlines of the stages."""
    system = played(script)
    if system.ended is None:
        system.stop()
        for _ in range(5):
            if system.ended is None:
                system.pass_time(1_000)

    assert system.ended is not None
    assert not system.alive
