"""The search itself finds what it is to find, and nothing else."""

from __future__ import annotations

import pytest

from tests.fakes import free_port
from tests.log_content import offences, warnings_in

PORT = free_port()


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "x", "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}',
        '{"detail": "v=0\\r\\no=- 1 2 IN IP4 0.0.0.0"}',
        "a=ice-ufrag:abcd",
        "candidate:1 1 udp 2122260223 host typ",
        "picows: connection from 203.0.113.9:51234",
        '{"network": "203.0.113.9"}',
        '{"network": "203.0.113.9/32"}',
        "2001:db8:1:2:3:4:5:6 asked",
        "[2001:db8::1]:443",
        "('::1', 5123)",
        "('127.0.0.1', 1)",
        "ping timeout triggered. last pong received at",
        "websocket closed 1001",
        '{"process": "gateway-1", "event": "process_started", "store": "memory"}',
        '{"process":"gateway-1","event":"process_started","store":"memory"}',
        "they wrote: between you and me",
        '{"detail": "\\u00fcber dich"}',
    ],
)
def test_what_must_not_be_there_is_found(line: str) -> None:
    """Once or more."""
    assert offences(f"before\n{line}\nafter", said=["between you and me", "über dich"]) != []


@pytest.mark.parametrize(
    "line",
    [
        '{"timestamp": "2026-11-28T13:50:00.123456Z", "level": "info", "event": "pair_formed"}',
        "13:50:00 version 0.1.0",
        '{"network": "203.0.113.0/24"}',
        '{"network": "2001:db8::/48"}',
        f'{{"store": "redis at 127.0.0.1:{PORT}, realm x"}}',
        f"Connect call failed ('127.0.0.1', {PORT}).",
        f"page http://127.0.0.1:{PORT}",
        "listens on 0.0.0.0:8000",
        '{"event": "process_started", "store": "memory"}',
        '{"cohort": "default:text:adult:open"}',
        "tests/test_logs.py::test_a",
    ],
)
def test_what_may_be_there_is_left_alone(line: str) -> None:
    """A search that cries wolf is switched off."""
    assert offences(line, said=["hello"], secrets=["a key of ours"]) == []


def test_a_secret_is_found_without_being_repeated_as_such() -> None:
    """The line is shown: it is what has to be mended."""
    assert offences("the key is s3cr3t-s3cr3t", secrets=["s3cr3t-s3cr3t"])[0].startswith("a secret")


def test_other_logs_are_read_for_warnings_only() -> None:
    """LiveKit's own log names addresses, and is nobody's but the operator's."""
    assert warnings_in("1.2.3.4\nDetected connection state mismatch") == ["Detected connection state mismatch"]
