"""A bot that strangers can write to: it says hello, answers, and presses Next. Start from here for one of your own.

    .venv/bin/python examples/bot.py http://127.0.0.1:8000

Open that address in a browser and choose Text: you meet the bot, unless somebody else is quicker.
It knows nothing of sockets, and nothing of the server but what `duologue.client` says.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import ClientError
from picows import WSError

from duologue.client import CommandRefused, ConnectionEnded, RandomChatSession, join
from duologue.protocol.client import Filters
from duologue.protocol.codes import CloseCode, Mode
from duologue.protocol.server import ChatLine, Matched, ServerMessage, Talking

SILENCE_S = 60
"""Who writes nothing for so long has gone, or has no wish to talk."""
PAUSE_S = 3
"""Before it comes back to a server that was away."""
FINAL = CloseCode.INVALID_TOKEN
"""Close codes from here on mean: do not come back."""
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
    """One person, from the first search to the end of the connection."""

    def __init__(self, session: RandomChatSession) -> None:
        self._session = session
        self._partner = ""

    async def live(self) -> None:
        """Meet one after another. Raises `ConnectionEnded`."""
        await self._session.find(Filters(mode=Mode.TEXT))
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    news = await self._session.news()
            except TimeoutError:
                await self._next()
            else:
                await self._hear(news)

    async def _hear(self, news: ServerMessage) -> None:
        match news:
            case Matched(peer=peer):
                self._partner = peer.alias
                self._session.report_media()  # text needs no media: we are there
            case Talking():
                await self._say(f"Hello, {self._partner}! I am a bot. Write to me, and say bye when you have enough.")
            case ChatLine(pair=pair, text=text) if pair == self._session.pair:
                await self._answer(text)

    async def _answer(self, text: str) -> None:
        said = answer(text)
        if said is None:
            await self._next()
        else:
            await self._say(said)

    async def _say(self, text: str) -> None:
        try:
            if self._session.pair is not None:
                await self._session.chat(text)
        except CommandRefused as refused:
            print(f"not said: {refused}")  # they left at this moment, or we write too fast

    async def _next(self) -> None:
        try:
            if self._session.pair is not None:
                await self._session.next()
        except CommandRefused as refused:
            print(f"no next: {refused}")


async def main(server: str) -> None:
    """Be there for as long as the server lets us; each time as a new guest."""
    while True:
        try:
            async with RandomChatSession(await join(server)) as session:
                await Bot(session).live()
        except ConnectionEnded as ended:
            if ended.code >= FINAL:
                raise
            print(ended)
        except (OSError, ClientError, WSError, CommandRefused) as error:
            print(f"{server} does not take us in: {error}")
        await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
    except KeyboardInterrupt:
        print("bye")
