"""STUN, as far as one question needs it: does a UDP packet reach that port and come back? Pure (RFC 8489, RFC 8445)."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from typing import NamedTuple

MAGIC = 0x2112A442
BINDING = 0x0001
HEADER = struct.Struct("!HHI12s")
USERNAME, MESSAGE_INTEGRITY, PRIORITY, FINGERPRINT, ICE_CONTROLLED = 0x0006, 0x0008, 0x0024, 0x8028, 0x8029
FINGERPRINT_MASK = 0x5354554E
HOST_PRIORITY = 0x6E0001FF


class Credentials(NamedTuple):
    """What an ICE agent asks of the other: its name and password, and our name."""

    theirs: str
    password: str
    ours: str


def request(transaction: bytes, credentials: Credentials | None = None) -> bytes:
    """A binding request; with credentials, one that an ICE agent answers. `transaction`: 12 bytes."""
    if credentials is None:
        return HEADER.pack(BINDING, 0, MAGIC, transaction)
    body = (
        _attribute(USERNAME, f"{credentials.theirs}:{credentials.ours}".encode())
        + _attribute(PRIORITY, struct.pack("!I", HOST_PRIORITY))
        + _attribute(ICE_CONTROLLED, transaction[:8])
    )
    # Each of the two counts itself into the length that it is computed over.
    signed = HEADER.pack(BINDING, len(body) + 24, MAGIC, transaction) + body
    body += _attribute(MESSAGE_INTEGRITY, hmac.digest(credentials.password.encode(), signed, hashlib.sha1))
    summed = HEADER.pack(BINDING, len(body) + 8, MAGIC, transaction) + body
    return summed + _attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(summed) ^ FINGERPRINT_MASK))


def answers(packet: bytes, transaction: bytes) -> bool:
    """Whether this is the answer to it. A refusal is one, too: the way is open in both directions."""
    if len(packet) < HEADER.size:
        return False
    _, _, magic, said = HEADER.unpack_from(packet)
    return bool(magic == MAGIC and said == transaction and packet[0] == 1)  # 0x01..: success or error


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)
