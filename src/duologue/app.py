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
from duologue.api.server import ClientConfig, Http, create_app
from duologue.clock import SystemClock, SystemRng
from duologue.errors import StartupError
from duologue.gateway import sockets
from duologue.gateway.performer import Performer
from duologue.gateway.server import Gateway
from duologue.ids import GatewayId
from duologue.matcher.loop import Matcher
from duologue.media.child import LiveKitAccess, LiveKitChild
from duologue.media.fake import FakeMedia
from duologue.media.livekit import LiveKit
from duologue.media.livekit_config import LiveKitPorts
from duologue.media.livekit_files import default_state_dir
from duologue.ports import Clock, Limiter, Media, Rng, Store
from duologue.protocol.codes import Mode
from duologue.services.identity import TokenOffice
from duologue.services.lobby import Lobby
from duologue.services.pairs import Pairs
from duologue.services.reaper import REAP_EVERY_MS, reap
from duologue.settings import LiveKitSettings, Settings
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
    """A media server, what to call it, and what it can carry."""

    media: Media
    name: str
    modes: frozenset[Mode]


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
        gateway = start_gateway(world)
        stack.push_async_callback(gateway.drain)
        listener = await sockets.listen(gateway)
        stack.callback(listener.close)
        matcher = start_matcher(world)
        stack.push_async_callback(matcher.stop)
        started = Started(_page_url(settings), _websocket_url(settings), choice.name, store.kind)
        client_config = _client_config(started, settings, choice.modes)
        http = Http(create_app(settings, store.kind, tokens, limiter, client_config), settings)
        http_ended = tasks.spawn(http.serve(), name="http")
        stack.push_async_callback(_end_http, http, http_ended)
        await _until_listening(http, http_ended)
        yield started, http_ended


@asynccontextmanager
async def _media(settings: Settings, *, text_only: bool) -> AsyncIterator[MediaChoice]:
    """The media server: a given one, a child of ours, or none."""
    if text_only:
        yield MediaChoice(FakeMedia(), "none (text only)", frozenset([Mode.TEXT]))
        return
    async with AsyncExitStack() as stack:
        access = _given_livekit(settings.livekit)
        name = "LiveKit"
        if access is None:
            ports = LiveKitPorts(http=settings.livekit.port, udp=settings.livekit.udp_port)
            child = LiveKitChild(ports=ports, state_dir=_state_dir(settings), binary=settings.livekit.binary)
            stack.push_async_callback(child.stop)
            access = await child.start()
            name = "our own LiveKit"
        livekit = LiveKit(access.url, access.url, access.api_key, access.api_secret, SystemClock())
        await stack.enter_async_context(livekit)
        yield MediaChoice(livekit, f"{name} at {access.url}", frozenset(Mode))


def _given_livekit(given: LiveKitSettings) -> LiveKitAccess | None:
    """The media server that the operator named, if they did."""
    if given.url is None:
        return None
    if given.api_key is None or given.api_secret is None:
        raise StartupError(
            f"LIVEKIT_URL is set ({given.url}) but LIVEKIT_API_KEY or LIVEKIT_API_SECRET is not. "
            "Set both, or unset LIVEKIT_URL to let Duologue start its own LiveKit."
        )
    return LiveKitAccess(given.url, given.api_key, given.api_secret.get_secret_value())


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
