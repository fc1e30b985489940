"""WebDriver BiDi (W3C), as far as these tests need it, for a browser that Playwright does not build itself.

Knows the protocol and one page; must not know what is on it.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

WITHIN_S = 30
ENTER = "\ue007"  # WebDriver's name of the key


@contextmanager
def session(url: str) -> Iterator[Bidi]:
    """A session with the first page of a browser; the browser ends with it."""
    with connect(f"{url}/session", max_size=None, proxy=None) as socket:
        page = Bidi(socket)
        try:
            yield page
        finally:
            page.command("browser.close")


class Bidi:
    """One page, through one session."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._console: list[str] = []
        self.command("session.new", capabilities={})
        self.command("session.subscribe", events=["log.entryAdded"])
        self._page: str = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its result; what happened meanwhile is kept."""
        sent = next(self._ids)
        self._socket.send(json.dumps({"id": sent, "method": method, "params": params}))
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv(timeout=WITHIN_S))
            if message["type"] == "event":
                self._note(message["params"])
            elif message["id"] == sent:
                assert message["type"] == "success", f"{method}: {message['error']}: {message['message']}"
                result: dict[str, Any] = message["result"]
                return result

    def _note(self, entry: dict[str, Any]) -> None:
        if entry["level"] in ("warn", "error"):
            self._console.append(f"{entry['level']}: {entry['text']}")

    def console(self) -> list[str]:
        """Warnings and errors until now, those that the browser writes of the page too."""
        self.command("session.status")  # events come in order, so all of them are here before its answer
        return self._console

    def open(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        self.command("browsingContext.navigate", context=self._page, url=url, wait="complete")

    def evaluate(self, script: str) -> Any:
        """The value of an expression, which may be a promise, in the page."""
        wrapped = f"(async () => JSON.stringify(await ({script})) ?? 'null')()"
        target = {"context": self._page}
        answer = self.command("script.evaluate", expression=wrapped, target=target, awaitPromise=True)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def press(self, x: float, y: float) -> None:
        """A click of the left button, as a hand makes it."""
        steps = [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act({"type": "pointer", "id": "mouse", "actions": steps})

    def type(self, text: str) -> None:
        """Keys, one after another, to whatever has the focus."""
        steps = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": steps})

    def _act(self, source: dict[str, Any]) -> None:
        self.command("input.performActions", context=self._page, actions=[source])

    def screenshot(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode(self.command("browsingContext.captureScreenshot", context=self._page)["data"])
