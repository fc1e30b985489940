"""Who else may say who somebody is: integrators, whose backends sign a JWT (RFC 7519) for each of their users.

What a key opens is decided here and never by the token: the tenant, the one algorithm, the audience.
Checking is synchronous; keys and time are given. Why a token was refused is one thinned line of log
for the integrator's developer, and no word to whoever brought it.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import jwt
import structlog

from duologue.errors import ValueRefused
from duologue.ids import PersonId
from duologue.matching.rules import Rules
from duologue.ports import Clock
from duologue.safety.text import place_for_log
from duologue.services.claims import Claims, NotTaken, Why, read_claims, read_header, stated_issuer
from duologue.services.identity import ISSUER, Grant, Identity
from duologue.services.keyring import KeyMissing, Keys
from duologue.settings.auth import TENANT_OF_GUESTS

log = structlog.get_logger()

LEEWAY_S = 30
"""For clocks of two machines."""
UNSIGNED = frozenset([Why.ALGORITHM, Why.KID, Why.SIGNATURE])
"""Refusals of a token that another key of the same issuer may have signed."""


class Terms(NamedTuple):
    """What an integrator's tokens are, and what they open."""

    name: str
    """What logs call them."""
    tenant: str
    issuer: str
    audience: str
    algorithm: str
    max_lifetime_s: int
    age_bands: tuple[str, ...]
    """Those that there are; who states none is in the first."""
    trust_pools: tuple[str, ...]


class Issuer:
    """One integrator."""

    def __init__(self, terms: Terms, keys: Keys, rules: Rules) -> None:
        self.terms = terms
        self._keys = keys
        self._rules = rules

    def grant(self, token: str, now_s: float) -> Grant:
        """What this token says. Raises `NotTaken`, `KeyMissing`."""
        claims = read_claims(self._signed_payload(token))
        self._check_parties(claims)
        over_s = math.ceil(claims.exp) + LEEWAY_S
        self._check_times(claims, over_s, now_s)
        return Grant(self._identity(claims), over_s * 1000)

    def _signed_payload(self, token: str) -> bytes:
        """What was signed, if it was by one of the keys. The token names the key, and has no say in anything else."""
        header = read_header(token)
        if header.alg != self.terms.algorithm:
            raise NotTaken(Why.ALGORITHM, f"sign with {self.terms.algorithm}")
        for key in self._keys.named(header.kid):
            try:
                payload: bytes = jwt.PyJWS().decode(token, key, algorithms=[self.terms.algorithm])
            except (jwt.PyJWTError, ValueError):
                continue
            return payload
        raise NotTaken(Why.SIGNATURE, "no key of this issuer made this signature")

    def _check_parties(self, claims: Claims) -> None:
        if claims.iss != self.terms.issuer:
            raise NotTaken(Why.ISSUER, "the issuer changed on the way")
        if self.terms.audience not in claims.audiences:
            raise NotTaken(Why.AUDIENCE, f"aud has to be or to hold {self.terms.audience}")

    def _check_times(self, claims: Claims, over_s: int, now_s: float) -> None:
        if over_s <= now_s:
            raise NotTaken(Why.EXPIRED, f"it expired {now_s - claims.exp:.0f} s ago")
        if max(claims.nbf, claims.iat) > now_s + LEEWAY_S:
            raise NotTaken(Why.TOO_EARLY, "nbf or iat is in the future: compare the clocks")
        if over_s - now_s > self.terms.max_lifetime_s + 2 * LEEWAY_S:
            raise NotTaken(Why.TOO_LONG, f"it may live for {self.terms.max_lifetime_s} s (max_lifetime_s)")

    def _identity(self, claims: Claims) -> Identity:
        return Identity(
            person=person_of(self.terms.tenant, claims.sub),
            guest=False,
            tenant=self.terms.tenant,
            age_band=_one_of(self.terms.age_bands, claims.age_band, Why.AGE_BAND),
            trust_pool=_one_of(self.terms.trust_pools, claims.trust_pool, Why.TRUST_POOL),
            facets=self._facets(claims),
            device=claims.device or "",
        )

    def _facets(self, claims: Claims) -> dict[str, str]:
        unknown = claims.facets.keys() - frozenset(self._rules.names)
        if unknown:
            raise NotTaken(Why.FACETS, f"{', '.join(sorted(unknown))}: no such facet in [matching.facets]")
        try:
            return self._rules.known_facets(claims.facets)
        except ValueRefused as error:
            raise NotTaken(Why.FACETS, str(error)) from error


class Issuers:
    """All integrators. Several of one `iss` are its keys of before and after: their tenant is the same."""

    def __init__(self, issuers: Sequence[Issuer], clock: Clock) -> None:
        self._clock = clock
        self._by_name: dict[str, list[Issuer]] = {}
        for issuer in issuers:
            self._by_name.setdefault(issuer.terms.issuer, []).append(issuer)

    def grant(self, token: str) -> Grant | None:
        """What this token of an integrator says; None: it is one of ours, or wants to be.

        Raises `NotTaken`, or `KeyMissing` where coming again makes sense.
        """
        name = None
        try:
            if (stated := stated_issuer(token)) == ISSUER:
                return None
            issuers = self._called(stated)
            name = issuers[0].terms.name
            return self._first_that_takes(issuers, token)
        except (NotTaken, KeyMissing) as refused:
            detail = refused.detail if isinstance(refused, NotTaken) else str(refused)
            if refused.why is Why.EXPIRED:
                log.debug("token_refused", why=str(refused.why), issuer=name, detail=detail)
            else:
                log.warning("token_refused", why=str(refused.why), issuer=name, detail=detail)
            raise

    def _called(self, stated: str) -> Sequence[Issuer]:
        if stated not in self._by_name:
            raise NotTaken(Why.ISSUER, f"nobody in auth.issuers is called {place_for_log(stated)}")
        return self._by_name[stated]

    def _first_that_takes(self, issuers: Sequence[Issuer], token: str) -> Grant:
        """A refusal counts where the signature is good; a key that may still come, more than one that is wrong."""
        now_s = self._clock.now_ms() / 1000
        wrong: NotTaken | None = None
        missing: KeyMissing | None = None
        for issuer in issuers:
            try:
                return issuer.grant(token, now_s)
            except KeyMissing as error:
                missing = error
            except NotTaken as error:
                if error.why not in UNSIGNED:
                    raise
                wrong = error
        raise missing or wrong or NotTaken(Why.ISSUER, "it has no keys")


def person_of(tenant: str, subject: str) -> PersonId:
    """The person whom an integrator calls so.

    Nobody else's, as no other tenant and no guest has a dot behind this name; and no word of the
    integrator's own, which may be an address, gets into logs and stores.
    """
    digest = hashlib.sha256(f"{tenant}.{subject}".encode()).digest()
    return PersonId(f"{tenant}.{base64.urlsafe_b64encode(digest[:24]).decode()}")


def tenant_of(person: PersonId) -> str:
    """Whose people this one belongs to."""
    return person.rpartition(".")[0] or TENANT_OF_GUESTS


def _one_of(known: Sequence[str], stated: str | None, why: Why) -> str:
    if stated is None:
        return known[0]
    if stated not in known:
        raise NotTaken(why, f"there are {', '.join(known)}")
    return stated
