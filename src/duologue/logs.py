"""How this process logs: structlog, one event name and key-values, JSON where a machine reads.

Levels: *error* somebody has to act, *warning* something failed and was dealt with, *info* one line
per thing that began or ended, *debug* the rest. Never tokens, chat text, SDP or full addresses.
"""

from __future__ import annotations

import logging
import sys

import structlog

from duologue.settings import LogSettings

NOISY = {"picows": logging.WARNING, "uvicorn": logging.WARNING, "asyncio": logging.WARNING, "aiohttp": logging.WARNING}
"""picows logs full peer addresses at INFO."""


def set_up(settings: LogSettings) -> None:
    """Send everything, ours and the libraries', through one pipeline to standard error."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    console = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor
    renderer = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    errors = [] if console else [structlog.processors.dict_tracebacks]
    structlog.configure(
        processors=[*shared, *errors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[*errors, renderer], foreign_pre_chain=shared))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, at_least in NOISY.items():
        logging.getLogger(name).setLevel(max(level, at_least))
