"""Duologue as the gateway benchmark runs it: every role in one process, text only, memory store.

`python -m benchmarks.relay.duologue_server HOST PORT KEY_FILE`, until it is killed. It is `duologue dev --text-only`
without the page's announcement: the same composition, the same loop, the same settings of the garbage collector.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from duologue import logs
from duologue.app import process
from duologue.app.dev import all_in_one
from duologue.app.media import MediaChoice
from duologue.media.fake import FakeMedia
from duologue.protocol.codes import Mode
from duologue.settings import GatewaySettings, HttpSettings, LogSettings, Settings


async def serve(settings: Settings) -> None:
    """Run until somebody kills this process, or until HTTP fails."""
    async with all_in_one(settings, MediaChoice(FakeMedia(), "none", frozenset([Mode.TEXT]))) as (_, http_ended):
        process.settle()
        await http_ended


def main(host: str, port: int, key_file: Path) -> None:
    """HTTP listens one port above the gateway: the composition has it, the benchmark does not use it."""
    # Everybody comes from one address, and fast: limits are counted, but without an end.
    os.environ["DUOLOGUE_LIMITS__PROFILE"] = "load"
    settings = Settings(
        gateway=GatewaySettings(host=host, port=port),
        http=HttpSettings(host=host, port=port + 1),
        log=LogSettings(level="warning"),
        state_dir=key_file.parent,
    )
    logs.set_up(settings.log)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
