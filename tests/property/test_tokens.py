"""Whatever stands in a token of an integrator: it opens what it should, or is refused, and never breaks anything."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from duologue.errors import TokenRefused
from duologue.matching.rules import Facet, Rules
from duologue.services.identity import Grant, TokenOffice
from duologue.services.issuers import LEEWAY_S, Issuer, Issuers, Terms, person_of
from duologue.services.keyring import SharedSecret
from duologue.services.keyset import KeysUnreadable, read_keys
from tests.fakes import CountingRng, ManualClock
from tests.integrator import AUDIENCE, ISSUER, PUBLIC_ALGORITHMS, SECRET, claims, jwk, signed

CLOCK = ManualClock()
NOW_S = CLOCK.now_ms() // 1000
MAX_LIFETIME_S = 3_600
TERMS = Terms("acme", "acme", ISSUER, AUDIENCE, "HS256", MAX_LIFETIME_S, ("adult", "teen"), ("open",))
RULES = Rules((Facet("language"), Facet("gender", values=("f", "m"))))
OFFICE = TokenOffice(
    b"k" * 32, CLOCK, CountingRng(), Issuers([Issuer(TERMS, SharedSecret(SECRET.encode()), RULES)], CLOCK)
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("iss", "aud", "exp", "nbf", "iat", "sub", "device", "age_band", "trust_pool", "facets")
near_now = st.integers(NOW_S - 100, NOW_S + MAX_LIFETIME_S + 100) | st.floats(NOW_S - 100, NOW_S + 100)
likely = st.sampled_from([ISSUER, AUDIENCE, [AUDIENCE], "adult", "teen", "open", {"gender": "f"}, {"gender": "x"}, "x"])
changes = st.dictionaries(st.sampled_from(NAMES), near_now | likely | json_values, max_size=4)


def grant(token: str) -> Grant | None:
    """What the office makes of it; any error but a refusal fails the test."""
    try:
        return OFFICE.grant(token)
    except TokenRefused:
        return None


@settings(deadline=None)
@given(changes)
@example({"exp": NOW_S - LEEWAY_S + 0.5})
@example({"exp": NOW_S - LEEWAY_S + 0.000_001})
def test_signed_claims_open_what_they_say_or_nothing(changed: dict[str, Any]) -> None:
    """Who gets in is of this tenant, of the pools and facets that there are, and for no longer than allowed."""
    said = claims(CLOCK.now_ms()) | changed
    granted = grant(signed(said))
    if granted is None:
        return
    identity = granted.identity

    assert (identity.tenant, identity.guest) == ("acme", False)
    assert identity.person == person_of("acme", said["sub"])
    assert identity.age_band in TERMS.age_bands
    assert identity.trust_pool in TERMS.trust_pools
    assert identity.facets.keys() <= {"language", "gender"}
    assert identity.facets.get("gender", "f") in ("f", "m")
    assert 0 < granted.expires_ms // 1000 - NOW_S <= MAX_LIFETIME_S + 2 * LEEWAY_S
    assert OFFICE.verify_resume(OFFICE.mint_resume(identity, 1, granted.expires_ms)).identity == identity


@settings(deadline=None)
@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_payload_is_borne(payload: bytes) -> None:
    """Also one that its issuer signed."""
    assert grant(signed(payload)) is None


@settings(deadline=None)
@given(json_values | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ", "jwk", "jku"]), json_values))
def test_any_header_is_borne(header: Any) -> None:
    """It is read before anything is known of the signature."""
    _, payload, signature = signed(claims(CLOCK.now_ms())).split(".")
    part = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    assert grant(f"{part}.{payload}.{signature}") is None


@settings(deadline=None)
@given(st.text(max_size=200) | st.lists(st.text(max_size=60), min_size=3, max_size=3).map(".".join))
def test_any_text_is_borne(text: str) -> None:
    """As it comes from a socket."""
    assert grant(text) is None


@settings(deadline=None)
@given(st.data())
def test_no_letter_of_a_token_can_be_another(data: st.DataObject) -> None:
    """What was not signed so opens nothing."""
    token = signed(claims(CLOCK.now_ms()))
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda letter: letter != token[place]))

    assert grant(token[:place] + letter + token[place + 1 :]) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a-b"]), st.text(max_size=20)), unique=True, max_size=20))
def test_different_people_have_different_ids(people: list[tuple[str, str]]) -> None:
    """Whatever they are called; and a guest's id, which has no dot, is none of them."""
    encodable = [(tenant, name) for tenant, name in people if name.isprintable()]
    ids = {person_of(*person) for person in encodable}

    assert len(ids) == len(encodable)
    assert all(person.count(".") == 1 for person in ids)


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | st.fixed_dictionaries({"keys": st.lists(json_values | st.dictionaries(st.text(max_size=4), json_values))}).map(
        lambda document: json.dumps(document).encode()
    )
)
def test_any_key_set_is_borne(document: bytes) -> None:
    """It comes from somebody else's server."""
    for algorithm in PUBLIC_ALGORITHMS:
        with contextlib.suppress(KeysUnreadable):
            assert read_keys(document, algorithm) == ()


@settings(deadline=None)
@given(
    st.sampled_from(PUBLIC_ALGORITHMS),
    st.dictionaries(st.sampled_from(["kty", "crv", "n", "e", "x", "y", "alg", "use", "kid", "key_ops"]), json_values),
)
def test_any_change_of_a_key_is_borne(algorithm: str, changed: dict[str, Any]) -> None:
    """A key that is nearly one is a key, or is passed over."""
    document = json.dumps({"keys": [jwk(algorithm) | changed]}).encode()
    with contextlib.suppress(KeysUnreadable):
        assert len(read_keys(document, algorithm)) <= 1
