"""The composition root: the only file that picks adapters and joins them to roles."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import structlog
import uvloop

import duologue
from duologue.api import hooks
from duologue.api.server import ClientConfig, Http, create_app
from duologue.clock import SystemClock, SystemRng
from duologue.errors import StartupError
from duologue.gateway import sockets
from duologue.gateway.performer import Performer
from duologue.gateway.server import Gateway
from duologue.ids import GatewayId, NodeName
from duologue.matcher.loop import Matcher
from duologue.media.child import LiveKitChild
from duologue.media.fake import FakeMedia
from duologue.media.livekit import LiveKit
from duologue.media.livekit_config import LiveKitPorts
from duologue.media.livekit_files import default_state_dir
from duologue.media.livekit_node import NodeAccess
from duologue.nodes import slots_of_cores, slots_rate
from duologue.ports import Clock, Limiter, Media, Rng, Store
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import Rate
from duologue.services.identity import TokenOffice
from duologue.services.lobby import Lobby
from duologue.services.node_watch import NodeWatch
from duologue.services.pairs import Pairs
from duologue.services.reaper import REAP_EVERY_MS, reap
from duologue.services.room_sweep import SWEEP_EVERY_MS, RoomSweep
from duologue.services.webhooks import Webhooks
from duologue.settings import LiveKitSettings, NodeSettings, Settings
from duologue.store.memory import MemoryLimiter, MemoryStore
from duologue.tasks import Tasks

log = structlog.get_logger()

GC_THRESHOLDS = (50_000, 20, 20)
"""Far fewer collections: most of our objects live as long as their socket."""

FILES_AT_MOST = 1_048_576
"""More than any process here needs, and what Linux allows by default (`fs.nr_open`)."""


class Started(NamedTuple):
    """Where everything is, once it runs."""

    page_url: str
    websocket_url: str
    media: str
    store: str


def run_dev(settings: Settings, *, text_only: bool, announce: Callable[[Started], None]) -> None:
    """Everything in one process with the memory store, until SIGINT or SIGTERM. Raises `StartupError`."""
    _raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_dev(settings, text_only=text_only, announce=announce))


async def _dev(settings: Settings, *, text_only: bool, announce: Callable[[Started], None]) -> None:
    stop = _stop_signal()
    async with _media(settings, text_only=text_only) as media, all_in_one(settings, media) as (started, http_ended):
        gc.set_threshold(*GC_THRESHOLDS)
        gc.collect()
        gc.freeze()
        log.info("started", version=duologue.__version__, store=started.store, media=started.media)
        announce(started)
        await asyncio.wait({stop, http_ended}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")


class MediaChoice(NamedTuple):
    """The media servers, what to call them, and what they can carry."""

    media: Media
    name: str
    modes: frozenset[Mode]
    child: LiveKitChild | None = None
    """Our own server: it says when it dies."""


class World(NamedTuple):
    """What a role gets to know of the outside, whether that is real or simulated."""

    settings: Settings
    store: Store
    media: Media
    modes: frozenset[Mode]
    limiter: Limiter
    tokens: TokenOffice
    clock: Clock
    rng: Rng
    tasks: Tasks


def start_gateway(world: World) -> Gateway:
    """A gateway, and the reaper beside it: any number of both may run. Whoever brings wires calls `accept`."""
    pairs = Pairs(world.store, world.media, world.clock, world.tasks)
    rules = world.settings.matching.rules()
    lobby = Lobby(world.store, world.tokens, pairs, rules, world.modes, world.clock)
    name = GatewayId(world.rng.token())
    performer = Performer(name, lobby, pairs, world.store, world.limiter, world.settings.limits)
    gateway = Gateway(performer, world.store, world.clock, world.rng, world.settings, rules, world.tasks)
    gateway.start()
    world.tasks.repeat(lambda: reap(world.store, pairs), name="reaper", clock=world.clock, every_ms=REAP_EVERY_MS)
    return gateway


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


@asynccontextmanager
async def all_in_one(settings: Settings, choice: MediaChoice) -> AsyncIterator[tuple[Started, asyncio.Future[None]]]:
    """All roles in this process, started in order and stopped in the opposite one.

    Gives where everything is, and a future that is done when HTTP ended by itself.
    """
    settings = _with_own_origins(settings)
    clock, rng, tasks = SystemClock(), SystemRng(), Tasks()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(tasks.cancel_all)
        store = MemoryStore(clock)
        tokens = TokenOffice(_installation_key(_state_dir(settings)), clock, rng)
        limiter = MemoryLimiter(clock)
        world = World(settings, store, choice.media, choice.modes, limiter, tokens, clock, rng, tasks)
        watch = start_node_watch(world)
        stack.push_async_callback(watch.stop)
        if choice.child is not None:
            choice.child.on_change = watch.look_now
        gateway = start_gateway(world)
        stack.push_async_callback(gateway.drain)
        listener = await sockets.listen(gateway)
        stack.callback(listener.close)
        matcher = start_matcher(world)
        stack.push_async_callback(matcher.stop)
        started = Started(_page_url(settings), _websocket_url(settings), choice.name, store.kind)
        client_config = _client_config(started, settings, choice.modes)
        webhooks = Webhooks(store, choice.media, Pairs(store, choice.media, clock, tasks), clock, limiter)
        http = Http(create_app(settings, store.kind, tokens, limiter, client_config, webhooks), settings)
        http_ended = tasks.spawn(http.serve(), name="http")
        stack.push_async_callback(_end_http, http, http_ended)
        await _until_listening(http, http_ended)
        yield started, http_ended


@asynccontextmanager
async def _media(settings: Settings, *, text_only: bool) -> AsyncIterator[MediaChoice]:
    """The media servers: given ones, a child of ours, or none."""
    if text_only:
        yield MediaChoice(FakeMedia(), "none (text only)", frozenset([Mode.TEXT]))
        return
    async with AsyncExitStack() as stack:
        nodes, child, name = _given_nodes(settings.livekit), None, "LiveKit"
        if not nodes:
            child, node = await _own_livekit(settings, stack)
            nodes, name = [node], "our own LiveKit"
        livekit = await stack.enter_async_context(LiveKit(nodes, SystemClock()))
        yield MediaChoice(livekit, f"{name} at {', '.join(node.url for node in nodes)}", frozenset(Mode), child)


async def _own_livekit(settings: Settings, stack: AsyncExitStack) -> tuple[LiveKitChild, NodeAccess]:
    """A LiveKit under this process, until the stack unwinds."""
    mine = settings.livekit
    child = LiveKitChild(
        ports=LiveKitPorts(http=mine.port, udp=mine.udp_port),
        state_dir=_state_dir(settings),
        binary=mine.binary,
        webhook_url=_webhook_url(settings),
    )
    stack.push_async_callback(child.stop)
    access = await child.start()
    public_url, slots = mine.public_url or access.url, _slots(mine.join_slots_per_s)
    return child, NodeAccess(NodeName("own"), access.url, public_url, access.api_key, access.api_secret, slots)


def _given_nodes(given: LiveKitSettings) -> list[NodeAccess]:
    """The media servers that the operator named, if they did."""
    if given.url is None:
        return [_node_access(node) for node in given.nodes]
    if given.api_key is None or given.api_secret is None:
        raise StartupError(
            f"LIVEKIT_URL is set ({given.url}) but LIVEKIT_API_KEY or LIVEKIT_API_SECRET is not. "
            "Set both, or unset LIVEKIT_URL to let Duologue start its own LiveKit."
        )
    one = {name: getattr(given, name) for name in NodeSettings.model_fields if name != "name"}
    return [_node_access(NodeSettings(name="livekit", **one))]


def _node_access(node: NodeSettings) -> NodeAccess:
    return NodeAccess(
        name=NodeName(node.name),
        url=node.url,
        public_url=node.public_url or node.url,
        api_key=node.api_key,
        api_secret=node.api_secret.get_secret_value(),
        slots=_slots(node.join_slots_per_s),
    )


def _slots(join_slots_per_s: float | None) -> Rate:
    """Of a LiveKit whose operator said nothing: it is taken to have as many cores as this machine."""
    return slots_rate(join_slots_per_s or slots_of_cores(os.cpu_count() or 1))


def _webhook_url(settings: Settings) -> str:
    """Where our own LiveKit, on this very machine, finds us."""
    host = "127.0.0.1" if settings.http.host in ("0.0.0.0", "::", "") else settings.http.host
    return f"http://{host}:{settings.http.port}{hooks.PATH}"


async def _until_listening(http: Http, ended: asyncio.Future[None]) -> None:
    while not http.started:
        if ended.done():
            ended.result()
            raise StartupError("HTTP stopped before it listened")
        await asyncio.sleep(0.005)


async def _end_http(http: Http, ended: asyncio.Future[None]) -> None:
    http.stop()
    with contextlib.suppress(StartupError):
        await ended


def _stop_signal() -> asyncio.Future[None]:
    """Done at the first SIGINT or SIGTERM; a second one ends the process as usual."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def on_signal() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
        stop.set_result(None)

    for number in numbers:
        loop.add_signal_handler(number, on_signal)
    return stop


