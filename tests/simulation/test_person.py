"""A simulated person does what a good client does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from duologue.ids import PersonId
from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.services.identity import GuestTokens
from duologue.simulation.network import Link
from duologue.simulation.person import Outside, Person

FOLDER = Path(__file__).parents[2] / "protocol-fixtures"


class Surroundings:
    """Tokens, and nothing that could be violated."""

    calm = frozen = False
    links = ("link",)

    def invite(self, person: str, facets: dict[str, str], refresh: str | None) -> GuestTokens:
        return GuestTokens(PersonId(person), "token", "refresh", 0)


class ScriptedLink:
    """Hears what a golden scenario has the server say."""

    ended = False

    def __init__(self, scenario: str) -> None:
        steps = json.loads((FOLDER / f"{scenario}.json").read_text())
        frames = [json.dumps(step["message"]).encode() for step in steps if step["dir"] == "in"]
        self.heard = [codec.decode_server(frame) for frame in frames]
        self.said: list[c.ClientMessage] = []

    async def hear(self, within_s: float) -> s.ServerMessage:
        return self.heard.pop(0)

    def say(self, message: c.ClientMessage) -> None:
        self.said.append(message)


async def test_lines_are_counted_on_after_a_reload_in_a_long_chat() -> None:
    """The kept lines are all the partner's, so they cannot tell how many one wrote before."""
    link = ScriptedLink("reload-in-a-long-chat")
    person = Person("ana", 1, cast("Outside", Surroundings()))
    person.link = cast("Link", link)

    await person._come_in(person.link)

    assert person._mind.chat(person.belief).n == 8
