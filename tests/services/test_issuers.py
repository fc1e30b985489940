"""Tokens of integrators: what they open, and that nothing else does."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from duologue.matching.rules import Facet, Rules
from duologue.services.claims import MAX_TOKEN, NotTaken, Why
from duologue.services.identity import Grant, Identity
from duologue.services.issuers import LEEWAY_S, Issuer, Issuers, Terms, person_of
from duologue.services.keyring import KeyMissing, Keys, SharedSecret
from duologue.services.keyset import named, read_keys
from tests.fakes import ManualClock
from tests.integrator import (
    AUDIENCE,
    ISSUER,
    PUBLIC_ALGORITHMS,
    SECRET,
    claims,
    jwk,
    jwks,
    pem,
    private_key,
    signed,
    signed_as_secret,
)

RULES = Rules((Facet("language"), Facet("gender", values=("f", "m"))))
OTHER_SECRET = "another secret, just as long as that of acme"
DAY_S = 86_400


class Published:
    """Keys that are here, and stay."""

    def __init__(self, algorithm: str, *members: dict[str, Any]) -> None:
        self._keys = read_keys(jwks(*members), algorithm)

    def named(self, kid: str | None) -> list[Any]:
        return [each.key for each in named(self._keys, kid)]


def terms(algorithm: str = "HS256", **changes: Any) -> Terms:
    good = Terms("acme", "acme", ISSUER, AUDIENCE, algorithm, DAY_S, ("adult", "teen"), ("open", "verified"))
    return good._replace(**changes)


class Desk:
    """Integrators, a clock, and what they make of a token."""

    def __init__(self, *issuers: Issuer) -> None:
        self.clock = ManualClock()
        self.issuers = Issuers(issuers or [Issuer(terms(), SharedSecret(SECRET.encode()), RULES)], self.clock)

    def claims(self, **changes: Any) -> dict[str, Any]:
        return claims(self.clock.now_ms(), **changes)

    def grant(self, token: str) -> Grant:
        grant = self.issuers.grant(token)
        assert grant is not None
        return grant

    def refusal(self, token: str) -> NotTaken:
        with pytest.raises(NotTaken) as refused:
            self.issuers.grant(token)
        return refused.value

    def why(self, token: str) -> Why:
        return self.refusal(token).why


@pytest.fixture
def desk() -> Desk:
    return Desk()


def keys_of(algorithm: str, **more: Any) -> Keys:
    return Published(algorithm, jwk(algorithm, **more))


# -- what a good token opens ------------------------------------------------------------------


def test_a_token_says_who_somebody_is(desk: Desk) -> None:
    """With all that its backend may say."""
    said = {"device": "phone", "age_band": "teen", "trust_pool": "verified", "facets": {"language": "en"}}
    grant = desk.grant(signed(desk.claims(**said)))

    assert grant.identity == Identity(
        person_of("acme", "user 42"),
        guest=False,
        tenant="acme",
        age_band="teen",
        trust_pool="verified",
        facets={"language": "en"},
        device="phone",
    )
    assert grant.expires_ms == desk.clock.now_ms() + (600 + LEEWAY_S) * 1000


def test_who_says_nothing_else_is_in_the_first_pools(desk: Desk) -> None:
    """As the operator listed them."""
    identity = desk.grant(signed(desk.claims())).identity

    assert (identity.age_band, identity.trust_pool, identity.facets, identity.device) == ("adult", "open", {}, "")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_secrets_sign_with_each_of_their_algorithms(algorithm: str) -> None:
    """The one that the operator set."""
    desk = Desk(Issuer(terms(algorithm), SharedSecret(SECRET.encode()), RULES))

    assert desk.grant(signed(desk.claims(), algorithm=algorithm))


@pytest.mark.parametrize("algorithm", PUBLIC_ALGORITHMS)
def test_public_keys_sign_with_each_of_theirs(algorithm: str) -> None:
    """Real keys of each kind."""
    desk = Desk(Issuer(terms(algorithm), keys_of(algorithm), RULES))

    assert desk.grant(signed(desk.claims(), private_key(algorithm), algorithm, kid="k0"))


def test_several_audiences_may_be_meant(desk: Desk) -> None:
    """We are one of them."""
    assert desk.grant(signed(desk.claims(aud=["shop", AUDIENCE])))


def test_what_we_do_not_read_may_stand_there(desk: Desk) -> None:
    """Backends have claims of their own, and headers."""
    assert desk.grant(signed(desk.claims(email="a@b.example", nested={"a": [1]}), x5t="abc"))


def test_a_token_of_ours_is_left_to_us(desk: Desk) -> None:
    """Guests go on as they did."""
    assert desk.issuers.grant(signed(desk.claims(iss="duologue"))) is None


# -- persons and tenants ------------------------------------------------------------------------


def test_the_tenant_comes_from_the_key(desk: Desk) -> None:
    """Whatever the token claims."""
    identity = desk.grant(signed(desk.claims(tenant="other", guest=True, person="other"))).identity

    assert (identity.tenant, identity.guest, identity.person) == ("acme", False, person_of("acme", "user 42"))


def test_one_name_in_two_tenants_is_two_people() -> None:
    """And no name can be chosen that makes it one."""
    people = {person_of(*pair) for pair in [("a", "x"), ("b", "x"), ("a", "x.y"), ("a-x", "y"), ("a", ".x")]}

    assert len(people) == 5


def test_a_person_can_be_found_in_the_log() -> None:
    """By an integrator who knows the rule from the documentation; nobody else can tell that two of them are one."""
    digest = hashlib.sha256(b"acme.user 42").digest()[:24]

    assert person_of("acme", "user 42") == f"acme.{base64.urlsafe_b64encode(digest).decode()}"
    assert person_of("other", "user 42").split(".")[1] != person_of("acme", "user 42").split(".")[1]


def test_a_person_is_not_named_in_the_integrators_words() -> None:
    """Those may be an address, and would be in logs and stores. A guest's id has no dot, so it is nobody's here."""
    person = person_of("acme", "ana@acme.example")

    assert "ana" not in person
    assert person.count(".") == 1
    assert len(person_of("t" * 24, "x" * 255)) <= 64


def test_each_integrator_opens_its_own_door_only() -> None:
    """A secret of one signs nothing for another, also where the issuer is claimed."""
    other = terms(name="other", tenant="other", issuer="https://other.example")
    desk = Desk(
        Issuer(terms(), SharedSecret(SECRET.encode()), RULES),
        Issuer(other, SharedSecret(OTHER_SECRET.encode()), RULES),
    )

    assert desk.grant(signed(desk.claims(iss=other.issuer), OTHER_SECRET)).identity.tenant == "other"
    assert desk.why(signed(desk.claims(iss=other.issuer), SECRET)) is Why.SIGNATURE


def test_a_secret_is_changed_with_two_at_a_time() -> None:
    """Both are good for as long as both are configured, and a token of either is refused for its own reason."""
    both = [
        Issuer(terms(name=name), SharedSecret(of.encode()), RULES) for name, of in (("a", SECRET), ("b", OTHER_SECRET))
    ]
    desk = Desk(*both)

    for secret in (SECRET, OTHER_SECRET):
        assert desk.grant(signed(desk.claims(), secret))
        assert desk.why(signed(desk.claims(aud="shop"), secret)) is Why.AUDIENCE
    assert desk.why(signed(desk.claims(), "c" * 64)) is Why.SIGNATURE


class Away:
    """Keys that are not here yet."""

    def named(self, kid: str | None) -> list[Any]:
        raise KeyMissing(Why.KEYS_AWAY, 1_000)


def test_a_key_that_may_still_come_counts_more_than_one_that_is_wrong() -> None:
    """Of two keys of one issuer: the token may be of the one that is not here, so its owner comes again."""
    here = SharedSecret(OTHER_SECRET.encode())
    away: Keys = Away()
    for keys in ([away, here], [here, away]):
        desk = Desk(*(Issuer(terms(), each, RULES) for each in keys))
        assert desk.grant(signed(desk.claims(), OTHER_SECRET))
        with pytest.raises(KeyMissing):
            desk.issuers.grant(signed(desk.claims(), SECRET))


# -- time -----------------------------------------------------------------------------------


def test_a_token_expires_a_little_later_than_it_says(desk: Desk) -> None:
    """Clocks differ; and then a newer one would do."""
    token = signed(desk.claims())
    desk.clock.advance((600 + LEEWAY_S) * 1000 - 1)
    assert desk.grant(token).expires_ms > desk.clock.now_ms()
    desk.clock.advance(1)
    refused = desk.refusal(token)

    assert (refused.why, refused.expired) == (Why.EXPIRED, True)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_of_the_future_has_to_wait(desk: Desk, claim: str) -> None:
    """The same leeway; and it has not expired."""
    now_s = desk.clock.now_ms() // 1000

    assert desk.grant(signed(desk.claims(**{claim: now_s + LEEWAY_S})))
    refused = desk.refusal(signed(desk.claims(**{claim: now_s + LEEWAY_S + 1})))
    assert (refused.why, refused.expired) == (Why.TOO_EARLY, False)


def test_a_token_lives_no_longer_than_the_operator_allows(desk: Desk) -> None:
    """A key that is called back is to mean something soon."""
    now_s = desk.clock.now_ms() // 1000

    assert desk.grant(signed(desk.claims(exp=now_s + DAY_S)))
    assert desk.why(signed(desk.claims(exp=now_s + DAY_S + LEEWAY_S + 1))) is Why.TOO_LONG


# -- what opens nothing -------------------------------------------------------------------------

CLAIMS: dict[str, tuple[dict[str, Any], Why]] = {
    "no audience": ({"aud": None}, Why.CLAIMS),
    "no audiences": ({"aud": []}, Why.AUDIENCE),
    "other audience": ({"aud": "shop"}, Why.AUDIENCE),
    "audience that contains ours": ({"aud": AUDIENCE + "-2"}, Why.AUDIENCE),
    "audience of another type": ({"aud": {AUDIENCE: 1}}, Why.CLAIMS),
    "too many audiences": ({"aud": [AUDIENCE] * 17}, Why.CLAIMS),
    "no issuer": ({"iss": None}, Why.UNREADABLE),
    "unknown issuer": ({"iss": "https://evil.example"}, Why.ISSUER),
    "issuers": ({"iss": [ISSUER]}, Why.UNREADABLE),
    "no expiry": ({"exp": None}, Why.CLAIMS),
    "expiry as text": ({"exp": "1800000000"}, Why.CLAIMS),
    "expiry as truth": ({"exp": True}, Why.CLAIMS),
    "expiry of ever": ({"exp": 1e300}, Why.CLAIMS),
    "expiry before time": ({"exp": -1}, Why.CLAIMS),
    "nbf as text": ({"nbf": "now"}, Why.CLAIMS),
    "nobody": ({"sub": None}, Why.CLAIMS),
    "empty person": ({"sub": ""}, Why.CLAIMS),
    "number as person": ({"sub": 42}, Why.CLAIMS),
    "long person": ({"sub": "x" * 256}, Why.CLAIMS),
    "long device": ({"device": "x" * 65}, Why.CLAIMS),
    "unknown age": ({"age_band": "child"}, Why.AGE_BAND),
    "unknown pool": ({"trust_pool": "vip"}, Why.TRUST_POOL),
    "unknown facet": ({"facets": {"gendre": "f"}}, Why.FACETS),
    "unknown value": ({"facets": {"gender": "x"}}, Why.FACETS),
    "facet that is no text": ({"facets": {"language": 7}}, Why.CLAIMS),
    "long facet": ({"facets": {"language": "x" * 33}}, Why.CLAIMS),
    "many facets": ({"facets": {f"f{n}": "x" for n in range(9)}}, Why.CLAIMS),
    "lone surrogate": ({"sub": "\ud800"}, Why.UNREADABLE),
}


@pytest.mark.parametrize(("changes", "why"), CLAIMS.values(), ids=CLAIMS.keys())
def test_claims_that_cannot_be_are_refused(desk: Desk, changes: dict[str, Any], why: Why) -> None:
    """Also with a good signature; the developer hears why, the client does not."""
    refused = desk.refusal(signed(desk.claims(**changes)))

    assert refused.why is why
    assert (str(refused), refused.expired) == ("this server does not take this token", False)


def twice(desk: Desk) -> str:
    """A payload with two persons."""
    text = json.dumps(desk.claims())
    return signed((text[:-1] + ', "sub": "admin"}').encode())


def changed(desk: Desk, old: str, new: str) -> str:
    """A payload with something in it that no encoder writes."""
    text = json.dumps(desk.claims())
    assert old in text
    return signed(text.replace(old, new).encode())


def deep(depth: int) -> bytes:
    return (f'{{"iss": "{ISSUER}", "x": ' + "[" * depth + "]" * depth + "}").encode()


SHAPES: dict[str, Any] = {
    "a claim twice": twice,
    "nested too deep": lambda _: signed(deep(1_400)),
    "huge": lambda desk: signed(desk.claims(x="x" * MAX_TOKEN)),
    "not a number": lambda desk: signed(json.dumps(desk.claims(exp=float("nan"))).encode()),
    "more digits than a number has": lambda desk: changed(desk, '"exp": 1', '"exp": ' + "1" * 2_500),
    "infinite": lambda desk: changed(desk, '"exp": 1', '"exp": 1e999, "x": 1'),
    "a list": lambda _: signed(b"[]"),
    "UTF-16": lambda desk: signed(json.dumps(desk.claims()).encode("utf-16")),
    "empty": lambda _: "",
    "dots": lambda _: "..",
    "five parts": lambda _: "a.b.c.d.e",
    "not ASCII": lambda _: "ä.ö.ü",
    "an extension": lambda desk: signed(desk.claims(), crit=["exp"], exp=1),
}  # fmt: skip


@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES.keys())
def test_what_could_be_read_in_two_ways_is_not_read(desk: Desk, make: Any) -> None:
    """And breaks nothing."""
    assert desk.why(make(desk)) in (Why.UNREADABLE, Why.TOO_BIG, Why.CLAIMS)


def test_no_signature_is_no_signature(desk: Desk) -> None:
    """The oldest trick."""
    for algorithm in ("none", "None", ""):
        token = signed_as_secret(desk.claims(), b"", {"alg": algorithm})
        assert desk.why(token) is Why.ALGORITHM
        assert desk.why(token[: token.rindex(".") + 1]) is Why.ALGORITHM


@pytest.mark.parametrize("algorithm", PUBLIC_ALGORITHMS)
def test_a_public_key_is_no_secret(algorithm: str) -> None:
    """Everybody knows it; a token that is signed with it as if it were a secret opens nothing."""
    desk = Desk(Issuer(terms(algorithm), keys_of(algorithm), RULES))
    header = {"kid": "k0", "typ": "JWT"}
    for named_algorithm in ("HS256", algorithm):
        token = signed_as_secret(desk.claims(), pem(algorithm), header | {"alg": named_algorithm})
        assert desk.why(token) in (Why.ALGORITHM, Why.SIGNATURE)


def test_the_algorithm_is_not_the_tokens_to_choose() -> None:
    """Also where the same key could check both."""
    desk = Desk(Issuer(terms("RS256"), keys_of("RS256"), RULES))

    assert desk.why(signed(desk.claims(), private_key("RS256"), "PS256", kid="k0")) is Why.ALGORITHM


def test_another_key_signs_nothing() -> None:
    """Even under the right name."""
    desk = Desk(Issuer(terms("ES256"), keys_of("ES256"), RULES))

    assert desk.why(signed(desk.claims(), private_key("ES256", 1), "ES256", kid="k0")) is Why.SIGNATURE


def test_a_changed_token_opens_nothing(desk: Desk) -> None:
    """The parts of two good tokens make no third."""
    one, other = (signed(desk.claims(sub=sub)).split(".") for sub in ("ana", "ben"))

    assert desk.why(".".join([one[0], other[1], one[2]])) is Why.SIGNATURE


# -- what the developer hears ---------------------------------------------------------------------


def test_a_refusal_is_a_line_of_log_without_the_token(desk: Desk) -> None:
    """Who, and why; an expired one is daily business."""
    token = signed(desk.claims(aud="shop"))
    with capture_logs() as lines:
        desk.why(token)
        desk.why(signed(desk.claims(exp=1)))

    assert [(line["event"], line["log_level"], line["why"], line["issuer"]) for line in lines] == [
        ("token_refused", "warning", "audience", "acme"),
        ("token_refused", "debug", "expired", "acme"),
    ]
    assert AUDIENCE in lines[0]["detail"]
    assert not [part for part in token.split(".") if part in str(lines)]
