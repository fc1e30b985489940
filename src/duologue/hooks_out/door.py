"""The door to the operator's servers: one signed POST, and whether it was taken. The only file here that knows HTTP.

The server may be slow, endless, send us elsewhere, or be somebody else by now: nothing of that is followed, and of
its answer only the status is read.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

import aiohttp
from aiohttp.abc import AbstractCookieJar

import duologue
from duologue.errors import Unavailable
from duologue.hooks_out.reach import Reach

CONNECTIONS = 8
"""To one server at once."""


class Endpoint(NamedTuple):
    """A server that is told."""

    name: str
    url: str
    secrets: tuple[bytes, ...]
    reach: Reach
    tenant: str | None
    """Whose calls; None: everybody's."""


class Post(Protocol):
    """Sends to one endpoint."""

    async def __call__(self, body: bytes, headers: Mapping[str, str], within_ms: int) -> None:
        """Returns when the server has taken it. Raises `Unavailable`, whose text holds no secret."""


class AddressRefused(OSError):
    """Its name leads where we do not connect to."""


@asynccontextmanager
async def door_to(endpoint: Endpoint) -> AsyncIterator[Post]:
    """The door to one server, with connections that are kept for a while."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, socket_factory=_sockets_for(endpoint.reach))
    jar: AbstractCookieJar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, auto_decompress=False) as session:

        async def post(body: bytes, headers: Mapping[str, str], within_ms: int) -> None:
            await _post(session, endpoint, body, headers, within_ms)

        yield post


async def _post(
    session: aiohttp.ClientSession, endpoint: Endpoint, body: bytes, headers: Mapping[str, str], within_ms: int
) -> None:
    ours = {"Content-Type": "application/json", "User-Agent": f"duologue/{duologue.__version__}"}
    timeout = aiohttp.ClientTimeout(total=within_ms / 1000)
    try:
        async with session.post(
            endpoint.url, data=body, headers={**ours, **headers}, allow_redirects=False, timeout=timeout
        ) as answer:
            status = answer.status
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise _away(endpoint, _reason(error, within_ms)) from error
    if 300 <= status < 400:
        raise _away(endpoint, f"it answers {status}: redirects are not followed, give the final address")
    if not 200 <= status < 300:
        raise _away(endpoint, f"it answers {status}")


def _sockets_for(reach: Reach) -> aiohttp.SocketFactoryType:
    """Makes sockets for addresses within reach only: the very ones that are connected to then."""

    def make(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not reach.allows(str(address[0])):
            raise AddressRefused("its address is not of the internet: name its network in private_networks")
        return socket.socket(family, kind, protocol)

    return make


def _reason(error: Exception, within_ms: int) -> str:
    """Without the URL: what stands behind the host may be a secret."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name leads nowhere"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, AddressRefused):
        return str(cause)
    if isinstance(error, TimeoutError):
        return f"no answer within {within_ms} ms"
    return type(cause).__name__


def _away(endpoint: Endpoint, detail: str) -> Unavailable:
    return Unavailable(f"webhook {endpoint.name}", detail)
