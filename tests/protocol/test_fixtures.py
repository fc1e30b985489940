"""The golden scenarios that the Python and the TypeScript side share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duologue.protocol import codec

FOLDER = Path(__file__).parents[2] / "protocol-fixtures"
SCENARIOS = sorted(FOLDER.glob("*.json"))
STEPS = [
    pytest.param(step, id=f"{path.stem}-{number}-{step['message']['type']}")
    for path in SCENARIOS
    for number, step in enumerate(json.loads(path.read_text()), 1)
]


def test_the_scenarios_are_there() -> None:
    """An empty folder would pass everything."""
    assert {path.stem for path in SCENARIOS} >= {"text-match", "resume-into-pair", "refused-commands"}


@pytest.mark.parametrize("step", STEPS)
def test_a_golden_message_is_read_and_written_alike(step: dict[str, Any]) -> None:
    """Same JSON value in and out, so no field was lost, renamed or invented."""
    frame = json.dumps(step["message"]).encode()
    message = codec.decode_client(frame) if step["dir"] == "out" else codec.decode_server(frame)

    assert json.loads(codec.encode(message)) == step["message"]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_reply_answers_an_earlier_command(path: Path) -> None:
    """And every command is answered, once for each time it was sent."""
    open_ids: list[str] = []
    for step in json.loads(path.read_text()):
        message = step["message"]
        if step["dir"] == "out" and "id" in message:
            open_ids.append(message["id"])
        elif message["type"] == "reply":
            open_ids.remove(message["id"])

    assert open_ids == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_revisions_never_go_back(path: Path) -> None:
    """As on the wire."""
    revs = [
        step["message"]["rev"]
        for step in json.loads(path.read_text())
        if step["dir"] == "in" and "rev" in step["message"]
    ]

    assert revs == sorted(revs)
