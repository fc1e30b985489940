"""What goes wrong in a town while there is trouble: processes end and sleep, backends go away, the store forgets.

It decides what and when by the seed; it must not know what anybody does about it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from duologue.ledger import SHARD_LEASE_MS
from duologue.media.fake import FakeMedia
from duologue.simulation.checks import Checks
from duologue.simulation.lives import DividedStore
from duologue.simulation.network import Host, Network
from duologue.simulation.process import Process
from duologue.simulation.trace import Trace
from duologue.simulation.virtual import VirtualClock

NOTICE_MS = 1_000
POLITELY = 0.5
"""Share of the processes that end because an operator wants it, and not by themselves."""


class Weather:
    """`faulty.Climate`."""

    def __init__(self, fails: float, slow_ms: int) -> None:
        self.fails = fails
        self.slow_ms = slow_ms
        self.away = False


class Weathers(NamedTuple):
    """How it is at each of the backends."""

    store: Weather
    database: Weather
    media: Weather


class Victims(NamedTuple):
    """To whom it happens, and how the processes that end are replaced."""

    hosts: list[Host]
    matchers: list[Process]
    weather: Weathers
    store: DividedStore
    media: FakeMedia
    network: Network
    checks: Checks
    new_gateway: Callable[[int], Host]
    new_matcher: Callable[[], Process]


class Trouble:
    """One thing after another, and some at once."""

    def __init__(self, victims: Victims, dice: random.Random, trace: Trace) -> None:
        self._to = victims
        self._dice = dice
        self._trace = trace
        self._clock = VirtualClock()

    def draw(self, *, owners_nap: bool) -> Coroutine[Any, Any, None]:
        """The next one, until it is over; `owners_nap`: always of one kind."""
        if owners_nap:
            return self._pause_owner()
        kinds: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self._pause_somebody, self._pause_owner, self._end_gateway, self._end_matcher, self._lose_backend,
            self._lose_node, self._lose_ledger, self._divide_store,
        ]  # fmt: skip
        return self._dice.choice(kinds)()

    def _processes(self) -> list[Process]:
        return [*(host.process for host in self._to.hosts), *self._to.matchers]

    # -- processes ----------------------------------------------------------------------------------

    async def _pause_somebody(self) -> None:
        await self._dice.choice(self._processes()).pause(self._dice.choice((300, 2_000, 5_000, 17_000)))

    async def _pause_owner(self) -> None:
        """A matcher sleeps just a little longer than its lease."""
        await self._dice.choice(self._to.matchers).pause(SHARD_LEASE_MS + self._dice.randint(0, 1_500))

    async def _end_gateway(self) -> None:
        index = self._dice.randrange(len(self._to.hosts))
        host = self._to.hosts[index]
        if host.process.ending:
            return
        await self._end(host.process)
        self._to.network.drop(host)
        await self._clock.sleep_ms(self._dice.randint(200, 5_000))
        self._to.hosts[index] = self._to.new_gateway(index)

    async def _end_matcher(self) -> None:
        index = self._dice.randrange(len(self._to.matchers))
        if self._to.matchers[index].ending:
            return
        await self._end(self._to.matchers[index])
        await self._clock.sleep_ms(self._dice.randint(200, 5_000))
        self._to.matchers[index] = self._to.new_matcher()

    async def _end(self, process: Process) -> None:
        if self._dice.random() < POLITELY:
            await process.stop()
        else:
            await process.kill()

    # -- backends -----------------------------------------------------------------------------------

    async def _lose_backend(self) -> None:
        name, weather = self._dice.choice(list(self._to.weather._asdict().items()))
        self._trace.note("town", f"{name} is away")
        weather.away = True
        await self._clock.sleep_ms(self._dice.choice((100, 1_000, 4_000)))
        weather.away = False

    async def _lose_ledger(self) -> None:
        """The store restarts: empty, or from a snapshot of some seconds ago."""
        store = self._to.store
        copy = store.records.copy() if self._dice.random() < 0.5 else None
        if copy is not None:
            await self._clock.sleep_ms(self._dice.choice((100, 1_000, 5_000)))
        self._trace.note("store", "begins anew" if copy is None else "goes back in time")
        store.records.begin_anew(copy)
        store.everybody_notices()  # their connections broke
        self._to.checks.store_began_anew()

    async def _divide_store(self) -> None:
        """It begins another life, and processes notice one after the other, as each asks Redis once a second."""
        processes = self._processes()
        late = self._dice.sample(processes, len(processes))
        self._trace.note("store", "begins another life")
        self._to.store.begin_another_life([process.name for process in late])
        for process in late:
            await self._clock.sleep_ms(self._dice.randint(0, NOTICE_MS // len(late)))
            self._to.store.notice(process.name)

    async def _lose_node(self) -> None:
        """A media server dies, hangs, or takes no rooms, and comes back."""
        name = self._dice.choice(list(self._to.media.on))
        node = self._to.media.on[name]
        what = self._dice.choice(("dies", "hangs", "refuses"))
        self._trace.note(f"node {name}", what)
        match what:
            case "dies":
                node.die()
            case "hangs":
                node.hang()
            case _:
                node.refuses = True
        await self._clock.sleep_ms(self._dice.choice((300, 2_000, 10_000, 40_000)))
        self._trace.note(f"node {name}", "is back")
        node.come_back()
