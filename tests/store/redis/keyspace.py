"""What Redis keeps for one realm, read past the store."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import redis

from duologue.store.redis.tables import split
from tests.redis_server import RedisServer

Record = TypeVar("Record")


class Keyspace:
    """The keys of one realm."""

    def __init__(self, server: RedisServer, realm: str) -> None:
        self.redis: Any = redis.Redis(port=server.port)  # its types are of two minds about asyncio
        self.prefix = f"{{{realm}}}:"

    def names(self, begin: str = "") -> list[str]:
        """All keys, or those that begin so, without the prefix."""
        found = self.redis.scan_iter(f"{self.prefix}{begin}*", count=1_000)
        return sorted(key.decode().removeprefix(self.prefix) for key in found)

    def records(self, kind: str, of: type[Record]) -> dict[str, Record]:
        """All records of a kind."""
        names = [name.removeprefix(f"{kind}:") for name in self.names(f"{kind}:")]
        values = self.redis.mget([f"{self.prefix}{kind}:{name}" for name in names]) if names else []
        return {
            name: msgspec.json.decode(split(name, value)[1] or b"", type=of)
            for name, value in zip(names, values, strict=True)
        }

    def sets(self, kind: str) -> dict[str, set[str]]:
        """All sets of a kind."""
        return {
            name.removeprefix(f"{kind}:"): {member.decode() for member in self.redis.smembers(self.prefix + name)}
            for name in self.names(f"{kind}:")
        }

    def pairs_in_use(self) -> dict[str, int]:
        """How many pairs each media node carries, as it was counted."""
        use = self.redis.hgetall(f"{self.prefix}use")
        counts = {field.decode()[6:]: int(count) for field, count in use.items() if field.startswith(b"pairs ")}
        return {name: count for name, count in counts.items() if count}

    def ttl_ms(self, name: str) -> int:
        """How long a key lives on; -1: for ever."""
        return int(self.redis.pttl(self.prefix + name))

    def clear(self) -> None:
        """Leave nothing."""
        for name in self.names():
            self.redis.delete(self.prefix + name)
        self.redis.close()
