"""What LiveKit itself says of its rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from duologue.clock import SystemClock
from duologue.ids import NodeName, PairId
from duologue.media.livekit import LiveKit
from duologue.media.livekit_files import LiveKitFiles
from duologue.media.livekit_node import NodeAccess
from duologue.safety.ratelimit import UNLIMITED
from tests.e2e.servers import Server

Answer = TypeVar("Answer")
OWN = NodeName("own")


def elsewhere(ask: Coroutine[Any, Any, Answer]) -> Answer:
    """Run it in a thread: the browser driver keeps this one's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask).result()


async def rooms(server: Server, only: Sequence[PairId] | None = None) -> list[PairId]:
    """The rooms that are there now, of all pairs or of some."""
    keys = LiveKitFiles(server.state_dir, server.livekit_port).keys()
    url = f"ws://127.0.0.1:{server.livekit_port}"
    node = NodeAccess(OWN, url, url, keys.api_key, keys.api_secret, UNLIMITED)
    async with asyncio.timeout(15), LiveKit([node], SystemClock()) as livekit:
        return [room.pair for room in await livekit.rooms(OWN, only)]


async def until_gone(server: Server, pair: PairId) -> None:
    """Wait until it does not have the room any more."""
    async with asyncio.timeout(15):
        while await rooms(server, [pair]):
            await asyncio.sleep(0.05)
