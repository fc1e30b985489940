"""Reads a JSON Web Key Set (RFC 7517): the public keys that an integrator signs with. Pure.

A set holds what its owner uses anywhere. We take what can check our one algorithm and nothing else,
so that no key is ever used in a way that it was not made for; the rest of the set is none of our business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jwt
import msgspec

MAX_DOCUMENT_BYTES = 64 * 1024
MAX_KEYS = 64
MIN_RSA_BITS = 2_048
KINDS: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Algorithm to type and curve of its keys."""


class KeysUnreadable(ValueError):
    """This is no set of keys; the text says why, and holds nothing of it."""


class PublicKey(NamedTuple):
    """A key that checks signatures."""

    kid: str | None
    key: Any
    """As PyJWT takes it."""


class _Set(msgspec.Struct):
    keys: list[dict[str, Any]]


def read_keys(document: bytes, algorithm: str) -> tuple[PublicKey, ...]:
    """The keys for this algorithm, in their order. Raises `KeysUnreadable`."""
    if len(document) > MAX_DOCUMENT_BYTES:
        raise KeysUnreadable(f"it has more than {MAX_DOCUMENT_BYTES} bytes")
    try:
        members = msgspec.json.decode(document, type=_Set).keys
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise KeysUnreadable('it is not JSON such as {"keys": [...]}') from error
    if len(members) > MAX_KEYS:
        raise KeysUnreadable(f"it has more than {MAX_KEYS} keys")
    return tuple(key for member in members if (key := _usable(member, algorithm)) is not None)


def named(keys: Sequence[PublicKey], kid: str | None) -> Sequence[PublicKey]:
    """Those that a token with this `kid` may be signed with. Without one it is clear where there is one key."""
    if kid is None:
        return keys if len(keys) == 1 else ()
    return [key for key in keys if key.kid == kid]


def _usable(member: Mapping[str, Any], algorithm: str) -> PublicKey | None:
    """The key, if it is one for checking this algorithm: others are passed over, as RFC 7517 asks."""
    kid = member.get("kid")
    if not _fits(member, algorithm) or not isinstance(kid, str | None):
        return None
    try:
        key = jwt.PyJWK.from_dict(dict(member), algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return PublicKey(kid, key) if getattr(key, "key_size", MIN_RSA_BITS) >= _bits_needed(algorithm) else None


def _fits(member: Mapping[str, Any], algorithm: str) -> bool:
    kind, curve = KINDS[algorithm]
    operations = member.get("key_ops", ["verify"])
    return (
        member.get("kty") == kind
        and (curve is None or member.get("crv") == curve)
        and member.get("alg", algorithm) == algorithm
        and member.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and "d" not in member  # a private key: whoever publishes it signs for nobody
    )


def _bits_needed(algorithm: str) -> int:
    return MIN_RSA_BITS if KINDS[algorithm][0] == "RSA" else 0
