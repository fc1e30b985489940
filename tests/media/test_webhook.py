"""Who signed a webhook, and what it says."""

from __future__ import annotations

import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.media.webhook import LEEWAY_S, MAX_AGE_MS, read_webhook
from duologue.ports import Webhook, WebhookKind, WebhookRefused
from tests.builders import NOW
from tests.contract.stores import PAIR
from tests.media.hooks import KEY, SECRET, body_of, signature

SECRETS = {"other": "o" * 40, KEY: SECRET}


def refusal(body: bytes, authorization: str, now_ms: int = NOW) -> str:
    with pytest.raises(WebhookRefused) as refused:
        read_webhook(body, authorization, SECRETS, now_ms)
    return refused.value.why


@pytest.mark.parametrize("kind", list(WebhookKind))
def test_news_of_ours_is_read(kind: WebhookKind) -> None:
    """With and without the word that other senders put before a token."""
    body = body_of(str(kind))
    for authorization in (signature(body), "Bearer " + signature(body)):
        assert read_webhook(body, authorization, SECRETS, NOW) == Webhook("EV_1", kind, PAIR)


def test_the_raw_body_counts() -> None:
    """A proxy that writes the same JSON anew breaks the signature, as it should."""
    body = body_of()

    assert refusal(body.replace(b" ", b""), signature(body)) == "forged"


@pytest.mark.parametrize(
    "authorization",
    [
        signature(body_of(), secret="x" * 40),
        signature(body_of(), key="nobody"),
        signature(body_of(), sha256="!"),
        signature(body_of(), sha256=None),
        signature(body_of(), sha256=7),
        signature(body_of(), exp=None),
        signature(body_of(), exp="soon"),
        jwt.api_jws.encode(json.dumps({"iss": ["key"], "exp": NOW, "sha256": ""}).encode(), SECRET),
        jwt.encode({"iss": KEY, "exp": NOW}, "", algorithm="none"),
        jwt.encode({"iss": KEY, "exp": NOW, "sha256": ""}, SECRET, algorithm="HS512"),
        "a.b.c",
        "é",
    ],
    ids=["secret", "key", "base64", "no hash", "number", "no exp", "exp", "issuers", "none", "HS512", "junk", "accent"],
)
def test_forged_signatures_are_refused(authorization: str) -> None:
    """Whatever they look like."""
    assert refusal(body_of(), authorization) == "forged"


@pytest.mark.parametrize("authorization", ["", "Bearer ", "x" * 3_000], ids=["none", "empty", "huge"])
def test_without_a_signature_nothing_is_read(authorization: str) -> None:
    """And a huge one is not looked at."""
    assert refusal(body_of(), authorization) == "unsigned"


def test_late_news_is_refused() -> None:
    """By the token's time, and by the event's own: whoever keeps one cannot sign it anew."""
    body = body_of()

    assert refusal(body, signature(body), NOW + (300 + LEEWAY_S) * 1_000 + 1) == "late"
    old = body_of(createdAt=str((NOW - MAX_AGE_MS) // 1000 - 1))
    assert refusal(old, signature(old)) == "late"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (body_of("track_published"), "unwanted"),
        (body_of(id=""), "unwanted"),
        (body_of(room={}), "unwanted"),
        (body_of(room=7), "unreadable"),
        (b"{", "unreadable"),
        (b"[" * 5_000, "unreadable"),
        (b"\xff", "unreadable"),
    ],
    ids=["kind", "id", "room", "type", "cut off", "deep", "bytes"],
)
def test_what_we_do_not_want_is_refused_though_it_is_signed(body: bytes, why: str) -> None:
    """A future LiveKit may send more."""
    assert refusal(body, signature(body)) == why


@given(body=st.binary(max_size=300), authorization=st.text(max_size=300))
def test_nothing_else_comes_of_junk(body: bytes, authorization: str) -> None:
    """No other error than the one that says why."""
    with pytest.raises(WebhookRefused):
        read_webhook(body, authorization, SECRETS, NOW)
