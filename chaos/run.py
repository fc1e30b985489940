"""One run: everything is started, people come, faults follow each other, all calm down and leave; then one looks.

The shell around the pure parts. Progress goes to `say`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chaos.checks.ends import nothing_is_left, stays
from chaos.connection import Note
from chaos.faults import FAULTS
from chaos.felt import Spell
from chaos.friends import Book, Friend
from chaos.people import SPOKEN, Person, traits
from chaos.plan import Kind, Round, Step, rounds
from chaos.redis import REALM
from chaos.relay import HOST
from chaos.story import Entry, Rest, Stall, Story, Traits, Trouble
from chaos.topology import Size, System, running
from chaos.viewers import Viewer
from tests.log_content import offences, warnings_in

WARM_UP_S = 6.0
WELL_FOR_S = 2.0
"""Nobody was unwell for so long: the next round may begin."""
LEAVE_WITHIN_S = 30.0
LOOK_EVERY_S = 0.1
WORTH_NOTING_MS = 20
NEWCOMER_EVERY_S, STAYS_S = 3.0, 20.0
SETTLED_WITHIN_S = 40.0
"""Seats, gateways that died, rooms without a pair: by then all of it is dealt with."""
BROKEN_WITHIN_S = 120.0
"""A fault that can neither be done nor undone in this time has failed."""
DEFECTS = ('"task_failed"', '"loop_failed"', '"session_failed"', '"http_failed"', "Traceback (most recent call last)")
"""Lines that say that we have a bug."""


class Options(NamedTuple):
    """What is asked for."""

    seed: int
    seconds: float
    people: int
    voice: int
    """How many of them want voice, and join rooms for real."""
    only: tuple[str, ...]
    rounds_most: int = 1_000
    forget_within_s: float = 80.0
    """How long to wait at the end until the ledger has forgotten everybody; 0: that it means to is enough."""
    calm_s: float = 10.0
    """At the end nothing goes wrong any more."""
    size: Size = Size()
    folder: Path | None = None
    """Where the logs of all processes stay; None: nowhere."""
    before: str | None = None
    """The commit that is the version before this one."""
    friends: int = 6
    """So many more call each other."""
    viewers: int = 0
    """So many more see each other: each costs a good part of a core's tenth."""


