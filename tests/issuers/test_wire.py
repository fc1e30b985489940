"""People of integrators on a whole server: they meet their own, and nobody else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from duologue.client import CommandRefused, ConnectionEnded, RandomChatSession
from duologue.protocol.client import Filters, Refresh
from duologue.protocol.codes import CloseCode, Mode
from duologue.protocol.server import Refreshed, Talking, Waiting
from duologue.services.issuers import LEEWAY_S, person_of
from tests.conftest import Town, open_town
from tests.integrator import ISSUER, SECRET, TERMS, claims, jwk, jwks, key_server, private_key, signed

TEXT = Filters(mode=Mode.TEXT)
OTHER_SECRET = "the secret of somebody else, of at least 32 bytes"
OTHER = TERMS | {"name": "other", "issuer": "other", "secret": OTHER_SECRET}
AUTH = {"issuers": [TERMS | {"secret": SECRET}, OTHER]}


def token(sub: str, key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **changes: Any) -> str:
    header = {} if kid is None else {"kid": kid}
    return signed(claims(time.time_ns() // 1_000_000, sub=sub, **changes), key, algorithm, **header)


@pytest.fixture
async def two_tenants(tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(tmp_path, auth=AUTH) as town:
        yield town


async def meet(one: RandomChatSession, other: RandomChatSession) -> None:
    pairs = [await person.matched() for person in (one, other)]
    assert pairs[0].pair == pairs[1].pair
    for person in (one, other):
        await person.expect(Talking)


async def test_people_meet_their_own_tenant_and_nobody_else(two_tenants: Town) -> None:
    """A guest and somebody of another integrator wait beside them, were there first, and wait on."""
    stranger = await two_tenants.person(token("ben", OTHER_SECRET, iss="other"))
    guest = await two_tenants.person()
    for waiting in (stranger, guest):
        await waiting.find(TEXT)
    ana, ben = await two_tenants.person(token("ana")), await two_tenants.person(token("ben"))
    await ana.find(TEXT)
    await ben.find(TEXT)
    await meet(ana, ben)

    for waiting in (stranger, guest):
        assert (await waiting.expect(Waiting)).waiting_count == 1
        assert waiting.pair is None
    assert ana.ready is not None
    assert (ana.ready.self.person, ana.ready.self.guest) == (person_of("acme", "ana"), False)


async def test_a_partner_learns_nothing_of_the_account(two_tenants: Town) -> None:
    """Neither the integrator's word for them nor ours."""
    ana, ben = await two_tenants.person(token("ana@acme.example")), await two_tenants.person(token("ben"))
    await ana.find(TEXT)
    await ben.find(TEXT)
    told = str(await ben.matched())

    assert "ana@" not in told
    assert person_of("acme", "ana@acme.example") not in told


async def test_one_person_has_five_sessions(two_tenants: Town) -> None:
    """However many tokens their backend signs."""
    first = await two_tenants.person(token("ana"))
    for _ in range(5):
        await two_tenants.person(token("ana"))
    with pytest.raises(ConnectionEnded) as ended:
        await first.expect(Refreshed)

    assert ended.value.code == CloseCode.REPLACED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": 1_000_000_000}, CloseCode.TOKEN_EXPIRED),
        ({"aud": "shop"}, CloseCode.INVALID_TOKEN),
        ({"iss": "nobody"}, CloseCode.INVALID_TOKEN),
        ({"facets": {"shoe size": "43"}}, CloseCode.INVALID_TOKEN),
    ],
    ids=["expired", "audience", "issuer", "facet"],
)
async def test_a_token_that_is_refused_closes_with_its_code(
    two_tenants: Town, changes: dict[str, Any], code: CloseCode
) -> None:
    """A newer token would do for one of them only."""
    with pytest.raises(ConnectionEnded) as ended:
        await two_tenants.person(token("ana", **changes))

    assert ended.value.code == code


async def refresh(person: RandomChatSession, newer: str) -> Refreshed:
    """A newer token for this session. Raises `CommandRefused`."""
    await person._command(Refresh("r", newer))
    return await person.expect(Refreshed)


async def test_a_session_is_prolonged_by_a_newer_token(two_tenants: Town) -> None:
    """Of the same person; that of somebody else does not."""
    ana = await two_tenants.person(token("ana"))
    later = time.time_ns() // 1_000_000_000 + 3_600

    assert (await refresh(ana, token("ana", exp=later))).expires_at == (later + LEEWAY_S) * 1000
    with pytest.raises(CommandRefused, match="somebody else"):
        await refresh(ana, token("ben"))


async def test_where_no_guests_are_taken_nobody_becomes_one(tmp_path: Path) -> None:
    """The page of the operator has to bring a token."""
    async with open_town(tmp_path, auth=AUTH | {"guests": False}) as town, aiohttp.ClientSession() as http:
        async with http.post(f"{town.page_url}/v1/guest", json={}) as answer:
            assert answer.status == 403
            assert "takes no guests" in await answer.text()
        assert (await town.person(token("ana"))).ready is not None


async def test_a_key_that_is_not_here_yet_is_no_reason_to_stay_away(tmp_path: Path) -> None:
    """Who comes with it is told to come again; who is here already hears when to ask again."""
    async with key_server() as server:
        server.document = jwks(jwk("ES256", "old", 1))
        acme = TERMS | {"algorithm": "ES256", "jwks_url": server.url}
        async with open_town(tmp_path, auth={"issuers": [acme]}) as town:
            ana = await town.person(token("ana", private_key("ES256", 1), "ES256", "old"))
            newer = token("ana", private_key("ES256", 2), "ES256", "new", iss=ISSUER)
            with pytest.raises(CommandRefused) as refused:
                await refresh(ana, newer)
            with pytest.raises(ConnectionEnded) as ended:
                await town.person(newer)

    assert refused.value.error.temporary
    assert refused.value.error.retry_after_ms is not None
    assert ended.value.code == CloseCode.BACKEND_UNAVAILABLE
