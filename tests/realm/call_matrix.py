"""Two people with two devices each: what they can do about a call, and a model of what should come of it.

The model is small on purpose: it knows nothing of sessions, generations or news, only what a person would expect.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import product
from typing import Literal, NamedTuple

Who = Literal["ana", "ben"]
PEOPLE: tuple[Who, Who] = ("ana", "ben")


class Device(NamedTuple):
    """One of somebody's devices."""

    who: Who
    number: int


DEVICES = tuple(Device(who, number) for who, number in product(PEOPLE, (1, 2)))


class What(StrEnum):
    """What somebody does on a device; time passes on none."""

    CALL = "call"
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    HANG_UP = "hang_up"
    CLOSE = "close"
    STAND_BY = "stand_by"
    """A device without a socket comes back, and is not the active one."""
    SEAT_ENDS = "seat_ends"
    RING_ENDS = "ring_ends"


class Action(NamedTuple):
    """One step."""

    what: What
    device: Device | None = None

    def __str__(self) -> str:
        return f"{self.device.who}{self.device.number}:{self.what}" if self.device else str(self.what)


ANA1, ANA2, BEN1, BEN2 = DEVICES
FIRST_CALL = Action(What.CALL, ANA2)
ACTS = (What.CALL, What.ACCEPT, What.DECLINE, What.CANCEL, What.HANG_UP, What.CLOSE)
ALL = (
    *(Action(what, device) for device in DEVICES for what in ACTS),
    Action(What.SEAT_ENDS), Action(What.RING_ENDS),
)  # fmt: skip
TELLING = (
    FIRST_CALL, Action(What.CANCEL, ANA2), Action(What.HANG_UP, ANA2), Action(What.CLOSE, ANA2),
    Action(What.CALL, BEN2), Action(What.ACCEPT, BEN2), Action(What.DECLINE, BEN2), Action(What.CLOSE, BEN2),
    Action(What.ACCEPT, BEN1), Action(What.DECLINE, BEN1), Action(What.SEAT_ENDS), Action(What.RING_ENDS),
)  # fmt: skip
"""Those that mean something right after Ana has called."""
RETURNS = (
    (Action(What.CLOSE, BEN1), Action(What.STAND_BY, BEN1), FIRST_CALL),
    (Action(What.CLOSE, BEN1), FIRST_CALL, Action(What.STAND_BY, BEN1)),
    (Action(What.CLOSE, BEN1), Action(What.CLOSE, BEN2), FIRST_CALL, Action(What.STAND_BY, BEN1)),
    (Action(What.CLOSE, BEN2), Action(What.SEAT_ENDS), FIRST_CALL, Action(What.STAND_BY, BEN2)),
    (Action(What.CLOSE, ANA1), FIRST_CALL, Action(What.STAND_BY, ANA1)),
)
"""A device lost its socket and is back, to stand by, in a call."""
HANGING_UP = (Action(What.HANG_UP, BEN1),)


def other(who: Who) -> Who:
    """The other one of the two."""
    return "ben" if who == "ana" else "ana"


class Model:
    """How it stands."""

    def __init__(self) -> None:
        self.rings: Who | None = None
        """Who calls."""
        self.talks = False
        self.called: Who | None = None
        """Whose devices rang before they talked."""
        self.connected = set(DEVICES)
        self.active: dict[Who, Device | None] = {"ana": ANA2, "ben": BEN2}
        """The device that came last."""

    @property
    def state(self) -> str:
        """What both of them do."""
        return "paired" if self.talks else "ringing" if self.rings is not None else "idle"

    def does(self, action: Action) -> None:
        """One step."""
        if action.device is None:
            self._time_passes(action.what)
        elif action.what is What.STAND_BY:
            self.connected.add(action.device)
        elif action.device in self.connected:
            self._acts(action.what, action.device)

    def _time_passes(self, what: What) -> None:
        gone = {who for who, device in self.active.items() if device is None}
        if self.talks and gone:
            self.talks = False
        if self.rings is not None and (self.rings in gone or what is What.RING_ENDS):
            self.rings = None

    def _acts(self, what: What, device: Device) -> None:
        who, speaks = device.who, self.active[device.who] == device
        is_called = self.rings == other(who)
        match what:
            case What.CALL if speaks and not self.talks:
                self.talks, self.rings, self.called = (True, None, who) if is_called else (False, who, None)
            case What.ACCEPT if is_called:
                self.talks, self.rings, self.called, self.active[who] = True, None, who, device
            case What.ACCEPT if self.talks and self.called == who and self.active[who] is None:
                self.active[who] = device  # the one that answered has lost its socket
            case What.DECLINE if is_called:
                self.rings = None
            case What.CANCEL if speaks and self.rings == who:
                self.rings = None
            case What.CANCEL | What.HANG_UP if speaks and self.talks:
                self.talks = False
            case What.CLOSE:
                self.connected.discard(device)
                self.active[who] = None if speaks else self.active[who]