@dataclass
class Crowd:
    """The people of a run, and what they are going through."""

    story: Story
    people: list[Person] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    tasks_beside: list[asyncio.Task[None]] = field(default_factory=list)
    spells: dict[str, Spell] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Somebody saw something."""
        self.story.entries.append(entry)
        self.spells.setdefault(entry.who, Spell(entry.who)).note(entry)

    def watch(self, who: Traits) -> Note:
        """Somebody who comes with a fault is seen like anybody else."""
        self.story.people[who.name] = who
        return self.note

    def come(self, options: Options, url: str) -> None:
        """All of them at once."""
        for number in range(options.people):
            self._comes(number, options, url)
        book: Book = {}
        for number in range(options.friends):
            self._lives(Friend(number, url, options.seed, self.note, book))
        for number in range(options.viewers):
            self._lives(Viewer(number, url, options.seed, self.note))

    async def newcomers(self, options: Options, url: str) -> None:
        """Somebody comes every few seconds, and stays for a while."""
        loop = asyncio.get_running_loop()
        for number in itertools.count(options.people):
            await asyncio.sleep(NEWCOMER_EVERY_S)
            loop.call_later(STAYS_S, self._comes(number, options, url).leave)

    def _comes(self, number: int, options: Options, url: str) -> Person:
        who = traits(number, options.seed, voice=number < options.voice)
        return self._lives(Person(who, url, options.seed, self.note))

    def _lives(self, person: Person) -> Person:
        self.story.people[person.who.name] = person.who
        self.people.append(person)
        self.tasks.append(asyncio.get_running_loop().create_task(person.live(), name=person.who.name))
        return person

    def unwell(self) -> int:
        """How many are, just now."""
        return sum(spell.is_unwell for spell in self.spells.values())

    async def leave(self) -> list[str]:
        """All of them; gives who could not, or broke."""
        for person in self.people:
            person.leave()
        done, pending = await asyncio.wait(self.tasks, timeout=LEAVE_WITHIN_S)
        for task in pending:
            task.cancel()
        broken = [f"{task.get_name()} broke: {task.exception()!r}" for task in done if task.exception() is not None]
        return [*broken, *(f"{task.get_name()} could not leave" for task in pending)]

    def end(self) -> None:
        """At once."""
        for task in (*self.tasks, *self.tasks_beside):
            task.cancel()


async def _note_stalls(story: Story) -> None:
    """How long this program waits for the machine."""
    while True:
        began_s = time.monotonic()
        await asyncio.sleep(LOOK_EVERY_S)
        late_ms = round((time.monotonic() - began_s - LOOK_EVERY_S) * 1000)
        if late_ms >= WORTH_NOTING_MS:
            story.stalls.append(Stall(_now_ms(), late_ms))


async def run(options: Options, say: Callable[[str], None]) -> Story:
    """Raises nothing that a fault causes: that is in the story."""
    story = Story()
    say("starting the system")
    async with running(options.size, options.folder) as system:
        crowd = Crowd(story)
        try:
            await _evening(options, system, crowd, say)
        finally:
            crowd.end()
        story.rest = await _rest(system, options.forget_within_s, say)
        say("stopping the system")
        story.offences += await system.stop()
        story.offences += list(_offences(system))
    story.machine = f"{os.cpu_count()} cores, load {os.getloadavg()[2]:.0f}"
    return story


async def _evening(options: Options, system: System, crowd: Crowd, say: Callable[[str], None]) -> None:
    """People come, everything goes wrong, everything is well, people leave."""
    began_s = time.monotonic()
    say(f"{options.people} people come in")
    crowd.come(options, system.url)
    system.watch, system.before = crowd.watch, options.before
    beside = (_note_stalls(crowd.story), crowd.newcomers(options, system.url))
    crowd.tasks_beside += [asyncio.get_running_loop().create_task(each) for each in beside]
    await asyncio.sleep(WARM_UP_S)
    for number, round_ in enumerate(rounds(options.seed, _kinds(options.only))):
        over_s = time.monotonic() - began_s + round_.lasts_s + options.calm_s
        if number >= options.rounds_most or over_s > options.seconds:
            break
        say(f"{time.monotonic() - began_s:5.0f} s  {round_.name}")
        await _round(number, round_, system, crowd, say)
    for person in crowd.people:
        person.calm = True
    crowd.tasks_beside.pop().cancel()  # nobody comes any more
    crowd.story.calm_ms = _now_ms()
    say("calm")
    await asyncio.sleep(options.calm_s)
    crowd.story.left_ms = _now_ms()
    say("everybody leaves")
    crowd.story.offences += await crowd.leave()


def _kinds(only: Iterable[str]) -> list[Kind]:
    names = list(only) or list(FAULTS)
    return [Kind(FAULTS[name].name, FAULTS[name].within_s, FAULTS[name].lasts_s) for name in names]


async def _round(number: int, round_: Round, system: System, crowd: Crowd, say: Callable[[str], None]) -> None:
    """Its faults, and then until everybody is well, or should be."""
    began_s = time.monotonic()
    troubles = await asyncio.gather(*(_step(number, step, system) for step in round_.steps))
    crowd.story.troubles += troubles
    for trouble in troubles:
        say(f"         {trouble.name}: {trouble.detail} {trouble.failure}".rstrip())
    well_since_s = time.monotonic()
    while time.monotonic() - well_since_s < WELL_FOR_S and time.monotonic() - began_s < round_.at_most_s + WELL_FOR_S:
        await asyncio.sleep(0.1)
        if crowd.unwell():
            well_since_s = time.monotonic()


async def _step(number: int, step: Step, system: System) -> Trouble:
    """One fault, done and undone."""
    await asyncio.sleep(step.after_s)
    fault, began_ms, detail, failure = FAULTS[step.fault], _now_ms(), "", ""
    try:
        async with asyncio.timeout(BROKEN_WITHIN_S + step.lasts_s), fault.begin(system, Random(step.dice)) as detail:
            await asyncio.sleep(step.lasts_s)
    except Exception as error:  # noqa: BLE001 - whatever it is: the run goes on, and tells
        failure = f"could not be done or undone: {type(error).__name__}: {error}"
    within_ms = round(fault.within_s * 1000)
    return Trouble(
        fault.name, detail, number, began_ms, _now_ms(), within_ms, fault.forgets, failure, fault.spares,
        fault.keeps_media,
    )  # fmt: skip


# -- what is left -------------------------------------------------------------------------------------


async def _rest(system: System, forget_within_s: float, say: Callable[[str], None]) -> Rest:
    """What is there once there is nothing more to wait for."""
    say("looking at what is left")
    give_up_s = time.monotonic() + max(forget_within_s, SETTLED_WITHIN_S)
    while True:
        rest = await _look(system)
        if forget_within_s > 0:
            rest = rest._replace(due=())  # that it means to is not enough
        if not list(nothing_is_left(Story(rest=rest))) or time.monotonic() > give_up_s:
            return rest
        await asyncio.sleep(0.5)


async def _look(system: System) -> Rest:
    unreadable: list[str] = []
    rooms: list[str] = []
    for node in system.nodes:
        try:
            rooms += await node.rooms()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            unreadable.append(f"{node.name}: {error!r}")
    try:
        return (await _keys(system))._replace(rooms=rooms, unreadable=unreadable)
    except (OSError, RedisError, TimeoutError) as error:
        return Rest(rooms=rooms, unreadable=[*unreadable, f"Redis: {error!r}"])


async def _keys(system: System) -> Rest:
    primary = await system.redis.primary()
    prefix = f"{{{REALM}}}:"
    async with Redis(host=HOST, port=primary.process.port, socket_timeout=5, decode_responses=True) as client:
        keys = [str(key).removeprefix(prefix) async for key in client.scan_iter(f"{prefix}*", count=1_000)]
        due = [str(item) for item in await client.zrange(f"{prefix}due", 0, -1)]
        use = await client.hgetall(f"{prefix}use")
        counts = {
            str(name).removeprefix("pairs "): int(number) for name, number in use.items() if "pairs " in str(name)
        }
        rest = Rest(sorted(keys), due, counts)
        held = {key: await _held(client, f"{prefix}{key}") for key in keys if not stays(key, rest)}
    return rest._replace(held=held)


async def _held(client: Redis, key: str) -> str:
    """What is in there."""
    match str(await client.type(key)):
        case "set":
            return str(await client.smembers(key))
        case "string":
            return str(await client.get(key))
        case other:
            return other


def _offences(system: System) -> Iterable[str]:
    """What logs hold that they must not."""
    for name, path in system.logs():
        text = path.read_text(errors="replace") if path.exists() else ""
        if name in system.services:
            yield from (f"{name}: {offence}" for offence in offences(text, said=[SPOKEN], secrets=system.secrets))
            yield from (f"{name}: {line[:400]}" for line in text.splitlines() if any(word in line for word in DEFECTS))
        else:
            yield from (f"{name}: {line}" for line in warnings_in(text))


def _now_ms() -> int:
    return round(time.time() * 1000)
