"""Makes the endpoints from the settings, and opens a door and a queue for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from duologue.calls.call import Call
from duologue.errors import StartupError
from duologue.hooks_out.deliveries import Deliveries
from duologue.hooks_out.door import Endpoint, door_to
from duologue.hooks_out.message import told_of
from duologue.hooks_out.reach import Reach
from duologue.hooks_out.signing import read_secrets
from duologue.ports import Clock, LookingStore, Rng
from duologue.services.call_events import Listener
from duologue.settings.calls import WebhookSettings

DRAIN_WITHIN_S = 3.0
"""What is told just before a stop."""


def endpoints_of(given: Sequence[WebhookSettings]) -> list[Endpoint]:
    """As the settings name them. Raises `StartupError` that names the fix."""
    return [
        Endpoint(each.name, each.url, _secrets(each), Reach(each.url, each.networks), each.tenant) for each in given
    ]


def _secrets(given: WebhookSettings) -> tuple[bytes, ...]:
    try:
        if given.secret_file is not None:
            return read_secrets(given.secret_file.read_text())
        assert given.secret is not None, "the settings have one of the two"
        return read_secrets(given.secret.get_secret_value())
    except OSError as error:
        detail = f"secret_file {given.secret_file}: {error.strerror}"
        raise StartupError(f"calls.webhooks {given.name}: {detail}") from error
    except ValueError as error:
        raise StartupError(f"calls.webhooks {given.name}: {_without_bytes(error)}") from error


def _without_bytes(error: ValueError) -> str:
    """What cannot be decoded is shown by that error."""
    return "secret_file is no text" if isinstance(error, UnicodeDecodeError) else str(error)


@asynccontextmanager
async def open_webhooks(
    given: Sequence[WebhookSettings], store: LookingStore, clock: Clock, rng: Rng
) -> AsyncIterator[list[Listener]]:
    """Who listens to calls, so that these servers are told; nobody where there are none. Raises `StartupError`.

    On the way out what was not told yet gets a moment more.
    """
    endpoints = endpoints_of(given)
    if not endpoints:
        yield []
        return
    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(door_to(each)) for each in endpoints]
        queues = [Deliveries(each, door, store, clock, rng) for each, door in zip(endpoints, doors, strict=True)]
        try:
            yield [partial(_tell, queues, clock)]
        finally:
            await asyncio.gather(*(queue.drain(DRAIN_WITHIN_S) for queue in queues))


def _tell(queues: Sequence[Deliveries], clock: Clock, call: Call) -> None:
    told = told_of(call, clock.now_ms())
    if told is not None:
        for queue in queues:
            queue.take(told)
