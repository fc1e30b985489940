"""The parent of `duologue serve`: what has to hold before anything starts, and which children there are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

import duologue
from duologue.api.server import sockets_on
from duologue.app.keys import shared_key
from duologue.app.media import check_given
from duologue.app.places import page_url, websocket_url
from duologue.app.safety import check_shared, shared_address
from duologue.app.serve import ALL
from duologue.app.store import release_leases, until_it_answers, where
from duologue.app.targets import check_writable, targets_of, write_targets
from duologue.app.together import Role
from duologue.clock import SystemClock, SystemRng
from duologue.errors import BackendError, StartupError
from duologue.issuers.office import open_token_office
from duologue.ports import Clock, Rng
from duologue.settings import AdminSettings, RedisSettings, Settings
from duologue.store.redis import open_store
from duologue.supervisor.events import Post, Seated, Start
from duologue.supervisor.report import Report
from duologue.supervisor.shell import Supervisor
from duologue.tasks import Tasks

log = structlog.get_logger()

STOP_WITHIN_MS = 10_000
"""Whoever has nobody to send elsewhere; and a moment more for those who have."""


class Service(NamedTuple):
    """What is asked for on this machine."""

    role: str
    """A `Role`, or `ALL`."""
    processes: int
    """Of each kind that people connect to; see `posts`."""
    text_only: bool


class Started(NamedTuple):
    """Where everything is, once every process serves."""

    posts: list[str]
    page_url: str | None
    websocket_url: str | None
    store: str
    admin_ports: range


def posts(service: Service, settings: Settings) -> list[Post]:
    """The children. All roles share one process where one is enough; else one matcher and one api serve all gateways.

    On a stop the gateways go first: whom they did not send elsewhere yet goes on with the rest.
    """
    leaving_ms = settings.gateway.drain_within_ms + STOP_WITHIN_MS
    counts = {service.role: service.processes}
    if service.role == ALL and service.processes > 1:
        counts = {Role.GATEWAY: service.processes, Role.MATCHER: 1, Role.API: 1}
    return [
        Post(f"{role}-{number}", 0, leaving_ms) if role in (Role.GATEWAY, ALL) else Post(f"{role}-{number}", 1)
        for role, count in counts.items()
        for number in range(1, count + 1)
    ]


def run_parent(
    settings: Settings,
    service: Service,
    command: Callable[[str, int], list[str]],
    announce: Callable[[Started], None],
) -> int:
    """Start the children and keep them running until SIGINT or SIGTERM; gives the exit code.

    `command` starts a child of this name, with this admin port. Raises `StartupError` when they cannot start.
    """
    structlog.contextvars.bind_contextvars(process="parent")
    _check(settings, service)
    return asyncio.run(_parent(settings, service, command, announce))


async def _parent(
    settings: Settings,
    service: Service,
    command: Callable[[str, int], list[str]],
    announce: Callable[[Started], None],
) -> int:
    clock, rng = SystemClock(), SystemRng()
    async with open_store(settings.redis, clock) as (store, _):  # and closed: the children have their own connections
        await until_it_answers(store, settings.redis, clock, rng)
    await check_shared(settings)
    await _check_issuers(settings, clock, rng)
    children = posts(service, settings)
    started = _started(settings, children, f"{store.kind} at {where(settings.redis)}, realm {settings.redis.realm}")
    log.info("service_starting", version=duologue.__version__, store=started.store, processes=len(children))

    def command_of(start: Start) -> list[str]:
        return command(start.post.name, settings.admin.port + start.seat)

    async def on_death(report: Report) -> None:
        if report.owners:
            await _release(report.owners, settings.redis, clock)

    def on_ready() -> None:
        _tell_systemd()
        announce(started)

    def on_seated(seated: Sequence[Seated]) -> None:
        _tell_prometheus(settings.admin, seated)

    return await Supervisor(
        children, command_of, clock, rng, on_ready=on_ready, on_seated=on_seated, on_death=on_death
    ).run()


async def _release(owners: tuple[str, ...], settings: RedisSettings, clock: Clock) -> None:
    """What somebody owned who died, so that others need not wait for it."""
    try:
        async with open_store(settings, clock) as (store, _):
            await release_leases(store, owners)
    except BackendError as error:
        log.warning("store_unavailable", detail=str(error), hint="the leases of the dead run out by themselves")
    else:
        log.info("leases_released", owners=len(owners))


def _started(settings: Settings, children: Sequence[Post], store: str) -> Started:
    names = [post.name for post in children]
    kinds = {name.rpartition("-")[0] for name in names}
    ports = range(settings.admin.port, settings.admin.port + len(names) + 1)
    page = page_url(settings) if kinds & {Role.API, ALL} else None
    return Started(names, page, websocket_url(settings) if kinds & {Role.GATEWAY, ALL} else None, store, ports)


# -- what has to hold before ----------------------------------------------------------------------


def _check(settings: Settings, service: Service) -> None:
    """Raises `StartupError` for what would fail in every child, or worse, in none."""
    where(settings.redis)
    shared_address(settings)
    shared_key(settings)
    check_given(settings, text_only=service.text_only)
    settings.admin.required_token()
    if settings.admin.targets_file is not None:
        check_writable(settings.admin.targets_file)
    if service.role in (Role.API, ALL):
        _check_free(settings.http.host, settings.http.port, "http", "port")
    if service.role in (Role.GATEWAY, ALL):
        _check_free(settings.gateway.host, settings.gateway.port, "gateway", "ws-port")
    for seat in range(len(posts(service, settings)) + 1):
        _check_free(settings.admin.host, settings.admin.port + seat, "admin", "admin-port")
    if service.role != Role.MATCHER and settings.gateway.public_url is None:
        hint = "pages are told this address: set gateway.public_url to that of your proxy"
        log.warning("no_public_url", told=websocket_url(settings), hint=hint)


async def _check_issuers(settings: Settings, clock: Clock, rng: Rng) -> None:
    """The same for what integrators' tokens need."""
    tasks = Tasks()
    await open_token_office(settings, shared_key(settings), clock, rng, tasks)
    await tasks.cancel_all()


def _check_free(host: str, port: int, section: str, option: str) -> None:
    """Children share their ports, so another Duologue here would share them too, and with it the people."""
    try:
        for sock in sockets_on(host, port):
            sock.close()
    except OSError as error:
        raise StartupError(
            f"{host}:{port} cannot be had ({error.strerror}). Is another Duologue running? "
            f"Stop it, or set DUOLOGUE_{section.upper()}__PORT or --{option}."
        ) from error


def _tell_prometheus(admin: AdminSettings, seated: Sequence[Seated]) -> None:
    """Where the children are. A disk that is full must not cost the people anything."""
    if admin.targets_file is None:
        return
    try:
        write_targets(admin.targets_file, targets_of(seated, admin))
    except OSError as error:
        hint = "Prometheus and `duologue top` ask where processes were before; it is tried again at the next change"
        log.warning("targets_not_written", file=str(admin.targets_file), detail=error.strerror, hint=hint)


def _tell_systemd() -> None:
    """With `Type=notify`: the service is up (sd_notify(3))."""
    path = os.environ.get("NOTIFY_SOCKET")
    if path is not None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + path[1:] if path.startswith("@") else path)
