"""One process of `duologue serve`: its roles on Redis, its health, and a word to its parent when it serves."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import structlog

import duologue
from duologue.api.server import Http, create_admin
from duologue.app import process
from duologue.app.keys import shared_key
from duologue.app.media import given_media
from duologue.app.places import with_own_origins
from duologue.app.roles import World
from duologue.app.safety import shared_safety_store
from duologue.app.store import tell_of_a_wrong_clock, until_it_answers
from duologue.app.together import Role, Running, together
from duologue.clock import SharedClock, SystemClock, SystemRng
from duologue.hooks_out.opening import open_webhooks
from duologue.issuers.office import open_token_office
from duologue.ports import Limiter, Store
from duologue.services.explaining import Explainer
from duologue.services.readiness import Readiness
from duologue.settings import Settings
from duologue.store.redis import open_store
from duologue.supervisor import report
from duologue.tasks import Tasks

log = structlog.get_logger()

ALL = "all"
BROKEN = 1


def roles_of(child: str) -> frozenset[Role]:
    """What a child does, by its name: `gateway-2`, `all-1`."""
    kind = child.rpartition("-")[0]
    return frozenset(Role) if kind == ALL else frozenset([Role(kind)])


def run_child(settings: Settings, child: str, *, text_only: bool) -> int:
    """Serve until SIGINT or SIGTERM; gives the exit code. Raises `StartupError`.

    Waits for Redis as long as it takes: that is no reason to die, and its parent has asked for it before.
    """
    structlog.contextvars.bind_contextvars(process=child)
    return process.run(_Child(settings, child, text_only=text_only).run())


class _Child:
    """One process, from its start to its stop."""

    def __init__(self, settings: Settings, name: str, *, text_only: bool) -> None:
        self._settings = with_own_origins(settings)
        self._name = name
        self._roles = roles_of(name)
        self._text_only = text_only
        self._clock = SharedClock(SystemClock())
        """What processes tell each other and clients are moments: all have to mean the same by them."""
        self._rng = SystemRng()
        self._tasks = Tasks()
        self._readiness = Readiness(self._clock, settings.admin.ready_without_store_ms)
        self._explainer = Explainer(settings.matching.rules(), self._clock)

    async def run(self) -> int:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._tasks.cancel_all)
            app = create_admin(self._readiness, self._explainer, self._settings.admin.required_token())
            admin = Http(app, self._settings.admin.http, section="admin")
            process.tell_of_itself(self._tasks, self._clock, name=self._name, roles=self._roles)
            admin_ended = await stack.enter_async_context(admin.listening(self._tasks))
            # Until there is a store there is nothing to end in order: a signal just ends the process.
            opened = open_store(self._settings.redis, self._clock, told=self._clock.told)
            store, limiter = await stack.enter_async_context(opened)
            await until_it_answers(store, self._settings.redis, self._clock, self._rng, patient=True)
            tell_of_a_wrong_clock(self._clock)
            self._explainer.reached(store)
            stop = process.stop_signal()
            running = await self._begin(stack, store, limiter)
            await asyncio.wait({stop, running.ended, admin_ended}, return_when=asyncio.FIRST_COMPLETED)
            log.info("process_stopping")
            return 0 if stop.done() else BROKEN

    async def _begin(self, stack: AsyncExitStack, store: Store, limiter: Limiter) -> Running:
        """Start the roles, and say so."""
        choice = await stack.enter_async_context(given_media(self._settings, self._clock, text_only=self._text_only))
        settings, clock, rng = self._settings, self._clock, self._rng
        safety = await stack.enter_async_context(shared_safety_store(settings, clock, rng))
        tokens = await open_token_office(settings, shared_key(settings), clock, rng, self._tasks)
        tasks = Tasks()  # of the roles: health is told until the last of them has ended
        webhooks = settings.calls.webhooks if Role.GATEWAY in self._roles else ()
        told = await stack.enter_async_context(open_webhooks(webhooks, store, clock, rng))
        world = World(settings, store, safety, choice.media, choice.modes, limiter, tokens, clock, rng, tasks, told)
        running = await stack.enter_async_context(together(world, self._roles, self._readiness, shared=True))
        process.settle()
        log.info(
            "process_started",
            version=duologue.__version__,
            roles=sorted(self._roles),
            store=store.kind,
            media=choice.name,
            health_port=self._settings.admin.port,
        )
        report.tell(report.Report(ready=True, owners=running.owners))
        return running
