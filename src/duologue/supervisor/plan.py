"""What to do when a child is ready, ends, or a signal comes: events in, commands out. Pure.

While a post is renewed, two children serve it: the successor is started beside the one it follows, which is asked to
go once the successor is ready. So there is never more than one child beyond the number of posts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from duologue.ports import Rng
from duologue.supervisor.events import (
    TERMS,
    Ask,
    ChildId,
    Command,
    End,
    Event,
    Exited,
    Kill,
    Note,
    Post,
    Ready,
    RenewalAsked,
    Seated,
    Start,
    StopAsked,
    Terms,
)
from duologue.supervisor.restarts import Restarts

STOPPED = (0, -15)
"""How somebody ends who was asked to go; -15 is SIGTERM itself, before there was anything to end in order."""


@dataclass(slots=True)
class _Child:
    post: Post
    seat: int
    ready_ms: int | None = None
    asked: bool = False
    killed: bool = False
    kill_at_ms: int | None = None


@dataclass(slots=True)
class _Place:
    post: Post
    start_at_ms: int
    restarts: Restarts
    holder: ChildId | None = None
    seat: int | None = None
    """That of the holder. It stays where the holder died: the next one takes it."""


class Plan:
    """The state of one parent."""

    def __init__(self, posts: Sequence[Post], rng: Rng, now_ms: int, terms: Terms = TERMS) -> None:
        self._places = {post.name: _Place(post, now_ms, Restarts(rng, terms)) for post in posts}
        self._terms = terms
        self._children: dict[ChildId, _Child] = {}
        self._born = 0
        self._to_renew: deque[_Place] = deque()
        self._successor: ChildId | None = None
        self._follows: ChildId | None = None
        """Whom the last successor follows, until it is gone."""
        self._exit_code: int | None = None
        """Set as soon as everything is to end."""

    @property
    def all_ready(self) -> bool:
        """Whether every post has a child that serves."""
        return all(self._serves(place.holder) for place in self._places.values())

    @property
    def seated(self) -> list[Seated]:
        """Where processes run or are about to run again; two of a post while it is renewed."""
        held = [Seated(place.post, place.seat) for place in self._places.values() if place.seat is not None]
        holders = {place.holder for place in self._places.values()}
        beside = [Seated(each.post, each.seat) for child, each in self._children.items() if child not in holders]
        return held + beside

    def due_ms(self) -> int | None:
        """When `TimePassed` is due, if nothing else happens."""
        kills = [
            child.kill_at_ms for child in self._children.values() if child.kill_at_ms is not None and not child.killed
        ]
        starts = [place.start_at_ms for place in self._places.values() if place.holder is None]
        return min(kills + ([] if self._ending else starts), default=None)

    def handle(self, event: Event, now_ms: int) -> list[Command]:
        """What follows from an event. The first one is `TimePassed`."""
        return [*self._learn(event, now_ms), *self._proceed(now_ms)]

    @property
    def _ending(self) -> bool:
        return self._exit_code is not None

    def _serves(self, child: ChildId | None) -> bool:
        return child is not None and self._children[child].ready_ms is not None

    # -- what an event changes --------------------------------------------------------------------

    def _learn(self, event: Event, now_ms: int) -> Iterator[Command]:
        match event:
            case Ready(child) if child in self._children:
                yield from self._is_ready(child, self._children[child], now_ms)
            case Exited(child, code) if child in self._children:
                yield from self._is_gone(child, self._children.pop(child), code, now_ms)
            case StopAsked():
                yield from self._stop(now_ms)
            case RenewalAsked() if not self._ending:
                self._to_renew = deque(self._places.values())
                yield Note("info", "renewal_started", {"processes": len(self._to_renew)})
            case _:
                pass

    def _is_ready(self, child: ChildId, about: _Child, now_ms: int) -> Iterator[Command]:
        if about.asked or about.ready_ms is not None:
            return
        about.ready_ms, about.kill_at_ms = now_ms, None
        place = self._places[about.post.name]
        place.restarts.served()
        yield Note("info", "child_ready", {"child": about.post.name})
        if child == self._successor and not self._ending:
            assert place.holder is not None
            self._successor, self._follows = None, place.holder
            self._seat(place, child)
            yield self._ask(self._follows, now_ms)

    def _is_gone(self, child: ChildId, about: _Child, code: int | None, now_ms: int) -> Iterator[Command]:
        place = self._places[about.post.name]
        if about.asked:
            fields: dict[str, object] = {"child": about.post.name, "exit_code": code}
            if code in STOPPED:
                yield Note("info", "child_stopped", fields)
            else:
                yield Note("warning", "child_stopped", fields)
        if child == self._follows:
            self._follows = None
        elif child == self._successor:
            self._successor = None
            yield from self._give_up_renewal(about, code)
        else:
            place.holder = None
            if not self._ending:
                yield from self._replace(place, about, code, now_ms)

    def _replace(self, place: _Place, about: _Child, code: int | None, now_ms: int) -> Iterator[Command]:
        """Somebody died who was not asked to go."""
        fields: dict[str, object] = {"child": place.post.name, "exit_code": code}
        heir = self._successor
        if heir is not None and self._children[heir].post == place.post:
            self._successor, self._children[heir].kill_at_ms = None, None
            self._seat(place, heir)
            yield Note("warning", "child_died", fields | {"successor": "is starting"})
        else:
            served_ms = None if about.ready_ms is None else now_ms - about.ready_ms
            yield self._restart_later(place, served_ms, fields, now_ms)

    def _restart_later(self, place: _Place, served_ms: int | None, fields: dict[str, object], now_ms: int) -> Note:
        """Another one is to come, unless it is hopeless: then everything is to end."""
        pause_ms = place.restarts.died(served_ms)
        place.start_at_ms = now_ms + pause_ms
        later = fields | {"restart_in_ms": pause_ms}
        if not place.restarts.in_vain:
            return Note("warning", "child_died", later)
        told, hint = later, "its own lines above say why"
        if self._hopeless(place):
            self._exit_code, told, hint = 1, fields, f"{hint}; everything stops"
        return Note("error", "child_keeps_dying", told | {"times": place.restarts.fruitless, "hint": hint})

    def _hopeless(self, place: _Place) -> bool:
        """Not as long as others serve people beside a post that did, too: to end would take that from them."""
        others_serve = any(self._serves(each.holder) for each in self._places.values())
        return not (place.restarts.proven and others_serve)

    def _give_up_renewal(self, about: _Child, code: int | None) -> Iterator[Command]:
        if self._ending:
            return
        self._to_renew.clear()
        hint = "its own lines above say why; the old ones go on"
        yield Note("error", "renewal_failed", {"child": about.post.name, "exit_code": code, "hint": hint})

    def _stop(self, now_ms: int) -> Iterator[Command]:
        if not self._ending:
            self._exit_code = 0
            self._to_renew.clear()
            yield Note("info", "service_stopping", {"processes": len(self._children)})
            return
        self._exit_code = 1
        for child in self._children.values():
            child.kill_at_ms = now_ms

    # -- what is to be done, as things are --------------------------------------------------------

    def _proceed(self, now_ms: int) -> Iterator[Command]:
        yield from self._kill_the_late(now_ms)
        if self._ending:
            yield from self._stop_next_stage(now_ms)
        else:
            yield from self._fill_posts(now_ms)
            yield from self._renew_next(now_ms)

    def _kill_the_late(self, now_ms: int) -> Iterator[Command]:
        for child, about in self._children.items():
            if about.kill_at_ms is not None and about.kill_at_ms <= now_ms and not about.killed:
                about.killed = True
                if self._ending:
                    self._exit_code = 1
                yield Note("warning", "child_killed", {"child": about.post.name})
                yield Kill(child)

    def _stop_next_stage(self, now_ms: int) -> Iterator[Command]:
        if not self._children:
            assert self._exit_code is not None
            yield End(self._exit_code)
            return
        stage = min(about.post.stage for about in self._children.values())
        for child, about in self._children.items():
            if about.post.stage == stage and not about.asked:
                yield self._ask(child, now_ms)

    def _fill_posts(self, now_ms: int) -> Iterator[Command]:
        for place in self._places.values():
            if place.holder is None and place.start_at_ms <= now_ms:
                self._seat(place, (yield from self._start(place.post, place.seat)))

    def _renew_next(self, now_ms: int) -> Iterator[Command]:
        if self._successor is not None or self._follows is not None:
            return
        while self._to_renew:
            place = self._to_renew.popleft()
            if place.holder is not None:  # else it comes anew in any case
                self._successor = yield from self._start(place.post)
                self._children[self._successor].kill_at_ms = now_ms + self._terms.renewed_within_ms
                return

    def _start(self, post: Post, seat: int | None = None) -> Generator[Command, None, ChildId]:
        self._born += 1
        child = ChildId(self._born)
        if seat is None:
            taken = {each.seat for each in self.seated}
            seat = next(seat for seat in range(len(taken) + 1) if seat not in taken)
        self._children[child] = _Child(post, seat)
        yield Start(child, post, seat)
        return child

    def _seat(self, place: _Place, child: ChildId) -> None:
        place.holder, place.seat = child, self._children[child].seat

    def _ask(self, child: ChildId, now_ms: int) -> Ask:
        about = self._children[child]
        about.asked, about.kill_at_ms = True, now_ms + about.post.stop_within_ms
        return Ask(child)
