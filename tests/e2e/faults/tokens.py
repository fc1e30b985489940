"""Session tokens that end soon. A server's are good for an hour, so Ana's come from an office with the server's key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from playwright.sync_api import Route

from duologue.clock import SystemRng
from duologue.services.identity import SESSION_TTL_S, TokenOffice
from tests.e2e.faults.scene import Scene
from tests.fakes import ManualClock

GUESTS = "**/v1/guest"
LIFE_S = 6


class ShortTokens:
    """What Ana's page gets when it asks for a token."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.given = 0
        self.away = False
        """None is to be had."""

    def answer(self, route: Route) -> None:
        """One that ends in a few seconds, for the same person as before."""
        if self.away:
            route.abort("connectionrefused")
            return
        asked = route.request.post_data_json or {}
        earlier = ManualClock(round((time.time() - SESSION_TTL_S + LIFE_S) * 1_000))
        guest = TokenOffice(self._key, earlier, SystemRng()).mint_guest(asked.get("facets", {}), asked.get("refresh"))
        self.given += 1
        route.fulfill(json=msgspec.to_builtins(guest))


@contextmanager
def short_tokens(two: Scene) -> Iterator[ShortTokens]:
    """From her next page on, Ana has such tokens; afterwards she gets the server's again."""
    tokens = ShortTokens((two.server.state_dir / "token.key").read_bytes())
    two.ana.context.route(GUESTS, tokens.answer)
    two.ana.page.evaluate("() => sessionStorage.clear()")  # what she could resume by is good for an hour
    yield tokens
    two.ana.context.unroute(GUESTS)
