"""The files for a LiveKit in production, given to the real server."""

from __future__ import annotations

import base64
import json
import socket
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import yaml  # type: ignore[import-untyped]

from benchmarks.media.servers import free_ports
from benchmarks.relay.processes import free_port, running
from benchmarks.report import CannotRun
from duologue.media.livekit_config import LiveKitKeys, LiveKitPorts, livekit_config
from duologue.media.livekit_files import find_binary

FOLDER = Path(__file__).parents[2] / "deploy" / "livekit"
HOST = "127.0.0.1"


def node_env() -> dict[str, str]:
    """The example of what is different on each node."""
    lines = [line for line in (FOLDER / "node.env").read_text().splitlines() if "=" in line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def on_loopback(keys: Path, http: int, metrics: int) -> dict[str, str]:
    """The example with this machine's address and free ports, all by variables, as an operator sets them."""
    ports = free_ports()
    changes = {
        "NODE_IP": HOST,
        "LIVEKIT_PORT": http,
        "LIVEKIT_RTC_UDP_PORT_START": ports.udp,
        "LIVEKIT_RTC_UDP_PORT_END": 0,
        "LIVEKIT_RTC_TCP_PORT": free_port(HOST),
        "LIVEKIT_RTC_ENABLE_LOOPBACK_CANDIDATE": "true",
        "LIVEKIT_TURN_UDP_PORT": free_ports().udp,
        "LIVEKIT_TURN_TLS_PORT": free_port(HOST),
        "LIVEKIT_PROMETHEUS_PORT": metrics,
        "LIVEKIT_KEY_FILE": keys,
    }
    return node_env() | {name: str(value) for name, value in changes.items()}


def start(config: Path, environment: dict[str, str]) -> Any:
    """LiveKit with this file."""
    command = [str(find_binary()), "--config", str(config)]
    return running(command, HOST, int(environment["LIVEKIT_PORT"]), environment)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The example's keys, private as they have to be."""
    path = tmp_path / "keys.yaml"
    path.touch(0o600)
    path.write_text((FOLDER / "keys.yaml").read_text())
    return path


def get(port: int, path: str, authorization: str = "") -> int:
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", headers={"Authorization": authorization})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            code: int = answer.status
            return code
    except HTTPError as refused:
        return refused.code


def test_livekit_starts_with_the_file_and_guards_its_metrics(keys: Path) -> None:
    """As it stands, but for addresses and ports."""
    environment = on_loopback(keys, http := free_port(HOST), metrics := free_port(HOST))
    password = base64.b64encode(f"prometheus:{environment['LIVEKIT_PROMETHEUS_PASSWORD']}".encode()).decode()

    with start(FOLDER / "livekit.yaml", environment):
        assert get(http, "/") == 200
        assert get(metrics, "/metrics") == 401
        assert get(metrics, "/metrics", f"Basic {password}") == 200
        with socket.create_connection((HOST, int(environment["LIVEKIT_TURN_TLS_PORT"]))):
            pass


def test_keys_that_others_can_read_are_refused(keys: Path) -> None:
    """What the page on media says of the file of keys."""
    keys.chmod(0o644)

    with (
        pytest.raises(CannotRun, match="permissions"),
        start(FOLDER / "livekit.yaml", on_loopback(keys, free_port(HOST), free_port(HOST))),
    ):
        pass


def test_a_name_that_livekit_does_not_know_stops_it(keys: Path, tmp_path: Path) -> None:
    """So the file above holds no setting that does nothing."""
    wrong = tmp_path / "livekit.yaml"
    wrong.write_text((FOLDER / "livekit.yaml").read_text().replace("auto_create:", "auto_creat:"))

    with (
        pytest.raises(CannotRun, match="auto_creat"),
        start(wrong, on_loopback(keys, free_port(HOST), free_port(HOST))),
    ):
        pass


def test_production_and_dev_agree() -> None:
    """What was measured with one holds for the other."""
    production = yaml.safe_load((FOLDER / "livekit.yaml").read_text())
    dev = json.loads(livekit_config(LiveKitKeys("duologue", "x" * 32), LiveKitPorts(), "http://localhost/"))

    assert production["rtc"]["use_ice_lite"] == dev["rtc"]["use_ice_lite"]
    assert production["room"] == dev["room"]
    assert production["logging"] == dev["logging"]
    assert production["webhook"]["filter_params"] == dev["webhook"]["filter_params"]
    assert production["webhook"]["api_key"] in yaml.safe_load((FOLDER / "keys.yaml").read_text())
    assert "GOMEMLIMIT" in node_env()
