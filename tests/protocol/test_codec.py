"""Frames to messages and back."""

from __future__ import annotations

import typing
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.protocol.codes import (
    CallEnd,
    CloseCode,
    EndReason,
    ErrorCode,
    MediaEvent,
    Mode,
    PeerEvent,
    ReportCause,
    TrailEvent,
)

CLIENT: list[Any] = [
    c.Auth("token", c.ClientInfo("web", "1.0")),
    c.StandBy("token", c.ClientInfo("web", "1.0")),
    c.Resume("token", 7),
    c.Find("1", 1, c.Filters(Mode.VIDEO, ["chess"], {"language": ["en", "fr"]}, auto_next=False)),
    c.Cancel("2", 1),
    c.Next("3", "p1", 2, c.Filters(Mode.TEXT)),
    c.Next("3", "p1", 2),
    c.Leave("4", "p1"),
    c.Back("5", "p1"),
    c.MediaReport("p1", MediaEvent.FIRST_FRAME, "", 800),
    c.Mute("6", "p1", audio=True, video=False),
    c.Hidden("7", value=True),
    c.Chat("8", "p1", "héllo \u2028 😀", 1),
    c.Typing("p1"),
    c.Call("9", "x"),
    c.CallLink("9", renew=True),
    c.Accept("10", "c1"),
    c.Decline("11", "c1"),
    c.CancelCall("12", "c1"),
    c.Report("13", "p1", "rude", "words"),
    c.Block("14", "p1"),
    c.Unblock("15", "b1"),
    c.BlockedList("16"),
    c.Refresh("17", "token"),
    c.Diagnostics("18", {"leaks": 0, "ratio": 0.5, "bfcache": True}),
    c.Diagnostics("19", {"pc_built": 3}, ReportCause.LEAKED, [TrailEvent.JOIN, TrailEvent.SETTLED]),
    c.Pong(),
    c.Bye(),
]
WAITING = s.Waiting(3, 1, 1_700_000_000_000, Mode.VIDEO, 5, None, ["recently_met"])
MATCHED = s.Matched(
    4,
    "p1",
    1,
    Mode.VIDEO,
    s.Peer("Otter", ["chess"], {"language": "en"}),
    s.Credentials("livekit", "ws://media", "token", ["p1-b"]),
    9_000,
)
ME = s.Self("ana", guest=True, facets={"language": "en"})
PAIR_STATE = s.PairState(MATCHED, None, 1_700_000_005_000, s.Muted(audio=True, video=False), [s.Line(True, 1, "hi", 1)])
SERVER: list[Any] = [
    s.Hello(s.VERSION, 25_000, 10_000, 16_384, 1_700_000_000_000),
    s.Ready(1, "s1", "token", 60_000, ME, 0, s.IdleState()),
    s.Ready(1, "s1", "token", 60_000, ME, 1, s.WaitingState(WAITING)),
    s.Ready(1, "s1", "token", 60_000, ME, 1, PAIR_STATE),
    s.InvalidSession(retry=True),
    s.Reply("1", ok=True),
    s.Reply("1", ok=False, error=s.CommandError(ErrorCode.RATE_LIMITED, "too fast", True, 2_000)),
    WAITING,
    MATCHED,
    s.Talking(5, "p1", 1_700_000_000_000),
    s.Ended(6, "p1", EndReason.NEXT, "peer", WAITING),
    s.Ended(6, "p1", EndReason.LOST, "peer"),
    s.BackOffer("p1", 1),
    s.PeerChanged("p1", PeerEvent.MUTED, audio=True, video=False),
    s.PeerChanged("p1", PeerEvent.RECONNECTING, until=5),
    s.ChatLine("p1", 1, "hello", 1),
    s.PeerTyping("p1"),
    s.Standby(4),
    s.Standby(4, 1_700_000_000_000, s.RingingState("c1", False, "Otter", Mode.VIDEO, 1)),
    s.Refreshed("token", 1_700_000_000_000),
    s.Blocked([s.BlockedPerson("b1", "Heron", 1_700_000_000_000)]),
    s.Ready(1, "s1", "token", 60_000, ME, 0, s.IdleState(), 1_700_000_000_000),
    s.Ready(1, "s1", "token", 60_000, ME, 0, s.IdleState(), seat_ms=15_000),
    s.Incoming(3, "c1", "Otter", Mode.VOICE, 1),
    s.CallState(3, "c1", "ringing", expires=1_700_000_060_000),
    s.CallState(4, "c1", "accepted", pair="p1"),
    s.CallState(5, "c1", "ended", CallEnd.BUSY),
    s.PersonalLink("l1"),
    s.Ready(1, "s1", "token", 60_000, ME, 0, s.RingingState("c1", True, "Otter", Mode.VIDEO, 1)),
    s.Notice("warn", "few_people", {"minutes": 4}),
    s.Ping(),
    s.Drain(5_000),
]


