"""The configuration and the files of the LiveKit that `duologue dev` starts."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from duologue.media import livekit_files
from duologue.media.livekit_config import LiveKitKeys, LiveKitPorts, livekit_config
from duologue.media.livekit_files import LiveKitFiles, LiveKitUnavailable, find_binary

KEYS = LiveKitKeys("a-key", "a-secret-of-thirty-two-characters")


def config(**changes: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(livekit_config(KEYS, LiveKitPorts(1111, 2222), **changes))
    return parsed


def test_it_is_reachable_from_this_machine_only() -> None:
    """HTTP is bound to loopback, media too, and the listener that would ignore this is off."""
    rtc = config()["rtc"]

    assert config()["bind_addresses"] == ["127.0.0.1"]
    assert rtc["ips"]["includes"] == ["127.0.0.1/32"]
    assert rtc["tcp_port"] == 0
    assert rtc["node_ip"] == "127.0.0.1"


def test_nobody_is_sent_to_a_public_stun_server() -> None:
    """An empty list would mean Google and Twilio."""
    assert config()["rtc"]["stun_servers"] == ["127.0.0.1:3478"]


def test_nobody_is_asked_to_come_back_over_tcp() -> None:
    """It does not listen there, and LiveKit would offer nothing else to somebody whose UDP broke off once."""
    assert (config()["rtc"]["tcp_port"], config()["rtc"]["allow_tcp_fallback"]) == (0, False)


def test_ports_are_the_ones_asked_for() -> None:
    """Several LiveKits can run side by side."""
    assert (config()["port"], config()["rtc"]["udp_port"]) == (1111, 2222)


def test_rooms_are_made_by_the_gateways_only() -> None:
    """A token for a room that was deleted opens nothing."""
    assert config()["room"]["auto_create"] is False


def test_webhooks_are_signed_with_the_key_and_filtered() -> None:
    """Only what reconciling needs is sent."""
    webhook = config(webhook_url="http://127.0.0.1:8000/hooks")["webhook"]

    assert (webhook["api_key"], webhook["urls"]) == ("a-key", ["http://127.0.0.1:8000/hooks"])
    assert webhook["filter_params"]["include_events"] == ["room_finished", "participant_left"]


def test_without_a_webhook_none_is_configured() -> None:
    """LiveKit refuses a webhook section without a URL."""
    assert "webhook" not in config()


def test_the_secret_does_not_show_in_a_repr() -> None:
    """A traceback or a log line that holds the keys tells nobody the secret."""
    assert "a-secret" not in repr(KEYS)


def test_keys_are_random_private_and_lasting(tmp_path: Path) -> None:
    """Each installation has its own keys, in files that only its user can read."""
    ours, theirs = LiveKitFiles(tmp_path / "ours", 1), LiveKitFiles(tmp_path / "theirs", 1)
    for files in (ours, theirs):
        files.prepare()

    assert ours.keys() == LiveKitFiles(tmp_path / "ours", 2).keys()
    assert ours.keys() != theirs.keys()
    assert len(ours.keys().api_secret) >= 32
    assert stat.S_IMODE(ours.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((ours.folder / "keys.json").stat().st_mode) == 0o600


def test_the_configuration_file_is_private(tmp_path: Path) -> None:
    """It holds the secret, so nobody else may read it, and nothing else is left in the folder."""
    files = LiveKitFiles(tmp_path, 7880)
    files.prepare()
    files.write_config("{}")

    assert stat.S_IMODE(files.config.stat().st_mode) == 0o600
    assert [files.config] == list(files.folder.iterdir())


def test_a_missing_binary_is_an_error_that_names_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has no LiveKit reads where it was looked for and three ways to get one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(LiveKitUnavailable) as caught:
        find_binary()

    for part in (str(tmp_path), "scripts/bootstrap livekit", "install livekit-server", "LIVEKIT_URL"):
        assert part in str(caught.value)


def test_a_binary_that_was_given_is_the_only_one_tried(tmp_path: Path) -> None:
    """A wrong path is told, not silently replaced."""
    with pytest.raises(LiveKitUnavailable, match="nowhere"):
        find_binary(tmp_path / "nowhere")


def test_a_binary_on_path_comes_before_the_built_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's own LiveKit wins."""
    own = tmp_path / "livekit-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert own == find_binary()


def test_bootstrap_builds_the_version_that_is_looked_for() -> None:
    """The version stands in a shell script and in Python; they must not drift apart."""
    script = (Path(__file__).parents[2] / "scripts" / "bootstrap").read_text()

    assert f"LIVEKIT_VERSION={livekit_files.VERSION}\n" in script
