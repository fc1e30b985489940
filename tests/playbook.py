"""Tests of the session machine that read like a sequence chart.

    assert Playbook(session) >> ev.Opened() << Sends(s.Hello) >> Wait(10_000) << Closes(CloseCode.AUTH_TIMEOUT)

`>>` is what happens to the session, `<<` what it has to do about it, in this order and nothing else.
`Wait` lets time pass and ticks the session exactly when it asked for it.
"""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple

from duologue.gateway import events as ev
from duologue.gateway.session import Session
from duologue.protocol.client import ClientMessage
from duologue.protocol.server import ServerMessage
from tests.builders import NOW


class Wait(NamedTuple):
    """Let this many milliseconds pass."""

    duration_ms: int


class Sends:
    """A `Send` of such a message; only the named fields count."""

    def __init__(self, kind: type[ServerMessage], **fields: Any) -> None:
        self.kind = kind
        self.fields = fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ev.Send) or not isinstance(other.message, self.kind):
            return False
        return all(getattr(other.message, name) == value for name, value in self.fields.items())

    def __hash__(self) -> int:
        return hash(self.kind)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"Send({self.kind.__name__}({fields}{', ' if fields else ''}...))"


class Closes:
    """A `Close` with this code, whatever the words."""

    def __init__(self, code: int) -> None:
        self.code = code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ev.Close) and other.code == self.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        return f"Close(code={int(self.code)}, ...)"


class Playbook:
    """A session and the script that it has to follow. Its truth value says whether it did, or raises with a diff."""

    def __init__(self, session: Session, now_ms: int = NOW) -> None:
        self.session = session
        self.now_ms = now_ms
        self._expected: list[tuple[str, Any]] = []
        self._actual: list[tuple[str, Any]] = []

    def __rshift__(self, event: ev.Event | ClientMessage | Wait) -> Playbook:
        """Something happens. A bare client message stands for `Received`."""
        for chart in (self._expected, self._actual):
            chart.append((">>", event))
        match event:
            case Wait(duration_ms):
                self._wait(duration_ms)
            case _ if isinstance(event, ev.Event):
                self._handle(event)
            case _:
                self._handle(ev.Received(event))
        return self

    def __lshift__(self, command: ev.SessionCommand | Sends | Closes) -> Playbook:
        """This has to follow."""
        self._expected.append(("<<", command))
        return self

    def _wait(self, duration_ms: int) -> None:
        until_ms = self.now_ms + duration_ms
        while (due_ms := self.session.deadline_ms) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self._handle(ev.Ticked())
        self.now_ms = until_ms

    def _handle(self, event: ev.Event) -> None:
        self._actual += [("<<", command) for command in self.session.handle(event, self.now_ms)]

    def __bool__(self) -> bool:
        same = len(self._expected) == len(self._actual) and all(
            expected == actual for expected, actual in zip(self._expected, self._actual, strict=True)
        )
        if not same:
            # What fits is shown in the words of the script, so that only what differs stands out.
            shown = [next((e for e in self._expected if e == a), a) for a in self._actual]
            expected_lines, actual_lines = (
                [f"{arrow} {what}" for arrow, what in chart] for chart in (self._expected, shown)
            )
            diff = difflib.unified_diff(expected_lines, actual_lines, "script", "session", n=99, lineterm="")
            raise AssertionError("the session did not follow the script\n" + "\n".join(diff))
        return True
