"""Composes a role from what it gets to know of the outside, whether that is real or simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from duologue.gateway.performer import Performer
from duologue.gateway.server import Gateway
from duologue.ids import GatewayId
from duologue.matcher.loop import Matcher
from duologue.ports import Clock, Limiter, Media, Rng, SafetyStore, Store
from duologue.protocol.codes import Mode
from duologue.services.blocks import Blocks
from duologue.services.call_events import CallEvents, Listener
from duologue.services.calls import Calls
from duologue.services.going_back import GoingBack
from duologue.services.identity import TokenOffice
from duologue.services.lobby import Lobby
from duologue.services.node_watch import NodeWatch
from duologue.services.pairs import Pairs
from duologue.services.reaper import REAP_EVERY_MS, Reaper
from duologue.services.reports import FORGET_EVERY_MS, Reports
from duologue.services.room_sweep import SWEEP_EVERY_MS, RoomSweep
from duologue.settings import Settings
from duologue.tasks import Tasks


class World(NamedTuple):
    """What a role gets to know of the outside, whether that is real or simulated."""

    settings: Settings
    store: Store
    safety: SafetyStore
    media: Media
    modes: frozenset[Mode]
    limiter: Limiter
    tokens: TokenOffice
    clock: Clock
    rng: Rng
    tasks: Tasks
    on_calls: Sequence[Listener] = ()
    """Who else hears of direct calls."""


def start_gateway(world: World) -> Gateway:
    """A gateway: any number of them may run. Whoever brings wires calls `accept`."""
    pairs = _pairs(world)
    rules = world.settings.matching.rules()
    blocks = Blocks(world.store, world.safety, pairs)
    lobby = Lobby(world.store, world.tokens, pairs, blocks, rules, world.modes, world.clock)
    reports = Reports(world.store, world.safety, blocks, world.settings.reports.terms(), world.clock)
    name = GatewayId(world.rng.token())
    calls = Calls(world.store, world.safety, lobby, pairs, world.settings.calls, world.modes, world.rng)
    going_back = GoingBack(world.store, blocks, world.rng)
    performer = Performer(
        name, lobby, pairs, blocks, reports, calls, going_back, world.store, world.limiter, world.settings.limits
    )
    gateway = Gateway(performer, world.store, world.clock, world.rng, world.settings, rules, world.tasks)
    gateway.start()
    world.tasks.repeat(reports.forget_old, name="report-sweep", clock=world.clock, every_ms=FORGET_EVERY_MS)
    return gateway


def start_reaper(world: World) -> Reaper:
    """Who gives up what ran out: any number may run, one at a time does something."""
    reaper = Reaper(world.store, _pairs(world), world.rng)
    world.tasks.repeat(reaper.turn, name="reaper", clock=world.clock, every_ms=REAP_EVERY_MS)
    return reaper


def start_matcher(world: World) -> Matcher:
    """A matcher; it takes the shards that nobody owns."""
    matcher = Matcher(world.store, world.clock, world.rng, world.settings.matching.rules(), world.tasks)
    matcher.start()
    return matcher


def start_node_watch(world: World) -> NodeWatch:
    """The watcher and the sweeper of the media servers: any number may run, one at a time does something."""
    pairs = Pairs(world.store, world.media, world.clock, world.tasks)
    watch = NodeWatch(world.store, world.media, pairs, world.clock, world.rng, world.tasks)
    sweep = RoomSweep(world.store, world.media, pairs, watch, world.clock)
    watch.start()
    world.tasks.repeat(sweep.turn, name="room-sweep", clock=world.clock, every_ms=SWEEP_EVERY_MS)
    return watch


def _pairs(world: World) -> Pairs:
    """Of a role in which calls begin or end."""
    return Pairs(world.store, world.media, world.clock, world.tasks, CallEvents(world.clock, world.on_calls))
