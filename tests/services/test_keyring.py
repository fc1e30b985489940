"""The keys of an integrator come and go, and so does the server that has them."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from duologue.errors import Unavailable
from duologue.services.claims import NotTaken, Why
from duologue.services.keyring import ASK_EVERY_MS, REFRESH_MS, STALE_AFTER_MS, TURN_MS, KeyMissing, Keyring
from tests.fakes import ManualClock
from tests.integrator import jwk, jwks


class Source:
    """A key set that a test changes, or takes away."""

    def __init__(self) -> None:
        self.document: bytes | None = None
        self.asked = 0

    def publish(self, *kids: str) -> None:
        self.document = jwks(*(jwk("ES256", kid, number) for number, kid in enumerate(kids)))

    async def fetch(self) -> bytes:
        self.asked += 1
        if self.document is None:
            raise Unavailable("the key set", "it answers 503")
        return self.document


class Scene:
    """A keyring, its source, and time."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.source = Source()
        self.ring = Keyring("acme", "ES256", self.source, self.clock)

    async def pass_time(self, duration_ms: int) -> None:
        """Turn as the task does."""
        end_ms = self.clock.now_ms() + duration_ms
        while self.clock.now_ms() < end_ms:
            await self.ring.turn()
            self.clock.advance(min(end_ms - self.clock.now_ms(), TURN_MS * 20))
        await self.ring.turn()

    def missing(self, kid: str) -> KeyMissing:
        with pytest.raises(KeyMissing) as missing:
            self.ring.named(kid)
        return missing.value


@pytest.fixture
async def scene() -> Scene:
    """One that has key `a`."""
    scene = Scene()
    scene.source.publish("a")
    await scene.ring.turn()
    return scene


async def test_keys_are_here_after_the_first_turn(scene: Scene) -> None:
    """Before it, whoever comes is to come again."""
    assert Scene().missing("a").why is Why.KEYS_AWAY
    assert len(scene.ring.named("a")) == len(scene.ring.named(None)) == 1


async def test_a_new_key_is_fetched_as_soon_as_somebody_comes_with_it(scene: Scene) -> None:
    """Who comes with it comes again; the time they hear is enough."""
    scene.clock.advance(ASK_EVERY_MS)
    scene.source.publish("a", "b")
    missing = scene.missing("b")
    await scene.pass_time(missing.retry_after_ms)

    assert (missing.why, missing.retry_after_ms) == (Why.UNKNOWN_KID, TURN_MS)
    assert scene.ring.named("b")


async def test_a_key_that_was_called_back_opens_nothing_soon(scene: Scene) -> None:
    """Without anybody asking, and also where none is left."""
    for kids in (["b"], []):
        scene.source.publish(*kids)
        await scene.pass_time(REFRESH_MS)
        assert scene.missing("a").why is Why.UNKNOWN_KID
        assert kids == [] or scene.ring.named("b")


async def test_strangers_cause_one_question_in_a_while(scene: Scene) -> None:
    """However many keys they name."""
    asked = scene.source.asked
    for n in range(10 * ASK_EVERY_MS // 1_000):
        scene.missing(f"random {n}")
        await scene.pass_time(1_000)

    assert 9 <= scene.source.asked - asked <= 10


async def test_a_new_key_comes_even_while_strangers_ask(scene: Scene) -> None:
    """A question that was answered without it is not the last word."""
    scene.missing("random")
    await scene.pass_time(ASK_EVERY_MS)
    scene.source.publish("a", "b")
    missing = scene.missing("b")
    await scene.pass_time(missing.retry_after_ms)

    assert scene.ring.named("b")


async def test_during_an_outage_the_last_keys_are_good(scene: Scene) -> None:
    """For a day; both is told once, and so is their return."""
    document = scene.source.document
    scene.source.document = None
    with capture_logs() as lines:
        await scene.pass_time(STALE_AFTER_MS)
        assert scene.ring.named("a")
        await scene.pass_time(TURN_MS)
        assert scene.missing("a").why is Why.KEYS_AWAY
        scene.source.document = document
        await scene.pass_time(ASK_EVERY_MS)
        assert scene.ring.named("a")

    assert [line["event"] for line in lines] == ["keys_unavailable", "keys_too_old", "keys_read"]
    assert "503" in lines[0]["detail"]


@pytest.mark.parametrize("document", [None, b"<html>an error page</html>"], ids=["away", "no set"])
async def test_a_server_that_fails_is_asked_no_oftener(scene: Scene, document: bytes | None) -> None:
    """And what it sent is told without a word of it."""
    scene.source.document = document
    await scene.pass_time(REFRESH_MS)
    asked = scene.source.asked
    with capture_logs() as lines:
        await scene.pass_time(10 * ASK_EVERY_MS)

    assert scene.source.asked - asked == 10
    assert lines == []
    assert scene.ring.named("a")


async def test_with_several_keys_a_token_names_one(scene: Scene) -> None:
    """Coming again would not help."""
    scene.source.publish("a", "b")
    await scene.pass_time(REFRESH_MS)
    with pytest.raises(NotTaken) as refused:
        scene.ring.named(None)

    assert refused.value.why is Why.KID
