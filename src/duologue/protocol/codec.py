"""Frames to messages and back, with the limits that keep a hostile frame cheap.

msgspec validates while it decodes, so whatever comes out has the shape of its type.
"""

from __future__ import annotations

from typing import Annotated, get_args

import msgspec

from duologue.errors import DuologueError
from duologue.protocol.client import ClientMessage, CommandId
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import ServerMessage

MAX_FRAME_BYTES = 16 * 1024
"""The largest frame a client may send."""

_encoder = msgspec.json.Encoder()
_from_client: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_from_server: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)


class ProtocolViolation(DuologueError):
    """A frame that breaks the protocol."""

    def __init__(self, code: CloseCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Newer(ProtocolViolation):
    """A message of a type that this version does not know: of a newer client, while servers are being replaced.

    `id` wants an answer.
    """

    def __init__(self, detail: str, id_: str | None) -> None:
        super().__init__(CloseCode.PROTOCOL_ERROR, detail)
        self.id = id_


class _Envelope(msgspec.Struct):
    """What every message has, also one that is yet to be invented."""

    type: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    id: CommandId | None = None


KNOWN = frozenset(message.__struct_config__.tag for message in get_args(ClientMessage))
_envelope: msgspec.json.Decoder[_Envelope] = msgspec.json.Decoder(_Envelope)


def encode(message: ServerMessage | ClientMessage) -> bytes:
    """One text frame."""
    return _encoder.encode(message)


def decode_client(frame: bytes) -> ClientMessage:
    """Read what a client sent.

    Raises:
        Newer: a message of a type that is not known here; a `ProtocolViolation`, too.
        ProtocolViolation: too big, not JSON, nested too deep, or not a message of the protocol.
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise ProtocolViolation(CloseCode.MESSAGE_TOO_BIG, f"a message has at most {MAX_FRAME_BYTES} bytes")
    try:
        return _from_client.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _newer(frame) or ProtocolViolation(CloseCode.PROTOCOL_ERROR, _first_words(error)) from error


def _newer(frame: bytes) -> Newer | None:
    try:
        envelope = _envelope.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None if envelope.type in KNOWN else Newer("not known to this version", envelope.id)


def decode_server(frame: bytes | str) -> ServerMessage:
    """Read what a server sent; raises `msgspec.MsgspecError` on anything else."""
    return _from_server.decode(frame)


def _first_words(error: Exception) -> str:
    """Fit for a close frame, which has room for 123 bytes."""
    text = "nested too deep" if isinstance(error, RecursionError) else str(error)
    return text.encode()[:120].decode(errors="ignore")
