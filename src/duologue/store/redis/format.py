"""In which form the ledger is kept, and that nobody shares a realm with a version that keeps it in another one.

A field that is new and may be missing needs no other format: who does not know it leaves it out. What a process of the
version before could not read does, such as a new kind of news, another value of an enumeration, or one more element of
a named tuple; `tests/store/redis/test_format.py` tells when.
"""

from __future__ import annotations

from duologue.store.redis.line import Connector
from duologue.store.redis.primary import Link, Unfit, ask

FORMAT = 1
"""Raised when a process of the version before could not live with what this one writes."""


class SameFormat:
    """Connections to a realm that is kept in our format; the first one to come says which it is."""

    def __init__(self, connector: Connector, key: str) -> None:
        self._connector = connector
        self._key = key

    async def connect(self) -> Link:
        """As the connector does. Raises `Unfit`, too: then nothing was read or written."""
        link = await self._connector.connect()
        try:
            await self._agree(link)
        except BaseException:
            await link.connection.disconnect(nowait=True)
            raise
        return link

    async def was_replaced(self, link: Link) -> bool:
        """As the connector says."""
        return await self._connector.was_replaced(link)

    async def _agree(self, link: Link) -> None:
        """Read first: a store that takes no writes just now may still be read."""
        ours, held = str(FORMAT), await ask(link.connection, "GET", self._key)
        if held is None:
            held = await ask(link.connection, "SET", self._key, ours, "NX", "GET")
        if held not in (None, ours.encode()):
            theirs = held.decode(errors="replace")[:20]
            raise Unfit(
                f"{self._key} says that another version keeps this realm in format {theirs}, and this one keeps format "
                f"{ours}: set redis.realm (DUOLOGUE_REDIS__REALM) to another name for this one"
            )
