"""One run: everything is started, people come, faults follow each other, all calm down and leave; then one looks.

The shell around the pure parts. Progress goes to `say`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from random import Random

from chaos.crowd import Crowd
from chaos.faults import FAULTS
from chaos.left import offences_in, what_is_left
from chaos.options import Options
from chaos.plan import Kind, Round, Step, rounds
from chaos.story import Stall, Story, Trouble
from chaos.topology import System, running

WARM_UP_S = 6.0
WELL_FOR_S = 2.0
"""Nobody was unwell for so long: the next round may begin."""
LOOK_EVERY_S = 0.1
WORTH_NOTING_MS = 20
BROKEN_WITHIN_S = 120.0
"""A fault that can neither be done nor undone in this time has failed."""


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
        story.rest = await what_is_left(system, options.forget_within_s, say)
        say("stopping the system")
        story.offences += await system.stop()
        story.offences += list(offences_in(system))
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
    return [Kind(FAULTS[name].name, FAULTS[name].within_s, FAULTS[name].lasts_s, FAULTS[name].told) for name in names]


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


def _now_ms() -> int:
    return round(time.time() * 1000)
