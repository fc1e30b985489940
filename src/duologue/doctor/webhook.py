"""Do LiveKit's webhooks reach our API? Two questions: does it take what LiveKit would sign, and does it hear of a room
that was made and deleted just now.

The second one is answered through Redis, because any process on any machine may be the one that hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from duologue.api.hooks import PATH
from duologue.app.places import webhook_url
from duologue.doctor.finding import Finding, ok, problem, warning
from duologue.doctor.livekit import named
from duologue.doctor.run import Subject
from duologue.media.examine import end_a_room
from duologue.media.livekit_node import NodeAccess
from duologue.media.webhook import sign_webhook
from duologue.services.webhooks import TRIAL, trial_mark
from duologue.store.redis.examine import was_counted

GUIDE = "docs/howto/media.md"
ANSWER_WITHIN_S = 3.0
HEARD_WITHIN_MS = 5_000
LOOK_EVERY_MS = 200
NOT_RUNNING = 0


async def examine_webhook(subject: Subject) -> Sequence[Finding]:
    """The check."""
    nodes = [] if subject.text_only else named(subject.settings.livekit)
    if not nodes:
        return [ok("webhook", "no media server of yours is named, so none sends any")]
    return await asyncio.gather(*(_examine(node, subject) for node in nodes))


async def _examine(node: NodeAccess, subject: Subject) -> Finding:
    status, heard = await asyncio.gather(_send(node, subject), _round_trip(node, subject))
    return judge(webhook_url(subject.settings), node, status, heard=heard).of(node.name)


async def _send(node: NodeAccess, subject: Subject) -> int:
    """Sign one ourselves. The status of the answer; `NOT_RUNNING` where nobody listens."""
    room = TRIAL + subject.rng.token()
    body, authorization = sign_webhook(node.api_key, node.api_secret, room, subject.clock.now_ms())
    headers = {"Authorization": authorization, "Content-Type": "application/webhook+json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)) as session,
            session.post(webhook_url(subject.settings), data=body, headers=headers) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, OSError, TimeoutError):
        return NOT_RUNNING


async def _round_trip(node: NodeAccess, subject: Subject) -> bool | None:
    """Whether an API heard of a room of ours; None: there is no way to know."""
    room, redis = TRIAL + subject.rng.token(), subject.settings.redis
    if redis.url is None or not await end_a_room(node, room, subject.clock):
        return None
    give_up_ms = subject.clock.monotonic_ms() + HEARD_WITHIN_MS
    while subject.clock.monotonic_ms() < give_up_ms:
        if await was_counted(redis, trial_mark(room)):
            return True
        await subject.clock.sleep_ms(LOOK_EVERY_MS)
    return False


def judge(url: str, node: NodeAccess, status: int, *, heard: bool | None) -> Finding:
    """`status`: what our API said to what we signed; `heard`: whether it heard from LiveKit itself."""
    if heard:
        return ok("webhook", "a room was made and deleted, and our API heard of it")
    if status == NOT_RUNNING:
        return ok("webhook", f"our API does not run at {url}: ask again when it does")
    if status == 401:
        fix = "start it with the configuration that the doctor reads: the same keys of LiveKit"
        return problem("webhook", f"our API refuses what the owner of key {node.api_key} signs", fix)
    if status >= 300:
        return warning("webhook", f"{url} answers {status}", "look whether it is Duologue that listens there")
    if heard is None:
        seen = "our API takes its signature; whether it hears from it shows only where both use a Redis that answers"
        return ok("webhook", seen)
    fix = f"let webhook.urls in its configuration name {PATH} of our API as it reaches it, with a key of ours: {GUIDE}"
    return warning("webhook", "a room was made and deleted, and our API did not hear of it within 5 s", fix)
