"""Runs those roles that share a process, started in order and stopped in the opposite one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from duologue.api.server import Http, create_app
from duologue.app.places import client_config
from duologue.app.roles import World, start_gateway, start_matcher, start_node_watch, start_reaper
from duologue.gateway import sockets
from duologue.ids import MatcherId
from duologue.matcher.loop import Matcher
from duologue.services.node_watch import NodeWatch
from duologue.services.pairs import Pairs
from duologue.services.readiness import LOOK_EVERY_MS, Readiness
from duologue.services.reaper import Reaper
from duologue.services.webhooks import Webhooks


class Role(StrEnum):
    """What a process can be."""

    GATEWAY = "gateway"
    MATCHER = "matcher"
    API = "api"


class Running(NamedTuple):
    """What others may need of the roles of this process."""

    ended: asyncio.Future[None]
    """Done when one of them ended by itself."""
    watch: NodeWatch | None
    matcher: Matcher | None
    reaper: Reaper | None

    @property
    def owners(self) -> tuple[MatcherId, ...]:
        """In whose names this process may hold leases."""
        return tuple(each.id for each in (self.watch, self.matcher, self.reaper) if each is not None)


@asynccontextmanager
async def together(
    world: World, roles: AbstractSet[Role], readiness: Readiness, *, shared: bool = False
) -> AsyncIterator[Running]:
    """These roles, in this process. `shared`: other processes listen on the same ports. Raises `StartupError`.

    On the way out people are sent elsewhere and leases are released; then the tasks of this world end.
    """
    matcher = watch = reaper = None
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(world.tasks.cancel_all)
        _follow(world, readiness)
        if Role.MATCHER in roles:
            watch = start_node_watch(world)
            stack.push_async_callback(watch.stop)
        if Role.GATEWAY in roles:
            reaper = start_reaper(world)
            stack.push_async_callback(reaper.stop)
            gateway = start_gateway(world)
            stack.push_async_callback(gateway.drain)
            await gateway.known.wait()
            listener = await sockets.listen(gateway, shared=shared)
            stack.callback(listener.close)
        if Role.MATCHER in roles:
            matcher = start_matcher(world)
            stack.push_async_callback(matcher.stop)
        if Role.API in roles:
            http = _http(world, readiness, shared=shared)
            ended = await stack.enter_async_context(http.listening(world.tasks))
        readiness.serving()
        stack.callback(readiness.stopping)
        yield Running(ended, watch, matcher, reaper)


def _follow(world: World, readiness: Readiness) -> None:
    readiness.reached(world.store)
    look = partial(readiness.look, world.store)
    world.tasks.repeat(look, name="readiness", clock=world.clock, every_ms=LOOK_EVERY_MS)


def _http(world: World, readiness: Readiness, *, shared: bool) -> Http:
    pairs = Pairs(world.store, world.media, world.clock, world.tasks)
    webhooks = Webhooks(world.store, world.media, pairs, world.clock, world.limiter)
    config = client_config(world.settings, world.modes)
    app = create_app(world.settings, readiness, world.tokens, world.limiter, config, webhooks)
    return Http(app, world.settings.http, shared=shared)
