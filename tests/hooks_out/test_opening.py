"""From the settings to servers that hear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from duologue.clock import SystemClock, SystemRng
from duologue.errors import StartupError
from duologue.hooks_out.opening import endpoints_of, open_webhooks
from duologue.settings.calls import WebhookSettings
from duologue.store.memory import MemoryStore
from tests.fakes import wait_until
from tests.hooks_out.made import RINGS, ended
from tests.hooks_out.receiver import receiver

SECRET = "whsec_" + "A" * 32


def webhook(**changes: Any) -> WebhookSettings:
    """A server as an operator names it."""
    return WebhookSettings(**{"name": "push", "url": "https://push.example.org/calls", "secret": SECRET} | changes)


async def test_every_server_is_told() -> None:
    """Each by its own queue: one that is away keeps none of the others."""
    async with receiver() as one, receiver() as other:
        given = [webhook(name=each.url[-9:-6], url=each.url) for each in (one, other)]
        clock = SystemClock()
        async with open_webhooks(given, MemoryStore(clock), clock, SystemRng()) as (listener,):
            listener(ended())
            await wait_until(lambda: one.heard and other.heard, description="both to hear")

    assert (one.types, other.types) == (["call.missed"], ["call.missed"])


async def test_nobody_is_told_of_a_blocked_caller() -> None:
    """Whatever happens to that call."""
    async with receiver() as server:
        clock = SystemClock()
        async with open_webhooks([webhook(url=server.url)], MemoryStore(clock), clock, SystemRng()) as (listener,):
            listener(msgspec.structs.replace(RINGS, unheard=True))
            listener(msgspec.structs.replace(ended(), unheard=True))

    assert server.heard == []


async def test_what_is_told_just_before_a_stop_is_heard() -> None:
    """Its delivery has begun at best."""
    async with receiver() as server:
        clock = SystemClock()
        async with open_webhooks([webhook(url=server.url)], MemoryStore(clock), clock, SystemRng()) as (listener,):
            listener(ended())

        assert server.types == ["call.missed"]


async def test_without_servers_nobody_listens() -> None:
    """And nothing is opened."""
    clock = SystemClock()
    async with open_webhooks([], MemoryStore(clock), clock, SystemRng()) as listeners:
        assert listeners == []


def test_a_secret_can_be_in_a_file(tmp_path: Path) -> None:
    """One a line, so that it can be changed."""
    file = tmp_path / "secrets"
    file.write_text(f"{SECRET}\nwhsec_{'B' * 32}\n")
    (endpoint,) = endpoints_of([webhook(secret=None, secret_file=file)])

    assert [len(secret) for secret in endpoint.secrets] == [24, 24]


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\xff\xfe\x00"])
def test_a_file_without_secrets_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    """With a text that says whose."""
    file = tmp_path / "secrets"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(StartupError, match=r"calls.webhooks push: "):
        endpoints_of([webhook(secret=None, secret_file=file)])
