"""Guest tokens: a JSON POST, no cookies, so that no other page can act in somebody's name."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, TooManyRequestsException
from litestar.params import JSONBody
from msgspec import Meta

from duologue.errors import RateLimited, TokenRefused, ValueRefused
from duologue.ports import Clock
from duologue.safety.ratelimit import Rate, admit
from duologue.services.identity import GuestTokens, TokenOffice
from duologue.settings import Settings

REMEMBERED_ADDRESSES = 100_000
"""Beyond that the one seen longest ago is forgotten: the limiter fails open rather than grow."""
Fact = Annotated[str, Meta(min_length=1, max_length=32)]


class GuestRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who somebody says they are. Facets are signed into the token; changing them takes a new one."""

    refresh: Annotated[str, Meta(max_length=4096)] | None = None
    facets: Annotated[dict[Fact, Fact], Meta(max_length=8)] = {}


class GuestDesk:
    """Hands out guest tokens, not too many per address."""

    def __init__(self, tokens: TokenOffice, clock: Clock, settings: Settings) -> None:
        self._tokens = tokens
        self._clock = clock
        self._rules = settings.matching.rules()
        self._rate = Rate(60_000 // settings.http.guests_per_minute, settings.http.guests_burst)
        self._full_at_ms: OrderedDict[str, int] = OrderedDict()

    def admit(self, address: str) -> None:
        """Count a request of this address. Raises `RateLimited`."""
        full_at_ms, retry_after_ms = admit(self._rate, self._full_at_ms.pop(address, 0), self._clock.monotonic_ms())
        self._full_at_ms[address] = full_at_ms
        if len(self._full_at_ms) > REMEMBERED_ADDRESSES:
            self._full_at_ms.popitem(last=False)
        if retry_after_ms:
            raise RateLimited(retry_after_ms)

    def mint(self, request: GuestRequest) -> GuestTokens:
        """Tokens; a refresh token that is no good gives a new person instead of an error page.

        Raises `ValueRefused`.
        """
        facets = self._rules.known_facets(request.facets)
        try:
            return self._tokens.mint_guest(facets, request.refresh)
        except TokenRefused:
            return self._tokens.mint_guest(facets)


@post("/v1/guest", status_code=200, sync_to_thread=False)
def guest(
    data: JSONBody[GuestRequest],
    request: Request[None, None, State],
    desk: NamedDependency[GuestDesk],
    settings: NamedDependency[Settings],
) -> Response[GuestTokens]:
    """A token for a guest."""
    origin = request.headers.get("origin")
    if origin is not None and not settings.gateway.allows(origin):
        raise HTTPException("this page may not ask for guests: add its origin to gateway.origins", status_code=403)
    try:
        desk.admit(request.client.host if request.client else "")
    except RateLimited as limited:
        seconds = -(-limited.retry_after_ms // 1000)
        raise TooManyRequestsException(str(limited), headers={"Retry-After": str(seconds)}) from limited
    try:
        tokens = desk.mint(data)
    except ValueRefused as refused:
        raise HTTPException(str(refused), status_code=400) from refused
    return Response(tokens, headers={"Cache-Control": "no-store"})
