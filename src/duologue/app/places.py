"""Where everything is, as the settings have it."""

from __future__ import annotations

import duologue
from duologue.api import hooks
from duologue.api.server import ClientConfig
from duologue.protocol.codes import Mode
from duologue.settings import Settings


def page_url(settings: Settings) -> str:
    """The page, as this machine reaches it."""
    return f"http://{settings.http.host}:{settings.http.port}"


def websocket_url(settings: Settings) -> str:
    """What clients connect to."""
    return settings.gateway.public_url or f"ws://{settings.gateway.host}:{settings.gateway.port}"


def webhook_url(settings: Settings) -> str:
    """Where our own LiveKit, on this very machine, finds us."""
    host = "127.0.0.1" if settings.http.host in ("0.0.0.0", "::", "") else settings.http.host
    return f"http://{host}:{settings.http.port}{hooks.PATH}"


def with_own_origins(settings: Settings) -> Settings:
    """Our own page may connect, by either name of this machine."""
    port = settings.http.port
    own = {page_url(settings), f"http://localhost:{port}", f"http://127.0.0.1:{port}"}
    gateway = settings.gateway.model_copy(update={"origins": settings.gateway.origins | own})
    return settings.model_copy(update={"gateway": gateway})


def client_config(settings: Settings, modes: frozenset[Mode]) -> ClientConfig:
    """What a page has to know to begin."""
    return ClientConfig(
        websocket_url=websocket_url(settings),
        guest_url="/v1/guest",
        modes=[str(mode) for mode in Mode if mode in modes],
        guest_scope=settings.guest_scope,
        version=duologue.__version__,
        report_reasons=list(settings.reports.terms().reasons),
        calls=settings.calls.who,
    )
