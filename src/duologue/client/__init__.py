"""The Python client: the wire and simple state, for bots, load and integration tests.

    async with RandomChatSession(await join("http://127.0.0.1:8000"), reconnect=True) as session:
        await session.find(Filters(mode=Mode.TEXT))
        matched = await session.expect(Matched)

It speaks through the same codec as the server and knows nothing else of it.
`Socket` is one connection, `ReconnectingSocket` comes back by itself; a session speaks through either.
"""

from duologue.client.invitation import Invitation, NoToken, join
from duologue.client.reconnecting import Away, ReconnectingSocket
from duologue.client.session import CommandRefused, RandomChatSession
from duologue.client.socket import ConnectionEnded, Socket

__all__ = [
    "Away",
    "CommandRefused",
    "ConnectionEnded",
    "Invitation",
    "NoToken",
    "RandomChatSession",
    "ReconnectingSocket",
    "Socket",
    "join",
]
