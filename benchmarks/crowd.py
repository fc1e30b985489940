"""People for benchmarks of the matcher: mixes from easy to hard, made from a seed.

Four facets (gender, about 20 languages, about 150 countries, 4 age groups) with falling frequencies,
five of 200 interests, ten people to avoid. A mix says how many men there are, how many insist on
the other gender, and how many filter by the rest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from duologue.ids import PersonId
from duologue.matching.rules import Facet, Rules
from duologue.matching.ticket import Cohort, Ticket
from duologue.protocol.codes import Mode

RULES = Rules(facets=tuple(Facet(name) for name in ("gender", "language", "country", "age")))
"""All hard: nothing drains the pool but matches."""
COHORT = Cohort("default", Mode.VIDEO, "adult", "open")
NOBODY = frozenset(["nobody"])
ARRIVALS_PER_S = 1_000


class Mix(NamedTuple):
    """Shares between 0 and 1."""

    name: str
    men: float
    strict: float
    """Who insists on the other gender."""
    picky: float
    """Who filters by language and by age; a third of them also by country."""


MIXES = (Mix("easy", 0.5, 0, 0), Mix("mixed", 0.6, 0.3, 0.3), Mix("picky", 0.7, 0.5, 0.8), Mix("hard", 0.9, 0.9, 0.35))


class Crowd:
    """An endless row of arrivals."""

    def __init__(self, mix: Mix, seed: int) -> None:
        self._mix = mix
        self._random = random.Random(seed)
        self._interests = [self._five_interests() for _ in range(2_000)]
        self._number = 0

    def arrivals(self, count: int) -> list[Ticket]:
        """The next people of the mix."""
        return [self._ticket() for _ in range(count)]

    def hopeless(self) -> Iterator[Ticket]:
        """People like the others, but waiting for somebody who never comes."""
        while True:
            ticket = self._ticket()
            yield Ticket(
                ticket.person, 1, 1, COHORT, ticket.since_ms, ticket.facets, ticket.wants | {"language": NOBODY}
            )

    @property
    def now_ms(self) -> int:
        """When the last of them arrived."""
        return self._number * 1_000 // ARRIVALS_PER_S

    def _ticket(self) -> Ticket:
        chance, self._number = self._random, self._number + 1
        facets, wants = self._profile()
        avoid = [PersonId(f"p{chance.randrange(max(1, self._number))}") for _ in range(10)]
        person = PersonId(f"p{self._number}")
        interests = self._interests[chance.randrange(len(self._interests))]
        avoided = frozenset(each for each in avoid if each != person)
        return Ticket(person, 1, 1, COHORT, self.now_ms, facets, wants, interests=interests, avoid=avoided)

    def _profile(self) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
        chance, mix = self._random.random, self._mix
        man = chance() < mix.men
        language, country, age = self._language(), self._country(), self._random.randrange(4)
        wants = {}
        if chance() < mix.strict:
            wants["gender"] = frozenset(["f" if man else "m"])
        if chance() < mix.picky:
            wants["language"] = frozenset([language, self._language()])
        if chance() < mix.picky / 3:
            wants["country"] = frozenset([country, self._country(), self._country()])
        if chance() < mix.picky:
            wants["age"] = frozenset([f"age{age}", f"age{(age + 1) % 4}"])
        return {"gender": "m" if man else "f", "language": language, "country": country, "age": f"age{age}"}, wants

    def _language(self) -> str:
        return f"language{min(int(self._random.expovariate(0.4)), 19)}"

    def _country(self) -> str:
        return f"country{min(int(self._random.expovariate(0.05)), 149)}"

    def _five_interests(self) -> frozenset[str]:
        return frozenset(f"interest{n}" for n in self._random.sample(range(200), 5))