def _raise_file_limit() -> None:
    """A socket is a file, and the usual soft limit of 1,024 is a relic of `select`: take what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return
    most = FILES_AT_MOST if hard == resource.RLIM_INFINITY else min(hard, FILES_AT_MOST)
    limit = most
    while limit > soft and not _takes_file_limit(limit, hard):
        limit //= 2
    limit = max(limit, soft)
    if limit < most:
        log.warning("file_limit", before=soft, now=limit, hint="the system refuses more: so many sockets, no more")
    else:
        log.info("file_limit", before=soft, now=limit)


def _takes_file_limit(limit: int, hard: int) -> bool:
    """Whether the kernel takes it: that of macOS says that there is no hard limit, and has one of its own."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    except (ValueError, OSError):
        return False
    return True


def _state_dir(settings: Settings) -> Path:
    return settings.state_dir or default_state_dir()


def _installation_key(state_dir: Path) -> bytes:
    """The key that signs our tokens: made once, readable by this user only."""
    path = state_dir / "token.key"
    state_dir.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), open(path, "xb", opener=_private) as file:
        file.write(secrets.token_bytes(32))
    key = path.read_bytes()
    if len(key) < 32:
        raise StartupError(f"{path} is too short for a key. Delete it; a new one is made, and guests start anew.")
    return key


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _page_url(settings: Settings) -> str:
    return f"http://{settings.http.host}:{settings.http.port}"


def _websocket_url(settings: Settings) -> str:
    return settings.gateway.public_url or f"ws://{settings.gateway.host}:{settings.gateway.port}"


def _with_own_origins(settings: Settings) -> Settings:
    """Our own page may connect, by either name of this machine."""
    port = settings.http.port
    own = {_page_url(settings), f"http://localhost:{port}", f"http://127.0.0.1:{port}"}
    gateway = settings.gateway.model_copy(update={"origins": settings.gateway.origins | own})
    return settings.model_copy(update={"gateway": gateway})


def _client_config(started: Started, settings: Settings, modes: frozenset[Mode]) -> ClientConfig:
    return ClientConfig(
        websocket_url=started.websocket_url,
        guest_url="/v1/guest",
        modes=[str(mode) for mode in Mode if mode in modes],
        guest_scope=settings.guest_scope,
        version=duologue.__version__,
    )
