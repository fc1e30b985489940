"""`ports.Media` without a media server: for tests, and for an installation that offers text only."""

from __future__ import annotations

from duologue.errors import Unavailable
from duologue.ids import PairId, PersonId
from duologue.pairs.pair import Pair
from duologue.protocol.server import Credentials


class FakeMedia:
    """Remembers which rooms there are. `down` makes every call fail, as a dead server would."""

    def __init__(self) -> None:
        self.open: set[PairId] = set()
        self.opened: list[PairId] = []
        self.down = False

    async def open_room(self, pair: PairId) -> None:
        """Make the room."""
        self._check()
        self.open.add(pair)
        self.opened.append(pair)

    async def close_room(self, pair: PairId) -> None:
        """Delete the room."""
        self._check()
        self.open.discard(pair)

    async def rooms(self) -> list[PairId]:
        """The rooms that exist now."""
        self._check()
        return sorted(self.open)

    def place(self, pair: Pair, person: PersonId) -> Credentials:
        """Credentials that name the room, so that tests can read them."""
        peer = pair.identity(pair.peer(person).person)
        return Credentials("livekit", "ws://fake.invalid", f"{pair.id}/{pair.identity(person)}", [peer])

    def _check(self) -> None:
        if self.down:
            raise Unavailable("LiveKit", "the fake is down")
