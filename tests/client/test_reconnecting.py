"""`ReconnectingSocket`: one conversation over many connections, against a gateway that does what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from picows import ws_connect

from duologue.client import Away, ConnectionEnded, Invitation, NoToken, ReconnectingSocket, reconnecting
from duologue.protocol.client import Accept, Auth, Bye, Filters, Find, Refresh, Resume, StandBy, Typing
from duologue.protocol.codes import CloseCode, Mode
from duologue.protocol.server import (
    Drain,
    InvalidSession,
    PeerTyping,
    Ping,
    Ready,
    Refreshed,
    Reply,
    RingingState,
    Standby,
    Talking,
)
from tests.client.gateway import NOW_MS, Gateway, Wire, listening

FIND = Find("a-1", 1, Filters(mode=Mode.TEXT))
TOLD_MS = 150


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with listening() as gateway:
        yield gateway


CONNECT = "duologue.client.socket.ws_connect"


class Client:
    """A conversation that stays away for no time unless it is told to, and what became of it."""

    def __init__(
        self, url: str, renew: Callable[[], Awaitable[str]] | None, dice: float = 0.0, *, stand_by: bool = False
    ) -> None:
        self.away: list[Away] = []
        invitation = Invitation(url, "token-1", renew)
        self.socket = ReconnectingSocket(invitation, stand_by=stand_by, on_away=self.away.append, random=lambda: dice)

    async def news(self, kind: type[object]) -> object:
        """The next message, which has to be this."""
        async with asyncio.timeout(5):
            message = await self.socket.receive()
        assert isinstance(message, kind), message
        return message


@pytest.fixture
async def come(gateway: Gateway) -> AsyncIterator[Callable[..., Awaitable[tuple[Client, Wire]]]]:
    """Comes in: the client, and the gateway's end of its first connection."""
    clients: list[Client] = []

    async def come(
        renew: Callable[[], Awaitable[str]] | None = None,
        *,
        heartbeat_ms: int = 25_000,
        lives_ms: int | None = None,
        seat_ms: int | None = None,
        dice: float = 0.0,
        stand_by: bool = False,
    ) -> tuple[Client, Wire]:
        client = Client(gateway.url, renew, dice, stand_by=stand_by)
        clients.append(client)
        entering = asyncio.create_task(client.socket.enter())
        wire = await gateway.wire()
        await wire.hello(heartbeat_ms)
        await wire.heard(Auth)
        await wire.ready(lives_ms=lives_ms, seat_ms=seat_ms)
        await entering
        return client, wire

    yield come
    for client in clients:
        client.socket.close(goodbye=False)
        await client.socket.closed()


Come = Callable[..., Awaitable[tuple[Client, Wire]]]


async def test_a_lost_connection_is_resumed(gateway: Gateway, come: Come) -> None:
    """With the token and the revision of before; the snapshot is news."""
    client, wire = await come()
    await wire.say(Talking(7, "pair", 0))
    await client.news(Talking)
    await wire.close(CloseCode.GOING_AWAY)
    second = await gateway.wire()
    said = await second.take_back(8)

    assert (said.resume_token, said.rev) == ("resume-1", 7)
    await client.news(Ready)
    assert [(each.wait_ms, each.failures) for each in client.away] == [(0, 1)]


@pytest.mark.parametrize(("seat_ms", "at_least_ms", "at_most_ms"), [(2_000, 10, 40), (None, 400, 400)])
async def test_while_the_seat_is_held_the_next_try_comes_before_its_end(
    gateway: Gateway, come: Come, seat_ms: int | None, at_least_ms: int, at_most_ms: int
) -> None:
    """However many tries failed before; an older server does not tell how long that is."""
    client, wire = await come(seat_ms=seat_ms, dice=0.02)
    client.socket._retries.failures = 10
    await wire.close(CloseCode.GOING_AWAY)
    await (await gateway.wire()).take_back(2)

    assert at_least_ms <= client.away[0].wait_ms <= at_most_ms


async def test_a_resume_that_is_refused_becomes_a_new_session(gateway: Gateway, come: Come) -> None:
    """On the same connection, with a new token: the server may have changed its keys."""
    client, wire = await come(renew=token_2)
    await wire.close(CloseCode.RESYNC)
    second = await gateway.wire()
    await second.hello()
    await second.heard(Resume)
    await second.say(InvalidSession(retry=True))

    assert (await second.heard(Auth)).token == "token-2"
    await second.ready(rev=1)
    await client.news(Ready)


