"""A whole town on one seed: people, gateways, matchers, one store, and bad weather that ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, NamedTuple, cast

from duologue.app.roles import World, start_gateway, start_matcher, start_node_watch, start_reaper
from duologue.ids import NodeName, PersonId
from duologue.media.fake import FakeMedia
from duologue.ports import Limiter, Media, SafetyStore, Store
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import Rate
from duologue.services.identity import GuestTokens, TokenOffice
from duologue.settings import CallSettings, LimitSettings, Settings
from duologue.simulation.checks import Checks
from duologue.simulation.device import Device
from duologue.simulation.faulty import Faulty
from duologue.simulation.lives import DividedStore
from duologue.simulation.network import LOST, Disconnected, Host, Link, Network
from duologue.simulation.person import Person
from duologue.simulation.process import Process
from duologue.simulation.trace import Trace
from duologue.simulation.trouble import Trouble, Victims, Weather, Weathers
from duologue.simulation.virtual import SeededRng, VirtualClock
from duologue.store.ledger import Transitions
from duologue.store.memory import MemoryLimiter
from duologue.store.memory.safety import MemorySafetyStore
from duologue.tasks import Tasks

TROUBLE_MS, CALM_MS, STILL_MS = 60_000, 45_000, 20_000
"""Faults; then people go on as ever; then everybody keeps still and the checks look at what is left."""
SETTINGS = Settings.model_construct(limits=LimitSettings(profile="load"), calls=CallSettings(ring_ms=10_000))
"""The defaults, but that simulated people are never too fast, and that it rings for a moment only. Built past the
library's sources: a seed must not depend on this machine's environment or `duologue.toml`."""
SETTLED_MS, SETTLE_TRIES = 4_000, 10
PEOPLE_TO_A_DEVICE = 6
"""One in so many has a second one."""
"""Some pair may form or end just then: news of it is on its way for a moment."""
NODES = (NodeName("a"), NodeName("b"))
INSTANT = frozenset(["place", "read_webhook"])
KEY = b"a key for simulated people only."


class Plan(NamedTuple):
    """What the seed made of this town."""

    people: int
    gateways: int
    matchers: int
    fails: float
    slow_ms: int
    latency_ms: int
    trouble_every_ms: int
    owners_nap: bool
    """Nothing but matchers that sleep just longer than their lease, over a slow store, in a crowd."""
    slots: Rate
    """Of each of the two media nodes."""

    @classmethod
    def draw(cls, dice: random.Random) -> Plan:
        """Small towns with all kinds of trouble: what goes wrong at all goes wrong among few."""
        plan = cls(
            people=dice.randint(3, 12),
            gateways=dice.randint(1, 3),
            matchers=dice.randint(1, 3),
            fails=dice.choice((0.0, 0.002, 0.02)),
            slow_ms=dice.choice((1, 5, 50)),
            latency_ms=dice.choice((5, 50, 200)),
            trouble_every_ms=dice.choice((1_000, 3_000, 10_000)),
            owners_nap=dice.random() < 0.15,
            slots=dice.choice((Rate(2_000, 1), Rate(200, 2), Rate(50, 20))),
        )
        return plan._replace(people=30, matchers=3, slow_ms=50, trouble_every_ms=1_000) if plan.owners_nap else plan


class Violation(Exception):
    """Something that must never be has been."""


class Town:
    """Everything there is, for one run."""

    def __init__(self, seed: int, transitions: type[Transitions], trace: Trace) -> None:
        self.calm = self.frozen = False
        self.trace = trace
        trace.on_defect = self.violation
        self._seed = seed
        self._dice = SeededRng(seed, "town").dice
        self.plan = Plan.draw(self._dice)
        self._clock = VirtualClock()
        self._tasks = Tasks()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._store = DividedStore(self._clock, transitions=transitions)
        self._weather = Weathers(
            Weather(self.plan.fails, self.plan.slow_ms),
            Weather(self.plan.fails, self.plan.slow_ms),
            Weather(self.plan.fails, 100),
        )
        self._safety = MemorySafetyStore(self._clock, SeededRng(seed, "blocks"))
        self._media = FakeMedia(dict.fromkeys(NODES, self.plan.slots), now_ms=self._clock.now_ms)
        self._limiter = MemoryLimiter(self._clock)
        self._tokens = TokenOffice(KEY, self._clock, SeededRng(seed, "person"))
        self._network = Network(SeededRng(seed, "network").dice, trace)
        self._network.latency_ms = self.plan.latency_ms
        self._people: dict[PersonId, Person] = {}
        self.links: list[str] = []
        rules = SETTINGS.matching.rules()
        self._devices: list[Device] = []
        self.checks = Checks(self._store.records, self._people, self._devices, rules, self._media, self.violation)
        self._hosts: list[Host] = []
        self._matchers: list[Process] = []
        self._born = 0

    # -- what people find (`person.Outside`) ----------------------------------------------------

    def invite(self, person: str, facets: dict[str, str], refresh: str | None) -> GuestTokens:
        tokens = self._tokens.mint_guest(facets, refresh)
        self.trace.note(person, f"is {tokens.person}")
        return tokens

    async def connect(self, who: str) -> Link:
        if not self._hosts:
            raise Disconnected(LOST)
        return await self._network.connect(who, self._dice.choice(self._hosts))

    def violation(self, what: str) -> None:
        """End the run with this."""
        self.trace.note("VIOLATION", what)
        if not self._failed.done():
            self._failed.set_exception(Violation(what))

    # -- the run ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live through it. Raises `Violation`."""
        self.trace.note("town", self.plan)
        for index in range(self.plan.gateways):
            self._hosts.append(self._new_gateway(index))
        for _ in range(self.plan.matchers):
            self._matchers.append(self._new_matcher())
        for number in range(self.plan.people):
            person = Person(f"p{number}", self._seed, self)
            self._people[person.id] = person
            self.links.append(await self._safety.link_of(person.id))
            self._spawn(person.live(), person.name)
            if number % PEOPLE_TO_A_DEVICE == 0:
                self._devices.append(device := Device(person, self._seed, self))
                self._spawn(device.live(), device.name)
        self._spawn(self._watch(), "watch")
        story = self._spawn(self._story(), "story")
        try:
            await asyncio.wait({story, self._failed}, return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
            story.result()
        finally:
            self._failed.cancel()
            await self._end()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """A part that fails by itself is a violation too: of the simulation, or of what it called."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - whatever it is, the run has to end with it
                self.violation(f"{name} failed: {error!r}")

        return self._tasks.spawn(guarded(), name=name)

    async def _story(self) -> None:
        trouble = self._spawn(self._make_trouble(), "trouble")
        await self._clock.sleep_ms(TROUBLE_MS)
        trouble.cancel()
        self.trace.note("town", "calm")
        self.calm = True
        for weather in self._weather:
            weather.fails, weather.away, weather.slow_ms = 0.0, False, 2
        for node in self._media.on.values():
            node.come_back()
        await self._clock.sleep_ms(CALM_MS)
        self.trace.note("town", "everybody keeps still")
        self.frozen = True
        await self._clock.sleep_ms(STILL_MS)
        for _ in range(SETTLE_TRIES):
            if self._clock.monotonic_ms() - self.checks.changed_ms > SETTLED_MS:
                break
            await self._clock.sleep_ms(SETTLED_MS)
        self.checks.at_rest(await self._store.read_status())

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep_ms(1_000)
            self.checks.told()

    async def _end(self) -> None:
        await self._tasks.cancel_all()
        for process in [*(host.process for host in self._hosts), *self._matchers]:
            await process.kill()

    # -- trouble ------------------------------------------------------------------------------------

    async def _make_trouble(self) -> None:
        victims = Victims(
            self._hosts, self._matchers, self._weather, self._store, self._media, self._network, self.checks,
            self._new_gateway, self._new_matcher,
        )  # fmt: skip
        trouble = Trouble(victims, self._dice, self.trace)
        while True:
            await self._clock.sleep_ms(self._dice.randint(1, 2 * self.plan.trouble_every_ms))
            self._spawn(trouble.draw(owners_nap=self.plan.owners_nap), "fault")

    # -- roles ----------------------------------------------------------------------------------------

    def _new_process(self, kind: str) -> Process:
        self._born += 1
        return Process(f"{kind}{self._born}", self._seed, self.trace)

    def _world(self, process: Process) -> World:
        checks = self.checks

        def before(name: str, args: tuple[Any, ...]) -> None:
            self._store.asks(process.name)
            checks.before(name, args)

        store = Faulty(self._store, process, self._weather.store, before=before, after=checks.after)
        media = Faulty(self._media, process, self._weather.media, instant=INSTANT, steady=frozenset(["probe"]))
        return World(
            SETTINGS,
            cast("Store", store),
            cast("SafetyStore", Faulty(self._safety, process, self._weather.database)),
            cast("Media", media),
            frozenset(Mode),
            cast("Limiter", Faulty(self._limiter, process, self._weather.store)),
            self._tokens,
            process.clock,
            process.rng,
            process.tasks,
        )

    def _new_gateway(self, index: int) -> Host:
        process = self._new_process(f"g{index}.")
        world = self._world(process)
        reaper = start_reaper(world)
        gateway = start_gateway(world)
        process.stops += [gateway.drain, reaper.stop]
        return Host(process, gateway)

    def _new_matcher(self) -> Process:
        process = self._new_process("m")
        world = self._world(process)
        matcher = start_matcher(world)
        watch = start_node_watch(world)
        process.stops += [matcher.stop, watch.stop]
        return process
