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


class Interests:
    """The interests that waiting people name, numbered, and how many name each; at most `bound` of them.

    People are compared by numbers: the words of a ticket are far away in memory. An interest for
    which there is no room has no number and does not count.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._number_of: dict[str, int] = {}
        self._words: list[str] = []
        self._namers: list[int] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._number_of)

    def known(self, words: frozenset[str]) -> frozenset[int]:
        """The numbers of those that somebody who waits names."""
        number_of = self._number_of
        return frozenset([number_of[word] for word in words if word in number_of])

    def add(self, words: frozenset[str]) -> frozenset[int]:
        """Somebody who names these waits now; returns the numbers for `remove`."""
        number_of, namers = self._number_of, self._namers
        numbers = []
        for word in words:
            number = number_of.get(word)
            if number is None:
                if len(number_of) >= self._bound:
                    continue
                number = self._number(word)
            namers[number] += 1
            numbers.append(number)
        return frozenset(numbers)

    def remove(self, numbers: frozenset[int]) -> None:
        """They wait no more. A number that nobody uses is given to another interest."""
        namers = self._namers
        for number in numbers:
            namers[number] -= 1
            if not namers[number]:
                del self._number_of[self._words[number]]
                self._words[number] = ""
                self._free.append(number)

    def worth_ms(self, numbers: frozenset[int], waiting: int) -> dict[int, int]:
        """What sharing each of these is worth while so many wait: about log2 of how few of them name it."""
        namers, all_bits = self._namers, waiting.bit_length()
        return {number: INTEREST_MS * max(1, 1 + all_bits - namers[number].bit_length()) for number in numbers}

    def _number(self, word: str) -> int:
        if self._free:
            number = self._free.pop()
            self._words[number] = word
        else:
            number = len(self._words)
            self._words.append(word)
            self._namers.append(0)
        self._number_of[word] = number
        return number


def kinship_ms(profile: Profile, other: Profile, preferences: tuple[int, ...]) -> int:
    """What the values that two profiles share in the preference facets are worth."""
    shared = 0
    for n in preferences:
        own = profile[n][0]
        if own is not None and own == other[n][0]:
            shared += PREFERENCE_MS
    return shared
