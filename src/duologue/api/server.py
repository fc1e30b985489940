"""Wires the HTTP side and runs it inside our own loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import msgspec
import structlog
import uvicorn
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.cors import CORSConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ClientException, InternalServerException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import Message, Scope

import duologue
from duologue.api import page
from duologue.api.access import AdminGuard
from duologue.api.connections import PatientConnection, Slots
from duologue.api.explain import explain
from duologue.api.guests import GuestDesk, guest
from duologue.api.health import live, ready
from duologue.api.hooks import webhook
from duologue.api.metrics import metrics
from duologue.errors import StartupError
from duologue.metrics import definitions
from duologue.ports import Limiter
from duologue.services.explaining import Explainer
from duologue.services.identity import TokenOffice
from duologue.services.readiness import Readiness
from duologue.services.webhooks import Webhooks
from duologue.settings import HttpSettings, Settings
from duologue.tasks import Tasks

log = structlog.get_logger()

MAX_BODY_BYTES = 16 * 1024
MAX_HEAD_BYTES = 16 * 1024


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body may be anything: Litestar takes some of that for defects of ours."""

    async def body(self) -> bytes:
        """Raises `ClientException` where the client went before its end."""
        try:
            return await super().body()
        except InternalServerException as error:
            raise ClientException("the body has no end") from error

    async def json(self) -> Any:
        """Raises `ClientException` for what is no JSON."""
        try:
            return await super().json()
        except (RecursionError, UnicodeError) as error:
            raise ClientException("this body is nested too deep, or no UTF-8") from error


class ClientConfig(msgspec.Struct, frozen=True):
    """What a client has to know to begin."""

    websocket_url: str
    guest_url: str
    modes: list[str]
    guest_scope: str
    version: str
    report_reasons: list[str] = []
    """What `report` may name, in the order in which to offer it."""
    calls: Literal["link", "anyone_in_tenant", "nobody"] = "nobody"
    """Who may call whom."""


@get("/config.json", sync_to_thread=False)
def config(client_config: NamedDependency[ClientConfig]) -> Response[ClientConfig]:
    """Where everything is."""
    return Response(client_config, headers={"Cache-Control": "no-cache"})


@get("/", media_type=MediaType.TEXT, sync_to_thread=False)
def no_page() -> Response[str]:
    """Instead of the page, where nobody built it."""
    return Response(page.MISSING, status_code=503)


def create_app(
    settings: Settings,
    readiness: Readiness,
    tokens: TokenOffice,
    limiter: Limiter,
    client: ClientConfig,
    webhooks: Webhooks,
) -> Litestar:
    """The HTTP application."""
    desk = GuestDesk(tokens, limiter, settings)
    folder = page.folder()
    files = page.PageFiles()
    static = create_static_files_router("/", [folder], files, html_mode=True) if folder else no_page

    return Litestar(
        [config, guest, live, ready, webhook, static],
        dependencies={
            "client_config": _provide(client),
            "desk": _provide(desk),
            "settings": _provide(settings),
            "readiness": _provide(readiness),
            "webhooks": _provide(webhooks),
        },
        cors_config=_cors(settings),
        before_send=[_answering],
        after_exception=[_log_failure],
        request_class=JsonRequest,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=OpenAPIConfig(
            title="Duologue", version=duologue.__version__, path="/openapi", render_plugins=[JsonRenderPlugin()]
        ),
        logging_config=None,
        signature_types=[GuestDesk, ClientConfig, Settings, Webhooks, Readiness],
    )


def create_admin(readiness: Readiness, explainer: Explainer, token: str | None = None) -> Litestar:
    """What operators and balancers ask a process for, on a listener of its own. With a token only health is open."""
    return Litestar(
        [live, ready, metrics, explain],
        guards=[AdminGuard(token)],
        dependencies={"readiness": _provide(readiness), "explainer": _provide(explainer)},
        after_exception=[_log_failure],
        request_max_body_size=0,
        openapi_config=None,
        logging_config=None,
        signature_types=[Readiness, Explainer],
    )


