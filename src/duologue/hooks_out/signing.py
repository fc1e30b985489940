"""Signs webhooks as https://www.standardwebhooks.com says, so that its libraries check them. Pure.

By hand, because it is ten lines: its library is for those who receive, and reads the clock itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
SECRETS_AT_MOST = 5
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as the specification has it."""
MAKE_ONE = 'Make one: echo "whsec_$(openssl rand -base64 32)"'


def read_secrets(text: str) -> tuple[bytes, ...]:
    """The secrets in a text, with blanks or lines between them. Raises `ValueError`, whose text holds none."""
    secrets = tuple(_secret(word) for word in text.split())
    if not 1 <= len(secrets) <= SECRETS_AT_MOST:
        raise ValueError(f"{len(secrets)} secrets, and there have to be 1 to {SECRETS_AT_MOST}. {MAKE_ONE}")
    return secrets


def _secret(word: str) -> bytes:
    if not word.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}. {MAKE_ONE}")
    try:
        secret = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"what stands behind {PREFIX} is no base64. {MAKE_ONE}") from error
    if not SHORTEST <= len(secret) <= LONGEST:
        raise ValueError(f"a secret has {SHORTEST} to {LONGEST} bytes, this one {len(secret)}. {MAKE_ONE}")
    return secret


def signed(id_: str, body: bytes, now_ms: int, secrets: Sequence[bytes]) -> dict[str, str]:
    """The headers that prove that this body is from us, and from now."""
    timestamp = str(now_ms // 1000)
    content = b".".join((id_.encode(), timestamp.encode(), body))
    signatures = (hmac.digest(secret, content, hashlib.sha256) for secret in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
    }
