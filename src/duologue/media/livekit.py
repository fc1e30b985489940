"""LiveKit as `ports.Media`: a fresh room for every pair, made and deleted by us, on the node that the pair names.

The nodes are servers of their own that do not know each other. Rooms are never created by a join
(`room.auto_create: false`), so deleting the room is a kill switch: afterwards neither our tokens
nor those that LiveKit refreshed open anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import jwt
import structlog

from duologue.ids import NodeName, PairId, PersonId
from duologue.media.livekit_node import LiveKitNode, NodeAccess
from duologue.media.webhook import read_webhook
from duologue.pairs.pair import Pair
from duologue.ports import Clock, Room, Webhook
from duologue.protocol.codes import Mode
from duologue.protocol.server import Credentials
from duologue.safety.ratelimit import Rate

log = structlog.get_logger()

TOKEN_TTL_S = 90
"""A token is for the handshake only; LiveKit refreshes it for those who are in."""
SOURCES = {Mode.VIDEO: ["camera", "microphone"], Mode.VOICE: ["microphone"]}


class LiveKit:
    """All nodes of an installation."""

    def __init__(self, nodes: Sequence[NodeAccess], clock: Clock) -> None:
        self._clock = clock
        self._nodes = {access.name: LiveKitNode(access, clock) for access in nodes}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for node in self._nodes.values():
            await node.close()

    @property
    def nodes(self) -> Mapping[NodeName, Rate]:
        """All that are configured, and their join slots."""
        return {name: node.access.slots for name, node in self._nodes.items()}

    async def probe(self, node: NodeName) -> bool:
        """Whether it says that it is well. It may take for ever. Raises `Unavailable` where nobody listens."""
        return await self._nodes[node].probe()

    async def open_room(self, pair: PairId, node: NodeName) -> None:
        """Make the room for two. Idempotent."""
        await self._nodes[node].open_room(pair)

    async def close_room(self, pair: PairId, node: NodeName) -> None:
        """Delete the room; one that is gone already is fine."""
        await self._nodes[node].close_room(pair)

    async def rooms(self, node: NodeName, only: Sequence[PairId] | None = None) -> list[Room]:
        """The rooms that exist there now, of all pairs or of some."""
        return await self._nodes[node].rooms(only)

    def place(self, pair: Pair, person: PersonId) -> Credentials | None:
        """A token for this room, this identity, and nothing else; None when the pair's node is not ours."""
        node = self._nodes.get(pair.node) if pair.node is not None else None
        if node is None:
            log.error("node_unknown", pair=pair.id, node=pair.node, hint="is it missing in livekit.nodes here?")
            return None
        token = jwt.encode(self._claims(pair, person, node.access), node.access.api_secret, algorithm="HS256")
        peer = pair.identity(pair.peer(person).person)
        return Credentials("livekit", node.access.public_url, token, [peer])

    def _claims(self, pair: Pair, person: PersonId, access: NodeAccess) -> dict[str, Any]:
        now_s = self._clock.now_ms() // 1000
        return {
            "iss": access.api_key,
            "sub": pair.identity(person),
            "exp": now_s + TOKEN_TTL_S,
            "video": {
                "roomJoin": True,
                "room": pair.id,
                "canPublish": True,
                "canPublishSources": SOURCES[pair.mode],
                "canPublishData": False,
                "canSubscribe": True,
                "canUpdateOwnMetadata": False,
            },
        }

    def read_webhook(self, body: bytes, authorization: str) -> Webhook:
        """News that one of our servers signed. Raises `WebhookRefused`."""
        secrets = {node.access.api_key: node.access.api_secret for node in self._nodes.values()}
        return read_webhook(body, authorization, secrets, self._clock.now_ms())
