"""A LiveKit of a run. Clients reach its signalling through a relay; Duologue reaches it by itself."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

from chaos.processes import Program
from chaos.redis import until
from chaos.relay import HOST, Relay
from duologue.api import hooks
from duologue.clock import SystemClock
from duologue.ids import NodeName
from duologue.media.livekit import LiveKit
from duologue.media.livekit_config import LiveKitPorts, livekit_config
from duologue.media.livekit_files import LiveKitFiles, find_binary
from duologue.media.livekit_node import NodeAccess
from duologue.safety.ratelimit import UNLIMITED
from tests.fakes import free_port


class Node:
    """One server."""

    def __init__(self, name: str, folder: Path, hooks_port: int, relay: Relay) -> None:
        self.name = name
        self.relay = relay
        files = LiveKitFiles(folder, relay.to)
        files.prepare()
        self.keys = files.keys()
        ports = LiveKitPorts(relay.to, free_port(socket.SOCK_DGRAM))
        files.write_config(livekit_config(self.keys, ports, f"http://{HOST}:{hooks_port}{hooks.PATH}"))
        self.program = Program([str(find_binary()), "--config", str(files.config)], os.environ, files.log)

    @property
    def url(self) -> str:
        """Of the server itself."""
        return f"ws://{HOST}:{self.relay.to}"

    @property
    def settings(self) -> dict[str, object]:
        """As `livekit.nodes` has it."""
        return {
            "name": self.name, "url": self.url, "public_url": f"ws://{HOST}:{self.relay.port}",
            "api_key": self.keys.api_key, "api_secret": self.keys.api_secret, "join_slots_per_s": 5,
        }  # fmt: skip

    async def start(self) -> None:
        """Until it takes connections."""
        self.program.start()

        async def listens() -> bool:
            _, writer = await asyncio.open_connection(HOST, self.relay.to)
            writer.close()
            return True

        await until(listens, f"{self.name} serves; see {self.program.log}")

    async def rooms(self) -> list[str]:
        """What it says of itself."""
        name = NodeName(self.name)
        access = NodeAccess(name, self.url, self.url, self.keys.api_key, self.keys.api_secret, UNLIMITED)
        async with asyncio.timeout(5), LiveKit([access], SystemClock()) as livekit:
            return [str(room.pair) for room in await livekit.rooms(name)]
