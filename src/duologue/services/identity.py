"""Who somebody is: the tokens that say so, made and checked.

Those of integrators are checked in `issuers.py`. Of our own there are three kinds of JWT (RFC 7519),
told apart by their audience, signed with one key of this installation:

- *session*: opens a socket; an hour;
- *resume*: continues a session after a lost socket or a reload; names the generation, which makes it single-use;
- *refresh*: lets a guest stay the same person; months.

Clients cannot claim anything per message: what matters for matching is signed in here.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol

import jwt
import msgspec

from duologue.errors import TokenRefused
from duologue.ids import PersonId
from duologue.ports import Clock, Rng

ISSUER = "duologue"
ALGORITHM = "HS256"
SESSION_TTL_S = 3600
REFRESH_TTL_S = 180 * 24 * 3600

Kind = Literal["session", "resume", "refresh"]


class Identity(msgspec.Struct, frozen=True):
    """A person as their token states them."""

    person: PersonId
    guest: bool = True
    tenant: str = "default"
    age_band: str = "adult"
    trust_pool: str = "open"
    facets: dict[str, str] = {}
    device: str = ""
    """As the integrator calls it; empty: they do not say."""


class GuestTokens(msgspec.Struct, frozen=True):
    """What a new or returning guest gets."""

    person: PersonId
    token: str
    refresh: str
    expires_at: int
    """When `token` expires, in milliseconds since the Unix epoch."""


class Grant(NamedTuple):
    """What a session token says."""

    identity: Identity
    expires_ms: int
    """When its time is over, since the Unix epoch."""


class Resumed(NamedTuple):
    """What a resume token says."""

    identity: Identity
    generation: int
    expires_ms: int
    """As the session token said: coming back does not make a session longer."""


class Others(Protocol):
    """Who else may say who somebody is."""

    def grant(self, token: str) -> Grant | None:
        """What a token of theirs says; None: it is not theirs. Raises `TokenRefused`, `Unavailable`."""


class TokenOffice:
    """Makes and checks tokens. Every process with the key and the same integrators agrees."""

    def __init__(
        self, key: bytes, clock: Clock, rng: Rng, others: Others | None = None, *, guests: bool = True
    ) -> None:
        self._key = key
        self._clock = clock
        self._rng = rng
        self._others = others
        self._guests = guests

    def mint_guest(self, facets: dict[str, str], refresh: str | None = None) -> GuestTokens:
        """Tokens for a guest: a new person, or the one of the refresh token.

        Raises `TokenRefused` for a refresh token that is not ours or expired.
        """
        person = PersonId(self._rng.token()) if refresh is None else self._person_of(refresh)
        identity = Identity(person=person, facets=facets)
        expires_s = self._clock.now_ms() // 1000 + SESSION_TTL_S
        return GuestTokens(
            person=person,
            token=self._sign("session", expires_s, {"identity": msgspec.to_builtins(identity)}),
            refresh=self._sign("refresh", expires_s + REFRESH_TTL_S, {"sub": person}),
            expires_at=expires_s * 1000,
        )

    def verify(self, token: str) -> Identity:
        """Whose session token this is. Raises as `grant`."""
        return self.grant(token).identity

    def grant(self, token: str) -> Grant:
        """The same, and until when it holds.

        Raises `TokenRefused`, or `Unavailable` where the key of an integrator is not here yet.
        """
        if self._others is not None and (granted := self._others.grant(token)) is not None:
            return granted
        claims = self._claims("session", token)
        return Grant(self._identity(claims), claims["exp"] * 1000)

    def mint_resume(self, identity: Identity, generation: int, expires_ms: int) -> str:
        """A token that continues this very session, once, and no longer than the session token allowed."""
        claims = {"identity": msgspec.to_builtins(identity), "generation": generation}
        return self._sign("resume", expires_ms // 1000, claims)

    def verify_resume(self, token: str) -> Resumed:
        """Which session this token continues; the store decides whether it was used before. Raises `TokenRefused`."""
        claims = self._claims("resume", token)
        generation = claims.get("generation")
        if not isinstance(generation, int):
            raise TokenRefused("the resume token names no generation")
        return Resumed(self._identity(claims), generation, claims["exp"] * 1000)

    def _person_of(self, refresh: str) -> PersonId:
        subject = self._claims("refresh", refresh).get("sub")
        if not isinstance(subject, str):
            raise TokenRefused("the refresh token names no person")
        return PersonId(subject)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        try:
            identity = msgspec.convert(claims.get("identity"), Identity)
        except msgspec.ValidationError as error:
            raise TokenRefused("the token says nothing about a person") from error
        if identity.guest and not self._guests:
            raise TokenRefused("this server takes no guests")
        return identity

    def _sign(self, kind: Kind, expires_s: int, claims: dict[str, Any]) -> str:
        issued_s = self._clock.now_ms() // 1000
        payload = {"iss": ISSUER, "aud": f"{ISSUER}:{kind}", "iat": issued_s, "exp": expires_s, **claims}
        return jwt.encode(payload, self._key, algorithm=ALGORITHM)

    def _claims(self, kind: Kind, token: str) -> dict[str, Any]:
        """The claims of a token of ours. Time is checked here and not by the library, which reads its own clock."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=f"{ISSUER}:{kind}",
                issuer=ISSUER,
                options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise TokenRefused(f"not a {kind} token of this server") from error
        expires_s = claims["exp"]
        if not isinstance(expires_s, int):
            raise TokenRefused(f"not a {kind} token of this server")
        if expires_s * 1000 <= self._clock.now_ms():
            raise TokenRefused(f"this {kind} token has expired", expired=True)
        return claims
