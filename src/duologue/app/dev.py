"""`duologue dev`: every role in one process, the store in memory, and a LiveKit of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import structlog

import duologue
from duologue.api.server import Http, create_admin
from duologue.app import process
from duologue.app.keys import installation_key
from duologue.app.media import MediaChoice, any_media
from duologue.app.places import page_url, websocket_url, with_own_origins
from duologue.app.roles import World
from duologue.app.safety import own_safety_store
from duologue.app.targets import own_address
from duologue.app.together import Role, together
from duologue.clock import SystemClock, SystemRng
from duologue.errors import StartupError
from duologue.hooks_out.opening import open_webhooks
from duologue.issuers.office import open_token_office
from duologue.ports import Clock
from duologue.services.explaining import Explainer
from duologue.services.readiness import Readiness
from duologue.settings import AdminSettings, Settings
from duologue.store.memory import MemoryLimiter, MemoryStore
from duologue.tasks import Tasks

log = structlog.get_logger()


class Started(NamedTuple):
    """Where everything is, once it runs."""

    page_url: str
    websocket_url: str
    media: str
    store: str
    figures: str = "none"
    """Its health and metrics, in words."""


def run_dev(settings: Settings, *, text_only: bool, announce: Callable[[Started], None]) -> None:
    """Everything in one process with the memory store, until SIGINT or SIGTERM. Raises `StartupError`."""
    process.run(_dev(settings, text_only=text_only, announce=announce))


async def _dev(settings: Settings, *, text_only: bool, announce: Callable[[Started], None]) -> None:
    stop = process.stop_signal()
    clock = SystemClock()
    readiness = Readiness(clock, settings.admin.ready_without_store_ms)
    explainer = Explainer(settings.matching.rules(), clock)
    async with (
        _admin(settings.admin, readiness, explainer, clock) as figures,
        any_media(settings, clock, text_only=text_only) as media,
        all_in_one(settings, media, readiness, explainer) as (started, ended),
    ):
        process.settle()
        log.info("process_started", version=duologue.__version__, store=started.store, media=started.media)
        announce(started._replace(figures=figures))
        await asyncio.wait({stop, ended}, return_when=asyncio.FIRST_COMPLETED)
        log.info("process_stopping")


@asynccontextmanager
async def _admin(admin: AdminSettings, readiness: Readiness, explainer: Explainer, clock: Clock) -> AsyncIterator[str]:
    """Health and figures, as each process of `serve` has them; gives where, in words. Raises `StartupError`.

    A port that nobody asked for is no reason not to start: so two who try Duologue on one machine need not know of it.
    """
    where = own_address(admin, 0)
    tasks = Tasks()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(tasks.cancel_all)
        process.tell_of_itself(tasks, clock, name="dev", roles=Role)
        http = Http(create_admin(readiness, explainer, admin.required_token()), admin.http, section="admin")
        try:
            await stack.enter_async_context(http.listening(tasks))
            figures = f"http://{where}/metrics, and: duologue top"
        except StartupError:
            if "port" in admin.model_fields_set:
                raise
            figures = f"none: {where} is taken; --admin-port moves it"
        yield figures


@asynccontextmanager
async def all_in_one(
    settings: Settings, choice: MediaChoice, readiness: Readiness | None = None, explainer: Explainer | None = None
) -> AsyncIterator[tuple[Started, asyncio.Future[None]]]:
    """All roles in this process. Gives where everything is, and a future that is done when a role ended by itself."""
    settings = with_own_origins(settings)
    clock, rng, tasks = SystemClock(), SystemRng(), Tasks()
    store, limiter = MemoryStore(clock), MemoryLimiter(clock)
    tokens = await open_token_office(settings, installation_key(settings), clock, rng, tasks)
    readiness = readiness or Readiness(clock, settings.admin.ready_without_store_ms)
    if explainer is not None:
        explainer.reached(store)
    async with AsyncExitStack() as stack:
        safety = await stack.enter_async_context(own_safety_store(settings, clock, rng))
        told = await stack.enter_async_context(open_webhooks(settings.calls.webhooks, store, clock, rng))
        world = World(settings, store, safety, choice.media, choice.modes, limiter, tokens, clock, rng, tasks, told)
        running = await stack.enter_async_context(together(world, frozenset(Role), readiness))
        if choice.child is not None and running.watch is not None:
            choice.child.on_change = running.watch.look_now
        yield Started(page_url(settings), websocket_url(settings), choice.name, store.kind), running.ended
