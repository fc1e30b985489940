"""From settings to an office: what is wrong is told at the start, and what is away for now is not wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from duologue.errors import StartupError, TokenRefused, Unavailable
from duologue.issuers.office import open_token_office
from duologue.services.identity import TokenOffice
from duologue.services.keyring import ASK_EVERY_MS, TURN_MS
from duologue.settings import Settings
from duologue.settings.auth import AuthSettings
from duologue.tasks import Tasks
from tests.fakes import CountingRng, ManualClock, wait_until
from tests.integrator import SECRET, TERMS, KeyServer, claims, jwk, jwks, key_server, private_key, signed

KEY = b"k" * 32
JWKS = TERMS | {"algorithm": "ES256"}


class SlowClock(ManualClock):
    """Time passes only as tests say; who sleeps waits for that."""

    async def sleep_ms(self, duration_ms: int) -> None:
        due_ms = self.now_ms() + duration_ms
        await wait_until(lambda: self.now_ms() >= due_ms, description="time to pass", within_s=50)


class Building:
    """Opens offices, and ends their tasks."""

    def __init__(self) -> None:
        self.clock = SlowClock()
        self.tasks = Tasks()

    async def office(self, *issuers: dict[str, Any], guests: bool = True) -> TokenOffice:
        settings = Settings(auth=AuthSettings.model_validate({"guests": guests, "issuers": issuers}))
        return await open_token_office(settings, KEY, self.clock, CountingRng(), self.tasks)

    def token(self, key: Any = SECRET, algorithm: str = "HS256", **header: Any) -> str:
        return signed(claims(self.clock.now_ms()), key, algorithm, **header)

    def token_of(self, number: int, kid: str) -> str:
        return self.token(private_key("ES256", number), "ES256", kid=kid)


@pytest.fixture
async def building() -> AsyncIterator[Building]:
    building = Building()
    yield building
    await building.tasks.cancel_all()


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server() as server:
        yield server


async def test_guests_and_integrators_come_to_one_office(building: Building) -> None:
    """Each in a tenant of their own; resuming is as it is for guests."""
    office = await building.office(TERMS | {"secret": SECRET})
    guest = office.grant(office.mint_guest({}).token).identity
    identity, expires_ms = office.grant(building.token())

    assert (guest.tenant, identity.tenant) == ("default", "acme")
    assert office.verify_resume(office.mint_resume(identity, 1, expires_ms)).identity == identity


async def test_an_integrator_is_not_given_our_own_key(building: Building) -> None:
    """Its backend could be anybody, of any tenant."""
    with pytest.raises(StartupError, match="acme has the key that signs our own tokens"):
        await building.office(TERMS | {"secret": KEY.decode()})


async def test_without_guests_only_integrators_come_in(building: Building) -> None:
    """Tokens from before guests were switched off open nothing either."""
    guest = (await building.office()).mint_guest({})
    before = (await building.office()).verify(guest.token)
    office = await building.office(TERMS | {"secret": SECRET}, guests=False)

    assert office.grant(building.token())
    for refused in (guest.token, guest.refresh):
        with pytest.raises(TokenRefused):
            office.grant(refused)
    with pytest.raises(TokenRefused, match="takes no guests"):
        office.verify_resume(office.mint_resume(before, 1, building.clock.now_ms() + 60_000))


async def test_a_token_of_ours_cannot_be_made_by_an_integrator(building: Building) -> None:
    """Our own key signs those, and no other."""
    office = await building.office(TERMS | {"secret": SECRET})
    identity = {"person": "ana", "tenant": "default"}
    payload = claims(building.clock.now_ms(), iss="duologue", aud="duologue:session", identity=identity)

    with pytest.raises(TokenRefused):
        office.grant(signed(payload))


async def test_a_secret_may_stand_in_a_file(building: Building, tmp_path: Path) -> None:
    """As editors write it, with a line end."""
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")

    assert (await building.office(TERMS | {"secret_file": path})).grant(building.token())


@pytest.mark.parametrize(
    ("issuer", "content", "fix"),
    [
        (TERMS, None, "No such file"),
        (TERMS, b"hidden\n", "HS256 needs 32"),
        (JWKS, None, "No such file"),
        (JWKS, b"hidden", "not JSON"),
        (JWKS, jwks(jwk("RS256", kid="hidden")), "no public key for ES256"),
    ],
    ids=["no secret", "short secret", "no keys", "no key set", "other keys"],
)
async def test_a_file_that_will_not_do_stops_the_start(
    building: Building, tmp_path: Path, issuer: dict[str, Any], content: bytes | None, fix: str
) -> None:
    """It names the issuer, the setting and the file, and nothing that stands in it."""
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    setting = "secret_file" if issuer is TERMS else "jwks_file"
    with pytest.raises(StartupError, match=fix) as refused:
        await building.office(issuer | {setting: path})

    assert f"acme: {setting} {path}" in str(refused.value)
    assert "hidden" not in str(refused.value)


async def test_one_secret_is_not_for_two_tenants(building: Building, tmp_path: Path) -> None:
    """Wherever it stands: the token would choose."""
    path = tmp_path / "secret"
    path.write_text(SECRET)
    other = TERMS | {"name": "other", "issuer": "other", "secret_file": path}

    with pytest.raises(StartupError, match="give each a secret of its own"):
        await building.office(TERMS | {"secret": SECRET}, other)
    both = await building.office(TERMS | {"secret": SECRET}, other | {"tenant": "acme"})
    assert both.grant(building.token()).identity.tenant == "acme"


async def test_keys_rotate_without_a_restart(building: Building, server: KeyServer) -> None:
    """The new one is good soon after its first token; the old one opens nothing once it is gone."""
    server.document = jwks(jwk("ES256", "a", 1))
    office = await building.office(JWKS | {"jwks_url": server.url})
    assert office.grant(building.token_of(1, "a"))

    server.document = jwks(jwk("ES256", "b", 2))
    with pytest.raises(Unavailable) as away:
        office.grant(building.token_of(2, "b"))
    building.clock.advance(away.value.retry_after_ms)
    await wait_until(lambda: server.asked == 2, description="the server to be asked again")
    await wait_until(lambda: _takes(office, building.token_of(2, "b")), description="the new key to be good")

    with pytest.raises(Unavailable):
        office.grant(building.token_of(1, "a"))


async def test_a_key_server_that_is_away_stops_no_start(building: Building, server: KeyServer) -> None:
    """Its people come in when it is back; those of others at once."""
    server.answer = server.refuse
    others = TERMS | {"name": "other", "issuer": "other", "secret": SECRET}
    office = await building.office(JWKS | {"jwks_url": server.url}, others)

    assert office.grant(signed(claims(building.clock.now_ms(), iss="other")))
    with pytest.raises(Unavailable, match="the key of this token is out of reach"):
        office.grant(building.token_of(0, "k0"))

    server.document, server.answer = jwks(jwk("ES256")), server.serve
    building.clock.advance(ASK_EVERY_MS + TURN_MS)
    await wait_until(lambda: _takes(office, building.token_of(0, "k0")), description="the keys to be here")


async def test_a_key_file_is_replaced_without_a_restart(building: Building, tmp_path: Path) -> None:
    """As a server of keys is asked, so is a file."""
    path = tmp_path / "jwks.json"
    path.write_bytes(jwks(jwk("ES256", "a", 1)))
    office = await building.office(JWKS | {"jwks_file": path})
    path.write_bytes(jwks(jwk("ES256", "b", 2)))

    with pytest.raises(Unavailable):
        office.grant(building.token_of(2, "b"))
    building.clock.advance(ASK_EVERY_MS + TURN_MS)
    await wait_until(lambda: _takes(office, building.token_of(2, "b")), description="the new key to be good")


def _takes(office: TokenOffice, token: str) -> bool:
    try:
        return office.grant(token) is not None
    except Unavailable:
        return False
