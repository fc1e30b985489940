"""Hostile input of every kind, and two people beside it who go on talking as if nothing were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import jwt
import pytest

from duologue.ids import PairId
from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, ErrorCode, MediaEvent
from duologue.services.identity import ALGORITHM, ISSUER, SESSION_TTL_S
from tests.wires import TEXT, FakeWire, Yard, open_yard

PROTOCOL_ERROR, TOO_BIG, TOO_MANY = CloseCode.PROTOCOL_ERROR, CloseCode.MESSAGE_TOO_BIG, CloseCode.RATE_LIMITED


class Scene:
    """A yard with two who talk, and room for somebody hostile."""

    def __init__(self, yard: Yard, ana: FakeWire, ben: FakeWire, pair: PairId) -> None:
        self.yard = yard
        self.ana, self.ben, self.pair = ana, ben, pair

    async def assert_they_talk(self) -> None:
        """Each hears the other, and nothing that neither said."""
        for number, (who, other) in enumerate(((self.ana, self.ben), (self.ben, self.ana))):
            before = len(other.heard(s.ChatLine))
            who.say(c.Chat(f"line-{number}", self.pair, "still here", 1))
            await self.yard.settle()
            assert [line.text for line in other.heard(s.ChatLine)][before:] == ["still here"]
            assert who.heard(s.Reply)[-1] == s.Reply(f"line-{number}", ok=True)
            assert (who.close_code, who.heard(s.Ended)) == (None, [])


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with open_yard() as yard:
        yield Scene(yard, *await yard.talk())


# -- frames -----------------------------------------------------------------------------------

FRAMES = {
    "not JSON": (b"hello?", PROTOCOL_ERROR),
    "no UTF-8": (b'{"type":"\xff"}', PROTOCOL_ERROR),
    "deep": (b"[" * 16_000, PROTOCOL_ERROR),
    "deep in a field": (b'{"type":"pong","x":' + b"[" * 15_000, PROTOCOL_ERROR),
    "no object": (b"[1]", PROTOCOL_ERROR),
    "no type": (b'{"id":"1"}', PROTOCOL_ERROR),
    "unknown type": (b'{"type":"chat.v2","id":"1"}', PROTOCOL_ERROR),
    "a server's message": (b'{"type":"talking","rev":1,"pair":"p","since":1}', PROTOCOL_ERROR),
    "wrong type": (b'{"type":"find","id":1,"attempt":"x"}', PROTOCOL_ERROR),
    "negative attempt": (b'{"type":"find","id":"1","attempt":-1}', PROTOCOL_ERROR),
    "huge attempt": (b'{"type":"find","id":"1","attempt":99999999999999999999999}', PROTOCOL_ERROR),
    "unknown mode": (b'{"type":"find","id":"1","attempt":1,"filters":{"mode":"telepathy"}}', PROTOCOL_ERROR),
    "endless id": (b'{"type":"cancel","id":"' + b"x" * 41 + b'","attempt":1}', PROTOCOL_ERROR),
    "many interests": (
        b'{"type":"find","id":"1","attempt":1,"filters":{"interests":[' + b'"a",' * 20 + b'"a"]}}',
        PROTOCOL_ERROR,
    ),
    "10,000 characters": (b'{"type":"chat","id":"1","pair":"p","n":1,"text":"' + b"x" * 10_000 + b'"}', PROTOCOL_ERROR),
    "lone surrogate": (b'{"type":"chat","id":"1","pair":"p","n":1,"text":"\\ud800"}', PROTOCOL_ERROR),
    "too big": (b" " * (codec.MAX_FRAME_BYTES + 1), TOO_BIG),
    "empty": (b"", PROTOCOL_ERROR),
    "auth again": (b'{"type":"auth","token":"x"}', PROTOCOL_ERROR),
}


NEWER = ("unknown type", "a server's message")
"""Of a newer client, as far as one can tell: who is in may go on."""


@pytest.mark.parametrize("inside", [False, True], ids=["before auth", "inside"])
@pytest.mark.parametrize("name", FRAMES)
async def test_a_broken_frame_costs_its_sender_the_socket(scene: Scene, name: str, inside: bool) -> None:
    """And says why; a client that breaks the protocol does not come back."""
    frame, expected = FRAMES[name]
    wire = await scene.yard.person() if inside else scene.yard.wire()
    wire.connection.received(frame)
    await scene.yard.settle()
    if name == "auth again" and not inside:
        expected = CloseCode.INVALID_TOKEN

    assert wire.close_code == (None if inside and name in NEWER else expected)
    await scene.assert_they_talk()


async def test_fields_of_a_newer_client_are_ignored(scene: Scene) -> None:
    """It may know more than we do."""
    wire = await scene.yard.person()
    wire.connection.received(b'{"type":"find","id":"1","attempt":1,"mood":"sunny","filters":{"mode":"text","x":[1]}}')
    await scene.yard.settle()

    assert wire.heard(s.Reply) == [s.Reply("1", ok=True)]


# -- tokens -----------------------------------------------------------------------------------


def signed(yard: Yard, **changes: object) -> str:
    """A session token of our key, with other claims."""
    now_s = yard.clock.now_ms() // 1_000
    claims = {"iss": ISSUER, "aud": f"{ISSUER}:session", "exp": now_s + 60, "identity": {"person": "eve"}} | changes
    return jwt.encode(claims, b"k" * 32, algorithm=ALGORITHM)


TOKENS: dict[str, tuple[Callable[[Yard], str], CloseCode]] = {
    "expired": (lambda yard: signed(yard, exp=1), CloseCode.TOKEN_EXPIRED),
    "no algorithm": (
        lambda _: jwt.encode({"identity": {"person": "eve"}}, "", algorithm="none"),
        CloseCode.INVALID_TOKEN,
    ),
    "another key": (lambda yard: signed(yard)[:-6] + "AAAAAA", CloseCode.INVALID_TOKEN),
    "another issuer": (lambda yard: signed(yard, iss="evil"), CloseCode.INVALID_TOKEN),
    "another audience": (lambda yard: signed(yard, aud="evil"), CloseCode.INVALID_TOKEN),
    "a refresh token": (lambda yard: yard.tokens.mint_guest({}).refresh, CloseCode.INVALID_TOKEN),
    "no person": (lambda yard: signed(yard, identity={}), CloseCode.INVALID_TOKEN),
    "no end": (lambda yard: signed(yard, exp="never"), CloseCode.INVALID_TOKEN),
    "garbage": (lambda _: "a.b.c", CloseCode.INVALID_TOKEN),
    "4,096 characters": (lambda _: "x" * 4_096, CloseCode.INVALID_TOKEN),
}


@pytest.mark.parametrize("name", TOKENS)
async def test_a_bad_token_opens_nothing(scene: Scene, name: str) -> None:
    """The code says whether a newer one would."""
    make, expected = TOKENS[name]
    wire = scene.yard.wire()
    wire.say(c.Auth(make(scene.yard)))
    await scene.yard.settle()

    assert (wire.close_code, wire.heard(s.Ready)) == (expected, [])
    await scene.assert_they_talk()


async def test_a_stolen_resume_token_opens_nothing_once_it_was_used(scene: Scene) -> None:
    """Each works once; and a session token as resume token never does."""
    guest = scene.yard.tokens.mint_guest({})
    first = await scene.yard.person(guest.token)
    (ready,) = first.heard(s.Ready)
    first.connection.closed(1006)
    owner = scene.yard.wire()
    owner.say(c.Resume(ready.resume_token))
    await scene.yard.settle()
    for token in (ready.resume_token, guest.token, guest.refresh):
        thief = scene.yard.wire()
        thief.say(c.Resume(token))
        await scene.yard.settle()
        assert (thief.heard(s.Ready), len(thief.heard(s.InvalidSession))) == ([], 1)

    assert owner.heard(s.Ready)
    assert owner.heard(s.Standby) == []
    await scene.assert_they_talk()


# -- other people's pairs -----------------------------------------------------------------------

Intrusion = Callable[[str], c.ClientMessage]
INTRUSIONS: dict[str, Intrusion] = {
    "leave": lambda pair: c.Leave("x", pair),
    "chat": lambda pair: c.Chat("x", pair, "boo", 1),
    "mute": lambda pair: c.Mute("x", pair, audio=True, video=True),
    "block": lambda pair: c.Block("x", pair),
    "media failed": lambda pair: c.MediaReport(pair, MediaEvent.FAILED),
    "media reconnecting": lambda pair: c.MediaReport(pair, MediaEvent.RECONNECTING),
    "typing": c.Typing,
    "next": lambda pair: c.Next("x", pair, 1, TEXT),
}


@pytest.mark.parametrize("name", INTRUSIONS)
async def test_other_peoples_pairs_are_out_of_reach(scene: Scene, name: str) -> None:
    """Knowing the id of a pair opens nothing; the answer does not even say whether it exists."""
    heard = len(scene.ana.frames), len(scene.ben.frames)
    eve = await scene.yard.person()
    for pair in (scene.pair, "no-such-pair"):
        eve.say(INTRUSIONS[name](pair))
        await scene.yard.settle()
    replies = {reply.ok for reply in eve.heard(s.Reply)}

    assert (len(scene.ana.frames), len(scene.ben.frames)) == heard
    assert len(replies) <= 1
    assert eve.close_code is None
    await scene.assert_they_talk()


@pytest.mark.parametrize("name", sorted(set(INTRUSIONS) - {"next", "block"}))
async def test_an_old_pair_is_out_of_reach_too(scene: Scene, name: str) -> None:
    """Of one's own; the next one is not touched by what is said of it."""
    yard, old = scene.yard, scene.pair
    scene.ana.say(c.Leave("bye", old))
    await yard.settle()
    cleo, dan, pair = await yard.talk()
    scene.ana.say(INTRUSIONS[name](old))
    await yard.settle()

    assert scene.ana.close_code is None
    await Scene(yard, cleo, dan, pair).assert_they_talk()


