"""Which servers can be named in `[[calls.webhooks]]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from duologue.settings import CallSettings
from duologue.settings.calls import WebhookSettings

GOOD: dict[str, Any] = {"name": "push", "url": "https://push.example.org/calls", "secret": "whsec_x"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "http://127.0.0.1:9000/calls"},
        {"url": "http://localhost:9000"},
        {"url": "http://[::1]:9000"},
        {"url": "http://push.internal/calls", "private_networks": ["10.0.0.0/8", "fd00::/8"]},
        {"secret": None, "secret_file": Path("x")},
    ],
)
def test_these_can_be(changes: dict[str, Any]) -> None:
    """Https anywhere, http where nobody else is on the way."""
    WebhookSettings(**GOOD | changes)


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"url": "http://push.example.org/calls"}, "write https://"),
        ({"url": "ftp://push.example.org/"}, "write it as https://"),
        ({"url": "https:///calls"}, "write it as https://"),
        ({"url": "https://push.example.org:99999/"}, "write it as https://"),
        ({"url": "https://user:password@push.example.org/"}, "no user and password"),
        ({"private_networks": ["10.0.0.1/8"]}, "write a network"),
        ({"secret": None}, "one of secret and secret_file"),
        ({"secret_file": Path("x")}, "one of secret and secret_file"),
        ({"name": "two words"}, "pattern"),
    ],
)
def test_these_cannot(changes: dict[str, Any], fix: str) -> None:
    """And the text says what to do."""
    with pytest.raises(ValidationError, match=fix):
        WebhookSettings(**GOOD | changes)


def test_two_have_two_names() -> None:
    """Logs tell them apart by it."""
    with pytest.raises(ValidationError, match="two webhooks are called push"):
        CallSettings.model_validate({"webhooks": [GOOD, GOOD]})
