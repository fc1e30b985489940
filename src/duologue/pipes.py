"""What a process of ours that runs another one reads from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


async def lines_of(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Each line; one that is longer than the stream's limit is left out."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line
