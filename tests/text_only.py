"""`duologue dev --text-only` as a process, for tests of programs that talk to one."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from duologue.settings import LIVEKIT_VARIABLES
from tests.fakes import free_port, free_ports, wait_until


class Place:
    """A folder, and an admin port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http, self.websocket, self.admin = free_port(), free_port(), free_ports(4)
        self.log = folder / "log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in LIVEKIT_VARIABLES.values()},
            "DUOLOGUE_ADMIN__PORT": str(self.admin),
            "DUOLOGUE_STATE_DIR": str(folder),
        }

    @asynccontextmanager
    async def dev(self) -> AsyncIterator[str]:
        """`duologue dev --text-only`; gives its address."""
        with self.log.open("w") as log:
            process = self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "duologue", "dev", "--text-only", f"--port={self.http}",
                f"--ws-port={self.websocket}", stdout=log, stderr=log, cwd=self.folder, env=self.environment,
            )  # fmt: skip
        try:
            await wait_until(
                lambda: "\n  page " in self.log.read_text() or process.returncode is not None,
                description="it starts",
                within_s=30,
            )
            assert process.returncode is None, self.log.read_text()
            yield f"http://127.0.0.1:{self.http}"
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
