"""The roles of one process: when they listen, and when they are ready."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from duologue.app.dev import all_in_one
from duologue.app.media import MediaChoice
from duologue.client import RandomChatSession, join
from duologue.errors import Unavailable
from duologue.ids import GatewayId
from duologue.media.fake import FakeMedia
from duologue.protocol.codes import Mode
from duologue.settings import GatewaySettings, HttpSettings, Settings
from duologue.store.memory import MemoryStore
from tests.fakes import free_port, wait_until


async def test_a_gateway_takes_nobody_before_the_store_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever came sooner would be sent away; and all by itself it listens as soon as it is known."""
    reached, tries = asyncio.Event(), 0
    keep_alive = MemoryStore.keep_alive

    async def keep_alive_or_not(store: MemoryStore, gateway: GatewayId) -> bool:
        nonlocal tries
        tries += 1
        if not reached.is_set():
            raise Unavailable("Redis")
        return await keep_alive(store, gateway)

    monkeypatch.setattr(MemoryStore, "keep_alive", keep_alive_or_not)
    settings = Settings(
        http=HttpSettings(port=free_port()), gateway=GatewaySettings(port=free_port()), state_dir=tmp_path
    )
    entering = all_in_one(settings, MediaChoice(FakeMedia(), "fake", frozenset(Mode)))
    started = asyncio.create_task(entering.__aenter__())
    await wait_until(lambda: tries >= 2, description="it asks again and again")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", settings.gateway.port)
    reached.set()

    where, _ = await started
    async with RandomChatSession(await join(where.page_url)) as person:
        assert person.ready is not None
    await entering.__aexit__(None, None, None)
