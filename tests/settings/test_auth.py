"""Who may say who somebody is: settings that contradict themselves stop the start, and name the fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duologue.errors import StartupError
from duologue.ids import PersonId
from duologue.services.identity import ISSUER, Identity
from duologue.settings import load
from duologue.settings.auth import OURS, TENANT_OF_GUESTS
from tests.integrator import SECRET, TERMS

ACME = TERMS | {"secret": SECRET}
JWKS = TERMS | {"algorithm": "ES256"}
URL = "https://acme.example/jwks.json"
OTHER = {"name": "other", "issuer": "https://other.example", "secret": "o" * 64}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)


def test_an_integrator_stands_in_the_file(tmp_path: Path) -> None:
    """As the documentation shows it."""
    lines = "\n".join(f'{name} = "{value}"' for name, value in ACME.items())
    (tmp_path / "duologue.toml").write_text(f"[auth]\nguests = false\n\n[[auth.issuers]]\n{lines}\n")
    auth = load().auth

    assert not auth.guests
    assert [(each.name, each.of_tenant, each.max_lifetime_s) for each in auth.issuers] == [("acme", "acme", 86_400)]


def test_an_integrator_stands_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON; its secret does not show."""
    monkeypatch.setenv("DUOLOGUE_AUTH__ISSUERS", json.dumps([ACME]))
    (acme,) = load().auth.issuers

    assert acme.secret is not None
    assert acme.secret.get_secret_value() == SECRET
    assert SECRET not in repr(acme)


def test_our_names_are_ours() -> None:
    """One name in the settings and in the tokens."""
    assert (ISSUER, Identity(PersonId("ana")).tenant) == (OURS, TENANT_OF_GUESTS)


GOOD: dict[str, list[dict[str, Any]]] = {
    "https": [JWKS | {"jwks_url": URL}],
    "loopback": [JWKS | {"jwks_url": "http://127.0.0.1:1/jwks"}],
    "localhost": [JWKS | {"jwks_url": "http://localhost/jwks"}],
    "file": [JWKS | {"jwks_file": "jwks.json"}],
    "secret in a file": [TERMS | {"secret_file": "secret"}],
    "two secrets": [ACME | {"name": "new", "tenant": "acme"}, ACME | {"secret": "o" * 64}],
    "two integrators": [ACME, ACME | OTHER],
    "one tenant": [ACME, ACME | OTHER | {"tenant": "acme"}],
}


@pytest.mark.parametrize("issuers", GOOD.values(), ids=GOOD.keys())
def test_what_makes_sense_is_taken(issuers: list[dict[str, Any]]) -> None:
    """Each way to give a key, and several at a time."""
    assert len(load(auth={"issuers": issuers}).auth.issuers) == len(issuers)


BAD: dict[str, tuple[list[dict[str, Any]], str]] = {
    "no key": ([TERMS], "has to be set, and there is none of them"),
    "two keys": ([ACME | {"secret_file": "x"}], "there is secret and secret_file"),
    "secret for a key set": ([ACME | {"algorithm": "RS256"}], "do not go together"),
    "key set for a secret": ([TERMS | {"jwks_url": URL}], "do not go together"),
    "short secret": ([ACME | {"secret": "s" * 31}], "HS256 needs 32"),
    "short for its algorithm": ([ACME | {"algorithm": "HS512", "secret": "s" * 63}], "HS512 needs 64"),
    "public key as a secret": ([ACME | {"secret": "-----BEGIN PUBLIC KEY-----" + "s" * 32}], "not a secret"),
    "no algorithm": ([ACME | {"algorithm": "none"}], "auth.issuers.0.algorithm"),
    "plain http": ([JWKS | {"jwks_url": "http://acme.example/"}], "write https"),
    "loopback that is a name": ([JWKS | {"jwks_url": "http://127.0.0.1.evil.example/"}], "write https"),
    "file url": ([JWKS | {"jwks_url": "file:///etc/passwd"}], "write https"),
    "password in the address": ([JWKS | {"jwks_url": "https://me:hidden@acme.example/"}], "no user and password"),
    "no address": ([JWKS | {"jwks_url": "https://[/"}], "jwks_url"),
    "our issuer": ([ACME | {"issuer": "duologue"}], "choose another"),
    "tenant of guests": ([ACME | {"tenant": "default"}], "set another tenant"),
    "named as the tenant of guests": ([ACME | {"name": "default"}], "set another tenant"),
    "tenant with a dot": ([ACME | {"tenant": "a.b"}], "auth.issuers.0.tenant"),
    "no audience": ([{k: v for k, v in ACME.items() if k != "audience"}], "auth.issuers.0.audience"),
    "empty audience": ([ACME | {"audience": ""}], "auth.issuers.0.audience"),
    "no pool": ([ACME | {"age_bands": []}], "auth.issuers.0.age_bands"),
    "ever": ([ACME | {"max_lifetime_s": 10**9}], "auth.issuers.0.max_lifetime_s"),
    "typo": ([ACME | {"jwks_uri": URL}], "auth.issuers.0.jwks_uri"),
    "same name": ([ACME, ACME | OTHER | {"name": "acme"}], "two issuers are called acme"),
    "issuer of two tenants": ([ACME, ACME | {"name": "b", "secret": "o" * 64}], "one issuer means one tenant"),
    "key set of two tenants": (
        [JWKS | {"jwks_url": URL}, JWKS | {"name": "b", "issuer": "b", "jwks_url": URL}],
        "one jwks_url means one tenant",
    ),
}


@pytest.mark.parametrize(("issuers", "fix"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused(issuers: list[dict[str, Any]], fix: str) -> None:
    """The text says what to do, and holds no secret."""
    with pytest.raises(StartupError, match=fix) as refused:
        load(auth={"issuers": issuers})

    chain = f"{refused.value} {refused.value.__cause__}"
    assert not [each["secret"] for each in issuers if each.get("secret", "?") in chain]
    assert "hidden" not in chain


def test_somebody_has_to_be_able_to_come_in() -> None:
    """Without guests and integrators it would be a server for nobody."""
    with pytest.raises(StartupError, match="nobody could come in"):
        load(auth={"guests": False})
