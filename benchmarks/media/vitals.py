"""What a page holds: connections, timers, listeners, nodes and heap, after a garbage collection. Chromium only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = Path(__file__).with_suffix(".js").read_text()
"""To run in the page before anything else: it counts what the browser does not tell."""
COLLECTIONS = 3
"""What one collection frees may hold what only the next one can free."""
QUIET_WITHIN_MS = 20_000
LOOK_EVERY_MS = 250


@dataclass(frozen=True)
class Vitals:
    """Of one page, at one moment."""

    built: int
    """`RTCPeerConnection`s since the page was loaded."""
    most: int
    """Of them, the most that were open at once."""
    live: int
    timers: int
    listeners: int
    nodes: int
    heap_bytes: int

    def at_most(self, other: Vitals) -> bool:
        """Whether nothing that can be counted has grown."""
        return all(getattr(self, each) <= getattr(other, each) for each in ("live", "timers", "listeners", "nodes"))


class Probe:
    """Looks into one page, which was opened with `SCRIPT`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._ask = page.context.new_cdp_session(page)
        self._ask.send("Performance.enable")
        self._ask.send("HeapProfiler.enable")

    def look(self) -> Vitals:
        """How it is now, without garbage."""
        self._page.evaluate("console.clear()")  # or the browser keeps what was written there for who looks at it
        for _ in range(COLLECTIONS):
            self._ask.send("HeapProfiler.collectGarbage")
            self._page.wait_for_timeout(20)  # finalizers run in between
        told: dict[str, Any] = self._ask.send("Performance.getMetrics")
        browser = {each["name"]: int(each["value"]) for each in told["metrics"]}
        listeners, nodes = browser["JSEventListeners"], browser["Nodes"]
        counted: dict[str, int] = self._page.evaluate("vitals()")
        return Vitals(**counted, listeners=listeners, nodes=nodes, heap_bytes=browser["JSHeapUsedSize"])

    def settled(self, before: Vitals) -> Vitals:
        """How it is once it is back where it was `before`, or when that does not come."""
        now = self.look()
        for _ in range(QUIET_WITHIN_MS // LOOK_EVERY_MS):
            if now.at_most(before):
                break
            self._page.wait_for_timeout(LOOK_EVERY_MS)
            now = self.look()
        return now
