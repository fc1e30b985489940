"""What an integrator's token says, read strictly. Pure: it knows no key and no clock.

A JWT (RFC 7519) is JSON of a stranger until its signature is checked, and of a partner with bugs afterwards.
Whatever a reader may understand in two ways is refused: a name that stands twice, an extension that
we do not know, a number that is none. What we do not read may stand there.
"""

from __future__ import annotations

import base64
import binascii
import json
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from duologue.errors import TokenRefused

MAX_TOKEN = 4_096
"""Characters; the protocol has the same bound."""
Word = Annotated[str, Meta(min_length=1, max_length=32)]
Text = Annotated[str, Meta(min_length=1, max_length=255)]
NumericDate = Annotated[float, Meta(ge=0, le=1e11)]
"""Seconds since the Unix epoch."""


class Why(StrEnum):
    """Why a token was refused, for the developer whose backend made it. They are few: log lines are thinned by them."""

    TOO_BIG = "too_big"
    UNREADABLE = "unreadable"
    ISSUER = "unknown_issuer"
    ALGORITHM = "algorithm"
    KID = "kid"
    UNKNOWN_KID = "unknown_kid"
    KEYS_AWAY = "keys_away"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    TOO_EARLY = "too_early"
    TOO_LONG = "lives_too_long"
    AGE_BAND = "age_band"
    TRUST_POOL = "trust_pool"
    FACETS = "facets"


class NotTaken(TokenRefused):
    """A token of an integrator that opens nothing. Its client learns no more than whether it expired.

    `why` and `detail` are for the log, and hold nothing of the token but what its issuer is to put right.
    """

    def __init__(self, why: Why, detail: str) -> None:
        expired = why is Why.EXPIRED
        super().__init__(
            "this token has expired" if expired else "this server does not take this token", expired=expired
        )
        self.why = why
        self.detail = detail


class Header(msgspec.Struct, frozen=True):
    """How a token says that it is signed."""

    alg: Annotated[str, Meta(max_length=16)]
    kid: Annotated[str, Meta(max_length=255)] | None = None
    crit: Raw | UnsetType = UNSET
    b64: Raw | UnsetType = UNSET


class Claims(msgspec.Struct, frozen=True):
    """What it says of a person."""

    iss: Text
    aud: Text | Annotated[list[Text], Meta(max_length=16)]
    exp: NumericDate
    sub: Text
    nbf: NumericDate = 0
    iat: NumericDate = 0
    device: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    age_band: Word | None = None
    trust_pool: Word | None = None
    facets: Annotated[dict[Word, Word], Meta(max_length=8)] = {}

    @property
    def audiences(self) -> list[str]:
        """Whom it is for."""
        return [self.aud] if isinstance(self.aud, str) else self.aud


class _Signed(msgspec.Struct, frozen=True):
    iss: Text


Part = TypeVar("Part")


def read_header(token: str) -> Header:
    """How this token says that it is signed. Raises `NotTaken`."""
    header = _read(_segment(token, 0), Header, Why.UNREADABLE)
    if header.crit is not UNSET or header.b64 is not UNSET:
        raise NotTaken(Why.UNREADABLE, "the header asks for an extension of JWS: leave out `crit` and `b64`")
    return header


def stated_issuer(token: str) -> str:
    """Who this token says that it is from: nothing to believe, but where to look for the key. Raises `NotTaken`."""
    return _read(_segment(token, 1), _Signed, Why.UNREADABLE).iss


def read_claims(payload: bytes) -> Claims:
    """What a token says whose signature is good. Raises `NotTaken`."""
    return _read(payload, Claims, Why.CLAIMS)


def _segment(token: str, place: int) -> bytes:
    if len(token) > MAX_TOKEN:
        raise NotTaken(Why.TOO_BIG, f"a token has {MAX_TOKEN} characters at most")
    segments = token.split(".")
    if len(segments) != 3:
        raise NotTaken(Why.UNREADABLE, "a token is header.payload.signature")
    text = segments[place]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotTaken(Why.UNREADABLE, "a part is not base64url") from error


def _read(data: bytes, kind: type[Part], why: Why) -> Part:
    try:
        json.loads(data.decode(), object_pairs_hook=_each_once)
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise NotTaken(why, str(error)) from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotTaken(why, "a part is no JSON that can be read in one way only") from error


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members
