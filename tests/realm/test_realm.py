"""Many gateways, many matchers, one Redis: people see one system."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from duologue.client import CommandRefused, ConnectionEnded, Invitation, RandomChatSession
from duologue.client.socket import Socket
from duologue.ids import PersonId
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import ChatLine, Ended, Talking, Waiting
from duologue.store.redis import RedisStore
from tests.fakes import wait_until
from tests.realm.realm import OFFICE, Realm, come_in, realm
from tests.redis_server import RedisServer, redis_server

TEXT = Filters(mode=Mode.TEXT)
ACTIONS = int(os.environ.get("DUOLOGUE_TEST_ACTIONS", "3000"))
NEXTS = ACTIONS // 100
"""Fewer show nothing."""
PEOPLE = 24
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A server of this test's own: it is frozen and killed."""
    with redis_server() as server:
        yield server


@pytest.fixture
async def town(redis: RedisServer) -> AsyncIterator[Realm]:
    """Three gateways and two matchers."""
    async with realm(redis.url) as town:
        yield town


async def talk(one: RandomChatSession, other: RandomChatSession) -> None:
    """Two of them meet."""
    await one.find(TEXT)
    await other.find(TEXT)
    assert (await one.matched()).pair == (await other.matched()).pair
    await one.expect(Talking)
    await other.expect(Talking)


async def hears(one: RandomChatSession, other: RandomChatSession, text: str) -> None:
    """The one writes, the other reads it."""
    await one.chat(text)
    while (await other.expect(ChatLine)).text != text:
        pass


async def test_people_on_different_gateways_meet_chat_and_move_on(town: Realm) -> None:
    """Who is where makes no difference."""
    ana, ben, cleo = [await town.person(gateway) for gateway in range(3)]
    await talk(ana, ben)
    await hears(ana, ben, "from here")
    await hears(ben, ana, "and from there")
    await cleo.find(TEXT)
    await ben.next()

    assert (await ben.matched()).pair == (await cleo.matched()).pair
    assert (await ana.expect(Ended)).waiting is not None


async def test_a_talk_goes_on_through_another_gateway(town: Realm) -> None:
    """A socket is lost; the next one is elsewhere, and knows everything."""
    ana, ben = await town.person(0), await town.person(1)
    await talk(ana, ben)
    await hears(ben, ana, "before")
    pair = ana.pair
    assert ana.socket is not None
    ana.socket.cut()
    ana._invitation = ana._invitation._replace(websocket_url=town.gateways[2].url)
    await come_in(ana, resume=True)

    assert ana.pair == pair
    await hears(ben, ana, "after")


async def test_a_frozen_redis_loses_nobody(town: Realm, redis: RedisServer) -> None:
    """Ten seconds of silence: talks keep their sockets, who waits keeps the place, and all goes on by itself."""
    ana, ben, cleo, dan = [await town.person(gateway % 3) for gateway in range(4)]
    await talk(ana, ben)
    await cleo.find(TEXT)
    since = (await cleo.expect(Waiting)).since
    redis.freeze()
    await asyncio.sleep(10)  # that is the length of the outage
    with pytest.raises(CommandRefused, match="unavailable"):
        await ana.chat("is anybody there?")
    redis.thaw()

    await until_it_works(lambda: hears(ana, ben, "there you are"))
    assert cleo.waiting is not None
    assert cleo.waiting.since == since
    await until_it_works(lambda: dan.find(TEXT))
    assert (await cleo.matched()).pair == (await dan.matched()).pair


async def test_an_empty_restart_loses_nobody(town: Realm, redis: RedisServer) -> None:
    """Sockets are the truth of presence: talks go on, who waits keeps the wait, and people are matched again."""
    ana, ben, cleo, dan = [await town.person(gateway % 3) for gateway in range(4)]
    await talk(ana, ben)
    await cleo.find(TEXT)
    since = (await cleo.expect(Waiting)).since
    redis.kill()
    redis.start()

    await until_it_works(lambda: hears(ana, ben, "as if nothing had happened"))
    await until_it_works(lambda: dan.find(TEXT))
    met = await cleo.matched()
    assert met.pair == (await dan.matched()).pair
    assert cleo.waiting is None
    store = await town.store()
    record = await town.record(store, PersonId(cleo.ready.self.person)) if cleo.ready else None
    assert record is not None
    assert record.ticket is not None
    assert record.ticket.since_ms == since


async def until_it_works(act: Callable[[], Awaitable[None]]) -> None:
    """As a client does: again, while the server says that it is unavailable."""
    async with asyncio.timeout(20):
        while True:
            try:
                await act()
            except CommandRefused as refused:
                if not refused.error.temporary:
                    raise
                await asyncio.sleep(0.1)  # as it was told to
            else:
                return


# -- thousands of random actions ------------------------------------------------------------------