# -- floods -----------------------------------------------------------------------------------


async def flood_of_chat(scene: Scene, eve: FakeWire) -> None:
    eve.say(*(c.Chat(f"{n}", "p", "x" * 2_000, n) for n in range(1, 60)))


async def flood_of_next(scene: Scene, eve: FakeWire) -> None:
    eve.say(*(c.Next(f"{n}", "p", n, TEXT) for n in range(1, 60)))


async def flood_of_find_and_cancel(scene: Scene, eve: FakeWire) -> None:
    for n in range(1, 30):
        eve.say(c.Find(f"f{n}", n, TEXT), c.Cancel(f"c{n}", n))
        await scene.yard.settle()


async def flood_of_pongs(scene: Scene, eve: FakeWire) -> None:
    eve.say(*[c.Pong()] * 1_000)


async def flood_of_refreshes(scene: Scene, eve: FakeWire) -> None:
    eve.say(*(c.Refresh(f"{n}", "x" * 4_000) for n in range(1_000)))


async def flood_of_one_id(scene: Scene, eve: FakeWire) -> None:
    eve.say(*[c.Find("same", 1, TEXT)] * 200)


async def flood_of_sockets(scene: Scene, eve: FakeWire) -> None:
    for _ in range(2_000):
        scene.yard.wire("203.0.113.66")


