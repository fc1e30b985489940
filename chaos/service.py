"""One `duologue serve`: a parent and its children, all of one role."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from chaos.processes import Child, Program, children_of
from chaos.redis import until
from chaos.relay import HOST

SERVES_WITHIN_S = 90


class Service:
    """What it says of its children is asked anew each time: they come and go."""

    def __init__(self, role: str, processes: int, program: Program, admin: int) -> None:
        self.role = role
        self.processes = processes
        self.program = program
        self._admin = admin

    def children(self) -> list[Child]:
        """Those that run just now."""
        return children_of(self.program.child.pid)

    def child(self, number: int) -> Child | None:
        """One by its number, from 0; None: it is just being started anew."""
        return next((each for each in self.children() if each.name == f"{self.role}-{number + 1}"), None)

    async def until_serving(self) -> None:
        """Every process is ready, and so many as there have to be."""
        await until(self._serves, f"{self.role} serves; see {self.program.log}", SERVES_WITHIN_S)

    async def until_replaced(self, before: Sequence[Child]) -> None:
        """Nobody of these runs any more, and others serve in their place."""

        async def gone() -> bool:
            return (
                not {child.pid for child in before} & {child.pid for child in self.children()} and await self._serves()
            )

        await until(gone, f"{self.role} was replaced; see {self.program.log}", SERVES_WITHIN_S)

    async def _serves(self) -> bool:
        assert self.program.running, f"duologue serve {self.role} ended: {self.program.log.read_text()[-2_000:]}"
        return len(self.children()) >= self.processes and await self._ready() >= self.processes

    async def _ready(self) -> int:
        ports = range(self._admin, self._admin + self.processes + 1)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(1)) as http:
            return sum(await asyncio.gather(*(_says_ok(http, port) for port in ports)))


async def _says_ok(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://{HOST}:{port}/health/ready") as answer:
            return answer.status == 200
    except (OSError, aiohttp.ClientError, TimeoutError):
        return False
