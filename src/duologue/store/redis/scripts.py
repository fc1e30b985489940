"""The scripts as typed calls: what goes in, what comes out, and that they are there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from duologue.errors import OutcomeUnknown, Unavailable
from duologue.store.redis.keys import LONGEST_RECORD
from duologue.store.redis.line import AnotherLife, Line

Argument = str | bytes | int
"""Within a transition no bytes: the MessagePack of Redis does not know them."""
Command = tuple[Argument, ...]


class Script:
    """A script under `lua/`, called by its digest."""

    def __init__(self, name: str) -> None:
        self.source = (files(__package__) / "lua" / f"{name}.lua").read_bytes()
        self.digest = hashlib.sha1(self.source, usedforsecurity=False).hexdigest()

    def call(self, keys: Sequence[str], *arguments: Argument) -> Command:
        """The command that runs it."""
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)


LOAD, APPLY, ADMIT = Script("load"), Script("apply"), Script("admit")
ALL = {script.digest: script.source for script in (LOAD, APPLY, ADMIT)}


class Loaded(NamedTuple):
    """Records as they were at one instant."""

    time_us: int
    values: dict[str, bytes | None]
    """By key; None where there is no record."""
    store_id: str
    """Which life of the store they are from."""
    use: Mapping[str, int] = {}
    """What of the media nodes is in use, where somebody asked for them."""


class Slot(NamedTuple):
    """Join slots of a media node, taken by GCRA."""

    key: str
    field: str
    interval_ms: int
    burst: int
    times: int
    now_ms: int


class Changes(NamedTuple):
    """What a transition was decided by, and what it writes."""

    store_id: str
    """In which life of the store it was decided."""
    guards: Mapping[str, str]
    """The version of each record that it has seen, by key; '' for one that was not there."""
    slots: Sequence[Slot]
    commands: Sequence[Command]


class Applied(IntEnum):
    """How it went."""

    DONE = 0
    CHANGED = 1
    """Something is not as it was any more; nothing was written."""
    NO_SLOT = 2
    """Somebody else took the slot; nothing was written."""


async def load(line: Line, prefix: str, keys: Sequence[str]) -> Loaded:
    """Read records and what they link to. Raises `Unavailable`."""
    answer, store_id = await reading(line, LOAD.call(keys, prefix, LONGEST_RECORD))
    time_us, *rest = answer
    values = {key.decode(errors="replace"): value for key, value in zip(rest[::2], rest[1::2], strict=True)}
    return Loaded(int(time_us), values, store_id)


async def apply(line: Line, changes: Changes) -> Applied:
    """Write, if nothing has changed. Raises `Unavailable`, `OutcomeUnknown`."""
    guards = [part for guard in changes.guards.items() for part in guard]
    job = {"guards": guards, "slots": changes.slots, "commands": changes.commands}
    some_key = next(iter(changes.guards))  # a Cluster routes by it
    try:
        answer, _ = await line.ask(APPLY.call([some_key], _packed(job)), life=changes.store_id)
    except AnotherLife:
        return Applied.CHANGED
    return Applied(answer)


_packed: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode


async def reading(line: Line, command: Command) -> tuple[Any, str]:
    """A command that changes nothing: where its answer is lost, nothing has happened. Raises `Unavailable`."""
    try:
        return await line.ask(command)
    except OutcomeUnknown as lost:
        raise Unavailable("Redis", str(lost)) from lost
