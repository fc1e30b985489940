"""The network between: it passes on, and goes wrong as it is told."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from chaos.relay import HOST, Bad, Relay, only_from, ports_of
from tests.fakes import wait_until

Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]
WITHIN_S = 5


@asynccontextmanager
async def relayed() -> AsyncIterator[Relay]:
    """A relay to somebody who repeats each line."""
    served: set[asyncio.StreamWriter] = set()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(writer)
        with suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        served.discard(writer)

    server = await asyncio.start_server(echo, HOST, 0)
    relay = Relay(server.sockets[0].getsockname()[1])
    await relay.open()
    try:
        yield relay
    finally:
        while TALKS:
            TALKS.pop()[1].close()
        await relay.close()
        server.close()
        await wait_until(lambda: not served, description="everybody was served")


TALKS: list[Talk] = []


async def reach(relay: Relay) -> Talk:
    """Closed at the end of the test."""
    TALKS.append(await asyncio.open_connection(HOST, relay.port))
    return TALKS[-1]


async def answer(talk: Talk, line: bytes = b"hello\n") -> bytes:
    """What comes back."""
    reader, writer = talk
    writer.write(line)
    async with asyncio.timeout(WITHIN_S):
        return await reader.readline()


async def test_it_passes_everything_on() -> None:
    """Both ways, for many at once."""
    async with relayed() as relay:
        talks = [await reach(relay) for _ in range(10)]
        assert await asyncio.gather(*map(answer, talks)) == [b"hello\n"] * 10


async def test_what_is_far_away_comes_late_and_in_order() -> None:
    """Also when it is near again before the rest has arrived."""
    async with relayed() as relay:
        talk = reader, writer = await reach(relay)
        assert await answer(talk) == b"hello\n"
        relay.worsen(Bad(delay_s=0.1))
        began_s = time.monotonic()
        writer.write(b"one\n")
        await asyncio.sleep(0.02)
        relay.mend()
        writer.write(b"two\n")
        assert [await reader.readline() for _ in range(2)] == [b"one\n", b"two\n"]
        assert time.monotonic() - began_s >= 0.1


@pytest.mark.parametrize(("asking", "answering"), [(False, True), (True, False)], ids=["no questions", "no answers"])
async def test_what_was_held_arrives_when_the_way_is_free(asking: bool, answering: bool) -> None:
    """Nothing is lost on a connection that lives on."""
    async with relayed() as relay:
        talk = reader, writer = await reach(relay)
        assert await answer(talk) == b"hello\n"
        with relay.worsened(Bad(asking=asking, answering=answering)) as connections:
            assert connections == 1
            writer.write(b"held\n")
            line = asyncio.get_running_loop().create_task(reader.readline())
            done, _ = await asyncio.wait([line], timeout=0.1)
            assert not done
        assert await asyncio.wait_for(line, WITHIN_S) == b"held\n"


async def is_broken_off(talk: Talk) -> bool:
    """With an end or with an error, as the system likes."""
    try:
        return await answer(talk) == b""
    except ConnectionError:
        return True


async def test_a_cut_breaks_off_what_there_is() -> None:
    """And the next connection works; where it refuses, none does."""
    async with relayed() as relay:
        talk = await reach(relay)
        assert await answer(talk) == b"hello\n"
        assert relay.cut() == 1
        assert await is_broken_off(talk)
        with relay.refusing():
            assert await is_broken_off(await reach(relay))
        assert await answer(await reach(relay)) == b"hello\n"


async def test_a_fault_may_be_about_one_process() -> None:
    """Whose connections they are, the kernel knows."""
    async with relayed() as relay:
        talk = _, writer = await reach(relay)
        assert writer.get_extra_info("sockname")[1] in ports_of([os.getpid()])
        relay.worsen(Bad(asking=False), only_from([1]))
        assert await answer(talk) == b"hello\n"
