"""Who may say who somebody is, as an operator sets it: the section `[auth]`.

A mistake here lets strangers in or shuts everybody out, so whatever contradicts itself is refused at the start.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from duologue.settings.section import Section, refuse_namesakes

OURS = "duologue"
"""The `iss` of our own tokens."""
TENANT_OF_GUESTS = "default"
SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""The least for each (RFC 7518, section 3.2)."""
KEY_SOURCES = ("secret", "secret_file", "jwks_url", "jwks_file")

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,24}$")]
Pool = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Pools = Annotated[tuple[Pool, ...], Field(min_length=1, max_length=8)]
Stated = Annotated[str, Field(min_length=1, max_length=255)]


def check_secret(secret: bytes, algorithm: str) -> None:
    """Raise `ValueError` for what is no secret that this algorithm can be trusted with; the text does not hold it."""
    needed = SECRET_BYTES[algorithm]
    if len(secret) < needed:
        raise ValueError(
            f"the secret has {len(secret)} bytes, {algorithm} needs {needed}: make one with `openssl rand -base64 64`"
        )
    if secret.lstrip().startswith((b"-----BEGIN", b"ssh-", b"{")):
        raise ValueError("this is a key of public-key cryptography, not a secret: use jwks_url or jwks_file")


class IssuerSettings(Section):
    """An integrator whose backend signs the tokens of its own users ([how](../howto/integrate-auth.md)).

    The tenant follows from the key, whatever a token says.
    A second table with the same `issuer` and `tenant` is a second key of the same integrator: so a secret is changed.
    In a variable the whole list is JSON: `DUOLOGUE_AUTH__ISSUERS='[{"name": "acme", ...}]'`.
    """

    name: Name = Field(description="What logs call it. Do not give it to another.")
    tenant: Name | None = Field(
        None, description="Whose people these are: tenants never meet. Default: `name`; `default` is that of guests."
    )
    issuer: Stated = Field(description="The claim `iss` of its tokens.")
    audience: Stated = Field(description="What the claim `aud` of its tokens is, or holds.")
    algorithm: Literal["HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA"] = Field(
        description="The one that its tokens are signed with: HS for a secret, the others for a key set."
    )
    secret: SecretStr | None = Field(
        None, description="A secret that both sides know, of 32 bytes at least (HS384: 48, HS512: 64)."
    )
    secret_file: Path | None = Field(None, description="The same in a file, whose last line end does not count.")
    jwks_url: str | None = Field(None, description="Where it publishes its public keys: https, or http on loopback.")
    jwks_file: Path | None = Field(None, description="The same in a file; it is read again every 10 minutes.")
    max_lifetime_s: int = Field(
        86_400, ge=60, le=2_592_000, description="A token that is good for longer than this from now on is refused."
    )
    age_bands: Pools = Field(
        ("adult",), description="What the claim `age_band` may be; without the claim it is the first."
    )
    trust_pools: Pools = Field(
        ("open",), description="What the claim `trust_pool` may be; without the claim it is the first."
    )

    @property
    def of_tenant(self) -> str:
        """`tenant`, or what it is by default."""
        return self.tenant or self.name

    @field_validator("jwks_url")
    @classmethod
    def _safe_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("no user and password in an address: key sets are public")
        if not parts.hostname or not (parts.scheme == "https" or _is_loopback(parts.scheme, parts.hostname)):
            raise ValueError("write https://...: whoever can change the keys on the way can be anybody")
        return url

    @field_validator("issuer")
    @classmethod
    def _not_ours(cls, issuer: str) -> str:
        if issuer == OURS:
            raise ValueError(f"{OURS} is the issuer of our own tokens: have the integrator choose another")
        return issuer

    @model_validator(mode="after")
    def _tenant_of_its_own(self) -> Self:
        if self.of_tenant == TENANT_OF_GUESTS:
            raise ValueError(f"the tenant {TENANT_OF_GUESTS} is that of guests: set another tenant")
        return self

    @model_validator(mode="after")
    def _one_key_that_fits(self) -> Self:
        given = [name for name in KEY_SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"one of {', '.join(KEY_SOURCES)} has to be set, and there is {found}")
        if given[0].startswith("secret") != (self.algorithm in SECRET_BYTES):
            raise ValueError(
                f"{given[0]} and algorithm {self.algorithm} do not go together: "
                "HS256, HS384 and HS512 take a secret, the others a key set (jwks_url, jwks_file)"
            )
        if self.secret is not None:
            check_secret(self.secret.get_secret_value().encode(), self.algorithm)
        return self


class AuthSettings(Section):
    """Who may say who somebody is: this server itself, to guests, and integrators."""

    guests: bool = Field(True, description="Whether anybody may come in as a guest, of the tenant `default`.")
    issuers: tuple[IssuerSettings, ...] = Field((), description="Integrators whose tokens are taken.")

    @model_validator(mode="after")
    def _somebody_can_come_in(self) -> Self:
        if not self.guests and not self.issuers:
            raise ValueError("nobody could come in: set guests = true, or name an integrator in auth.issuers")
        return self

    @model_validator(mode="after")
    def _no_two_alike(self) -> Self:
        refuse_namesakes((issuer.name for issuer in self.issuers), "issuers")
        for what, value in SAYS_THE_TENANT.items():
            for one, other in combinations(self.issuers, 2):
                if value(one) is not None and value(one) == value(other) and one.of_tenant != other.of_tenant:
                    raise ValueError(
                        f"{one.name} and {other.name} have the same {what} and two tenants: one {what} means one tenant"
                    )
        return self


SAYS_THE_TENANT: dict[str, Callable[[IssuerSettings], object]] = {
    "issuer": lambda issuer: issuer.issuer,
    "jwks_url": lambda issuer: issuer.jwks_url,
    "jwks_file": lambda issuer: issuer.jwks_file,
}


def _is_loopback(scheme: str, host: str) -> bool:
    """Whether nobody else is on the way."""
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        here = host == "localhost"
    return scheme == "http" and here
