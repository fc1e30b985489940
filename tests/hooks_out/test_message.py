"""What is told of which call."""

from __future__ import annotations

import json

import msgspec
import pytest

from duologue.calls.call import Call
from duologue.hooks_out.message import body_of, told_of
from duologue.protocol.codes import CallEnd
from tests.hooks_out.made import RINGS, START_MS, accepted, ended


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (RINGS, "call.ringing"),
        (accepted(), "call.accepted"),
        *((ended(end), f"call.{end}") for end in CallEnd if end is not CallEnd.ANSWERED_ELSEWHERE),
    ],
    ids=str,
)
def test_each_step_of_a_call_has_its_type(call: Call, kind: str) -> None:
    """And an id of its own, the same whoever tells it."""
    told = told_of(call, START_MS)

    assert told is not None
    assert (told.type, told.id) == (kind, f"{kind.removeprefix('call.')}-c1")


@pytest.mark.parametrize("call", [RINGS, ended(CallEnd.MISSED), ended(CallEnd.CANCELLED)])
def test_nothing_is_told_of_a_blocked_caller(call: Call) -> None:
    """Neither that it rings nor how it ends: the callee's phone stays dark."""
    assert told_of(msgspec.structs.replace(call, unheard=True), START_MS) is None


def test_the_body_is_as_documented() -> None:
    """docs/howto/call-webhooks.md has the same."""
    told = told_of(RINGS, START_MS)
    assert told is not None

    assert json.loads(body_of(told, "default", connected=False)) == {
        "id": "ringing-c1",
        "type": "call.ringing",
        "timestamp": "2023-11-14T22:13:20Z",
        "data": {
            "call": "c1",
            "tenant": "default",
            "mode": "video",
            "caller": {"person": "ana", "alias": "Otter"},
            "callee": {"person": "ben", "alias": "Heron", "connected": False},
            "rings_until": "2023-11-14T22:14:20Z",
        },
    }
