"""Key sets: the keys that can check our one algorithm, and no others."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from duologue.services.keyset import MAX_DOCUMENT_BYTES, MAX_KEYS, KeysUnreadable, named, read_keys
from tests.integrator import PUBLIC_ALGORITHMS, jwk, jwks, private_key


@pytest.mark.parametrize("algorithm", PUBLIC_ALGORITHMS)
def test_a_set_may_hold_keys_for_other_things(algorithm: str) -> None:
    """Each finds its own: those that do not say what they are for, fit whatever their type fits."""
    document = jwks(*(jwk(each, kid=each, alg=each) for each in PUBLIC_ALGORITHMS))

    assert [key.kid for key in read_keys(document, algorithm)] == [algorithm]


def unlabelled(members: Any) -> dict[str, Any]:
    """A key as PyJWT writes it, but for the word that says what it is for."""
    return {name: value for name, value in members.items() if name != "key_ops"}


def short_key() -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
    return unlabelled(jwt.get_algorithm_by_name("RS256").to_jwk(key.public_key(), as_dict=True))


PASSED_OVER: dict[str, dict[str, Any]] = {
    "other algorithm": jwk("RS256", alg="PS256"),
    "for encryption": jwk("RS256", use="enc"),
    "for signing only": jwk("RS256", key_ops=["sign"]),
    "operations that are no list": jwk("RS256", key_ops=7),
    "private": unlabelled(jwt.get_algorithm_by_name("RS256").to_jwk(private_key("RS256"), as_dict=True)),
    "secret": {"kty": "oct", "k": "c2VjcmV0", "alg": "RS256"},
    "too short": short_key(),
    "name of another type": jwk("RS256") | {"kid": 7},
    "broken": {"kty": "RSA", "n": "!", "e": "AQAB"},
    "half": {"kty": "RSA"},
    "nothing": {},
}


@pytest.mark.parametrize("member", PASSED_OVER.values(), ids=PASSED_OVER.keys())
def test_a_key_for_something_else_is_passed_over(member: dict[str, Any]) -> None:
    """The others of its set are good."""
    assert [key.kid for key in read_keys(jwks(member, jwk("RS256", kid="good")), "RS256")] == ["good"]


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(ec.generate_private_key(ec.SECP384R1()), "ES256"), (ed448.Ed448PrivateKey.generate(), "EdDSA")],
    ids=["P-384", "Ed448"],
)
def test_a_curve_fits_or_does_not(key: Any, algorithm: str) -> None:
    """A good key of another curve is for another algorithm."""
    writer: Any = jwt.get_algorithm_by_name("ES384" if algorithm == "ES256" else "EdDSA")

    assert read_keys(jwks(unlabelled(writer.to_jwk(key.public_key(), as_dict=True))), algorithm) == ()


UNREADABLE = {
    "no JSON": b"<html>",
    "a list": b"[]",
    "no keys": b"{}",
    "keys that are none": b'{"keys": [1]}',
    "too deep": b'{"keys": ' + b"[" * 5_000,
    "too big": jwks({"x": "x" * MAX_DOCUMENT_BYTES}),
    "too many": jwks(*({"kty": "oct"} for _ in range(MAX_KEYS + 1))),
    "no UTF-8": b'{"keys": [{"kid": "\xff"}]}',
}


@pytest.mark.parametrize("document", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_key_set_is_told(document: bytes) -> None:
    """Without a word of it."""
    with pytest.raises(KeysUnreadable, match=r"^it "):
        read_keys(document, "RS256")


def test_a_token_without_a_name_means_the_only_key() -> None:
    """Where there are several it has to say which; two of one name are both tried."""
    (one,) = read_keys(jwks(jwk("ES256", kid="a")), "ES256")
    several = read_keys(jwks(jwk("ES256", kid="a"), jwk("ES256", "b", 1), jwk("ES256", "b", 2)), "ES256")

    assert named([one], None) == [one]
    assert named(several, None) == ()
    assert [len(named(several, kid)) for kid in ("a", "b", "c")] == [1, 2, 0]


def test_the_set_of_a_test_is_as_others_write_it() -> None:
    """So that these tests are about real documents."""
    assert json.loads(jwks(jwk("ES256")))["keys"][0].keys() == {"kty", "crv", "x", "y", "kid"}
