"""What a whole server does about an error that nobody foresaw."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.store.memory import MemoryStore
from tests.conftest import open_town
from tests.fakes import wait_until

LOOPS = (
    ("expire", "reaper"),
    ("keep_alive", "gateway-lease"),
    ("read_news", "gateway-news"),
    ("read_status", "gateway-status"),
    ("read_status", "readiness"),
    ("read_shards", "matcher-shards"),
    ("lease", "node-watch"),
    ("lease", "reaper"),
    ("report_nodes", "node-watch"),
    ("publish_status", "matcher-status"),
)
"""What each loop asks of the store, and what the loop is called."""


@pytest.mark.parametrize(("method", "loop"), LOOPS)
async def test_no_loop_dies_of_a_defect(
    method: str, loop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop's first call of a method fails as nothing should; it is called again, and people meet."""
    real = getattr(MemoryStore, method)
    calls = 0

    async def broken_at_first(self: MemoryStore, *args: Any) -> Any:
        nonlocal calls
        task = asyncio.current_task()
        calls += task is not None and task.get_name() == loop
        if calls == 1 and task is not None and task.get_name() == loop:
            raise KeyError("nobody foresaw it")
        return await real(self, *args)

    monkeypatch.setattr(MemoryStore, method, broken_at_first)
    with capture_logs() as logs:
        async with open_town(tmp_path) as town:
            await wait_until(lambda: calls > 1, description="it was called again")
            people = [await town.person() for _ in range(2)]
            for person in people:
                await person.find(Filters(mode=Mode.TEXT))
            pairs = {(await person.matched()).pair for person in people}

    assert len(pairs) == 1
    assert [entry["task"] for entry in logs if entry["event"] == "loop_failed"] == [loop]