async def token_2() -> str:
    return "token-2"


async def test_an_expired_token_is_renewed_first(gateway: Gateway, come: Come) -> None:
    """42xx."""
    _, wire = await come(renew=token_2)
    await wire.close(CloseCode.TOKEN_EXPIRED)
    second = await gateway.wire()
    await second.hello()

    assert (await second.heard(Auth)).token == "token-2"


async def test_who_gets_no_new_token_is_told(gateway: Gateway, come: Come) -> None:
    """Where the one who gives them refuses, coming back is of no use."""

    async def refuse() -> str:
        raise NoToken("banned", refused=True)

    client, wire = await come(renew=refuse)
    await wire.close(CloseCode.TOKEN_EXPIRED)
    await (await gateway.wire()).hello()

    with pytest.raises(ConnectionEnded, match="banned") as ended:
        await client.socket.receive()
    assert ended.value.code == CloseCode.INVALID_TOKEN


async def test_who_gives_tokens_may_be_away(gateway: Gateway, come: Come) -> None:
    """Asked again; whatever went wrong."""
    answers = iter([NoToken("later", retry_after_ms=TOLD_MS), ValueError("a defect of theirs"), None])

    async def sometimes() -> str:
        if (answer := next(answers)) is not None:
            raise answer
        return "token-2"

    client, wire = await come(renew=sometimes)
    await wire.close(CloseCode.TOKEN_EXPIRED)
    for _ in range(3):
        wire = await gateway.wire()
        await wire.hello()

    assert (await wire.heard(Auth)).token == "token-2"
    assert [each.wait_ms for each in client.away] == [0, TOLD_MS, 0]


@pytest.mark.parametrize("code", [CloseCode.BANNED, CloseCode.INVALID_TOKEN, CloseCode.TOKEN_EXPIRED, 1008])
async def test_where_it_is_of_no_use_nobody_comes_back(gateway: Gateway, come: Come, code: int) -> None:
    """43xx, some standard codes, and an expired token of an invitation that cannot be renewed: told again and again."""
    client, wire = await come()
    await wire.close(code)

    for _ in range(2):
        with pytest.raises(ConnectionEnded) as ended:
            await client.socket.receive()
        assert ended.value.code == code
    await client.socket.closed()
    assert gateway.nobody_knocks


async def test_who_is_told_a_delay_keeps_to_it(gateway: Gateway, come: Come) -> None:
    """What is left of it when the close comes."""
    client, wire = await come()
    await wire.say(Drain(TOLD_MS))
    await wire.close(CloseCode.OVERLOADED)
    await gateway.wire()

    assert 0 < client.away[0].wait_ms <= TOLD_MS


async def test_who_finds_no_place_hears_when_to_come_again(gateway: Gateway) -> None:
    """A gateway that is full says so instead of ready."""
    client = Client(gateway.url, None)
    entering = asyncio.create_task(client.socket.enter())
    wire = await gateway.wire()
    await wire.hello()
    await wire.say(Drain(TOLD_MS))
    await wire.close(CloseCode.OVERLOADED)
    await (await gateway.wire()).take_in()
    await entering

    assert 0 < client.away[0].wait_ms <= TOLD_MS
    client.socket.close(goodbye=True)


async def test_a_drain_is_followed_when_its_time_has_come(gateway: Gateway, come: Come) -> None:
    """The old process serves until then; that is no failure."""
    client, wire = await come()
    await wire.say(Drain(TOLD_MS))
    await client.news(Drain)
    client.socket.send(Typing("pair"))
    await wire.heard(Typing)
    await (await gateway.wire()).take_back(2)
    await client.news(Ready)

    assert client.away == []
    assert await wire.closed() == 1000


async def test_silence_means_that_the_server_is_gone(gateway: Gateway, come: Come) -> None:
    """Pings are no silence."""
    client, wire = await come(heartbeat_ms=50)
    for _ in range(4):
        await asyncio.sleep(0.04)  # so often that it is none
        await wire.say(Ping())
    assert client.away == []

    await (await gateway.wire()).take_back(2)
    assert "silence" in str(client.away[0].ended)