FLOODS: list[Callable[[Scene, FakeWire], Awaitable[None]]] = [
    flood_of_chat, flood_of_next, flood_of_find_and_cancel, flood_of_pongs, flood_of_refreshes, flood_of_one_id,
    flood_of_sockets,
]  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
async def test_a_flood_drowns_nobody_else(scene: Scene, flood: Callable[[Scene, FakeWire], Awaitable[None]]) -> None:
    """What is too much is refused or ends the flooder's socket, in bounded memory."""
    eve = await scene.yard.person()
    await flood(scene, eve)
    await scene.yard.settle()
    gateway = scene.yard.gateway
    refused = [reply for reply in eve.heard(s.Reply) if reply.error and reply.error.code is ErrorCode.RATE_LIMITED]

    assert eve.close_code == TOO_MANY or refused or gateway._refused
    assert len(gateway._connections) <= 3 + 128
    assert all(reply.ok or reply.error for reply in eve.heard(s.Reply))
    await scene.assert_they_talk()


async def test_a_repeated_id_is_answered_again_and_done_once(scene: Scene) -> None:
    """Also when another command takes its id."""
    eve = await scene.yard.person()
    for command in (c.Find("1", 1, TEXT), c.Find("1", 1, TEXT), c.Cancel("1", 1)):
        eve.say(command)
        await scene.yard.settle()

    assert eve.heard(s.Reply) == [s.Reply("1", ok=True)] * 3
    assert len({waiting.rev for waiting in eve.heard(s.Waiting)}) == 1


# -- sockets that do not end --------------------------------------------------------------------


async def test_a_half_open_socket_ends_by_silence(scene: Scene) -> None:
    """Ping, no answer, gone: its place is held, then given up, and nobody else notices."""
    eve = await scene.yard.person()
    for _ in range(350):
        await scene.yard.pass_ms(100)
        scene.ana.say(c.Pong())
        scene.ben.say(c.Pong())

    assert eve.close_code == CloseCode.NO_PONG
    await scene.assert_they_talk()


async def test_who_never_says_who_they_are_is_sent_away(scene: Scene) -> None:
    """A hundred of them at once, too."""
    silent = [scene.yard.wire() for _ in range(100)]
    await scene.yard.pass_ms(10_200)

    assert {wire.close_code for wire in silent} == {CloseCode.AUTH_TIMEOUT}
    await scene.assert_they_talk()


async def test_a_slow_partner_costs_nobody_else(scene: Scene) -> None:
    """Who reads nothing is cut off; whoever wrote to them goes on."""
    yard = scene.yard
    cleo, dan, pair = await yard.talk()
    dan.connection.writable(yes=False)
    dan.unsent = yard.gateway.settings.write_hard_bytes + 1
    cleo.say(c.Chat("1", pair, "hello", 1))
    await yard.settle()

    assert (cleo.close_code, dan.close_code) == (None, CloseCode.SLOW_CONSUMER)
    await scene.assert_they_talk()


async def test_an_expired_session_leaves_the_partner_waiting_for_a_while(scene: Scene) -> None:
    """4200 is a lost socket: the seat is held, and a new token takes it again."""
    yard = scene.yard
    yard.clock.advance(SESSION_TTL_S * 1_000)
    yard.gateway.tick()
    await yard.settle()
    scene.ana.connection.closed(1006)
    await yard.settle()

    assert scene.ana.close_code == CloseCode.TOKEN_EXPIRED
    assert await yard.store.live_pairs([scene.pair])
