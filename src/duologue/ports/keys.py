"""Where the keys of integrators come from."""

from __future__ import annotations

from typing import Protocol


class KeySource(Protocol):
    """Where an integrator publishes the keys that it signs with."""

    async def fetch(self) -> bytes:
        """The key set (RFC 7517) as it is now, of bounded size and within bounded time. Raises `Unavailable`.

        The text of the error says what went wrong and holds no secret.
        """
