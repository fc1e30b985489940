"""A bot that strangers can write to: it says hello, answers, and presses Next. Start from here for one of your own.

    .venv/bin/python examples/bot.py http://127.0.0.1:8000

Open that address in a browser and choose Text: you meet the bot, unless somebody else is quicker.
It knows nothing of sockets, and nothing of the server but what `duologue.client` says.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable

from duologue.client import CommandRefused, RandomChatSession, join
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import ChatLine, IdleState, Matched, Ready, ServerMessage, Talking

TEXT = Filters(mode=Mode.TEXT)
SILENCE_S = 60
"""Who writes nothing for so long has gone, or has no wish to talk."""
BYE = {"bye", "goodbye", "next"}


def answer(line: str) -> str | None:
    """What to say to this line; None: they want to move on. The place for your own ideas."""
    words = line.strip().rstrip("!.?").lower()
    if words in BYE:
        return None
    if line.rstrip().endswith("?"):
        return "A good question, and I am only an example. What do you think?"
    return f"You said: {line}"


class Bot:
    """One person, for as long as the server wants them."""

    def __init__(self, session: RandomChatSession) -> None:
        self._session = session
        self._partner = ""

    async def live(self) -> None:
        """Meet one after another. Raises `ConnectionEnded` where the server does not want us any more."""
        await self._move_on()
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    news = await self._session.news()
            except TimeoutError:
                await self._move_on()
            else:
                await self._hear(news)

    async def _hear(self, news: ServerMessage) -> None:
        match news:
            case Ready(state=IdleState()):  # we were away for so long that nobody waits for us
                await self._move_on()
            case Matched(peer=peer):
                self._partner = peer.alias
                self._session.report_media()  # text needs no media: we are there
            case Talking():
                await self._say(f"Hello, {self._partner}! I am a bot. Write to me, and say bye when you have enough.")
            case ChatLine(pair=pair, text=text) if pair == self._session.pair:
                said = answer(text)
                await (self._move_on() if said is None else self._say(said))

    async def _say(self, text: str) -> None:
        if self._session.pair is not None:
            await may(self._session.chat(text))

    async def _move_on(self) -> None:
        if self._session.pair is not None:
            await may(self._session.next())
        elif self._session.waiting is None:
            await may(self._session.find(TEXT))


async def may(command: Awaitable[None]) -> None:
    """Try it. They may leave at this very moment, or we ask too fast."""
    try:
        await command
    except CommandRefused as refused:
        print(f"not done: {refused}")


async def main(server: str) -> None:
    """Come back by itself from whatever happens, as the same guest."""
    async with RandomChatSession(await join(server), reconnect=True, on_away=print) as session:
        await Bot(session).live()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
    except KeyboardInterrupt:
        print("bye")
