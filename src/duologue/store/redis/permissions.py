"""What our user may have to do in Redis, and the ACL rule that allows just that.

`docs/howto/redis.md` shows the rule; the contract suite runs as a user who has no more.
"""

from __future__ import annotations

from typing import Final

CONNECTING: Final = ("ping", "select", "info", "time", "client|setname")
SCRIPTS: Final = ("evalsha", "script|load")
RECORDS: Final = ("type", "strlen", "get", "mget", "getrange", "set", "del", "pexpire")
INDEXES: Final = (
    "hget", "hgetall", "hset", "hincrby", "sadd", "srem", "smembers", "srandmember", "zadd", "zrange", "zrem",
)  # fmt: skip
STREAMS: Final = ("xadd", "xread", "xrevrange")
COMMANDS: Final = (*CONNECTING, *SCRIPTS, *RECORDS, *INDEXES, *STREAMS)


def acl_rule(realm: str) -> list[str]:
    """What an ACL user of this realm needs, as `ACL SETUSER NAME on >PASSWORD ...` takes it."""
    return ["resetchannels", "-@all", f"~{{{realm}}}:*", *(f"+{command}" for command in COMMANDS)]
