"""Calls and endpoints as these tests need them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from duologue.calls.call import Call, Party
from duologue.errors import Unavailable
from duologue.hooks_out.door import Endpoint
from duologue.hooks_out.reach import Reach
from duologue.ids import CallId, PairId
from duologue.protocol.codes import CallEnd, Mode
from tests.builders import ANA, BEN
from tests.fakes import ManualClock

START_MS = ManualClock().now_ms()
RING_MS = 60_000
SECRETS = (b"s" * 32,)
RINGS = Call(CallId("c1"), Mode.VIDEO, Party(ANA, "Otter"), Party(BEN, "Heron"), START_MS, START_MS + RING_MS)


def ended(reason: CallEnd = CallEnd.MISSED, id_: str = "c1") -> Call:
    """It came to nothing."""
    return msgspec.structs.replace(RINGS, id=CallId(id_), ended=reason)


def accepted() -> Call:
    """It became a pair."""
    return msgspec.structs.replace(RINGS, pair=PairId("p1"))


def endpoint(url: str = "https://push.example.org/calls", tenant: str | None = None) -> Endpoint:
    """A server of the operator."""
    return Endpoint("push", url, SECRETS, Reach(url), tenant)


class Most:
    """Dice that always fall on the highest number."""

    def token(self) -> str:
        return "t"

    def below(self, bound: int) -> int:
        return bound - 1


class Box:
    """A door without a server: takes what comes, but for so many failures at first."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.taken: list[tuple[bytes, Mapping[str, str]]] = []
        self.tried = 0

    async def __call__(self, body: bytes, headers: Mapping[str, str], within_ms: int) -> None:
        self.tried += 1
        if self.failures:
            self.failures -= 1
            raise Unavailable("webhook push", "it answers 500")
        self.taken.append((body, headers))
