"""How well two people fit. The score decides with whom, never whether.

Everything is in milliseconds of waiting, so that weights can be compared: a shared interest
outweighs some waiting and not more.
"""

from __future__ import annotations

from duologue.matching.profile import Profile

INTEREST_MS = 10_000
"""What a shared interest is worth that everybody names; a rarer one is worth so much more for each bit it tells."""
PREFERENCE_MS = 10_000
"""What the same value of a preference facet is worth, such as the same language."""
HIDDEN_LAST_MS = 1 << 50
"""More than any wait: who has the page in the background ranks behind all who look at it."""
RECENTLY_MET_LAST_MS = 1 << 52
"""And more than that: whom one met lately ranks behind everybody else."""


class Rarity:
    """How many waiting people name which interest; at most `bound` interests are counted."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._namers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._namers)

    def add(self, interests: frozenset[str]) -> None:
        """Somebody who names these waits now."""
        namers = self._namers
        for interest in interests:
            count = namers.get(interest)
            if count:
                namers[interest] = count + 1
            elif len(namers) < self._bound:
                namers[interest] = 1

    def remove(self, interests: frozenset[str]) -> None:
        """They wait no more. What was not counted for want of room may be missed here: worth a little too much then."""
        namers = self._namers
        for interest in interests:
            count = namers.get(interest, 0)
            if count > 1:
                namers[interest] = count - 1
            elif count:
                del namers[interest]

    def worth_ms(self, shared: frozenset[str], waiting: int) -> int:
        """What sharing these is worth while so many wait: for each, about log2 of how few of them name it."""
        namers, all_bits = self._namers, waiting.bit_length()
        bits = [max(1, 1 + all_bits - namers.get(interest, 1).bit_length()) for interest in shared]
        return INTEREST_MS * sum(bits)


def kinship_ms(profile: Profile, other: Profile, preferences: tuple[int, ...]) -> int:
    """What the values that two profiles share in the preference facets are worth."""
    shared = 0
    mine, theirs = profile[0], other[0]
    for n in preferences:
        own = mine[n]
        if own is not None and own == theirs[n]:
            shared += PREFERENCE_MS
    return shared
