"""The configuration of the LiveKit that `duologue dev` starts: for one person's machine, reachable from it alone.

Pure: values in, text out. JSON is YAML, so LiveKit reads it, and a file made by a program needs no comments:
the reasons stand here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class LiveKitKeys:
    """What signs tokens and webhooks. The secret never shows in a repr."""

    api_key: str
    api_secret: str = field(repr=False)


@dataclass(frozen=True)
class LiveKitPorts:
    """Where one LiveKit listens, on loopback: signalling and API over TCP, media over one UDP port."""

    http: int = 7880
    udp: int = 7882


def livekit_config(keys: LiveKitKeys, ports: LiveKitPorts, webhook_url: str | None = None) -> str:
    """The text of its configuration file. It holds the secret: keep the file private."""
    settings: dict[str, Any] = {
        "port": ports.http,
        "bind_addresses": [LOOPBACK],
        "keys": {keys.api_key: keys.api_secret},
        "rtc": _rtc(ports),
        "room": _room(),
        "logging": _logging(),
    }
    if webhook_url is not None:
        settings["webhook"] = _webhook(keys, webhook_url)
    return json.dumps(settings, indent=2) + "\n"


def _rtc(ports: LiveKitPorts) -> dict[str, Any]:
    return {
        # Given, so that LiveKit asks no STUN server for it.
        "node_ip": LOOPBACK,
        "use_external_ip": False,
        # Its ICE-TCP listener ignores bind_addresses and would listen on every interface.
        "tcp_port": 0,
        # Or whose UDP broke off would be offered nothing but TCP from then on, and never come back.
        "allow_tcp_fallback": False,
        # One port for all media. It listens on the addresses that `ips` lets through, and on loopback only if told.
        "udp_port": ports.udp,
        "enable_loopback_candidate": True,
        # Clients find the way, and the server only answers: with our client that is a round trip less.
        "use_ice_lite": True,
        "ips": {"includes": [f"{LOOPBACK}/32"]},
        # Handed to clients. An empty list would send them to Google's and Twilio's servers; nothing listens here,
        # and on loopback nothing is missing.
        "stun_servers": [f"{LOOPBACK}:3478"],
    }


def _room() -> dict[str, Any]:
    return {
        # Rooms are made by the gateways and deleted after each pair: a token for a deleted room must open nothing.
        "auto_create": False,
        "max_participants": 2,
        # What the client sends. Each further codec costs CPU in every offer and answer.
        "enabled_codecs": [{"mime": mime} for mime in ("audio/opus", "audio/red", "video/VP8", "video/rtx")],
    }


def _logging() -> dict[str, Any]:
    return {
        "json": True,  # `child.py` reads the level of each line
        "level": "warn",  # logging every join took a tenth of its CPU
        "pion_level": "error",  # the WebRTC stack warns of every candidate that fails
    }


def _webhook(keys: LiveKitKeys, url: str) -> dict[str, Any]:
    return {
        "api_key": keys.api_key,
        "urls": [url],
        # The two that reconciling needs, out of some fourteen for a match.
        "filter_params": {"include_events": ["room_finished", "participant_left"]},
    }
