"""Do LiveKit's webhooks reach us? Each answer, and the whole way with a real LiveKit and a real Redis."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web

from duologue.api.hooks import PATH
from duologue.clock import SystemClock, SystemRng
from duologue.doctor.finding import Finding, Level
from duologue.doctor.run import Subject
from duologue.doctor.webhook import NOT_RUNNING, examine_webhook, judge
from duologue.media.child import LiveKitAccess, LiveKitChild
from duologue.media.livekit import LiveKit
from duologue.media.livekit_config import LiveKitPorts
from duologue.media.livekit_node import NodeAccess
from duologue.ports import WebhookRefused
from duologue.safety.ratelimit import UNLIMITED
from duologue.services.pairs import Pairs
from duologue.services.webhooks import Webhooks
from duologue.settings import RedisSettings, Settings
from duologue.store.redis import open_store
from duologue.tasks import Tasks
from tests.builders import NODE
from tests.fakes import CountingRng, ManualClock, free_port
from tests.redis_server import redis_server

ACCESS = NodeAccess(NODE, "ws://a", "ws://a", "key", "s" * 32, UNLIMITED)


@pytest.mark.parametrize(
    ("status", "heard", "level", "words"),
    [
        (201, True, Level.OK, "heard of it"),
        (NOT_RUNNING, True, Level.OK, "heard of it"),
        (NOT_RUNNING, False, Level.OK, "does not run"),
        (401, False, Level.PROBLEM, "refuses"),
        (404, None, Level.WARNING, "404"),
        (200, None, Level.OK, "only where both use a Redis"),
        (200, False, Level.WARNING, "did not hear"),
    ],
)
def test_each_answer_means_something_else(status: int, heard: bool | None, level: Level, words: str) -> None:
    """An API on another machine may be the one that heard."""
    finding = judge("http://127.0.0.1:8000/hook", ACCESS, status, heard=heard)

    assert (finding.level, words in finding.seen) == (level, True)


async def test_without_a_media_server_there_are_none() -> None:
    """The LiveKit of `duologue dev` is told of the hook by us."""
    (finding,) = await examine_webhook(Subject(Settings(), ManualClock(), CountingRng()))

    assert finding.level is Level.OK


class Installation(NamedTuple):
    """Where LiveKit sends its hooks, and where our API listens."""

    told: int
    ours: int


async def found_in(there: Installation, state_dir: Path) -> Finding:
    """What the check says of a LiveKit that is told this port, and an API that listens on that one."""
    port = free_port()
    ports = LiveKitPorts(port, free_port(socket.SOCK_DGRAM))
    child = LiveKitChild(state_dir=state_dir, ports=ports, webhook_url=f"http://127.0.0.1:{there.told}{PATH}")
    try:
        access = await child.start()
        with redis_server() as server:
            return await _asked(access, RedisSettings(url=server.url), there.ours)
    finally:
        await child.stop()


async def _asked(access: LiveKitAccess, redis: RedisSettings, ours: int) -> Finding:
    clock, tasks = SystemClock(), Tasks()
    node = NodeAccess(NODE, access.url, access.url, access.api_key, access.api_secret, UNLIMITED)
    async with open_store(redis, clock) as (store, limiter), LiveKit([node], clock) as media:
        hooks = Webhooks(store, media, Pairs(store, media, clock, tasks), clock, limiter)

        async def take(request: web.Request) -> web.Response:
            try:
                await hooks.take(await request.read(), request.headers.get("authorization", ""))
            except WebhookRefused:
                return web.Response(status=401)
            return web.Response()

        app = web.Application()
        app.router.add_post(PATH, take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", ours).start()
        livekit = {"url": access.url, "api_key": access.api_key, "api_secret": access.api_secret}
        settings = Settings(livekit=livekit, http={"port": ours}, redis=redis)
        try:
            (finding,) = await examine_webhook(Subject(settings, clock, SystemRng()))
        finally:
            await runner.cleanup()
            await tasks.cancel_all()
        return finding


async def test_a_room_that_ends_is_heard_of(tmp_path: Path) -> None:
    """From LiveKit to our API to Redis to the doctor."""
    port = free_port()
    finding = await found_in(Installation(told=port, ours=port), tmp_path)

    assert (finding.level, "heard of it" in finding.seen) == (Level.OK, True)


async def test_a_livekit_that_tells_somebody_else_is_found(tmp_path: Path) -> None:
    """Our API takes what we sign, so it is the URL in LiveKit's configuration."""
    finding = await found_in(Installation(told=free_port(), ours=free_port()), tmp_path)

    assert (finding.level, "webhook.urls" in finding.fix) == (Level.WARNING, True)
