"""How this process logs: structlog, one event name and key-values, JSON where a machine reads.

Levels: *error* somebody has to act, *warning* something failed and was dealt with, *info* one line
per thing that began or ended, *debug* the rest. Never tokens, chat text, SDP or full addresses.
"""

from __future__ import annotations

import logging
import sys

import structlog

from duologue.settings import LogSettings

MAX_FRAMES = 30
NOISY = {"picows": logging.CRITICAL, "uvicorn": logging.WARNING, "asyncio": logging.WARNING, "aiohttp": logging.WARNING}
"""picows logs full peer addresses at INFO, and every broken frame at ERROR."""


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
    renderer = _console() if console else structlog.processors.JSONRenderer()
    errors = [] if console else [_failures()]
    structlog.configure(
        processors=[*shared, *errors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    clean = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[clean, *errors, renderer], foreign_pre_chain=shared)
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, at_least in NOISY.items():
        logging.getLogger(name).setLevel(max(level, at_least))


def _console() -> structlog.dev.ConsoleRenderer:
    """For people. Never with the values of local variables: those are tokens, messages and keys."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, repr_native_str=True)


def _failures() -> structlog.typing.Processor:
    """For machines; the same holds, and a traceback has an end."""
    transformer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=MAX_FRAMES)
    return structlog.processors.ExceptionRenderer(transformer)
