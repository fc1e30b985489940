"""One look at a broken media server at a time.

While calls fail, only one caller tries and all others are turned away at once: a dead server costs
next to nothing, and the log says once that it is gone and once that it is back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from duologue.errors import BackendError, Unavailable

log = structlog.get_logger()


class Gate:
    """Lets calls through to something that may be out of reach."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._broken = False
        self._probing = False

    async def call(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run it. Raises `BackendError`: its own, or `Unavailable` while somebody else is looking."""
        probe = self._broken
        if probe and self._probing:
            raise Unavailable(self._name, "somebody else is trying")
        self._probing = self._probing or probe
        try:
            await run()
        except BackendError as error:
            self._note(broken=True, detail=str(error))
            raise
        else:
            self._note(broken=False)
        finally:
            self._probing = self._probing and not probe

    def _note(self, *, broken: bool, detail: str = "") -> None:
        if broken and not self._broken:
            log.error("media_down", server=self._name, detail=detail, hint="video pairs wait until it is back")
        elif self._broken and not broken:
            log.info("media_up", server=self._name)
        self._broken = broken
