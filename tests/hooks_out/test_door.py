"""One webhook over a real socket, to servers that behave and that do not."""

from __future__ import annotations

import asyncio
import socket

import pytest

from duologue.errors import Unavailable
from duologue.hooks_out.door import Endpoint, door_to
from duologue.hooks_out.reach import Reach
from tests.fakes import free_port
from tests.hooks_out.made import SECRETS, endpoint
from tests.hooks_out.receiver import (
    Behaviour,
    answers,
    drips,
    never_stops,
    receiver,
    resets,
    says_nothing,
    talks_nonsense,
)

BODY = b'{"type":"ping"}'
HEADERS = {"webhook-id": "x"}


async def refusal(to: Endpoint, within_ms: int = 5_000) -> str:
    """Why it was not taken."""
    async with door_to(to) as post:
        with pytest.raises(Unavailable) as refused:
            await post(BODY, HEADERS, within_ms)
    return str(refused.value)


async def test_it_is_a_post_with_the_body_as_it_is() -> None:
    """Whoever checks the signature needs each byte."""
    async with receiver() as server, door_to(endpoint(server.url)) as post:
        await post(BODY, HEADERS, 5_000)

    (heard,) = server.heard
    assert (heard.head, heard.body) == ("POST /calls HTTP/1.1", BODY)
    assert heard.headers["webhook-id"] == "x"
    assert heard.headers["content-type"] == "application/json"


async def test_a_connection_is_used_again() -> None:
    """A ring must not wait for TLS each time."""
    async with receiver() as server, door_to(endpoint(server.url)) as post:
        for _ in range(3):
            await post(BODY, HEADERS, 5_000)

    assert (len(server.heard), server.connections) == (3, 1)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
async def test_another_status_is_not_taken(status: int) -> None:
    """The text says which."""
    async with receiver(answers(status)) as server:
        assert await refusal(endpoint(server.url)) == f"webhook push is out of reach: it answers {status}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """Not even to a server that would take it."""
    async with receiver() as other, receiver(answers(status, f"Location: {other.url}\r\n")) as server:
        assert "redirects are not followed" in await refusal(endpoint(server.url))

    assert other.heard == []


@pytest.mark.parametrize("behaviour", [says_nothing, drips])
async def test_a_slow_server_has_its_time_and_no_more(behaviour: Behaviour) -> None:
    """Also where it sends a little all the time."""
    async with receiver(behaviour) as server:
        assert "no answer within 200 ms" in await refusal(endpoint(server.url), within_ms=200)


@pytest.mark.parametrize("behaviour", [resets, talks_nonsense])
async def test_what_is_no_answer_is_not_taken(behaviour: Behaviour) -> None:
    """A connection that breaks, or that speaks something else."""
    async with receiver(behaviour) as server:
        assert "out of reach" in await refusal(endpoint(server.url))


async def test_a_huge_answer_is_not_read() -> None:
    """Its status says all; the connection goes."""
    async with receiver(never_stops) as server, door_to(endpoint(server.url)) as post:
        async with asyncio.timeout(5):
            await post(BODY, HEADERS, 5_000)


async def test_a_server_that_is_not_there() -> None:
    """The text names no address."""
    port = free_port()

    assert str(port) not in await refusal(endpoint(f"http://127.0.0.1:{port}/calls"))


async def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says so."""

    async def to_nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", to_nowhere)

    assert "its name leads nowhere" in await refusal(endpoint("https://push.example.org/calls"))


async def test_a_name_that_leads_to_a_private_address_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """However its DNS answered before: what is looked at is the address that the socket is for."""
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo
    asked: list[str] = []

    async def to_loopback(host: str, port: int, **options: int) -> object:
        asked.append(host)
        return await resolve("127.0.0.1", port, **options)

    monkeypatch.setattr(loop, "getaddrinfo", to_loopback)
    async with receiver() as server:
        url = f"https://push.example.org:{server.port}/calls"

        assert "private_networks" in await refusal(endpoint(url))

    assert asked == ["push.example.org"]
    assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]"])
async def test_an_address_in_the_url_is_looked_at_too(host: str) -> None:
    """No name is asked for, and some libraries then look at nothing. Some write 127.0.0.1 in odd ways."""
    async with receiver() as server:
        url = f"https://{host}:{server.port}/calls"
        out_of_reach = Reach("https://push.example.org")

        assert "private_networks" in await refusal(Endpoint("push", url, SECRETS, out_of_reach, None))

    assert server.connections == 0
