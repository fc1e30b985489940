"""LiveKit as we ship it and as it comes, and Duologue on top of one. All on 127.0.0.1, each a process of its own.

`defaults` holds what a LiveKit needs to run on loopback at all; all else is LiveKit's own choice.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from sys import executable
from typing import Any

import jwt

from benchmarks.media.far import FAR, NEAR
from benchmarks.relay.processes import Process, free_port, running
from benchmarks.report import CannotRun
from duologue.media.livekit_config import LiveKitKeys, LiveKitPorts, livekit_config
from duologue.media.livekit_files import LiveKitUnavailable, find_binary

Settings = dict[str, Any]
TOKEN_TTL_S = 600


@dataclass(frozen=True)
class Flavour:
    """A way to configure LiveKit: what its file says, and its environment."""

    settings: Settings
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Node:
    """A LiveKit that runs."""

    process: Process
    ports: LiveKitPorts
    keys: LiveKitKeys

    @property
    def url(self) -> str:
        """Of its signalling."""
        return f"ws://{NEAR}:{self.ports.http}"

    def create_room(self, name: str) -> None:
        """With LiveKit's own choices."""
        self._call("CreateRoom", {"name": name}, {"roomCreate": True})

    def delete_room(self, name: str) -> None:
        """Everybody in it is put out."""
        self._call("DeleteRoom", {"room": name}, {"roomCreate": True})

    def token(self, room: str, identity: str) -> str:
        """To join."""
        return self._sign({"sub": identity, "video": {"roomJoin": True, "room": room}})

    def _call(self, method: str, body: Settings, grant: Settings) -> None:
        request = urllib.request.Request(
            f"http://{NEAR}:{self.ports.http}/twirp/livekit.RoomService/{method}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._sign({'video': grant})}"},
        )
        with urllib.request.urlopen(request, timeout=10):
            pass

    def _sign(self, claims: Settings) -> str:
        claims = claims | {"iss": self.keys.api_key, "exp": int(time.time()) + TOKEN_TTL_S}
        return jwt.encode(claims, self.keys.api_secret, algorithm="HS256")


def shipped(keys: LiveKitKeys, ports: LiveKitPorts) -> Flavour:
    """As `duologue dev` starts it."""
    return Flavour(json.loads(livekit_config(keys, ports)), {})


def defaults(keys: LiveKitKeys, ports: LiveKitPorts) -> Flavour:
    """As it comes, on loopback."""
    ours = shipped(keys, ports).settings
    return Flavour({name: ours[name] for name in ("port", "bind_addresses", "keys", "rtc")})


def behind_the_link(flavour: Flavour) -> Flavour:
    """The same, for who comes through `far.py`."""
    rtc = flavour.settings["rtc"] | {"node_ip": FAR, "use_ice_lite": True}
    return Flavour(flavour.settings | {"rtc": rtc}, flavour.environment)


def fresh_keys() -> LiveKitKeys:
    """For one run."""
    return LiveKitKeys(f"bench_{secrets.token_hex(4)}", secrets.token_urlsafe(32))


def free_ports() -> LiveKitPorts:
    """One for TCP, one for UDP, both free just now."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind((NEAR, 0))
        return LiveKitPorts(free_port(NEAR), probe.getsockname()[1])


@contextlib.contextmanager
def livekit(flavour: Flavour, keys: LiveKitKeys, ports: LiveKitPorts) -> Iterator[Node]:
    """A LiveKit, while the block runs."""
    try:
        binary = find_binary()
    except LiveKitUnavailable as error:
        raise CannotRun(str(error)) from error
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "livekit.json")
        file.write_text(json.dumps(flavour.settings))
        command = [str(binary), "--config", str(file)]
        with running(command, NEAR, ports.http, flavour.environment) as process:
            yield Node(process, ports, keys)


@dataclass(frozen=True)
class Duologue:
    """A Duologue that runs: `config` is its `/config.json`, for pages of another origin."""

    config: Settings
    process: Process
    metrics_url: str

    def metric(self, name: str, **labels: str) -> float:
        """What it has counted so far; labels in the order in which it writes them."""
        with urllib.request.urlopen(self.metrics_url, timeout=10) as answer:
            text: str = answer.read().decode()
        written = ",".join(f'{label}="{value}"' for label, value in labels.items())
        start = f"{name}{{{written}}} " if labels else f"{name} "
        return sum(float(line.removeprefix(start)) for line in text.splitlines() if line.startswith(start))


@contextlib.contextmanager
def duologue(node: Node, page_origin: str, ports: tuple[int, int]) -> Iterator[Duologue]:
    """`duologue dev` with this LiveKit, while the block runs. `ports` are those of HTTP and WebSocket.

    Two people who skip each other for ever meet at once here, and nobody is limited.
    """
    http, websocket = ports
    admin = free_port(NEAR)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "LIVEKIT_URL": node.url,
            "LIVEKIT_API_KEY": node.keys.api_key,
            "LIVEKIT_API_SECRET": node.keys.api_secret,
            "DUOLOGUE_HTTP__PORT": str(http),
            "DUOLOGUE_GATEWAY__PORT": str(websocket),
            "DUOLOGUE_ADMIN__PORT": str(admin),
            "DUOLOGUE_GATEWAY__ORIGINS": json.dumps([page_origin]),
            "DUOLOGUE_LIMITS__PROFILE": "load",
            "DUOLOGUE_MATCHING__RECENTLY_MET_AFTER_MS": "0",
            "DUOLOGUE_LOG__LEVEL": "warning",
            "DUOLOGUE_STATE_DIR": folder,
        }
        with running([executable, "-m", "duologue", "dev"], NEAR, http, environment) as process:
            with urllib.request.urlopen(f"http://{NEAR}:{http}/config.json", timeout=10) as answer:
                config = json.load(answer)
            guest_url = f"http://{NEAR}:{http}{config['guest_url']}"
            yield Duologue(config | {"guest_url": guest_url}, process, f"http://{NEAR}:{admin}/metrics")
