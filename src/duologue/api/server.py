"""Wires the HTTP side and runs it inside our own loop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import structlog
import uvicorn
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.cors import CORSConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_400_BAD_REQUEST, HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import Message, Scope

import duologue
from duologue.api import page
from duologue.api.guests import GuestDesk, guest
from duologue.api.health import live, ready
from duologue.api.hooks import webhook
from duologue.errors import StartupError
from duologue.ports import Limiter
from duologue.services.identity import TokenOffice
from duologue.services.webhooks import Webhooks
from duologue.settings import Settings

log = structlog.get_logger()

MAX_BODY_BYTES = 16 * 1024
LIMIT_CONCURRENCY = 1_000
"""Beyond that a request is answered 503: a flood of them must not take the file descriptors of the WebSockets."""
MAX_HEAD_BYTES = 16 * 1024
BROKEN_REQUESTS = (RecursionError, UnicodeError, ValueError, OSError)
"""What hostile bodies and paths raise before any code of ours sees them."""


class ClientConfig(msgspec.Struct, frozen=True):
    """What a client has to know to begin."""

    websocket_url: str
    guest_url: str
    modes: list[str]
    guest_scope: str
    version: str


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
    store_kind: str,
    tokens: TokenOffice,
    limiter: Limiter,
    client: ClientConfig,
    webhooks: Webhooks,
) -> Litestar:
    """The HTTP application."""
    desk = GuestDesk(tokens, limiter, settings)
    folder = page.folder()
    static = create_static_files_router("/", [folder], html_mode=True, include_in_schema=False) if folder else no_page

    def provide(value: object) -> Provide:
        return Provide(lambda: value, sync_to_thread=False, use_cache=True)

    return Litestar(
        [config, guest, live, ready, webhook, static],
        dependencies={
            "client_config": provide(client),
            "desk": provide(desk),
            "settings": provide(settings),
            "store_kind": provide(store_kind),
            "webhooks": provide(webhooks),
        },
        cors_config=_cors(settings),
        before_send=[_add_headers],
        after_exception=[_log_failure],
        exception_handlers=dict.fromkeys(BROKEN_REQUESTS, _refuse),
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=OpenAPIConfig(
            title="Duologue", version=duologue.__version__, path="/openapi", render_plugins=[JsonRenderPlugin()]
        ),
        logging_config=None,
        signature_types=[GuestDesk, ClientConfig, Settings, Webhooks],
    )


def _cors(settings: Settings) -> CORSConfig:
    """Pages of the configured origins may read our answers. No cookies, so no credentials."""
    return CORSConfig(
        allow_origins=sorted(settings.gateway.origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type"],
        expose_headers=["Retry-After"],
    )


async def _add_headers(message: Message, scope: Scope) -> None:
    """On every answer, errors too. What a handler said about caching stands."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders(message)
        headers.update(page.SECURITY_HEADERS)
        headers.setdefault("Cache-Control", page.cache_control(scope["path"], message["status"]))


def _refuse(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    if isinstance(error, HTTPException):  # some of them are `ValueError`s as well
        return create_exception_response(request, error)
    log.warning("http_refused", path=request.scope["path"][:100], error=type(error).__name__)
    detail = "this request cannot be read"
    return Response({"status_code": HTTP_400_BAD_REQUEST, "detail": detail}, status_code=HTTP_400_BAD_REQUEST)


async def _log_failure(error: Exception, scope: Scope) -> None:
    """A defect of ours must be seen; what clients do wrong is their answer, not our log."""
    theirs = isinstance(error, (HTTPException, *BROKEN_REQUESTS))
    if not theirs or getattr(error, "status_code", 0) >= HTTP_500_INTERNAL_SERVER_ERROR:
        log.error("http_failed", path=scope["path"][:100], exc_info=error)


class HttpServer(uvicorn.Server):
    """uvicorn, minus its own idea of signals: the composition root decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Http:
    """The HTTP listener."""

    def __init__(self, app: Litestar, settings: Settings) -> None:
        self._settings = settings.http
        self._server = HttpServer(
            uvicorn.Config(
                app,
                host=self._settings.host,
                port=self._settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # anybody could name any address; limits.trusted_proxies says whom to believe
                limit_concurrency=LIMIT_CONCURRENCY,
                h11_max_incomplete_event_size=MAX_HEAD_BYTES,
                lifespan="on",
                timeout_graceful_shutdown=2,
            )
        )

    async def serve(self) -> None:
        """Listen until `stop`. Raises `StartupError` when the port is taken."""
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's way of saying that it cannot listen
            host, port = self._settings.host, self._settings.port
            raise StartupError(
                f"HTTP cannot listen on {host}:{port}. "
                "Is another Duologue running? Stop it, or set DUOLOGUE_HTTP__PORT."
            ) from error

    @property
    def started(self) -> bool:
        """Whether it listens."""
        return self._server.started

    def stop(self) -> None:
        """Stop listening, soon."""
        self._server.should_exit = True
