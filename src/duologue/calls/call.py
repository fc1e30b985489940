"""A call and its two parties, as values."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from duologue.ids import CallId, PairId, PersonId
from duologue.protocol.codes import CallEnd, Mode


class Party(msgspec.Struct, frozen=True):
    """One of the two, as the other may see them."""

    person: PersonId
    alias: str


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody rings somebody, until `pair` or `ended` says how that came out."""

    id: CallId
    mode: Mode
    caller: Party
    callee: Party
    since_ms: int
    expires_ms: int
    unheard: bool = False
    """The callee is not to know of it, and the caller not to know that: they hear what they would hear of somebody
    who is not there."""
    pair: PairId | None = None
    """What it has become."""
    ended: CallEnd | None = None
    """Why it came to nothing."""

    @property
    def rings(self) -> bool:
        """Whether it waits for its answer."""
        return self.pair is None and self.ended is None

    @property
    def known_to(self) -> tuple[Party, ...]:
        """Who takes part in it, by their own knowledge."""
        return (self.caller,) if self.unheard else (self.caller, self.callee)

    def peer(self, person: PersonId) -> Party:
        """The other one."""
        return self.callee if person == self.caller.person else self.caller


class Ring(NamedTuple):
    """What somebody wants who calls, with the names that the call would get; minted by their gateway, so a store needs
    no randomness.
    """

    call: CallId
    to: PersonId
    mode: Mode
    for_ms: int
    aliases: tuple[str, str]
    """Of the caller, of the callee."""
    pair: PairId
    """Should it turn out that the other one is calling them: that call is accepted, and becomes this pair."""
    apart: bool = False
    """One of the two has blocked the other."""
