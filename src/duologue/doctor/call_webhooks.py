"""Do the operator's servers take what we would tell them of calls? Each gets a signed `ping`, which tells nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from duologue.doctor.finding import Finding, ok, problem
from duologue.doctor.run import Subject
from duologue.errors import StartupError, Unavailable
from duologue.hooks_out.door import Endpoint, door_to
from duologue.hooks_out.message import ping
from duologue.hooks_out.opening import endpoints_of
from duologue.hooks_out.signing import signed

GUIDE = "docs/howto/call-webhooks.md"
WHAT = "webhook"
ANSWER_WITHIN_MS = 5_000


async def examine_call_webhooks(subject: Subject) -> Sequence[Finding]:
    """The check. Nothing to say where no server is named."""
    try:
        endpoints = endpoints_of(subject.settings.calls.webhooks)
    except StartupError as error:
        return [problem("calls.webhooks", str(error), "do that: no gateway starts before")]
    return await asyncio.gather(*(_examine(endpoint, subject) for endpoint in endpoints))


async def _examine(endpoint: Endpoint, subject: Subject) -> Finding:
    now_ms, id_ = subject.clock.now_ms(), f"ping-{subject.rng.token()}"
    body = ping(id_, now_ms)
    try:
        async with door_to(endpoint) as post:
            await post(body, signed(id_, body, now_ms, endpoint.secrets), ANSWER_WITHIN_MS)
    except Unavailable as error:
        fix = f"it has to answer a signed `ping` with 2xx, from this machine: {GUIDE}"
        return problem(WHAT, str(error), fix).of(endpoint.name)
    return ok(WHAT, "it takes a signed ping").of(endpoint.name)
