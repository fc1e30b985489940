"""What a parent is to keep running, what it hears, and what it has to do.

A *post* is a place that one process is to fill, a *child* one process.
"""

from __future__ import annotations

from typing import NamedTuple, NewType

ChildId = NewType("ChildId", int)
"""One process; never reused."""


class Post(NamedTuple):
    """A place that one process is to fill, always."""

    name: str
    stage: int = 0
    """On a stop a stage is asked to go when all of the stages before it are gone."""
    stop_within_ms: int = 10_000
    """Whom we asked to go is killed after this."""


class Terms(NamedTuple):
    """How patient a parent is."""

    pause_ms: int = 500
    """Before the first restart; doubled for each further one."""
    pause_at_most_ms: int = 30_000
    steady_ms: int = 60_000
    """Who was ready for this long restarts as if it had never failed."""
    tries: int = 5
    """So many deaths in a row before being ready, and a post is hopeless."""
    renewed_within_ms: int = 60_000
    """A successor that is not ready by then is given up, and the old one stays."""


TERMS = Terms()


class Ready(NamedTuple):
    """A child serves from now on."""

    child: ChildId


class Exited(NamedTuple):
    """A child is gone; `code` is negative for a signal, None where it could not even be started."""

    child: ChildId
    code: int | None


class StopAsked(NamedTuple):
    """Somebody wants everything to end; who asks a second time is in a hurry."""


class RenewalAsked(NamedTuple):
    """Somebody wants every child to be replaced, one after the other."""


class TimePassed(NamedTuple):
    """It is time (`Plan.due_ms`)."""


Event = Ready | Exited | StopAsked | RenewalAsked | TimePassed


class Start(NamedTuple):
    """Start a process for this post. `seat` is the one that its post has, or the lowest that nobody has."""

    child: ChildId
    post: Post
    seat: int


class Ask(NamedTuple):
    """Ask a child to go (SIGTERM)."""

    child: ChildId


class Kill(NamedTuple):
    """End a child (SIGKILL)."""

    child: ChildId


class Note(NamedTuple):
    """Log this."""

    level: str
    event: str
    fields: dict[str, object]


class End(NamedTuple):
    """Nobody is left: end with this code."""

    code: int


Command = Start | Ask | Kill | Note | End


class Seated(NamedTuple):
    """Where a process of a post is to be found."""

    post: Post
    seat: int
