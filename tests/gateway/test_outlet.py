"""The way out of a connection: when it takes frames, and when somebody reads too slowly."""

from __future__ import annotations

import pytest

from duologue.gateway.outlet import CLOSE_WITHIN_MS, Outlet

SOFT_UNTIL_MS, MOST = 10_000, 100


class Wire:
    """What was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.unsent = 0

    def send(self, frame: bytes) -> None:
        self.done.append(frame.decode())

    def close(self, code: int, reason: str) -> None:
        self.done.append(f"closed {code} {reason}")

    def abort(self) -> None:
        self.done.append("aborted")

    def unsent_bytes(self) -> int:
        return self.unsent


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def outlet(wire: Wire) -> Outlet:
    outlet = Outlet()
    outlet.opened(wire)
    return outlet


def test_it_takes_frames_until_it_closes(outlet: Outlet, wire: Wire) -> None:
    """A second close does nothing."""
    assert not Outlet().takes
    assert outlet.takes
    assert outlet.send(b"hello", MOST)
    assert outlet.close(4000, "enough", 0)
    assert not outlet.close(4001, "again", 0)

    assert (outlet.takes, outlet.is_open, wire.done) == (False, True, ["hello", "closed 4000 enough"])


def test_nobody_is_left_to_close_once_the_wire_is_gone(outlet: Outlet, wire: Wire) -> None:
    """Nor to let go of."""
    outlet.gone()

    assert not outlet.close(4000, "enough", 0)
    assert not outlet.let_go()
    assert (outlet.is_closing, wire.done) == (False, [])


def test_much_unread_is_too_much_only_of_a_client_that_is_behind(outlet: Outlet, wire: Wire) -> None:
    """A burst may be longer than the limit, and gone a moment later."""
    wire.unsent = MOST + 1
    assert outlet.send(b"one", MOST)
    outlet.writable(yes=False, late_at_ms=SOFT_UNTIL_MS)
    assert not outlet.send(b"two", MOST)
    wire.unsent = MOST

    assert outlet.send(b"three", MOST)


def test_who_stays_behind_is_late_once(outlet: Outlet) -> None:
    """Who reads again is not."""
    outlet.writable(yes=False, late_at_ms=SOFT_UNTIL_MS)
    assert not outlet.is_late(SOFT_UNTIL_MS - 1)
    outlet.writable(yes=True, late_at_ms=SOFT_UNTIL_MS)
    assert not outlet.is_late(SOFT_UNTIL_MS)
    outlet.writable(yes=False, late_at_ms=SOFT_UNTIL_MS)

    assert [outlet.is_late(SOFT_UNTIL_MS), outlet.is_late(SOFT_UNTIL_MS)] == [True, False]


def test_a_close_that_nobody_reads_is_let_go_of(outlet: Outlet, wire: Wire) -> None:
    """Soon, however long a reader would have had; one that is not closing has to be told first."""
    outlet.writable(yes=False, late_at_ms=SOFT_UNTIL_MS)
    assert not outlet.let_go()
    outlet.close(4000, "", 0)
    outlet.writable(yes=False, late_at_ms=SOFT_UNTIL_MS)
    assert not outlet.is_late(CLOSE_WITHIN_MS - 1)
    assert outlet.is_late(CLOSE_WITHIN_MS)
    assert outlet.let_go()

    assert wire.done == ["closed 4000 ", "aborted"]
