"""The examples of docs/howto/python.md, as somebody would run them who writes a bot."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from duologue.client import Invitation, NoToken
from tests.conftest import Town
from tests.docs.test_docs import ROOT, SERVER, blocks

STAYING, OWN, SEEING = blocks(ROOT / "docs/howto/python.md", "python")


@asynccontextmanager
async def running(program: str) -> AsyncIterator[asyncio.StreamReader]:
    """What it prints, until we have seen enough."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-u", "-c", program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout
        assert process.returncode is None, "it goes on"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_two_who_stay_greet_each_other(town: Town) -> None:
    """And stay."""
    program = STAYING.replace(SERVER, town.page_url)
    async with running(program) as one, running(program) as other, asyncio.timeout(30):
        assert [await each.readline() for each in (one, other)] == [b"Hello!\n", b"Hello!\n"]


async def test_an_invitation_of_ones_own_is_renewed_until_it_is_refused() -> None:
    """By the function of the integrator."""
    names: dict[str, Any] = {}
    exec(compile(OWN, "python.md", "exec"), names)
    invitation: Invitation = names["invitation"]
    assert invitation.renew is not None

    assert [await invitation.renew(), await invitation.renew()] == ["the first", "the second"]
    with pytest.raises(NoToken) as none:
        await invitation.renew()
    assert none.value.refused
