"""One look at a broken server at a time.

While calls fail, only one caller tries and all others are turned away at once: a dead server costs
next to nothing, and the log says once that it is gone and once that it is back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import TypeVar

import structlog

from duologue.errors import BackendError, Unavailable

log = structlog.get_logger()

Answer = TypeVar("Answer")


class Gate:
    """Lets calls through to something that may be out of reach."""

    def __init__(self, name: str, hint: str = "video pairs wait until it is back") -> None:
        self._name = name
        self._hint = hint
        self._broken = False
        self._probing = False

    async def call(self, run: Callable[[], Awaitable[Answer]]) -> Answer:
        """Run it. Raises `BackendError`: its own, or `Unavailable` while somebody else is looking."""
        probe = self._broken
        if probe and self._probing:
            raise Unavailable(self._name, "somebody else is trying")
        self._probing = self._probing or probe
        try:
            answer = await run()
        except BackendError as error:
            self._note(broken=True, detail=str(error))
            raise
        else:
            self._note(broken=False)
            return answer
        finally:
            self._probing = self._probing and not probe

    def _note(self, *, broken: bool, detail: str = "") -> None:
        if broken is not self._broken:
            copy_context().run(self._tell, detail, broken=broken)
        self._broken = broken

    def _tell(self, detail: str, *, broken: bool) -> None:
        """It is not about whoever happened to ask."""
        structlog.contextvars.unbind_contextvars("session", "person", "pair")
        if broken:
            log.error("backend_down", backend=self._name, detail=detail, hint=self._hint)
        else:
            log.info("backend_up", backend=self._name)
