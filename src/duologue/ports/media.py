"""The media servers, what they tell of themselves, and rooms on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from duologue.errors import DuologueError
from duologue.ids import NodeName, PairId, PersonId
from duologue.pairs.pair import Pair
from duologue.protocol.server import Credentials
from duologue.safety.ratelimit import Rate


class Room(NamedTuple):
    """A room as a media server tells of it."""

    pair: PairId
    made_ms: int
    """By the clock of the media server."""


class WebhookKind(StrEnum):
    """What a media server tells of by itself."""

    ROOM_FINISHED = "room_finished"
    PARTICIPANT_LEFT = "participant_left"


class Webhook(NamedTuple):
    """News from a media server: a hint, for it may be late, lost, repeated or out of order."""

    id: str
    kind: WebhookKind
    pair: PairId


class WebhookRefused(DuologueError):
    """Not news that we take; `why` is one word, for counting."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Media(Protocol):
    """The media servers. Every method may be repeated; those that await may raise `BackendError`.

    `Unavailable` where nobody listens; silence may last as long as the caller waits.
    """

    @property
    def nodes(self) -> Mapping[NodeName, Rate]:
        """All that are configured, and how many pairs each can start in a time (join slots)."""

    async def probe(self, node: NodeName) -> bool:
        """Whether it says that it is well. It may take for ever: the caller brings the time-out."""

    async def open_room(self, pair: PairId, node: NodeName) -> None:
        """Make the room for two."""

    async def close_room(self, pair: PairId, node: NodeName) -> None:
        """Delete the room and throw out whoever is in it: no token opens it afterwards."""

    async def rooms(self, node: NodeName, only: Sequence[PairId] | None = None) -> list[Room]:
        """The rooms that exist there now, of all pairs or of some."""

    def place(self, pair: Pair, person: PersonId) -> Credentials | None:
        """Mint what this side needs: the way into the room, and whom to subscribe to there.

        None when the pair's node is not configured here. The answer does not promise one room per
        pair, so that another strategy can follow.
        """

    def read_webhook(self, body: bytes, authorization: str) -> Webhook:
        """News that one of our servers signed. Raises `WebhookRefused`."""
