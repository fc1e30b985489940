"""The records of one kind, for one try of a transition: decoded when somebody looks, written when they changed.

A record that was not loaded raises `NotLoaded`: the store fetches it and begins again. One that cannot be read raises
`Damaged`, once somebody needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from duologue.errors import Damaged
from duologue.store.redis.keys import RECORD_TTL_MS, Keys
from duologue.store.redis.scripts import Command, Loaded

K = TypeVar("K", bound=str)
V = TypeVar("V")

encode = msgspec.json.Encoder().encode
"""JSON, so that an operator can read a record as it is."""

LONGEST_VERSION = 20
"""Digits; `apply.lua` compares so many."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What a decoder raises."""


class NotLoaded(Exception):
    """This record was not asked for."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def split(key: str, value: bytes | None) -> tuple[str, bytes | None]:
    """The version of a record, and its JSON; '' and None where there is none. Raises `Damaged`."""
    if value is None:
        return "", None
    head, _, body = value.partition(b"\n")
    version = head.split(b" ", 1)[0]
    if not version.isdigit() or len(version) > LONGEST_VERSION:
        raise Damaged(key, "it does not begin with the version of a record, is too long, or no string")
    return version.decode(), body


def decoded(key: str, decode: Callable[[bytes], V], body: bytes) -> V:
    """What the JSON of a record says. Raises `Damaged`."""
    try:
        return decode(body)
    except UNREADABLE as error:
        raise Damaged(key, str(error)) from error


class Kind(NamedTuple):
    """What records of one kind are."""

    name: str
    decode: Callable[[bytes], Any]
    links: Callable[[Any], str] = lambda _: ""
    """The names of the records that are loaded with one of these."""


class Raw(NamedTuple):
    """A record as it was loaded; version '' and no JSON where there is none."""

    key: str
    version: str
    body: bytes | None


class Table(MutableMapping[K, V], Generic[K, V]):
    """The records of one kind. Only what was asked for is known; it is decoded once somebody wants it."""

    def __init__(self, kind: Kind, loaded: Loaded, keys: Keys) -> None:
        self._kind = kind
        self._loaded = loaded
        self._keys = keys
        self._raws: dict[K, Raw] = {}
        self._before: dict[K, V | None] = {}
        self.seen: dict[K, V | None] = {}
        """What somebody looked at, as it is by now; None where there is (no longer) a record."""
        self.changed: list[K] = []
        """Whose records are to be written or deleted, once `writes` was asked."""

    def __getitem__(self, name: K) -> V:
        value = self._look(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: K, default: Any = None) -> Any:
        """As ever; most records are asked for so, and an exception for each that is missing costs."""
        value = self._look(name)
        return default if value is None else value

    def __setitem__(self, name: K, value: V) -> None:
        if name not in self.seen:
            self._raw(name)
        self.seen[name] = value

    def __delitem__(self, name: K) -> None:
        if name not in self.seen:
            self._raw(name)
        self.seen[name] = None

    def __iter__(self) -> Iterator[K]:
        raise TypeError("nobody knows all of them")

    def __len__(self) -> int:
        raise TypeError("nobody knows all of them")

    def before(self, name: K) -> V | None:
        """The record as it was loaded."""
        if name not in self._before:
            self._before[name] = self._decoded(name)
        return self._before[name]

    def writes(self) -> Iterator[tuple[str, str, Command | None]]:
        """For each record that somebody looked at: its key, the version that they saw, and what to write."""
        for name, value in self.seen.items():
            raw = self._raw(name)
            yield raw.key, raw.version, self._write(name, value, raw)

    def _write(self, name: K, value: V | None, raw: Raw) -> Command | None:
        if value is None:
            self.changed.append(name)
            return ("DEL", raw.key) if raw.body is not None else None
        new = encode(value)
        if new == raw.body or self._differs_in_order_alone(name, value, new, raw):
            return None
        self.changed.append(name)
        # A new record starts from the clock: one that was deleted and made again has another version than before.
        next_version = int(raw.version) + 1 if raw.version else self._loaded.time_us
        links = self._kind.links(value)
        head = f"{next_version} {links}\n" if links else f"{next_version}\n"
        ttl_ms = RECORD_TTL_MS[self._kind.name]
        command: Command = ("SET", raw.key, head + new.decode())
        return command if ttl_ms is None else (*command, "PX", ttl_ms)

    def _differs_in_order_alone(self, name: K, value: V, new: bytes, raw: Raw) -> bool:
        """Sets come in any order: what was only read would be written, and others would have to try again."""
        return raw.body is not None and len(new) == len(raw.body) and value == self.before(name)

    def _look(self, name: K) -> V | None:
        if name not in self.seen:
            self.seen[name] = self._decoded(name)
        return self.seen[name]

    def _decoded(self, name: K) -> V | None:
        key, _, body = self._raw(name)
        return decoded(key, self._kind.decode, body) if body is not None else None

    def _raw(self, name: K) -> Raw:
        if name not in self._raws:
            key = self._keys.record(self._kind.name, name)
            if key not in self._loaded.values:
                raise NotLoaded(key)
            self._raws[name] = Raw(key, *split(key, self._loaded.values[key]))
        return self._raws[name]
