"""The Python client's session: what it makes of what it hears."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import cast

import msgspec

from duologue.client import Invitation, RandomChatSession, Socket
from duologue.pairs.pair import KEPT_LINES
from duologue.protocol import codec
from duologue.protocol.client import Chat, ClientMessage, Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import ChatLine, Matched, PairState, Ready, ServerMessage, Talking
from tests.conftest import Town

FOLDER = Path(__file__).parents[2] / "protocol-fixtures"


class ScriptedSocket:
    """Says what a golden scenario has the server say; takes what the client says, under the scenario's ids."""

    def __init__(self, scenario: str) -> None:
        steps = json.loads((FOLDER / f"{scenario}.json").read_text())
        frames = [(step["dir"], json.dumps(step["message"]).encode()) for step in steps]
        self.heard = [codec.decode_server(frame) for way, frame in frames if way == "in"]
        self.said = [codec.decode_client(frame) for way, frame in frames if way == "out"]
        self.chats: list[Chat] = []

    def send(self, message: ClientMessage) -> None:
        if isinstance(message, Chat):
            golden = [each for each in self.said if isinstance(each, Chat)][len(self.chats)]
            self.chats.append(msgspec.structs.replace(message, id=golden.id))
            self.heard = [_renamed(each, golden.id, message.id) for each in self.heard]

    async def receive(self) -> ServerMessage:
        return self.heard.pop(0)

    async def enter(self, token: str) -> Ready:
        while not isinstance(message := await self.receive(), Ready):
            pass
        return message


def _renamed(message: ServerMessage, golden: str, id_: str) -> ServerMessage:
    """The reply to this command, with the id that the client gave it."""
    return msgspec.structs.replace(message, id=id_) if getattr(message, "id", None) == golden else message


async def test_lines_are_counted_on_where_the_server_stands() -> None:
    """The kept lines are all the partner's, so they cannot tell how many one wrote before the reload."""
    socket = ScriptedSocket("reload-in-a-long-chat")
    session = RandomChatSession(Invitation("ws://gateway.test", "token"))
    session.socket = cast("Socket", socket)
    session.take(await socket.enter("token"))

    golden = [each for each in socket.said if isinstance(each, Chat)]
    for line in golden:
        await session.chat(line.text)

    assert socket.chats == golden


def test_lines_are_counted_on_when_the_same_pair_gets_its_room() -> None:
    """`matched` comes again, with the media; the talk is the same."""
    session = RandomChatSession(Invitation("ws://gateway.test", "token"))
    ready = next(each for each in ScriptedSocket("reload-in-a-long-chat").heard if isinstance(each, Ready))
    session.take(ready)
    assert isinstance(ready.state, PairState)

    session.note(ready.state.matched)

    assert session._last_n == ready.state.last_n


async def test_no_line_is_lost_after_a_reload_in_a_long_chat(town: Town) -> None:
    """The partner wrote so much that no line of one's own is left in the snapshot."""
    ana, ben = await town.person(), await town.person()
    for person in (ana, ben):
        await person.find(Filters(mode=Mode.TEXT))
    await asyncio.gather(ana.matched(), ben.matched())
    await asyncio.gather(ana.expect(Talking), ben.expect(Talking))
    await ana.chat("one")
    await ana.chat("two")
    for n in range(KEPT_LINES):
        await ben.chat(f"line {n}")

    await ana.connect(resume=True)
    await ana.chat("three")

    heard = [(await ben.expect(ChatLine)).text for _ in range(3)]
    assert heard == ["one", "two", "three"]


async def test_a_new_pair_starts_at_one(town: Town) -> None:
    """Each pair counts its own lines."""
    ana, ben = await town.person(), await town.person()
    for person in (ana, ben):
        await person.find(Filters(mode=Mode.TEXT))
    first, _ = await asyncio.gather(ana.matched(), ben.matched())
    await ana.chat("hello")
    cleo = await town.person()
    await cleo.find(Filters(mode=Mode.TEXT))

    await ana.next()
    second = await ana.expect(Matched)
    await ana.chat("hello again")

    assert first.pair != second.pair
    assert (await cleo.expect(ChatLine)).n == 1
