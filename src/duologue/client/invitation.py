"""Where to connect, and as whom: how tokens are had, and had again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import aiohttp

GUEST_TIMEOUT = aiohttp.ClientTimeout(total=10)


class NoToken(Exception):
    """There is none to be had; `refused`: nor will there be. Else ask again, after `retry_after_ms` if it is told."""

    def __init__(self, message: str, *, refused: bool = False, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.refused = refused
        self.retry_after_ms = retry_after_ms


class Invitation(NamedTuple):
    """Where to connect, and as whom."""

    websocket_url: str
    token: str
    renew: Callable[[], Awaitable[str]] | None = None
    """Gets a newer token of the same person, for who stays longer than a token lives. May raise `NoToken`."""


async def join(base_url: str, facets: dict[str, str] | None = None) -> Invitation:
    """Become a guest of the server at `base_url`. Raises `aiohttp.ClientError`."""
    async with aiohttp.ClientSession(base_url, raise_for_status=True) as http, http.get("/config.json") as response:
        config = await response.json()
    guest = _Guest(base_url, config["guest_url"], facets or {})
    return Invitation(config["websocket_url"], await guest.ask(), guest.renew)


class _Guest:
    """Stays the same person by the refresh token of the time before."""

    def __init__(self, base_url: str, guest_url: str, facets: dict[str, str]) -> None:
        self._base_url = base_url
        self._guest_url = guest_url
        self._request: dict[str, object] = {"facets": facets}

    async def ask(self) -> str:
        async with (
            aiohttp.ClientSession(self._base_url, raise_for_status=True, timeout=GUEST_TIMEOUT) as http,
            http.post(self._guest_url, json=self._request) as response,
        ):
            guest = await response.json()
        self._request["refresh"] = guest["refresh"]
        token: str = guest["token"]
        return token

    async def renew(self) -> str:
        try:
            return await self.ask()
        except aiohttp.ClientResponseError as error:
            told = error.headers.get("Retry-After", "") if error.headers else ""
            after_ms = int(told) * 1000 if told.isdecimal() else None
            raise NoToken(f"guest token: {error}", refused=error.status == 403, retry_after_ms=after_ms) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoToken(f"guest token: {error!r}") from error
