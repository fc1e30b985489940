"""What somebody does of their own accord: beliefs in, deeds out. It draws from the dice of its person and does nothing.

Searching, talking, moving on, blocking, hiding the page, and all ways to lose a connection.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent, Mode
from duologue.simulation.belief import Belief
from duologue.simulation.virtual import SeededRng

MODES = (Mode.TEXT, Mode.TEXT, Mode.VIDEO)
LANGUAGES = ("en", "fr")


class Reload(NamedTuple):
    """Load the page again."""


class LoseNetwork(NamedTuple):
    """The socket is gone, which one may notice at once or later."""

    noticed: bool


class Vanish(NamedTuple):
    """The phone is in a tunnel, or at the bottom of a lake."""


Deed = c.Command | c.Typing | c.MediaReport | c.Bye | Reload | LoseNetwork | Vanish
Way = Callable[[Belief], Deed | None]


class Mind:
    """That of one person. `links` are those by which everybody may be called; there may be more of them later."""

    def __init__(self, rng: SeededRng, links: Sequence[str]) -> None:
        self._rng = rng
        self._dice = rng.dice
        self._links = links
        self.facets = {"language": self._dice.choice(LANGUAGES)}
        self._mode = self._dice.choice(MODES)
        self._attempts = 0
        self._lines = itertools.count(1)
        self._hidden = False

    # -- what happens to them -------------------------------------------------------------------

    def is_in(self, ready: s.Ready) -> None:
        """They came in: a page is there, and counts on from where the last one stopped."""
        self._hidden = False
        self._attempts = max(self._attempts, ready.attempt)
        if isinstance(ready.state, s.PairState):
            self._lines = itertools.count(ready.state.last_n + 1)

    def is_paired(self) -> None:
        """They are in a new pair."""
        self._lines = itertools.count(1)

    def media(self, matched: s.Matched) -> c.MediaReport | None:
        """How it goes with picture and sound; None: nothing is said of it."""
        if matched.mode is not Mode.TEXT and matched.media is None:
            return None
        drawn = self._dice.random()
        if drawn < 0.04:
            return c.MediaReport(matched.pair, MediaEvent.FAILED, "timeout")
        return c.MediaReport(matched.pair, MediaEvent.CONNECTED) if drawn < 0.96 else None

    # -- what they do ---------------------------------------------------------------------------

    def deed(self, belief: Belief, *, calm: bool) -> Deed | None:
        """What they do now; None: nothing. In calm times nobody loses a connection."""
        lose: list[Way] = [_reload, _reload, self._lose_network, self._lose_network, _say_goodbye, _vanish]
        lose = [] if calm else lose
        hide: list[Way] = [self._toggle_page]
        ways: dict[str, list[Way]] = {
            "idle": [self._find, self._find, self._find, self._find, self._call, *hide, *lose],
            "waiting": [_nothing] * 6 + [self.cancel, self._find, self._call, self._block, *hide, *lose],
            "ringing": [self._answer] * 3 + [_nothing, _nothing, self._find, self.cancel, self._block]
            + [*hide, *lose],
            "paired": [self.chat, self.chat, _typing, self._next, self._next, self._leave, self._block, *hide]
            + [_nothing] * 3 + lose,
        }  # fmt: skip
        back: list[Way] = [self._back] * 4 if belief.back is not None and belief.state in ("idle", "waiting") else []
        return self._dice.choice(ways[belief.state] + back)(belief)

    def going_back(self, belief: Belief, likely: float) -> c.Back | None:
        """At once where they may: there is little time."""
        return self._back(belief) if belief.back is not None and self._dice.random() < likely else None

    def cancel(self, belief: Belief) -> c.Cancel:
        """Stop waiting."""
        return c.Cancel(self._rng.token(), max(1, belief.attempt))

    def chat(self, belief: Belief) -> c.Chat:
        """Write the next line."""
        return c.Chat(self._rng.token(), belief.pair or "", "hello", next(self._lines))

    def _filters(self) -> c.Filters:
        wants = {"language": [self._dice.choice(LANGUAGES)]} if self._dice.random() < 0.3 else {}
        interests = ["chess"] if self._dice.random() < 0.3 else []
        return c.Filters(self._mode, interests, wants, auto_next=self._dice.random() < 0.7)

    def _find(self, _: Belief) -> Deed:
        self._attempts += 1
        return c.Find(self._rng.token(), self._attempts, self._filters())

    def _next(self, belief: Belief) -> Deed:
        self._attempts += 1
        filters = self._filters() if self._dice.random() < 0.3 else None
        return c.Next(self._rng.token(), belief.pair or "", self._attempts, filters)

    def _leave(self, belief: Belief) -> Deed:
        return c.Leave(self._rng.token(), belief.pair or "")

    def _back(self, belief: Belief) -> c.Back:
        return c.Back(self._rng.token(), belief.back or "")

    def _call(self, _: Belief) -> Deed:
        """Anybody, themselves too."""
        return c.Call(self._rng.token(), self._dice.choice(self._links), self._mode)

    def _answer(self, belief: Belief) -> Deed | None:
        """Who is called takes the call or not; who calls gives up, and now and then presses the wrong button."""
        call, drawn = belief.call or "", self._dice.random()
        if belief.outgoing and drawn < 0.7:
            return None
        if belief.outgoing or drawn < 0.05:
            return c.CancelCall(self._rng.token(), call)
        if drawn < 0.3:
            return c.Decline(self._rng.token(), call)
        return c.Accept(self._rng.token(), call)

    def _block(self, belief: Belief) -> Deed | None:
        """Whom they talk or ring with, or while waiting the last one."""
        pair = belief.pair or belief.call or belief.last_pair
        if pair is not None and self._dice.random() < 0.4:
            return c.Block(self._rng.token(), pair)
        return None

    def _toggle_page(self, _: Belief) -> Deed:
        self._hidden = not self._hidden
        return c.Hidden(self._rng.token(), self._hidden)

    def _lose_network(self, _: Belief) -> Deed:
        return LoseNetwork(noticed=self._dice.random() < 0.6)


def _nothing(_: Belief) -> None:
    pass


def _typing(belief: Belief) -> Deed:
    return c.Typing(belief.pair or "")


def _reload(_: Belief) -> Deed:
    return Reload()


def _say_goodbye(_: Belief) -> Deed:
    return c.Bye()


def _vanish(_: Belief) -> Deed:
    return Vanish()
