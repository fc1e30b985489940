"""Tokens: whoever forges one gets nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from duologue.errors import TokenRefused
from duologue.services.identity import ALGORITHM, ISSUER, SESSION_TTL_S, GuestTokens, Identity, TokenOffice
from tests.fakes import CountingRng, ManualClock

SOON_MS = 1_700_000_060_000
KEY, OTHER_KEY = b"k" * 32, b"x" * 32


class Desk:
    """An office, its clock, and a guest."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.office = TokenOffice(KEY, self.clock, CountingRng())
        self.guest: GuestTokens = self.office.mint_guest({"language": "en"})

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good session token, with changes."""
        return {
            "iss": ISSUER,
            "aud": f"{ISSUER}:session",
            "exp": self.clock.now_ms() // 1000 + 60,
            "identity": {"person": "ana"},
        } | changes


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_session_token_says_who_somebody_is(desk: Desk) -> None:
    """With the facets that were signed into it."""
    assert desk.office.verify(desk.guest.token) == Identity(desk.guest.person, facets={"language": "en"})


def test_each_guest_is_somebody_else(desk: Desk) -> None:
    """Without a refresh token there is no way to be the same person."""
    assert desk.office.mint_guest({}).person != desk.guest.person


def test_a_refresh_token_keeps_the_person(desk: Desk) -> None:
    """With new facets, for months."""
    desk.clock.advance(30 * 24 * 3_600_000)
    again = desk.office.mint_guest({"language": "fr"}, desk.guest.refresh)

    assert again.person == desk.guest.person
    assert desk.office.verify(again.token).facets == {"language": "fr"}


def test_a_resume_token_names_the_generation(desk: Desk) -> None:
    """The store decides whether it was used."""
    identity = Identity(desk.guest.person)
    resumed = desk.office.verify_resume(desk.office.mint_resume(identity, 7, SOON_MS))

    assert resumed == (identity, 7, SOON_MS)


def test_an_expired_token_says_that_a_newer_one_would_do(desk: Desk) -> None:
    """To the second, by the clock of the office and no other."""
    desk.clock.advance(SESSION_TTL_S * 1000 - 1)
    desk.office.verify(desk.guest.token)
    desk.clock.advance(1)
    with pytest.raises(TokenRefused) as refused:
        desk.office.verify(desk.guest.token)

    assert refused.value.expired
    assert desk.guest.expires_at == desk.clock.now_ms()


def test_each_kind_of_token_opens_its_own_door_only(desk: Desk) -> None:
    """A refresh token opens no socket, a session token is no resume token, and so on."""
    resume = desk.office.mint_resume(Identity(desk.guest.person), 1, SOON_MS)
    attempts: list[tuple[Callable[[str], Any], str]] = [
        (desk.office.verify, desk.guest.refresh),
        (desk.office.verify, resume),
        (desk.office.verify_resume, desk.guest.token),
        (desk.office.verify_resume, desk.guest.refresh),
        (lambda token: desk.office.mint_guest({}, token), desk.guest.token),
        (lambda token: desk.office.mint_guest({}, token), resume),
    ]
    for check, token in attempts:
        with pytest.raises(TokenRefused) as refused:
            check(token)
        assert not refused.value.expired


def unsigned(claims: dict[str, Any]) -> str:
    """A token that asks not to be checked."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


FORGED: dict[str, Callable[[Desk], str]] = {
    "other key": lambda desk: jwt.encode(desk.claims(), OTHER_KEY, ALGORITHM),
    "other algorithm": lambda desk: jwt.encode(desk.claims(), KEY * 2, "HS512"),
    "no algorithm": lambda desk: unsigned(desk.claims()),
    "other issuer": lambda desk: jwt.encode(desk.claims(iss="evil"), KEY, ALGORITHM),
    "other audience": lambda desk: jwt.encode(desk.claims(aud="evil"), KEY, ALGORITHM),
    "no person": lambda desk: jwt.encode(desk.claims(identity={}), KEY, ALGORITHM),
    "person of another type": lambda desk: jwt.encode(desk.claims(identity={"person": 1}), KEY, ALGORITHM),
    "no identity": lambda desk: jwt.encode(desk.claims(identity=None), KEY, ALGORITHM),
    "no expiry": lambda desk: jwt.encode({k: v for k, v in desk.claims().items() if k != "exp"}, KEY, ALGORITHM),
    "cut": lambda desk: desk.guest.token[:-1],
    "changed": lambda desk: desk.guest.token[:40] + "A" + desk.guest.token[41:],
    "empty": lambda desk: "",
    "garbage": lambda desk: "a.b.c",
    "not ASCII": lambda desk: "ä.ö.ü",
    "null byte": lambda desk: "\0",
    "nested too deep": lambda desk: base64.urlsafe_b64encode(b"[" * 3_000).decode().rstrip("=") + ".e30.e30",
    "a list": lambda desk: ".".join(base64.urlsafe_b64encode(b"[]").decode() for _ in range(3)),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_opens_nothing(desk: Desk, forge: Callable[[Desk], str]) -> None:
    """And is not mistaken for one that has merely expired."""
    with pytest.raises(TokenRefused) as refused:
        desk.office.verify(forge(desk))

    assert not refused.value.expired


def test_a_resume_token_without_a_generation_opens_nothing(desk: Desk) -> None:
    """It could be used again and again."""
    token = jwt.encode(desk.claims(aud=f"{ISSUER}:resume"), KEY, ALGORITHM)
    with pytest.raises(TokenRefused):
        desk.office.verify_resume(token)


def test_a_refresh_token_without_a_person_opens_nothing(desk: Desk) -> None:
    """There would be nobody to stay."""
    token = jwt.encode(desk.claims(aud=f"{ISSUER}:refresh"), KEY, ALGORITHM)
    with pytest.raises(TokenRefused):
        desk.office.mint_guest({}, token)
