"""The Python client: the wire and simple state, for bots, load and integration tests.

    async with RandomChatSession(await join("http://127.0.0.1:8000")) as session:
        await session.find(Filters(mode=Mode.TEXT))
        matched = await session.expect(Matched)

It speaks through the same codec as the server and knows nothing else of it.
"""

from duologue.client.session import CommandRefused, RandomChatSession
from duologue.client.socket import ConnectionEnded, Invitation, Socket, join

__all__ = ["CommandRefused", "ConnectionEnded", "Invitation", "RandomChatSession", "Socket", "join"]