async def test_a_server_that_says_nothing_at_all_is_given_up(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """From dialling to ready there is a deadline."""
    monkeypatch.setattr(reconnecting, "HANDSHAKE_S", 0.1)
    client = Client(gateway.url, None)
    entering = asyncio.create_task(client.socket.enter())
    await gateway.wire()
    await (await gateway.wire()).take_in()
    await entering

    client.socket.close(goodbye=True)


async def test_a_command_is_said_again_until_it_is_answered(gateway: Gateway, come: Come) -> None:
    """With the same id; a signal is said now or never."""
    client, wire = await come()
    client.socket.send(FIND)
    await wire.heard(Find)
    client.socket.cut()
    second = await gateway.wire()
    client.socket.send(Typing("pair"))
    await second.take_back(2)
    assert await second.heard(Find) == FIND
    await second.say(Reply("a-1", ok=True))
    await client.news(Ready)
    await client.news(Reply)
    client.socket.cut()
    third = await gateway.wire()
    await third.take_back(3)
    await client.news(Ready)
    client.socket.close(goodbye=True)

    await third.heard(Bye)


async def test_another_person_says_nothing_of_the_one_before(gateway: Gateway, come: Come) -> None:
    """Who waits for an answer is told that there will be none."""
    client, wire = await come()
    client.socket.send(FIND)
    await wire.heard(Find)
    await wire.close(CloseCode.GOING_AWAY)
    second = await gateway.wire()
    await second.take_back(2, person="ben")
    refused = await client.news(Reply)

    assert isinstance(refused, Reply)
    assert (refused.id, refused.ok) == ("a-1", False)
    await client.news(Ready)


async def test_nobody_can_mean_so_many_commands(come: Come) -> None:
    """More than the outbox holds are refused."""
    client, _ = await come()
    for n in range(reconnecting.OUTBOX_LIMIT + 1):
        client.socket.send(Find(f"b-{n}", n + 1))

    refused = await client.news(Reply)
    assert isinstance(refused, Reply)
    assert refused.id == f"b-{reconnecting.OUTBOX_LIMIT}"


async def test_old_news_is_not_told(come: Come) -> None:
    """Of less than the snapshot knows."""
    client, wire = await come()
    await wire.say(Talking(1, "pair", 0), PeerTyping("pair"))

    await client.news(PeerTyping)


async def test_who_reads_nothing_for_too_long_gets_a_snapshot_instead(
    gateway: Gateway, come: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is unread has a limit."""
    monkeypatch.setattr(reconnecting, "UNREAD_LIMIT", 3)
    client, wire = await come()
    await wire.say(*(PeerTyping("pair") for _ in range(4)))
    await (await gateway.wire()).take_back(2)

    await client.news(Ready)


async def test_a_token_is_renewed_before_it_ends(gateway: Gateway, come: Come) -> None:
    """On the connection as it is; the next return uses what came of it."""
    client, wire = await come(renew=token_2, lives_ms=2_000)
    refresh = await wire.heard(Refresh)
    assert refresh.token == "token-2"
    await wire.say(Refreshed("resume-later", NOW_MS + 3_600_000), Reply(refresh.id, ok=True), PeerTyping("pair"))
    await client.news(PeerTyping)
    await wire.close(CloseCode.GOING_AWAY)
    said = await (await gateway.wire()).take_back(2)

    assert said.resume_token == "resume-later"


async def test_who_was_taken_over_does_not_take_over_again(gateway: Gateway, come: Come) -> None:
    """It is told, and that is all."""
    client, wire = await come()
    await wire.say(Standby(2))
    await client.news(Standby)

    with pytest.raises(ConnectionEnded) as ended:
        await client.socket.receive()
    assert ended.value.code == CloseCode.REPLACED
    assert gateway.nobody_knocks


# -- standing by ----------------------------------------------------------------------------


async def taken_over(come: Come) -> tuple[Client, Wire]:
    """Another session is the active one, and this one stays."""
    client, wire = await come(stand_by=True)
    await wire.say(Standby(4))
    await client.news(Standby)
    return client, wire


async def stands_by_again(gateway: Gateway, ringing: RingingState | None = None) -> Wire:
    """The next connection."""
    wire = await gateway.wire()
    await wire.hello()
    assert (await wire.heard(StandBy)).token == "token-1"
    await wire.say(Standby(5, NOW_MS + 3_600_000, ringing))
    return wire


async def test_who_stands_by_comes_back_to_that(gateway: Gateway, come: Come) -> None:
    """Over a new connection, with what rings there; it never takes over by itself."""
    client, wire = await taken_over(come)
    await wire.close(CloseCode.GOING_AWAY)
    ringing = RingingState("call", False, "Otter", Mode.TEXT, NOW_MS + 60_000)
    wire = await stands_by_again(gateway, ringing)
    told = await client.news(Standby)
    await wire.close(CloseCode.RESYNC)
    await stands_by_again(gateway)

    assert isinstance(told, Standby)
    assert told.ringing == ringing


async def test_an_answer_makes_it_the_active_one(gateway: Gateway, come: Come) -> None:
    """What is said meanwhile waits for it; and a lost connection is resumed from then on."""
    client, wire = await taken_over(come)
    client.socket.send(Accept("accept-1", "call"))
    client.socket.send(FIND)
    await wire.heard(Accept)
    await wire.ready(rev=6)
    await wire.say(Reply("accept-1", ok=True))
    assert await wire.heard(Find) == FIND
    await wire.say(Reply(FIND.id, ok=True))
    for kind in (Ready, Reply, Reply):
        await client.news(kind)
    await wire.close(CloseCode.GOING_AWAY)

    assert (await (await gateway.wire()).take_back(7)).resume_token == "resume-6"


async def test_an_answer_that_came_too_late_changes_nothing(gateway: Gateway, come: Come) -> None:
    """Another device took it: this one goes on standing by."""
    client, wire = await taken_over(come)
    client.socket.send(Accept("accept-1", "call"))
    await wire.heard(Accept)
    await wire.say(Reply("accept-1", ok=True))
    await client.news(Reply)
    await wire.close(CloseCode.GOING_AWAY)

    await stands_by_again(gateway)


async def test_an_answer_that_was_lost_is_given_again(gateway: Gateway, come: Come) -> None:
    """As soon as it stands by again."""
    client, wire = await taken_over(come)
    client.socket.send(Accept("accept-1", "call"))
    await wire.heard(Accept)
    await wire.close(CloseCode.GOING_AWAY)
    wire = await stands_by_again(gateway)

    assert (await wire.heard(Accept)).id == "accept-1"


async def test_an_older_server_knows_no_way_back_but_to_take_over(gateway: Gateway, come: Come) -> None:
    """So it ends, as it did before there was one."""
    client, wire = await taken_over(come)
    await wire.close(CloseCode.GOING_AWAY)
    second = await gateway.wire()
    await second.hello()
    await second.heard(StandBy)
    await second.close(CloseCode.PROTOCOL_ERROR)

    with pytest.raises(ConnectionEnded) as ended:
        await client.socket.receive()
    assert ended.value.code == CloseCode.REPLACED


# -- the end --------------------------------------------------------------------------------


async def test_a_close_is_the_end(gateway: Gateway, come: Come) -> None:
    """With a goodbye; nothing goes on, and who reads is told."""
    client, wire = await come()
    reading = asyncio.create_task(client.socket.receive())
    client.socket.close(goodbye=True)
    await wire.heard(Bye)
    await client.socket.closed()

    with pytest.raises(ConnectionEnded):
        await reading
    assert gateway.nobody_knocks


async def test_a_server_that_is_not_there_is_tried_more_and_more_rarely(gateway: Gateway) -> None:
    """Until it is."""
    away: list[Away] = []
    nowhere = Invitation("ws://127.0.0.1:1", "token-1")
    socket = ReconnectingSocket(nowhere, on_away=away.append, random=lambda: 0.02)
    entering = asyncio.create_task(socket.enter())
    async with asyncio.timeout(5):
        while len(away) < 4:
            await asyncio.sleep(0.01)
    socket._invitation = Invitation(gateway.url, "token-1")
    await (await gateway.wire()).take_in()
    await entering
    socket.close(goodbye=True)

    assert [each.wait_ms for each in away[:4]] == [10, 20, 40, 80]


async def test_a_connection_that_is_lost_as_it_is_made_is_no_end(
    gateway: Gateway, come: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no socket of ours then; the next try makes one."""

    async def lost_at_once(*args: object, **kwargs: object) -> tuple[object, None]:
        monkeypatch.setattr(CONNECT, ws_connect)
        return object(), None

    monkeypatch.setattr(CONNECT, lost_at_once)

    client, _ = await come()

    assert client.socket.online
    assert len(client.away) == 1