class Player:
    """Somebody who does anything at any time, and never believes more than they were told."""

    def __init__(self, town: Realm, dice: random.Random) -> None:
        self.town = town
        self.dice = dice
        self.invitation = Invitation(dice.choice(town.gateways).url, OFFICE.mint_guest({}).token)
        self.session = RandomChatSession(self.invitation)
        self.did: Counter[str] = Counter()
        self._reported: str | None = None

    @property
    def id(self) -> PersonId:
        assert self.session.ready is not None
        return PersonId(self.session.ready.self.person)

    @property
    def belief(self) -> tuple[str, str | None]:
        if self.session.pair is not None:
            return "paired", self.session.pair
        return ("waiting" if self.session.waiting else "idle"), None

    async def play(self, actions: Iterator[int]) -> None:
        await come_in(self.session)
        for _ in actions:
            try:
                await self.act()
                self.report()
            except CommandRefused as refused:
                self.did[f"refused: {refused.error.code}"] += 1
            except ConnectionEnded as ended:
                self.did[f"ended: {ended.code}"] += 1
                await self.come_back()

    async def act(self) -> None:
        choices = ["listen", "elsewhere"] if self.dice.random() < 0.1 else self.sensible()
        action = self.dice.choice(choices)
        self.did[action] += 1
        match action:
            case "find":
                await self.session.find(TEXT)
            case "cancel":
                await self.session.cancel()
            case "chat":
                await self.session.chat("hello")
            case "next":
                await self.session.next()
            case "leave":
                await self.session.leave()
            case "elsewhere":
                self.cut()
                await self.come_back()
            case _:
                await self.listen()

    def sensible(self) -> list[str]:
        if self.session.pair is not None:
            return ["chat", "chat", "next", "next", "leave", "listen"]
        return ["listen"] * 9 + ["cancel"] if self.session.waiting else ["find"]

    async def listen(self) -> None:
        """For a moment, and believe it."""
        try:
            async with asyncio.timeout(self.dice.random() * 0.05):
                await self.session._receive()
        except TimeoutError:
            pass

    def report(self) -> None:
        """As every client does, once it is in: text needs nothing else."""
        if self.session.pair not in (None, self._reported):
            self._reported = self.session.pair
            self.session.report_media()

    def cut(self) -> None:
        socket = self.session.socket
        assert isinstance(socket, Socket)
        socket.cut()

    async def come_back(self) -> None:
        self.session._invitation = self.invitation._replace(websocket_url=self.dice.choice(self.town.gateways).url)
        self.session._unread.clear()
        await come_in(self.session, resume=True)

    async def agrees(self, store: RedisStore) -> bool:
        """Whether this person believes what the ledger says."""
        await self.listen()
        self.report()
        who = await self.town.record(store, self.id)
        if who is None or who.session is None:
            return False
        truth = ("paired", who.pair) if who.pair else ("waiting" if who.waiting else "idle", None)
        assert not (who.waiting and who.pair), f"{who.id} waits and is in a pair"
        return truth == self.belief


async def test_thousands_of_random_actions_lose_nobody(town: Realm, redis: RedisServer) -> None:
    """Everybody ends idle, waiting or in exactly one pair, and store, gateways and clients agree on which."""
    seed = random.getrandbits(32)
    dice = random.Random(seed)
    players = [Player(town, random.Random(dice.getrandbits(32))) for _ in range(PEOPLE)]
    turns = enough(players)
    await asyncio.gather(*(player.play(turns) for player in players))
    store = await town.store()

    await until_all_agree(players, store, f"seed {seed}")
    did = sum((player.did for player in players), Counter[str]())
    assert did["next"] >= NEXTS, f"people met too seldom to show anything: {did}"
    for player in players:
        player.session.close()
    await wait_until(
        lambda: left_over(redis) == [], description="nothing is left of people who said goodbye", within_s=90
    )


def enough(players: list[Player]) -> Iterator[int]:
    """Turns for all of them: more where the machine is so slow that most give up before they are matched."""
    for turn in range(10 * ACTIONS):
        if turn >= ACTIONS and sum(player.did["next"] for player in players) >= NEXTS:
            return
        yield turn


def alone_in_a_pair(players: list[Player]) -> set[str]:
    """Pairs that not exactly two people believe to be in."""
    people = Counter(player.session.pair for player in players if player.session.pair is not None)
    return {pair for pair, count in people.items() if count != 2}


async def until_all_agree(players: list[Player], store: RedisStore, run: str) -> None:
    """News is on its way; then everybody believes what the ledger says."""
    disagree: list[Player] = players
    try:
        async with asyncio.timeout(20):
            while disagree:
                agree = await asyncio.gather(*(player.agrees(store) for player in players))
                alone = alone_in_a_pair(players)
                certain = [yes and player.session.pair not in alone for player, yes in zip(players, agree, strict=True)]
                disagree = [player for player, yes in zip(players, certain, strict=True) if not yes]
    except TimeoutError:
        records = [await player.town.record(store, player.id) for player in disagree]
        beliefs = [(player.id, player.belief, record) for player, record in zip(disagree, records, strict=True)]
        raise AssertionError(f"{run}: {beliefs}") from None


def left_over(redis: RedisServer) -> list[str]:
    """Pairs, and people who are not about to be forgotten."""
    return [key for key in redis.cli("KEYS", "*:pair:*").split() + redis.cli("KEYS", "*:offered:*").split() if key]
