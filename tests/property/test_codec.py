"""No bytes of a stranger raise anything but a violation of the protocol, and every message survives the wire."""

from __future__ import annotations

import typing
from typing import Any

import hypothesis.strategies as st
import msgspec
from hypothesis import given, settings

from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from tests.property.messages import messages

CLIENT = messages(typing.get_args(c.ClientMessage))
SERVER = messages(typing.get_args(s.ServerMessage))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def read(frame: bytes) -> None:
    """Read a frame of a stranger; a violation says what it was, in words that fit a close frame."""
    try:
        codec.decode_client(frame)
    except codec.ProtocolViolation as error:
        violation = error
    else:
        return
    assert 0 < len(violation.detail.encode()) <= 123
    assert 4300 <= violation.code < 4400


@given(st.binary(max_size=400))
def test_bytes_of_a_stranger_are_a_message_or_a_violation(frame: bytes) -> None:
    """Nothing else can happen."""
    read(frame)


@given(json_values)
def test_json_of_a_stranger_is_a_message_or_a_violation(value: Any) -> None:
    """The same for what looks more like a message."""
    read(msgspec.json.encode(value))


@settings(max_examples=300)
@given(CLIENT, st.data())
def test_a_message_with_one_wrong_byte_is_a_message_or_a_violation(message: Any, data: st.DataObject) -> None:
    """Cut, doubled, or with another byte somewhere."""
    frame = bytearray(codec.encode(message))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read(bytes(frame))


@given(st.integers(1, codec.MAX_FRAME_BYTES), st.sampled_from([b"[", b'{"type":', b'{"a":[']))
def test_any_depth_is_a_violation(times: int, opening: bytes) -> None:
    """Deep JSON makes parsers fall over."""
    read((opening * times)[: codec.MAX_FRAME_BYTES])


@settings(max_examples=300)
@given(CLIENT)
def test_what_a_client_says_survives_the_wire(message: c.ClientMessage) -> None:
    """In and out, the same value."""
    assert codec.decode_client(codec.encode(message)) == message


@settings(max_examples=300)
@given(SERVER)
def test_what_a_server_says_survives_the_wire(message: s.ServerMessage) -> None:
    """In and out, the same value."""
    assert codec.decode_server(codec.encode(message)) == message
