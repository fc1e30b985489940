"""Guest tokens: a JSON POST, no cookies, so that no other page can act in somebody's name."""

from __future__ import annotations

from typing import Annotated

import msgspec
import structlog
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, HTTPException, TooManyRequestsException
from litestar.params import JSONBody
from litestar.status_codes import HTTP_415_UNSUPPORTED_MEDIA_TYPE
from msgspec import Meta

from duologue.errors import BackendError, RateLimited, TokenRefused, ValueRefused
from duologue.metrics import definitions as metrics
from duologue.ports import Limiter
from duologue.safety.addresses import prefix_of
from duologue.safety.ratelimit import UNLIMITED
from duologue.services.identity import GuestTokens, TokenOffice
from duologue.services.visitors import Visitors
from duologue.settings import Settings

log = structlog.get_logger()

Fact = Annotated[str, Meta(min_length=1, max_length=32)]


class GuestRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who somebody says they are. Facets are signed into the token; changing them takes a new one."""

    refresh: Annotated[str, Meta(max_length=4096)] | None = None
    facets: Annotated[dict[Fact, Fact], Meta(max_length=8)] = {}


class GuestDesk:
    """Hands out guest tokens, not too many per address prefix."""

    def __init__(self, tokens: TokenOffice, limiter: Limiter, settings: Settings) -> None:
        self._tokens = tokens
        self._limiter = limiter
        self._rules = settings.matching.rules()
        self._rate = settings.limits.rate("guest")
        self._visitors = Visitors("http", settings.limits.proxies)

    async def admit(self, peer: str, forwarded: str) -> None:
        """Count a request of this peer. Raises `RateLimited`.

        Fails open: a guest token alone opens nothing that is not limited itself.
        """
        address = self._visitors.address_of(peer, forwarded)
        key = f"guest:{prefix_of(address)}"
        try:
            retry_after_ms = 0 if self._rate == UNLIMITED else await self._limiter.admit(key, self._rate)
        except BackendError as error:
            log.warning("store_unavailable", detail=str(error), hint="guests are not counted")
            return
        if retry_after_ms:
            self._visitors.refused(address)
            metrics.LIMITED.inc("guest")
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


@post("/v1/guest", status_code=200)
async def guest(
    data: JSONBody[GuestRequest],
    request: Request[None, None, State],
    desk: NamedDependency[GuestDesk],
    settings: NamedDependency[Settings],
) -> Response[GuestTokens]:
    """A token for a guest."""
    if not settings.auth.guests:
        raise HTTPException("this server takes no guests: come with a token of its operator", status_code=403)
    origin = request.headers.get("origin")
    if origin is not None and not settings.gateway.allows(origin):
        raise HTTPException("this page may not ask for guests: add its origin to gateway.origins", status_code=403)
    if request.content_type[0] != "application/json":  # what a form of another page can send is not taken
        raise ClientException("send application/json", status_code=HTTP_415_UNSUPPORTED_MEDIA_TYPE)
    try:
        peer = request.client.host if request.client else ""
        await desk.admit(peer, ",".join(request.headers.getall("x-forwarded-for", [])))
    except RateLimited as limited:
        seconds = -(-limited.retry_after_ms // 1000)
        raise TooManyRequestsException(str(limited), headers={"Retry-After": str(seconds)}) from limited
    try:
        tokens = desk.mint(data)
    except ValueRefused as refused:
        raise HTTPException(str(refused), status_code=400) from refused
    return Response(tokens, headers={"Cache-Control": "no-store"})