def _provide(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False, use_cache=True)


def _cors(settings: Settings) -> CORSConfig:
    """Pages of the configured origins may read our answers. No cookies, so no credentials."""
    return CORSConfig(
        allow_origins=sorted(settings.gateway.origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type"],
        expose_headers=["Retry-After"],
    )


async def _answering(message: Message, scope: Scope) -> None:
    """Every answer, errors too, is counted and gets our headers. What a handler said about caching stands."""
    if message["type"] == "http.response.start":
        route = str(scope.get("path_template") or "none")
        definitions.HTTP_REQUESTS.inc(route, str(message["status"]))
        headers = MutableScopeHeaders(message)
        headers.update(page.SECURITY_HEADERS)
        headers.setdefault("Cache-Control", page.cache_control(scope["path"], message["status"]))


async def _log_failure(error: Exception, scope: Scope) -> None:
    """A defect of ours must be seen, and its caller learns no more than 500; what clients do wrong is their answer."""
    if getattr(error, "status_code", HTTP_500_INTERNAL_SERVER_ERROR) >= HTTP_500_INTERNAL_SERVER_ERROR:
        definitions.DEFECTS.inc("http")
        log.error("http_failed", path=scope.get("path_template", ""), exc_info=error)


class HttpServer(uvicorn.Server):
    """uvicorn with deadlines, and without its own idea of signals: the composition root decides when to stop."""

    def __init__(self, config: uvicorn.Config, settings: HttpSettings) -> None:
        super().__init__(config)
        self.server_state = Slots(settings)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Http:
    """An HTTP listener."""

    def __init__(self, app: Litestar, settings: HttpSettings, *, section: str = "http", shared: bool = False) -> None:
        self._settings = settings
        self._section = section
        self._shared = shared
        self._server = HttpServer(
            uvicorn.Config(
                app,
                host=self._settings.host,
                port=self._settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # anybody could name any address; limits.trusted_proxies says whom to believe
                http=PatientConnection,
                ws="none",  # the gateway has a port of its own
                limit_concurrency=self._settings.max_connections + 1,
                h11_max_incomplete_event_size=MAX_HEAD_BYTES,
                lifespan="on",
                timeout_graceful_shutdown=2,
            ),
            self._settings,
        )

    async def serve(self) -> None:
        """Listen until `stop`. Raises `StartupError` when the port is taken."""
        host, port = self._settings.host, self._settings.port
        try:
            sockets = sockets_on(host, port, shared=self._shared)
        except OSError as error:
            raise StartupError(
                f"HTTP cannot listen on {host}:{port}. "
                f"Is another Duologue running? Stop it, or set DUOLOGUE_{self._section.upper()}__PORT."
            ) from error
        await self._server.serve(sockets)

    @contextlib.asynccontextmanager
    async def listening(self, tasks: Tasks) -> AsyncIterator[asyncio.Future[None]]:
        """Listen meanwhile; gives a future that is done when it ended by itself. Raises `StartupError`."""
        ended = tasks.spawn(self.serve(), name=self._section)
        try:
            await self._until_started(ended)
            yield ended
        finally:
            self._server.should_exit = True
            with contextlib.suppress(StartupError):
                await ended

    async def _until_started(self, ended: asyncio.Future[None]) -> None:
        while not self._server.started:
            if ended.done():
                ended.result()
                raise StartupError("HTTP stopped before it listened")
            await asyncio.sleep(0.005)


def sockets_on(host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """Sockets that listen, one for each address of the host. Raises `OSError`.

    `shared`: other processes may listen there, too, and the kernel gives each of them its share.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = {(family, address) for family, _, _, _, address in found}
    return [socket.create_server(address, family=family, reuse_port=shared) for family, address in addresses]