@pytest.mark.parametrize("message", CLIENT, ids=lambda each: type(each).__name__)
def test_what_a_client_says_survives_the_way(message: Any) -> None:
    """Encoded and read again, it is the same message."""
    assert codec.decode_client(codec.encode(message)) == message


@pytest.mark.parametrize("message", SERVER, ids=lambda each: type(each).__name__)
def test_what_a_server_says_survives_the_way(message: Any) -> None:
    """Encoded and read again, it is the same message."""
    assert codec.decode_server(codec.encode(message)) == message


def test_every_message_is_tried_here() -> None:
    """A message that comes or goes has to be added above."""
    assert {type(message) for message in CLIENT} == set(typing.get_args(c.ClientMessage))
    assert {type(message) for message in SERVER} == set(typing.get_args(s.ServerMessage))


def test_words_of_a_newer_client_s_report_are_other() -> None:
    """It is still counted, and no free text comes in."""
    said = codec.decode_client(
        b'{"type":"diagnostics","id":"1","report":{},"cause":"cosmic_rays","trail":["join","my name is Ana"]}'
    )

    assert said == c.Diagnostics("1", {}, ReportCause.OTHER, [TrailEvent.JOIN, TrailEvent.OTHER])


def test_unknown_fields_are_ignored() -> None:
    """A newer client may say more."""
    assert codec.decode_client(b'{"type":"pong","new":1}') == c.Pong()


@pytest.mark.parametrize(("id_", "more"), [(None, b""), ("7", b',"id":"7"')], ids=["a signal", "a command"])
def test_a_message_of_a_newer_client_is_told_apart(id_: str | None, more: bytes) -> None:
    """By its type alone: so it can be answered where it wants an answer."""
    with pytest.raises(codec.Newer) as newer:
        codec.decode_client(b'{"type":"invented_later"%s,"what":[1]}' % more)

    assert newer.value.id == id_


@pytest.mark.parametrize("frame", [b'{"type":"find","id":"1"}', b'{"type":1}', b'{"type":"x","id":1}', b"7"])
def test_a_known_message_that_is_wrong_is_not_taken_for_a_newer_one(frame: bytes) -> None:
    """Nor is what no version of the protocol would say."""
    with pytest.raises(codec.ProtocolViolation) as violation:
        codec.decode_client(frame)

    assert not isinstance(violation.value, codec.Newer)


@pytest.mark.parametrize(
    "frame",
    [b"", b"{}", b'{"type":"find","id":"1","attempt":0}', b'{"type":"chat","id":"1","pair":"p","text":"","n":1}',
     b'{"type":"pong"}x', b"\xff", b"[" * 10_000, b'{"type":"find","id":"1","attempt":1e3000}'],
    ids=["empty", "no type", "attempt 0", "empty text", "trailing", "not UTF-8", "nested deep", "huge number"],
)  # fmt: skip
def test_anything_else_is_a_violation(frame: bytes) -> None:
    """With words that fit into a close frame."""
    with pytest.raises(codec.ProtocolViolation) as violation:
        codec.decode_client(frame)

    assert violation.value.code is CloseCode.PROTOCOL_ERROR
    assert 0 < len(violation.value.detail.encode()) <= 123


def test_a_frame_that_is_too_big_is_not_looked_into() -> None:
    """One byte decides."""
    frame = b'{"type":"pong"}'
    padded = frame + b" " * (codec.MAX_FRAME_BYTES - len(frame))

    assert codec.decode_client(padded) == c.Pong()
    with pytest.raises(codec.ProtocolViolation) as violation:
        codec.decode_client(padded + b" ")
    assert violation.value.code is CloseCode.MESSAGE_TOO_BIG


def reads(frame: bytes) -> None:
    """A message, or a violation; any other error fails the test."""
    try:
        message = codec.decode_client(frame)
    except codec.ProtocolViolation:
        return
    assert isinstance(message, c.ClientMessage)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_violation(frame: bytes) -> None:
    """Nothing a stranger sends raises anything else."""
    reads(frame)


values: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 2**63, 1.5, "", "1", "p1", "é" * 50, "x" * 5_000, "connected", [], [1], {}, {"a": [{}]}]
)
types = st.sampled_from([type(message).__struct_config__.tag for message in CLIENT])
fields = st.sampled_from(["id", "pair", "attempt", "n", "text", "filters", "token", "event", "ms", "report", "audio"])


@given(types, st.dictionaries(fields, values, max_size=8))
def test_any_fields_are_a_message_or_a_violation(type_: str, body: dict[str, Any]) -> None:
    """Also what looks like a message."""
    reads(msgspec.json.encode(body | {"type": type_}))


@given(st.sampled_from(CLIENT), st.data())
def test_damaged_messages_are_a_message_or_a_violation(message: Any, data: st.DataObject) -> None:
    """One wrong byte anywhere."""
    frame = bytearray(codec.encode(message))
    frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    reads(bytes(frame))
