"""Reads a webhook of LiveKit's: who signed it, and what it says. Pure: keys and time are given.

A hook carries a JWT with the SHA-256 of its body, signed with the key of its server and good for five minutes.
(LiveKit's own reader takes the body as text and does not look at the age of the event.)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import jwt
import msgspec

from duologue.ids import PairId
from duologue.ports import Webhook, WebhookKind, WebhookRefused

MAX_AGE_MS = 5 * 60_000
LEEWAY_S = 30
"""For clocks of two machines."""
MAX_TOKEN = 2_048
KINDS = {str(kind): kind for kind in WebhookKind}


class _Room(msgspec.Struct):
    name: str = ""


class _Event(msgspec.Struct, rename="camel"):
    """The few fields that we need. Protobuf writes 64-bit numbers as text."""

    event: str = ""
    id: str = ""
    created_at: int = 0
    room: _Room = msgspec.field(default_factory=_Room)


_decoder = msgspec.json.Decoder(_Event, strict=False)


def read_webhook(body: bytes, authorization: str, secrets: Mapping[str, str], now_ms: int) -> Webhook:
    """News, if the owner of one of these keys signed this very body not long ago. Raises `WebhookRefused`."""
    _check_signature(body, authorization.removeprefix("Bearer "), secrets, now_ms)
    try:
        event = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WebhookRefused("unreadable") from error
    if abs(now_ms - event.created_at * 1000) > MAX_AGE_MS:
        raise WebhookRefused("late")
    kind = KINDS.get(event.event)
    if kind is None or not event.id or not event.room.name:
        raise WebhookRefused("unwanted")
    return Webhook(event.id, kind, PairId(event.room.name))


def _check_signature(body: bytes, token: str, secrets: Mapping[str, str], now_ms: int) -> None:
    if not token or len(token) > MAX_TOKEN:
        raise WebhookRefused("unsigned")
    try:
        issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
        options: jwt.types.Options = {"require": ["exp"], "verify_exp": False, "verify_nbf": False}
        claims = jwt.decode(token, secrets[issuer], algorithms=["HS256"], options=options)
        said = base64.b64decode(claims["sha256"], validate=True)
        over_s = int(claims["exp"]) + LEEWAY_S
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise WebhookRefused("forged") from error
    if not hmac.compare_digest(said, hashlib.sha256(body).digest()):
        raise WebhookRefused("forged")
    if over_s * 1000 < now_ms:
        raise WebhookRefused("late")


def sign_webhook(api_key: str, api_secret: str, room: str, now_ms: int) -> tuple[bytes, str]:
    """What LiveKit would send when this room has ended: the body, and the authorization that goes with it."""
    event = {
        "event": WebhookKind.ROOM_FINISHED,
        "id": f"EV_{room}",
        "createdAt": now_ms // 1000,
        "room": {"name": room},
    }
    body = msgspec.json.encode(event)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    claims = {"iss": api_key, "exp": now_ms // 1000 + 300, "sha256": digest}
    return body, jwt.encode(claims, api_secret, algorithm="HS256")
