"""The keys that one integrator signs with: a shared secret, or public keys that come from elsewhere and change.

Checking a token waits for nothing: it takes the keys that are here. What is missing is asked for and comes
with the next turn, and who came with such a token comes again. Strangers can name keys that nobody has,
as many as they like, and cause no more than one question in `ASK_EVERY_MS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from duologue.errors import BackendError, Unavailable
from duologue.ports import Clock, KeySource
from duologue.services.claims import NotTaken, Why
from duologue.services.keyset import KeysUnreadable, PublicKey, named, read_keys

log = structlog.get_logger()

REFRESH_MS = 10 * 60_000
"""A key that was taken out of the set opens nothing after this."""
ASK_EVERY_MS = 30_000
"""Not sooner, whatever happens."""
STALE_AFTER_MS = 24 * 3_600_000
"""So long the last keys are good while new ones cannot be had: an outage of theirs is not to be one of ours."""
TURN_MS = 250


class KeyMissing(Unavailable):
    """The key of this token is not here; it may be, later. `why` is for the log."""

    def __init__(self, why: Why, retry_after_ms: int) -> None:
        super().__init__("the key of this token", retry_after_ms=retry_after_ms)
        self.why = why


class Keys(Protocol):
    """What an issuer needs to know of its keys."""

    def named(self, kid: str | None) -> Sequence[Any]:
        """The keys to try, as PyJWT takes them. Raises `NotTaken`, or `KeyMissing` where coming again makes sense."""


class SharedSecret:
    """A secret that both sides know. It never changes while this process runs."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def named(self, kid: str | None) -> Sequence[Any]:  # noqa: ARG002 - a secret has no name
        """The secret, whatever the token calls it."""
        return (self.secret,)


class Keyring:
    """Public keys. Somebody has to take its turns, every `TURN_MS`."""

    def __init__(self, issuer: str, algorithm: str, source: KeySource, clock: Clock) -> None:
        self._issuer = issuer
        self._algorithm = algorithm
        self._source = source
        self._clock = clock
        self._keys: tuple[PublicKey, ...] | None = None
        self._read_ms = 0
        self._asked_ms: int | None = None
        self._wanted = False
        self._failing = False
        self._too_old = False

    def named(self, kid: str | None) -> Sequence[Any]:
        """The keys by this name. Raises `NotTaken`, `KeyMissing`."""
        if self._keys is None or self._too_old:
            raise KeyMissing(Why.KEYS_AWAY, self._until_next_ms())
        found = named(self._keys, kid)
        if not found and kid is None:
            raise NotTaken(Why.KID, f"the key set has {len(self._keys)} keys for this algorithm: name one as `kid`")
        if not found:
            self._wanted = True
            raise KeyMissing(Why.UNKNOWN_KID, self._until_next_ms())
        return [each.key for each in found]

    async def turn(self) -> None:
        """Ask for the keys, if it is time. Outages are told in the log, not raised."""
        self._note_age()
        if not self._due():
            return
        self._asked_ms, self._wanted = self._clock.monotonic_ms(), False
        try:
            keys = read_keys(await self._source.fetch(), self._algorithm)
        except (BackendError, KeysUnreadable) as error:
            self._note_failure(str(error))
        else:
            self._take(keys)

    def _due(self) -> bool:
        if self._asked_ms is None:
            return True
        since_ms = self._clock.monotonic_ms() - self._asked_ms
        return since_ms >= (ASK_EVERY_MS if self._wanted or self._failing else REFRESH_MS)

    def _until_next_ms(self) -> int:
        """When a question that is wanted now can have an answer."""
        if self._asked_ms is None:
            return TURN_MS
        return max(self._asked_ms + ASK_EVERY_MS - self._clock.monotonic_ms(), 0) + TURN_MS

    def _take(self, keys: tuple[PublicKey, ...]) -> None:
        """What they say now is true, also if it is that there are no keys: that is how they call one back."""
        before = None if self._keys is None else [key.kid for key in self._keys]
        kids = [key.kid for key in keys]
        self._keys, self._read_ms, self._too_old = keys, self._clock.monotonic_ms(), False
        if not keys:
            log.warning("keys_empty", issuer=self._issuer, hint=f"the set has no key for {self._algorithm}")
        elif kids != before or self._failing:
            log.info("keys_read", issuer=self._issuer, kids=kids)
        self._failing = False

    def _note_failure(self, detail: str) -> None:
        if not self._failing:
            hint = "the last ones are used for a day" if self._keys is not None else "its people cannot come in"
            log.warning("keys_unavailable", issuer=self._issuer, detail=detail, hint=hint)
        self._failing = True

    def _note_age(self) -> None:
        too_old = self._keys is not None and self._clock.monotonic_ms() - self._read_ms > STALE_AFTER_MS
        if too_old and not self._too_old:
            log.error("keys_too_old", issuer=self._issuer, hint="its people cannot come in until new ones can be had")
        self._too_old = too_old
