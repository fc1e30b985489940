"""Webhooks as LiveKit signs them, and as others might."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt

from tests.builders import NOW

KEY, SECRET = "key", "s" * 64


def body_of(event: str = "participant_left", **changes: Any) -> bytes:
    """What LiveKit writes, as far as it matters to us."""
    fields = {
        "event": event,
        "id": "EV_1",
        "createdAt": str(NOW // 1000),
        "room": {"name": "p1", "sid": "RM_1"},
        "participant": {"identity": "p1-a", "state": "DISCONNECTED"},
    }
    return json.dumps(fields | changes).encode()


def signature(body: bytes, *, key: str = KEY, secret: str = SECRET, now_ms: int = NOW, **changes: Any) -> str:
    """The authorization that goes with it."""
    claims = {
        "iss": key,
        "nbf": now_ms // 1000,
        "exp": now_ms // 1000 + 300,
        "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }
    return jwt.encode(claims | changes, secret, algorithm="HS256")
