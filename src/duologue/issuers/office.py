"""Makes the token office from the settings, with everything that an integrator's tokens need.

What is wrong with a secret or a key file is told here, at the start; a server of keys may be away for now.
"""

from __future__ import annotations

import asyncio

from duologue.errors import StartupError, Unavailable
from duologue.issuers.sources import FileKeys, HttpKeys
from duologue.matching.rules import Rules
from duologue.ports import Clock, Rng
from duologue.services.identity import TokenOffice
from duologue.services.issuers import Issuer, Issuers, Terms
from duologue.services.keyring import TURN_MS, Keyring, Keys, SharedSecret
from duologue.services.keyset import KeysUnreadable, read_keys
from duologue.settings import Settings
from duologue.settings.auth import IssuerSettings, check_secret
from duologue.tasks import Tasks


async def open_token_office(settings: Settings, key: bytes, clock: Clock, rng: Rng, tasks: Tasks) -> TokenOffice:
    """The office of this installation; `key` signs its own tokens. Tasks of `tasks` keep key sets fresh.

    It waits for the first answer of each server of keys, or its time-out: who came sooner would be sent
    away once. Raises `StartupError` that names the fix.
    """
    auth, rules = settings.auth, settings.matching.rules()
    if not auth.issuers:
        return TokenOffice(key, clock, rng, guests=auth.guests)
    keys = [_keys(given, clock) for given in auth.issuers]
    _refuse_one_secret_for_two(auth.issuers, keys)
    _refuse_our_key(auth.issuers, keys, key)
    rings = [each for each in keys if isinstance(each, Keyring)]
    await asyncio.gather(*(ring.turn() for ring in rings))
    for ring in rings:
        tasks.repeat(ring.turn, name="issuer-keys", clock=clock, every_ms=TURN_MS)
    issuers = [_issuer(given, its, rules) for given, its in zip(auth.issuers, keys, strict=True)]
    return TokenOffice(key, clock, rng, Issuers(issuers, clock), guests=auth.guests)


def _issuer(given: IssuerSettings, keys: Keys, rules: Rules) -> Issuer:
    terms = Terms(**{name: getattr(given, name) for name in Terms._fields if name != "tenant"}, tenant=given.of_tenant)
    return Issuer(terms, keys, rules)


def _keys(given: IssuerSettings, clock: Clock) -> Keys:
    """Of the one kind that the settings have."""
    if given.jwks_url is not None:
        return Keyring(given.name, given.algorithm, HttpKeys(given.jwks_url), clock)
    if given.jwks_file is not None:
        return Keyring(given.name, given.algorithm, _checked_file(given, FileKeys(given.jwks_file)), clock)
    return SharedSecret(_secret(given))


def _checked_file(given: IssuerSettings, source: FileKeys) -> FileKeys:
    """A file is there or is not: that is no outage to wait for."""
    try:
        keys = read_keys(source.read(), given.algorithm)
    except (Unavailable, KeysUnreadable) as error:
        raise StartupError(f"auth.issuers {given.name}: jwks_file {given.jwks_file}: {error}") from error
    if not keys:
        raise StartupError(
            f"auth.issuers {given.name}: jwks_file {given.jwks_file} has no public key for {given.algorithm}. "
            "Put one there, or set the algorithm of those that are."
        )
    return source


def _secret(given: IssuerSettings) -> bytes:
    if given.secret is not None:
        return given.secret.get_secret_value().encode()
    assert given.secret_file is not None, "the settings have one of the four"
    try:
        secret = given.secret_file.read_bytes().rstrip(b"\r\n")
        check_secret(secret, given.algorithm)
    except OSError as error:
        raise StartupError(f"auth.issuers {given.name}: secret_file {given.secret_file}: {error.strerror}") from error
    except ValueError as error:
        raise StartupError(f"auth.issuers {given.name}: secret_file {given.secret_file}: {error}") from error
    return secret


def _refuse_one_secret_for_two(issuers: tuple[IssuerSettings, ...], keys: list[Keys]) -> None:
    """A secret says which tenant somebody is of: it cannot say two. Key sets were compared by the settings."""
    owner: dict[bytes, IssuerSettings] = {}
    for given, its in zip(issuers, keys, strict=True):
        if isinstance(its, SharedSecret):
            other = owner.setdefault(its.secret, given)
            if other.of_tenant != given.of_tenant:
                raise StartupError(
                    f"auth.issuers {other.name} and {given.name} have one secret and two tenants: "
                    "give each a secret of its own"
                )


def _refuse_our_key(issuers: tuple[IssuerSettings, ...], keys: list[Keys], ours: bytes) -> None:
    """Who signs with it can make tokens of ours: for any person, of any tenant."""
    for given, its in zip(issuers, keys, strict=True):
        if isinstance(its, SharedSecret) and its.secret.strip() == ours.strip():
            raise StartupError(
                f"auth.issuers {given.name} has the key that signs our own tokens (token_key) for its secret: "
                "give it a secret of its own"
            )
