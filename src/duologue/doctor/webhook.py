"""Does our API take LiveKit's webhooks? Asked as LiveKit would: with an event that we sign ourselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from duologue.doctor.finding import Finding, ok, problem, warning
from duologue.doctor.livekit import named
from duologue.doctor.run import Subject
from duologue.media.livekit_node import NodeAccess
from duologue.media.webhook import sign_webhook

PATH = "/v1/livekit/webhook"
ANSWER_WITHIN_S = 3.0
NOT_RUNNING = 0


async def examine_webhook(subject: Subject) -> Sequence[Finding]:
    """The check."""
    nodes = [] if subject.text_only else named(subject.settings.livekit)
    if not nodes:
        return [ok("webhook", "no media server of yours is named, so none sends any")]
    http = subject.settings.http
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(http.host, http.host)
    url = f"http://{host}:{http.port}{PATH}"
    by_key = {node.api_key: node for node in nodes}
    statuses = await asyncio.gather(*(_send(url, node, subject) for node in by_key.values()))
    return [judge(url, key, status) for key, status in zip(by_key, statuses, strict=True)]


async def _send(url: str, node: NodeAccess, subject: Subject) -> int:
    """The status of the answer; `NOT_RUNNING` where nobody listens."""
    body, authorization = sign_webhook(node.api_key, node.api_secret, subject.rng.token(), subject.clock.now_ms())
    headers = {"Authorization": authorization, "Content-Type": "application/webhook+json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)) as session,
            session.post(url, data=body, headers=headers) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, OSError, TimeoutError):
        return NOT_RUNNING


def judge(url: str, key: str, status: int) -> Finding:
    """What our API said to an event that is signed with this key."""
    if status == NOT_RUNNING:
        return ok("webhook", f"our API does not run at {url}: ask again when it does")
    if status == 401:
        fix = "start it with the configuration that the doctor reads: the same keys of LiveKit"
        return problem("webhook", f"our API refuses what the owner of key {key} signs", fix)
    if status >= 300:
        return warning("webhook", f"{url} answers {status}", "look whether it is Duologue that listens there")
    todo = f"let LiveKit's webhook.urls name it, with api_key {key}; http_requests in its log show that it comes"
    return ok("webhook", f"our API takes what key {key} signs ({todo})")
